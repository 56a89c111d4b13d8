/*
 * doh-server: a DNS-over-HTTPS server for tests, and for trying dohmouse where there is no internet. Answers are made of the
 * question (answers.h); faults are ordered through a socket (faults.h). A thread a connection, so that one that is frozen or slow
 * holds up nobody.
 *
 * usage: doh-server --directory DIR [--listen ADDRESS:PORT] [--name NAME]
 *
 * Prints one line of JSON when it is ready, and ends with its standard input. Commands, a line each, to DIR/control or to standard input,
 * with a line of JSON back:
 *
 *   fault WORD...      sets faults, on top of those that are set     clear     no faults
 *   freeze             connections that are open go dark             thaw      they come back
 *   goaway             GOAWAY on all open connections                close     FIN on all open connections
 *   max-streams N      SETTINGS on all open connections             forget    tickets given out are of no use any longer
 *   stats, reset       counters                                      names     the questions since the last time
 */

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "answers.h"
#include "core/config.h"
#include "core/list.h"
#include "faults.h"

#define REQUEST_MAX 65535
#define OUT_MAX 16384
#define NAMES_MAX 100000

typedef enum Command { COMMAND_NONE, COMMAND_FREEZE, COMMAND_THAW, COMMAND_GOAWAY, COMMAND_CLOSE, COMMAND_MAX_STREAMS } Command;

typedef struct Request {
        int32_t stream;
        uint8_t *message;
        size_t n;
        Buffer *answer;
        size_t sent;
        uint64_t due;           /* ms; 0: now */
        List in_connection;
} Request;

typedef struct Connection {
        int fd, wake;
        gnutls_session_t tls;
        nghttp2_session *session;
        List requests;
        bool frozen, leave, reset, bye;
        _Atomic Command command;
        List in_server;
} Connection;

static struct {
        pthread_mutex_t lock;
        Faults faults;
        List connections;
        int listener;
        struct sockaddr_in address;
        gnutls_datum_t ticket_key;
        const char *name;
        unsigned max_streams;
        atomic_ulong accepted, open, full, resumed, queries, pings, goaways, byes, fins, resets, streams, streams_most;
        char *names;
        size_t names_n;
} server = { .lock = PTHREAD_MUTEX_INITIALIZER, .listener = -1 };

static uint64_t now_msec(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t) ts.tv_sec * 1000 + (uint64_t) ts.tv_nsec / 1000000;
}

static Faults current_faults(void)
{
        Faults f;

        pthread_mutex_lock(&server.lock);
        f = server.faults;
        pthread_mutex_unlock(&server.lock);
        return f;
}

/* Is this request one of the `permille`? Evenly spread, not by chance, so that a test finds the same each time. */
static bool struck(const Faults *f)
{
        static atomic_uint count;
        unsigned i = count++ * 617;

        return i % 1000 < f->permille;
}

/* --- answering */

static void request_free(Request *r)
{
        list_remove(&r->in_connection);
        buffer_unref(r->answer);
        free(r->message);
        free(r);
}

static ssize_t read_body(nghttp2_session *session, int32_t stream, uint8_t *to, size_t size, uint32_t *flags, nghttp2_data_source *source,
                         void *userdata)
{
        Request *r = source->ptr;
        size_t n = MIN(size, r->answer->n - r->sent);

        (void) session;
        (void) stream;
        (void) userdata;
        memcpy(to, r->answer->data + r->sent, n);
        r->sent += n;
        if (r->sent == r->answer->n)
                *flags |= NGHTTP2_DATA_FLAG_EOF;
        return (ssize_t) n;
}

static nghttp2_nv field(const char *name, const char *value)
{
        return (nghttp2_nv) { (uint8_t *) name, (uint8_t *) value, strlen(name), strlen(value), 0 };
}

