#pragma once
/*
 * Sleep: hears from logind that the machine is about to suspend, or is back (PrepareForSleep, org.freedesktop.login1(5)). Without a bus
 * nothing is lost: the daemon sees by its clocks that it slept, with the first query after it. What is gained is that connections
 * are closed while the network is still there, and that resuming is noticed before anybody asks.
 */

#include <uv.h>

#include "core/base.h"

typedef struct Sleep Sleep;

typedef void (*SleepChanged)(void *userdata, bool before);

/* Connects to the system bus in the background. Where that is lost, or not there, sleep_retry() tries again. NULL when out of memory. */
Sleep *sleep_new(uv_loop_t *loop, SleepChanged changed, void *userdata);

/* A query came: a good moment to look whether there is a bus again. Cheap, and at most once a minute more than that. */
void sleep_retry(Sleep *s, uint64_t now);

/* NULL is fine; always NULL. Its handles close in the loop. */
Sleep *sleep_free(Sleep *s);
