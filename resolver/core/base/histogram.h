/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Histogram: counts response times in classes of doubling width: the first class holds times below 128 usec, the last
 * one all times above 4 s. Pure.
 */

#include "core/base/base.h"

#define HISTOGRAM_CLASSES 17
#define HISTOGRAM_FIRST 128 /* usec: upper bound of the first class; each further one is twice the one before */

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
