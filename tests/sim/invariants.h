#pragma once
/*
 * Invariants: what must hold after each step and at the end of a life (FAULTS.md I4, I6; HEALTH.md 2). Those of answers are in clients.c.
 */

#include "world.h"

void invariants_take_state(World *w, const Action *a);
void invariants_check(World *w);
/* Nobody asks any more and nothing goes on: all must be back at rest. */
void invariants_check_end(World *w);
