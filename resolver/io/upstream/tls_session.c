/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/upstream/tls_session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "io/upstream/tls_internal.h"
#include "io/upstream/verify.h"

/*
 * TLS 1.3 and, with the cipher suites that HTTP/2 permits (RFC 9113 9.2.2), TLS 1.2. The medium profile rejects RSA
 * below 2048 bits and SHA-1 anywhere in the chain (FAULTS.md L11).
 */
static const char priority[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA"
                               ":-CIPHER-ALL:+AES-128-GCM:+CHACHA20-POLY1305:+AES-256-GCM:-MAC-ALL:+AEAD"
                               ":-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:%PROFILE_MEDIUM";

#define RECORD_MAX 16384
#define ODDITIES_MAX 16
#define TICKETS_PER_SESSION_MAX 8

/* Plaintext of any session: consumed before the next read. */
static uint8_t plaintext[RECORD_MAX];

static ssize_t tls_session_pull(gnutls_transport_ptr_t pointer, void *data, size_t n)
{
        TlsSession *t = pointer;

        n = MIN(n, t->in.n);
        if (n == 0) {
                gnutls_transport_set_errno(t->session, EAGAIN);
                return -1;
        }
        memcpy(data, t->in.p, n);
        t->in = BYTES(t->in.p + n, t->in.n - n);
        return (ssize_t) n;
}

static int tls_session_pull_timeout(gnutls_transport_ptr_t pointer, _unused_ unsigned msec)
{
        const TlsSession *t = pointer;

        return t->in.n > 0;
}

static ssize_t tls_session_push(gnutls_transport_ptr_t pointer, const void *data, size_t n)
{
        TlsSession *t = pointer;

        if (byte_buffer_append(&t->out, BYTES(data, n)))
                return (ssize_t) n;
        gnutls_transport_set_errno(t->session, ENOMEM);
        return -1;
}

static bool tls_session_is_tls13(gnutls_session_t session)
{
        return gnutls_protocol_get_version(session) == GNUTLS_TLS1_3;
}

/* Returns the octets of early data that the peer allows with its tickets: GnuTLS has a number that none can be if it
 * has said nothing. */
static size_t tls_session_early_max(const TlsSession *t)
{
        size_t max = gnutls_record_get_max_early_data_size(t->session);

        return tls_session_is_tls13(t->session) && max != UINT32_MAX ? max : 0;
}

static void tls_session_keep_ticket(TlsSession *t)
{
        gnutls_datum_t data = { 0 };

        if (!t->up || t->generation != tls_generation(t->tls) || t->tickets >= TICKETS_PER_SESSION_MAX)
                return;
        t->tickets++;
        if (gnutls_session_get_data2(t->session, &data) >= 0)
                tls_keep_ticket(t->tls, data, tls_session_early_max(t));
}

/* In TLS 1.3, any number of tickets may follow the handshake at any time. In TLS 1.2, they are part of the handshake,
 * and are kept once it is complete. */
static int tls_session_on_ticket(gnutls_session_t session, _unused_ unsigned type, _unused_ unsigned when,
                                 _unused_ unsigned incoming, _unused_ const gnutls_datum_t *message)
{
        if (tls_session_is_tls13(session))
                tls_session_keep_ticket(gnutls_session_get_ptr(session));
        return 0;
}

static bool tls_session_is_address(const char *host)
{
        uint8_t address[16];

        return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* A name is sent without its final dot; an address is not sent (RFC 6066 3). */
static int tls_session_set_server_name(TlsSession *t)
{
        const char *host = t->config->host;
        size_t n = strlen(host);

        if (tls_session_is_address(host))
                return 0;
        if (n > 0 && host[n - 1] == '.')
                n--;
        return gnutls_server_name_set(t->session, GNUTLS_NAME_DNS, host, n);
}

/* If GnuTLS rejects the ticket, nothing is lost: the handshake is a full one. */
static void tls_session_use_ticket(TlsSession *t, const TlsTicket *ticket, Bytes early)
{
        t->sent_early = gnutls_session_set_data(t->session, ticket->data.data, ticket->data.size) >= 0 && early.n > 0 &&
                        gnutls_record_send_early_data(t->session, early.p, early.n) >= 0;
}

/* Everything but the ticket. */
static FailureReason tls_session_open(TlsSession *t, unsigned flags)
{
        const gnutls_datum_t protocol = { .data = (unsigned char *) "h2", .size = 2 };
        gnutls_certificate_credentials_t credentials = tls_credentials(t->tls);

        if (!credentials)
                return FAILURE_TRUST_STORE;
        /* Without GNUTLS_ENABLE_EARLY_START and FALSE_START, nothing is sent before the peer is verified, except early
         * data, which only the peer of the previous session can read: it was verified then. */
        if (gnutls_init(&t->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | flags) < 0) {
                t->session = NULL;
                return FAILURE_RESOURCES;
        }
        gnutls_session_set_ptr(t->session, t);
        gnutls_transport_set_ptr(t->session, t);
        gnutls_transport_set_pull_function(t->session, tls_session_pull);
        gnutls_transport_set_pull_timeout_function(t->session, tls_session_pull_timeout);
        gnutls_transport_set_push_function(t->session, tls_session_push);
        gnutls_handshake_set_hook_function(t->session, GNUTLS_HANDSHAKE_NEW_SESSION_TICKET, GNUTLS_HOOK_POST,
                                           tls_session_on_ticket);
        if (gnutls_priority_set_direct(t->session, priority, NULL) < 0 ||
            gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, credentials) < 0 ||
            gnutls_alpn_set_protocols(t->session, &protocol, 1, GNUTLS_ALPN_MANDATORY) < 0 ||
            tls_session_set_server_name(t) < 0)
                return FAILURE_RESOURCES;
        return FAILURE_NONE;
}

FailureReason tls_session_init(TlsSession *t, Tls *tls, const UpstreamConfig *config, Bytes early)
{
        TlsTicket ticket = { 0 };
        FailureReason f;

        *t = (TlsSession) { .tls = tls_ref(tls), .config = config, .generation = tls_generation(tls) };
        tls_take_ticket(tls, &ticket);
        if (early.n > MIN(ticket.early_max, RECORD_MAX))
                early.n = 0;
        /* With the flag, GnuTLS announces early data even if the ticket does not allow any. */
        f = tls_session_open(t, early.n > 0 ? GNUTLS_ENABLE_EARLY_DATA : 0);
        if (!f && ticket.data.data)
                tls_session_use_ticket(t, &ticket, early);
        tls_wipe_ticket(&ticket.data);
        return f;
}

bool tls_session_early_accepted(const TlsSession *t)
{
        return gnutls_session_get_flags(t->session) & GNUTLS_SFLAGS_EARLY_DATA;
}

void tls_session_deinit(TlsSession *t)
{
        if (t->session)
                gnutls_deinit(t->session);
        byte_buffer_deinit(&t->out);
        tls_unref(t->tls);
        *t = (TlsSession) { 0 };
}

static FailureReason tls_session_failure_of_alert(gnutls_alert_description_t alert)
{
        switch (alert) {
        case GNUTLS_A_NO_APPLICATION_PROTOCOL:
                return FAILURE_NO_H2;
        case GNUTLS_A_PROTOCOL_VERSION:
        case GNUTLS_A_HANDSHAKE_FAILURE: /* none of the offered parameters is acceptable (RFC 8446 6.2) */
        case GNUTLS_A_INSUFFICIENT_SECURITY:
                return FAILURE_TLS_VERSION;
        default:
                return FAILURE_TLS_ALERT;
        }
}

static FailureReason tls_session_failure_of_handshake(const TlsSession *t, int error)
{
        if (t->failure)
                return t->failure;
        switch (error) {
        case GNUTLS_E_FATAL_ALERT_RECEIVED:
                return tls_session_failure_of_alert(gnutls_alert_get(t->session));
        case GNUTLS_E_NO_APPLICATION_PROTOCOL:
                return FAILURE_NO_H2;
        case GNUTLS_E_CERTIFICATE_ERROR:
        case GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR:
        case GNUTLS_E_KEY_USAGE_VIOLATION:
        case GNUTLS_E_NO_CERTIFICATE_FOUND:
                return FAILURE_CERTIFICATE_UNTRUSTED;
        case GNUTLS_E_INSUFFICIENT_SECURITY:
        case GNUTLS_E_INSUFFICIENT_CREDENTIALS:
                return FAILURE_CERTIFICATE_WEAK;
        case GNUTLS_E_MEMORY_ERROR:
        case GNUTLS_E_PUSH_ERROR:
                return FAILURE_RESOURCES;
        case GNUTLS_E_UNSUPPORTED_VERSION_PACKET:
        case GNUTLS_E_UNKNOWN_CIPHER_SUITE:
        case GNUTLS_E_NO_CIPHER_SUITES:
                return t->tls_looking ? FAILURE_TLS_VERSION : FAILURE_TLS_GARBAGE;
        default:
                return FAILURE_TLS_GARBAGE;
        }
}

/* The peer is told why, unless the peer itself sent the alert. */
static TlsResult tls_session_fail(TlsSession *t, FailureReason f, int error)
{
        t->failure = f;
        if (error != GNUTLS_E_FATAL_ALERT_RECEIVED)
                gnutls_alert_send_appropriate(t->session, error);
        return TLS_FAILED;
}

static bool tls_session_odd_but_bearable(TlsSession *t, int error)
{
        return !gnutls_error_is_fatal(error) && error != GNUTLS_E_REHANDSHAKE && ++t->oddities <= ODDITIES_MAX;
}

static TlsResult tls_session_handshake_done(TlsSession *t)
{
        gnutls_datum_t protocol = { 0 };
        FailureReason f;

        /* GnuTLS reports success if the peer did not answer ALPN. */
        if (gnutls_alpn_get_selected_protocol(t->session, &protocol) < 0 || protocol.size != 2 ||
            memcmp(protocol.data, "h2", 2) != 0)
                return tls_session_fail(t, FAILURE_NO_H2, GNUTLS_E_NO_APPLICATION_PROTOCOL);
        /* A resumed session bypasses verify_in_handshake(): its certificate may have expired, or the store may have
         * changed. */
        if (gnutls_session_is_resumed(t->session)) {
                f = verify_peer(t->session, t->config);
                if (f)
                        return tls_session_fail(t, f, GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR);
        }
        t->up = true;
        t->config = NULL;
        if (!tls_session_is_tls13(t->session))
                tls_session_keep_ticket(t);
        return TLS_OK;
}

/* The first record begins with a content type and a major version (RFC 8446 5.1). */
static void tls_session_look_at(TlsSession *t)
{
        if (t->heard || t->in.n == 0)
                return;
        t->heard = true;
        t->tls_looking = t->in.p[0] >= 20 && t->in.p[0] <= 23 && (t->in.n < 2 || t->in.p[1] == 3);
}

TlsResult tls_session_handshake(TlsSession *t)
{
        int r;

        tls_session_look_at(t);
        for (;;) {
                size_t before = t->in.n;

                r = gnutls_handshake(t->session);
                if (r == GNUTLS_E_SUCCESS)
                        return tls_session_handshake_done(t);
                if ((r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED) && t->in.n == 0)
                        return TLS_AGAIN;
                /* Called after each record of a message that continues in the next one. */
                if (r == GNUTLS_E_AGAIN && t->in.n < before)
                        continue;
                if (!tls_session_odd_but_bearable(t, r))
                        return tls_session_fail(t, tls_session_failure_of_handshake(t, r), r);
        }
}

static FailureReason tls_session_failure_of_read(int error)
{
        switch (error) {
        case GNUTLS_E_REHANDSHAKE:                /* forbidden in HTTP/2 (RFC 9113 9.2.1) */
        case GNUTLS_E_TOO_MANY_HANDSHAKE_PACKETS: /* a flood of KeyUpdate messages */
                return FAILURE_PROTOCOL;
        case GNUTLS_E_FATAL_ALERT_RECEIVED: /* in TLS 1.3, the peer may reject the handshake after our Finished */
                return FAILURE_TLS_ALERT;
        case GNUTLS_E_MEMORY_ERROR:
                return FAILURE_RESOURCES;
        default:
                return FAILURE_CONNECTION_LOST;
        }
}

TlsResult tls_session_read(TlsSession *t, Bytes *ret)
{
        ssize_t r;

        for (;;) {
                size_t before = t->in.n;

                r = gnutls_record_recv(t->session, plaintext, sizeof(plaintext));
                if (r > 0) {
                        *ret = BYTES(plaintext, r);
                        return TLS_OK;
                }
                if (r == 0)
                        return TLS_EOF;
                if (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED) {
                        /* Also returned after a ticket or a KeyUpdate, with more to read behind it. */
                        if (t->in.n == 0 || t->in.n == before)
                                return TLS_AGAIN;
                        continue;
                }
                if (tls_session_odd_but_bearable(t, (int) r))
                        continue;
                break;
        }
        return tls_session_fail(t, tls_session_failure_of_read((int) r), (int) r);
}

TlsResult tls_session_write(TlsSession *t, Bytes bytes)
{
        ssize_t r;

        while (bytes.n > 0) {
                r = gnutls_record_send(t->session, bytes.p, bytes.n);
                if (r == GNUTLS_E_INTERRUPTED)
                        continue;
                if (r <= 0) {
                        t->failure = r == GNUTLS_E_PUSH_ERROR || r == GNUTLS_E_MEMORY_ERROR ? FAILURE_RESOURCES
                                                                                            : FAILURE_CONNECTION_LOST;
                        return TLS_FAILED;
                }
                bytes = BYTES(bytes.p + r, bytes.n - (size_t) r);
        }
        return TLS_OK;
}

void tls_session_bye(TlsSession *t)
{
        if (!t->up)
                return;
        /* One call is enough, because tls_session_push() accepts everything; E_AGAIN would have to be repeated. */
        while (gnutls_bye(t->session, GNUTLS_SHUT_WR) == GNUTLS_E_INTERRUPTED)
                continue;
}
