/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Listeners: all sockets on which clients query: those that the service manager passes, or those of Listen=. An address
 * whose interface does not exist yet is bound later.
 */

#include "io/client/listener.h"
#include "passed.h"

typedef struct Listeners {
        uv_loop_t *loop;
        ListenerQuery query;
        void *userdata;
        Listener **all;
        size_t n;
        ListenerLimits limits;
        ListenerStats stats;
        Address *absent;
        size_t n_absent;
        uint64_t retry_at, retry_gap;
} Listeners;

void listeners_init(Listeners *l, uv_loop_t *loop, ListenerQuery query, void *userdata);
/* Closes the sockets; the memory is used until the loop has ended. */
void listeners_close(Listeners *l);
void listeners_deinit(Listeners *l);

/* Opens all. Logs errors. Returns 0, or the exit status. */
int listeners_start(Listeners *l, const Passed *passed, const Config *config, uint64_t now);

/* `config` must outlive its use here. */
void listeners_set_limits(Listeners *l, const Config *config);

/* Binds the addresses that could not be bound, if that is due. */
void listeners_retry(Listeners *l, uint64_t now);
/* Makes it due: interfaces have changed. */
void listeners_retry_soon(Listeners *l);
/* Returns when it is due; USEC_NEVER if there is none. */
uint64_t listeners_next_time(const Listeners *l);

/* Returns the UDP socket on that address, or NULL. */
Listener *listeners_find_udp(const Listeners *l, const Address *address);

/* Returns the addresses of the UDP sockets as a list with blanks, which the caller frees. NULL if out of memory. */
char *listeners_addresses(const Listeners *l);

/* Stops reading. */
void listeners_stop(Listeners *l);
/* Returns whether everything that was read has been passed on, and all answers are written. */
bool listeners_are_done(const Listeners *l);
