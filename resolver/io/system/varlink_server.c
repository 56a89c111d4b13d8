/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/varlink_server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/list.h"
#include "io/byte_buffer.h"
#include "io/clock.h"

#define READ_SIZE 4096
#define ACCEPTS_MAX 64        /* a turn of the loop */
#define ACCEPT_PAUSE_MSEC 100 /* if accepting fails */
#define DESCRIPTORS_SHARE 4
#define MESSAGES_MAX 16 /* of one connection, until it is the turn of others */

struct VarlinkClient {
        VarlinkServer *server;
        int fd;
        uid_t user;
        uv_poll_t poll;
        int polled;            /* events that are waited for */
        List in_server;        /* the one that was served the longest time ago first */
        List in_work;          /* has a message that can be passed on */
        uint64_t served_at;    /* usec: the last progress, or the accept */
        bool greeted;          /* has sent a message */
        bool busy;             /* its message has no reply yet */
        bool eof, half, ended; /* nothing more is read from it; it is not waited for its end; to be closed */
        bool closing;
        void *call;
        ByteBuffer in, out;
        size_t searched; /* octets of `in` without a NUL */
        size_t written;  /* octets of `out` that are sent */
};

struct VarlinkServer {
        uv_loop_t *loop;
        int fd;
        VarlinkHandler handler;
        uv_poll_t poll;
        uv_timer_t timer; /* patience with clients, or the end of a pause */
        uv_idle_t idle;   /* active while there is work */
        unsigned handles;
        bool freed;
        uint64_t paused_until;
        List clients, work;
        unsigned n, clients_max;
        size_t held; /* octets in all buffers */
};

static void varlink_server_set_timer(VarlinkServer *s);
static void varlink_client_on_ready(uv_poll_t *p, int status, int events);

/* --- closing */

static void varlink_server_closed(uv_handle_t *h)
{
        VarlinkServer *s = h->data;

        if (--s->handles > 0)
                return;
        close(s->fd);
        free(s);
}

static void varlink_client_closed(uv_handle_t *h)
{
        VarlinkClient *c = h->data;
        uv_handle_t owner = { .data = c->server };

        close(c->fd);
        free(c);
        varlink_server_closed(&owner);
}

static void varlink_client_end(VarlinkClient *c)
{
        VarlinkServer *s = c->server;
        bool tell = c->busy && !s->freed;

        if (c->closing)
                return;
        c->closing = true;
        list_remove(&c->in_server);
        list_remove(&c->in_work);
        s->held -= c->in.size + c->out.size;
        byte_buffer_deinit(&c->in);
        byte_buffer_deinit(&c->out);
        s->n--;
        uv_close((uv_handle_t *) &c->poll, varlink_client_closed);
        /* Now, as the descriptor may wait for the end of the turn. */
        shutdown(c->fd, SHUT_RDWR);
        if (tell)
                s->handler.gone(s->handler.userdata, c);
}

/* --- one connection */

uid_t varlink_client_user(const VarlinkClient *c)
{
        return c->user;
}

void *varlink_client_call(const VarlinkClient *c)
{
        return c->call;
}

void varlink_client_set_call(VarlinkClient *c, void *call)
{
        c->call = call;
}

void varlink_client_close(VarlinkClient *c)
{
        c->ended = true;
}

static void varlink_client_touch(VarlinkClient *c)
{
        c->served_at = clock_now();
        list_remove(&c->in_server);
        list_append(&c->server->clients, &c->in_server);
}

static bool varlink_client_is_idle(const VarlinkClient *c)
{
        return c->greeted && !c->busy && c->in.n == 0 && c->out.n == 0;
}

/* Too much is held: the client that has not made progress for the longest time has to go. */
static void varlink_server_relieve(VarlinkServer *s, const VarlinkClient *except)
{
        LIST_FOREACH(l, &s->clients) {
                VarlinkClient *c = container_of(l, VarlinkClient, in_server);

                if (s->held <= VARLINK_HELD_MAX)
                        return;
                if (c != except && c->in.size + c->out.size > 0)
                        varlink_client_end(c);
        }
}

