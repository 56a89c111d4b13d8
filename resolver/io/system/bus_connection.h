/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Bus: the process's one connection to the system bus, driven by the libuv loop. It comes and goes; the daemon does
 * without. Nothing here blocks or waits for the other side.
 *
 * - While there is no socket, inotify tells when there may be one (sd_bus_set_watch_bind(3)); no timer runs until it
 * does.
 * - A connection that is lost is made again, by a few tries that get rarer. Where they fail, bus_retry(), which each
 * query calls, tries again.
 * - A few messages are handled a turn of the loop, so that a flood of calls waits in the bus and not in the way of
 * queries; and none while the bus does not take what we have for it. A connection on which too much waits is given up.
 *
 * DBUS_SYSTEM_BUS_ADDRESS= in the environment says where, as for everybody (sd_bus_open_system(3)).
 */

#include <systemd/sd-bus.h>
#include <uv.h>

#include "core/base/base.h"

typedef struct Bus Bus;
typedef struct BusUser BusUser;

/* A user of the connection. Owned by the caller, and valid until bus_free(). */
struct BusUser {
        /* There is a new connection on which nothing was sent: add matches, objects and names. A negative errno drops
         * it. */
        int (*attach)(void *userdata, sd_bus *bus);
        /* The connection is lost, with all floating slots. Slots and messages that were kept must be released now. May
         * be NULL. */
        void (*detach)(void *userdata);
        void *userdata;
        BusUser *next;
};

/* Starts to connect. Returns NULL if out of memory. */
Bus *bus_new(uv_loop_t *loop);

/* `user` is attached to each connection from now on. */
void bus_join(Bus *b, BusUser *user);

/* Called for each query: checks whether the bus is back. Cheap, except at most once a minute. */
void bus_retry(Bus *b, uint64_t now);

/* Returns the connection if messages can be sent on it, or NULL. After sending from outside of a callback of sd-bus,
 * call bus_flush(). */
sd_bus *bus_ready(const Bus *b);

/* Returns the ifindex at the end of the path of an object, PREFIX/IFINDEX as sd_bus_path_encode(3) has it, or 0. */
int bus_path_ifindex(const char *path, const char *prefix);

/* Makes sure that sent messages are written. To be called before the loop sleeps. */
void bus_flush(Bus *b);

/* Detaches all users. Accepts NULL, and returns NULL. Its handles are closed by the loop. */
Bus *bus_free(Bus *b);
