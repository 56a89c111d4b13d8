/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * ResolveHostname, ResolveAddress, ResolveRecord and ResolveService of org.freedesktop.resolve1: reads the arguments of
 * a call, and replies with what the lookup has found.
 */

#include "dbus/resolve1/resolve1_internal.h"

extern const LookupFront resolve1_lookup_front;

/* The method handlers. */
int resolve1_on_hostname(sd_bus_message *call, void *userdata, sd_bus_error *error);
int resolve1_on_address(sd_bus_message *call, void *userdata, sd_bus_error *error);
int resolve1_on_record(sd_bus_message *call, void *userdata, sd_bus_error *error);
int resolve1_on_service(sd_bus_message *call, void *userdata, sd_bus_error *error);
