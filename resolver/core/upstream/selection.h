/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Selection: ranks the usable upstreams for a query. Pure; allocates nothing and cannot fail.
 */

#include "core/config/config.h"

typedef struct Candidate {
        bool usable;   /* neither failed nor tried by this query */
        bool suspect;  /* ranked behind all upstreams that are not suspect */
        bool doubtful; /* has no working connection at the moment: ranked behind the others, but before the suspect */
        uint64_t cost; /* SRTT + 4·RTTVAR (RFC 6298 2) in usec; 0: unknown */
} Candidate;

/*
 * Returns the index of the best of `n` candidates, which are in configured order, or SIZE_MAX if none is usable.
 * POLICY_ORDERED selects the first of the best rank. POLICY_FASTEST selects the cheapest of the best rank, but keeps
 * `preferred` until another is cheaper by a fifth. An upstream of unknown cost is not explored.
 */
size_t select_upstream(const Candidate *candidates, size_t n, Policy policy, size_t preferred);
