/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * ServfailStreak: an upstream that says SERVFAIL or REFUSED to everything (HEALTH.md 1, DNS-FAIL). To one name that is
 * an answer like any other; to five distinct ones within 30 s, with none that succeeds between, it is worth one look,
 * by a probe whose failure alone counts. Pure.
 */

#include "core/base/base.h"

#define SERVFAIL_STREAK_NAMES 5
#define SERVFAIL_STREAK_WINDOW (30 * USEC_PER_SEC)

typedef struct ServfailStreak {
        uint64_t since;                        /* usec: of the first of them */
        uint64_t names[SERVFAIL_STREAK_NAMES]; /* their hashes */
        unsigned n;
        bool said; /* this streak had its probe */
} ServfailStreak;

/* A name was answered with NOERROR or NXDOMAIN: whatever it was is over. */
static inline void servfail_streak_end(ServfailStreak *s)
{
        *s = (ServfailStreak) { 0 };
}

/* A name failed. True once a streak: when it is time for the probe. */
static inline bool servfail_streak_add(ServfailStreak *s, uint64_t name, uint64_t now)
{
        if (s->said)
                return false;
        if (s->n && now - s->since > SERVFAIL_STREAK_WINDOW)
                s->n = 0;
        if (s->n == 0)
                s->since = now;
        for (unsigned i = 0; i < s->n; i++)
                if (s->names[i] == name)
                        return false;
        s->names[s->n++] = name;
        s->said = s->n == SERVFAIL_STREAK_NAMES;
        return s->said;
}

/* Has it lasted for so long that it had its probe, and nothing succeeded since? */
static inline bool servfail_streak_probed(const ServfailStreak *s)
{
        return s->said;
}
