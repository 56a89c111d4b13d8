/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/timers.h"

#include <errno.h>

void timers_deinit(Timers *t)
{
        free(t->heap);
        *t = (Timers) { 0 };
}

int timers_reserve(Timers *t)
{
        Timer **heap;
        size_t size;

        if (t->reserved == t->size) {
                size = MAX(t->size * 2, (size_t) 32);
                heap = reallocarray(t->heap, size, sizeof(*heap));
                if (!heap)
                        return -ENOMEM;
                t->heap = heap;
                t->size = size;
        }
        t->reserved++;
        return 0;
}

void timers_release(Timers *t)
{
        must(t->reserved > t->n);
        t->reserved--;
}

static void timers_place(Timers *t, size_t i, Timer *timer)
{
        t->heap[i] = timer;
        timer->index = i;
}

static void timers_sift_up(Timers *t, size_t i, Timer *timer)
{
        while (i > 0 && t->heap[(i - 1) / 2]->at > timer->at) {
                timers_place(t, i, t->heap[(i - 1) / 2]);
                i = (i - 1) / 2;
        }
        timers_place(t, i, timer);
}

static void timers_sift_down(Timers *t, size_t i, Timer *timer)
{
        for (;;) {
                size_t child = 2 * i + 1;

                if (child >= t->n)
                        break;
                if (child + 1 < t->n && t->heap[child + 1]->at < t->heap[child]->at)
                        child++;
                if (t->heap[child]->at >= timer->at)
                        break;
                timers_place(t, i, t->heap[child]);
                i = child;
        }
        timers_place(t, i, timer);
}

static void timers_fit(Timers *t, size_t i, Timer *timer)
{
        if (i > 0 && t->heap[(i - 1) / 2]->at > timer->at)
                timers_sift_up(t, i, timer);
        else
                timers_sift_down(t, i, timer);
}

void timer_set(Timers *t, Timer *timer, uint64_t at)
{
        bool was_set = timer->at != USEC_NEVER;

        if (timer->at == at)
                return;
        must(was_set ? timer->index < t->n && t->heap[timer->index] == timer : t->n < t->reserved);
        timer->at = at;
        if (at == USEC_NEVER) {
                Timer *last = t->heap[--t->n];

                if (last != timer)
                        timers_fit(t, timer->index, last);
        } else
                timers_fit(t, was_set ? timer->index : t->n++, timer);
}

uint64_t timers_next(const Timers *t)
{
        return t->n ? t->heap[0]->at : USEC_NEVER;
}

bool timers_run_one(Timers *t, uint64_t now)
{
        Timer *timer;

        if (!t->n || t->heap[0]->at > now)
                return false;
        timer = t->heap[0];
        timer_set(t, timer, USEC_NEVER);
        timer->due(timer, now);
        return true;
}
