/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/upstream/upstream.h"

#define UPSTREAM_TIMERS 4

/* --- life */

Upstream *upstream_new(UpstreamCommon *common, Config *owner, const UpstreamConfig *config, HealthAdmin admin,
                       uint64_t now)
{
        Outbox *o = common->outbox;
        Upstream *u = calloc(1, sizeof(*u));
        unsigned reserved = 0;

        if (!u)
                return NULL;
        *u = (Upstream) {
                .common = common,
                .config = config,
                .probe_at = USEC_NEVER,
                .overflow = TIMER_INIT(upstream_on_overflow_due),
                .active = TIMER_INIT(upstream_on_active_due),
        };
        pool_init(&u->pool, common, config, owner);
        exchange_list_init(&u->queue);
        connecting_init(&u->connecting, &u->pool, upstream_on_connecting_due);
        probe_init(&u->probe, o, upstream_on_probe_due);
        while (reserved < UPSTREAM_TIMERS && timers_reserve(&o->timers) >= 0)
                reserved++;
        u->handle = u->pool.upstream = handle_table_add(&o->upstreams, u);
        if (reserved < UPSTREAM_TIMERS || !u->handle) {
                while (reserved--)
                        timers_release(&o->timers);
                if (u->handle)
                        handle_table_remove(&o->upstreams, u->handle);
                free(u);
                return NULL;
        }
        u->owner = config_ref(owner);
        health_init(&u->health, &common->health, config->health, now);
        health_set_admin(&u->health, admin, now);
        u->announced = u->health.state;
        u->announced_admin = admin;
        upstream_plan_active(u, now);
        return u;
}

static void upstream_free_exchanges(ExchangeList *l)
{
        Exchange *x;

        while ((x = exchange_list_first(l)))
                exchange_free(x);
}

Upstream *upstream_free(Upstream *u)
{
        Outbox *o;

        if (!u)
                return NULL;
        o = u->common->outbox;
        list_remove(&u->connecting.notice.in_outbox);
        LIST_FOREACH(l, &u->pool.connections) {
                Connection *c = container_of(l, Connection, in_pool);

                upstream_free_exchanges(&c->exchanges);
                connection_free(c);
        }
        upstream_free_exchanges(&u->queue);
        timer_set(&o->timers, &u->connecting.timer, USEC_NEVER);
        timer_set(&o->timers, &u->probe.timer, USEC_NEVER);
        timer_set(&o->timers, &u->overflow, USEC_NEVER);
        timer_set(&o->timers, &u->active, USEC_NEVER);
        for (unsigned i = 0; i < UPSTREAM_TIMERS; i++)
                timers_release(&o->timers);
        handle_table_remove(&o->upstreams, u->handle);
        config_unref(u->owner);
        free(u);
        return NULL;
}

Upstream *upstream_of(const Connection *c)
{
        return container_of(c->pool, Upstream, pool);
}

unsigned upstream_connections(const Upstream *u)
{
        unsigned n = 0;

        LIST_FOREACH(l, &u->pool.connections)
                n += container_of(l, Connection, in_pool)->state != CONNECTION_CONNECTING;
        return n;
}

void upstream_reset_statistics(Upstream *u)
{
        pool_reset_statistics(&u->pool);
        u->failures = u->handshakes_full = u->handshakes_resumed = u->handshakes_early = 0;
        u->probes = u->races = u->races_won = 0;
}

/* --- answers */

void upstream_on_exchange_failed(Exchange *x, FailureReason reason, uint64_t retry_after, uint64_t now)
{
        Connection *c = x->connection;

        /* Not covered by a GOAWAY, or never sent (RFC 9113 6.8, 8.7). If the connection stays open, REFUSED_STREAM
         * asks for a later retry, which is made once. A peer that has accepted nothing before it on this connection
         * may never do: without a pause, each retry would cost a handshake. */
        exchange_set_unprocessed(x, (c->answered || exchange_list_first(&c->exchanges) != x) &&
                                            (reason == FAILURE_NOT_SENT ||
                                             (reason == FAILURE_REFUSED_STREAM && c->state == CONNECTION_DRAINING)));
        upstream_blame(x, reason, retry_after, now);
        connection_release(c, x, now);
        exchange_post(x, reason);
        upstream_advance(x->upstream, now);
}

/* Checks that the body is an answer to the question. */
static FailureReason upstream_check_answer(const Exchange *x, const Message *question, Bytes body, Message *ret)
{
        if (message_parse(ret, body) != MESSAGE_OK)
                return FAILURE_MALFORMED;
        if (ret->id != 0 || !message_answers(ret, question))
                return FAILURE_MISMATCH;
        if (ret->flags & DNS_TC)
                return FAILURE_TRUNCATED;
        /* A probe tests the path, so any answer will do: authoritative and filtering servers refuse it. Only a probe
         * after a SERVFAIL streak tests whether names resolve. */
        if (x->synthetic && servfail_streak_probed(&x->upstream->servfail_streak) &&
            message_rcode(ret) != RCODE_NOERROR && message_rcode(ret) != RCODE_NXDOMAIN)
                return FAILURE_PROBE_RCODE;
        return FAILURE_NONE;
}

