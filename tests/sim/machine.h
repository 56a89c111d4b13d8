/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Machine: what happens to the laptop: other networks, none, and sleep.
 */

#include "world.h"

void machine_roam(World *w);
void machine_suspend(World *w);
void machine_offline(World *w);
void machine_online(World *w);
/* About to suspend, and then not. */
void machine_sleepless(World *w);
/* NTP sets the clock. */
void machine_clock_set(World *w);
