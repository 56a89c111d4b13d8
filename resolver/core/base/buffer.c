#include "core/base/buffer.h"

#include <string.h>

Buffer *buffer_new(size_t size)
{
        Buffer *b;

        if (size > UINT32_MAX - sizeof(Buffer))
                return NULL;
        b = malloc(sizeof(Buffer) + size);
        if (!b)
                return NULL;
        b->refs = 1;
        b->n = 0;
        b->size = (uint32_t) size;
        return b;
}

Buffer *buffer_copy(Bytes bytes)
{
        Buffer *b = buffer_new(bytes.n);

        if (!b)
                return NULL;
        if (bytes.n)
                memcpy(b->data, bytes.p, bytes.n);
        b->n = (uint32_t) bytes.n;
        return b;
}

Buffer *buffer_ref(Buffer *b)
{
        b->refs++;
        return b;
}

Buffer *buffer_unref(Buffer *b)
{
        if (b && --b->refs == 0)
                free(b);
        return NULL;
}
