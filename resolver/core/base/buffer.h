#pragma once
/*
 * Buffer: a heap block of octets with one or more owners. Made by one module, handed along without a copy, freed by
 * the last who held it. Not for use by two threads.
 */

#include "core/base/base.h"

typedef struct Buffer {
        uint32_t refs;
        uint32_t n;             /* octets in use */
        uint32_t size;          /* octets there is room for */
        uint8_t data[];
} Buffer;

/* A buffer with room for `size` octets and none in use; NULL when out of memory. The caller owns one reference. */
Buffer *buffer_new(size_t size);

/* A buffer that holds a copy of `bytes`; NULL when out of memory. */
Buffer *buffer_copy(Bytes bytes);

Buffer *buffer_ref(Buffer *b);

/* Gives up one reference; NULL is fine. Always returns NULL. */
Buffer *buffer_unref(Buffer *b);

static inline Bytes buffer_bytes(const Buffer *b)
{
        return BYTES(b->data, b->n);
}

DEFINE_CLEANUP(Buffer, buffer_unref)
