/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Connecting: making a connection to an upstream over its addresses in turn, the next when the one before fails or
 * keeps us waiting (RFC 8305 5); one attempt at a time per upstream, and whoever needs a connection meanwhile joins it.
 * Whose turn it is, is told to the owner: by what these functions return, and where there was not even memory to begin,
 * by a Notice.
 */

#include "core/upstream/connection.h"

typedef struct Connecting {
        ConnectionPool *pool;
        bool active;
        Purpose purpose;
        uint64_t started_at;  /* usec */
        uint64_t deadline;    /* usec; TCP and TLS, all addresses together */
        size_t tried;         /* addresses */
        size_t first;         /* the address that worked last */
        bool established;     /* TCP came up on one of them */
        FailureReason reason; /* the most telling so far */
        Timer timer;          /* its callback is the owner's, who calls connecting_due() */
        Notice notice;        /* NOTICE_CONNECTING_FAILED */
} Connecting;

void connecting_init(Connecting *k, ConnectionPool *pool, void (*due)(Timer *t, uint64_t now));

/* Begins, with the first address. Must not be active. */
void connecting_start(Connecting *k, Purpose purpose, uint64_t now);

/* Ends it, with the connections that are not ready; one that is ready stays. Fine where it is not active. */
void connecting_stop(Connecting *k);

/* Its timer ran out: goes to the next address. Returns what connecting has failed with, or FAILURE_NONE: it goes on. */
FailureReason connecting_due(Connecting *k, uint64_t now);

/* What it has failed with if no more time is given. */
FailureReason connecting_expired(const Connecting *k);

/* The attempt `c` came to nothing, and is closed here. Returns what connecting has failed with, or FAILURE_NONE: it
 * goes on, or was over already. */
FailureReason connecting_attempt_failed(Connecting *k, Connection *c, FailureReason reason, uint64_t now);

/* TCP is up on `c`. */
void connecting_established(Connecting *k, const Connection *c, uint64_t now);
