/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/upstream/connection.h"

#define AT_RISK_IDLE (10 * USEC_PER_SEC) /* as in Chrome; HEALTH.md 3 */
#define AGE_MAX USEC_PER_HOUR            /* then replaced, to follow changes of anycast routing */
#define SETTINGS_TIME (2500 * USEC_PER_MSEC)
#define STREAMS_ASSUMED 100 /* until SETTINGS arrive, as nghttp2 does */
#define RESETS_MAX 3        /* streams reset in a row before the connection is abandoned */
#define STALE_RACE_MIN (200 * USEC_PER_MSEC)
#define STALE_RACE_DEFAULT (400 * USEC_PER_MSEC)
#define STALE_RACE_MAX (800 * USEC_PER_MSEC)

static void connection_due(Timer *t, uint64_t now);

static Outbox *connection_outbox(const Connection *c)
{
        return c->pool->common->outbox;
}

Connection *connection_new(ConnectionPool *pool, size_t address, Purpose purpose, uint64_t now)
{
        Outbox *o = pool->common->outbox;
        Connection *c = calloc(1, sizeof(*c));
        Action *a;

        if (!c)
                return NULL;
        if (timers_reserve(&o->timers) < 0) {
                free(c);
                return NULL;
        }
        *c = (Connection) {
                .pool = pool,
                .state = CONNECTION_CONNECTING,
                .address = address,
                .epoch = pool->common->epoch,
                .opened_at = now,
                .max_streams = STREAMS_ASSUMED,
                .timer = TIMER_INIT(connection_due),
        };
        exchange_list_init(&c->exchanges);
        list_init(&c->in_pool);
        list_init(&c->notice.in_outbox);
        list_append(&pool->connections, &c->in_pool);
        c->handle = handle_table_add(&o->connections, c);
        a = c->handle ? outbox_act(o, ACTION_CONNECT) : NULL;
        if (!a)
                return connection_free(c);
        a->upstream = pool->upstream;
        a->connection = c->handle;
        a->connect.address = address;
        a->connect.purpose = purpose;
        a->connect.config = pool->config;
        a->connect.owner = pool->owner;
        return c;
}

Connection *connection_free(Connection *c)
{
        Outbox *o;

        if (!c)
                return NULL;
        o = connection_outbox(c);
        must(c->exchanges.n == 0);
        timer_set(&o->timers, &c->timer, USEC_NEVER);
        timers_release(&o->timers);
        list_remove(&c->in_pool);
        list_remove(&c->notice.in_outbox);
        if (c->handle)
                handle_table_remove(&o->connections, c->handle);
        free(c);
        return NULL;
}

void connection_close(Connection *c)
{
        Action *a = outbox_act(connection_outbox(c), ACTION_CLOSE);

        if (a)
                a->connection = c->handle;
        connection_free(c);
}

void connection_set_state(Connection *c, ConnectionState state)
{
        must(state == CONNECTION_READY ? c->state == CONNECTION_CONNECTING : c->state != CONNECTION_CONNECTING);
        c->state = state;
}

/* Returns the start of the current silence. There is an exchange in flight. */
static uint64_t connection_silent_since(const Connection *c)
{
        return MAX(c->received_at, exchange_list_first(&c->exchanges)->sent_at);
}

void connection_arm(Connection *c)
{
        uint64_t at = USEC_NEVER;

        if (c->state != CONNECTION_CONNECTING && c->liveness != CONNECTION_SILENT) {
                if (!c->exchanges.n)
                        at = usec_add(c->idle_since, c->pool->common->config->idle_max);
                else
                        at = MAX(connection_silent_since(c), c->liveness == CONNECTION_PINGED ? c->pinged_at : 0) +
                             pool_stale_race(c->pool);
        }
        timer_set(&connection_outbox(c)->timers, &c->timer, at);
}

static void connection_ping(Connection *c, uint64_t now)
{
        Action *a = outbox_act(connection_outbox(c), ACTION_PING);

        if (a)
                a->connection = c->handle;
        c->liveness = CONNECTION_PINGED;
        c->pinged_at = now;
}

