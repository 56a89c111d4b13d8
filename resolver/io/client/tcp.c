/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/client/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/list.h"
#include "core/dns/message.h"
#include "core/base/handle_table.h"
#include "io/clock.h"
#include "io/client/client_source.h"
#include "io/client/reply_queue.h"

#define READ_MAX (DNS_LENGTH_SIZE + DNS_MESSAGE_MAX)    /* the longest message */
#define READ_FIRST (DNS_LENGTH_SIZE + DNS_OUR_UDP_SIZE) /* what is read at once, and the size of any ordinary query */
#define LARGE_MAX 16                                    /* connections with a buffer for the longest message */
#define STUCK_TIME USEC_PER_SEC                         /* without reading anything, while others need the memory */
#define CHOKED_MSEC 10                                  /* until it is checked again whether queries may be read */
#define TURN_MAX 256                                    /* queries of all connections in one turn of the loop */
#define ACCEPTS_MAX 64                                  /* a turn of the loop */
#define ACCEPT_PAUSE_MSEC 100                           /* if accepting fails */
#define DESCRIPTORS_SHARE 4 /* connections of clients use at most this part of the available descriptors */
#define DRAIN_MAX (64 << 10)

/*
 * Connections are polled instead of streamed by libuv, because back-pressure is the point: what a client sends faster
 * than allowed stays in the kernel. Every buffer belongs to a connection and is limited. Queries are passed on at one
 * place of each turn of the loop, and answers written at another, never one from within the other: however many are
 * pipelined, nothing recurses.
 */
typedef struct TcpClient {
        Tcp *tcp;
        uint32_t number;
        int fd;
        uv_poll_t poll;
        int polled;         /* events that are waited for */
        List in_tcp;        /* the one with the oldest message or answer first */
        List in_work;       /* of those with complete messages, and room for their answers */
        List in_written;    /* of those with answers to write at the end of the turn */
        uint64_t active_at; /* usec: time of the last complete message or answer, or of the accept */
        unsigned in_flight;
        bool eof; /* nothing more is read from it */
        bool closing;
        uint8_t *in;        /* listed while it contains something */
        size_t in_size;     /* READ_FIRST or READ_MAX octets */
        size_t in_at, n_in; /* the part in between is not passed on yet */
        ReplyQueue out;
        uint64_t wrote_at; /* usec: when the client last read something, or had nothing to read */
} TcpClient;

struct Tcp {
        int fd;
        int reserve;     /* a reserved descriptor, so that a client can be turned away when there are none left */
        uint32_t number; /* the listener's */
        uv_loop_t *loop;
        uv_poll_t poll;
        uv_timer_t timer; /* the next idle close, or the end of a pause */
        uv_idle_t idle;   /* active while there is work: the loop serves others, and returns */
        unsigned handles;
        bool loopback; /* bound to a loopback address: only this machine may query */
        bool freed, stopped;
        uint64_t paused_until;
        const ListenerLimits *limits;
        unsigned connections_max;
        ListenerStats *stats;
        ListenerQuery query;
        void *userdata;
        HandleTable numbers;
        List connections, work, written;
        unsigned n;
        unsigned n_large; /* with a buffer of READ_MAX octets */
        bool choked;      /* queries wait because too many answers are not read */
        unsigned budget;  /* queries that may still be passed on in this turn */
};

static void tcp_set_timer(Tcp *t);

/* --- closing */

static void tcp_closed(uv_handle_t *h)
{
        Tcp *t = h->data;

        if (--t->handles > 0)
                return;
        handle_table_deinit(&t->numbers);
        if (t->fd >= 0)
                close(t->fd);
        if (t->reserve >= 0)
                close(t->reserve);
        free(t);
}

static void tcp_client_closed(uv_handle_t *h)
{
        TcpClient *c = h->data;
        uv_handle_t owner = { .data = c->tcp };

        close(c->fd);
        free(c);
        tcp_closed(&owner);
}

static void tcp_free_input(TcpClient *c)
{
        c->tcp->n_large -= c->in_size == READ_MAX;
        free(c->in);
        c->in = NULL;
        c->in_size = c->in_at = c->n_in = 0;
}

