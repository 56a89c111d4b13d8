#include "io/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/list.h"
#include "core/message.h"
#include "core/slots.h"
#include "io/clock.h"

#define READ_MAX (2 + DNS_MESSAGE_MAX)          /* one message; also what is read at once */
#define ACCEPTS_MAX 64                          /* a turn of the loop */
#define ACCEPT_PAUSE_MSEC 100                   /* out of descriptors */

/*
 * Connections are polled, not streamed by libuv, because back-pressure is the point: what a client sends faster than it may is left
 * in the kernel. Every buffer is the connection's own and bounded.
 */
typedef struct Connection {
        Tcp *tcp;
        uint32_t number;
        int fd;
        uv_poll_t poll;
        int polled;                     /* events that are waited for */
        List in_tcp;                    /* the one that had a message longest ago first */
        uint64_t active_at;             /* usec: when a whole message came, or it was accepted */
        unsigned in_flight;
        bool eof;                       /* the client sends nothing more */
        bool closing;
        uint8_t *in;                    /* READ_MAX octets, where there is something in it */
        size_t n_in;
        uint8_t *out;
        size_t n_out, size_out;
} Connection;

struct Tcp {
        int fd;
        int reserve;                    /* a descriptor to give up where there are none, so that a client can be turned away */
        uint32_t index;
        uv_loop_t *loop;
        uv_poll_t poll;
        uv_timer_t timer;               /* the next idle close, or the end of a pause */
        unsigned handles;
        bool freed, stopped;
        uint64_t paused_until;
        const ListenerLimits *limits;
        ListenerStats *stats;
        ListenerQuery query;
        void *userdata;
        Slots numbers;
        List connections;
        unsigned n;
        bool dispatching;
};

enum { WORD_INDEX, WORD_NUMBER };

static void serve(Connection *c);
static void set_timer(Tcp *t);

/* --- closing */

static void tcp_closed(uv_handle_t *h)
{
        Tcp *t = h->data;

        if (--t->handles > 0)
                return;
        slots_deinit(&t->numbers);
        if (t->fd >= 0)
                close(t->fd);
        if (t->reserve >= 0)
                close(t->reserve);
        free(t);
}

static void connection_closed(uv_handle_t *h)
{
        Connection *c = h->data;
        uv_handle_t owner = { .data = c->tcp };

        close(c->fd);
        free(c->in);
        free(c->out);
        free(c);
        tcp_closed(&owner);
}

static void connection_close(Connection *c)
{
        Tcp *t = c->tcp;

        if (c->closing)
                return;
        c->closing = true;
        list_remove(&c->in_tcp);
        slots_remove(&t->numbers, c->number);
        t->n--;
        t->stats->tcp_open--;
        /* Unread octets would make the kernel send an RST, and that could overtake the answers. */
        shutdown(c->fd, SHUT_WR);
        for (unsigned i = 0; i < 16 && recv(c->fd, (uint8_t[4096]) { 0 }, 4096, MSG_DONTWAIT | MSG_TRUNC) > 0; i++)
                ;
        uv_close((uv_handle_t *) &c->poll, connection_closed);
}

/* --- one connection */

static void connection_ready(uv_poll_t *p, int status, int events);

static void watch(Connection *c)
{
        bool read = !c->eof && !c->tcp->stopped && c->in_flight < c->tcp->limits->tcp_pipeline && c->n_out < c->tcp->limits->tcp_write_octets;
        int events = (read ? UV_READABLE : 0) | (c->n_out ? UV_WRITABLE : 0);

        if (c->closing || events == c->polled)
                return;
        c->polled = events;
        if (events)
                uv_poll_start(&c->poll, events, connection_ready);
        else
                uv_poll_stop(&c->poll);
}

static void write_out(Connection *c)
{
        size_t done = 0;

        while (done < c->n_out) {
                ssize_t n = send(c->fd, c->out + done, c->n_out - done, MSG_DONTWAIT | MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno != EAGAIN && errno != ENOBUFS) {
                        connection_close(c);
                        return;
                }
                if (n <= 0)
                        break;
                done += (size_t) n;
        }
        if (done && done < c->n_out)
                memmove(c->out, c->out + done, c->n_out - done);
        c->n_out -= done;
        if (c->n_out == 0) {
                free(c->out);
                c->out = NULL;
                c->size_out = 0;
        }
}

/* Closes where nothing can come any more: the client is done, and has all its answers. */
static void close_if_done(Connection *c)
{
        if (!c->closing && c->eof && c->in_flight == 0 && c->n_out == 0)
                connection_close(c);
}

