/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Pool: memory of what comes and goes with each query. What is given back is kept for the next of its size, up to a
 * limit, because malloc() keeps seven of a size at hand, and a turn of the loop has dozens.
 *
 * A pool belongs to its thread; memory may be given back in another. The links between what is kept are mangled and
 * checked, as malloc() does it: an overrun or a use after free does not choose what is given out next, and what is
 * given back twice ends the process. Under AddressSanitizer, everything is malloc()'s.
 */

#include "core/base/base.h"

/* Whether anything is kept. GCC says by a macro that there is AddressSanitizer; Clang had only a feature for long. */
#define POOL_KEEPS 1
#ifdef __has_feature
#        if __has_feature(address_sanitizer)
#                undef POOL_KEEPS
#                define POOL_KEEPS 0
#        endif
#endif
#ifdef __SANITIZE_ADDRESS__
#        undef POOL_KEEPS
#        define POOL_KEEPS 0
#endif

/* Returns `size` bytes, or NULL if out of memory. */
void *pool_get(size_t size);
/* The same, zeroed. */
void *pool_get_zeroed(size_t size);
/* Gives back what was got with the same size; `p` may be NULL. */
void pool_put(void *p, size_t size);
/* Frees what is kept. */
void pool_clear(void);
