/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/interface.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
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

bool interface_has_route(const Address *a, int ifindex)
{
        struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(a->port) };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(a->port) };
        int fd = socket(a->v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        bool r;

        if (fd < 0)
                return false;
        memcpy(&v4.sin_addr, a->octets, sizeof(v4.sin_addr));
        memcpy(&v6.sin6_addr, a->octets, sizeof(v6.sin6_addr));
        if (address_is_link_local(a))
                v6.sin6_scope_id = if_nametoindex(a->interface) ?: (unsigned) ifindex;
        r = connect(fd, a->v6 ? (struct sockaddr *) &v6 : (struct sockaddr *) &v4, a->v6 ? sizeof(v6) : sizeof(v4)) >=
            0;
        close(fd);
        return r;
}

/* --- links */

static const uint8_t *interface_octets(const struct sockaddr *a)
{
        return a->sa_family == AF_INET ? (const void *) &((const struct sockaddr_in *) (const void *) a)->sin_addr
                                       : (const void *) &((const struct sockaddr_in6 *) (const void *) a)->sin6_addr;
}

static AddressPrefix interface_prefix(const struct ifaddrs *i)
{
        const uint8_t *address = interface_octets(i->ifa_addr), *mask = interface_octets(i->ifa_netmask);
        AddressPrefix p = { .address.v6 = i->ifa_addr->sa_family == AF_INET6 };

        for (size_t k = 0; k < (p.address.v6 ? 16 : 4); k++) {
                p.address.octets[k] = address[k] & mask[k];
                p.bits += (unsigned) __builtin_popcount(mask[k]);
        }
        return p;
}

/* An IPv4 address may have a label such as "eth0:1". */
static bool interface_has_name(const char *label, const char *name)
{
        size_t n = strcspn(label, ":");

        return strncmp(label, name, n) == 0 && !name[n];
}

static size_t interface_prefixes(const struct ifaddrs *list, const char *name, AddressPrefix ret[LINK_PREFIXES_MAX])
{
        size_t n = 0;

        for (const struct ifaddrs *i = list; i && n < LINK_PREFIXES_MAX; i = i->ifa_next)
                if (i->ifa_addr && i->ifa_netmask && interface_has_name(i->ifa_name, name) &&
                    (i->ifa_addr->sa_family == AF_INET || i->ifa_addr->sa_family == AF_INET6))
                        ret[n++] = interface_prefix(i);
        return n;
}

bool interface_refresh_links(LinkTable *t)
{
        struct ifaddrs *list = NULL;
        bool changed = false;

        if (t->n && getifaddrs(&list) < 0)
                list = NULL;
        for (size_t i = 0; i < t->n;) {
                Link *l = t->links[i];
                AddressPrefix prefixes[LINK_PREFIXES_MAX];
                Interface known = { 0 };

                int r = interface_describe(l->ifindex, &known);

                if (r == -ENODEV) {
                        changed = link_table_remove(t, l->ifindex) || changed;
                        continue;
                }
                i++;
                if (r < 0)
                        continue;
                changed = link_set_interface(l, known.name, known.tunnel) > 0 || changed;
                changed = link_set_prefixes(l, prefixes, interface_prefixes(list, known.name, prefixes)) > 0 || changed;
        }
        if (list)
                freeifaddrs(list);
        return changed;
}