static bool append(Connection *c, const Buffer *answer)
{
        size_t need = c->n_out + 2 + answer->n;

        if (need > c->tcp->limits->tcp_write_octets + 2 + DNS_MESSAGE_MAX)
                return false;
        if (need > c->size_out) {
                uint8_t *grown = realloc(c->out, MAX(need, c->size_out * 2));

                if (!grown)
                        return false;
                c->out = grown;
                c->size_out = MAX(need, c->size_out * 2);
        }
        wire_write16(c->out + c->n_out, answer->n);
        memcpy(c->out + c->n_out + 2, answer->data, answer->n);
        c->n_out = need;
        return true;
}

static Connection *find(Tcp *t, const Client *client)
{
        return slots_get(&t->numbers, (uint32_t) client->words[WORD_NUMBER]);
}

void tcp_answer(Tcp *t, const Client *client, Buffer *answer)
{
        Connection *c = find(t, client);

        if (!c)
                return;
        c->in_flight--;
        if (!append(c, answer)) {
                t->stats->tcp_overflow++;
                connection_close(c);
                return;
        }
        write_out(c);
        close_if_done(c);
        if (!c->closing)
                serve(c);
}

void tcp_dismiss(Tcp *t, const Client *client)
{
        Connection *c = find(t, client);

        if (c && c->in_flight > 0)
                c->in_flight--;
}

/* Takes whole messages out of what was read, as many as may be in flight; false if the connection was closed. */
static bool take_messages(Connection *c)
{
        Tcp *t = c->tcp;
        size_t at = 0;

        while (c->in_flight < t->limits->tcp_pipeline && c->n_in - at >= 2) {
                size_t size = wire_read16(c->in + at);
                Client client = { .words = { [WORD_INDEX] = t->index, [WORD_NUMBER] = c->number } };

                if (size < DNS_HEADER_SIZE) {
                        connection_close(c);
                        return false;
                }
                if (c->n_in - at < 2 + size)
                        break;
                c->in_flight++;
                c->active_at = clock_now();
                list_remove(&c->in_tcp);
                list_append(&t->connections, &c->in_tcp);
                t->stats->tcp_queries++;
                t->query(t->userdata, &client, true, BYTES(c->in + at + 2, size));
                at += 2 + size;
        }
        if (at) {
                memmove(c->in, c->in + at, c->n_in - at);
                c->n_in -= at;
        }
        if (c->n_in == 0) {
                free(c->in);
                c->in = NULL;
        }
        return true;
}

static void read_in(Connection *c)
{
        ssize_t n;

        if (!c->in && !(c->in = malloc(READ_MAX))) {
                connection_close(c);
                return;
        }
        n = recv(c->fd, c->in + c->n_in, READ_MAX - c->n_in, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n < 0) {
                connection_close(c);
                return;
        }
        if (n == 0)
                c->eof = true;
        c->n_in += (size_t) n;
}

/* What was read and could not be taken before, now that there is room. */
static void serve(Connection *c)
{
        if (c->n_in && !c->tcp->dispatching) {
                c->tcp->dispatching = true;
                take_messages(c);
                c->tcp->dispatching = false;
        }
        close_if_done(c);
        watch(c);
}

static void connection_ready(uv_poll_t *p, int status, int events)
{
        Connection *c = p->data;

        if (status < 0) {
                connection_close(c);
                return;
        }
        if (events & UV_WRITABLE)
                write_out(c);
        if (!c->closing && (events & UV_READABLE) && c->n_in < READ_MAX)
                read_in(c);
        if (!c->closing)
                serve(c);
        set_timer(c->tcp);
}

/* --- accepting */

static bool from_loopback(int fd, const struct sockaddr_storage *peer)
{
        struct sockaddr_storage local;
        socklen_t size = sizeof(local);
        const struct sockaddr_in *l4 = (const void *) &local, *p4 = (const void *) peer;
        const struct sockaddr_in6 *l6 = (const void *) &local, *p6 = (const void *) peer;

        if (getsockname(fd, (struct sockaddr *) &local, &size) < 0 || local.ss_family != peer->ss_family)
                return false;
        if (local.ss_family == AF_INET)
                return ntohl(l4->sin_addr.s_addr) >> 24 != 127 || ntohl(p4->sin_addr.s_addr) >> 24 == 127;
        return !IN6_IS_ADDR_LOOPBACK(&l6->sin6_addr) || IN6_IS_ADDR_LOOPBACK(&p6->sin6_addr);
}

