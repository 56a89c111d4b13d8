/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the files of this folder share.
 */

#include "dbus/names.h"
#include "dbus/owned_name.h"
#include "dbus/resolve1/resolve1.h"
#include "io/system/interface.h"

#define RESOLVE1_ERROR(name) "org.freedesktop.resolve1." name

/* Bits of the flags of queries and answers, as in systemd's resolved-def.h. */
enum {
        FLAG_DNS = 1 << 0,
        FLAG_LLMNR_MDNS = 0x1e, /* the other protocols */
        FLAG_NO_CNAME = 1 << 5,
        FLAG_NO_TXT = 1 << 6,
        FLAG_NO_ADDRESS = 1 << 7,
        FLAG_NO_SEARCH = 1 << 8,
        FLAG_AUTHENTICATED = 1 << 9,
        FLAG_NO_VALIDATE = 1 << 10,
        FLAG_NO_SYNTHESIZE = 1 << 11,
        FLAG_NO_CACHE = 1 << 12,
        FLAG_NO_ZONE = 1 << 13,
        FLAG_NO_TRUST_ANCHOR = 1 << 14,
        FLAG_NO_NETWORK = 1 << 15,
        FLAG_CONFIDENTIAL = 1 << 18,
        FLAG_SYNTHETIC = 1 << 19,
        FLAG_FROM_CACHE = 1 << 20,
        FLAG_FROM_NETWORK = 1 << 23,
        FLAG_NO_STALE = 1 << 24,
};

struct Resolve1 {
        Daemon *daemon;
        Polkit *polkit;
        Calls *calls;
        OwnedName name;
        List lookups; /* resolve1_lookup.c */
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

/* Returns the ifindex that `path` of a link's object has, or 0. */
int resolve1_ifindex_of_path(const char *path);

/* The first upstream that is healthy. */
bool resolve1_current_upstream(const Resolve1 *r, UpstreamInfo *ret);

/* Append what identifies a server: (iiay) or (iiayqs), without the ifindex if that is negative. No server if `address`
 * is NULL. */
int resolve1_append_server(sd_bus_message *reply, bool extended, int ifindex, const Address *address, uint16_t port,
                           const char *name);

/* Reads a domain name, which must not contain control characters. Returns its size, or 0. */
size_t resolve1_read_name(const char *text, uint8_t *ret);
