/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/siphash.h"

/* Rounds are inlined and words are read whole: this is part of every query. */
typedef struct SipState {
        uint64_t v0, v1, v2, v3;
} SipState;

static inline uint64_t siphash_rotate(uint64_t x, unsigned by)
{
        return x << by | x >> (64 - by);
}

/* The compiler makes one load of it. */
static inline uint64_t siphash_read64(const uint8_t *p)
{
        return (uint64_t) p[0] | (uint64_t) p[1] << 8 | (uint64_t) p[2] << 16 | (uint64_t) p[3] << 24 |
               (uint64_t) p[4] << 32 | (uint64_t) p[5] << 40 | (uint64_t) p[6] << 48 | (uint64_t) p[7] << 56;
}

/* Returns the last octets, fewer than eight, of `bytes`. */
static inline uint64_t siphash_read_tail(Bytes bytes)
{
        size_t n = bytes.n % 8;
        uint64_t v = 0;

        if (n == 0)
                return 0;
        if (bytes.n >= 8)
                return siphash_read64(bytes.p + bytes.n - 8) >> (64 - 8 * n);
        for (size_t i = 0; i < n; i++)
                v |= (uint64_t) bytes.p[i] << (8 * i);
        return v;
}

static inline void siphash_round(SipState *s)
{
        s->v0 += s->v1;
        s->v2 += s->v3;
        s->v1 = siphash_rotate(s->v1, 13) ^ s->v0;
        s->v3 = siphash_rotate(s->v3, 16) ^ s->v2;
        s->v0 = siphash_rotate(s->v0, 32);
        s->v2 += s->v1;
        s->v0 += s->v3;
        s->v1 = siphash_rotate(s->v1, 17) ^ s->v2;
        s->v3 = siphash_rotate(s->v3, 21) ^ s->v0;
        s->v2 = siphash_rotate(s->v2, 32);
}

static inline void siphash_add(SipState *s, uint64_t m)
{
        s->v3 ^= m;
        siphash_round(s);
        siphash_round(s);
        s->v0 ^= m;
}

uint64_t siphash(const uint8_t key[16], Bytes bytes)
{
        uint64_t k0 = siphash_read64(key), k1 = siphash_read64(key + 8);
        SipState s = { .v0 = k0 ^ UINT64_C(0x736f6d6570736575),
                       .v1 = k1 ^ UINT64_C(0x646f72616e646f6d),
                       .v2 = k0 ^ UINT64_C(0x6c7967656e657261),
                       .v3 = k1 ^ UINT64_C(0x7465646279746573) };

        for (size_t at = 0; at + 8 <= bytes.n; at += 8)
                siphash_add(&s, siphash_read64(bytes.p + at));
        siphash_add(&s, (uint64_t) bytes.n << 56 | siphash_read_tail(bytes));
        s.v2 ^= 0xff;
        for (unsigned i = 0; i < 4; i++)
                siphash_round(&s);
        return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
