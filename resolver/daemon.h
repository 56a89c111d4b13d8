/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Daemon: connects core and io, and serves the bus and the signals. One per process.
 *
 * A turn of the loop: events from sockets and timers reach the engine; before the loop sleeps again, all actions queued
 * by the engine are carried out, gathered output is written, and the timer is set to the engine's next time.
 */

#include <uv.h>

#include "core/config/config.h"
#include "core/config/links.h"
#include "core/engine.h"
#include "io/system/bus_connection.h"
#include "io/system/resolv_conf.h"
#include "io/upstream/h2.h"
#include "io/client/listener.h"
#include "query_observer.h"

typedef struct Daemon Daemon;

typedef struct DaemonOptions {
        const char *config_file; /* only this file; NULL: the system's configuration */
} DaemonOptions;

/* The bus, which observes the daemon like the journal. All may be NULL. */
typedef struct DaemonObserver {
        void (*turned)(void *userdata); /* the end of a turn, before the loop sleeps: anything may have changed */
        void (*probed)(void *userdata, const Action *action); /* ACTION_PROBED */
        /* To a client of kind CLIENT_BUS. `answer` is NULL if out of memory. */
        void (*answer)(void *userdata, const Client *client, AnswerOrigin origin, Packet *answer);
        void (*finished)(void *userdata); /* closes what it has opened on the loop, so that the loop can end */
        void *userdata;
} DaemonObserver;

/*
 * Loads the configuration, and takes the sockets of the service manager or binds its own. Logs errors. Returns 0, or
 * the exit status. Without a usable configuration, the daemon runs nevertheless: queries are answered with SERVFAIL and
 * the reason, and a reload applies the corrected configuration.
 */
int daemon_new(uv_loop_t *loop, const DaemonOptions *options, Daemon **ret);

/* Frees the rest; the loop must have ended. NULL is fine; always returns NULL. */
Daemon *daemon_free(Daemon *d);

/* Stops reading queries, answers those that wait, closes all connections, and lets the loop end. */
void daemon_stop(Daemon *d);

void daemon_observe(Daemon *d, const DaemonObserver *observer);
/* Adds an observer, until it is removed from its list. */
void daemon_observe_queries(Daemon *d, QueryObserver *o);

/* Reads the configuration again. Returns the number of errors, or negative errno; unless it is 0, nothing has changed,
 * except that any usable configuration replaces an unusable one. Errors are logged, and passed to `report` unless it is
 * NULL. */
int daemon_reload(Daemon *d, ConfigReport report, void *userdata);

/* Sets all counters to zero. */
void daemon_reset_statistics(Daemon *d);

/* The settings of links, which others may change. */
LinkTable *daemon_links(Daemon *d);
/* The table has changed. Can be called for each setting: the changes of one turn of the loop are applied together. */
void daemon_links_changed(Daemon *d);
/* Returns how often changes of the table were applied. */
uint64_t daemon_links_version(const Daemon *d);

/* Returns whether `unique_name` on the bus is that of NetworkManager. */
bool daemon_is_network_manager(const Daemon *d, const char *unique_name);

Bus *daemon_bus(Daemon *d); /* NULL once the daemon has stopped */
Engine *daemon_engine(Daemon *d);
ResolvConfMode daemon_resolv_conf_mode(const Daemon *d);
const char *daemon_search_domains(const Daemon *d); /* resolv_conf_watch_search() */
uv_loop_t *daemon_loop(Daemon *d);
const ListenerStats *daemon_listener_stats(const Daemon *d);
const H2Stats *daemon_connection_stats(const Daemon *d);

/* Returns a Unix socket that the service manager has passed, which then belongs to the caller; -1: there is no other.
 */
int daemon_take_varlink_socket(Daemon *d);

/* Carries out what was changed by a call from outside the loop's callbacks. Can be called from the loop at any time. */
void daemon_turn(Daemon *d);
