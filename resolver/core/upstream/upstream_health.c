/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/upstream/upstream_health.h"

#include "core/base/siphash.h"
#include "core/upstream/upstream_queue.h"

#define DEMAND_TIME                                                                                                 \
        (5 * USEC_PER_SEC) /* the probe of a suspect upstream is repeated by timer only if there was a query within \
                              this time */

/* --- changes of state */

const FailureDetail *upstream_reason_detail(const Upstream *u)
{
        static const FailureDetail none;

        return u->health.reason && u->detail.reason == u->health.reason ? &u->detail : &none;
}

/* Reports the state once, to the journal and the bus. */
static void upstream_publish_state(Upstream *u, Purpose purpose)
{
        Action *a = outbox_act(u->common->outbox, ACTION_STATE);

        if (a) {
                a->upstream = u->handle;
                a->state.name = u->config->name;
                a->state.from = u->announced;
                a->state.to = u->health.state;
                a->state.admin = u->health.admin;
                a->state.admin_before = u->announced_admin;
                a->state.reason = u->health.reason;
                a->state.detail = *upstream_reason_detail(u);
                a->state.purpose = purpose;
                a->state.retry_at = u->health.retry_at;
        }
        u->announced = u->health.state;
        u->announced_admin = u->health.admin;
}

/* Acts on the state: an unusable upstream gets no further exchanges, and its queue goes elsewhere. If all upstreams
 * have just failed with a wrong certificate or a login page, the network is a captive portal, unless the clock explains
 * it. */
static void upstream_follow_state(Upstream *u, uint64_t now)
{
        if (u->health.state == HEALTH_FAILED && health_group_blames_clock(&u->common->health))
                outbox_set_network(u->common->outbox, NETWORK_CLOCK);
        else if (u->health.state == HEALTH_FAILED &&
                 (health_group_intercepted(&u->common->health, now) ||
                  (u->common->outbox->connectivity == CONNECTIVITY_PORTAL && !health_group_usable(&u->common->health))))
                outbox_set_network(u->common->outbox, NETWORK_PORTAL);
        if (health_usable(&u->health) || u->health.state == HEALTH_TRIAL)
                return;
        upstream_post_all(&u->queue, FAILURE_CANCELLED);
        if (!u->probe.active && !pool_any_silent(&u->pool))
                connecting_stop(&u->connecting);
}

void upstream_state_changed(Upstream *u, Purpose purpose, uint64_t now)
{
        if (u->health.state == u->announced && u->health.admin == u->announced_admin)
                return;
        u->common->state_changes += u->health.state != u->announced;
        upstream_publish_state(u, purpose);
        upstream_follow_state(u, now);
}

void upstream_plan_active(Upstream *u, uint64_t now)
{
        Outbox *o = u->common->outbox;
        uint64_t interval = u->common->config->active_interval;

        if (u->health.mode != MODE_ACTIVE || u->health.admin != ADMIN_AUTO || u->retired || u->active.at != USEC_NEVER)
                return;
        timer_set(&o->timers, &u->active, now + random_between(&o->random, interval / 10 * 9, interval / 10 * 11));
}

/* --- probes and trials */

/* Ends the probe, and cancels its exchange if no query needs that. */
static void upstream_end_probe(Upstream *u, bool failed, uint64_t now)
{
        Exchange *x = probe_end(&u->probe);

        if (!x)
                return;
        if (failed && x->connection)
                connection_set_state(x->connection, CONNECTION_DRAINING);
        if (!x->query && !x->over)
                upstream_cancel(x, now);
}

/* Ends the probe in favour of the next one. The caller tells health. */
static void upstream_supersede_probe(Upstream *u, uint64_t now)
{
        if (!u->probe.active)
                return;
        probe_report(&u->probe, &u->pool, u->handle, FAILURE_CANCELLED, now);
        upstream_end_probe(u, false, now);
}

void upstream_abandon_probe(Upstream *u, uint64_t now)
{
        if (u->probe.active)
                health_probe_abandon(&u->health, now);
        upstream_supersede_probe(u, now);
}

