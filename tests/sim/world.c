/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>

bool verbose;

uint64_t world_draw(World *w)
{
        w->random ^= w->random >> 12;
        w->random ^= w->random << 25;
        w->random ^= w->random >> 27;
        return w->random * UINT64_C(0x2545f4914f6cdd1d) >> 11;
}

uint64_t world_below(World *w, uint64_t n)
{
        return world_draw(w) % n;
}

void world_say(const World *w, const char *format, ...)
{
        va_list ap;

        if (!verbose)
                return;
        printf("%12.6f ", (double) w->now / 1e6);
        va_start(ap, format);
        vprintf(format, ap);
        va_end(ap);
        putchar('\n');
}

void world_violated(const World *w, const char *format, ...)
{
        va_list ap;

        printf("seed %llu at %.6f s: ", (unsigned long long) w->seed, (double) w->now / 1e6);
        va_start(ap, format);
        vprintf(format, ap);
        va_end(ap);
        printf("\nreplay: sim --first %llu --seeds 1 --verbose\n", (unsigned long long) w->seed);
        exit(EXIT_FAILURE);
}

/* --- events: a heap by time, then order of making */

static bool before(const Event *a, const Event *b)
{
        return a->at != b->at ? a->at < b->at : a->order < b->order;
}

Event *world_schedule(World *w, uint64_t delay, EventType type)
{
        size_t i = w->n_events;
        Event e = { .at = w->now + delay, .order = w->order++, .type = type };

        if (i == EVENTS_MAX)
                world_violated(w, "more than %d events under way", EVENTS_MAX);
        w->n_events++;
        while (i > 0 && before(&e, &w->events[(i - 1) / 2])) {
                w->events[i] = w->events[(i - 1) / 2];
                i = (i - 1) / 2;
        }
        w->events[i] = e;
        return &w->events[i];
}

Event world_next_event(World *w)
{
        Event first = w->events[0], last = w->events[--w->n_events];
        size_t i = 0;

        for (;;) {
                size_t child = 2 * i + 1;

                if (child >= w->n_events)
                        break;
                if (child + 1 < w->n_events && before(&w->events[child + 1], &w->events[child]))
                        child++;
                if (!before(&w->events[child], &last))
                        break;
                w->events[i] = w->events[child];
                i = child;
        }
        w->events[i] = last;
        return first;
}
