/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * UpstreamTransport: carries out what the engine wants of connections, and brings it their events. One H2 a connection,
 * one Tls an upstream.
 */

#include <uv.h>

#include "core/engine.h"
#include "io/upstream/h2.h"

typedef struct UpstreamTransport UpstreamTransport;

/* `engine` is borrowed. NULL when out of memory. */
UpstreamTransport *transport_new(uv_loop_t *loop, Engine *engine);

/* Closes all connections cleanly and forgets them; they end in the loop. NULL is fine; always NULL. */
UpstreamTransport *transport_free(UpstreamTransport *u);

/* Carries out an action of one of the types CONNECT, SEND, PING, CANCEL, CLOSE, FORGET_TICKETS, UPSTREAM_GONE. May call
 * the engine. */
void transport_act(UpstreamTransport *u, const Action *action);

/* Writes what was queued since the last call. */
void transport_flush(UpstreamTransport *u);

/* Addresses of this machine changed: the engine is told of connections whose own address is gone. */
void upstreams_network_changed(UpstreamTransport *u);

/* Trust stores may be others now: they are loaded again with the next connection. */
void transport_reload(UpstreamTransport *u);

const H2Stats *transport_stats(const UpstreamTransport *u);
void upstreams_reset_stats(UpstreamTransport *u);
