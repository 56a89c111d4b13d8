/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/pool.h"

#include <string.h>

/* The sizes that malloc() has, which loses the least. */
#define SIZE_MIN 24            /* bytes */
#define STEP 16                /* bytes from one size to the next */
#define SIZES 64               /* larger blocks are malloc()'s */
#define KEPT_MAX (32U << 10)   /* bytes of a size */
#define TOTAL_MAX (512U << 10) /* bytes of all */

/* What is kept. */
typedef struct __attribute__((__may_alias__)) Block {
        uintptr_t next; /* mangled */
        uintptr_t mark; /* of what is kept; what is not may have it by chance */
} Block;

typedef struct Pool {
        uintptr_t first; /* mangled */
        unsigned n;
} Pool;

static _Thread_local Pool pools[SIZES];
static _Thread_local size_t total; /* bytes that are kept */

/* An address is known to nobody who has not read memory, so it is the key to itself. */
static uintptr_t pool_mangle(const uintptr_t *place, uintptr_t block)
{
        return (uintptr_t) place >> 12 ^ block;
}

static uintptr_t pool_mark(const Block *b)
{
        return ~(uintptr_t) b;
}

static Pool *pool_of(size_t size)
{
        size_t i = (MAX(size, (size_t) SIZE_MIN) - SIZE_MIN + STEP - 1) / STEP;

        return POOL_KEEPS && size > 0 && i < SIZES ? &pools[i] : NULL;
}

/* The block that a link leads to, or NULL. */
static Block *pool_follow(const uintptr_t *link)
{
        union {
                uintptr_t number;
                Block *block;
        } u = { .number = pool_mangle(link, *link) };

        must(u.number % _Alignof(max_align_t) == 0);
        return u.block;
}

/* The size of what is in it. */
static size_t pool_size(const Pool *p)
{
        return SIZE_MIN + (size_t) (p - pools) * STEP;
}

/* Takes the block that was put last out of a pool, which has one. */
static Block *pool_take(Pool *p)
{
        Block *b = pool_follow(&p->first);

        must(b && b->mark == pool_mark(b));
        p->first = pool_mangle(&p->first, pool_mangle(&b->next, b->next));
        p->n--;
        total -= pool_size(p);
        b->mark = 0;
        return b;
}

void *pool_get(size_t size)
{
        Pool *p = pool_of(size);

        if (!p || p->n == 0)
                return malloc(p ? pool_size(p) : size);
        return pool_take(p);
}

void *pool_get_zeroed(size_t size)
{
        void *p = pool_get(size);

        return p ? memset(p, 0, size) : NULL;
}

/* Whether it is kept already. Only looked for if it has the mark. */
static bool pool_has(const Pool *p, const Block *block)
{
        const Block *b = p->n > 0 ? pool_follow(&p->first) : NULL;

        for (unsigned i = 0; i < p->n && b; i++) {
                if (b == block)
                        return true;
                b = pool_follow(&b->next);
        }
        return false;
}

void pool_put(void *block, size_t size)
{
        Pool *p = pool_of(size);
        Block *b = block;

        if (b && p)
                must(b->mark != pool_mark(b) || !pool_has(p, b));
        if (!b || !p || p->n * pool_size(p) >= KEPT_MAX || total >= TOTAL_MAX) {
                free(b);
                return;
        }
        b->mark = pool_mark(b);
        b->next = pool_mangle(&b->next, p->n > 0 ? (uintptr_t) pool_follow(&p->first) : 0);
        p->first = pool_mangle(&p->first, (uintptr_t) b);
        p->n++;
        total += pool_size(p);
}

void pool_clear(void)
{
        for (size_t i = 0; i < SIZES; i++)
                while (pools[i].n > 0)
                        free(pool_take(&pools[i]));
}
