/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Packet: a heap block of octets with one or more owners. Made by one module, handed along without a copy, freed by
 * the last who held it. Not for use by two threads.
 */

#include "core/base/base.h"

typedef struct Packet {
        uint32_t refs;
        uint32_t n;    /* octets in use */
        uint32_t size; /* octets there is room for */
        uint8_t data[];
} Packet;

/* A buffer with room for `size` octets and none in use; NULL when out of memory. The caller owns one reference. */
Packet *packet_new(size_t size);

/* A buffer that holds a copy of `bytes`; NULL when out of memory. */
Packet *packet_copy(Bytes bytes);

Packet *packet_ref(Packet *b);

/* Gives up one reference; NULL is fine. Always returns NULL. */
Packet *packet_unref(Packet *b);

static inline Bytes packet_bytes(const Packet *b)
{
        return BYTES(b->data, b->n);
}

DEFINE_CLEANUP(Packet, packet_unref)
