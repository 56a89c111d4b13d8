/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Packet: a reference-counted buffer on the heap. One module fills it, it is passed on without a copy, and the last
 * owner frees it. Not thread-safe.
 */

#include "core/base/base.h"

typedef struct Packet {
        uint32_t refs;
        uint32_t n;    /* bytes in use */
        uint32_t size; /* bytes allocated */
        uint8_t data[];
} Packet;

/* Allocates a packet with room for `size` bytes, none of them in use; NULL when out of memory. The caller owns the
 * reference. */
Packet *packet_new(size_t size);

/* Allocates a packet with a copy of `bytes`; NULL when out of memory. The caller owns the reference. */
Packet *packet_copy(Bytes bytes);

/* Adds a reference and returns `b`, which is not NULL. */
Packet *packet_ref(Packet *b);

/* Drops a reference; `b` may be NULL. Always returns NULL. */
Packet *packet_unref(Packet *b);

static inline Bytes packet_bytes(const Packet *b)
{
        return BYTES(b->data, b->n);
}

DEFINE_CLEANUP(Packet, packet_unref)
