/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Holder: which process has bound an address, from /proc/net and /proc/PID/fd. Only root can look into the processes of
 * other users; anybody can see which user a socket belongs to.
 */

#include <sys/types.h>

#include "core/base/address.h"

typedef struct Holder {
        uid_t user;    /* owner of the socket */
        pid_t process; /* 0: unknown */
        char name[32]; /* of the process, if it is known */
} Holder;

/* Looks for a socket that receives queries to `address`, over UDP or TCP; false if there is none. */
bool holder_find(const Address *address, Holder *ret);
