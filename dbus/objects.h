/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Objects: the D-Bus interface of the daemon, described in org.dohmouse1(5): the bus name, the manager object, and an
 * object for each upstream. Passes calls to the daemon and its engine, and signals changes at the end of the turn in
 * which they happen. There is one per process.
 */

#include "daemon.h"

typedef struct Objects Objects;

/* Observes `d`, which must outlive it. NULL when out of memory. */
Objects *objects_new(Daemon *d);

/* To be called after the loop has ended. `o` may be NULL. Always returns NULL. */
Objects *objects_free(Objects *o);
