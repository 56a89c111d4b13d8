/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Socket addresses: what all sockets to servers have in common: the kernel's form of an address, and the failure behind
 * its errors.
 */

#include <sys/socket.h>

#include "core/base/address.h"
#include "core/health/failure.h"

/* False if the interface of a link-local address is not there. */
bool sockaddr_from_address(const Address *a, struct sockaddr_storage *ret);

/* This machine no longer has the address: what is sent to it gets lost. False if nobody can tell. */
bool sockaddr_is_gone(const struct sockaddr *local, socklen_t size);

/* A negative errno of connecting or sending. `at_once`: said by the kernel itself, before a packet left. */
FailureReason failure_from_errno(int error, bool at_once);
