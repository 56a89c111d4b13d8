/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/address_prefix.h"

#include <string.h>

/* Returns true if the first `bits` bits are the same. */
static bool address_prefix_bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
        unsigned rest = bits % 8;

        return memcmp(a, b, bits / 8) == 0 && (rest == 0 || ((a[bits / 8] ^ b[bits / 8]) & 0xffu << (8 - rest)) == 0);
}

/* Returns true if all bits after the first `bits` are zero. */
static bool address_prefix_ends_in_zeros(const Address *a, unsigned bits)
{
        for (unsigned i = bits; i < (a->v6 ? 128u : 32u); i++)
                if (a->octets[i / 8] & 0x80u >> i % 8)
                        return false;
        return true;
}

const char *address_prefix_from_text(const char *text, AddressPrefix *ret)
{
        const char *slash = strchr(text, '/');
        size_t n = slash ? (size_t) (slash - text) : strlen(text);
        char address[64];

        if (n >= sizeof(address))
                return "not an address prefix";
        memcpy(address, text, n);
        address[n] = 0;
        /* No port, bracket or interface. */
        if (address[strspn(address, "0123456789abcdefABCDEF:.")] || !address_from_text(address, 0, &ret->address) ||
            (!ret->address.v6 && strchr(address, ':')))
                return "not an address prefix";
        ret->bits = ret->address.v6 ? 128 : 32;
        if (!slash)
                return NULL;
        n = strspn(slash + 1, "0123456789");
        if (n == 0 || n > 3 || slash[1 + n])
                return "invalid prefix length";
        ret->bits = 0;
        for (const char *p = slash + 1; *p; p++)
                ret->bits = ret->bits * 10 + (unsigned) (*p - '0');
        if (ret->bits > (ret->address.v6 ? 128 : 32))
                return "invalid prefix length";
        return address_prefix_ends_in_zeros(&ret->address, ret->bits) ? NULL : "has bits set beyond the prefix length";
}

bool address_prefix_contains(const AddressPrefix *p, const Address *a)
{
        const uint8_t *v4 = address_as_v4(a);

        if (!p->address.v6 && v4)
                return address_prefix_bits_equal(p->address.octets, v4, p->bits);
        return p->address.v6 && a->v6 && address_prefix_bits_equal(p->address.octets, a->octets, p->bits);
}
