/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/link_watch.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

struct LinkWatch {
        int fd;
        uv_poll_t poll;
        LinkWatchEvent event;
        void *userdata;
};

static void link_watch_on_closed(uv_handle_t *h)
{
        LinkWatch *w = h->data;

        close(w->fd);
        free(w);
}

LinkWatch *link_watch_free(LinkWatch *w)
{
        if (w)
                uv_close((uv_handle_t *) &w->poll, link_watch_on_closed);
        return NULL;
}

static void link_watch_take(LinkWatch *w, const struct nlmsghdr *h)
{
        switch (h->nlmsg_type) {
        case RTM_DELLINK:
                w->event(w->userdata, LINK_EVENT_GONE, ((const struct ifinfomsg *) NLMSG_DATA(h))->ifi_index);
                break;
        case RTM_NEWLINK:
                w->event(w->userdata, LINK_EVENT_CHANGED, ((const struct ifinfomsg *) NLMSG_DATA(h))->ifi_index);
                break;
        case RTM_NEWADDR:
        case RTM_DELADDR:
                w->event(w->userdata, LINK_EVENT_CHANGED, (int) ((const struct ifaddrmsg *) NLMSG_DATA(h))->ifa_index);
                break;
        default:
                break;
        }
}

static void link_watch_on_readable(uv_poll_t *p, int status, int events)
{
        LinkWatch *w = p->data;
        _Alignas(struct nlmsghdr) uint8_t buffer[16384];
        ssize_t got;

        (void) events;
        if (status < 0)
                return;
        while ((got = recv(w->fd, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0) {
                size_t left = (size_t) got;

                for (const struct nlmsghdr *h = (void *) buffer; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left))
                        link_watch_take(w, h);
        }
        if (got < 0 && errno == ENOBUFS)
                w->event(w->userdata, LINK_EVENT_LOST, 0);
}

int link_watch_new(uv_loop_t *loop, LinkWatchEvent event, void *userdata, LinkWatch **ret)
{
        struct sockaddr_nl address = {
                .nl_family = AF_NETLINK,
                .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
        };
        LinkWatch *w = calloc(1, sizeof(*w));
        int r;

        if (!w)
                return -ENOMEM;
        w->event = event;
        w->userdata = userdata;
        w->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
        if (w->fd < 0 || bind(w->fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
                r = -errno;
                if (w->fd >= 0)
                        close(w->fd);
                free(w);
                return r;
        }
        uv_poll_init(loop, &w->poll, w->fd);
        w->poll.data = w;
        uv_poll_start(&w->poll, UV_READABLE, link_watch_on_readable);
        *ret = w;
        return 0;
}
