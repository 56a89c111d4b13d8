/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * SmoothedRtt: a smoothed round-trip time and its variation (RFC 6298 2), in usec. Pure.
 */

#include "core/base/base.h"

typedef struct SmoothedRtt {
        uint64_t smoothed;  /* SRTT; 0: no sample yet */
        uint64_t variation; /* RTTVAR */
} SmoothedRtt;

/* Adds a measured round-trip time, in usec. */
static inline void smoothed_rtt_sample(SmoothedRtt *r, uint64_t sample)
{
        uint64_t difference;

        sample = MAX(sample, (uint64_t) 1);
        if (!r->smoothed) {
                *r = (SmoothedRtt) { .smoothed = sample, .variation = sample / 2 };
                return;
        }
        difference = r->smoothed > sample ? r->smoothed - sample : sample - r->smoothed;
        r->variation = (3 * r->variation + difference) / 4;
        r->smoothed = (7 * r->smoothed + sample) / 8;
}

/* Returns SRTT + 4·RTTVAR, which a response rarely exceeds; 0 without a sample. */
static inline uint64_t smoothed_rtt_bound(const SmoothedRtt *r)
{
        return r->smoothed + 4 * r->variation;
}
