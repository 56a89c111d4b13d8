/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * ClockWatch: reports that the wall clock was set (the first step of NTP, or an administrator), because certificates
 * may be valid now. The kernel wakes up the daemon for nothing else: neither as time passes nor while a clock is
 * slewed.
 */

#include <uv.h>

typedef struct ClockWatch ClockWatch;

typedef void (*ClockSet)(void *userdata);

/* Returns a negative errno if the kernel does not support it. */
int clock_watch_new(uv_loop_t *loop, ClockSet set, void *userdata, ClockWatch **ret);

/* Stops; frees itself once the loop has closed it. Accepts NULL, and returns NULL. */
ClockWatch *clock_watch_free(ClockWatch *w);
