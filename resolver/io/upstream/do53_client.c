/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/upstream/do53_client.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/list.h"
#include "core/dns/wire.h"
#include "io/clock.h"
#include "io/upstream/body.h"
#include "io/upstream/sockaddr.h"

#define TABLE 256        /* chains: a power of two */
#define DATAGRAMS_MAX 16 /* from one socket in one turn of the loop, so that others are served too */

/* One exchange. Lives until its handle has closed. */
typedef struct Talk {
        Do53Client *owner; /* NULL: called off */
        uint32_t number;   /* the engine's */
        uint16_t id;
        Transport transport;
        Packet *message; /* starts with the ID; on TCP, preceded by its length */
        int fd;          /* UDP */
        uv_poll_t poll;
        uv_tcp_t tcp;
        uv_connect_t connect;
        uv_write_t write;
        ByteBuffer in;
        List in_table;
} Talk;

struct Do53Client {
        uv_loop_t *loop;
        Engine *engine;
        List table[TABLE];
};

/* Filled by a read, and consumed before the next one. */
static uint8_t incoming[65536];

static Talk *do53_client_find(Do53Client *p, uint32_t number)
{
        LIST_FOREACH(l, &p->table[number % TABLE]) {
                Talk *t = container_of(l, Talk, in_table);

                if (t->number == number)
                        return t;
        }
        return NULL;
}

/* --- the end */

static void do53_client_talk_free(Talk *t)
{
        packet_unref(t->message);
        body_deinit(&t->in);
        free(t);
}

static void do53_client_on_closed(uv_handle_t *h)
{
        Talk *t = h->data;

        if (t->transport == TRANSPORT_UDP)
                close(t->fd);
        do53_client_talk_free(t);
}

/* No event is reported for it any more. */
static void do53_client_drop(Talk *t)
{
        t->owner = NULL;
        list_remove(&t->in_table);
        uv_close(t->transport == TRANSPORT_TCP ? (uv_handle_t *) &t->tcp : (uv_handle_t *) &t->poll,
                 do53_client_on_closed);
}

static void do53_client_fail(Talk *t, FailureReason failure)
{
        Engine *e = t->owner->engine;
        uint32_t number = t->number;

        do53_client_drop(t);
        engine_do53_failed(e, number, failure, clock_now());
}

/* --- UDP */

static void do53_client_on_readable(uv_poll_t *poll, int status, _unused_ int events)
{
        Talk *t = poll->data;

        for (unsigned i = 0; i < DATAGRAMS_MAX; i++) {
                ssize_t n = recv(t->fd, incoming, sizeof(incoming), MSG_DONTWAIT);

                if (n >= 0)
                        engine_do53_answer(t->owner->engine, t->number, t->id, BYTES(incoming, n), clock_now());
                else if (errno == EAGAIN || errno == EWOULDBLOCK)
                        break;
                else if (errno != EINTR) {
                        do53_client_fail(t, failure_from_errno(-errno, false));
                        return;
                }
        }
        /* libuv stops polling on an ICMP error, which was either read above or has been cleared. */
        if (status < 0)
                uv_poll_start(poll, UV_READABLE, do53_client_on_readable);
}

