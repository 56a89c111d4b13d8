#pragma once
/*
 * Upstreams: carries out what the engine wants of connections, and brings it their events. One H2 a connection, one Tls an upstream.
 */

#include <uv.h>

#include "core/engine.h"
#include "io/upstream/h2.h"

typedef struct Upstreams Upstreams;

/* `engine` is borrowed. NULL when out of memory. */
Upstreams *upstreams_new(uv_loop_t *loop, Engine *engine);

/* Closes all connections cleanly and forgets them; they end in the loop. NULL is fine; always NULL. */
Upstreams *upstreams_free(Upstreams *u);

/* Carries out an action of one of the types CONNECT, SEND, PING, CANCEL, CLOSE, FORGET_TICKETS, UPSTREAM_GONE. May call the engine. */
void upstreams_act(Upstreams *u, const Action *action);

/* Writes what was queued since the last call. */
void upstreams_flush(Upstreams *u);

/* Addresses of this machine changed: the engine is told of connections whose own address is gone. */
void upstreams_network_changed(Upstreams *u);

/* Trust stores may be others now: they are loaded again with the next connection. */
void upstreams_reload(Upstreams *u);

const H2Stats *upstreams_stats(const Upstreams *u);
void upstreams_reset_stats(Upstreams *u);
