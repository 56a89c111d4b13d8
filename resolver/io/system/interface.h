/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Interface: what the kernel says about a network interface.
 */

#include <net/if.h>

#include "core/config/links.h"

typedef struct Interface {
        char name[IF_NAMESIZE];
        bool loopback;
        bool up;
        bool tunnel; /* of a VPN: neither hardware nor a virtual Ethernet, and not PPP, which may be the line itself */
} Interface;

/* Returns 0, or a negative errno: -ENODEV if there is no such interface. */
int interface_describe(int ifindex, Interface *ret);

/* Returns whether there is a route to the address; one that is link-local, and says no interface, is that of `ifindex`.
 * Nothing is sent. */
bool interface_has_route(const Address *a, int ifindex);

/* Updates what the links of a table are told about their interfaces, and removes those that no longer exist. Returns
 * true if anything changed. */
bool interface_refresh_links(LinkTable *t);
