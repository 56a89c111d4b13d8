/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/config/reverse_domains.h"

#include <stdio.h>

/* The reverse domain of the first `labels` numbers (for IPv6, hexadecimal digits) of an address. */
static void reverse_domain(const Address *a, unsigned labels, Domain *ret)
{
        char text[128];
        size_t n = 0;

        for (unsigned i = labels; i-- > 0;)
                if (a->v6)
                        n += (size_t) snprintf(text + n, sizeof(text) - n, "%x.",
                                               a->octets[i / 2] >> (i % 2 ? 0 : 4) & 0xf);
                else
                        n += (size_t) snprintf(text + n, sizeof(text) - n, "%u.", a->octets[i]);
        snprintf(text + n, sizeof(text) - n, a->v6 ? "ip6.arpa" : "in-addr.arpa");
        ret->n = (uint8_t) name_from_text(text, ret->name);
}

size_t reverse_domains(const AddressPrefix *p, Domain ret[REVERSE_DOMAINS_MAX])
{
        unsigned unit = p->address.v6 ? 4 : 8;
        unsigned labels = (p->bits + unit - 1) / unit;
        /* The last label counts up by `step` in the octet that it stands in. */
        unsigned step = p->address.v6 && labels % 2 ? 16 : 1;
        unsigned at = (labels * unit - 1) / 8;
        size_t n = (size_t) 1 << (labels * unit - p->bits);
        Address next = p->address;

        for (size_t i = 0; i < n; i++) {
                reverse_domain(&next, labels, &ret[i]);
                next.octets[at] = (uint8_t) (next.octets[at] + step);
        }
        return n;
}
