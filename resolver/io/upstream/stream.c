/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/upstream/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "io/upstream/sockaddr.h"
#include "io/upstream/tls_session.h"

/* Without it, unacknowledged data is retransmitted for a quarter of an hour. */
#define USER_TIMEOUT_MSEC 10000

/* One read of one turn; the rest is read in the next turn, after everything else (CVE-2025-30187). */
#define READ_BUDGET 65536

typedef enum StreamState {
        STREAM_CONNECTING,
        STREAM_HANDSHAKE,
        STREAM_OPEN,
        STREAM_BROKEN, /* nothing can be written any more; the owner knows, or will be told */
        STREAM_LINGER, /* our FIN was sent; what arrives is discarded */
        STREAM_CLOSED, /* the handles are being closed */
} StreamState;

struct Stream {
        StreamState state;
        const StreamEvents *events; /* NULL: no owner */
        void *userdata;
        StreamStats *stats;
        const UpstreamConfig *config;
        Tls *tls;
        TlsSession session;
        bool counted;         /* as opened */
        bool writing;         /* the kernel is writing `flying` */
        bool paused;          /* over its budget: continues in the next turn */
        bool wake;            /* the owner requested `woken` */
        bool peer_closed;     /* FIN came */
        bool shut;            /* our FIN is out */
        FailureReason broken; /* to be reported from the loop */
        ByteBuffer flying;
        uv_tcp_t tcp;
        uv_timer_t linger;
        uv_idle_t turn;   /* runs in the next turn of the loop */
        unsigned handles; /* open ones */
        uv_connect_t connect;
        uv_write_t write;
        uv_shutdown_t shutdown;
};

/* Ciphertext read by any stream: consumed before the next read. */
static char ciphertext[READ_BUDGET];

/* --- the end */

static void stream_on_handle_closed(uv_handle_t *handle)
{
        Stream *s = handle->data;

        if (--s->handles > 0)
                return;
        tls_session_deinit(&s->session);
        tls_unref(s->tls);
        byte_buffer_deinit(&s->flying);
        free(s);
}

static void stream_finish(Stream *s, bool clean)
{
        if (s->state == STREAM_CLOSED)
                return;
        s->state = STREAM_CLOSED;
        if (s->counted && clean)
                s->stats->closed_clean++;
        else if (s->counted)
                s->stats->closed_forced++;
        uv_close((uv_handle_t *) &s->tcp, stream_on_handle_closed);
        uv_close((uv_handle_t *) &s->linger, stream_on_handle_closed);
        uv_close((uv_handle_t *) &s->turn, stream_on_handle_closed);
}

static void stream_on_linger(uv_timer_t *timer)
{
        stream_finish(timer->data, false);
}

static void stream_on_shutdown(uv_shutdown_t *shutdown, int status)
{
        Stream *s = shutdown->data;

        if (s->state != STREAM_LINGER)
                return;
        s->shut = true;
        if (status < 0)
                stream_finish(s, false);
        else if (s->peer_closed)
                stream_finish(s, true);
}

/* --- the next turn of the loop */

static void stream_on_turn(uv_idle_t *turn);

static void stream_next_turn(Stream *s)
{
        uv_idle_start(&s->turn, stream_on_turn);
}

/* The stream is broken. Reported from the loop: now, if the loop is what runs, else in its next turn. */
static void stream_break_off(Stream *s, FailureReason f)
{
        s->state = STREAM_BROKEN;
        s->broken = f;
        stream_next_turn(s);
}

static void stream_tell_broken(Stream *s)
{
        FailureReason f = s->broken;

        s->broken = FAILURE_NONE;
        if (f && s->events)
                s->events->closed(s->userdata, f);
}

/* --- writing */

static void stream_write_out(Stream *s);

static void stream_on_written(uv_write_t *write, int status)
{
        Stream *s = write->data;

        s->writing = false;
        byte_buffer_clear(&s->flying);
        if (s->state == STREAM_CLOSED || s->state == STREAM_BROKEN)
                return;
        if (status < 0) {
                if (s->state == STREAM_LINGER)
                        stream_finish(s, false);
                else
                        stream_break_off(s, FAILURE_CONNECTION_LOST);
                return;
        }
        stream_write_out(s);
        if (!s->writing && s->events && s->state == STREAM_OPEN)
                s->events->drained(s->userdata);
}