static void add_connection(Tcp *t, int fd)
{
        Connection *c = calloc(1, sizeof(*c));
        int on = 1;

        if (!c || !(c->number = slots_add(&t->numbers, c))) {
                free(c);
                close(fd);
                return;
        }
        if (t->n >= t->limits->tcp_connections) {
                t->stats->tcp_evicted++;
                connection_close(container_of(list_first(&t->connections), Connection, in_tcp));
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        c->tcp = t;
        c->fd = fd;
        c->active_at = clock_now();
        list_init(&c->in_tcp);
        list_append(&t->connections, &c->in_tcp);
        uv_poll_init(t->loop, &c->poll, fd);
        c->poll.data = c;
        t->handles++;
        t->n++;
        t->stats->tcp_accepted++;
        t->stats->tcp_open++;
        watch(c);
}

/* Out of descriptors: with the one in reserve the first of the queue is taken and turned away; then there is a pause, not a spin. */
static void turn_away(Tcp *t)
{
        if (t->reserve >= 0) {
                close(t->reserve);
                t->reserve = accept4(t->fd, NULL, NULL, SOCK_CLOEXEC);
                if (t->reserve >= 0)
                        close(t->reserve);
                t->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
        }
        uv_poll_stop(&t->poll);
        t->paused_until = clock_now() + ACCEPT_PAUSE_MSEC * USEC_PER_MSEC;
}

static void acceptable(uv_poll_t *p, int status, int events)
{
        Tcp *t = p->data;

        (void) events;
        if (status < 0)
                return;
        for (unsigned i = 0; i < ACCEPTS_MAX; i++) {
                struct sockaddr_storage peer;
                socklen_t size = sizeof(peer);
                int fd = accept4(t->fd, (struct sockaddr *) &peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

                if (fd < 0) {
                        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                                turn_away(t);
                        if (errno == EAGAIN || t->paused_until)
                                break;
                        continue;
                }
                if (from_loopback(fd, &peer))
                        add_connection(t, fd);
                else {
                        t->stats->dropped_source++;
                        close(fd);
                }
        }
        set_timer(t);
}

/* --- time */

static void due(uv_timer_t *timer)
{
        Tcp *t = timer->data;
        uint64_t now = clock_now();

        if (t->paused_until && t->paused_until <= now) {
                t->paused_until = 0;
                if (!t->stopped)
                        uv_poll_start(&t->poll, UV_READABLE, acceptable);
        }
        LIST_FOREACH(l, &t->connections) {
                Connection *c = container_of(l, Connection, in_tcp);

                if (c->active_at + t->limits->tcp_idle > now)
                        break;
                connection_close(c);
        }
        set_timer(t);
}

/* One timer for all: the list is in the order of their last messages. */
static void set_timer(Tcp *t)
{
        uint64_t at = t->paused_until ? t->paused_until : USEC_NEVER;
        uint64_t now = clock_now();
        const List *first = list_first(&t->connections);

        if (t->freed)
                return;
        if (first)
                at = MIN(at, container_of(first, Connection, in_tcp)->active_at + t->limits->tcp_idle);
        if (at == USEC_NEVER)
                uv_timer_stop(&t->timer);
        else
                uv_timer_start(&t->timer, due, usec_sub(at, now) / USEC_PER_MSEC + 1, 0);
}

/* --- life */

int tcp_new(uv_loop_t *loop, int fd, uint32_t index, const ListenerLimits *limits, ListenerStats *stats, ListenerQuery query, void *userdata,
            Tcp **ret)
{
        Tcp *t = calloc(1, sizeof(*t));

        if (!t)
                return -ENOMEM;
        *t = (Tcp) { .fd = fd, .index = index, .loop = loop, .limits = limits, .stats = stats, .query = query, .userdata = userdata,
                     .handles = 2 };
        t->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
        list_init(&t->connections);
        uv_poll_init(loop, &t->poll, fd);
        uv_timer_init(loop, &t->timer);
        t->poll.data = t->timer.data = t;
        uv_poll_start(&t->poll, UV_READABLE, acceptable);
        *ret = t;
        return 0;
}

void tcp_stop(Tcp *t)
{
        t->stopped = true;
        uv_poll_stop(&t->poll);
        LIST_FOREACH(l, &t->connections)
                watch(container_of(l, Connection, in_tcp));
}

Tcp *tcp_free(Tcp *t)
{
        if (!t)
                return NULL;
        t->freed = true;
        LIST_FOREACH(l, &t->connections)
                connection_close(container_of(l, Connection, in_tcp));
        uv_close((uv_handle_t *) &t->poll, tcp_closed);
        uv_close((uv_handle_t *) &t->timer, tcp_closed);
        return NULL;
}

int tcp_fd(const Tcp *t)
{
        return t->fd;
}
