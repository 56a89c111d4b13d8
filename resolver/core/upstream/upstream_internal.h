#pragma once
/*
 * What the three files of an upstream (upstream.c, upstream_connect.c, upstream_check.c) need of each other.
 */

#include "core/upstream/upstream.h"

#define UPSTREAM_TIMERS 4

/* upstream_connect.c: making connections, and losing them */
void upstream_connect(Upstream *u, Purpose purpose, uint64_t now);
void upstream_connect_due(Timer *t, uint64_t now);
/* Connecting took too long. */
void upstream_connect_expire(Upstream *u, uint64_t now);
/* Gives up connecting, for no failure of the upstream's. The queue stays. */
void upstream_connect_abandon(Upstream *u, uint64_t now);
/* What `c` carries goes back to the head of the queue, to be sent again. */
void upstream_requeue(Upstream *u, Connection *c, uint64_t now);
/* Does anything wait on a connection that is being replaced? Then connecting is for its sake. */
bool upstream_any_silent(const Upstream *u);

/* upstream_check.c: probes and trials */
void upstream_check_due(Timer *t, uint64_t now);
void upstream_check_done(Upstream *u, FailureReason f, uint64_t retry_after, uint64_t now);
/* The connection for it is there: takes the head of the queue along, or sends a question of its own. */
void upstream_check_ready(Upstream *u, Connection *c, uint64_t now);
void upstream_active_due(Timer *t, uint64_t now);
/* Sets the next probe of active mode, if that is the mode. */
void upstream_plan_active(Upstream *u, uint64_t now);
/* What a probe asks: `. NS`, which every resolver has at hand; NULL when out of memory. */
Packet *upstream_probe_message(const Upstream *u);
