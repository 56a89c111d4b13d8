#pragma once
/*
 * Storm: an upstream that says SERVFAIL or REFUSED to everything (HEALTH.md 1, DNS-FAIL). To one name that is an answer like any other;
 * to five distinct ones within 30 s, with none that succeeds between, it is worth one look, by a probe whose failure alone
 * counts. Pure.
 */

#include "core/base/base.h"

#define STORM_NAMES 5
#define STORM_WINDOW (30 * USEC_PER_SEC)

typedef struct Storm {
        uint64_t since;                 /* usec: of the first of them */
        uint64_t names[STORM_NAMES];    /* their hashes */
        unsigned n;
        bool said;                      /* this storm had its probe */
} Storm;

/* A name was answered with NOERROR or NXDOMAIN: whatever it was is over. */
static inline void storm_over(Storm *s)
{
        *s = (Storm) { 0 };
}

/* A name failed. True once a storm: when it is time for the probe. */
static inline bool storm_note(Storm *s, uint64_t name, uint64_t now)
{
        if (s->said)
                return false;
        if (s->n && now - s->since > STORM_WINDOW)
                s->n = 0;
        if (s->n == 0)
                s->since = now;
        for (unsigned i = 0; i < s->n; i++)
                if (s->names[i] == name)
                        return false;
        s->names[s->n++] = name;
        s->said = s->n == STORM_NAMES;
        return s->said;
}
