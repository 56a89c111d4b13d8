/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "script.h"
#include "server.h"

#define OUT_MAX 16384
#define RECORD_HEADER 5
#define HANDSHAKE_RECORD 22

/* --- ciphertext on its way to TCP, as the faults want it */

static bool write_tcp(Connection *c, const uint8_t *p, size_t n)
{
        size_t at_once = c->faults.chop > 0 ? (size_t) c->faults.chop : n;

        if (c->left >= 0 && n > (size_t) c->left) {
                n = (size_t) c->left;
                c->left = 0;
        } else if (c->left >= 0)
                c->left -= (int) n;
        while (n > 0) {
                ssize_t r = send(c->fd, p, MIN(n, at_once), MSG_NOSIGNAL);

                if (r < 0 && errno != EINTR)
                        return false;
                p += MAX(r, 0);
                n -= (size_t) MAX(r, 0);
        }
        return true;
}

/* The records of a handshake in clear text become smaller ones. */
static bool write_fragments(Connection *c, const uint8_t *p, size_t n)
{
        size_t most = (size_t) c->faults.fragment;

        while (n >= RECORD_HEADER && p[0] == HANDSHAKE_RECORD) {
                size_t size = (size_t) p[3] << 8 | p[4];

                if (size + RECORD_HEADER > n)
                        break;
                for (size_t i = 0; i < size; i += most) {
                        size_t part = MIN(most, size - i);
                        uint8_t header[RECORD_HEADER] = { p[0], p[1], p[2], (uint8_t) (part >> 8), (uint8_t) part };

                        if (!write_tcp(c, header, sizeof(header)) || !write_tcp(c, p + RECORD_HEADER + i, part))
                                return false;
                }
                p += RECORD_HEADER + size;
                n -= RECORD_HEADER + size;
        }
        /* Behind the first of another kind, ChangeCipherSpec, they are encrypted. */
        if (n > 0)
                c->faults.fragment = 0;
        return write_tcp(c, p, n);
}

static ssize_t push(gnutls_transport_ptr_t pointer, const void *data, size_t n)
{
        Connection *c = pointer;
        bool ok = c->faults.fragment > 0 && !c->session ? write_fragments(c, data, n) : write_tcp(c, data, n);

        if (ok && c->left == 0) {
                c->leave = true;
                c->stalled = c->faults.then == THEN_STALL;
                c->reset = c->faults.then == THEN_RST;
        }
        return ok ? (ssize_t) n : -1;
}

static ssize_t pull(gnutls_transport_ptr_t pointer, void *data, size_t n)
{
        return recv(((Connection *) pointer)->fd, data, n, 0);
}

static int pull_timeout(gnutls_transport_ptr_t pointer, unsigned msec)
{
        struct pollfd p = { .fd = ((Connection *) pointer)->fd, .events = POLLIN };

        return poll(&p, 1, (int) msec);
}

bool connection_send(Connection *c, const uint8_t *p, size_t n)
{
        while (c->tls && n > 0) {
                ssize_t r = gnutls_record_send(c->tls, p, MIN(n, c->faults.record > 0 ? (size_t) c->faults.record : n));

                if (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED)
                        continue;
                if (r < 0)
                        return false;
                p += r;
                n -= (size_t) r;
        }
        return n == 0 || write_tcp(c, p, n);
}

/* --- HTTP/2 inside */

/* In records as large as they may be. */
bool connection_send_frames(Connection *c)
{
        uint8_t out[OUT_MAX];
        size_t n = 0;

        for (;;) {
                const uint8_t *p;
                ssize_t got = nghttp2_session_mem_send(c->session, &p);

                if (got < 0)
                        return false;
                if (n && (got == 0 || n + (size_t) got > sizeof(out))) {
                        if (!connection_send(c, out, n))
                                return false;
                        n = 0;
                }
                if (got == 0)
                        return true;
                if ((size_t) got > sizeof(out)) {
                        if (!connection_send(c, p, (size_t) got))
                                return false;
                        continue;
                }
                memcpy(out + n, p, (size_t) got);
                n += (size_t) got;
        }
}

