/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Sleep: learns from logind that the machine is about to suspend, or has resumed (PrepareForSleep,
 * org.freedesktop.login1(5)). Without a bus nothing is lost: the clocks tell the daemon with the first query after a
 * suspend. With it, connections are closed while the network is still available, and a resume is noticed before the
 * next query.
 */

#include "io/system/bus_connection.h"

typedef void (*SleepChanged)(void *userdata, bool before);

/* A member of its owner, valid until bus_free(). */
typedef struct Sleep {
        SleepChanged changed;
        void *userdata;
        BusUser user;
} Sleep;

void sleep_init(Sleep *s, Bus *bus, SleepChanged changed, void *userdata);