/* Starts a probe or trial, unless one is running. A trial supersedes a probe. */
static void upstream_start_probe(Upstream *u, Purpose purpose, bool suspicion, uint64_t now)
{
        if (u->probe.active && (purpose != PURPOSE_TRIAL || u->probe.purpose == PURPOSE_TRIAL))
                return;
        upstream_supersede_probe(u, now);
        if (purpose == PURPOSE_TRIAL && u->connecting.active && u->connecting.started_at < u->health.changed_at)
                connecting_stop(&u->connecting);
        probe_start(&u->probe, purpose, suspicion, now, now + u->common->config->probe_timeout);
        u->probe_at = USEC_NEVER;
        u->probes++;
        if (!u->connecting.active)
                upstream_connect(u, purpose, now);
        else if (u->connecting.purpose == PURPOSE_QUERY || u->connecting.purpose == PURPOSE_RACE)
                connecting_set_purpose(&u->connecting, purpose);
}

void upstream_start_trial(Upstream *u, uint64_t now)
{
        upstream_state_changed(u, PURPOSE_QUERY, now);
        upstream_start_probe(u, PURPOSE_TRIAL, true, now);
}

/* A trial without an answer has failed, even if a query would simply be sent again. */
static FailureReason upstream_trial_reason(FailureReason reason)
{
        FailureClass class = failure_class(reason);

        return class == CLASS_STALE || class == CLASS_NO_FAULT ? FAILURE_CONNECTION_LOST : reason;
}

static void upstream_trial_done(Upstream *u, FailureReason reason, uint64_t retry_after, uint64_t now)
{
        upstream_end_probe(u, reason != FAILURE_NONE, now);
        if (reason == FAILURE_NONE)
                health_ok(&u->health, true, now);
        else
                upstream_fail(u, upstream_trial_reason(reason), ++u->common->incidents, false, retry_after,
                              PURPOSE_TRIAL, now);
}

static void upstream_suspicion_probed(Upstream *u, FailureReason reason, uint64_t retry_after, uint64_t now)
{
        bool suspect = u->health.state == HEALTH_SUSPECT, suspicion = u->probe.suspicion;
        Purpose purpose = u->probe.purpose;
        uint64_t next = health_probe_done(&u->health, reason, retry_after, now);

        upstream_end_probe(u, reason != FAILURE_NONE, now);
        u->failures += suspect && reason != FAILURE_NONE;
        if (suspect && next != USEC_NEVER) {
                u->probe_at = next;
                if (now - u->demand_at < DEMAND_TIME)
                        timer_set(&u->common->outbox->timers, &u->active, next);
        } else if (!suspect && reason == FAILURE_NONE)
                health_ok(&u->health, true, now);
        else if (!suspect && !suspicion)
                upstream_fail(u, reason, ++u->common->incidents, false, retry_after, purpose, now);
}

void upstream_probe_done(Upstream *u, FailureReason reason, uint64_t retry_after, uint64_t now)
{
        Purpose purpose = u->probe.purpose;

        probe_report(&u->probe, &u->pool, u->handle, reason, now);
        if (purpose == PURPOSE_TRIAL && u->health.state == HEALTH_TRIAL)
                upstream_trial_done(u, reason, retry_after, now);
        else
                upstream_suspicion_probed(u, reason, retry_after, now);
        upstream_state_changed(u, purpose, now);
        upstream_plan_active(u, now);
}

void upstream_probe_ready(Upstream *u, Connection *c, uint64_t now)
{
        _cleanup_(packet_unrefp) Packet *wire = NULL;
        Exchange *x = exchange_list_first(&u->queue);

        if (x) {
                exchange_set_purpose(x, u->probe.purpose);
                probe_set_exchange(&u->probe, x);
                return;
        }
        wire = exchange_probe_question(u->common->config->padding);
        x = wire ? exchange_new(u->common->outbox, NULL, u, wire, u->probe.purpose) : NULL;
        if (!x) {
                upstream_probe_done(u, FAILURE_RESOURCES, 0, now);
                return;
        }
        probe_set_exchange(&u->probe, x);
        connection_send(c, x, now);
}

