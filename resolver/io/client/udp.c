/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/client/udp.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/client/client_source.h"
#include "io/clock.h"

#define BATCH 32                   /* datagrams a system call */
#define BATCHES_MAX 8              /* system calls in one turn of the loop, so that others are served too */
#define QUERY_MAX DNS_OUR_UDP_SIZE /* a larger query is truncated, and thereby malformed */
#define CONTROL_SIZE 64            /* octets for one IP_PKTINFO or IPV6_PKTINFO */
#define RETRIES_MAX 3
#define UNWATCHED_MIN 16 /* answers in one system call, from which on the socket is not watched meanwhile */

/*
 * If queries arrive faster than they can be answered, the queue of the kernel stays full, and it drops those of all
 * clients alike. If that continues (it dropped some in OVERFLOWS of our turns, and the queue was never empty), more is
 * read at a time, and queries of the clients that flood are dropped here, at little cost, to make room for the others.
 */
#define OVERFLOWS 8
#define BATCHES_SHEDDING 64
#define SOURCE_MAX 16 /* queries of one source that are accepted in such a turn */
#define SOURCES 1024  /* counters; a source is a port */

struct Udp {
        int fd;
        uint32_t number; /* the listener's */
        bool loopback;   /* bound to a loopback address: only this machine may query */
        uv_poll_t poll;
        const ListenerLimits *limits;
        ListenerStats *stats;
        ListenerQuery query;
        void *userdata;
        uint32_t kernel_drops; /* the last drop count of the kernel */
        unsigned overflows;    /* turns in which it increased since the queue was last empty */
        bool unwatched;        /* until the end of the turn */
        unsigned n_out;
        struct {
                Client client;
                Packet *answer;
        } out[BATCH];
};

static void udp_take_pktinfo(Client *c, struct msghdr *m)
{
        for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
                if (h->cmsg_level == IPPROTO_IP && h->cmsg_type == IP_PKTINFO) {
                        const struct in_pktinfo *info = (const void *) CMSG_DATA(h);

                        memcpy(c->udp.local, &info->ipi_spec_dst, 4);
                } else if (h->cmsg_level == IPPROTO_IPV6 && h->cmsg_type == IPV6_PKTINFO) {
                        const struct in6_pktinfo *info = (const void *) CMSG_DATA(h);

                        memcpy(c->udp.local, &info->ipi6_addr, 16);
                        c->udp.interface = info->ipi6_ifindex;
                }
        }
}

static bool udp_may_query(const Udp *u, const struct sockaddr_storage *from, const Client *c)
{
        Address source = source_address(from), asked = { .v6 = source.v6 };

        memcpy(asked.octets, c->udp.local, sizeof(asked.octets));
        return source_may_query(u->limits, u->loopback, &source, &asked);
}

static bool udp_make_client(const Udp *u, struct msghdr *m, Client *ret)
{
        const struct sockaddr_storage *from = m->msg_name;
        const struct sockaddr_in *v4 = m->msg_name;
        const struct sockaddr_in6 *v6 = m->msg_name;

        *ret = (Client) { .kind = CLIENT_UDP, .listener = u->number, .udp.family = from->ss_family };
        if (from->ss_family == AF_INET) {
                ret->udp.port = v4->sin_port;
                memcpy(ret->udp.address, &v4->sin_addr, 4);
        } else {
                ret->udp.port = v6->sin6_port;
                ret->udp.scope = v6->sin6_scope_id;
                memcpy(ret->udp.address, &v6->sin6_addr, 16);
        }
        udp_take_pktinfo(ret, m);
        return ret->udp.port != 0 && udp_may_query(u, from, ret);
}

/* Counts queries by source within one turn of the loop. */
typedef struct Turn {
        bool shedding;
        uint8_t taken[SOURCES];
} Turn;

static void udp_take(Udp *u, Turn *turn, struct msghdr *m, Bytes query, uint64_t now)
{
        Client c;

        if (!udp_make_client(u, m, &c)) {
                u->stats->dropped_source++;
                return;
        }
        if (turn->shedding && turn->taken[ntohs(c.udp.port) % SOURCES] == SOURCE_MAX) {
                u->stats->dropped_flood++;
                return;
        }
        turn->taken[ntohs(c.udp.port) % SOURCES] += turn->shedding;
        u->stats->udp_queries++;
        u->query(u->userdata, &c, TRANSPORT_UDP, query, now);
}

/* Whether the kernel has dropped queries since this was last called. */
static bool udp_overflowed(Udp *u)
{
        uint32_t memory[SK_MEMINFO_VARS], before = u->kernel_drops;
        socklen_t size = sizeof(memory);

        if (getsockopt(u->fd, SOL_SOCKET, SO_MEMINFO, memory, &size) < 0 || size < sizeof(memory))
                return false;
        u->kernel_drops = memory[SK_MEMINFO_DROPS];
        return u->kernel_drops != before;
}

