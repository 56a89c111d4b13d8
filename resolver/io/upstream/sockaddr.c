/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/upstream/sockaddr.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

unsigned sockaddr_ifindex(const Address *a)
{
        char *end;
        unsigned long i = strtoul(a->interface, &end, 10);

        return *end ? if_nametoindex(a->interface) : (unsigned) i;
}

bool sockaddr_from_address(const Address *a, struct sockaddr_storage *ret)
{
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) ret;
        struct sockaddr_in *v4 = (struct sockaddr_in *) ret;

        *ret = (struct sockaddr_storage) { 0 };
        if (!a->v6) {
                v4->sin_family = AF_INET;
                v4->sin_port = htons(a->port);
                memcpy(&v4->sin_addr, a->octets, 4);
                return true;
        }
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(a->port);
        memcpy(&v6->sin6_addr, a->octets, 16);
        if (a->interface[0] == '\0')
                return true;
        v6->sin6_scope_id = sockaddr_ifindex(a);
        return v6->sin6_scope_id > 0;
}

int sockaddr_use_interface(int fd, int family, int type, unsigned ifindex)
{
        uint32_t unicast = htonl(ifindex);
        int bound = (int) ifindex, r;

        if (type == SOCK_STREAM)
                r = setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &bound, sizeof(bound));
        else if (family == AF_INET)
                r = setsockopt(fd, IPPROTO_IP, IP_UNICAST_IF, &unicast, sizeof(unicast));
        else
                r = setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_IF, &unicast, sizeof(unicast));
        return r < 0 ? -errno : 0;
}

/* The address cannot be bound, whatever the port. */
bool sockaddr_is_gone(const struct sockaddr *local, socklen_t size)
{
        struct sockaddr_storage any_port = { 0 };
        bool gone;
        int fd;

        memcpy(&any_port, local, size);
        if (local->sa_family == AF_INET6)
                ((struct sockaddr_in6 *) &any_port)->sin6_port = 0;
        else
                ((struct sockaddr_in *) &any_port)->sin_port = 0;
        fd = socket(local->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return false;
        gone = bind(fd, (struct sockaddr *) &any_port, size) < 0 && errno == EADDRNOTAVAIL;
        close(fd);
        return gone;
}

FailureReason failure_from_errno(int error, bool at_once)
{
        switch (error) {
        case -ENETUNREACH:
        case -EHOSTUNREACH:
                return at_once ? FAILURE_NO_ROUTE : FAILURE_UNREACHABLE;
        case -EAFNOSUPPORT:
        case -EINVAL: /* a link-local address without a scope */
                return at_once ? FAILURE_NO_ROUTE : FAILURE_UNREACHABLE;
        case -ENETDOWN:
                return FAILURE_NETWORK_DOWN;
        case -EADDRNOTAVAIL:
                return FAILURE_ADDRESS_UNAVAILABLE;
        case -EPERM:
        case -EACCES:
                return FAILURE_FORBIDDEN;
        case -EMFILE:
        case -ENFILE:
        case -ENOBUFS:
        case -ENOMEM:
        case -EAGAIN: /* no free local port */
                return FAILURE_RESOURCES;
        case -ECONNREFUSED:
                return FAILURE_REFUSED;
        case -ETIMEDOUT:
                return FAILURE_CONNECT_TIMEOUT;
        case -ECONNRESET:
        case -ECONNABORTED:
        case -EPIPE:
                return FAILURE_CONNECT_RESET;
        default:
                return at_once ? FAILURE_RESOURCES : FAILURE_UNREACHABLE;
        }
}
