/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * OwnedName: a well-known name that the daemon wants on the bus, or no longer wants. If another program owns it, the
 * request waits in the queue of the bus. Without the name, queries are answered nevertheless.
 */

#include <systemd/sd-bus.h>

#include "core/base/base.h"

typedef struct OwnedName {
        const char *name;
        bool requested;
        bool owned;
} OwnedName;

/* To be called for each new connection: watches whether the name is acquired. Negative errno. */
int owned_name_attach(OwnedName *n, sd_bus *bus);
/* The connection is gone. */
void owned_name_detach(OwnedName *n);

/* Requests or releases the name. Does nothing if that was done. Negative errno. */
int owned_name_want(OwnedName *n, sd_bus *bus, bool wanted);
