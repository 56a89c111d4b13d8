/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The parts of a query: what query.c, which knows the clients, and those who know whom to ask have of each other.
 */

#include "core/query/query.h"

/*
 * QueryRoute: who is asked, and how. A query has one from its beginning to its end, and what that cannot answer is
 * asked of no other. Those that say "may end the query" leave it armed (query_arm) if they do not.
 */
struct QueryRoute {
        /* Nobody was asked yet. May end the query. */
        void (*start)(Query *q, uint64_t now);
        /* One more client: is there something under way that is good enough for him? May end the query. */
        void (*join)(Query *q, uint64_t now);
        /* The query's timer ran out, whatever for. May end the query. */
        void (*due)(Query *q, uint64_t now);
        /* When `due` has something to do; USEC_NEVER: nothing. */
        uint64_t (*next_time)(const Query *q);
        /* May an answer still come without another question? */
        bool (*under_way)(const Query *q);
        /* No client waits any longer: what was not sent need not be. */
        void (*unwanted)(Query *q, uint64_t now);
        /* The query ends: calls off all that is under way. */
        void (*cancel)(Query *q, uint64_t now);
        /* The clock jumped by `slept` in a suspend. */
        void (*shift)(Query *q, uint64_t slept);
        /* The extended error (RFC 8914) that says best why there is no answer, with a few words in `ret_text`. */
        int (*explain)(const Query *q, uint64_t now, char *ret_text, size_t size);
};

/* Is it worth asking for? If not, an answer that comes all the same is still good for the cache. */
static inline bool query_is_wanted(const Query *q)
{
        return !list_empty(&q->pending) || q->fetching;
}

/* Sets the timer to the earliest of what the query waits for. */
void query_arm(Query *q);

/* How long until the first client's deadline. */
uint64_t query_time_left(const Query *q, uint64_t now);

/* The answer, as old as `age` and good for `max_age` seconds at most (UINT32_MAX: for as long as it says). Ends the
 * query. */
void query_deliver(Query *q, const Message *answer, uint32_t age, uint32_t max_age, uint64_t now);

/* Nothing more can be done: the best that there is goes out, what is stale before `fallback`. Ends the query. */
void query_give_up(Query *q, uint64_t now);
