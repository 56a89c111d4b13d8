/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Answer cache: the policy between queries and the cache. Decides whether and how a cached answer is served, fresh,
 * stale (RFC 8767) or failed (RFC 9520), and what is stored of an answer or a failure.
 *
 * Works without a cache as well: lookups find nothing then. Storing fails silently if out of memory. Times are usec of
 * CLOCK_BOOTTIME.
 */

#include "core/query/query_common.h"

typedef struct CachedAnswer {
        Message answer;       /* view; valid until the cache is next changed */
        ReplyOptions options; /* how to write the reply */
        bool failure;         /* a cached failure (RFC 9520) */
        bool stale;           /* the TTL has expired (RFC 8767) */
        bool serve_now; /* serve without asking the upstreams: it is fresh, a failure, or its refresh failed recently */
        bool prefetch;  /* refresh in the background as well */
} CachedAnswer;

/* Looks up `key`. Returns false if there is no cache, no entry, or only a stale one while serving stale is disabled. */
bool answer_cache_lookup(QueryCommon *common, const CacheKey *key, uint64_t now, CachedAnswer *ret);

/* Stores `answer` for `key`. It is `age` seconds old and fresh for `max_age` seconds at most (UINT32_MAX: as its
 * TTLs say). With `epoch_bound`, it is valid in the current network only. */
void answer_cache_store(QueryCommon *common, const CacheKey *key, const Message *answer, uint32_t age, uint32_t max_age,
                        bool epoch_bound, uint64_t now);

/*
 * Stores that `key`, with the `flags` of its question, was not answered in time although an upstream is usable. The
 * failure is kept for one second, the minimum of RFC 9520 3.2, and not longer after each repetition: the path may have
 * been the cause, and a query after its recovery must be answered within a second. Do not call this if no upstream is
 * usable: then health rejects queries, and they must not fail any longer than that.
 */
void answer_cache_store_failure(QueryCommon *common, const CacheKey *key, uint16_t flags, bool epoch_bound,
                                uint64_t now);
