/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Administrator: writes the configuration and changes it, and has upstreams probed, disconnected, forced up and down.
 */

#include "world.h"

/* A configuration of the world's servers: all of them, or those that it happens to like. NULL if it is wrong. */
Config *administrator_configure(World *w, bool all);

/* The engine runs with w->config: learns its numbers of upstreams. */
void administrator_learn_numbers(World *w);

/* Does one thing or another. */
void administrator_act(World *w);

/* A probe that was wanted has its outcome. */
void administrator_take_outcome(World *w, const Action *a);
