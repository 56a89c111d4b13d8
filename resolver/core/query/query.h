/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Query: one question in flight, for all clients that ask it, from its arrival through attempts, hedges and retries to
 * the answer. Each client has its own deadline and is answered exactly once.
 *
 * QueryCommon owns it through the table of queries.h. A function that says "may free the query" does so if the query
 * has ended. Failures are reported as FailureReason. Times are usec of CLOCK_BOOTTIME.
 */

#include "core/query/query_common.h"

#define QUERY_ATTEMPTS_MAX 16 /* exchanges for one query, with all upstreams together */
#define QUERY_TRIED_MAX QUERY_ATTEMPTS_MAX

typedef struct PendingClient {
        List in_query;
        Client client;
        ReplyTarget target;
        uint64_t arrived;
        uint64_t deadline;
        uint16_t source; /* client_quota_source() */
        uint16_t question_size;
        uint8_t question[]; /* question section, with the client's spelling */
} PendingClient;

typedef struct QueryRoute QueryRoute;

struct Query {
        QueryCommon *common;
        const QueryRoute *route; /* query_internal.h */
        uint64_t hash;
        struct Query *next; /* chain of the table */
        bool shared;        /* others may join, and the answer may be cached: not signed (TSIG, SIG(0)) */
        bool dnssec_ok;
        uint16_t flags;  /* RD and CD */
        Packet *wire;    /* the message that is sent upstream */
        Message message; /* the question of `wire` */
        List pending;
        List exchanges;   /* with upstreams: query_doh.c */
        Forward *forward; /* the forward whose servers are asked, as in the table of forwards; NULL: the upstreams are
                             asked */
        struct {
                List exchanges;    /* with servers of `forward`: query_do53.c */
                Do53Server *asked; /* the server asked last */
                uint64_t asked_at;
                uint32_t tried;   /* servers asked in this round, one bit each */
                uint64_t next_at; /* time to ask another server */
        } do53;
        uint32_t tried[QUERY_TRIED_MAX]; /* handles of the upstreams tried in this round */
        unsigned n_tried;
        unsigned attempts;
        unsigned rounds;       /* completed rounds through all upstreams or servers */
        bool resent;           /* the one free retry has been used */
        bool fetching;         /* continue without clients: a prefetch or a refresh */
        bool withheld;         /* `fallback` is the answer, once the page of a portal was looked at (portal.h) */
        FailureReason failure; /* the last failure */
        uint32_t answered_by;  /* handle of the upstream that answered last */
        Packet *fallback;      /* an answer to deliver if no better one arrives */
        uint64_t born;
        uint64_t hedge_at, retry_at, stale_at, end_at; /* USEC_NEVER: none */
        Timer timer;
};

/* Creates a query for the question of `m`, in no table. Borrows `common` and `forward`, which may be NULL. Returns
 * NULL if out of memory. */
Query *query_new(QueryCommon *common, const Message *m, Forward *forward, const QueryRoute *route, uint64_t now);
/* Frees the query, cancels its exchanges and drops its clients without an answer. Accepts NULL, and returns NULL. */
Query *query_free(Query *q, uint64_t now);

/* Adds a client and takes a slot of the quota for `source` (client_quota.h), which must have one. Returns false if
 * out of memory. */
bool query_join(Query *q, const Client *client, uint16_t source, const Message *m, Transport transport, uint64_t now);

/* Call this after query_join() on an existing query: sets the timer, and starts another attempt if those in flight
 * are of no use to the new client. May free the query. */
void query_joined(Query *q, uint64_t now);

/* Makes the query continue without clients. */
void query_fetch(Query *q);

/* Starts the first attempt. May free the query. */
void query_start(Query *q, uint64_t now);

/* Drops what has not been sent, ahead of query_reroute(). */
void query_withdraw(Query *q, uint64_t now);
/* Cancels all exchanges, and starts again on another route. May free the query. */
void query_reroute(Query *q, Forward *forward, const QueryRoute *route, uint64_t now);

/* Moves deadlines and timers by `slept` usec after a suspend. */
void query_shift(Query *q, uint64_t slept);