bool upstream_on_response(Exchange *x, const HttpResponse *response, Bytes body, Message *ret, uint64_t now)
{
        FailureReason reason = http_response_failure(response, body.n);
        Message question;

        message_view_question(&question, packet_bytes(x->wire));
        if (reason == FAILURE_NONE)
                reason = upstream_check_answer(x, &question, body, ret);
        if (reason != FAILURE_NONE) {
                x->upstream->detail = http_response_detail(response, body.n, reason);
                upstream_on_exchange_failed(x, reason,
                                            response->has_retry_after ? response->retry_after * USEC_PER_SEC : 0, now);
                return false;
        }
        upstream_note_answer(x, now);
        if (!x->synthetic)
                upstream_note_rcode(x->upstream, message_rcode(ret), question.qname, now);
        upstream_release(x->upstream, x->connection, x, now);
        return true;
}

/* --- events of connections */

void upstream_on_established(Connection *c, uint64_t now)
{
        Upstream *u = upstream_of(c);

        connecting_established(&u->connecting, c, now);
        if (u->common->config->early_data)
                upstream_offer_queue(u, c);
}

/* Puts `fresh` in place of the silent connections, which are closed, and of the aged ones, which are drained. */
static void upstream_replace_connections(Upstream *u, Connection *fresh, uint64_t now)
{
        bool overflow = u->connecting.purpose == PURPOSE_QUERY;

        LIST_FOREACH(l, &u->pool.connections) {
                Connection *c = container_of(l, Connection, in_pool);

                if (c == fresh || c->state == CONNECTION_CONNECTING)
                        continue;
                if (c->liveness == CONNECTION_SILENT) {
                        connection_set_unproven(fresh);
                        upstream_requeue_and_close(u, c, now);
                } else if (!overflow || !connection_good(c, now) || c->epoch != fresh->epoch) {
                        connection_set_state(c, CONNECTION_DRAINING);
                        if (!c->exchanges.n)
                                connection_close(c);
                }
        }
        u->races_won += fresh->unproven;
}

void upstream_on_ready(Connection *c, Handshake handshake, uint64_t now)
{
        Upstream *u = upstream_of(c);

        connection_ready(c, handshake, now);
        connecting_prefer(&u->connecting, c->address);
        *(c->resumed ? &u->handshakes_resumed : &u->handshakes_full) += 1;
        u->handshakes_early += handshake == HANDSHAKE_EARLY;
        if (u->connecting.active) {
                upstream_replace_connections(u, c, now);
                connecting_stop(&u->connecting);
        }
        outbox_network_reached(u->common->outbox);
        /* Connections also come up behind a captive portal: only an answer ends that state. */
        if (u->common->outbox->network == NETWORK_OFFLINE)
                outbox_set_network(u->common->outbox, NETWORK_ONLINE);
        if (u->probe.active && !u->probe.exchange)
                upstream_probe_ready(u, c, now);
        upstream_advance(u, now);
        if (c->state == CONNECTION_READY && !c->exchanges.n)
                connection_arm(c);
}

void upstream_on_received(Connection *c, uint64_t now)
{
        Upstream *u = upstream_of(c);

        if (!connection_heard(c, now))
                return;
        if (u->connecting.active && u->connecting.purpose == PURPOSE_RACE && !u->probe.active &&
            !pool_any_silent(&u->pool))
                connecting_stop(&u->connecting);
        upstream_advance(u, now);
        connection_arm(c);
}

void upstream_on_max_streams(Connection *c, uint32_t max, uint64_t now)
{
        Upstream *u = upstream_of(c);

        connection_set_max_streams(c, max);
        if (max == 0) {
                upstream_fail(u, FAILURE_NO_STREAMS, 0, false, 0, PURPOSE_QUERY, now);
                if (!connection_drain(c))
                        return;
        }
        upstream_advance(u, now);
}

void upstream_on_goaway(Connection *c, FailureReason reason, uint64_t now)
{
        Upstream *u = upstream_of(c);

        connection_learn_idle(c, now);
        if (reason != FAILURE_GOAWAY)
                upstream_fail(u, reason, connection_incident(c, now, now), false, 0, PURPOSE_QUERY, now);
        if (connection_drain(c))
                upstream_advance(u, now);
}

void upstream_on_address_gone(Connection *c, uint64_t now)
{
        Upstream *u = upstream_of(c);

        upstream_requeue_and_close(u, c, now);
        upstream_advance(u, now);
}

static void upstream_attempt_closed(Upstream *u, Connection *c, FailureReason reason, uint64_t now)
{
        reason = connecting_attempt_failed(&u->connecting, c, reason, now);
        if (reason != FAILURE_NONE)
                upstream_connecting_failed(u, reason, now);
}

