/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Timers: a heap of intrusive timers. Time is passed in, and nothing here wakes the process up. Setting and clearing a
 * timer is O(log n), finding the earliest one O(1). The timers are borrowed: their owner clears one before freeing it.
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
        size_t reserved; /* timers that room is reserved for */
};

#define TIMER_INIT(callback)                        \
        (Timer)                                     \
        {                                           \
                .at = USEC_NEVER, .due = (callback) \
        }

/* Frees the heap, not the timers. */
void timers_deinit(Timers *t);

/* Reserves room for one more timer, so that timer_set() cannot fail. Returns 0 or -ENOMEM. timers_release() gives the
 * room of a timer that is not set back. */
int timers_reserve(Timers *t);
void timers_release(Timers *t);

/* Sets, moves or (with USEC_NEVER) clears a timer. Room for it must be reserved. */
void timer_set(Timers *t, Timer *timer, uint64_t at);

/* Returns when the earliest timer is due; USEC_NEVER if none is set. */
uint64_t timers_next(const Timers *t);

/* Clears the earliest timer that is due at `now` and calls it; false if none is due. */
bool timers_run_one(Timers *t, uint64_t now);
