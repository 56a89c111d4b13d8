/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Daemon: wires core and io together, and is what the bus and the signals ask. One a process.
 *
 * A turn of the loop: events come in from sockets and timers and reach the engine; before the loop sleeps again, all
 * actions that the engine has queued are carried out, what was gathered is written, and the one timer is set to the
 * engine's next time.
 */

#include <uv.h>

#include "core/config/config.h"
#include "core/engine.h"
#include "io/system/bus_connection.h"
#include "io/upstream/h2.h"
#include "io/client/listener.h"

typedef struct Daemon Daemon;

typedef struct DaemonOptions {
        const char *config_file; /* this file alone, or NULL: the drop-in directories */
} DaemonOptions;

/* Who looks on, besides the journal: the bus. All may be NULL. */
typedef struct DaemonObserver {
        void (*turned)(void *userdata); /* the end of a turn, before the loop sleeps: anything may have changed */
        void (*probed)(void *userdata, const Action *action);                 /* ACTION_PROBED */
        void (*answer)(void *userdata, const Client *client, Packet *answer); /* to a client of kind CLIENT_BUS */
        void *userdata;
} DaemonObserver;

/* Loads the configuration, takes or binds the sockets. Says in the journal what is wrong. Returns 0, or the exit
 * status. */
int daemon_new(uv_loop_t *loop, const DaemonOptions *options, Daemon **ret);

/* Frees all that is left; the loop must have ended. NULL is fine; always NULL. */
Daemon *daemon_free(Daemon *d);

/* Stops taking queries, answers those that wait, closes all connections, and lets the loop end. */
void daemon_stop(Daemon *d);

void daemon_observe(Daemon *d, const DaemonObserver *observer);

/* Reads the configuration again. Returns the number of errors, and then nothing has changed. The journal hears of each,
 * and `report` too, unless it is NULL. Negative errno. */
int daemon_reload(Daemon *d, ConfigReport report, void *userdata);

/* Sets all counters to zero. */
void daemon_reset_statistics(Daemon *d);

Bus *daemon_bus(Daemon *d); /* NULL once the daemon has stopped */
Engine *daemon_engine(Daemon *d);
uv_loop_t *daemon_loop(Daemon *d);
const ListenerStats *daemon_listener_stats(const Daemon *d);
const H2Stats *daemon_connection_stats(const Daemon *d);

/* Has something changed by a call from outside the loop's callbacks? Carries it out. Safe to call at any time from the
 * loop. */
void daemon_turn(Daemon *d);
