/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/netlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEBOUNCE_MSEC 500
#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

typedef enum Dump {
        DUMP_NONE,
        DUMP_ROUTES,
        DUMP_ADDRESSES,
} Dump;

struct Network {
        int fd;
        uv_poll_t poll;
        uv_timer_t debounce;
        unsigned handles;     /* open ones */
        Dump dump;            /* what is being listed */
        bool again;           /* something changed meanwhile */
        bool known;           /* `fingerprint` is one */
        uint64_t fingerprint; /* of all default routes and addresses */
        uint64_t sum;         /* of those listed so far, independent of their order */
        bool default_route;
        NetworkChanged changed;
        void *userdata;
};

static void netlink_closed(uv_handle_t *h)
{
        Network *n = h->data;

        if (--n->handles > 0)
                return;
        close(n->fd);
        free(n);
}

Network *network_free(Network *n)
{
        if (!n)
                return NULL;
        uv_close((uv_handle_t *) &n->poll, netlink_closed);
        uv_close((uv_handle_t *) &n->debounce, netlink_closed);
        return NULL;
}

static int netlink_request(Network *n, Dump dump)
{
        struct {
                struct nlmsghdr header;
                union {
                        struct rtmsg route;
                        struct ifaddrmsg address;
                };
        } r = {
                .header = {
                        .nlmsg_len = NLMSG_LENGTH(dump == DUMP_ROUTES ? sizeof(struct rtmsg) : sizeof(struct ifaddrmsg)),
                        .nlmsg_type = dump == DUMP_ROUTES ? RTM_GETROUTE : RTM_GETADDR,
                        .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                        .nlmsg_seq = dump,
                },
        };

        if (send(n->fd, &r, r.header.nlmsg_len, MSG_NOSIGNAL) < 0)
                return -errno;
        n->dump = dump;
        return 0;
}

static void netlink_add(Network *n, const void *data, size_t size, uint64_t salt)
{
        uint64_t hash = FNV_OFFSET ^ salt;

        for (size_t i = 0; i < size; i++)
                hash = (hash ^ ((const uint8_t *) data)[i]) * FNV_PRIME;
        n->sum += hash;
}

static void netlink_add_route(Network *n, const struct nlmsghdr *h)
{
        const struct rtmsg *m = NLMSG_DATA(h);
        int size = (int) RTM_PAYLOAD(h);

        if (m->rtm_dst_len != 0 || m->rtm_type != RTN_UNICAST || m->rtm_table != RT_TABLE_MAIN)
                return;
        n->default_route = true;
        for (const struct rtattr *a = RTM_RTA(m); RTA_OK(a, size); a = RTA_NEXT(a, size))
                if (a->rta_type == RTA_GATEWAY || a->rta_type == RTA_OIF)
                        netlink_add(n, RTA_DATA(a), RTA_PAYLOAD(a), (uint64_t) m->rtm_family << 16 | a->rta_type);
}

/* Only addresses from which upstreams may be reached, not those of scope host or link. On a point-to-point link,
 * IFA_ADDRESS is that of the peer. */
static void netlink_add_address(Network *n, const struct nlmsghdr *h)
{
        const struct ifaddrmsg *m = NLMSG_DATA(h);
        int size = (int) IFA_PAYLOAD(h);

        if (m->ifa_scope >= RT_SCOPE_LINK || (m->ifa_flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)))
                return;
        for (const struct rtattr *a = IFA_RTA(m); RTA_OK(a, size); a = RTA_NEXT(a, size))
                if (a->rta_type == IFA_LOCAL || a->rta_type == IFA_ADDRESS)
                        netlink_add(n, RTA_DATA(a), RTA_PAYLOAD(a), (uint64_t) m->ifa_index << 32 | m->ifa_family);
}

static void netlink_note_change(Network *n);

static void netlink_dump_done(Network *n)
{
        bool differs;

        if (n->dump == DUMP_ROUTES && netlink_request(n, DUMP_ADDRESSES) >= 0)
                return;
        n->dump = DUMP_NONE;
        differs = n->known && n->sum != n->fingerprint;
        n->known = true;
        n->fingerprint = n->sum;
        if (n->again) {
                n->again = false;
                netlink_note_change(n);
        }
        if (differs)
                n->changed(n->userdata, n->default_route);
}

static void netlink_list(Network *n)
{
        n->sum = 0;
        n->default_route = false;
        if (netlink_request(n, DUMP_ROUTES) < 0)
                n->dump = DUMP_NONE;
}

static void netlink_debounced(uv_timer_t *t)
{
        netlink_list(t->data);
}

static void netlink_note_change(Network *n)
{
        if (n->dump != DUMP_NONE)
                n->again = true;
        else if (!uv_is_active((uv_handle_t *) &n->debounce))
                uv_timer_start(&n->debounce, netlink_debounced, DEBOUNCE_MSEC, 0);
}

static void netlink_take(Network *n, const struct nlmsghdr *h)
{
        bool answer = n->dump != DUMP_NONE && h->nlmsg_seq == (uint32_t) n->dump;

        if (answer && (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR))
                netlink_dump_done(n);
        else if (answer && h->nlmsg_type == RTM_NEWROUTE)
                netlink_add_route(n, h);
        else if (answer && h->nlmsg_type == RTM_NEWADDR)
                netlink_add_address(n, h);
        else
                netlink_note_change(n);
}

static void netlink_readable(uv_poll_t *p, int status, int events)
{
        Network *n = p->data;
        _Alignas(struct nlmsghdr) uint8_t buffer[16384];
        ssize_t got;

        (void) events;
        if (status < 0)
                return;
        while ((got = recv(n->fd, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0) {
                size_t left = (size_t) got;

                for (const struct nlmsghdr *h = (void *) buffer; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left))
                        netlink_take(n, h);
        }
        /* ENOBUFS: events were lost, so something changed. */
        if (got < 0 && errno == ENOBUFS)
                netlink_note_change(n);
}

int network_new(uv_loop_t *loop, NetworkChanged changed, void *userdata, Network **ret)
{
        struct sockaddr_nl address = {
                .nl_family = AF_NETLINK,
                .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
        };
        Network *n = calloc(1, sizeof(*n));
        int r;

        if (!n)
                return -ENOMEM;
        n->changed = changed;
        n->userdata = userdata;
        n->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
        if (n->fd < 0 || bind(n->fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
                r = -errno;
                if (n->fd >= 0)
                        close(n->fd);
                free(n);
                return r;
        }
        uv_poll_init(loop, &n->poll, n->fd);
        uv_timer_init(loop, &n->debounce);
        n->poll.data = n->debounce.data = n;
        n->handles = 2;
        uv_poll_start(&n->poll, UV_READABLE, netlink_readable);
        netlink_list(n);
        *ret = n;
        return 0;
}
