/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Upstream: one DoH server (RFC 8484): its health, its few connections and the queue in front of them. Translates each
 * event into changes of all three.
 *
 * It has three parts, each above the previous one: upstream_queue.h queues exchanges and sends them over the
 * connections, upstream_health.h feeds health and runs the probes and trials that health requests, and this one has the
 * life of an upstream and the events. Below them are connecting, probe, connection and exchange. Above are the
 * UpstreamSet, which owns it, and the queries, whose exchanges it takes and returns through the outcomes of the outbox.
 *
 * Failures are reported as FailureReason. Times are usec of CLOCK_BOOTTIME; `retry_after` is usec, 0 if the peer gave
 * none.
 */

#include "core/upstream/http_response.h"
#include "core/upstream/upstream_health.h"
#include "core/upstream/upstream_queue.h"

/* Creates an upstream for `config`, which is part of `owner`, and takes a reference to `owner`. `admin` is the
 * administrator's setting, which is not reported as a change. Returns NULL if out of memory. */
Upstream *upstream_new(UpstreamCommon *common, Config *owner, const UpstreamConfig *config, HealthAdmin admin,
                       uint64_t now);
/* Frees the upstream, its connections and its exchanges, without telling io or the queries. Accepts NULL, and
 * returns NULL. */
Upstream *upstream_free(Upstream *u);

/* --- events of its connections and exchanges: see engine.h */

Upstream *upstream_of(const Connection *c);
void upstream_on_established(Connection *c, uint64_t now);
void upstream_on_ready(Connection *c, Handshake handshake, uint64_t now);
void upstream_on_received(Connection *c, uint64_t now);
void upstream_on_max_streams(Connection *c, uint32_t max, uint64_t now);
void upstream_on_goaway(Connection *c, FailureReason reason, uint64_t now);
void upstream_on_address_gone(Connection *c, uint64_t now);
void upstream_on_closed(Connection *c, FailureReason reason, uint64_t now);
void upstream_on_exchange_failed(Exchange *x, FailureReason reason, uint64_t retry_after, uint64_t now);

/* Handles the response to `x`. Returns true if it is an answer: *ret is a view of `body`, and `x`, released from its
 * connection, belongs to the caller. Otherwise ends `x` and returns false. */
bool upstream_on_response(Exchange *x, const HttpResponse *response, Bytes body, Message *ret, uint64_t now);

/* Handles a notice of a connection or of connecting. */
void upstream_on_notice(Notice *n, uint64_t now);

/* --- the machine and the administrator */

/* Starts a new epoch, after a suspend if `resumed`: forgets what was learned about the path, abandons the probe, and
 * replaces or challenges the connections. */
void upstream_epoch(Upstream *u, bool resumed, uint64_t now);
/* Connects ahead of the first query. The new connection replaces those of an older epoch. */
void upstream_preconnect(Upstream *u, uint64_t now);
void upstream_set_admin(Upstream *u, HealthAdmin admin, uint64_t now);
void upstream_disconnect(Upstream *u, uint64_t now);
void upstream_close_idle(Upstream *u);
void upstream_retire(Upstream *u, uint64_t now);
/* Returns true if the upstream is retired and has finished. */
bool upstream_done(const Upstream *u);
/* Returns the number of established connections. */
unsigned upstream_connections(const Upstream *u);
void upstream_reset_statistics(Upstream *u);
