/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Resolve1: org.freedesktop.resolve1, the interface of systemd-resolved, for the programs that configure and query it.
 * RESOLVE1.md has the facts about these programs. The name is owned while dohmouse is the resolver of the machine, or
 * as Resolve1= says. The objects are always there: whoever addresses the connection rather than the name finds them.
 */

#include "daemon.h"
#include "dbus/calls.h"
#include "dbus/polkit.h"

typedef struct Resolve1 Resolve1;

/* Borrows all. NULL when out of memory. */
Resolve1 *resolve1_new(Daemon *d, Polkit *polkit, Calls *calls);
/* Accepts NULL, and returns NULL. */
Resolve1 *resolve1_free(Resolve1 *r);

/* Adds the objects to a new connection. Negative errno. */
int resolve1_attach(Resolve1 *r, sd_bus *bus);
/* The connection is gone. `polkit` has forgotten its calls, or does so before the next turn. */
void resolve1_detach(Resolve1 *r);

/* The end of a turn: requests or releases the name, and signals what has changed. */
void resolve1_sync(Resolve1 *r);
