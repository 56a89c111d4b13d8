/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Clock: the time passed to the core, and how long the machine was suspended.
 */

#include <time.h>

#include "core/base/base.h"

#define SLEEP_MIN (2 * USEC_PER_SEC) /* a smaller difference is not a suspend (HEALTH.md 3) */

static inline uint64_t clock_usec(clockid_t clock)
{
        struct timespec ts;

        clock_gettime(clock, &ts);
        return (uint64_t) ts.tv_sec * USEC_PER_SEC + (uint64_t) ts.tv_nsec / 1000;
}

static inline uint64_t clock_now(void)
{
        return clock_usec(CLOCK_BOOTTIME);
}

/* Returns for how long the machine was suspended since boot: what CLOCK_BOOTTIME counts and CLOCK_MONOTONIC does
 * not. */
static inline uint64_t clock_suspended(void)
{
        return usec_sub(clock_usec(CLOCK_BOOTTIME), clock_usec(CLOCK_MONOTONIC));
}
