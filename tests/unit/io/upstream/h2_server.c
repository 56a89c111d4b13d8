/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "h2_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUESTS_MAX 256
#define DAY (24 * 60 * 60)

static void must(int r, const char *what)
{
        if (r >= 0)
                return;
        fprintf(stderr, "h2_server: %s: %s\n", what, gnutls_strerror(r));
        abort();
}

/* --- certificates */

typedef struct Certificate {
        gnutls_x509_privkey_t key;
        gnutls_x509_crt_t crt;
        uint8_t pin[32];
} Certificate;

static Certificate authority, stranger, intermediate, constrained, identities[_IDENTITY_MAX];
static pid_t authority_owner;
static char authority_path[] = "/tmp/dohmouse-h2-XXXXXX";

static Certificate certificate_begin(const char *name, int days_from, int days_to, bool weak)
{
        static unsigned char serial;
        Certificate c;

        must(gnutls_x509_privkey_init(&c.key), "key");
        must(weak ? gnutls_x509_privkey_generate(c.key, GNUTLS_PK_RSA, 1024, 0)
                  : gnutls_x509_privkey_generate(c.key, GNUTLS_PK_ECDSA,
                                                 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
             "key");
        must(gnutls_x509_crt_init(&c.crt), "certificate");
        must(gnutls_x509_crt_set_version(c.crt, 3), "version");
        serial++;
        must(gnutls_x509_crt_set_serial(c.crt, &serial, 1), "serial");
        must(gnutls_x509_crt_set_activation_time(c.crt, time(NULL) + days_from * DAY), "activation");
        must(gnutls_x509_crt_set_expiration_time(c.crt, time(NULL) + days_to * DAY), "expiration");
        must(gnutls_x509_crt_set_key(c.crt, c.key), "public key");
        must(gnutls_x509_crt_set_dn_by_oid(c.crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned) strlen(name)),
             "name");
        return c;
}

static void certificate_sign(Certificate *c, const Certificate *by, gnutls_digest_algorithm_t digest)
{
        size_t n = sizeof(c->pin);
        gnutls_datum_t der;

        must(gnutls_x509_crt_sign2(c->crt, by->crt, by->key, digest, 0), "signature");
        /* GnuTLS puts a chain in order by names that only a certificate that was read has. */
        must(gnutls_x509_crt_export2(c->crt, GNUTLS_X509_FMT_DER, &der), "export");
        gnutls_x509_crt_deinit(c->crt);
        must(gnutls_x509_crt_init(&c->crt), "certificate");
        must(gnutls_x509_crt_import(c->crt, &der, GNUTLS_X509_FMT_DER), "import");
        gnutls_free(der.data);
        must(gnutls_x509_crt_get_key_id(c->crt, GNUTLS_KEYID_USE_SHA256, c->pin, &n), "key id");
}

static Certificate make_authority(const char *name, const Certificate *by, const char *only_below)
{
        Certificate c = certificate_begin(name, -1, 3, false);
        gnutls_datum_t permitted = { .data = (unsigned char *) only_below };
        gnutls_x509_name_constraints_t constraints;

        must(gnutls_x509_crt_set_basic_constraints(c.crt, 1, -1), "constraints");
        must(gnutls_x509_crt_set_key_usage(c.crt, GNUTLS_KEY_KEY_CERT_SIGN), "usage");
        if (only_below) {
                permitted.size = (unsigned) strlen(only_below);
                must(gnutls_x509_name_constraints_init(&constraints), "constraints");
                must(gnutls_x509_name_constraints_add_permitted(constraints, GNUTLS_SAN_DNSNAME, &permitted),
                     "constraints");
                must(gnutls_x509_crt_set_name_constraints(c.crt, constraints, 1), "constraints");
                gnutls_x509_name_constraints_deinit(constraints);
        }
        certificate_sign(&c, by ? by : &c, GNUTLS_DIG_SHA256);
        return c;
}

static void add_name(Certificate *c, const char *name)
{
        must(gnutls_x509_crt_set_subject_alt_name(c->crt, GNUTLS_SAN_DNSNAME, name, (unsigned) strlen(name),
                                                  GNUTLS_FSAN_APPEND),
             "SAN");
}