static void tcp_client_close(TcpClient *c)
{
        static uint8_t unread[4096];
        Tcp *t = c->tcp;

        if (c->closing)
                return;
        c->closing = true;
        list_remove(&c->in_tcp);
        list_remove(&c->in_work);
        list_remove(&c->in_written);
        reply_queue_deinit(&c->out);
        tcp_free_input(c);
        handle_table_remove(&t->numbers, c->number);
        t->n--;
        t->stats->tcp_open--;
        /* Unread octets would make the kernel send an RST, which could overtake the answers. */
        shutdown(c->fd, SHUT_WR);
        for (size_t n = 0; n < DRAIN_MAX && recv(c->fd, unread, sizeof(unread), MSG_DONTWAIT) > 0; n += sizeof(unread))
                ;
        uv_close((uv_handle_t *) &c->poll, tcp_client_closed);
}

/* --- one connection */

static void tcp_client_ready(uv_poll_t *p, int status, int events);

/* Returns whether there is a complete message, or one that can never be complete. */
static bool tcp_has_message(const TcpClient *c)
{
        size_t n = c->n_in - c->in_at, size;

        if (n < DNS_LENGTH_SIZE)
                return false;
        size = wire_read16(c->in + c->in_at);
        return size < DNS_HEADER_SIZE || n >= DNS_LENGTH_SIZE + size;
}

static bool tcp_has_room(const TcpClient *c)
{
        unsigned n = c->in_flight + c->out.n;
        /* The first query of a client is accepted however many answers wait for others: those give way to it
         * (tcp_relieve). */
        size_t most = n ? PENDING_REPLIES_MAX : 2 * PENDING_REPLIES_MAX;

        return n < c->tcp->limits->tcp_pipeline && pending_replies_held() < most;
}

/* Returns whether the client has nothing in flight. */
static bool tcp_is_idle(const TcpClient *c)
{
        return c->in_flight == 0 && c->out.n == 0 && !tcp_has_message(c);
}

static void tcp_touch(TcpClient *c)
{
        c->active_at = clock_now();
        list_remove(&c->in_tcp);
        list_append(&c->tcp->connections, &c->in_tcp);
}

static void tcp_write_out(TcpClient *c)
{
        ssize_t n = reply_queue_send(&c->out, c->fd);

        if (n < 0) {
                tcp_client_close(c);
                return;
        }
        if (n > 0)
                c->wrote_at = clock_now();
}

/* Called after anything that happened to it: decides what is next for it. */
static void tcp_settle(TcpClient *c)
{
        Tcp *t = c->tcp;
        bool read = !c->eof && !t->stopped && tcp_has_room(c) && !tcp_has_message(c);
        int events = (read ? UV_READABLE : 0) | (c->out.n ? UV_WRITABLE : 0);

        if (c->closing)
                return;
        t->choked = t->choked || pending_replies_held() >= PENDING_REPLIES_MAX;
        /* The client has closed its side and has all its answers (a half-close drops none: RFC 7766 6.2.4). */
        if (c->eof && tcp_is_idle(c)) {
                tcp_client_close(c);
                return;
        }
        if (tcp_has_message(c) && tcp_has_room(c)) {
                if (list_empty(&c->in_work))
                        list_append(&t->work, &c->in_work);
        } else
                list_remove(&c->in_work);
        if (events != c->polled) {
                c->polled = events;
                if (events)
                        uv_poll_start(&c->poll, events, tcp_client_ready);
                else
                        uv_poll_stop(&c->poll);
        }
}

static TcpClient *tcp_find(Tcp *t, const Client *client)
{
        return handle_table_get(&t->numbers, client->tcp.connection);
}

void tcp_answer(Tcp *t, const Client *client, PendingReply *reply)
{
        TcpClient *c = tcp_find(t, client);

        if (!c)
                return;
        must(c->in_flight > 0);
        c->in_flight--;
        if (!c->out.n)
                c->wrote_at = clock_now();
        reply_queue_add(&c->out, reply);
        tcp_touch(c);
        if (list_empty(&c->in_written))
                list_append(&t->written, &c->in_written);
}

void tcp_dismiss(Tcp *t, const Client *client)
{
        TcpClient *c = tcp_find(t, client);

        if (c && c->in_flight > 0)
                c->in_flight--;
}