/* Writes everything in one system call if the kernel accepts it. */
static void stream_write_out(Stream *s)
{
        ByteBuffer *out = &s->session.out;
        uv_buf_t buffer;
        int r;

        if (s->writing || out->n == 0)
                return;
        buffer = uv_buf_init((char *) out->p, (unsigned) out->n);
        s->stats->writes++;
        r = uv_try_write((uv_stream_t *) &s->tcp, &buffer, 1);
        if (r == UV_EAGAIN)
                r = 0;
        if (r >= 0)
                s->stats->octets_out += (uint64_t) r;
        if (r == (int) out->n) {
                byte_buffer_clear(out);
                return;
        }
        if (r >= 0) {
                s->stats->octets_out += out->n - (uint64_t) r;
                s->flying = *out;
                *out = (ByteBuffer) { 0 };
                buffer = uv_buf_init((char *) s->flying.p + r, (unsigned) (s->flying.n - (size_t) r));
                s->write.data = s;
                r = uv_write(&s->write, (uv_stream_t *) &s->tcp, &buffer, 1, stream_on_written);
                s->writing = r >= 0;
        }
        if (r < 0 && s->state != STREAM_LINGER)
                stream_break_off(s, s->session.up ? FAILURE_CONNECTION_LOST : FAILURE_CONNECT_RESET);
}

bool stream_blocked(const Stream *s)
{
        return s->writing;
}

bool stream_send(Stream *s, Bytes bytes)
{
        if (s->state != STREAM_OPEN || s->peer_closed)
                return false;
        if (tls_session_write(&s->session, bytes) != TLS_OK) {
                stream_break_off(s, s->session.failure);
                return false;
        }
        return true;
}

void stream_flush(Stream *s)
{
        if (s->state == STREAM_OPEN && !s->peer_closed)
                stream_write_out(s);
}

/* --- reading */

static void stream_on_allocate(_unused_ uv_handle_t *handle, _unused_ size_t suggested, uv_buf_t *ret)
{
        *ret = uv_buf_init(ciphertext, sizeof(ciphertext));
}

static void stream_on_read(uv_stream_t *handle, ssize_t n, const uv_buf_t *buffer);

static void stream_go_on_with_handshake(Stream *s)
{
        switch (tls_session_handshake(&s->session)) {
        case TLS_OK:
                s->state = STREAM_OPEN;
                s->events->ready(s->userdata);
                return;
        case TLS_AGAIN:
                return;
        case TLS_EOF:
        case TLS_FAILED:
                stream_write_out(s); /* the alert */
                if (s->state != STREAM_BROKEN)
                        s->events->closed(s->userdata, s->session.failure);
                return;
        }
}