void upstream_on_closed(Connection *c, FailureReason reason, uint64_t now)
{
        Upstream *u = upstream_of(c);
        Exchange *x = exchange_list_first(&c->exchanges);

        if (c->state == CONNECTION_CONNECTING) {
                upstream_attempt_closed(u, c, reason, now);
                return;
        }
        connection_learn_idle(c, now);
        /* Sent again, with fewer exchanges at once. The loss counts once only one is left. */
        if (connection_lost_in_first_flight(c, reason)) {
                upstream_requeue_and_close(u, c, now);
                upstream_advance(u, now);
                return;
        }
        if (connection_is_stale(c) || !x) {
                if (failure_class(reason) == CLASS_SOFT)
                        reason = FAILURE_SILENT;
        } else if (!u->probe.exchange || u->probe.exchange->connection != c)
                upstream_fail(u, reason, connection_incident(c, x->sent_at, now), false, 0, x->purpose, now);
        while ((x = exchange_list_first(&c->exchanges))) {
                exchange_post(x, reason);
                if (u->probe.exchange == x) {
                        probe_set_exchange(&u->probe, NULL);
                        upstream_probe_done(u, reason, 0, now);
                }
        }
        connection_close(c);
        upstream_advance(u, now);
}

static void upstream_on_silent(Upstream *u, Connection *c, uint64_t now)
{
        /* A further replacement may fare no better: do not move the exchanges from one connection to the next until
         * their time is over. */
        if (c->unproven)
                upstream_on_closed(c, FAILURE_TIMEOUT, now);
        else if (!u->connecting.active)
                upstream_connect(u, PURPOSE_RACE, now);
}

void upstream_on_notice(Notice *n, uint64_t now)
{
        Connection *c;

        switch (n->type) {
        case NOTICE_CONNECTION_SILENT:
                c = container_of(n, Connection, notice);
                upstream_on_silent(upstream_of(c), c, now);
                break;
        case NOTICE_CONNECTION_GONE:
                upstream_on_closed(container_of(n, Connection, notice), n->reason, now);
                break;
        case NOTICE_CONNECTING_FAILED:
                upstream_connecting_failed(container_of(n, Upstream, connecting.notice), n->reason, now);
                break;
        }
}

/* --- the machine and the administrator */

void upstream_epoch(Upstream *u, bool resumed, uint64_t now)
{
        Action *a = outbox_act(u->common->outbox, ACTION_FORGET_TICKETS);

        if (a)
                a->upstream = u->handle;
        pool_forget(&u->pool);
        upstream_abandon_probe(u, now);
        connecting_stop(&u->connecting);
        LIST_FOREACH(l, &u->pool.connections) {
                Connection *c = container_of(l, Connection, in_pool);

                if (resumed || c->liveness == CONNECTION_SILENT)
                        upstream_requeue_and_close(u, c, now);
                else
                        connection_challenge(c, now);
        }
        upstream_state_changed(u, PURPOSE_QUERY, now);
        upstream_plan_active(u, now);
        upstream_advance(u, now);
}

void upstream_preconnect(Upstream *u, uint64_t now)
{
        if (!u->connecting.active)
                upstream_connect(u, PURPOSE_QUERY, now);
}

void upstream_close_idle(Upstream *u)
{
        LIST_FOREACH(l, &u->pool.connections) {
                Connection *c = container_of(l, Connection, in_pool);

                if (c->state != CONNECTION_CONNECTING && !c->exchanges.n)
                        connection_close(c);
        }
}

void upstream_set_admin(Upstream *u, HealthAdmin admin, uint64_t now)
{
        if (admin == u->health.admin)
                return;
        upstream_abandon_probe(u, now);
        u->probe_at = USEC_NEVER;
        health_set_admin(&u->health, admin, now);
        upstream_state_changed(u, PURPOSE_QUERY, now);
        if (admin == ADMIN_DOWN)
                LIST_FOREACH(l, &u->pool.connections)
                        connection_drain(container_of(l, Connection, in_pool));
        upstream_plan_active(u, now);
        upstream_advance(u, now);
}

void upstream_disconnect(Upstream *u, uint64_t now)
{
        connecting_stop(&u->connecting);
        LIST_FOREACH(l, &u->pool.connections)
                upstream_requeue_and_close(u, container_of(l, Connection, in_pool), now);
        upstream_advance(u, now);
}

void upstream_retire(Upstream *u, uint64_t now)
{
        u->retired = true;
        timer_set(&u->common->outbox->timers, &u->active, USEC_NEVER);
        upstream_abandon_probe(u, now);
        if (!u->queue.n && !pool_any_silent(&u->pool))
                connecting_stop(&u->connecting);
        upstream_close_idle(u);
}

bool upstream_done(const Upstream *u)
{
        return u->retired && !u->queue.n && list_empty(&u->pool.connections) && !u->connecting.active;
}