/* Passes on complete messages: as many as may be in flight, and as the turn has room for. */
static void tcp_take_messages(TcpClient *c)
{
        Tcp *t = c->tcp;
        Client client = { .kind = CLIENT_TCP, .listener = t->number, .tcp.connection = c->number };

        while (!c->closing && t->budget > 0 && tcp_has_message(c) && tcp_has_room(c)) {
                size_t size = wire_read16(c->in + c->in_at);
                const uint8_t *message = c->in + c->in_at + DNS_LENGTH_SIZE;

                if (size < DNS_HEADER_SIZE) {
                        /* The start of the next message is unknown. The messages before it are still answered. */
                        c->eof = true;
                        c->in_at = c->n_in;
                        break;
                }
                c->in_at += DNS_LENGTH_SIZE + size;
                c->in_flight++;
                t->budget--;
                tcp_touch(c);
                t->stats->tcp_queries++;
                t->query(t->userdata, &client, TRANSPORT_TCP, BYTES(message, size), c->active_at);
        }
        if (!c->closing && c->in_at == c->n_in)
                tcp_free_input(c);
}

/* Connections take turns. */
static void tcp_work(uv_idle_t *idle)
{
        Tcp *t = idle->data;
        List *l;

        while (t->budget > 0 && (l = list_first(&t->work))) {
                TcpClient *c = container_of(l, TcpClient, in_work);

                list_remove(l);
                tcp_take_messages(c);
                tcp_settle(c);
        }
        if (list_empty(&t->work))
                uv_idle_stop(idle);
}

/* Makes room for a message that exceeds the buffer. Very few do. */
static bool tcp_grow_input(TcpClient *c)
{
        size_t size = c->in ? READ_MAX : READ_FIRST;
        uint8_t *in;

        if (size == READ_MAX && c->tcp->n_large >= LARGE_MAX)
                return false;
        in = realloc(c->in, size);
        if (!in)
                return false;
        c->tcp->n_large += size == READ_MAX;
        c->in = in;
        c->in_size = size;
        return true;
}

static void tcp_read_in(TcpClient *c)
{
        ssize_t n;

        if (c->in_at) {
                memmove(c->in, c->in + c->in_at, c->n_in - c->in_at);
                c->n_in -= c->in_at;
                c->in_at = 0;
        }
        if (c->n_in == c->in_size && !tcp_grow_input(c)) {
                c->tcp->stats->tcp_overflow++;
                tcp_client_close(c);
                return;
        }
        n = recv(c->fd, c->in + c->n_in, c->in_size - c->n_in, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n < 0)
                tcp_client_close(c);
        else if (n == 0)
                c->eof = true;
        else
                c->n_in += (size_t) n;
}

static void tcp_client_ready(uv_poll_t *p, int status, int events)
{
        TcpClient *c = p->data;

        if (status < 0) {
                tcp_client_close(c);
                return;
        }
        if (events & UV_WRITABLE)
                tcp_write_out(c);
        if (!c->closing && (events & UV_READABLE) && !tcp_has_message(c))
                tcp_read_in(c);
        if (!c->closing)
                tcp_take_messages(c);
        tcp_settle(c);
        if (!list_empty(&c->tcp->work))
                uv_idle_start(&c->tcp->idle, tcp_work);
}

/* Returns the one whose client has not read for the longest time, or NULL if all have read everything. */
static TcpClient *tcp_most_stuck(const Tcp *t)
{
        TcpClient *most = NULL;

        LIST_FOREACH(l, &t->connections) {
                TcpClient *c = container_of(l, TcpClient, in_tcp);

                if (c->out.n && (!most || c->wrote_at < most->wrote_at))
                        most = c;
        }
        return most;
}

/* A client that does not read its answers delays those of others: it has a second, or less under pressure. */
static void tcp_relieve(Tcp *t)
{
        TcpClient *c;

        while (pending_replies_held() >= PENDING_REPLIES_MAX && (c = tcp_most_stuck(t))) {
                if (pending_replies_held() < 2 * PENDING_REPLIES_MAX && c->wrote_at + STUCK_TIME > clock_now())
                        return;
                t->stats->tcp_overflow++;
                tcp_client_close(c);
        }
}

