/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Timers: what is due when, as a heap of intrusive entries. Time is handed in; nothing here wakes anybody up. Setting
 * and clearing are O(log n), the earliest is O(1).
 */

#include "core/base/base.h"

typedef struct Timers Timers;

typedef struct Timer {
        uint64_t at;  /* usec; USEC_NEVER while it is not set */
        size_t index; /* in the heap */
        void (*due)(struct Timer *t, uint64_t now);
} Timer;

struct Timers {
        Timer **heap;
        size_t n, size;
        size_t reserved; /* entries that were promised room */
};

#define TIMER_INIT(callback)                        \
        (Timer)                                     \
        {                                           \
                .at = USEC_NEVER, .due = (callback) \
        }

void timers_deinit(Timers *t);

/* Promises room for one more timer, so that timer_set never fails; given back by timers_release. Negative errno. */
int timers_reserve(Timers *t);
void timers_release(Timers *t);

/* Sets, moves or (USEC_NEVER) clears a timer. Room must have been reserved. */
void timer_set(Timers *t, Timer *timer, uint64_t at);

/* When the earliest is due; USEC_NEVER if none is set. */
uint64_t timers_next(const Timers *t);

/* Clears and calls the earliest of what is due at `now`; false if nothing is. */
bool timers_run_one(Timers *t, uint64_t now);
