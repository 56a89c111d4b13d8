/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Cache: stores whole answers by name, type, class, DO and CD. An entry is the answer in wire format, without the
 * sender's OPT, and with the TTLs at its arrival, reduced by the Age of HTTP and bounded by the limits. reply.h patches
 * a copy when it is served.
 *
 * A single limit in bytes covers everything, including the index. Eviction is O(1) and scan-resistant: names seen once
 * are evicted before names seen again. Hashes are keyed (SipHash) with a secret seed. Times are usec of CLOCK_BOOTTIME,
 * so suspended time counts.
 *
 * A name below a nonexistent one is still asked for, although RFC 8020 allows the cache to deny it: the upstream does
 * that already where it applies, and the cached message has the proofs and names of another question. An answer to ANY
 * is used for ANY only (RFC 8482).
 */

#include "core/base/list.h"
#include "core/base/packet.h"
#include "core/dns/message.h"

typedef struct Cache Cache;

/* The key of an entry. `qname` is borrowed, and in lower case. */
typedef struct CacheKey {
        Bytes qname;
        uint16_t qtype;
        uint16_t qclass;
        bool dnssec_ok;
        bool checking_disabled;
} CacheKey;

/* Limits; times are in usec. */
typedef struct CacheLimits {
        size_t size; /* bytes, for everything */
        uint64_t max_ttl;
        uint64_t negative_max_ttl;
        uint64_t failure_min; /* 1 s: the first lifetime of a failure; doubles with each repetition (RFC 9520 3.2) */
        uint64_t failure_max; /* 5 min: the longest one */
        uint64_t stale_max;   /* how long an answer is kept beyond its TTL (RFC 8767); 0: not at all */
} CacheLimits;

typedef enum CacheResult {
        CACHE_MISS,
        CACHE_HIT,
        CACHE_STALE, /* the TTL has expired: served only if no upstream answers (RFC 8767) */
} CacheResult;

typedef struct CacheEntry {
        Bytes wire;        /* the answer, well-formed; valid until the cache is next changed */
        uint32_t age;      /* seconds in the cache, to subtract from the TTLs */
        uint32_t ttl_left; /* seconds; 0 when stale */
        Lifetime kind;
        bool prefetch; /* in use, and in the last tenth of its lifetime: due for a refresh. Set once per lifetime */
        bool failed_lately; /* stale, and a refresh has failed within the failure recheck time (RFC 8767 5) */
} CacheEntry;

/* Creates a cache; `seed` is the secret key of the hashes. Returns NULL if out of memory. */
Cache *cache_new(const CacheLimits *limits, const uint8_t seed[16]);
/* Wipes and frees the cache. Accepts NULL, and returns NULL. */
Cache *cache_free(Cache *c);
DEFINE_CLEANUP(Cache, cache_free)

/* Applies new limits, and evicts what no longer fits. If out of memory, keeps the old index. */
void cache_set_limits(Cache *c, const CacheLimits *limits);

CacheResult cache_get(Cache *c, const CacheKey *key, uint64_t now, CacheEntry *ret);

/*
 * Stores `answer` for `key` if RFC 2308, 8767 and 9520 permit it. Signed and truncated answers, negative answers
 * without SOA, and answers larger than a tenth of the limit are not stored. `http_age` and `http_max_age` (seconds;
 * UINT32_MAX: none) shorten the lifetime (RFC 8484 5.1), but that of a failure not below `failure_min`.
 *
 * NOERROR and NXDOMAIN replace an existing entry even if they are not stored themselves. A failure does not: it sets
 * `failed_lately` of the existing entry (RFC 8767 4). A fresh positive answer is kept if the new one would not live
 * longer. NXDOMAIN applies to its own type only while records of another type are known.
 *
 * With `epoch_bound`, the entry is valid in the current network only: see cache_flush_network(). Returns true if the
 * answer was stored.
 */
bool cache_put(Cache *c, const CacheKey *key, const Message *answer, uint32_t http_age, uint32_t http_max_age,
               bool epoch_bound, uint64_t now);

/* Invalidates all failures: the network or the state of an upstream has changed. */
void cache_forget_failures(Cache *c);

/* Wipe and free all entries, or those with `epoch_bound`. */
void cache_flush(Cache *c);
void cache_flush_network(Cache *c);
/* Wipes and frees the entries of the names for which `matches` returns true. */
void cache_flush_names(Cache *c, bool (*matches)(const void *userdata, Bytes name), const void *userdata);

/*
 * An answer on its way from one cache to the next: see cache_image.h. The key is that of its question, except that a
 * name that does not exist may answer all types.
 */
typedef struct CacheRecord {
        Bytes wire;
        uint64_t age;  /* usec since it arrived */
        uint32_t life; /* seconds; its whole lifetime */
        uint8_t hits;  /* recent uses, which put off its eviction */
        bool main;     /* was used before, and is evicted later */
        bool all_types;
        bool dnssec_ok, checking_disabled;
} CacheRecord;

/* Finds the next answer to hand over, which cache_drop_next() then drops; false: there is none. Drops what is not
 * handed over: failures, and what is valid in the current network only. `wire` is valid until the cache is changed. */
bool cache_next(Cache *c, uint64_t now, CacheRecord *ret);
void cache_drop_next(Cache *c);

/*
 * Stores an answer that another cache has handed over. It is checked like one from an upstream, the limits apply as if
 * it had arrived under them, and what is known already is kept. Returns true if it was stored.
 */
bool cache_restore(Cache *c, const CacheRecord *record, uint64_t now);

/* An iterator over the answers that are fresh, those first that are evicted last. The cache must not be changed
 * meanwhile.
 */
typedef struct CacheWalk {
        const Cache *cache;
        const List *at; /* the last entry; NULL: none yet */
        bool small;     /* in the queue of new entries */
} CacheWalk;

typedef struct CacheItem {
        Bytes wire;     /* the answer */
        Bytes qname;    /* in lower case */
        uint16_t qtype; /* TYPE_ANY if the name does not exist */
        uint16_t qclass;
        uint64_t expires; /* usec */
} CacheItem;

/* Returns false after the last one. */
bool cache_walk_next(CacheWalk *w, CacheItem *ret, uint64_t now);

typedef struct CacheStats {
        uint64_t entries;
        uint64_t bytes; /* never above CacheLimits.size */
        uint64_t hits, misses, stale, inserts, evictions;
} CacheStats;

CacheStats cache_stats(const Cache *c);
/* Resets the counts, but not `entries` and `bytes`, which describe the present. */
void cache_reset_counts(Cache *c);
