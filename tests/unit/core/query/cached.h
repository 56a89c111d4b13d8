/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Cached: a cache by itself, answers to put there, and a clock that is the test's. */

#include <check.h>
#include <stdio.h>

#include "core/query/cache.h"
#include "wire_builder.h"

#define SEC USEC_PER_SEC
#define HOUR USEC_PER_HOUR

static const CacheLimits limits = {
        .size = 1 << 20,
        .max_ttl = 24 * HOUR,
        .negative_max_ttl = HOUR,
        .failure_min = SEC,
        .failure_max = 300 * SEC,
        .stale_max = 24 * HOUR,
};
static const uint8_t seed[16] = "0123456789abcde";

static Cache *cache;
static uint64_t now;
static Wire w;
static CacheEntry got;
static Message answer;

static inline void start(void)
{
        cache = cache_new(&limits, seed);
        now = 1000 * SEC;
}

static inline void stop(void)
{
        cache_free(cache);
}

static inline CacheKey www(uint16_t qtype)
{
        return (CacheKey) { .qname = BYTES(WWW, sizeof(WWW)), .qtype = qtype, .qclass = CLASS_IN };
}

static inline bool put_as(CacheKey key, uint32_t age, uint32_t max_age)
{
        Message m;

        ck_assert_int_eq(message_parse(&m, wire_bytes(&w)), MESSAGE_OK);
        return cache_put(cache, &key, &m, age, max_age, false, now);
}

/* Keeps `w`, for the type that it asks. */
static inline bool put(void)
{
        Message m;

        message_parse(&m, wire_bytes(&w));
        return put_as(www(m.qtype), 0, UINT32_MAX);
}

static inline CacheResult get_as(CacheKey key)
{
        CacheResult r = cache_get(cache, &key, now, &got);

        if (r != CACHE_MISS)
                ck_assert_int_eq(message_parse(&answer, got.wire), MESSAGE_OK);
        return r;
}

static inline CacheResult get(uint16_t qtype)
{
        return get_as(www(qtype));
}

static inline void data(uint16_t qtype, uint32_t ttl)
{
        wire_begin(&w, DNS_QR | DNS_RD | DNS_RA, qtype);
        wire_record(&w, 0, HERE, 2, qtype, CLASS_IN, ttl, "\1\2\3\4", 4);
}
