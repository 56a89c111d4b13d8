/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Query: one question in flight, for all clients that ask it: from arrival over its attempts, hedges and retries to the
 * answer. Each client waits until its own deadline and is answered exactly once.
 */

#include "core/query/query_common.h"

#define QUERY_TRIED_MAX CONFIG_UPSTREAMS_MAX
#define QUERY_ATTEMPTS_MAX 16 /* exchanges for one question, all upstreams together */

typedef struct PendingClient {
        List in_query;
        Client client;
        ReplyTarget target;
        uint64_t arrived;
        uint64_t deadline;
        uint16_t source; /* in core/query/client_quota.h */
        uint16_t question_size;
        uint8_t question[]; /* its question section, as spelled */
} PendingClient;

typedef struct QueryRoute QueryRoute;

struct Query {
        QueryCommon *common;
        const QueryRoute *route; /* who is asked: query_parts.h */
        uint64_t hash;
        struct Query *next; /* in the table */
        bool shared;        /* in the table: others may join, the answer may be cached */
        bool dnssec_ok;
        uint16_t flags;  /* RD and CD */
        Packet *wire;    /* what goes upstream */
        Message message; /* a view of it */
        List pending;
        List exchanges;   /* with upstreams */
        Forward *forward; /* whose servers are asked; NULL: the upstreams. Always as the table of forwards has it */
        struct {
                List exchanges;    /* with servers of `forward` */
                Do53Server *asked; /* the last */
                uint32_t tried;    /* servers, in this round: a bit each */
                uint64_t next_at;  /* usec; when it is time to ask another */
        } do53;
        uint32_t tried[QUERY_TRIED_MAX]; /* numbers of upstreams, in this round */
        unsigned n_tried;
        unsigned attempts;
        unsigned rounds;       /* how often all upstreams or servers were tried */
        bool resent;           /* the one free retry is used */
        bool fetching;         /* worth finishing with no client waiting: a prefetch, or a refresh */
        FailureReason failure; /* the last */
        Packet *fallback;      /* an answer that is delivered if no better one comes */
        uint64_t born;
        uint64_t hedge_at, retry_at, stale_at, end_at; /* usec, or USEC_NEVER */
        Timer timer;
};

/* A question of a client, in no table yet; NULL when out of memory. `forward`, `route`: who is asked. */
Query *query_new(QueryCommon *common, const Message *m, Forward *forward, const QueryRoute *route, uint64_t now);
/* Drops it with all that waits; tells nobody. NULL is fine; always returns NULL. */
Query *query_free(Query *q, uint64_t now);

/* One more client, of that source (client_quota.h), for which there is a slot; false when out of memory. */
bool query_join(Query *q, const Client *client, uint16_t source, const Message *m, Transport transport, uint64_t now);

/* After query_join() on a query that was there: sees to its timer, and to an attempt that can still help. */
void query_joined(Query *q, uint64_t now);

/* The first attempt. The query may be gone afterwards. */
void query_start(Query *q, uint64_t now);

/* It has to go elsewhere now: what was not sent yet is not sent, */
void query_withdraw(Query *q, uint64_t now);
/* and then it goes there. The query may be gone afterwards. */
void query_reroute(Query *q, Forward *forward, const QueryRoute *route, uint64_t now);

/* The clock jumped by `slept` in a suspend: deadlines move along. */
void query_shift(Query *q, uint64_t slept);
