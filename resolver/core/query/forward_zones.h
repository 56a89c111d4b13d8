/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Forward: Do53 servers for the names of some domains, and for no others: split DNS. What is known of a server is what
 * queries have found out; there are no probes and no timers. The table of all forwards says where a name goes.
 */

#include "core/config/config.h"

typedef struct Do53Server {
        Address address;
        uint64_t resting_until; /* usec; it failed: asked after the others until then */
        uint64_t no_edns_until; /* usec; it does not know EDNS: asked without until then */
} Do53Server;

typedef struct Forward {
        unsigned refs;
        Config *owner;
        const ForwardConfig *config;
        size_t good; /* the server that answered last, which is asked first */
        size_t n_servers;
        Do53Server servers[];
} Forward;

typedef struct Forwards Forwards;

/*
 * The table for `config`, to which it takes references. Forwards that did not change are those of `before` (may be
 * NULL), and *ret_changed says whether any did. NULL when out of memory.
 */
Forwards *forwards_new(Config *config, const Forwards *before, bool *ret_changed);
/* NULL is fine; always returns NULL. */
Forwards *forwards_free(Forwards *f);
DEFINE_CLEANUP(Forwards, forwards_free)

/* Whose domain `name` is in, the longest one if there are several; NULL: nobody's, the upstreams are asked. O(labels
 * log domains). */
Forward *forwards_find(const Forwards *f, Bytes name);

/* Another network: what was found out of servers is forgotten. */
void forwards_forget(Forwards *f);