static void add_address(Certificate *c)
{
        static const uint8_t loopback[4] = { 127, 0, 0, 1 };

        must(gnutls_x509_crt_set_subject_alt_name(c->crt, GNUTLS_SAN_IPADDRESS, loopback, 4, GNUTLS_FSAN_APPEND),
             "SAN");
}

static const Certificate *issuer_of(Identity i, const Certificate *self)
{
        switch (i) {
        case IDENTITY_SELF_SIGNED:
                return self;
        case IDENTITY_UNKNOWN_AUTHORITY:
                return &stranger;
        case IDENTITY_INTERMEDIATE:
        case IDENTITY_NO_INTERMEDIATE:
                return &intermediate;
        case IDENTITY_OUTSIDE_CONSTRAINT:
                return &constrained;
        default:
                return &authority;
        }
}

/* A subjectAltName of our own making: GnuTLS takes ten seconds to make one of that size. */
static void add_many_names(Certificate *c)
{
        static uint8_t der[65536];
        size_t n = 4;

        for (unsigned i = 0; i <= 1500; i++) {
                int r = i < 1500 ? snprintf((char *) der + n + 2, 64, "a-longer-name-%u.test", i)
                                 : snprintf((char *) der + n + 2, 64, "dns.test");

                der[n] = 0x82; /* dNSName */
                der[n + 1] = (uint8_t) r;
                n += 2 + (size_t) r;
        }
        der[0] = 0x30; /* SEQUENCE, its length in two octets */
        der[1] = 0x82;
        der[2] = (uint8_t) ((n - 4) >> 8);
        der[3] = (uint8_t) (n - 4);
        must(gnutls_x509_crt_set_extension_by_oid(c->crt, "2.5.29.17", der, n, 0), "SAN");
}

static void add_names(Certificate *c, Identity i)
{
        switch (i) {
        case IDENTITY_COMMON_NAME:
                return;
        case IDENTITY_OTHER_NAME:
                add_name(c, "other.test");
                return;
        case IDENTITY_ADDRESS_ONLY:
                add_address(c);
                return;
        case IDENTITY_MANY_NAMES:
                add_many_names(c);
                return;
        default:
                break;
        }
        add_name(c, "*.wild.test");
        add_name(c, "dns.test");
        if (i != IDENTITY_OUTSIDE_CONSTRAINT)
                add_address(c);
}

static Certificate make_identity(Identity i)
{
        int from = i == IDENTITY_EXPIRED         ? -2
                   : i == IDENTITY_NOT_YET_VALID ? 1
                                                 : -1,
            to = i == IDENTITY_EXPIRED ? -1 : 2;
        const char *purpose = i == IDENTITY_FOR_CLIENTS ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER;
        Certificate c =
                certificate_begin(i == IDENTITY_COMMON_NAME ? "dns.test" : "test", from, to, i == IDENTITY_WEAK);

        must(gnutls_x509_crt_set_key_purpose_oid(c.crt, purpose, 0), "purpose");
        must(gnutls_x509_crt_set_key_usage(c.crt, GNUTLS_KEY_DIGITAL_SIGNATURE), "usage");
        add_names(&c, i);
        certificate_sign(&c, issuer_of(i, &c), i == IDENTITY_SHA1 ? GNUTLS_DIG_SHA1 : GNUTLS_DIG_SHA256);
        return c;
}

/* check runs each test in a process of its own, which must leave it there. */
static void remove_authority(void)
{
        if (getpid() == authority_owner)
                unlink(authority_path);
}

const char *server_authority(void)
{
        char pem[4096];
        size_t n = sizeof(pem);
        int fd;

        if (authority.crt)
                return authority_path;
        authority = make_authority("authority", NULL, NULL);
        stranger = make_authority("stranger", NULL, NULL);
        intermediate = make_authority("intermediate", &authority, NULL);
        constrained = make_authority("constrained", &authority, "else.test");
        for (Identity i = 0; i < _IDENTITY_MAX; i++)
                identities[i] = make_identity(i);
        must(gnutls_x509_crt_export(authority.crt, GNUTLS_X509_FMT_PEM, pem, &n), "export");
        fd = mkstemp(authority_path);
        if (fd < 0 || write(fd, pem, n) != (ssize_t) n)
                abort();
        close(fd);
        authority_owner = getpid();
        atexit(remove_authority);
        return authority_path;
}