static void spoil(Buffer *b, const Faults *f)
{
        switch (f->body) {
        case BODY_RIGHT:
                break;
        case BODY_GARBAGE:
                memset(b->data, 0x5a, b->n);
                break;
        case BODY_EMPTY:
                b->n = 0;
                break;
        case BODY_OTHER_QUESTION:
                b->data[DNS_HEADER_SIZE + 1] ^= 1;
                break;
        case BODY_QUERY:
                b->data[2] &= 0x7f;
                break;
        case BODY_ID:
                b->data[0] ^= 1;
                break;
        case BODY_TRUNCATED:
                b->data[2] |= 2;
                break;
        case BODY_TRAILING:
                memcpy(b->data + b->n, "trailing", 8);
                b->n += 8;
                break;
        case BODY_SHORT:
                b->n = 11;
                break;
        }
        if (f->rcode >= 0 && b->n > 4)
                b->data[3] = (uint8_t) ((b->data[3] & 0xf0) | f->rcode);
}

static void respond(Connection *c, Request *r)
{
        Faults f = current_faults();
        nghttp2_data_provider body = { .source.ptr = r, .read_callback = read_body };
        char status[16], retry[16], age[16], max_age[32], length[16];
        nghttp2_nv fields[8];
        size_t n = 0;

        if (f.permille < 1000 && !struck(&f))
                f = FAULTS_NONE;
        spoil(r->answer, &f);
        snprintf(status, sizeof(status), "%03u", f.status ? f.status : 200);
        fields[n++] = field(":status", status);
        fields[n++] = field("content-type", f.content_type[0] ? f.content_type : "application/dns-message");
        snprintf(length, sizeof(length), "%u", r->answer->n);
        fields[n++] = field("content-length", length);
        snprintf(retry, sizeof(retry), "%d", f.retry_after);
        if (f.retry_after >= 0)
                fields[n++] = field("retry-after", retry);
        snprintf(age, sizeof(age), "%d", f.age);
        if (f.age >= 0)
                fields[n++] = field("age", age);
        snprintf(max_age, sizeof(max_age), "max-age=%d", f.max_age);
        if (f.max_age >= 0)
                fields[n++] = field("cache-control", max_age);
        nghttp2_submit_response(c->session, r->stream, fields, n, &body);
}

static void note_name(Bytes query)
{
        char text[NAME_TEXT_MAX];
        Message m;

        if (message_parse(&m, query) != MESSAGE_OK)
                return;
        name_to_text(m.qname, text);
        pthread_mutex_lock(&server.lock);
        if (server.names_n < NAMES_MAX * 16) {
                char *grown = realloc(server.names, server.names_n + strlen(text) + 4);

                if (grown) {
                        server.names = grown;
                        server.names_n += (size_t) sprintf(server.names + server.names_n, "%s ", text);
                }
        }
        pthread_mutex_unlock(&server.lock);
}

/* A request is whole. */
static void take(Connection *c, Request *r)
{
        Faults f = current_faults();
        unsigned delay;

        server.queries++;
        note_name(BYTES(r->message, r->n));
        r->answer = answer_make(BYTES(r->message, r->n), &delay);
        if (!r->answer) {
                nghttp2_nv status = field(":status", "400");

                nghttp2_submit_response(c->session, r->stream, &status, 1, NULL);
                return;
        }
        if (f.permille < 1000 && !struck(&f))
                f = FAULTS_NONE;
        if (f.drop || f.reset) {
                c->leave = true;
                c->reset = f.reset;
                return;
        }
        if (f.rst_stream >= 0) {
                nghttp2_submit_rst_stream(c->session, 0, r->stream, (uint32_t) f.rst_stream);
                return;
        }
        if (f.goaway || f.goaway_refuse)
                nghttp2_submit_goaway(c->session, 0, MAX(r->stream - (f.goaway_refuse ? 2 : 0), 0), NGHTTP2_NO_ERROR, NULL, 0);
        if (f.swallow || f.goaway_refuse)
                return;
        delay += f.delay;
        if (delay)
                r->due = now_msec() + delay;
        else
                respond(c, r);
}

static uint64_t respond_due(Connection *c)
{
        uint64_t now = now_msec(), next = UINT64_MAX;

        LIST_FOREACH(l, &c->requests) {
                Request *r = container_of(l, Request, in_connection);

                if (!r->due)
                        continue;
                if (r->due <= now) {
                        r->due = 0;
                        respond(c, r);
                } else
                        next = MIN(next, r->due);
        }
        return next;
}

