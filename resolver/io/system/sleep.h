/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Sleep: hears from logind that the machine is about to suspend, or is back (PrepareForSleep,
 * org.freedesktop.login1(5)). Without a bus nothing is lost: the daemon sees by its clocks that it slept, with the
 * first query after it. What is gained is that connections are closed while the network is still there, and that
 * resuming is noticed before anybody asks.
 */

#include "io/system/bus_connection.h"

typedef void (*SleepChanged)(void *userdata, bool before);

/* A member of its owner, there until bus_free(). */
typedef struct Sleep {
        SleepChanged changed;
        void *userdata;
        BusUser user;
} Sleep;

void sleep_init(Sleep *s, Bus *bus, SleepChanged changed, void *userdata);
