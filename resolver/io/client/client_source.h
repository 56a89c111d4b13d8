/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * ClientSource: the addresses that queries are accepted from (FAULTS.md C15). A socket on a loopback address is for
 * programs on this machine that query from a loopback address, and the kernel is told to accept packets over the
 * loopback interface only. On any other address, this machine and the networks in AllowFrom= may query.
 *
 * What comes from elsewhere is dropped, over UDP without an answer: the source of a datagram may be forged, and
 * REFUSED, even with the extended error Prohibited (RFC 8914 4.19), would reach whoever the forger has chosen. It would
 * also tell a scanner that there is a resolver. The journal tells the administrator.
 */

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "io/client/listener.h"

/* Without port and interface, for comparisons only. */
static inline Address source_address(const struct sockaddr_storage *a)
{
        Address ret = { .v6 = a->ss_family == AF_INET6 };

        if (ret.v6)
                memcpy(ret.octets, &((const struct sockaddr_in6 *) a)->sin6_addr, 16);
        else
                memcpy(ret.octets, &((const struct sockaddr_in *) a)->sin_addr, 4);
        return ret;
}

/* Returns whether a client at `from` may query. `loopback`: the socket is bound to a loopback address. `asked` is the
 * address that was queried: a client with the same address is a program on this machine. */
static inline bool source_may_query(const ListenerLimits *limits, bool loopback, const Address *from,
                                    const Address *asked)
{
        if (address_is_loopback(from))
                return true;
        if (loopback)
                return false;
        if (address_same_host(from, asked))
                return true;
        for (size_t i = 0; i < limits->n_allow_from; i++)
                if (address_prefix_contains(&limits->allow_from[i], from))
                        return true;
        return false;
}

/* Returns whether the socket is bound to a loopback address, and if so restricts it to that interface, which includes
 * packets that are already queued. If that fails, only the address of the sender is checked. */
static inline bool source_restrict(int fd)
{
        struct sockaddr_storage local = { 0 };
        socklen_t size = sizeof(local);
        Address a;

        if (getsockname(fd, (struct sockaddr *) &local, &size) < 0)
                return false;
        a = source_address(&local);
        if (!address_is_loopback(&a))
                return false;
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof("lo"));
        return true;
}