/* --- HTTP/2 */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *userdata)
{
        Connection *c = userdata;
        Request *r = calloc(1, sizeof(*r));
        unsigned long n;

        if (!r)
                return NGHTTP2_ERR_CALLBACK_FAILURE;
        r->stream = frame->hd.stream_id;
        list_init(&r->in_connection);
        list_append(&c->requests, &r->in_connection);
        nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, r);
        n = ++server.streams;
        if (n > server.streams_most)
                server.streams_most = n;
        return 0;
}

static bool append(Request *r, const uint8_t *data, size_t n)
{
        uint8_t *grown = r->n + n <= REQUEST_MAX ? realloc(r->message, r->n + n + 1) : NULL;

        if (!grown)
                return false;
        r->message = grown;
        memcpy(grown + r->n, data, n);
        r->n += n;
        return true;
}

static void take_base64url(Request *r, const uint8_t *p, size_t n)
{
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        uint32_t bits = 0;
        unsigned held = 0;

        for (size_t i = 0; i < n && p[i] != '&'; i++) {
                const char *at = p[i] ? strchr(alphabet, p[i]) : NULL;
                uint8_t octet;

                if (!at)
                        return;
                bits = bits << 6 | (uint32_t) (at - alphabet);
                held += 6;
                if (held < 8)
                        continue;
                held -= 8;
                octet = (uint8_t) (bits >> held);
                append(r, &octet, 1);
        }
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t n_name, const uint8_t *value, size_t n,
                     uint8_t flags, void *userdata)
{
        Request *r = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
        const uint8_t *at;

        (void) flags;
        (void) userdata;
        if (r && n_name == 5 && memcmp(name, ":path", 5) == 0 && (at = memmem(value, n, "dns=", 4)))
                take_base64url(r, at + 4, n - (size_t) (at + 4 - value));
        return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data, size_t n, void *userdata)
{
        Request *r = nghttp2_session_get_stream_user_data(session, stream);

        (void) flags;
        (void) userdata;
        if (r)
                append(r, data, n);
        return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *userdata)
{
        Connection *c = userdata;
        Request *r;

        if (frame->hd.type == NGHTTP2_PING && !(frame->hd.flags & NGHTTP2_FLAG_ACK))
                server.pings++;
        if (frame->hd.type == NGHTTP2_GOAWAY)
                server.goaways++;
        if ((frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
                return 0;
        r = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
        if (r)
                take(c, r);
        return 0;
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t code, void *userdata)
{
        Request *r = nghttp2_session_get_stream_user_data(session, stream);

        (void) code;
        (void) userdata;
        if (!r)
                return 0;
        server.streams--;
        request_free(r);
        return 0;
}

static nghttp2_session *make_session(Connection *c, const Faults *f)
{
        nghttp2_settings_entry settings[] = { { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, f->max_streams >= 0 ? (uint32_t) f->max_streams : 100 } };
        nghttp2_session_callbacks *callbacks;
        nghttp2_session *session = NULL;

        if (nghttp2_session_callbacks_new(&callbacks) != 0)
                return NULL;
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
        nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
        if (nghttp2_session_server_new(&session, callbacks, c) == 0)
                nghttp2_submit_settings(session, 0, settings, 1);
        nghttp2_session_callbacks_del(callbacks);
        return session;
}

/* --- one connection */

/* Sends what nghttp2 has to say, in records as large as they may be. */
static bool send_all(Connection *c)
{
        uint8_t out[OUT_MAX];
        size_t n = 0;

        for (;;) {
                const uint8_t *p;
                ssize_t got = nghttp2_session_mem_send(c->session, &p);

                if (got < 0)
                        return false;
                if (n && (got == 0 || n + (size_t) got > sizeof(out))) {
                        for (size_t sent = 0; sent < n;) {
                                ssize_t r = gnutls_record_send(c->tls, out + sent, n - sent);

                                if (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED)
                                        continue;
                                if (r < 0)
                                        return false;
                                sent += (size_t) r;
                        }
                        n = 0;
                }
                if (got == 0)
                        return true;
                while (got > 0) {
                        size_t part = MIN((size_t) got, sizeof(out) - n);

                        memcpy(out + n, p, part);
                        n += part;
                        p += part;
                        got -= (ssize_t) part;
                        if (got > 0) {
                                if (gnutls_record_send(c->tls, out, n) < 0)
                                        return false;
                                n = 0;
                        }
                }
        }
}

static void obey(Connection *c)
{
        uint64_t value;
        nghttp2_settings_entry setting = { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, server.max_streams };

        if (read(c->wake, &value, sizeof(value)) < 0)
                return;
        switch (c->command) {
        case COMMAND_FREEZE:
                c->frozen = true;
                break;
        case COMMAND_THAW:
                c->frozen = false;
                break;
        case COMMAND_GOAWAY:
                nghttp2_submit_goaway(c->session, 0, nghttp2_session_get_last_proc_stream_id(c->session), NGHTTP2_NO_ERROR, NULL, 0);
                break;
        case COMMAND_MAX_STREAMS:
                nghttp2_submit_settings(c->session, 0, &setting, 1);
                break;
        case COMMAND_CLOSE:
                c->leave = true;
                break;
        case COMMAND_NONE:
                break;
        }
}

static bool receive(Connection *c)
{
        uint8_t in[OUT_MAX];
        ssize_t n;

        do {
                n = gnutls_record_recv(c->tls, in, sizeof(in));
                if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
                        return true;
                if (n == 0) {
                        server.byes++;
                        c->bye = true;
                }
                if (n <= 0)
                        return false;
                if (nghttp2_session_mem_recv(c->session, in, (size_t) n) < 0)
                        return false;
        } while (gnutls_record_check_pending(c->tls) > 0 && !c->leave);
        return true;
}

static void converse(Connection *c)
{
        while (!c->leave) {
                uint64_t next = respond_due(c), now = now_msec();
                struct pollfd fds[2] = { { .fd = c->frozen ? -1 : c->fd, .events = POLLIN }, { .fd = c->wake, .events = POLLIN } };

                if (!c->frozen && (!send_all(c) || (!nghttp2_session_want_read(c->session) && !nghttp2_session_want_write(c->session))))
                        return;
                if (poll(fds, 2, next == UINT64_MAX ? -1 : (int) MIN(usec_sub(next, now), (uint64_t) 10000)) < 0 && errno != EINTR)
                        return;
                if (fds[1].revents)
                        obey(c);
                if (fds[0].revents && !c->frozen && !receive(c))
                        return;
        }
}

/* Ends as a good server does: what the client still sends is read to its end, so that there is no RST from here. */
static void see_the_end(Connection *c)
{
        struct timeval patience = { .tv_sec = 2 };
        uint8_t rest[4096];
        ssize_t n;

        setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        shutdown(c->fd, SHUT_WR);
        if (c->session && !c->bye) {
                while ((n = gnutls_record_recv(c->tls, rest, sizeof(rest))) > 0)
                        ;
                server.byes += n == 0;
        }
        while ((n = recv(c->fd, rest, sizeof(rest), 0)) > 0)
                ;
        if (n == 0)
                server.fins++;
        else if (errno == ECONNRESET)
                server.resets++;
}

static void abort_connection(Connection *c)
{
        struct linger now = { .l_onoff = 1 };

        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static bool handshake(Connection *c, const Faults *f)
{
        gnutls_datum_t h2 = { .data = (unsigned char *) "h2", .size = 2 };
        int r;

        if (gnutls_init(&c->tls, GNUTLS_SERVER) < 0)
                return false;
        gnutls_priority_set_direct(c->tls, "NORMAL", NULL);
        gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, certificates_get(f->identity));
        gnutls_session_ticket_enable_server(c->tls, &server.ticket_key);
        if (!f->no_alpn)
                gnutls_alpn_set_protocols(c->tls, &h2, 1, 0);
        gnutls_transport_set_int(c->tls, c->fd);
        gnutls_handshake_set_timeout(c->tls, 10000);
        do
                r = gnutls_handshake(c->tls);
        while (r < 0 && !gnutls_error_is_fatal(r));
        if (r < 0)
                return false;
        if (gnutls_session_is_resumed(c->tls))
                server.resumed++;
        else
                server.full++;
        return true;
}

static void serve(Connection *c)
{
        Faults f = current_faults();
        static const char page[] = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Please log in.</html>";

        if (f.reset_accept) {
                abort_connection(c);
                return;
        }
        if (f.stall) {
                struct pollfd p = { .fd = c->fd, .events = POLLRDHUP };

                poll(&p, 1, 30000);
                return;
        }
        if (f.plaintext) {
                send(c->fd, page, sizeof(page) - 1, MSG_NOSIGNAL);
                see_the_end(c);
                return;
        }
        if (handshake(c, &f) && (c->session = make_session(c, &f))) {
                converse(c);
                if (c->reset) {
                        abort_connection(c);
                        return;
                }
        }
        see_the_end(c);
}

static void *run_connection(void *data)
{
        Connection *c = data;

        serve(c);
        pthread_mutex_lock(&server.lock);
        list_remove(&c->in_server);
        pthread_mutex_unlock(&server.lock);
        if (c->session)
                nghttp2_session_del(c->session);
        while (!list_empty(&c->requests)) {
                server.streams--;
                request_free(container_of(list_first(&c->requests), Request, in_connection));
        }
        if (c->tls)
                gnutls_deinit(c->tls);
        close(c->fd);
        close(c->wake);
        free(c);
        server.open--;
        return NULL;
}

/* --- the server */

static int open_listener(void)
{
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
        socklen_t size = sizeof(server.address);

        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (fd < 0 || bind(fd, (struct sockaddr *) &server.address, size) < 0 || listen(fd, 1024) < 0 ||
            getsockname(fd, (struct sockaddr *) &server.address, &size) < 0) {
                perror("doh-server: cannot listen");
                exit(EXIT_FAILURE);
        }
        return fd;
}

static void *run_acceptor(void *data)
{
        int fd = (int) (intptr_t) data, on = 1;

        for (;;) {
                Connection *c;
                pthread_t thread;
                int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

                if (client < 0)
                        break;
                setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
                c = calloc(1, sizeof(*c));
                if (!c)
                        abort();
                c->fd = client;
                c->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
                list_init(&c->requests);
                list_init(&c->in_server);
                server.accepted++;
                server.open++;
                pthread_mutex_lock(&server.lock);
                list_append(&server.connections, &c->in_server);
                pthread_mutex_unlock(&server.lock);
                if (pthread_create(&thread, NULL, run_connection, c) == 0)
                        pthread_detach(thread);
        }
        return NULL;
}

static void start_accepting(void)
{
        pthread_t thread;

        server.listener = open_listener();
        if (pthread_create(&thread, NULL, run_acceptor, (void *) (intptr_t) server.listener) == 0)
                pthread_detach(thread);
}

/* The port is open or closed, as the faults say. */
static void apply_refuse(bool refuse)
{
        if (refuse && server.listener >= 0) {
                shutdown(server.listener, SHUT_RDWR);
                close(server.listener);
                server.listener = -1;
        } else if (!refuse && server.listener < 0)
                start_accepting();
}

static void tell_all(Command command)
{
        uint64_t one = 1;

        pthread_mutex_lock(&server.lock);
        LIST_FOREACH(l, &server.connections) {
                Connection *c = container_of(l, Connection, in_server);

                c->command = command;
                if (write(c->wake, &one, sizeof(one)) < 0)
                        perror("doh-server: wake");
        }
        pthread_mutex_unlock(&server.lock);
}

static void reset_stats(void)
{
        server.accepted = server.full = server.resumed = server.queries = server.pings = server.goaways = server.byes = server.fins =
                server.resets = 0;
        server.streams_most = 0;
}

static void print_stats(FILE *f)
{
        fprintf(f,
                "{\"accepted\":%lu,\"open\":%lu,\"full\":%lu,\"resumed\":%lu,\"queries\":%lu,\"pings\":%lu,\"goaways\":%lu,"
                "\"close_notify\":%lu,\"fin\":%lu,\"rst\":%lu,\"streams\":%lu,\"streams_most\":%lu}\n",
                server.accepted, server.open, server.full, server.resumed, server.queries, server.pings, server.goaways, server.byes, server.fins,
                server.resets, server.streams, server.streams_most);
}

static bool command(char *line, FILE *f)
{
        char *save = NULL, *word = strtok_r(line, " \n", &save);
        Faults faults = current_faults();

        if (!word)
                return false;
        if (strcmp(word, "stats") == 0) {
                print_stats(f);
                return true;
        }
        if (strcmp(word, "names") == 0) {
                pthread_mutex_lock(&server.lock);
                fprintf(f, "{\"names\":\"%.*s\"}\n", (int) server.names_n, server.names ? server.names : "");
                server.names_n = 0;
                pthread_mutex_unlock(&server.lock);
                return true;
        }
        if (strcmp(word, "clear") == 0)
                faults = FAULTS_NONE;
        else if (strcmp(word, "fault") == 0) {
                while ((word = strtok_r(NULL, " \n", &save)))
                        if (!faults_set(&faults, word))
                                return false;
        } else if (strcmp(word, "reset") == 0)
                reset_stats();
        else if (strcmp(word, "forget") == 0)
                gnutls_session_ticket_key_generate(&server.ticket_key);
        else if (strcmp(word, "max-streams") == 0 && (word = strtok_r(NULL, " \n", &save))) {
                server.max_streams = (unsigned) strtoul(word, NULL, 10);
                tell_all(COMMAND_MAX_STREAMS);
        } else {
                static const char *const names[] = { "", "freeze", "thaw", "goaway", "close" };
                size_t i = 1;

                while (i < ELEMENTS(names) && strcmp(word, names[i]) != 0)
                        i++;
                if (i == ELEMENTS(names))
                        return false;
                tell_all((Command) i);
        }
        pthread_mutex_lock(&server.lock);
        server.faults = faults;
        pthread_mutex_unlock(&server.lock);
        apply_refuse(faults.refuse);
        fputs("{\"ok\":true}\n", f);
        return true;
}

/* Carries out what is read, until there is no more. */
static void take_commands(FILE *in, FILE *out)
{
        char line[1024];

        while (fgets(line, sizeof(line), in)) {
                if (!command(line, out))
                        fputs("{\"ok\":false}\n", out);
                fflush(out);
        }
}

static void *run_control(void *data)
{
        int fd = (int) (intptr_t) data;

        for (;;) {
                int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
                FILE *f = client >= 0 ? fdopen(client, "r+") : NULL;

                if (!f)
                        break;
                take_commands(f, f);
                fclose(f);
        }
        return NULL;
}

static void start_control(const char *directory)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        pthread_t thread;

        snprintf(a.sun_path, sizeof(a.sun_path), "%s/control", directory);
        unlink(a.sun_path);
        if (fd < 0 || bind(fd, (struct sockaddr *) &a, sizeof(a)) < 0 || listen(fd, 8) < 0) {
                perror(a.sun_path);
                exit(EXIT_FAILURE);
        }
        if (pthread_create(&thread, NULL, run_control, (void *) (intptr_t) fd) == 0)
                pthread_detach(thread);
}

static bool parse_listen(const char *text)
{
        Address a;

        if (!address_from_text(text, 0, &a) || a.v6)
                return false;
        server.address = (struct sockaddr_in) { .sin_family = AF_INET, .sin_port = htons(a.port) };
        memcpy(&server.address.sin_addr, a.octets, 4);
        return true;
}

int main(int argc, char *argv[])
{
        static const struct option options[] = {
                { "directory", required_argument, NULL, 'd' },
                { "listen", required_argument, NULL, 'l' },
                { "name", required_argument, NULL, 'n' },
                { NULL, 0, NULL, 0 },
        };
        const char *directory = NULL;
        char ca[512];
        int c;

        server.name = "doh.test";
        parse_listen("127.0.0.1:0");
        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                if (c == 'd')
                        directory = optarg;
                else if (c == 'n')
                        server.name = optarg;
                else if (c != 'l' || !parse_listen(optarg))
                        return 2;
        if (!directory) {
                fputs("usage: doh-server --directory DIR [--listen ADDRESS:PORT] [--name NAME]\n", stderr);
                return 2;
        }
        signal(SIGPIPE, SIG_IGN);
        list_init(&server.connections);
        server.faults = FAULTS_NONE;
        snprintf(ca, sizeof(ca), "%s/ca.pem", directory);
        certificates_make(server.name, ca);
        if (gnutls_session_ticket_key_generate(&server.ticket_key) < 0)
                return EXIT_FAILURE;
        start_accepting();
        start_control(directory);
        printf("{\"ready\":true,\"port\":%u,\"ca\":\"%s\",\"url\":\"https://%s:%u/dns-query\"}\n", ntohs(server.address.sin_port), ca, server.name,
               ntohs(server.address.sin_port));
        fflush(stdout);
        take_commands(stdin, stdout);
        return EXIT_SUCCESS;
}
