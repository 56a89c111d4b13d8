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

/* Returns `size` bytes, or NULL if out of memory. */
void *pool_get(size_t size);
/* The same, zeroed. */
void *pool_get_zeroed(size_t size);
/* Gives back what was got with the same size; `p` may be NULL. */
void pool_put(void *p, size_t size);
