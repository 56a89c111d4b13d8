/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Objects: the daemon on the bus, as org.dohmouse1(5) has it: the name, the manager, an object for each upstream. Calls
 * go to the daemon and its engine; changes are signalled at the end of the turn in which they happen. One a process.
 */

#include "daemon.h"

typedef struct Objects Objects;

/* Observes `d`, which is there until objects_free(). NULL when out of memory. */
Objects *objects_new(Daemon *d);

/* After the loop has ended. NULL is fine; always NULL. */
Objects *objects_free(Objects *o);