const uint8_t *server_pin(Identity i)
{
        return identities[i].pin;
}

const uint8_t *server_authority_pin(void)
{
        return authority.pin;
}

const uint8_t *server_stranger_pin(void)
{
        return stranger.pin;
}

/* --- one connection */

typedef struct Request {
        int32_t stream;
        uint8_t message[65536];
        size_t n, sent;
        bool get;
} Request;

typedef struct Connection {
        const ServerPlan *plan;
        ServerRecord *record;
        int fd;
        gnutls_session_t tls;
        nghttp2_session *session;
        Request *requests[REQUESTS_MAX];
        unsigned n_requests, n_whole;
        bool leave;
        bool acknowledged; /* our SETTINGS */
} Connection;

static ssize_t read_body(nghttp2_session *session, int32_t stream, uint8_t *to, size_t size, uint32_t *flags,
                         nghttp2_data_source *source, void *userdata)
{
        Request *r = source->ptr;
        Connection *c = userdata;
        static const nghttp2_nv trailer = { (uint8_t *) "age", (uint8_t *) "9999", 3, 4, 0 };
        bool endless = c->plan->script == SCRIPT_ENDLESS && r == c->requests[0];
        size_t n = size;

        if (!endless) {
                size_t whole = c->plan->body ? c->plan->body : r->n;

                n = whole - r->sent < size ? whole - r->sent : size;
                if (r->sent + n == whole)
                        *flags |= NGHTTP2_DATA_FLAG_EOF;
        }
        if (c->plan->body || endless)
                memset(to, 'x', n);
        else
                memcpy(to, r->message + r->sent, n);
        r->sent += n;
        if (c->plan->script == SCRIPT_TRAILERS && *flags & NGHTTP2_DATA_FLAG_EOF) {
                *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
                nghttp2_submit_trailer(session, stream, &trailer, 1);
        }
        return (ssize_t) n;
}

static nghttp2_nv field(const char *name, const char *value)
{
        return (nghttp2_nv) { (uint8_t *) name, (uint8_t *) value, strlen(name), strlen(value), 0 };
}

static void answer(Connection *c, Request *r)
{
        nghttp2_data_provider body = { .source.ptr = r, .read_callback = read_body };
        char status[16], length[16], huge[1024];
        nghttp2_nv fields[80];
        size_t n = 0;

        if (!c->plan->body)
                r->message[2] |= 0x80; /* QR */
        snprintf(status, sizeof(status), "%u", c->plan->status ? c->plan->status : 200);
        snprintf(length, sizeof(length), "%zu", r->n + 5);
        fields[n++] = field(":status", status);
        fields[n++] = field("content-type", "application/dns-message");
        if (c->plan->script == SCRIPT_SHORT_BODY)
                fields[n++] = field("content-length", length);
        if (c->plan->script == SCRIPT_HUGE_FIELDS) {
                memset(huge, 'h', sizeof(huge));
                huge[sizeof(huge) - 1] = '\0';
                for (unsigned i = 0; i < 40; i++)
                        fields[n++] = field("x-huge", huge);
        }
        nghttp2_submit_response(c->session, r->stream, fields, n, &body);
}

static bool send_all(Connection *c)
{
        const uint8_t *p;
        ssize_t n, r;

        while ((n = nghttp2_session_mem_send(c->session, &p)) > 0) {
                while (n > 0) {
                        r = gnutls_record_send(c->tls, p, (size_t) n);
                        if (r < 0)
                                return false;
                        p += r;
                        n -= r;
                }
        }
        return n == 0;
}

static void shake_keys(Connection *c)
{
        for (unsigned i = 0; i < c->plan->hold; i++)
                gnutls_session_key_update(c->tls, 0);
}

