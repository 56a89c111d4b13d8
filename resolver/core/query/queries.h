/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Queries: the table of queries in flight, where an identical question finds the one to join, and the operations on all
 * of them. Chooses the route of a query by the table of forwards. QueryCommon owns the queries. Times are usec of
 * CLOCK_BOOTTIME.
 */

#include "core/query/query.h"

/* Returns the forward whose servers are asked for `name` now: that of a [Forward] section, or the servers of the link
 * (portal.h). NULL: the upstreams are asked. */
Forward *queries_find_forward(const QueryCommon *common, const Message *m, uint64_t now);

/* Returns the hash of a question: name in lower case, type, class, RD, CD and DO. */
uint64_t queries_hash(const QueryCommon *common, const Message *m);

/* Returns the query with the same question that may be joined, or NULL. */
Query *queries_find(const QueryCommon *common, const Message *m, uint64_t hash);

/* Creates a query and chooses its route, without starting it. Returns NULL if out of memory. */
Query *queries_add(QueryCommon *common, const Message *m, uint64_t hash, uint64_t now);

/* Takes all finished exchanges from the outbox. Their queries continue or end. */
void queries_take_outcomes(QueryCommon *common, uint64_t now);

/* Passes the answer of `x` to its query, and frees `x`, which was released from its connection. */
void queries_answered(Exchange *x, const Message *answer, const HttpResponse *http, uint64_t now);

/* Takes ownership of `forwards`, which apply from now on. Queries that change their route drop what they have not
 * sent. */
void queries_set_forwards(QueryCommon *common, Forwards *forwards, uint64_t now);
/* Moves these queries to their new route. The caller frees the previous table afterwards. */
void queries_reroute(QueryCommon *common, uint64_t now);

/* Asks the Do53 servers again: the network changed. */
void queries_epoch(QueryCommon *common, uint64_t now);

/* The page of a portal was looked at: passes it to the portal, and delivers the answers that were withheld for it. */
void queries_on_portal_page(QueryCommon *common, uint32_t look, Bytes response, uint64_t now);

/* Moves all times by `slept` usec after a suspend. */
void queries_shift(QueryCommon *common, uint64_t slept);

/* Frees all queries and the finished exchanges, without answering clients. */
void queries_free_all(QueryCommon *common, uint64_t now);
