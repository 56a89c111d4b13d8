/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/link_watch.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/system/fd_watch.h"

struct LinkWatch {
        FdWatch *watch;
        LinkWatchEvent event;
        void *userdata;
};

LinkWatch *link_watch_free(LinkWatch *w)
{
        if (w)
                fd_watch_free(w->watch);
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

static void link_watch_readable(void *userdata, int fd)
{
        LinkWatch *w = userdata;
        _Alignas(struct nlmsghdr) uint8_t buffer[16384];
        ssize_t got;

        while ((got = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0) {
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
        LinkWatch *w;
        FdWatch *watch;
        int fd, r;

        fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
        if (fd < 0)
                return -errno;
        if (bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
                r = -errno;
                close(fd);
                return r;
        }
        w = calloc(1, sizeof(*w));
        if (!w) {
                close(fd);
                return -ENOMEM;
        }
        *w = (LinkWatch) { .event = event, .userdata = userdata };
        watch = fd_watch_new(loop, fd, link_watch_readable, w);
        if (!watch)
                return -ENOMEM;
        w->watch = watch;
        *ret = w;
        return 0;
}