static void obey(Connection *c)
{
        uint64_t value;
        nghttp2_settings_entry setting = { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, server.max_streams };

        if (read(c->wake, &value, sizeof(value)) < 0)
                return;
        switch ((Command) c->command) {
        case COMMAND_FREEZE:
                c->frozen = true;
                break;
        case COMMAND_THAW:
                c->frozen = false;
                break;
        case COMMAND_GOAWAY:
                nghttp2_submit_goaway(c->session, 0, nghttp2_session_get_last_proc_stream_id(c->session),
                                      NGHTTP2_NO_ERROR, NULL, 0);
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
                uint64_t next = exchange_respond_due(c), now = now_msec();
                struct pollfd fds[2] = { { .fd = c->frozen ? -1 : c->fd, .events = POLLIN },
                                         { .fd = c->wake, .events = POLLIN } };

                if (!c->frozen && (!connection_send_frames(c) ||
                                   (!nghttp2_session_want_read(c->session) && !nghttp2_session_want_write(c->session))))
                        return;
                if (poll(fds, 2, next == UINT64_MAX ? -1 : (int) MIN(usec_sub(next, now), (uint64_t) 10000)) < 0 &&
                    errno != EINTR)
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

static bool handshake(Connection *c)
{
        const Faults *f = &c->faults;
        gnutls_datum_t alpn = { .data = (unsigned char *) (f->alpn[0] ? f->alpn : "h2"),
                                .size = f->alpn[0] ? (unsigned) strlen(f->alpn) : 2 };
        int r;

        if (gnutls_init(&c->tls, GNUTLS_SERVER) < 0)
                return false;
        r = gnutls_priority_set_direct(c->tls, f->tls[0] ? f->tls : "NORMAL", NULL);
        if (r < 0)
                fprintf(stderr, "doh-server: %s: %s\n", f->tls, gnutls_strerror(r));
        gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, certificates_get(f->identity));
        gnutls_session_ticket_enable_server(c->tls, &server.ticket_key);
        if (f->ask_certificate)
                gnutls_certificate_server_set_request(c->tls, GNUTLS_CERT_REQUEST);
        if (!f->no_alpn)
                gnutls_alpn_set_protocols(c->tls, &alpn, 1, 0);
        gnutls_transport_set_ptr(c->tls, c);
        gnutls_transport_set_push_function(c->tls, push);
        gnutls_transport_set_pull_function(c->tls, pull);
        gnutls_transport_set_pull_timeout_function(c->tls, pull_timeout);
        gnutls_handshake_set_timeout(c->tls, 10000);
        do
                r = gnutls_handshake(c->tls);
        while (r < 0 && !gnutls_error_is_fatal(r) && !c->leave);
        if (r < 0) {
                gnutls_alert_send_appropriate(c->tls, r);
                return false;
        }
        if (gnutls_session_is_resumed(c->tls))
                server.resumed++;
        else
                server.full++;
        return true;
}

static void wait_for_fin(Connection *c)
{
        struct pollfd p = { .fd = c->fd, .events = POLLRDHUP };

        poll(&p, 1, 30000);
}

static void serve(Connection *c)
{
        const Faults *f = &c->faults;
        static const char page[] = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Please log in.</html>";

        if (f->reset_accept) {
                abort_connection(c);
                return;
        }
        if (f->stall) {
                wait_for_fin(c);
                return;
        }
        if (f->plaintext) {
                send(c->fd, page, sizeof(page) - 1, MSG_NOSIGNAL);
                see_the_end(c);
                return;
        }
        if ((!f->scripts[MOMENT_ACCEPT] || script_run(c, NULL, f->scripts[MOMENT_ACCEPT])) && handshake(c) &&
            (c->session = exchange_session(c)) &&
            (!f->scripts[MOMENT_GREET] || script_run(c, NULL, f->scripts[MOMENT_GREET])))
                converse(c);
        if (c->stalled)
                wait_for_fin(c);
        if (c->reset)
                abort_connection(c);
        else
                see_the_end(c);
}

void *connection_run(void *data)
{
        Connection *c = data;

        c->faults = current_faults();
        c->left = c->faults.cut;
        serve(c);
        pthread_mutex_lock(&server.lock);
        list_remove(&c->in_server);
        pthread_mutex_unlock(&server.lock);
        if (c->session)
                nghttp2_session_del(c->session);
        while (!list_empty(&c->requests)) {
                server.streams--;
                exchange_free(container_of(list_first(&c->requests), Request, in_connection));
        }
        if (c->tls)
                gnutls_deinit(c->tls);
        close(c->fd);
        close(c->wake);
        free(c);
        server.open--;
        return NULL;
}
