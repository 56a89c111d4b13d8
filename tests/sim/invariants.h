/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Invariants: what must hold after each step and at the end of a life (FAULTS.md I4, I6; HEALTH.md 2). Those of answers
 * (I1-I3, I5, I7) are in clients.c, where they come; of probes in administrator.c.
 */

#include "world.h"

void invariants_take_state(World *w, const Action *a);
/* A connection is wanted: by whom? */
void invariants_take_connect(World *w, const Action *a);
void invariants_check(World *w);
/* The network is another: all is forgotten. */
void invariants_check_epoch(World *w);
/* Nobody asks any more and nothing goes on: all must be back at rest. */
void invariants_check_end(World *w);
