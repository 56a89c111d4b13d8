/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/byte_buffer.h"

#include <string.h>

#define SIZE_MIN 512
#define SIZE_KEPT 4096

void byte_buffer_deinit(ByteBuffer *o)
{
        free(o->p);
        *o = (ByteBuffer) { 0 };
}

bool byte_buffer_append(ByteBuffer *o, Bytes bytes)
{
        size_t size = MAX(o->size, (size_t) SIZE_MIN);
        uint8_t *p;

        if (bytes.n == 0)
                return true;
        if (bytes.n > SIZE_MAX / 4 - o->n)
                return false;
        while (size < o->n + bytes.n)
                size *= 2;
        if (size != o->size) {
                p = realloc(o->p, size);
                if (!p)
                        return false;
                o->p = p;
                o->size = size;
        }
        memcpy(o->p + o->n, bytes.p, bytes.n);
        o->n += bytes.n;
        return true;
}

void byte_buffer_clear(ByteBuffer *o)
{
        o->n = 0;
        if (o->size > SIZE_KEPT)
                byte_buffer_deinit(o);
}
