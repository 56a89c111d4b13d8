/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Report: the journal messages of the daemon. The texts are for humans; programs find the same in fields
 * (DOHMOUSE_UPSTREAM=, DOHMOUSE_STATE=, ...) and in the message ID, which units/dohmouse.catalog describes.
 */

#include "core/config/config.h"
#include "core/engine.h"
#include "io/client/listener.h"

/* ACTION_STATE: an upstream changed state, or was set up, down or auto. */
void report_state(const Action *a);

/* ACTION_FORWARD_STATE: a forward zone changed state. */
void report_forward_state(const Action *a);

/* Describes the states of all upstreams and of the network in `ret`: "Upstreams: 2 healthy, 1 down (network online)".
 */
#define REPORT_SUMMARY_MAX 192
void report_summary(const Engine *e, char ret[static REPORT_SUMMARY_MAX]);

void report_network(NetworkState state);
/* ACTION_PORTAL_OPEN */
void report_portal_open(void);

/* What happens to the names of time servers while the clock is behind: `names` and `servers` as the engine got them,
 * which takes them if `used`. */
void report_clock_names(const char *names, const char *servers, bool used);
/* The clock was behind, and has been set. */
void report_clock_set(void);

/* A ConfigReport: an error or warning about the configuration. */
void report_config(void *userdata, const ConfigMessage *m);

/* If the configuration has no upstream: says why, and what follows. */
void report_unusable(const Config *c);

/* The outcome of a reload. It has changed nothing if `error` is negative or the files have `errors`. */
void report_reload(int error, unsigned errors);

/* Upstreams that are new, changed or missing in `after`. `before` is NULL at the start. */
void report_upstreams(const Config *before, const Config *after);

void report_listening(const Listener *l);
void report_socket_useless(int fd, int error);
/* The service manager passed only TCP sockets if `streams`, else only UDP sockets. */
void report_half(bool streams);
void report_cannot_listen(const Address *address, int error);

/* `n` queries of a process that was killed, or failed, were taken over. */
void report_queries_taken(unsigned n);

/* Logs if packets were dropped since the last call. */
void report_dropped(const ListenerStats *stats);
