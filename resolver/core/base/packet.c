/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/packet.h"

#include <string.h>

#include "core/base/pool.h"

Packet *packet_new(size_t size)
{
        Packet *b;

        if (size > UINT32_MAX - sizeof(Packet))
                return NULL;
        b = pool_get(sizeof(Packet) + size);
        if (!b)
                return NULL;
        b->refs = 1;
        b->n = 0;
        b->size = (uint32_t) size;
        return b;
}

Packet *packet_copy(Bytes bytes)
{
        Packet *b = packet_new(bytes.n);

        if (!b)
                return NULL;
        if (bytes.n)
                memcpy(b->data, bytes.p, bytes.n);
        b->n = (uint32_t) bytes.n;
        return b;
}

Packet *packet_ref(Packet *b)
{
        must(b->refs > 0 && b->refs < UINT32_MAX);
        b->refs++;
        return b;
}

Packet *packet_unref(Packet *b)
{
        if (!b)
                return NULL;
        must(b->refs > 0);
        if (--b->refs == 0)
                pool_put(b, sizeof(*b) + b->size);
        return NULL;
}
