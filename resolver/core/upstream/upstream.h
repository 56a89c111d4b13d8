/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Upstream: one DoH server as the engine uses it: its health, its few connections, the queue before them, and what
 * follows of each event for all of these. A probe or trial always takes a new connection, carries a waiting query if
 * there is one, and its connection is adopted.
 *
 * In three parts, one above the other: upstream_queue.h (what waits and goes over its connections), upstream_health.h
 * (what health makes of it), and this one, its life and the events. Below them: connecting, probe, connection,
 * exchange, which call nobody up here. Above: the UpstreamSet, to whose common part it has a pointer, and the queries,
 * whose exchanges it takes, and gives back over the outbox's outcomes.
 */

#include "core/upstream/http_response.h"
#include "core/upstream/upstream_health.h"
#include "core/upstream/upstream_queue.h"

/* `admin`: what the administrator has set, known to whom it concerns. NULL when out of memory. Takes a reference to
 * `owner`, of which `config` is a part. */
Upstream *upstream_new(UpstreamCommon *common, Config *owner, const UpstreamConfig *config, HealthAdmin admin,
                       uint64_t now);
/* Frees it with all it has; tells nobody. NULL is fine; always returns NULL. */
Upstream *upstream_free(Upstream *u);

/* --- events of its connections and exchanges: engine.h says what each means */

Upstream *upstream_of(const Connection *c);
void upstream_on_established(Connection *c, uint64_t now);
void upstream_on_ready(Connection *c, bool resumed, uint64_t now);
void upstream_on_received(Connection *c, uint64_t now);
void upstream_on_max_streams(Connection *c, uint32_t max, uint64_t now);
void upstream_on_goaway(Connection *c, FailureReason reason, uint64_t now);
void upstream_on_address_gone(Connection *c, uint64_t now);
void upstream_on_closed(Connection *c, FailureReason reason, uint64_t now);
void upstream_on_exchange_failed(Exchange *x, FailureReason reason, uint64_t retry_after, uint64_t now);

/* A response came for `x`. True: it is an answer, a view of `body` in *ret, and `x`, off its connection, is the
 * caller's to hand on or free. False: it is none, and `x` is over. */
bool upstream_on_response(Exchange *x, const HttpResponse *response, Bytes body, Message *ret, uint64_t now);

/* What the outbox held of it: a notice of a connection of this one, or of its connecting. */
void upstream_on_notice(Notice *n, uint64_t now);

/* --- the machine and the administrator */

/* A new network: what was learned is forgotten, what was begun is begun again. */
void upstream_epoch(Upstream *u, bool resumed, uint64_t now);
/* Connects, though nobody waits for it; connections of an older network give way to it. */
void upstream_preconnect(Upstream *u, uint64_t now);
void upstream_set_admin(Upstream *u, HealthAdmin admin, uint64_t now);
void upstream_disconnect(Upstream *u, uint64_t now);
void upstream_close_idle(Upstream *u);
void upstream_retire(Upstream *u, uint64_t now);
/* Retired, and with nothing left to do. */
bool upstream_done(const Upstream *u);
/* Connections that are up. */
unsigned upstream_connections(const Upstream *u);
void upstream_reset_statistics(Upstream *u);
