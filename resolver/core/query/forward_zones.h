/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Forward: the Do53 servers (RFC 9499) for the names in some domains, which is split DNS. The state of a server is what
 * queries have found out; there are no probes and no timers. Forwards is the table of all, which finds the one for a
 * name.
 *
 * The engine owns the table, tables share the Forwards that a reload does not change. Times are usec of CLOCK_BOOTTIME.
 */

#include "core/config/config.h"

typedef struct Do53Server {
        Address address;
        uint64_t resting_until; /* failed: asked after the others until this time */
        uint64_t no_edns_until; /* does not support EDNS: asked without OPT until this time */
} Do53Server;

typedef struct Forward {
        unsigned refs;
        Config *owner;
        const ForwardConfig *config;
        size_t good; /* index of the server that answered last, which is asked first */
        size_t n_servers;
        Do53Server servers[];
} Forward;

typedef struct Forwards Forwards;

/*
 * Creates the table for `config`, and takes references to `config`. Unchanged forwards are shared with `before`, which
 * may be NULL. Sets *ret_changed to whether any changed. Returns NULL if out of memory.
 */
Forwards *forwards_new(Config *config, const Forwards *before, bool *ret_changed);
/* Frees the table. Accepts NULL, and returns NULL. */
Forwards *forwards_free(Forwards *f);
DEFINE_CLEANUP(Forwards, forwards_free)

/* Returns the forward with the longest domain that contains `name`, or NULL if the upstreams are to be asked. The
 * result is owned by the table. Takes O(labels log domains). */
Forward *forwards_find(const Forwards *f, Bytes name);

/* Forgets the state of all servers: the network changed. */
void forwards_forget(Forwards *f);