/* Frames that nghttp2 would not send: header and payload as they are. */
static void flood(Connection *c, uint8_t type, uint8_t flags, int32_t stream, const uint8_t *payload, uint8_t n)
{
        uint8_t frame[16] = { 0, 0, n, type, flags, 0, 0, 0, (uint8_t) stream }, record[16000];
        size_t used = 0;

        memcpy(frame + 9, payload ? payload : frame, n);
        for (unsigned i = 0; i < 40000; i++) {
                memcpy(record + used, frame, 9u + n);
                used += 9u + n;
                if (used + sizeof(frame) > sizeof(record) || i == 39999) {
                        if (gnutls_record_send(c->tls, record, used) < 0)
                                break;
                        used = 0;
                }
        }
}

/* The request is whole. */
static void act(Connection *c, Request *r)
{
        const ServerPlan *p = c->plan;
        nghttp2_settings_entry less = { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, p->hold };
        nghttp2_nv early = field(":status", "103");
        nghttp2_nv fields[] = { field(":status", "200"), field("content-type", "application/dns-message") };

        c->record->requests++;
        c->record->records_at_request = (unsigned) c->record->records;
        c->n_whole++;
        switch (p->script) {
        case SCRIPT_SILENT:
        case SCRIPT_DEAF:
                return;
        case SCRIPT_ANSWER_REVERSED:
                if (c->n_whole < p->hold)
                        return;
                for (unsigned i = c->n_requests; i-- > 0;)
                        answer(c, c->requests[i]);
                return;
        case SCRIPT_REFUSE:
                nghttp2_submit_rst_stream(c->session, 0, r->stream, NGHTTP2_REFUSED_STREAM);
                return;
        case SCRIPT_RESET:
                nghttp2_submit_rst_stream(c->session, 0, r->stream, NGHTTP2_INTERNAL_ERROR);
                return;
        case SCRIPT_GOAWAY:
                if (c->n_whole < p->hold)
                        return;
                nghttp2_submit_goaway(c->session, 0, c->requests[0]->stream, NGHTTP2_NO_ERROR, NULL, 0);
                answer(c, c->requests[0]);
                return;
        case SCRIPT_CALM:
                nghttp2_submit_goaway(c->session, 0, r->stream, NGHTTP2_ENHANCE_YOUR_CALM, NULL, 0);
                answer(c, r);
                return;
        case SCRIPT_DROP:
                shutdown(c->fd, SHUT_WR);
                return;
        case SCRIPT_RST: {
                struct linger now = { .l_onoff = 1 };

                setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
                close(c->fd);
                c->leave = true;
                return;
        }
        case SCRIPT_INTERIM:
                for (unsigned i = 0; i < p->hold; i++)
                        nghttp2_submit_headers(c->session, 0, r->stream, NULL, &early, 1, NULL);
                answer(c, r);
                return;
        case SCRIPT_PINGS:
                for (unsigned i = 0; i < 20000; i++)
                        nghttp2_submit_ping(c->session, 0, NULL);
                return;
        case SCRIPT_UNKNOWN_FRAMES:
                flood(c, 0xbe, 0, 0, NULL, 0);
                return;
        case SCRIPT_WINDOW_UPDATES:
                flood(c, NGHTTP2_WINDOW_UPDATE, 0, 0, (const uint8_t *) "\0\0\0\1", 4);
                return;
        case SCRIPT_EMPTY_DATA:
                nghttp2_submit_headers(c->session, 0, r->stream, NULL, fields, 2, NULL);
                send_all(c);
                flood(c, NGHTTP2_DATA, 0, r->stream, NULL, 0);
                return;
        case SCRIPT_BREACH:
                send_all(c);
                gnutls_record_send(c->tls, p->octets, p->n_octets);
                return;
        case SCRIPT_LESS_STREAMS:
                nghttp2_submit_settings(c->session, 0, &less, 1);
                answer(c, r);
                return;
        case SCRIPT_ALERT:
                gnutls_alert_send(c->tls, GNUTLS_AL_FATAL, GNUTLS_A_CERTIFICATE_REQUIRED);
                return;
        case SCRIPT_RENEGOTIATE:
                gnutls_rehandshake(c->tls);
                return;
        case SCRIPT_KEY_UPDATE:
                shake_keys(c);
                answer(c, r);
                return;
        default:
                answer(c, r);
                return;
        }
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *userdata)
{
        Connection *c = userdata;
        Request *r = calloc(1, sizeof(*r));

        r->stream = frame->hd.stream_id;
        if (c->n_requests == REQUESTS_MAX)
                abort();
        c->requests[c->n_requests++] = r;
        if (c->n_requests - c->n_whole > c->record->most_unfinished)
                c->record->most_unfinished = c->n_requests - c->n_whole;
        c->record->order[0] = '\0';
        nghttp2_session_set_stream_user_data(session, r->stream, r);
        return 0;
}