/* Appends to one of the client's buffers. */
static bool varlink_client_hold(VarlinkClient *c, ByteBuffer *b, Bytes bytes)
{
        VarlinkServer *s = c->server;
        size_t before = b->size;
        bool r = byte_buffer_append(b, bytes);

        s->held += b->size - before;
        varlink_server_relieve(s, c);
        return r;
}

static void varlink_client_clear(VarlinkClient *c, ByteBuffer *b)
{
        c->server->held -= b->size;
        byte_buffer_clear(b);
        c->server->held += b->size;
}

static bool varlink_client_has_message(VarlinkClient *c)
{
        const uint8_t *end = c->in.n > c->searched ? memchr(c->in.p + c->searched, 0, c->in.n - c->searched) : NULL;

        c->searched = end ? (size_t) (end - c->in.p) : c->in.n;
        return end;
}

static bool varlink_client_can_pass(VarlinkClient *c)
{
        return !c->busy && c->out.n == 0 && varlink_client_has_message(c);
}

/* Called after anything that happened to it: decides what is next for it. */
static void varlink_client_settle(VarlinkClient *c)
{
        bool read = !c->busy && c->out.n == 0 && !c->eof;
        int events = (read ? UV_READABLE : c->half ? 0 : UV_DISCONNECT) | (c->out.n ? UV_WRITABLE : 0);

        if (c->closing)
                return;
        if (c->ended || (c->eof && !c->busy && c->out.n == 0 && !varlink_client_has_message(c))) {
                varlink_client_end(c);
                return;
        }
        if (varlink_client_can_pass(c)) {
                if (list_empty(&c->in_work))
                        list_append(&c->server->work, &c->in_work);
                events &= ~UV_READABLE;
        } else
                list_remove(&c->in_work);
        if (events == c->polled)
                return;
        c->polled = events;
        if (events)
                uv_poll_start(&c->poll, events, varlink_client_on_ready);
        else
                uv_poll_stop(&c->poll);
}

static void varlink_client_write(VarlinkClient *c)
{
        while (c->written < c->out.n) {
                ssize_t n = send(c->fd, c->out.p + c->written, c->out.n - c->written, MSG_DONTWAIT | MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno != EAGAIN)
                        c->ended = true;
                if (n <= 0)
                        return;
                c->written += (size_t) n;
                varlink_client_touch(c);
        }
        varlink_client_clear(c, &c->out);
        c->written = 0;
}

void varlink_client_reply(VarlinkClient *c, Bytes message)
{
        must(c->busy);
        c->busy = false;
        c->call = NULL;
        if (message.n && (!varlink_client_hold(c, &c->out, message) || !varlink_client_hold(c, &c->out, BYTES("", 1))))
                c->ended = true;
        varlink_client_touch(c);
        varlink_client_write(c);
        varlink_client_settle(c);
        if (!list_empty(&c->server->work))
                uv_idle_start(&c->server->idle, c->server->idle.idle_cb);
        varlink_server_set_timer(c->server);
}

/* Gives back the room of what is sent, while more is to be sent. */
static void varlink_client_compact(VarlinkClient *c)
{
        if (c->written <= c->out.n / 2)
                return;
        memmove(c->out.p, c->out.p + c->written, c->out.n - c->written);
        c->out.n -= c->written;
        c->written = 0;
}

void varlink_client_notify(VarlinkClient *c, Bytes message)
{
        bool idle = c->out.n == 0;

        must(c->busy);
        varlink_client_compact(c);
        if (c->out.n + message.n >= VARLINK_UNREAD_MAX || !varlink_client_hold(c, &c->out, message) ||
            !varlink_client_hold(c, &c->out, BYTES("", 1)))
                c->ended = true;
        else if (idle) {
                varlink_client_touch(c);
                varlink_client_write(c);
        }
        varlink_client_settle(c);
        varlink_server_set_timer(c->server);
}

/* Passes on the next message. */
static void varlink_client_pass(VarlinkClient *c)
{
        VarlinkServer *s = c->server;
        _cleanup_(freep) uint8_t *message = malloc(c->searched + 1);
        size_t n = c->searched;

        if (!message) {
                c->ended = true;
                return;
        }
        memcpy(message, c->in.p, n + 1);
        memmove(c->in.p, c->in.p + n + 1, c->in.n - n - 1);
        c->in.n -= n + 1;
        c->searched = 0;
        if (c->in.n == 0)
                varlink_client_clear(c, &c->in);
        c->busy = c->greeted = true;
        varlink_client_touch(c);
        s->handler.message(s->handler.userdata, c, BYTES(message, n));
}

