/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * ClientSource: the addresses that queries are accepted from (FAULTS.md C15). A socket on a loopback address is for
 * programs on this machine that query from a loopback address, and the kernel is told to accept packets over the
 * loopback interface only. Any other address was opened by the administrator, for every client that reaches it.
 */

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/base.h"

static inline bool source_is_loopback(const struct sockaddr_storage *a)
{
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;

        memcpy(&v4, a, sizeof(v4));
        memcpy(&v6, a, sizeof(v6));
        if (a->ss_family == AF_INET)
                return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
        return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) && v6.sin6_addr.s6_addr[12] == 127);
}

/* Returns whether the socket is bound to a loopback address, and if so restricts it to that interface, which includes
 * packets that are already queued. If that fails, only the address of the sender is checked. */
static inline bool source_restrict(int fd)
{
        struct sockaddr_storage local = { 0 };
        socklen_t size = sizeof(local);

        if (getsockname(fd, (struct sockaddr *) &local, &size) < 0 || !source_is_loopback(&local))
                return false;
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof("lo"));
        return true;
}
