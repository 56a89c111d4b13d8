/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Socket addresses: the kernel's form of an address, and the failures that its errors stand for. Shared by all sockets
 * to servers.
 */

#include <sys/socket.h>

#include "core/base/address.h"
#include "core/health/failure.h"

/* Returns false if the interface of a link-local address does not exist. */
bool sockaddr_from_address(const Address *a, struct sockaddr_storage *ret);

/* Returns the index of the interface of the address; 0 if it has none, or there is none of that name. */
unsigned sockaddr_ifindex(const Address *a);

/* Sends what leaves the socket, which is not connected yet, over that interface. A stream is bound to it, because its
 * route heeds no other option; that needs no capability. Returns 0 or a negative errno. */
int sockaddr_use_interface(int fd, int family, int type, unsigned ifindex);

/* Returns whether the socket's local address was removed from this machine, so that nothing reaches it any more.
 * Returns false if that is unknown. */
bool sockaddr_is_gone(const struct sockaddr *local, socklen_t size);

/* Maps a negative errno of connecting or sending. `at_once`: the kernel returned it before a packet was sent. */
FailureReason failure_from_errno(int error, bool at_once);