static void udp_readable(uv_poll_t *p, int status, int events);

/* The socket has an error, and libuv stopped watching it. Clears the error, and continues. */
static void udp_recover(Udp *u)
{
        int error;
        socklen_t size = sizeof(error);
        uint8_t octet;
        struct iovec iov = { .iov_base = &octet, .iov_len = 1 }; /* qemu-user receives nothing without one */
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

        getsockopt(u->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        for (unsigned i = 0; i < BATCH * BATCHES_MAX && recvmsg(u->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0; i++)
                ;
        uv_poll_start(&u->poll, UV_READABLE, udp_readable);
}

static void udp_readable(uv_poll_t *p, int status, int events)
{
        static uint8_t data[BATCH][QUERY_MAX];
        static _Alignas(struct cmsghdr) uint8_t control[BATCH][CONTROL_SIZE];
        static struct sockaddr_storage from[BATCH];
        static struct mmsghdr m[BATCH];
        static struct iovec iov[BATCH];
        Udp *u = p->data;
        Turn turn = { .shedding = u->overflows >= OVERFLOWS };

        (void) events;
        if (status < 0) {
                udp_recover(u);
                return;
        }
        for (unsigned batch = 0; batch < (turn.shedding ? BATCHES_SHEDDING : BATCHES_MAX); batch++) {
                uint64_t now;
                int n;

                for (unsigned i = 0; i < BATCH; i++) {
                        iov[i] = (struct iovec) { .iov_base = data[i], .iov_len = QUERY_MAX };
                        m[i] = (struct mmsghdr) { .msg_hdr = { .msg_name = &from[i],
                                                               .msg_namelen = sizeof(from[i]),
                                                               .msg_iov = &iov[i],
                                                               .msg_iovlen = 1,
                                                               .msg_control = u->loopback ? NULL : control[i],
                                                               .msg_controllen = u->loopback ? 0 : CONTROL_SIZE } };
                }
                n = recvmmsg(u->fd, m, BATCH, MSG_DONTWAIT, NULL);
                /* ECONNREFUSED: a client closed its socket before its answer arrived (C17). The next call continues to
                 * read. */
                if (n < 0 && (errno == ECONNREFUSED || errno == EINTR))
                        continue;
                now = n > 0 ? clock_now() : 0;
                for (int i = 0; i < n; i++)
                        udp_take(u, &turn, &m[i].msg_hdr, BYTES(data[i], m[i].msg_len), now);
                if (n < (int) BATCH) {
                        u->overflows = 0;
                        return;
                }
                /* What was read is answered first. */
                if (pending_replies_held() >= PENDING_REPLIES_MAX)
                        return;
        }
        if (udp_overflowed(u) && u->overflows < OVERFLOWS)
                u->overflows++;
}

/* --- answers */

/* `v6` has room for an address of either family. */
static socklen_t udp_put_address(struct sockaddr_in6 *v6, const Client *c)
{
        struct sockaddr_in *v4 = (void *) v6;

        memset(v6, 0, sizeof(*v6));
        v6->sin6_family = c->udp.family;
        if (c->udp.family == AF_INET) {
                v4->sin_port = c->udp.port;
                memcpy(&v4->sin_addr, c->udp.address, 4);
                return sizeof(*v4);
        }
        v6->sin6_port = c->udp.port;
        v6->sin6_scope_id = c->udp.scope;
        memcpy(&v6->sin6_addr, c->udp.address, 16);
        return sizeof(*v6);
}

/* The answer is sent from the address that was queried, if the socket has more than one. If the query was queued before
 * the daemon started, or the socket is on a loopback address, that address is unknown, and the socket's own is used. */
static void udp_put_pktinfo(struct msghdr *m, const Client *c)
{
        static const uint8_t unknown[sizeof(c->udp.local)];
        struct cmsghdr *h = m->msg_control;

        if (memcmp(c->udp.local, unknown, sizeof(unknown)) == 0) {
                m->msg_control = NULL;
                return;
        }
        memset(h, 0, CONTROL_SIZE);
        if (c->udp.family == AF_INET) {
                struct in_pktinfo info = { 0 };

                memcpy(&info.ipi_spec_dst, c->udp.local, 4);
                h->cmsg_level = IPPROTO_IP;
                h->cmsg_type = IP_PKTINFO;
                h->cmsg_len = CMSG_LEN(sizeof(info));
                memcpy(CMSG_DATA(h), &info, sizeof(info));
                m->msg_controllen = CMSG_SPACE(sizeof(info));
        } else {
                struct in6_pktinfo info = { .ipi6_ifindex = c->udp.interface };

                memcpy(&info.ipi6_addr, c->udp.local, 16);
                h->cmsg_level = IPPROTO_IPV6;
                h->cmsg_type = IPV6_PKTINFO;
                h->cmsg_len = CMSG_LEN(sizeof(info));
                memcpy(CMSG_DATA(h), &info, sizeof(info));
                m->msg_controllen = CMSG_SPACE(sizeof(info));
        }
}

/* As long as somebody watches a socket, for whatever, the kernel looks with each datagram that has left whether that is
 * to be woken, which takes a twentieth of all the time for an answer from the cache. */
static void udp_unwatch(Udp *u)
{
        if (!uv_is_active((uv_handle_t *) &u->poll))
                return;
        uv_poll_stop(&u->poll);
        u->unwatched = true;
}

static void udp_send_out(Udp *u)
{
        static struct sockaddr_in6 to[BATCH];
        static _Alignas(struct cmsghdr) uint8_t control[BATCH][CONTROL_SIZE];
        static struct mmsghdr m[BATCH];
        static struct iovec iov[BATCH];
        unsigned sent = 0, retries = 0;

        if (u->n_out >= UNWATCHED_MIN)
                udp_unwatch(u);
        for (unsigned i = 0; i < u->n_out; i++) {
                iov[i] = (struct iovec) { .iov_base = u->out[i].answer->data, .iov_len = u->out[i].answer->n };
                m[i] = (struct mmsghdr) { .msg_hdr = { .msg_name = &to[i],
                                                       .msg_iov = &iov[i],
                                                       .msg_iovlen = 1,
                                                       .msg_control = control[i] } };
                m[i].msg_hdr.msg_namelen = udp_put_address(&to[i], &u->out[i].client);
                udp_put_pktinfo(&m[i].msg_hdr, &u->out[i].client);
        }
        while (sent < u->n_out) {
                int n = sendmmsg(u->fd, m + sent, u->n_out - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

                if (n > 0) {
                        sent += (unsigned) n;
                        retries = 0;
                        continue;
                }
                /* An error of an earlier datagram, or a full queue: after a few more tries, this datagram is lost, not
                 * the others (C18). */
                if (++retries < RETRIES_MAX)
                        continue;
                u->stats->dropped_send++;
                retries = 0;
                sent++;
        }
        for (unsigned i = 0; i < u->n_out; i++)
                u->out[i].answer = packet_unref(u->out[i].answer);
        u->n_out = 0;
}

void udp_flush(Udp *u)
{
        udp_send_out(u);
        if (u->unwatched)
                uv_poll_start(&u->poll, UV_READABLE, udp_readable);
        u->unwatched = false;
}

void udp_answer(Udp *u, const Client *client, Packet *answer)
{
        if (u->n_out == BATCH)
                udp_send_out(u);
        u->out[u->n_out].client = *client;
        u->out[u->n_out++].answer = packet_ref(answer);
}

/* --- life */

int udp_new(uv_loop_t *loop, int fd, uint32_t number, const ListenerLimits *limits, ListenerStats *stats,
            ListenerQuery query, void *userdata, Udp **ret)
{
        struct sockaddr_storage local = { 0 };
        socklen_t size = sizeof(local);
        int on, discovery; /* the values are the same for both families */
        Udp *u;
        int r;

        if (getsockname(fd, (struct sockaddr *) &local, &size) < 0)
                return -errno;
        u = calloc(1, sizeof(*u));
        if (!u)
                return -ENOMEM;
        *u = (Udp) { .fd = fd,
                     .number = number,
                     .loopback = source_restrict(fd),
                     .limits = limits,
                     .stats = stats,
                     .query = query,
                     .userdata = userdata };
        /* Answers must not depend on what anyone claims the path MTU to be: they are fragmented instead. On a loopback
         * address, nobody claims anything, and there is no question of which address was queried: the kernel need
         * neither number the packets for fragmentation nor tell the address with each. */
        on = !u->loopback;
        discovery = u->loopback ? IP_PMTUDISC_WANT : IP_PMTUDISC_OMIT;
        if (local.ss_family == AF_INET) {
                setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
                setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discovery, sizeof(discovery));
        } else {
                setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
                setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &discovery, sizeof(discovery));
        }
        udp_overflowed(u); /* from here on */
        r = uv_poll_init(loop, &u->poll, fd);
        if (r < 0) {
                free(u);
                return r;
        }
        u->poll.data = u;
        uv_poll_start(&u->poll, UV_READABLE, udp_readable);
        *ret = u;
        return 0;
}

void udp_stop(Udp *u)
{
        u->unwatched = false;
        uv_poll_stop(&u->poll);
}

static void udp_closed(uv_handle_t *h)
{
        Udp *u = h->data;

        close(u->fd);
        free(u);
}

Udp *udp_free(Udp *u)
{
        if (!u)
                return NULL;
        udp_send_out(u);
        uv_close((uv_handle_t *) &u->poll, udp_closed);
        return NULL;
}

int udp_fd(const Udp *u)
{
        return u->fd;
}