/* Connections take turns. */
static void varlink_server_on_idle(uv_idle_t *idle)
{
        VarlinkServer *s = idle->data;
        unsigned budget = MESSAGES_MAX;
        List *l;

        while (budget-- > 0 && (l = list_first(&s->work))) {
                VarlinkClient *c = container_of(l, VarlinkClient, in_work);

                list_remove(l);
                varlink_client_pass(c);
                varlink_client_settle(c);
        }
        if (list_empty(&s->work))
                uv_idle_stop(idle);
        varlink_server_set_timer(s);
}

static void varlink_client_read(VarlinkClient *c)
{
        uint8_t octets[READ_SIZE];
        ssize_t n = recv(c->fd, octets, sizeof(octets), MSG_DONTWAIT);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n <= 0) {
                c->ended = n < 0;
                c->eof = true;
                return;
        }
        /* The time to complete a message begins with its first octet. */
        if (c->greeted && c->in.n == 0)
                varlink_client_touch(c);
        /* What is pipelined behind a message is limited as a message is. */
        if (!varlink_client_hold(c, &c->in, BYTES(octets, n)) ||
            (c->in.n > VARLINK_MESSAGE_MAX && !varlink_client_has_message(c)))
                c->ended = true;
}

static bool varlink_client_has_hung_up(const VarlinkClient *c)
{
        struct pollfd p = { .fd = c->fd };

        return poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR);
}

static void varlink_client_on_ready(uv_poll_t *p, int status, int events)
{
        VarlinkClient *c = p->data;
        VarlinkServer *s = c->server;

        if (status < 0)
                c->ended = true;
        /* A client that has only closed its sending side still wants its reply. */
        if (events & UV_DISCONNECT) {
                if (varlink_client_has_hung_up(c)) {
                        varlink_client_end(c);
                        varlink_server_set_timer(s);
                        return;
                }
                c->half = true;
        }
        if (events & UV_WRITABLE)
                varlink_client_write(c);
        if (events & UV_READABLE && !c->ended)
                varlink_client_read(c);
        varlink_client_settle(c);
        if (!list_empty(&s->work))
                uv_idle_start(&s->idle, varlink_server_on_idle);
        varlink_server_set_timer(s);
}

/* --- accepting */

static bool varlink_server_evict_idle(VarlinkServer *s)
{
        LIST_FOREACH(l, &s->clients) {
                VarlinkClient *c = container_of(l, VarlinkClient, in_server);

                if (!varlink_client_is_idle(c))
                        continue;
                varlink_client_end(c);
                return true;
        }
        return false;
}

static bool varlink_server_has_room(VarlinkServer *s, uid_t user)
{
        unsigned n = 0;

        LIST_FOREACH(l, &s->clients)
                n += container_of(l, VarlinkClient, in_server)->user == user;
        return n < VARLINK_USER_MAX && (s->n < s->clients_max || varlink_server_evict_idle(s));
}

static void varlink_server_add(VarlinkServer *s, int fd)
{
        struct ucred peer = { 0 };
        socklen_t size = sizeof(peer);
        VarlinkClient *c;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || !varlink_server_has_room(s, peer.uid) ||
            !(c = calloc(1, sizeof(*c)))) {
                close(fd);
                return;
        }
        if (uv_poll_init(s->loop, &c->poll, fd) < 0) {
                free(c);
                close(fd);
                return;
        }
        c->poll.data = c;
        c->server = s;
        c->fd = fd;
        c->user = peer.uid;
        list_init(&c->in_server);
        list_init(&c->in_work);
        s->n++;
        s->handles++;
        varlink_client_touch(c);
        varlink_client_settle(c);
}

