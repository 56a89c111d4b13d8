/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/upstream/h2_memory.h"

#include <string.h>

#include "core/base/pool.h"

/* nghttp2 does not say the size of what it frees: it is in front. */
typedef struct MemoryHead {
        _Alignas(max_align_t) size_t size;
} MemoryHead;

static void *h2_memory_get(size_t size, _unused_ void *userdata)
{
        MemoryHead *m = size <= SIZE_MAX - sizeof(*m) ? pool_get(sizeof(*m) + size) : NULL;

        if (!m)
                return NULL;
        m->size = size;
        return m + 1;
}

static void h2_memory_put(void *p, _unused_ void *userdata)
{
        MemoryHead *m = p;

        if (p)
                pool_put(m - 1, sizeof(*m) + m[-1].size);
}

static void *h2_memory_get_zeroed(size_t n, size_t size, void *userdata)
{
        size_t total;
        void *p = __builtin_mul_overflow(n, size, &total) ? NULL : h2_memory_get(total, userdata);

        return p ? memset(p, 0, total) : NULL;
}

static void *h2_memory_resize(void *p, size_t size, void *userdata)
{
        void *to = h2_memory_get(size, userdata);

        if (to && p)
                memcpy(to, p, MIN(size, ((MemoryHead *) p)[-1].size));
        if (to)
                h2_memory_put(p, userdata);
        return to;
}

nghttp2_mem h2_memory = {
        .malloc = h2_memory_get,
        .free = h2_memory_put,
        .calloc = h2_memory_get_zeroed,
        .realloc = h2_memory_resize,
};
