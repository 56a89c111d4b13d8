/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The health of an upstream, and what follows of it: what its exchanges and connections tell health, the probes and
 * trials that health asks for, and who is told of a change of state.
 */

#include "core/dns/message.h"
#include "core/upstream/upstream_internal.h"

/* To be called after whatever may have changed health: publishes a change of state and does what follows of it. */
void upstream_state_changed(Upstream *u, Purpose purpose, uint64_t now);

/* A failure, as health_failure() has it, and what it leads to. */
void upstream_fail(Upstream *u, FailureReason reason, uint64_t incident, bool connecting, uint64_t retry_after,
                   Purpose purpose, uint64_t now);

/* `x`, on its connection, has failed. */
void upstream_blame(Exchange *x, FailureReason reason, uint64_t retry_after, uint64_t now);

/* No address worked: whoever waits for a connection is told, and so is health. */
void upstream_connecting_failed(Upstream *u, FailureReason reason, uint64_t now);

/* `x` has its answer; before its query hears of it. */
void upstream_note_answer(Exchange *x, uint64_t now);
void upstream_note_rcode(Upstream *u, unsigned rcode, Bytes qname, uint64_t now);

/* `x` had its time, and its query looks elsewhere: counted against the upstream if it is to blame. */
void upstream_late(Exchange *x, uint64_t now);

/* Health has just put it in TRIAL: says so and starts the trial. */
void upstream_start_trial(Upstream *u, uint64_t now);

/* A query was routed while this one is suspect: the next probe is due with demand only. */
void upstream_demand(Upstream *u, uint64_t now);

/* The administrator wants a probe, or a trial of a failed one, now; false if another is waited for already. */
bool upstream_probe(Upstream *u, uint64_t cookie, uint64_t now);

/* The connection for the probe is there: takes the head of the queue along, or sends a question of its own. */
void upstream_probe_ready(Upstream *u, Connection *c, uint64_t now);
/* The outcome of the probe. */
void upstream_probe_done(Upstream *u, FailureReason reason, uint64_t retry_after, uint64_t now);
/* Forgets the probe or trial without an outcome. */
void upstream_abandon_probe(Upstream *u, uint64_t now);

/* Sets the next probe of active mode, if that is the mode. */
void upstream_plan_active(Upstream *u, uint64_t now);

void upstream_on_connecting_due(Timer *t, uint64_t now);
void upstream_on_probe_due(Timer *t, uint64_t now);
void upstream_on_active_due(Timer *t, uint64_t now);
