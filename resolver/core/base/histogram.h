/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Histogram: how long answers took, in classes that double: the first holds what took under 128 usec, the last what
 * took longer than 4 s. Pure.
 */

#include "core/base/base.h"

#define HISTOGRAM_CLASSES 17
#define HISTOGRAM_FIRST 128 /* usec: upper bound of the first class; each next is twice that */

typedef struct Histogram {
        uint64_t count[HISTOGRAM_CLASSES];
        uint64_t sum; /* usec */
} Histogram;

static inline void histogram_add(Histogram *h, uint64_t usec)
{
        unsigned i = 0;

        h->sum += usec;
        while (i < HISTOGRAM_CLASSES - 1 && usec >= (uint64_t) HISTOGRAM_FIRST << i)
                i++;
        h->count[i]++;
}
