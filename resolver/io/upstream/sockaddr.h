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

/* Returns whether the socket's local address was removed from this machine, so that nothing reaches it any more.
 * Returns false if that is unknown. */
bool sockaddr_is_gone(const struct sockaddr *local, socklen_t size);

/* Maps a negative errno of connecting or sending. `at_once`: the kernel returned it before a packet was sent. */
FailureReason failure_from_errno(int error, bool at_once);