static void connection_due(Timer *t, uint64_t now)
{
        Connection *c = container_of(t, Connection, timer);

        if (!c->exchanges.n) {
                connection_close(c);
                return;
        }
        if (!c->settings && now - c->ready_at >= SETTINGS_TIME) {
                outbox_post(connection_outbox(c), &c->notice, NOTICE_CONNECTION_GONE, FAILURE_PROTOCOL);
                return;
        }
        if (c->liveness == CONNECTION_PINGED) {
                c->liveness = CONNECTION_SILENT;
                outbox_post(connection_outbox(c), &c->notice, NOTICE_CONNECTION_SILENT, FAILURE_SILENT);
        } else
                connection_ping(c, now);
        connection_arm(c);
}

/* Returns true if the connection may be dead without having been closed. */
static bool connection_is_at_risk(const Connection *c, uint64_t now)
{
        uint64_t quiet = now - c->received_at;
        uint64_t peer_idle = c->pool->peer_idle;

        return quiet > AT_RISK_IDLE || c->epoch != c->pool->common->epoch ||
               (peer_idle != USEC_NEVER && quiet >= peer_idle / 10 * 8);
}

bool connection_good(const Connection *c, uint64_t now)
{
        return c->state == CONNECTION_READY && c->liveness != CONNECTION_SILENT && now - c->opened_at < AGE_MAX;
}

bool connection_takes(const Connection *c, uint64_t now)
{
        uint32_t most = c->answered ? c->max_streams : MIN(c->max_streams, c->pool->first_flight);

        return connection_good(c, now) && c->exchanges.n < most;
}

void connection_send(Connection *c, Exchange *x, uint64_t now)
{
        Action *a = exchange_prepare(x, c->pool->common->config->padding)
                            ? outbox_act(connection_outbox(c), ACTION_SEND)
                            : NULL;
        bool risky = c->liveness == CONNECTION_HEARD && connection_is_at_risk(c, now);

        if (!a) {
                exchange_post(x, FAILURE_RESOURCES);
                return;
        }
        exchange_send(x, c, &c->exchanges, now);
        c->pool->queries++;
        if (risky) {
                c->at_risk = true;
                c->liveness = CONNECTION_PINGED;
                c->pinged_at = now;
        }
        a->connection = c->handle;
        a->exchange = x->handle;
        a->send.message = packet_ref(x->wire);
        a->send.ping = risky;
        connection_arm(c);
}

void connection_cancel(Connection *c, const Exchange *x)
{
        Action *a = outbox_act(connection_outbox(c), ACTION_CANCEL);

        if (!a)
                return;
        a->connection = c->handle;
        a->exchange = x->handle;
}

void connection_release(Connection *c, Exchange *x, uint64_t now)
{
        must(x->connection == c);
        exchange_release(x);
        if (!c->exchanges.n) {
                c->idle_since = now;
                if (c->state == CONNECTION_DRAINING || c->liveness == CONNECTION_SILENT) {
                        connection_close(c);
                        return;
                }
        }
        connection_arm(c);
}

void connection_offer(Connection *c, Exchange *x)
{
        Action *a = exchange_prepare(x, c->pool->common->config->padding)
                            ? outbox_act(connection_outbox(c), ACTION_OFFER)
                            : NULL;

        if (!a)
                return;
        a->connection = c->handle;
        a->exchange = x->handle;
        a->send.message = packet_ref(x->wire);
}

bool connection_sent_early(const Connection *c, const Exchange *x)
{
        return c->early && x->sent_at == c->ready_at;
}

void connection_ready(Connection *c, Handshake handshake, uint64_t now)
{
        connection_set_state(c, CONNECTION_READY);
        c->resumed = handshake != HANDSHAKE_FULL;
        c->early = handshake == HANDSHAKE_EARLY;
        c->ready_at = c->received_at = c->idle_since = now;
}

