/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/interface.h"

#include <errno.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static bool interface_has(const char *name, const char *file)
{
        char path[64];

        snprintf(path, sizeof(path), "/sys/class/net/%s/%s", name, file);
        return access(path, F_OK) == 0;
}

/* A modem is point-to-point without an Ethernet header like a tunnel, but it is a device. */
static bool interface_is_tunnel(const char *name, unsigned short type)
{
        switch (type) {
        case ARPHRD_ETHER:
                return interface_has(name, "tun_flags");
        case ARPHRD_PPP:
        case ARPHRD_LOOPBACK:
                return false;
        default:
                return !interface_has(name, "device");
        }
}

int interface_describe(int ifindex, Interface *ret)
{
        struct ifreq request = { .ifr_ifindex = ifindex };
        int fd, r = 0;

        fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        *ret = (Interface) { 0 };
        if (ioctl(fd, SIOCGIFNAME, &request) < 0)
                r = -errno;
        snprintf(ret->name, sizeof(ret->name), "%s", request.ifr_name);
        if (r == 0 && ioctl(fd, SIOCGIFFLAGS, &request) < 0)
                r = -errno;
        ret->loopback = request.ifr_flags & IFF_LOOPBACK;
        ret->up = request.ifr_flags & IFF_UP;
        if (r == 0 && ioctl(fd, SIOCGIFHWADDR, &request) < 0)
                r = -errno;
        close(fd);
        if (r == 0)
                ret->tunnel = interface_is_tunnel(ret->name, request.ifr_hwaddr.sa_family);
        return r;
}