static void varlink_server_on_connection(uv_poll_t *p, int status, _unused_ int events)
{
        VarlinkServer *s = p->data;

        for (unsigned i = 0; i < ACCEPTS_MAX && status >= 0; i++) {
                int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

                if (fd >= 0)
                        varlink_server_add(s, fd);
                else if (errno == EAGAIN)
                        break;
                else if (errno != ECONNABORTED && errno != EINTR)
                        status = -errno;
        }
        if (status < 0) {
                uv_poll_stop(&s->poll);
                s->paused_until = clock_now() + ACCEPT_PAUSE_MSEC * USEC_PER_MSEC;
                varlink_server_evict_idle(s);
        }
        varlink_server_set_timer(s);
}

/* --- time */

/* Returns whether it is waited for the client, rather than for us. */
static bool varlink_client_dallies(const VarlinkClient *c)
{
        return c->out.n > 0 || (!c->busy && !varlink_client_is_idle(c));
}

static void varlink_server_on_timer(uv_timer_t *timer)
{
        VarlinkServer *s = timer->data;
        uint64_t now = clock_now();

        if (s->paused_until && s->paused_until <= now) {
                s->paused_until = 0;
                uv_poll_start(&s->poll, UV_READABLE, varlink_server_on_connection);
        }
        LIST_FOREACH(l, &s->clients) {
                VarlinkClient *c = container_of(l, VarlinkClient, in_server);

                if (c->served_at + VARLINK_PATIENCE > now)
                        break;
                if (varlink_client_dallies(c))
                        varlink_client_end(c);
        }
        varlink_server_set_timer(s);
}

/* The list is ordered by the time of the last progress. An idle daemon has no timer. */
static void varlink_server_set_timer(VarlinkServer *s)
{
        uint64_t at = s->paused_until ? s->paused_until : USEC_NEVER, now = clock_now();

        if (s->freed)
                return;
        LIST_FOREACH(l, &s->clients) {
                const VarlinkClient *c = container_of(l, VarlinkClient, in_server);

                if (varlink_client_dallies(c)) {
                        at = MIN(at, c->served_at + VARLINK_PATIENCE);
                        break;
                }
        }
        if (at == USEC_NEVER)
                uv_timer_stop(&s->timer);
        else
                uv_timer_start(&s->timer, varlink_server_on_timer, usec_sub(at, now) / USEC_PER_MSEC + 1, 0);
}

/* --- life */

bool varlink_server_is_socket(int fd)
{
        int domain = 0, type = 0, listening = 0;
        socklen_t size = sizeof(int);

        return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
               getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
               getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && domain == AF_UNIX &&
               type == SOCK_STREAM && listening;
}

int varlink_server_new(uv_loop_t *loop, int fd, const VarlinkHandler *handler, VarlinkServer **ret)
{
        VarlinkServer *s = calloc(1, sizeof(*s));
        struct rlimit files;
        int r;

        if (!s)
                return -ENOMEM;
        *s = (VarlinkServer) {
                .loop = loop, .fd = fd, .handler = *handler, .handles = 3, .clients_max = VARLINK_CLIENTS_MAX
        };
        if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY)
                s->clients_max =
                        (unsigned) CLAMP(files.rlim_cur / DESCRIPTORS_SHARE, (rlim_t) 1, (rlim_t) VARLINK_CLIENTS_MAX);
        if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
                r = -errno;
        else
                r = uv_poll_init(loop, &s->poll, fd);
        if (r < 0) {
                free(s);
                return r;
        }
        list_init(&s->clients);
        list_init(&s->work);
        uv_timer_init(loop, &s->timer);
        uv_idle_init(loop, &s->idle);
        s->idle.idle_cb = varlink_server_on_idle;
        s->poll.data = s->timer.data = s->idle.data = s;
        uv_poll_start(&s->poll, UV_READABLE, varlink_server_on_connection);
        *ret = s;
        return 0;
}

VarlinkServer *varlink_server_free(VarlinkServer *s)
{
        if (!s)
                return NULL;
        s->freed = true;
        LIST_FOREACH(l, &s->clients)
                varlink_client_end(container_of(l, VarlinkClient, in_server));
        uv_close((uv_handle_t *) &s->poll, varlink_server_closed);
        uv_close((uv_handle_t *) &s->timer, varlink_server_closed);
        uv_close((uv_handle_t *) &s->idle, varlink_server_closed);
        return NULL;
}
