/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/upstream/body.h"

static size_t held;

bool body_append(ByteBuffer *body, Bytes bytes)
{
        size_t before = body->size;

        if (held + bytes.n > BODIES_MAX || !byte_buffer_append(body, bytes))
                return false;
        held += body->size - before;
        return true;
}

void body_deinit(ByteBuffer *body)
{
        must(held >= body->size);
        held -= body->size;
        byte_buffer_deinit(body);
}
