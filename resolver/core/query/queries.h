/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Queries: the table of questions in flight, in which each is found by whoever asks the same, and what happens to all
 * of them at once. Decides by the table of forwards which route a question takes.
 */

#include "core/query/query.h"

/* A question as the table knows it: folded name, type, class, RD, CD and DO. */
uint64_t queries_hash(const QueryCommon *common, const Message *m);

/* The one that is asked already and may be joined; NULL if there is none. */
Query *queries_find(const QueryCommon *common, const Message *m, uint64_t hash);

/* A new one, on its route, but not started; NULL when out of memory. */
Query *queries_add(QueryCommon *common, const Message *m, uint64_t hash, uint64_t now);

/* Takes the exchanges that are over off the outbox, until there are none: their queries go on or end. */
void queries_take_outcomes(QueryCommon *common, uint64_t now);

/* The answer to `x`, which is on no connection any longer, and is freed here. */
void queries_answered(QueryCommon *common, Exchange *x, const Message *answer, const HttpResponse *http, uint64_t now);

/* `forwards` holds from now on. What was not sent yet by a query that has to go elsewhere is not sent. */
void queries_set_forwards(QueryCommon *common, Forwards *forwards, uint64_t now);
/* And then these queries go there. The old table must live until after this. */
void queries_reroute(QueryCommon *common, uint64_t now);

/* Another network: Do53 servers are asked again. */
void queries_epoch(QueryCommon *common, uint64_t now);

/* The clock jumped by `slept` in a suspend. */
void queries_shift(QueryCommon *common, uint64_t slept);

/* Drops all of them, and the exchanges that are over; tells nobody. */
void queries_free_all(QueryCommon *common, uint64_t now);