bool upstream_probe(Upstream *u, uint64_t cookie, uint64_t now)
{
        if (u->probe.active && u->probe.cookie)
                return false;
        if (!u->probe.active) {
                bool trial = u->health.state == HEALTH_FAILED && health_trial_start(&u->health, false, now);

                if (!trial)
                        health_probe_start(&u->health);
                upstream_start_probe(u, trial ? PURPOSE_TRIAL : PURPOSE_PROBE, false, now);
                upstream_state_changed(u, PURPOSE_PROBE, now);
        }
        probe_set_cookie(&u->probe, cookie);
        return true;
}

/* Starts the next probe of a suspect upstream, if it is due. */
static void upstream_probe_suspicion(Upstream *u, uint64_t now)
{
        if (u->probe_at <= now && u->health.state == HEALTH_SUSPECT && health_probe_start(&u->health))
                upstream_start_probe(u, PURPOSE_PROBE, true, now);
}

void upstream_demand(Upstream *u, uint64_t now)
{
        u->demand_at = now;
        upstream_probe_suspicion(u, now);
}

/* Probes a healthy upstream, or starts the trial of a failed one. */
static void upstream_probe_actively(Upstream *u, uint64_t now)
{
        if (u->health.state == HEALTH_FAILED)
                health_trial_start(&u->health, true, now);
        if (u->health.state == HEALTH_TRIAL && !u->probe.active)
                upstream_start_probe(u, PURPOSE_TRIAL, false, now);
        else if (u->health.state != HEALTH_FAILED && u->health.state != HEALTH_TRIAL && health_probe_start(&u->health))
                upstream_start_probe(u, PURPOSE_PROBE, false, now);
        upstream_state_changed(u, PURPOSE_PROBE, now);
}

void upstream_on_active_due(Timer *t, uint64_t now)
{
        Upstream *u = container_of(t, Upstream, active);

        if (u->health.state == HEALTH_SUSPECT)
                upstream_probe_suspicion(u, now);
        else if (u->health.mode == MODE_ACTIVE)
                upstream_probe_actively(u, now);
        upstream_plan_active(u, now);
}

/* --- failures */

static bool upstream_counts(FailureReason reason)
{
        FailureClass class = failure_class(reason);

        return class == CLASS_CONNECT_HARD || class == CLASS_TLS_VERIFY || class == CLASS_SOFT ||
               class == CLASS_OVERLOAD || class == CLASS_CONFIG;
}

void upstream_fail(Upstream *u, FailureReason reason, uint64_t incident, bool connecting, uint64_t retry_after,
                   Purpose purpose, uint64_t now)
{
        HealthRequest request;

        u->failures += upstream_counts(reason);
        request = health_failure(&u->health, reason, incident, connecting, retry_after, now);
        upstream_state_changed(u, purpose, now);
        /* The next probe is already planned, and a burst of failures does not bring it forward (HEALTH.md 2, row 9). */
        if (request == HEALTH_REQUEST_PROBE && u->probe_at != USEC_NEVER && now < u->probe_at)
                health_probe_abandon(&u->health, now);
        else if (request == HEALTH_REQUEST_PROBE)
                upstream_start_probe(u, PURPOSE_PROBE, true, now);
        else if (request == HEALTH_REQUEST_PROBE_LATER)
                u->probe_at = now;
}

