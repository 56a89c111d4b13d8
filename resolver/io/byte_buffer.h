/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * ByteBuffer: a block of memory that grows at its end, for what is gathered before it is written.
 */

#include "core/base/base.h"

typedef struct ByteBuffer {
        uint8_t *p;
        size_t n, size;
} ByteBuffer;

void byte_buffer_deinit(ByteBuffer *o);

/* Returns false, with nothing changed, if out of memory. */
bool byte_buffer_append(ByteBuffer *o, Bytes bytes);

/* Empties it. A small block is kept for reuse, a large one is freed: an idle connection holds little memory. */
void byte_buffer_clear(ByteBuffer *o);

static inline Bytes byte_buffer_bytes(const ByteBuffer *o)
{
        return BYTES(o->p, o->n);
}
