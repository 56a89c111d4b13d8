/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * UpstreamTransport: carries out the actions of the engine on connections, and passes it their events. Owns one H2 per
 * connection and one Tls per upstream.
 */

#include <uv.h>

#include "core/engine.h"
#include "io/upstream/h2.h"

typedef struct UpstreamTransport UpstreamTransport;

/* `engine` is borrowed. Returns NULL if out of memory. */
UpstreamTransport *transport_new(uv_loop_t *loop, Engine *engine);

/* Closes all connections cleanly; the loop ends them. Accepts NULL, and returns NULL. */
UpstreamTransport *transport_free(UpstreamTransport *u);

/* Carries out an action of type CONNECT, SEND, PING, CANCEL, CLOSE, FORGET_TICKETS or UPSTREAM_GONE. May call the
 * engine. */
void transport_act(UpstreamTransport *u, const Action *action);

/* Writes what was queued since the last call. */
void transport_flush(UpstreamTransport *u);

/* The addresses of this machine changed: tells the engine about connections whose local address was removed. */
void transport_network_changed(UpstreamTransport *u);

/* Trust stores may have changed: reloads them for the next connection. */
void transport_reload(UpstreamTransport *u);

const H2Stats *transport_stats(const UpstreamTransport *u);
void transport_reset_stats(UpstreamTransport *u);
