/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Clock watch: hears when the wall clock is set (NTP's first step, an administrator), since certificates may be valid
 * now. The kernel wakes us for that alone: for no time that passes, nor where a clock is slewed.
 */

#include <uv.h>

typedef struct ClockWatch ClockWatch;

typedef void (*ClockSet)(void *userdata);

/* Negative errno where the kernel does not tell. */
int clock_watch_new(uv_loop_t *loop, ClockSet set, void *userdata, ClockWatch **ret);

/* Stops; frees itself once the loop has closed it. NULL is fine; always NULL. */
ClockWatch *clock_watch_free(ClockWatch *w);
