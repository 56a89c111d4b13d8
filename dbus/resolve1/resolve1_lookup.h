/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Lookup: a call of ResolveHostname, ResolveAddress, ResolveRecord or ResolveService, from its arguments to its reply.
 * It asks one or several questions of the engine, as any client does: so [Local], the cache, forward zones and links
 * apply. The ifindex of a call must be that of an interface, but does not change where a name is asked for.
 */

#include "dbus/resolve1/resolve1_internal.h"

/* The method handlers. */
int lookup_on_hostname(sd_bus_message *call, void *userdata, sd_bus_error *error);
int lookup_on_address(sd_bus_message *call, void *userdata, sd_bus_error *error);
int lookup_on_record(sd_bus_message *call, void *userdata, sd_bus_error *error);
int lookup_on_service(sd_bus_message *call, void *userdata, sd_bus_error *error);

/* Drops all: the bus connection is gone. Their places in the table of calls must be forgotten before the next turn. */
void lookup_forget_all(Resolve1 *r);
