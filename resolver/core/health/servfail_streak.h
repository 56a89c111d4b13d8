/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * ServfailStreak: notices an upstream that answers everything with SERVFAIL or REFUSED (HEALTH.md 1, DNS-FAIL). For one
 * name that is a response like any other; for five distinct names within 30 s without a success in between, it starts
 * one probe, and only the failure of that probe counts. Pure.
 */

#include "core/base/base.h"

#define SERVFAIL_STREAK_NAMES 5
#define SERVFAIL_STREAK_WINDOW (30 * USEC_PER_SEC)

typedef struct ServfailStreak {
        uint64_t since;                        /* usec: time of the first name */
        uint64_t names[SERVFAIL_STREAK_NAMES]; /* hashes of the names */
        unsigned n;
        bool said; /* the probe of this streak was started */
} ServfailStreak;

/* A name was answered with NOERROR or NXDOMAIN: the streak ends. */
static inline void servfail_streak_end(ServfailStreak *s)
{
        *s = (ServfailStreak) { 0 };
}

/* A name failed. True once per streak, when the probe is to start. */
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
