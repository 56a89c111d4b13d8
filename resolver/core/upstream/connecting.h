/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Connecting: connects to an upstream, trying its addresses in turn. The next address is tried when the previous one
 * fails or takes too long (RFC 8305 5). There is one Connecting per upstream; exchanges that need a connection
 * meanwhile wait for it.
 *
 * The upstream owns it. Its functions return the failure once all addresses have failed; if there is no memory for a
 * connection, it posts a Notice. Times are usec of CLOCK_BOOTTIME.
 */

#include "core/upstream/connection.h"

typedef struct Connecting {
        ConnectionPool *pool;
        bool active;
        Purpose purpose;
        uint64_t started_at;
        uint64_t deadline;    /* for TCP and TLS, all addresses together */
        size_t tried;         /* addresses tried so far */
        size_t first;         /* index of the address that worked last */
        bool established;     /* TCP is established on an address */
        FailureReason reason; /* the most informative failure so far */
        Timer timer;          /* expires in the owner, which calls connecting_due() */
        Notice notice;        /* NOTICE_CONNECTING_FAILED */
} Connecting;

void connecting_init(Connecting *k, ConnectionPool *pool, void (*due)(Timer *t, uint64_t now));

/* Starts with the first address. Must not be active. */
void connecting_start(Connecting *k, Purpose purpose, uint64_t now);

/* Changes what it is for: a probe or trial takes over the attempt of a query. */
void connecting_set_purpose(Connecting *k, Purpose purpose);

/* Notes that address number `address` works, which is tried first from now on. */
void connecting_prefer(Connecting *k, size_t address);

/* Stops, and closes the connections that are not ready. Does nothing if not active. */
void connecting_stop(Connecting *k);

/* Tries the next address when the timer expires. Returns the failure if the deadline has passed, or FAILURE_NONE. */
FailureReason connecting_due(Connecting *k, uint64_t now);

/* Returns the failure at the deadline. */
FailureReason connecting_expired(const Connecting *k);

/* Closes `c`, whose attempt failed, and tries the next address. Returns the failure if all addresses have failed, or
 * FAILURE_NONE. */
FailureReason connecting_attempt_failed(Connecting *k, Connection *c, FailureReason reason, uint64_t now);

/* Notes that TCP is established on `c`. */
void connecting_established(Connecting *k, const Connection *c, uint64_t now);
