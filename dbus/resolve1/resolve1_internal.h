/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the files of this folder share.
 */

#include "dbus/lookup/lookup.h"
#include "dbus/names.h"
#include "dbus/owned_name.h"
#include "dbus/resolve1/resolve1.h"
#include "io/system/interface.h"

#define RESOLVE1_ERROR(name) "org.freedesktop.resolve1." name

struct Resolve1 {
        Daemon *daemon;
        Polkit *polkit;
        OwnedName name;
        Lookups lookups;
        /* as last signalled */
        uint64_t links_version;
        uint32_t current; /* the number of the upstream; 0: none */
};

/* Add their interfaces to a new bus connection. Negative errno. */
int resolve1_manager_attach(Resolve1 *r, sd_bus *bus);
int resolve1_links_attach(Resolve1 *r, sd_bus *bus);

/* Describes the interface. Sets `error` if there is none; 0, or the negative errno that a method handler returns. */
int resolve1_find_interface(int ifindex, Interface *ret, sd_bus_error *error);

/* The handler of all methods that change the settings of a link, on the Manager and on the object of the link. */
int resolve1_on_set(sd_bus_message *call, void *userdata, sd_bus_error *error);

/* Append what identifies a server: (iiay) or (iiayqs), without the ifindex if that is negative. No server if `address`
 * is NULL. */
int resolve1_append_server(sd_bus_message *reply, bool extended, int ifindex, const Address *address, uint16_t port,
                           const char *name);
