/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Random: xorshift64* (Vigna, 2016), for spreading in time and for simulations: the same seed gives the same numbers.
 * Anybody who sees a few of them can tell the next: never for IDs, ports or keys. Pure.
 */

#include "core/base/base.h"

typedef struct Random {
        uint64_t state; /* never 0 */
} Random;

#define RANDOM_INIT(seed) (Random) { .state = (seed) | 1 }

/* The next 64 bits. The upper ones are the better ones. */
static inline uint64_t random_next(Random *r)
{
        r->state ^= r->state >> 12;
        r->state ^= r->state << 25;
        r->state ^= r->state >> 27;
        return r->state * UINT64_C(0x2545f4914f6cdd1d);
}

/* A number from `low` to `high`, both included; high - low is less than UINT64_MAX. */
static inline uint64_t random_between(Random *r, uint64_t low, uint64_t high)
{
        return low + (random_next(r) >> 11) % (high - low + 1);
}