void upstream_connecting_failed(Upstream *u, FailureReason reason, uint64_t now)
{
        Purpose purpose = u->connecting.purpose;

        connecting_stop(&u->connecting);
        if (failure_class(reason) == CLASS_LOCALNET && reason != FAILURE_RESOURCES && reason != FAILURE_FORBIDDEN &&
            reason != FAILURE_TRUST_STORE)
                outbox_set_network(u->common->outbox, NETWORK_OFFLINE);
        upstream_post_all(&u->queue, reason);
        /* The silent connections cannot be replaced. */
        LIST_FOREACH(l, &u->pool.connections) {
                Connection *c = container_of(l, Connection, in_pool);

                if (c->liveness != CONNECTION_SILENT)
                        continue;
                upstream_post_all(&c->exchanges, reason);
                connection_close(c);
                upstream_advance(u, now);
        }
        if (u->probe.active)
                upstream_probe_done(u, reason, 0, now);
        else
                upstream_fail(u, reason, ++u->common->incidents, true, 0, purpose, now);
}

void upstream_on_connecting_due(Timer *t, uint64_t now)
{
        Upstream *u = container_of(t, Upstream, connecting.timer);
        FailureReason reason = connecting_due(&u->connecting, now);

        if (reason != FAILURE_NONE)
                upstream_connecting_failed(u, reason, now);
}

void upstream_on_probe_due(Timer *t, uint64_t now)
{
        Upstream *u = container_of(t, Upstream, probe.timer);

        /* Without a connection, connecting has failed, too: one incident, not a second one at the deadline of
         * connecting. */
        if (!u->probe.exchange && u->connecting.active)
                upstream_connecting_failed(u, connecting_expired(&u->connecting), now);
        else
                upstream_probe_done(u, FAILURE_TIMEOUT, 0, now);
}

void upstream_blame(Exchange *x, FailureReason reason, uint64_t retry_after, uint64_t now)
{
        Upstream *u = x->upstream;
        Connection *c = x->connection;

        if (u->probe.exchange == x) {
                probe_set_exchange(&u->probe, NULL);
                connection_set_state(c, CONNECTION_DRAINING);
                upstream_probe_done(u, reason, retry_after, now);
        } else
                upstream_fail(u, reason, connection_incident(c, x->sent_at, now), false, retry_after, x->purpose, now);
        /* After a gateway error or a misdirected request (RFC 9110 15.5.20), another connection may work. */
        if (reason == FAILURE_HTTP_RETRY || (reason == FAILURE_STREAM_RESET && !connection_reset(c)))
                connection_set_state(c, CONNECTION_DRAINING);
}

void upstream_late(Exchange *x, uint64_t now)
{
        Upstream *u = x->upstream;

        exchange_set_late(x);
        /* Waiting for a stream is not a failure of the upstream: connecting has its own deadline. */
        if (x->connection && now - x->sent_at >= upstream_answer_time(u))
                upstream_blame(x, FAILURE_TIMEOUT, 0, now);
        upstream_advance(u, now);
}

void upstream_note_rcode(Upstream *u, unsigned rcode, Bytes qname, uint64_t now)
{
        if (rcode == RCODE_NOERROR || rcode == RCODE_NXDOMAIN)
                servfail_streak_end(&u->servfail_streak);
        else if ((rcode == RCODE_SERVFAIL || rcode == RCODE_REFUSED) &&
                 servfail_streak_add(&u->servfail_streak, siphash(u->common->hash_key, qname), now) &&
                 u->health.state == HEALTH_HEALTHY && health_probe_start(&u->health))
                upstream_start_probe(u, PURPOSE_PROBE, false, now);
}

void upstream_note_answer(Exchange *x, uint64_t now)
{
        Upstream *u = x->upstream;
        Connection *c = x->connection;
        bool fresh = c->opened_at >= u->health.changed_at;

        if (!connection_sent_early(c, x))
                smoothed_rtt_sample(&u->rtt, now - x->sent_at);
        connection_answered(c, x);
        outbox_set_network(u->common->outbox, NETWORK_ONLINE);
        if (u->probe.exchange == x) {
                probe_set_exchange(&u->probe, NULL);
                upstream_probe_done(u, FAILURE_NONE, 0, now);
                return;
        }
        if (u->health.state == HEALTH_TRIAL && !fresh)
                return;
        health_ok(&u->health, fresh, now);
        upstream_state_changed(u, x->purpose, now);
}
