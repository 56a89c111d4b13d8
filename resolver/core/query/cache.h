/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Cache: whole answers by question, class, DO and CD. Keeps the wire image, without the sender's OPT and with TTLs as
 * of its arrival (HTTP's Age taken off, never above the limits); who takes it out patches a copy (reply.h). Ages by the
 * time it is handed, which is CLOCK_BOOTTIME, so that suspend counts. One ceiling in octets for everything, index and
 * bookkeeping included; eviction is O(1) and scan-resistant: names seen once give way before names seen again. Keyed
 * hashing (SipHash) with a secret from the seed. Pure.
 *
 * Two decisions. Names below one that does not exist are asked for all the same (RFC 8020 lets a cache say no itself):
 * the upstream has done that already where it holds, and what we keep is whole messages, whose proofs and names are
 * those of one question. And an answer to ANY serves for ANY only (RFC 8482).
 */

#include "core/base/packet.h"
#include "core/dns/message.h"

typedef struct Cache Cache;

/* What an answer is found by. `qname` in lower case. */
typedef struct CacheKey {
        Bytes qname;
        uint16_t qtype;
        uint16_t qclass;
        bool dnssec_ok;
        bool checking_disabled;
} CacheKey;

/* Times in usec. */
typedef struct CacheLimits {
        size_t size; /* octets, the ceiling */
        uint64_t max_ttl;
        uint64_t negative_max_ttl;
        uint64_t failure_min; /* 1 s: how long a failure is kept at first, doubled each time (RFC 9520 3.2) */
        uint64_t failure_max; /* 5 min */
        uint64_t stale_max;   /* how long beyond its TTL an answer is kept for serving stale; 0: not at all */
} CacheLimits;

typedef enum CacheResult {
        CACHE_MISS,
        CACHE_HIT,
        CACHE_STALE, /* there, but its TTL is over: only for when no upstream answers (RFC 8767) */
} CacheResult;

typedef struct CacheEntry {
        Bytes wire;        /* the answer, a whole and well-formed message; valid until the cache is next changed */
        uint32_t age;      /* seconds since it came: to take from its TTLs */
        uint32_t ttl_left; /* seconds; 0 when stale */
        Lifetime kind;
        bool prefetch;      /* hot, and in the last tenth of its life: due for a refresh. Said once per life */
        bool failed_lately; /* stale, and to ask anew has failed within the failure recheck time (RFC 8767 5): not yet
                               again */
} CacheEntry;

/* `seed`: 16 octets of secret for the hash. NULL when out of memory. */
Cache *cache_new(const CacheLimits *limits, const uint8_t seed[16]);
/* NULL is fine; always returns NULL. Wipes what it held. */
Cache *cache_free(Cache *c);
DEFINE_CLEANUP(Cache, cache_free)

/* Applies new limits, evicting what no longer fits. */
void cache_set_limits(Cache *c, const CacheLimits *limits);

CacheResult cache_get(Cache *c, const CacheKey *key, uint64_t now, CacheEntry *ret);

/*
 * Keeps `answer`, which answers `key`, if RFC 2308, 8767 and 9520 let it: not if signed, truncated, or negative without
 * SOA, and nothing larger than a tenth of the ceiling. `http_age` and `http_max_age` in seconds (UINT32_MAX: none came)
 * shorten its life (RFC 8484 5.1), that of a failure not below `failure_min`. NOERROR and NXDOMAIN replace what was
 * there even if they may not be kept themselves; a failure does not, it only makes what was there `failed_lately` (RFC
 * 8767 4). A positive answer that is still good stays if the new one would live no longer, and NXDOMAIN holds for its
 * own type only while records of another type are known. `epoch_bound`: belongs to this network, see
 * cache_flush_network. Returns true if it was kept.
 */
bool cache_put(Cache *c, const CacheKey *key, const Message *answer, uint32_t http_age, uint32_t http_max_age,
               bool epoch_bound, uint64_t now);

/* Failures are of no account any longer: the network or an upstream is another, or well again. */
void cache_forget_failures(Cache *c);

/* Drops everything, or everything that was kept with `epoch_bound`. What is dropped is wiped. */
void cache_flush(Cache *c);
void cache_flush_network(Cache *c);

typedef struct CacheStats {
        uint64_t entries;
        uint64_t octets; /* never above CacheLimits.size */
        uint64_t hits, misses, stale, inserts, evictions;
} CacheStats;

CacheStats cache_stats(const Cache *c);
/* Counts start at 0 again; entries and octets are what they are. */
void cache_reset_counts(Cache *c);