static int do53_client_send_datagram(const Talk *t)
{
        return send(t->fd, t->message->data, t->message->n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static socklen_t do53_client_size_of(const struct sockaddr_storage *remote)
{
        return remote->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

/* Connects the socket, over the interface of that index unless it is 0, and polls it. */
static int do53_client_connect_datagram(Do53Client *p, Talk *t, const struct sockaddr_storage *remote, unsigned ifindex)
{
        int r = ifindex ? sockaddr_use_interface(t->fd, remote->ss_family, SOCK_DGRAM, ifindex) : 0;

        if (r < 0)
                return r;
        if (connect(t->fd, (const struct sockaddr *) remote, do53_client_size_of(remote)) < 0)
                return -errno;
        return uv_poll_init(p->loop, &t->poll, t->fd);
}

static int do53_client_start_datagram(Do53Client *p, Talk *t, const struct sockaddr_storage *remote, unsigned ifindex)
{
        int r;

        t->fd = socket(remote->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (t->fd < 0)
                return -errno;
        r = do53_client_connect_datagram(p, t, remote, ifindex);
        if (r < 0) {
                close(t->fd);
                t->fd = -1;
                return r;
        }
        t->poll.data = t;
        r = uv_poll_start(&t->poll, UV_READABLE, do53_client_on_readable);
        return r < 0 ? r : do53_client_send_datagram(t);
}

/* --- TCP */

static void do53_client_on_allocate(_unused_ uv_handle_t *h, _unused_ size_t suggested, uv_buf_t *ret)
{
        *ret = uv_buf_init((char *) incoming, sizeof(incoming));
}

static void do53_client_on_read(uv_stream_t *h, ssize_t n, const uv_buf_t *buffer)
{
        Talk *t = h->data;
        size_t length;

        if (n == 0)
                return;
        if (n < 0 || !body_append(&t->in, BYTES(buffer->base, n))) {
                do53_client_fail(t, n < 0 ? FAILURE_CONNECTION_LOST : FAILURE_RESOURCES);
                return;
        }
        if (t->in.n < DNS_LENGTH_SIZE)
                return;
        length = wire_read16(t->in.p);
        if (t->in.n - DNS_LENGTH_SIZE < length)
                return;
        uv_read_stop(h);
        engine_do53_answer(t->owner->engine, t->number, t->id, BYTES(t->in.p + DNS_LENGTH_SIZE, length), clock_now());
}

static void do53_client_on_written(uv_write_t *w, int status)
{
        Talk *t = w->data;

        if (t->owner && status < 0)
                do53_client_fail(t, FAILURE_CONNECTION_LOST);
}

static void do53_client_on_connect(uv_connect_t *c, int status)
{
        Talk *t = c->data;
        uv_buf_t buffer = uv_buf_init((char *) t->message->data, t->message->n);

        if (!t->owner)
                return;
        if (status < 0) {
                do53_client_fail(t, failure_from_errno(status, false));
                return;
        }
        t->write.data = t;
        if (uv_write(&t->write, (uv_stream_t *) &t->tcp, &buffer, 1, do53_client_on_written) < 0 ||
            uv_read_start((uv_stream_t *) &t->tcp, do53_client_on_allocate, do53_client_on_read) < 0)
                do53_client_fail(t, FAILURE_CONNECTION_LOST);
}

static int do53_client_start_stream(Do53Client *p, Talk *t, const struct sockaddr_storage *remote, unsigned ifindex)
{
        uv_os_fd_t fd;
        int r = uv_tcp_init_ex(p->loop, &t->tcp, remote->ss_family);

        if (r < 0)
                return r;
        t->tcp.data = t->connect.data = t;
        if (ifindex) {
                r = uv_fileno((uv_handle_t *) &t->tcp, &fd);
                if (r >= 0)
                        r = sockaddr_use_interface(fd, remote->ss_family, SOCK_STREAM, ifindex);
                if (r < 0)
                        return r;
        }
        return uv_tcp_connect(&t->connect, &t->tcp, (const struct sockaddr *) remote, do53_client_on_connect);
}

/* --- the beginning */

/* Returns the message as it is sent. */
static Packet *do53_client_write_message(Bytes message, Transport transport, uint16_t id)
{
        Packet *b = packet_new(DNS_LENGTH_SIZE + message.n);
        size_t n = transport == TRANSPORT_TCP ? DNS_LENGTH_SIZE : 0;

        if (!b)
                return NULL;
        wire_write16(b->data, (unsigned) message.n);
        memcpy(b->data + n, message.p, message.n);
        wire_write16(b->data + n + HEADER_ID, id);
        b->n = (uint32_t) (n + message.n);
        return b;
}

static Talk *do53_client_talk_new(Do53Client *p, const Action *a)
{
        Talk *t = calloc(1, sizeof(*t));

        if (!t)
                return NULL;
        *t = (Talk) { .owner = p, .number = a->exchange, .transport = a->do53.transport, .fd = -1 };
        if (getrandom(&t->id, sizeof(t->id), GRND_INSECURE) == sizeof(t->id))
                t->message = do53_client_write_message(packet_bytes(a->do53.message), t->transport, t->id);
        if (!t->message) {
                free(t);
                return NULL;
        }
        list_init(&t->in_table);
        list_append(&p->table[t->number % TABLE], &t->in_table);
        return t;
}

static void do53_client_begin(Do53Client *p, const Action *a)
{
        /* A loopback address, as of a local forwarder, is reached over no other interface. */
        unsigned ifindex = address_is_loopback(&a->do53.server) ? 0 : sockaddr_ifindex(&a->do53.server);
        struct sockaddr_storage remote;
        Talk *t;
        int r;

        if (!sockaddr_from_address(&a->do53.server, &remote)) {
                engine_do53_failed(p->engine, a->exchange, FAILURE_NO_ROUTE, clock_now());
                return;
        }
        t = do53_client_talk_new(p, a);
        if (!t) {
                engine_do53_failed(p->engine, a->exchange, FAILURE_RESOURCES, clock_now());
                return;
        }
        r = t->transport == TRANSPORT_TCP ? do53_client_start_stream(p, t, &remote, ifindex)
                                          : do53_client_start_datagram(p, t, &remote, ifindex);
        if (r >= 0)
                return;
        if (t->transport == TRANSPORT_TCP ? t->tcp.data : t->poll.data) {
                do53_client_fail(t, failure_from_errno(r, true));
                return;
        }
        /* Not even a handle. */
        list_remove(&t->in_table);
        do53_client_talk_free(t);
        engine_do53_failed(p->engine, a->exchange, failure_from_errno(r, true), clock_now());
}

void do53_client_act(Do53Client *p, const Action *a)
{
        Talk *t = do53_client_find(p, a->exchange);
        int r;

        if (a->type == ACTION_DO53_CANCEL) {
                if (t)
                        do53_client_drop(t);
        } else if (!t) {
                do53_client_begin(p, a);
        } else if (t->transport == TRANSPORT_UDP) {
                r = do53_client_send_datagram(t);
                if (r < 0)
                        do53_client_fail(t, failure_from_errno(r, true));
        }
}

/* --- life */

Do53Client *do53_client_new(uv_loop_t *loop, Engine *engine)
{
        Do53Client *p = calloc(1, sizeof(*p));

        if (!p)
                return NULL;
        p->loop = loop;
        p->engine = engine;
        for (size_t i = 0; i < TABLE; i++)
                list_init(&p->table[i]);
        return p;
}

Do53Client *do53_client_free(Do53Client *p)
{
        if (!p)
                return NULL;
        for (size_t i = 0; i < TABLE; i++)
                LIST_FOREACH(l, &p->table[i])
                        do53_client_drop(container_of(l, Talk, in_table));
        free(p);
        return NULL;
}
