/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cache against a model of it that cannot forget: random answers, questions, times, flushes and sizes from fixed
 * seeds. What the cache gives must be what the model gives, to the second; with a small ceiling it may have less, never
 * more or other. cache_walk [SEEDS [STEPS]]
 */

#include <stdio.h>

#include "core/query/cache.h"
#include "wire_builder.h"

#define NAMES 300
#define TYPES 3
#define ALL TYPES /* NXDOMAIN */
#define SEC USEC_PER_SEC
#define EXPECT(condition)                                                                                 \
        do {                                                                                              \
                if (!(condition)) {                                                                       \
                        fprintf(stderr, "seed %u, step %u: not so: %s\n", seed_number, step, #condition); \
                        exit(EXIT_FAILURE);                                                               \
                }                                                                                         \
        } while (0)

/* What the last answer to a question said. */
typedef struct Said {
        bool there, failure, bound, positive;
        uint32_t number; /* of the answer, which is its data */
        uint32_t ttl;    /* s, of its record as it is given out when new */
        uint64_t born, expires, gone, recheck_at, life;
} Said;

static Said model[NAMES][4][TYPES + 1];
static CacheLimits limits;
static Cache *cache;
static uint64_t now, dice;
static uint32_t serial;
static unsigned seed_number, step;

static uint64_t roll(uint64_t n)
{
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        return dice % n;
}

#define TYPE_CAA 257 /* that is not looked for in particular */

static CacheKey key_of(unsigned name, unsigned variant, unsigned type, uint8_t *ret_name)
{
        ret_name[0] = 7;
        snprintf((char *) ret_name + 1, 20, "name%03u\4test", name);
        return (CacheKey) {
                .qname = BYTES(ret_name, 14),
                .qtype = (uint16_t[]) { TYPE_A, TYPE_AAAA, TYPE_CAA }[type],
                .qclass = CLASS_IN,
                .dnssec_ok = variant & 1,
                .checking_disabled = variant & 2,
        };
}

static bool alive(const Said *s)
{
        return s->there && now < s->gone;
}

static bool fresh(const Said *s)
{
        return alive(s) && now < s->expires;
}

/* By the rules: a fresh answer, else the younger stale one, else a failure that is not over. */
static Said *expected(unsigned name, unsigned variant, unsigned type)
{
        Said *one = &model[name][variant][type], *all = &model[name][variant][ALL];
        bool one_answers = alive(one) && !one->failure;

        if (one_answers && fresh(one))
                return one;
        if (fresh(all))
                return all;
        if (one_answers || alive(all))
                return !alive(all) || (one_answers && one->born > all->born) ? one : all;
        return fresh(one) ? one : NULL;
}

/* Are records of another type known, live or stale? Where some were dropped, what the cache then did tells. */
static bool denies_all(unsigned name, unsigned variant, unsigned type, bool small)
{
        if (small) {
                uint8_t text[32];
                CacheKey key = key_of(name, variant, type, text);
                CacheEntry got;

                key.qtype = TYPE_MX; /* of which nothing is ever kept */
                return cache_get(cache, &key, now, &got) != CACHE_MISS;
        }
        for (unsigned t = 0; t < TYPES; t++)
                for (unsigned v = variant & 2; v <= (variant & 2) + 1; v++)
                        if (t != type && alive(&model[name][v][t]) && model[name][v][t].positive)
                                return false;
        return true;
}

static uint64_t clamp(uint64_t ttl, uint64_t age, uint64_t most)
{
        ttl = ttl > age ? ttl - age : 0;
        return MIN(ttl, most);
}

static void soa(Wire *w, uint32_t ttl, uint32_t minimum)
{
        uint8_t rdata[2 + 20] = { 0 };

        wire_write32(rdata + 2 + 16, minimum);
        wire_record(w, 1, HERE, 2, TYPE_SOA, CLASS_IN, ttl, rdata, sizeof(rdata));
}

static void put(unsigned name, unsigned variant, unsigned type, bool small)
{
        static Wire w;
        enum { POSITIVE, NODATA, NXDOMAIN, FAILURE, NO_SOA } what = (unsigned) roll(5);
        uint32_t ttl = (uint32_t) (roll(10) == 0 ? 0 : 1 + roll(roll(2) ? 60 : 100000));
        uint32_t age = roll(4) ? 0 : (uint32_t) roll(100), max_age = roll(4) ? UINT32_MAX : (uint32_t) roll(300);
        bool bound = roll(4) == 0, negative = what == NODATA || what == NXDOMAIN;
        uint64_t most = (negative ? limits.negative_max_ttl : limits.max_ttl) / SEC;
        Said *one = &model[name][variant][type], *all = &model[name][variant][ALL];
        uint8_t text[32];
        CacheKey key = key_of(name, variant, type, text);
        uint8_t data[400] = { 0 };
        CacheEntry got;
        Said said;
        Message m;
        bool kept;

        wire_write32(data, ++serial);
        w.n = 0;
        wire_put(&w, "\0\0\x81\x80\0\1\0\0\0\0\0\0", 12);
        w.data[3] |= what == NXDOMAIN ? RCODE_NXDOMAIN : what == FAILURE ? RCODE_SERVFAIL : 0;
        wire_put(&w, key.qname.p, key.qname.n);
        wire_put16(&w, key.qtype);
        wire_put16(&w, CLASS_IN);
        if (what == POSITIVE)
                wire_record(&w, 0, HERE, 2, key.qtype, CLASS_IN, ttl, data, 4 + (size_t) roll(396));
        else if (negative)
                soa(&w, ttl, (uint32_t) (ttl + roll(2)));
        /* the number of what has no data of its own */
        if (what != POSITIVE)
                wire_record(&w, 2, HERE, 2, 4711, CLASS_IN, 1 << 30, data, 4 + (size_t) roll(100));
        if (roll(2))
                wire_opt(&w, 1232, 0, data + 4, 0);
        EXPECT(message_parse(&m, wire_bytes(&w)) == MESSAGE_OK);
        kept = cache_put(cache, &key, &m, age, max_age, bound, now);

        if (what == FAILURE) {
                Said *there = expected(name, variant, type);

                if (there && !there->failure && !(small && kept)) {
                        there->recheck_at = now + 30 * SEC;
                        EXPECT(!kept);
                        return;
                }
                said.life = alive(one) ? MIN(2 * one->life, limits.failure_max / SEC) : 1;
                said.life = MAX(MIN(said.life, max_age), UINT64_C(1));
                /* What went before may have been dropped, and then this is the first. */
                if (small && kept && cache_get(cache, &key, now, &got) == CACHE_HIT)
                        said.life = got.ttl_left;
                said.ttl = (uint32_t) clamp(1 << 30, age, most);
        } else {
                said.life = what == NO_SOA ? 0 : clamp(MIN(ttl, max_age), age, most);
                said.ttl = (uint32_t) clamp(what == POSITIVE || negative ? ttl : 1 << 30, age, most);
        }
        said = (Said) {
                .positive = what == POSITIVE,
                .there = said.life > 0,
                .failure = what == FAILURE,
                .bound = bound,
                .number = serial,
                .ttl = said.ttl,
                .life = said.life,
                .born = now,
                .expires = now + said.life * SEC,
                .gone = now + said.life * SEC + (what == FAILURE ? said.life * SEC : limits.stale_max),
        };
        /* What is still good stays if this lives no longer. */
        if (what == POSITIVE && fresh(one) && one->positive && said.expires <= one->expires && !(small && kept)) {
                EXPECT(!kept);
                return;
        }
        one->there = all->there = false;
        *(what == NXDOMAIN && denies_all(name, variant, type, small) ? all : one) = said;
        EXPECT(kept == said.there);
}

static void get(unsigned name, unsigned variant, unsigned type, bool small)
{
        uint8_t text[32];
        CacheKey key = key_of(name, variant, type, text);
        Said *said = expected(name, variant, type);
        CacheEntry got;
        CacheResult r = cache_get(cache, &key, now, &got);
        RecordWalk walk;
        Message m;
        Record first, record;

        if (r == CACHE_MISS) {
                EXPECT(small || !said);
                return;
        }
        EXPECT(said);
        EXPECT(message_parse(&m, got.wire) == MESSAGE_OK);
        walk = RECORD_WALK(&m);
        EXPECT(record_next(&walk, &first));
        record = first;
        while (record_next(&walk, &record))
                ;
        /* Where some of it was dropped, something older may be left for the same question; never something that was
         * replaced. */
        if (small && wire_read32(record.rdata.p) != said->number) {
                Said *one = &model[name][variant][type], *all = &model[name][variant][ALL];

                said = wire_read32(record.rdata.p) == one->number ? one : all;
                EXPECT(alive(said));
        }
        EXPECT(wire_read32(record.rdata.p) == said->number);
        EXPECT(r == (fresh(said) ? CACHE_HIT : CACHE_STALE));
        EXPECT(got.age == (now - said->born) / SEC);
        EXPECT(first.ttl == said->ttl);
        EXPECT(m.qtype == key.qtype && name_equal(m.qname, key.qname));
        EXPECT((got.kind == LIFETIME_FAILURE) == said->failure);
        EXPECT(small || got.failed_lately == (r == CACHE_STALE && now < said->recheck_at));
        EXPECT(!got.prefetch || (r == CACHE_HIT && !said->failure && (said->expires - now) * 10 <= said->life * SEC));
}

static void forget(bool failures, bool bound, bool everything)
{
        for (unsigned i = 0; i < NAMES * 4 * (TYPES + 1); i++) {
                Said *s = &model[0][0][0] + i;

                if (everything || (bound && s->bound) || (failures && s->failure))
                        s->there = false;
                if (failures)
                        s->recheck_at = 0;
        }
}

static void walk(unsigned seed, unsigned steps, bool small)
{
        uint8_t secret[16] = { (uint8_t) seed, 1 };

        seed_number = seed;
        dice = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
        limits = (CacheLimits) {
                .size = small ? 64 << 10 : 4 << 20,
                .max_ttl = 24 * USEC_PER_HOUR,
                .negative_max_ttl = USEC_PER_HOUR,
                .failure_min = SEC,
                .failure_max = 300 * SEC,
                .stale_max = seed % 3 ? 2 * USEC_PER_HOUR : 0,
        };
        memset(model, 0, sizeof(model));
        now = SEC + roll(SEC);
        cache = cache_new(&limits, secret);
        if (!cache)
                exit(EXIT_FAILURE);
        for (step = 0; step < steps; step++) {
                /* Some names are asked far more often than others. */
                unsigned name = (unsigned) roll(1 + roll(NAMES)), variant = (unsigned) roll(4),
                         type = (unsigned) roll(TYPES);
                uint64_t what = roll(1000);
                CacheStats s;

                if (what < 300)
                        put(name, variant, type, small);
                else if (what < 900)
                        get(name, variant, type, small);
                else if (what < 990)
                        now += roll(roll(20) ? 2 * SEC : USEC_PER_HOUR);
                else if (what < 994) {
                        cache_forget_failures(cache);
                        forget(true, false, false);
                } else if (what < 996) {
                        cache_flush_network(cache);
                        forget(false, true, false);
                } else if (what < 997) {
                        cache_flush(cache);
                        forget(false, false, true);
                } else if (small) {
                        limits.size = (64 << 10) + (size_t) roll(256 << 10);
                        cache_set_limits(cache, &limits);
                }
                s = cache_stats(cache);
                EXPECT(s.bytes <= limits.size);
                EXPECT(small || s.evictions == 0);
        }
        cache_free(cache);
}

int main(int argc, char *argv[])
{
        unsigned seeds = argc > 1 ? (unsigned) strtoul(argv[1], NULL, 10) : 40;
        unsigned steps = argc > 2 ? (unsigned) strtoul(argv[2], NULL, 10) : 20000;

        for (unsigned seed = 1; seed <= seeds; seed++) {
                walk(seed, steps, false);
                walk(seed, steps, true);
        }
        printf("%u walks of %u steps agree with the model\n", 2 * seeds, steps);
        return EXIT_SUCCESS;
}