void tcp_flush(Tcp *t)
{
        List *l;

        t->budget = TURN_MAX;
        while ((l = list_first(&t->written))) {
                TcpClient *c = container_of(l, TcpClient, in_written);

                list_remove(l);
                tcp_write_out(c);
                tcp_settle(c);
        }
        tcp_relieve(t);
        if (t->choked && pending_replies_held() < PENDING_REPLIES_MAX) {
                t->choked = false;
                LIST_FOREACH(link, &t->connections)
                        tcp_settle(container_of(link, TcpClient, in_tcp));
        }
        if (!list_empty(&t->work))
                uv_idle_start(&t->idle, tcp_work);
        tcp_set_timer(t);
}

/* --- accepting */

/* Closes the connection that has been idle for the longest time. Returns false if all have something in flight. */
static bool tcp_evict_idle(Tcp *t)
{
        LIST_FOREACH(l, &t->connections) {
                TcpClient *c = container_of(l, TcpClient, in_tcp);

                if (!tcp_is_idle(c))
                        continue;
                t->stats->tcp_evicted++;
                tcp_client_close(c);
                return true;
        }
        return false;
}

static void tcp_add_connection(Tcp *t, int fd)
{
        TcpClient *c = calloc(1, sizeof(*c));
        int on = 1;

        if (c)
                c->number = handle_table_add(&t->numbers, c);
        if (!c || !c->number || uv_poll_init(t->loop, &c->poll, fd) < 0) {
                if (c)
                        handle_table_remove(&t->numbers, c->number);
                free(c);
                close(fd);
                return;
        }
        if (t->n >= t->connections_max && !tcp_evict_idle(t)) {
                t->stats->tcp_evicted++;
                tcp_client_close(container_of(list_first(&t->connections), TcpClient, in_tcp));
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        c->tcp = t;
        c->fd = fd;
        c->active_at = clock_now();
        reply_queue_init(&c->out);
        list_init(&c->in_tcp);
        list_init(&c->in_work);
        list_init(&c->in_written);
        list_append(&t->connections, &c->in_tcp);
        c->poll.data = c;
        t->handles++;
        t->n++;
        t->stats->tcp_accepted++;
        t->stats->tcp_open++;
        tcp_settle(c);
}

/* Accepting pauses: clients wait in the queue of the kernel, and the loop does not spin. */
static void tcp_pause_accepting(Tcp *t)
{
        uv_poll_stop(&t->poll);
        t->paused_until = clock_now() + ACCEPT_PAUSE_MSEC * USEC_PER_MSEC;
}

/* Out of descriptors: closes an idle connection. If there is none, accepts the first client with the reserved
 * descriptor and turns it away, so that it does not wait in vain. */
static void tcp_make_room(Tcp *t)
{
        if (tcp_evict_idle(t))
                return;
        if (t->reserve >= 0) {
                int fd;

                close(t->reserve);
                fd = accept4(t->fd, NULL, NULL, SOCK_CLOEXEC);
                if (fd >= 0)
                        close(fd);
                t->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
        }
        tcp_pause_accepting(t);
}

static bool tcp_may_query(const Tcp *t, int fd, const struct sockaddr_storage *peer)
{
        struct sockaddr_storage local = { .ss_family = peer->ss_family };
        socklen_t size = sizeof(local);
        Address from = source_address(peer), asked;

        getsockname(fd, (struct sockaddr *) &local, &size);
        asked = source_address(&local);
        return source_may_query(t->limits, t->loopback, &from, &asked);
}

static void tcp_acceptable(uv_poll_t *p, int status, int events)
{
        Tcp *t = p->data;

        (void) events;
        for (unsigned i = 0; i < ACCEPTS_MAX && status >= 0; i++) {
                struct sockaddr_storage peer = { 0 };
                socklen_t size = sizeof(peer);
                int fd = accept4(t->fd, (struct sockaddr *) &peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

                if (fd < 0) {
                        if (errno == ECONNABORTED || errno == EINTR)
                                continue;
                        if (errno == EMFILE || errno == ENFILE)
                                tcp_make_room(t);
                        else if (errno != EAGAIN)
                                tcp_pause_accepting(t);
                        break;
                }
                if (tcp_may_query(t, fd, &peer))
                        tcp_add_connection(t, fd);
                else {
                        t->stats->dropped_source++;
                        close(fd);
                }
        }
        /* libuv has stopped watching it. */
        if (status < 0)
                tcp_pause_accepting(t);
        tcp_set_timer(t);
}

/* --- time */

static void tcp_due(uv_timer_t *timer)
{
        Tcp *t = timer->data;
        uint64_t now = clock_now();

        if (t->paused_until && t->paused_until <= now) {
                t->paused_until = 0;
                if (!t->stopped)
                        uv_poll_start(&t->poll, UV_READABLE, tcp_acceptable);
        }
        LIST_FOREACH(l, &t->connections) {
                TcpClient *c = container_of(l, TcpClient, in_tcp);

                if (c->active_at + t->limits->tcp_idle > now)
                        break;
                /* An answer is pending. It may take that long, after a suspend or with a QueryTimeoutSec= of a
                 * minute. */
                if (c->in_flight)
                        tcp_touch(c);
                else
                        tcp_client_close(c);
        }
        tcp_set_timer(t);
}

/* One timer for all: the list is ordered by the time of their last message. */
static void tcp_set_timer(Tcp *t)
{
        uint64_t at = t->paused_until ? t->paused_until : USEC_NEVER;
        uint64_t now = clock_now();
        const List *first = list_first(&t->connections);

        if (t->freed)
                return;
        if (first)
                at = MIN(at, container_of(first, TcpClient, in_tcp)->active_at + t->limits->tcp_idle);
        if (t->choked)
                at = MIN(at, now + CHOKED_MSEC * USEC_PER_MSEC);
        if (at == USEC_NEVER)
                uv_timer_stop(&t->timer);
        else
                uv_timer_start(&t->timer, tcp_due, usec_sub(at, now) / USEC_PER_MSEC + 1, 0);
}

/* --- life */

/* However few descriptors there are, some are left for upstreams. */
static unsigned tcp_connections_max(const ListenerLimits *limits)
{
        struct rlimit files;

        if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur == RLIM_INFINITY)
                return limits->tcp_connections;
        return (unsigned) CLAMP(files.rlim_cur / DESCRIPTORS_SHARE, (rlim_t) 1, (rlim_t) limits->tcp_connections);
}

int tcp_new(uv_loop_t *loop, int fd, uint32_t number, const ListenerLimits *limits, ListenerStats *stats,
            ListenerQuery query, void *userdata, Tcp **ret)
{
        Tcp *t = calloc(1, sizeof(*t));
        int r;

        if (!t)
                return -ENOMEM;
        *t = (Tcp) { .fd = fd,
                     .number = number,
                     .loop = loop,
                     .limits = limits,
                     .stats = stats,
                     .query = query,
                     .userdata = userdata,
                     .handles = 3,
                     .loopback = source_restrict(fd),
                     .budget = TURN_MAX,
                     .connections_max = tcp_connections_max(limits) };
        r = uv_poll_init(loop, &t->poll, fd);
        if (r < 0) {
                free(t);
                return r;
        }
        t->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
        list_init(&t->connections);
        list_init(&t->work);
        list_init(&t->written);
        uv_timer_init(loop, &t->timer);
        uv_idle_init(loop, &t->idle);
        t->poll.data = t->timer.data = t->idle.data = t;
        uv_poll_start(&t->poll, UV_READABLE, tcp_acceptable);
        *ret = t;
        return 0;
}

void tcp_stop(Tcp *t)
{
        t->stopped = true;
        uv_poll_stop(&t->poll);
        LIST_FOREACH(l, &t->connections)
                tcp_settle(container_of(l, TcpClient, in_tcp));
}

bool tcp_is_done(const Tcp *t)
{
        LIST_FOREACH(l, &t->connections)
                if (!tcp_is_idle(container_of(l, TcpClient, in_tcp)))
                        return false;
        return true;
}

Tcp *tcp_free(Tcp *t)
{
        if (!t)
                return NULL;
        t->freed = true;
        LIST_FOREACH(l, &t->connections)
                tcp_client_close(container_of(l, TcpClient, in_tcp));
        uv_close((uv_handle_t *) &t->poll, tcp_closed);
        uv_close((uv_handle_t *) &t->timer, tcp_closed);
        uv_close((uv_handle_t *) &t->idle, tcp_closed);
        return NULL;
}

int tcp_fd(const Tcp *t)
{
        return t->fd;
}
