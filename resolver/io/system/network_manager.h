/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * NetworkManager: what it knows about the network, by its interface on the bus: whether there is a captive portal
 * (Connectivity), with which page it found that out (ConnectivityCheckUri), and the DNS servers of the connection with
 * the default route (PrimaryConnection). Signals tell of changes; nothing is polled, and nothing is started. Without
 * NetworkManager nothing is reported. In addition, it tells NetworkManager from other callers on the bus.
 */

#include "core/engine.h"
#include "io/system/bus_connection.h"

/* NetworkManager has answered, or has gone. The pointers are valid during the call. */
typedef void (*NetworkManagerChanged)(void *userdata, const Connectivity *c);

#define NETWORK_MANAGER_SERVERS_MAX 8

/* A member of its owner, valid until bus_free(). */
typedef struct NetworkManager {
        NetworkManagerChanged changed;
        void *userdata;
        Bus *bus;
        BusUser user;
        sd_bus_slot *call; /* the question that waits for an answer; there is one at a time */
        bool again;        /* something changed meanwhile */
        bool reported;     /* something other than nothing */
        char owner[256];   /* its unique name on the bus; "": it is not there */

        /* what is known so far */
        ConnectivityState state;
        char check[512];
        char ip4[128], ip6[128]; /* objects that are yet to be asked for servers; "": none */
        Address servers[NETWORK_MANAGER_SERVERS_MAX];
        size_t n_servers;
} NetworkManager;

void network_manager_init(NetworkManager *nm, Bus *bus, NetworkManagerChanged changed, void *userdata);

/* Returns whether `unique_name` is that of NetworkManager. */
bool network_manager_is(const NetworkManager *nm, const char *unique_name);

/* Asks it, and reports the answer, even if it is the same as before: a new epoch has forgotten that. */
void network_manager_refresh(NetworkManager *nm);
