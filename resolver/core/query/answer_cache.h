/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Answer cache: between queries and the cache. What is known of a question and how that is told, fresh, stale or
 * failed, in one place; and what is remembered of an answer, or of getting none.
 */

#include "core/query/query_common.h"

typedef struct CachedAnswer {
        Message answer;       /* valid until the cache is next changed */
        ReplyOptions options; /* how it is told */
        bool failure;         /* asking has failed a moment ago (RFC 9520) */
        bool stale;           /* over its TTL (RFC 8767) */
        bool serve_now;       /* not to be asked for anew: what is fresh, failures, and what failed lately */
        bool prefetch;        /* to be asked for anew all the same, behind the client's back */
} CachedAnswer;

/* False if nothing is known, or there is no cache, or what is stale may not be served. */
bool answer_cache_lookup(QueryCommon *common, const CacheKey *key, uint64_t now, CachedAnswer *ret);

/* `answer` came for `key`, as old as `age` and good for `max_age` seconds at most (UINT32_MAX: for as long as it says).
 * `epoch_bound`: it is of this network only. */
void answer_cache_store(QueryCommon *common, const CacheKey *key, const Message *answer, uint32_t age, uint32_t max_age,
                        bool epoch_bound, uint64_t now);

/*
 * Nobody answered `key` in time, though somebody is well: asking again at once would be no better. Kept for a second,
 * the least that RFC 9520 3.2 asks for, and not longer each time: it may as well have been the way there, and who comes
 * back from that is to be answered within a second. `flags`: those of the question. Where no upstream is well, its
 * health keeps queries from it, and nothing is to be kept here.
 */
void answer_cache_store_failure(QueryCommon *common, const CacheKey *key, uint16_t flags, bool epoch_bound,
                                uint64_t now);
