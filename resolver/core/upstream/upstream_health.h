/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The health of an upstream (HEALTH.md): passes the outcomes of exchanges and connections to the health state machine,
 * runs the probes and trials that it requests, and publishes changes of state.
 *
 * Failures are reported as FailureReason. Times are usec of CLOCK_BOOTTIME; `retry_after` is usec, 0 if the peer gave
 * none. Without memory for a probe, the probe ends with FAILURE_RESOURCES.
 */

#include "core/dns/message.h"
#include "core/upstream/upstream_internal.h"

/* Publishes a change of state and acts on it. Call this after anything that may change the health. */
void upstream_state_changed(Upstream *u, Purpose purpose, uint64_t now);

/* Passes a failure to health_failure(), with the same arguments, and acts on the result. */
void upstream_fail(Upstream *u, FailureReason reason, uint64_t incident, bool connecting, uint64_t retry_after,
                   Purpose purpose, uint64_t now);

/* Returns what is known of the reason of its state in addition; of FAILURE_NONE if that is nothing. Valid until the
 * next event. */
const FailureDetail *upstream_reason_detail(const Upstream *u);

/* Handles the failure of `x`, which is still on its connection. */
void upstream_blame(Exchange *x, FailureReason reason, uint64_t retry_after, uint64_t now);

/* Handles the failure of connecting: ends the queued exchanges with `reason`, and reports it to health. */
void upstream_connecting_failed(Upstream *u, FailureReason reason, uint64_t now);

/* Notes that `x` was answered. Call this before the query learns of it. */
void upstream_note_answer(Exchange *x, uint64_t now);
void upstream_note_rcode(Upstream *u, unsigned rcode, Bytes qname, uint64_t now);

/* Marks `x` as overdue, and counts that as a failure if the upstream is to blame. The query goes on to another
 * upstream. */
void upstream_late(Exchange *x, uint64_t now);

/* Starts the trial of an upstream that health has just put in HEALTH_TRIAL. */
void upstream_start_trial(Upstream *u, uint64_t now);

/* Notes that a query was routed, and starts the next probe of a suspect upstream if it is due: such a probe requires
 * demand. */
void upstream_demand(Upstream *u, uint64_t now);

/* Starts a probe, or the trial of a failed upstream, for the administrator. `cookie` is not 0. Returns false if
 * another requested probe is running. */
bool upstream_probe(Upstream *u, uint64_t cookie, uint64_t now);

/* Runs the probe on `c`, which is ready: with the head of the queue, or with its own question. */
void upstream_probe_ready(Upstream *u, Connection *c, uint64_t now);
/* Handles the outcome of the probe. */
void upstream_probe_done(Upstream *u, FailureReason reason, uint64_t retry_after, uint64_t now);
/* Ends the probe or trial without an outcome. */
void upstream_abandon_probe(Upstream *u, uint64_t now);

/* Plans the next probe of active mode, if the mode is active. */
void upstream_plan_active(Upstream *u, uint64_t now);

void upstream_on_connecting_due(Timer *t, uint64_t now);
void upstream_on_probe_due(Timer *t, uint64_t now);
void upstream_on_active_due(Timer *t, uint64_t now);
