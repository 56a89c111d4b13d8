/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Report: what the daemon says to the journal, and in which words. Texts are for people; each record has the same in
 * fields (DOHMOUSE_UPSTREAM=, DOHMOUSE_STATE=, ...) and an id that units/dohmouse.catalog explains.
 */

#include "core/config/config.h"
#include "core/engine.h"
#include "io/client/listener.h"

/* An upstream changed state, or was set up, down or auto: ACTION_STATE. */
void report_state(const Action *a);

/* Describes the states of all upstreams and of the network in `ret`: "Upstreams: 2 healthy, 1 down (network online)".
 */
#define REPORT_SUMMARY_MAX 192
void report_summary(const Engine *e, char ret[static REPORT_SUMMARY_MAX]);

void report_network(NetworkState state);

/* A finding of the configuration: a ConfigReport. */
void report_config(void *userdata, const ConfigMessage *m);

/* If the configuration has no upstream: says why, and what follows. */
void report_unusable(const Config *c);

/* A reload is over: `error`, if negative, or `errors` in the files say why nothing changed. */
void report_reload(int error, unsigned errors);

/* Which upstreams came with `after`, and went with `before`. `before` may be NULL: the start. */
void report_upstreams(const Config *before, const Config *after);

void report_listening(const Listener *l);
void report_socket_useless(int fd, int error);
/* It passed sockets of one kind alone: TCP if `streams`, else UDP. */
void report_half(bool streams);
void report_cannot_listen(const Address *address, int error);

/* Says what was dropped since the last call, if anything. */
void report_dropped(const ListenerStats *stats);