void connection_set_unproven(Connection *c)
{
        c->unproven = true;
}

void connection_set_max_streams(Connection *c, uint32_t max)
{
        c->settings = true;
        c->max_streams = max;
}

bool connection_heard(Connection *c, uint64_t now)
{
        bool was_silent = c->liveness == CONNECTION_SILENT;

        if (c->liveness != CONNECTION_HEARD)
                smoothed_rtt_sample(&c->pool->path, now - c->pinged_at);
        c->received_at = now;
        c->liveness = CONNECTION_HEARD;
        c->at_risk = false;
        if (!was_silent)
                connection_arm(c);
        return was_silent;
}

void connection_answered(Connection *c, const Exchange *x)
{
        c->resets = 0;
        c->answered = true;
        c->pool->fails_without_burst = false;
        c->overtaken_at = MAX(c->overtaken_at, x->sent_at);
        c->unproven = false;
}

bool connection_reset(Connection *c)
{
        return ++c->resets < RESETS_MAX;
}

bool connection_drain(Connection *c)
{
        if (c->state != CONNECTION_READY)
                return false;
        connection_set_state(c, CONNECTION_DRAINING);
        if (c->exchanges.n)
                return false;
        connection_close(c);
        return true;
}

void connection_challenge(Connection *c, uint64_t now)
{
        if (!c->exchanges.n || c->liveness != CONNECTION_HEARD)
                return;
        c->at_risk = true;
        connection_ping(c, now);
        connection_arm(c);
}

void connection_learn_idle(const Connection *c, uint64_t now)
{
        if (!c->exchanges.n && c->state == CONNECTION_READY && c->epoch == c->pool->common->epoch)
                c->pool->peer_idle = MIN(c->pool->peer_idle, now - c->idle_since);
}

uint64_t connection_incident(Connection *c, uint64_t since, uint64_t now)
{
        if (!c->incident || since > c->incident_at) {
                c->incident = ++c->pool->common->incidents;
                c->incident_at = now;
        }
        return c->incident;
}

bool connection_lost_in_first_flight(const Connection *c, FailureReason reason)
{
        ConnectionPool *p = c->pool;

        if (c->answered || !c->exchanges.n)
                return false;
        if (reason == FAILURE_CONNECTION_LOST && c->exchanges.n > 1 && !p->fails_without_burst) {
                p->first_flight = MAX(MIN(p->first_flight, (uint32_t) c->exchanges.n) / 2, 1u);
                return true;
        }
        /* The burst was not the cause. A smaller flight would only open one connection for each query in the queue. */
        p->fails_without_burst = true;
        p->first_flight = STREAMS_ASSUMED;
        return false;
}

bool connection_is_stale(const Connection *c)
{
        return c->at_risk || (c->liveness == CONNECTION_SILENT && !c->unproven) || c->epoch != c->pool->common->epoch;
}

/* --- pool */

void pool_init(ConnectionPool *p, UpstreamCommon *common, const UpstreamConfig *config, Config *owner)
{
        *p = (ConnectionPool) { .common = common, .config = config, .owner = owner };
        list_init(&p->connections);
        pool_forget(p);
}

void pool_forget(ConnectionPool *p)
{
        p->peer_idle = USEC_NEVER;
        p->path = (SmoothedRtt) { 0 };
        p->first_flight = STREAMS_ASSUMED;
        p->fails_without_burst = false;
}

void pool_reset_statistics(ConnectionPool *p)
{
        p->queries = 0;
}

bool pool_any_silent(const ConnectionPool *p)
{
        LIST_FOREACH(l, &p->connections)
                if (container_of(l, Connection, in_pool)->liveness == CONNECTION_SILENT)
                        return true;
        return false;
}

uint64_t pool_stale_race(const ConnectionPool *p)
{
        if (!p->path.smoothed)
                return STALE_RACE_DEFAULT;
        return CLAMP(3 * p->path.smoothed, STALE_RACE_MIN, STALE_RACE_MAX);
}
