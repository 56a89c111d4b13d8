/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Select: which of the upstreams that may be used a query goes to. Pure, and the only place where upstreams are ranked.
 */

#include "core/config/config.h"

typedef struct Candidate {
        bool usable;   /* not failed, not tried by this query */
        bool suspect;  /* ranked behind all that are not */
        bool doubtful; /* no connection to it is known to work at the moment: likewise, before the suspect */
        uint64_t cost; /* SRTT + 4·RTTVAR, usec; 0: not known */
} Candidate;

/*
 * The best of `n` candidates in configured order, or SIZE_MAX if none is usable. POLICY_ORDERED: the first of the best
 * rank. POLICY_FASTEST: the cheapest of the best rank, but `preferred` stays until another is cheaper by a fifth; one
 * without samples is not explored.
 */
size_t select_upstream(const Candidate *candidates, size_t n, Policy policy, size_t preferred);