static size_t decode_base64url(const char *text, uint8_t *to)
{
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        uint32_t bits = 0;
        unsigned n_bits = 0;
        size_t n = 0;

        for (; *text; text++) {
                const char *at = strchr(alphabet, *text);

                if (!at)
                        return 0;
                bits = bits << 6 | (uint32_t) (at - alphabet);
                n_bits += 6;
                if (n_bits >= 8) {
                        n_bits -= 8;
                        to[n++] = (uint8_t) (bits >> n_bits);
                }
        }
        return n;
}

static void copy(char *to, size_t size, const uint8_t *value, size_t n)
{
        n = n < size - 1 ? n : size - 1;
        memcpy(to, value, n);
        to[n] = '\0';
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t n_name,
                     const uint8_t *value, size_t n_value, uint8_t flags, void *userdata)
{
        Request *r = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
        Connection *c = userdata;
        const char *parameter;
        char text[8192];
        size_t n;

        (void) flags;
        (void) n_name;
        n = strlen(c->record->order);
        snprintf(c->record->order + n, sizeof(c->record->order) - n, "%s,", (const char *) name);
        if (strcmp((const char *) name, ":method") == 0)
                copy(c->record->method, sizeof(c->record->method), value, n_value);
        if (strcmp((const char *) name, ":authority") == 0)
                copy(c->record->authority, sizeof(c->record->authority), value, n_value);
        if (strcmp((const char *) name, ":path") == 0) {
                copy(c->record->path, sizeof(c->record->path), value, n_value);
                copy(text, sizeof(text), value, n_value);
                parameter = strstr(text, "dns=");
                if (parameter)
                        r->n = decode_base64url(parameter + 4, r->message);
        }
        return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data, size_t n,
                   void *userdata)
{
        Request *r = nghttp2_session_get_stream_user_data(session, stream);

        (void) flags;
        (void) userdata;
        if (r && r->n + n <= sizeof(r->message)) {
                memcpy(r->message + r->n, data, n);
                r->n += n;
        }
        return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *userdata)
{
        Request *r = frame->hd.stream_id ? nghttp2_session_get_stream_user_data(session, frame->hd.stream_id) : NULL;
        Connection *c = userdata;

        if (frame->hd.type == NGHTTP2_PING && !(frame->hd.flags & NGHTTP2_FLAG_ACK))
                c->record->pings++;
        if (frame->hd.type == NGHTTP2_SETTINGS && frame->hd.flags & NGHTTP2_FLAG_ACK)
                c->acknowledged = true;
        if (frame->hd.type == NGHTTP2_RST_STREAM)
                c->record->cancels++;
        if (frame->hd.type == NGHTTP2_GOAWAY) {
                c->record->goaways++;
                c->record->goaway_code = frame->goaway.error_code;
        }
        if (r && (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
            frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
                act(c, r);
        return 0;
}

static int on_unsendable(nghttp2_session *session, int32_t stream, uint32_t code, void *userdata)
{
        (void) session;
        (void) stream;
        (void) code;
        (void) userdata;
        return 0;
}

static nghttp2_session *make_session(Connection *c)
{
        nghttp2_settings_entry settings[] = { { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, c->plan->max_streams } };
        nghttp2_session_callbacks *callbacks;
        nghttp2_session *session;

        must(nghttp2_session_callbacks_new(&callbacks), "callbacks");
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
        nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_unsendable);
        must(nghttp2_session_server_new(&session, callbacks, c), "session");
        nghttp2_submit_settings(session, 0, settings, c->plan->max_streams ? 1 : 0);
        nghttp2_session_callbacks_del(callbacks);
        return session;
}

/* Reads to the end of what the client sends, and says how that end looked. */
static void see_the_end(Connection *c)
{
        char octets[4096];
        ssize_t n;

        while ((n = recv(c->fd, octets, sizeof(octets), 0)) > 0)
                continue;
        if (n == 0)
                c->record->ends++;
        else
                c->record->resets++;
}

static void converse(Connection *c)
{
        uint8_t octets[16384];
        ssize_t n = 0;

        if (c->plan->script == SCRIPT_DEAF) {
                pause();
                return;
        }
        if (c->plan->script == SCRIPT_NOT_HTTP2)
                gnutls_record_send(c->tls, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
        else
                c->session = make_session(c);
        while (!c->leave) {
                if (c->session && !send_all(c))
                        break;
                if (c->plan->script == SCRIPT_ANSWER_AND_VANISH && c->n_whole > 0 && c->acknowledged) {
                        setsockopt(c->fd, IPPROTO_TCP, TCP_CORK, &(int) { 1 }, sizeof(int));
                        nghttp2_session_terminate_session(c->session, NGHTTP2_NO_ERROR);
                        send_all(c);
                        gnutls_bye(c->tls, GNUTLS_SHUT_WR);
                        close(c->fd);
                        c->record->ends++;
                        return;
                }
                if (c->plan->script == SCRIPT_ANSWER_AND_CLOSE && c->n_whole > 0) {
                        nghttp2_session_terminate_session(c->session, NGHTTP2_NO_ERROR);
                        send_all(c);
                        gnutls_bye(c->tls, GNUTLS_SHUT_WR);
                        shutdown(c->fd, SHUT_WR);
                        break;
                }
                n = gnutls_record_recv(c->tls, octets, sizeof(octets));
                if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
                        continue;
                if (n <= 0)
                        break;
                c->record->records++;
                if (c->session && nghttp2_session_mem_recv(c->session, octets, (size_t) n) < 0)
                        break;
        }
        if (c->leave && c->plan->script == SCRIPT_RST)
                return;
        if (n == 0)
                c->record->byes++;
        /* As servers do: the other side's close_notify is answered, after what it still waits for. */
        gnutls_bye(c->tls, GNUTLS_SHUT_WR);
        shutdown(c->fd, SHUT_WR);
        see_the_end(c);
}

static void serve(const ServerPlan *plan, ServerRecord *record, int fd, gnutls_certificate_credentials_t credentials,
                  const gnutls_datum_t *ticket_key)
{
        Connection c = { .plan = plan, .record = record, .fd = fd };
        const char *alpn = plan->alpn ? plan->alpn : "h2";
        gnutls_datum_t protocol = { .data = (unsigned char *) alpn, .size = (unsigned) strlen(alpn) };
        size_t n = sizeof(record->name);
        unsigned type;
        int r;

        record->connections++;
        switch (plan->script) {
        case SCRIPT_CLOSE_AT_ONCE:
                shutdown(fd, SHUT_WR);
                see_the_end(&c);
                return;
        case SCRIPT_NOT_TLS:
                send(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, 0);
                see_the_end(&c);
                return;
        case SCRIPT_SILENT_HANDSHAKE:
                see_the_end(&c);
                return;
        default:
                break;
        }
        must(gnutls_init(&c.tls, GNUTLS_SERVER), "session");
        must(gnutls_priority_set_direct(c.tls, plan->priority ? plan->priority : "NORMAL", NULL), "priority");
        must(gnutls_credentials_set(c.tls, GNUTLS_CRD_CERTIFICATE, credentials), "credentials");
        if (plan->ask_certificate)
                gnutls_certificate_server_set_request(c.tls, GNUTLS_CERT_REQUEST);
        if (!plan->no_tickets)
                must(gnutls_session_ticket_enable_server(c.tls, ticket_key), "tickets");
        if (*alpn)
                must(gnutls_alpn_set_protocols(c.tls, &protocol, 1, 0), "alpn");
        gnutls_transport_set_int(c.tls, fd);
        do
                r = gnutls_handshake(c.tls);
        while (r < 0 && !gnutls_error_is_fatal(r));
        if (r < 0) {
                gnutls_alert_send_appropriate(c.tls, r);
                see_the_end(&c);
                return;
        }
        record->handshakes++;
        if (gnutls_session_is_resumed(c.tls))
                record->resumed++;
        if (gnutls_server_name_get(c.tls, record->name, &n, &type, 0) < 0)
                record->name[0] = '\0';
        converse(&c);
}

/* Past GnuTLS' own ordering, which would drop the second. */
static void set_stray_chain(gnutls_certificate_credentials_t credentials, const Certificate *identity)
{
        static gnutls_pcert_st chain[2];
        gnutls_privkey_t key;

        must(gnutls_pcert_import_x509(&chain[0], identity->crt, 0), "chain");
        must(gnutls_pcert_import_x509(&chain[1], stranger.crt, 0), "chain");
        must(gnutls_privkey_init(&key), "key");
        must(gnutls_privkey_import_x509(key, identity->key, GNUTLS_PRIVKEY_IMPORT_COPY), "key");
        must(gnutls_certificate_set_key(credentials, NULL, 0, chain, 2, key), "chain");
}

static int staple_garbage(gnutls_session_t session, void *userdata, gnutls_datum_t *ret)
{
        (void) session;
        (void) userdata;
        ret->data = gnutls_malloc(16);
        ret->size = 16;
        memset(ret->data, 0x30, 16);
        return 0;
}

static _Noreturn void run(const ServerPlan *plan, ServerRecord *record, int listener)
{
        gnutls_certificate_credentials_t credentials;
        const Certificate *identity = &identities[plan->identity];
        gnutls_x509_crt_t chain[] = { identity->crt, issuer_of(plan->identity, identity)->crt };
        bool alone = plan->identity == IDENTITY_SELF_SIGNED || plan->identity == IDENTITY_NO_INTERMEDIATE;
        gnutls_datum_t ticket_key;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGCHLD, SIG_IGN);
        signal(SIGPIPE, SIG_IGN);
        must(gnutls_certificate_allocate_credentials(&credentials), "credentials");
        if (plan->identity == IDENTITY_STRAY)
                set_stray_chain(credentials, identity);
        else
                must(gnutls_certificate_set_x509_key(credentials, chain, alone ? 1 : 2, identity->key), "certificate");
        if (plan->broken_staple)
                gnutls_certificate_set_ocsp_status_request_function(credentials, staple_garbage, NULL);
        must(gnutls_session_ticket_key_generate(&ticket_key), "ticket key");
        for (;;) {
                int fd = accept(listener, NULL, NULL);

                if (fd < 0)
                        continue;
                if (fork() == 0) {
                        prctl(PR_SET_PDEATHSIG, SIGKILL);
                        close(listener);
                        serve(plan, record, fd, credentials, &ticket_key);
                        close(fd);
                        _exit(0);
                }
                close(fd);
        }
}

Server server_start(const ServerPlan *plan)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(address);
        Server s;
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        server_authority();
        s.record = mmap(NULL, sizeof(*s.record), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (fd < 0 || s.record == MAP_FAILED || bind(fd, (struct sockaddr *) &address, n) < 0 || listen(fd, 128) < 0 ||
            getsockname(fd, (struct sockaddr *) &address, &n) < 0)
                abort();
        s.port = ntohs(address.sin_port);
        fflush(NULL);
        s.pid = fork();
        if (s.pid < 0)
                abort();
        if (s.pid == 0)
                run(plan, s.record, fd);
        close(fd);
        return s;
}

void server_stop(Server *s)
{
        kill(s->pid, SIGKILL);
        munmap(s->record, sizeof(*s->record));
        *s = (Server) { 0 };
}
