/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The interface between query.c, which handles clients, and the routes (query_doh.c, query_do53.c), which handle the
 * servers.
 */

#include "core/query/query.h"

/*
 * QueryRoute: how a query is sent. A query has one route at a time; if that has no answer, no other route is tried. A
 * function that says "may end the query" either frees it or arms it (query_arm).
 */
struct QueryRoute {
        /* Starts the first attempt. May end the query. */
        void (*start)(Query *q, uint64_t now);
        /* Handles a further client: starts another attempt unless one in flight may still answer in time. May end
         * the query. */
        void (*join)(Query *q, uint64_t now);
        /* Handles the expiry of the query's timer, for whatever reason. May end the query. */
        void (*due)(Query *q, uint64_t now);
        /* Returns the time of the next call of `due`, or USEC_NEVER. */
        uint64_t (*next_time)(const Query *q);
        /* Returns true if an exchange in flight may still be answered. */
        bool (*under_way)(const Query *q);
        /* Drops what has not been sent: no client is pending any more. */
        void (*unwanted)(Query *q, uint64_t now);
        /* Cancels all exchanges: the query ends or changes its route. */
        void (*cancel)(Query *q, uint64_t now);
        /* Moves times by `slept` usec after a suspend. */
        void (*shift)(Query *q, uint64_t slept);
        /* Returns the extended error (RFC 8914) that explains best why there is no answer, with a text of at most
         * `size` bytes, including the final NUL, in `ret_text`. */
        int (*explain)(const Query *q, uint64_t now, char *ret_text, size_t size);
};

/* Returns true if there is a reason to send more. If not, an answer that arrives is still cached. */
static inline bool query_is_wanted(const Query *q)
{
        return !list_empty(&q->pending) || q->fetching;
}

/* Replaces the fallback by `answer`, whose reference it takes; NULL: none. */
void query_set_fallback(Query *q, Packet *answer);

/* Sets the timer to the earliest of the query's times. */
void query_arm(Query *q);

/* Returns the time in usec until the earliest deadline of a client. */
uint64_t query_time_left(const Query *q, uint64_t now);

/* Returns true if the query has failed for lack of a route that is expected to appear (outbox_await_network()), and
 * there is nothing to answer it with now: it waits inside its deadline. */
bool query_awaits_network(const Query *q, uint64_t now);

/* Caches `answer` and sends it to all clients. It is `age` seconds old and fresh for `max_age` seconds at most
 * (UINT32_MAX: as its TTLs say). Frees the query. */
void query_deliver(Query *q, const Message *answer, uint32_t age, uint32_t max_age, uint64_t now);

/* Ends the query without a new answer: sends a stale answer, `fallback` or SERVFAIL, the first that there is. Frees
 * the query. */
void query_give_up(Query *q, uint64_t now);