/* The FIN often arrives in the same segment as close_notify: anything written now would reach a closed socket. */
static void stream_look_for_fin(Stream *s)
{
        uv_os_fd_t fd;
        char octet;

        if (uv_fileno((uv_handle_t *) &s->tcp, &fd) == 0 && recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
                s->peer_closed = true;
}

static void stream_read_plaintext(Stream *s)
{
        Bytes bytes;

        while (s->state == STREAM_OPEN) {
                switch (tls_session_read(&s->session, &bytes)) {
                case TLS_OK:
                        s->events->plaintext(s->userdata, bytes);
                        continue;
                case TLS_AGAIN:
                        return;
                case TLS_EOF:
                        stream_look_for_fin(s);
                        s->events->closed(s->userdata, FAILURE_IDLE_CLOSED);
                        return;
                case TLS_FAILED:
                        stream_write_out(s);
                        if (s->state != STREAM_BROKEN)
                                s->events->closed(s->userdata, s->session.failure);
                        return;
                }
        }
}

static void stream_take_in(Stream *s, Bytes bytes)
{
        s->session.in = bytes;
        if (s->state == STREAM_OPEN)
                s->events->received(s->userdata);
        if (s->state == STREAM_HANDSHAKE)
                stream_go_on_with_handshake(s);
        stream_read_plaintext(s);
        if (s->events && s->state == STREAM_OPEN)
                s->events->settled(s->userdata);
        s->session.in = BYTES(NULL, 0);
        if (s->state == STREAM_HANDSHAKE || s->state == STREAM_OPEN)
                stream_write_out(s);
}

/* The peer sent FIN, or the path is broken. */
static void stream_read_failed(Stream *s, int error)
{
        bool fin = error == UV_EOF;

        uv_read_stop((uv_stream_t *) &s->tcp);
        s->peer_closed = true;
        if (s->state == STREAM_LINGER) {
                if (!fin)
                        stream_finish(s, false);
                else if (s->shut)
                        stream_finish(s, true);
                return;
        }
        if (!s->events || s->state == STREAM_BROKEN)
                return;
        if (s->state == STREAM_HANDSHAKE) {
                if (!fin)
                        s->state = STREAM_BROKEN;
                s->events->closed(s->userdata,
                                  error == UV_ETIMEDOUT ? FAILURE_HANDSHAKE_TIMEOUT : FAILURE_CONNECT_RESET);
                return;
        }
        if (!fin)
                s->state = STREAM_BROKEN;
        s->events->closed(s->userdata, fin ? FAILURE_IDLE_CLOSED : FAILURE_CONNECTION_LOST);
}

static void stream_on_read(uv_stream_t *handle, ssize_t n, const uv_buf_t *buffer)
{
        Stream *s = handle->data;

        if (n == 0 || s->state == STREAM_CLOSED)
                return;
        if (n < 0) {
                stream_read_failed(s, (int) n);
                return;
        }
        s->stats->octets_in += (uint64_t) n;
        if (n == READ_BUDGET) {
                uv_read_stop(handle);
                s->paused = true;
                stream_next_turn(s);
        }
        if (s->state == STREAM_HANDSHAKE || s->state == STREAM_OPEN)
                stream_take_in(s, BYTES(buffer->base, n));
}

static void stream_on_turn(uv_idle_t *turn)
{
        Stream *s = turn->data;

        uv_idle_stop(turn);
        if (s->paused && !s->peer_closed)
                uv_read_start((uv_stream_t *) &s->tcp, stream_on_allocate, stream_on_read);
        s->paused = false;
        stream_tell_broken(s);
        if (s->wake && s->events) {
                s->wake = false;
                s->events->woken(s->userdata);
        }
}

void stream_wake(Stream *s)
{
        s->wake = true;
        stream_next_turn(s);
}

/* --- connecting */

static void stream_on_connect(uv_connect_t *connect, int status)
{
        Stream *s = connect->data;

        if (s->state != STREAM_CONNECTING)
                return;
        if (status < 0) {
                s->state = STREAM_BROKEN;
                s->events->closed(s->userdata, failure_from_errno(status, false));
                return;
        }
        s->stats->opened++;
        s->counted = true;
        s->state = STREAM_HANDSHAKE;
        s->events->established(s->userdata);
}

bool stream_handshake(Stream *s, Bytes early)
{
        FailureReason f;

        if (s->state != STREAM_HANDSHAKE)
                return false;
        f = tls_session_init(&s->session, s->tls, s->config, early);
        if (!f && uv_read_start((uv_stream_t *) &s->tcp, stream_on_allocate, stream_on_read) < 0)
                f = FAILURE_RESOURCES;
        if (!f && tls_session_handshake(&s->session) == TLS_FAILED)
                f = s->session.failure;
        stream_write_out(s);
        if (f && s->state == STREAM_HANDSHAKE) {
                s->broken = f;
                stream_next_turn(s);
        }
        return s->session.sent_early;
}

static void stream_set_options(const Stream *s)
{
        unsigned timeout = USER_TIMEOUT_MSEC;
        int on = 1;
        uv_os_fd_t fd;

        /* A failure to set these does not affect the first query, and the engine monitors the others. */
        if (uv_fileno((const uv_handle_t *) &s->tcp, &fd) < 0)
                return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
}

static int stream_start(Stream *s, const Address *address)
{
        struct sockaddr_storage remote;

        if (!sockaddr_from_address(address, &remote))
                return UV_ENETUNREACH;
        stream_set_options(s);
        s->connect.data = s;
        return uv_tcp_connect(&s->connect, &s->tcp, (const struct sockaddr *) &remote, stream_on_connect);
}

Stream *stream_new(uv_loop_t *loop, const UpstreamConfig *config, const Address *address, Tls *tls,
                   const StreamEvents *events, void *userdata, StreamStats *stats, FailureReason *ret_failure)
{
        Stream *s;
        int r;

        *ret_failure = FAILURE_NONE;
        s = calloc(1, sizeof(*s));
        if (!s) {
                *ret_failure = FAILURE_RESOURCES;
                return NULL;
        }
        s->state = STREAM_CONNECTING;
        s->events = events;
        s->userdata = userdata;
        s->stats = stats;
        s->config = config;
        r = uv_tcp_init_ex(loop, &s->tcp, address->v6 ? AF_INET6 : AF_INET);
        if (r < 0) {
                *ret_failure = failure_from_errno(r, true);
                free(s);
                return NULL;
        }
        uv_timer_init(loop, &s->linger);
        uv_idle_init(loop, &s->turn);
        s->tcp.data = s->linger.data = s->turn.data = s;
        s->handles = 3;
        s->tls = tls_ref(tls);

        r = stream_start(s, address);
        if (r < 0) {
                *ret_failure = failure_from_errno(r, true);
                stream_finish(s, true);
                return NULL;
        }
        return s;
}

StreamInfo stream_info(const Stream *s)
{
        struct sockaddr_storage local = { 0 };
        int n = sizeof(local);
        StreamInfo info = {
                .handshake = tls_session_early_accepted(&s->session)         ? HANDSHAKE_EARLY
                             : gnutls_session_is_resumed(s->session.session) ? HANDSHAKE_RESUMED
                                                                             : HANDSHAKE_FULL,
                .tls_version = gnutls_protocol_get_name(gnutls_protocol_get_version(s->session.session)),
        };

        if (uv_tcp_getsockname(&s->tcp, (struct sockaddr *) &local, &n) < 0)
                return info;
        info.local_port = ntohs(local.ss_family == AF_INET6 ? ((struct sockaddr_in6 *) &local)->sin6_port
                                                            : ((struct sockaddr_in *) &local)->sin_port);
        return info;
}

bool stream_address_gone(const Stream *s)
{
        struct sockaddr_storage local;
        int n = sizeof(local);

        return uv_tcp_getsockname(&s->tcp, (struct sockaddr *) &local, &n) == 0 &&
               sockaddr_is_gone((struct sockaddr *) &local, (socklen_t) n);
}

/* Sends FIN, and discards what still arrives. Closing with unread octets in the kernel would send an RST. */
static void stream_linger(Stream *s)
{
        s->state = STREAM_LINGER;
        if (s->peer_closed)
                byte_buffer_clear(&s->session.out);
        stream_write_out(s);
        s->shutdown.data = s;
        if (uv_shutdown(&s->shutdown, (uv_stream_t *) &s->tcp, stream_on_shutdown) < 0) {
                stream_finish(s, false);
                return;
        }
        if (!s->peer_closed)
                uv_read_start((uv_stream_t *) &s->tcp, stream_on_allocate, stream_on_read);
        uv_timer_start(&s->linger, stream_on_linger, STREAM_LINGER_MSEC, 0);
}

Stream *stream_close(Stream *s)
{
        s->events = NULL;
        s->config = NULL;
        switch (s->state) {
        case STREAM_CONNECTING:
                stream_finish(s, true);
                break;
        case STREAM_OPEN:
                /* A peer that sent FIN may be gone altogether, and would respond to more than our FIN with an RST. */
                if (!s->peer_closed)
                        tls_session_bye(&s->session);
                stream_linger(s);
                break;
        case STREAM_HANDSHAKE:
                stream_linger(s);
                break;
        case STREAM_BROKEN:
                stream_finish(s, false);
                break;
        case STREAM_LINGER:
        case STREAM_CLOSED:
                break;
        }
        return NULL;
}
