/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Varlink: io.systemd.Resolve and io.systemd.Resolve.Monitor, which nss-resolve and resolvectl call, on the sockets
 * that systemd-resolved has in /run/systemd/resolve. Serves the Unix sockets that the service manager has passed to the
 * daemon, if any, and both interfaces on each of them.
 */

#include "dbus/calls.h"
#include "daemon.h"

typedef struct Varlink Varlink;

/* Borrows both. NULL when out of memory. */
Varlink *varlink_new(Daemon *d, Calls *calls);
/* Tells those who monitor what has changed, at the end of a turn. */
void varlink_sync(Varlink *v);
/* Closes all connections, so that the loop can end. */
void varlink_stop(Varlink *v);
/* Accepts NULL, and returns NULL. */
Varlink *varlink_free(Varlink *v);
