/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/siphash.h"

static uint64_t siphash_rotate(uint64_t x, unsigned by)
{
        return x << by | x >> (64 - by);
}

static uint64_t siphash_read64(const uint8_t *p, size_t n)
{
        uint64_t v = 0;

        for (size_t i = 0; i < n; i++)
                v |= (uint64_t) p[i] << (8 * i);
        return v;
}

static void siphash_rounds(uint64_t v[4], unsigned n)
{
        while (n-- > 0) {
                v[0] += v[1];
                v[2] += v[3];
                v[1] = siphash_rotate(v[1], 13) ^ v[0];
                v[3] = siphash_rotate(v[3], 16) ^ v[2];
                v[0] = siphash_rotate(v[0], 32);
                v[2] += v[1];
                v[0] += v[3];
                v[1] = siphash_rotate(v[1], 17) ^ v[2];
                v[3] = siphash_rotate(v[3], 21) ^ v[0];
                v[2] = siphash_rotate(v[2], 32);
        }
}

uint64_t siphash(const uint8_t key[16], Bytes bytes)
{
        uint64_t k0 = siphash_read64(key, 8), k1 = siphash_read64(key + 8, 8), m;
        uint64_t v[4] = { k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
                          k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573) };
        size_t at = 0;

        for (; at + 8 <= bytes.n; at += 8) {
                m = siphash_read64(bytes.p + at, 8);
                v[3] ^= m;
                siphash_rounds(v, 2);
                v[0] ^= m;
        }
        m = (uint64_t) bytes.n << 56 | siphash_read64(bytes.p + at, bytes.n - at);
        v[3] ^= m;
        siphash_rounds(v, 2);
        v[0] ^= m;
        v[2] ^= 0xff;
        siphash_rounds(v, 4);
        return v[0] ^ v[1] ^ v[2] ^ v[3];
}
