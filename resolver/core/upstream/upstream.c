#include "core/upstream/upstream.h"

#include "core/engine_internal.h"
#include "core/upstream/upstream_internal.h"

#define STALE_RACE_MIN (200 * USEC_PER_MSEC)
#define STALE_RACE_DEFAULT (400 * USEC_PER_MSEC)
#define STALE_RACE_MAX (800 * USEC_PER_MSEC)
#define HEDGE_MIN (250 * USEC_PER_MSEC)
#define HEDGE_DEFAULT (500 * USEC_PER_MSEC)
#define HEDGE_MAX (1000 * USEC_PER_MSEC)
#define ANSWER_MIN (1000 * USEC_PER_MSEC)
#define ANSWER_DEFAULT (2000 * USEC_PER_MSEC)
#define ANSWER_MAX (3000 * USEC_PER_MSEC)
#define OVERFLOW_WAIT (50 * USEC_PER_MSEC)
#define CONNECTIONS_MAX 2 /* one, and one for overflow; a race comes on top */
#define DRAINING_MAX 5    /* connections of all sorts: then no new one for the queue */
#define RESETS_MAX 3      /* streams reset in a row, then the connection is given up */

static void upstream_overflow_due(Timer *t, uint64_t now);

Upstream *upstream_new(Engine *e, Config *owner, const UpstreamConfig *config, HealthAdmin admin, uint64_t now)
{
        Upstream *u = calloc(1, sizeof(*u));
        unsigned reserved = 0;

        if (!u)
                return NULL;
        *u = (Upstream) {
                .engine = e,
                .config = config,
                .peer_idle = USEC_NEVER,
                .probe_at = USEC_NEVER,
                .connect.timer = TIMER_INIT(upstream_connect_due),
                .check.timer = TIMER_INIT(upstream_check_due),
                .overflow = TIMER_INIT(upstream_overflow_due),
                .active = TIMER_INIT(upstream_active_due),
        };
        list_init(&u->connections);
        list_init(&u->queue);
        while (reserved < UPSTREAM_TIMERS && timers_reserve(&e->timers) >= 0)
                reserved++;
        u->number = handle_table_add(&e->upstream_handles, u);
        if (reserved < UPSTREAM_TIMERS || !u->number) {
                while (reserved--)
                        timers_release(&e->timers);
                if (u->number)
                        handle_table_remove(&e->upstream_handles, u->number);
                free(u);
                return NULL;
        }
        u->owner = config_ref(owner);
        health_init(&u->health, &e->group, config->health, now);
        health_set_admin(&u->health, now, admin);
        u->announced = u->health.state;
        u->announced_admin = admin;
        upstream_plan_active(u, now);
        return u;
}

Upstream *upstream_free(Upstream *u)
{
        Engine *e;

        if (!u)
                return NULL;
        e = u->engine;
        LIST_FOREACH(l, &u->connections) {
                Connection *c = container_of(l, Connection, in_upstream);

                while (!list_empty(&c->exchanges))
                        exchange_free(container_of(list_first(&c->exchanges), Exchange, in_place));
                connection_free(c);
        }
        while (!list_empty(&u->queue))
                exchange_free(container_of(list_first(&u->queue), Exchange, in_place));
        timer_set(&e->timers, &u->connect.timer, USEC_NEVER);
        timer_set(&e->timers, &u->check.timer, USEC_NEVER);
        timer_set(&e->timers, &u->overflow, USEC_NEVER);
        timer_set(&e->timers, &u->active, USEC_NEVER);
        for (unsigned i = 0; i < UPSTREAM_TIMERS; i++)
                timers_release(&e->timers);
        handle_table_remove(&e->upstream_handles, u->number);
        config_unref(u->owner);
        free(u);
        return NULL;
}

/* --- figures */

uint64_t upstream_stale_race(const Upstream *u)
{
        if (!u->path.smoothed)
                return STALE_RACE_DEFAULT;
        return CLAMP(3 * u->path.smoothed, STALE_RACE_MIN, STALE_RACE_MAX);
}

uint64_t upstream_hedge_delay(const Upstream *u)
{
        if (!u->rtt.smoothed)
                return HEDGE_DEFAULT;
        return CLAMP(rtt_bound(&u->rtt), HEDGE_MIN, HEDGE_MAX);
}

uint64_t upstream_answer_time(const Upstream *u)
{
        if (!u->rtt.smoothed)
                return ANSWER_DEFAULT;
        return CLAMP(3 * rtt_bound(&u->rtt), ANSWER_MIN, ANSWER_MAX);
}

bool upstream_unproven(const Exchange *x)
{
        return !x->connection || x->connection->received_at < x->sent_at;
}

bool upstream_doubtful(const Upstream *u, uint64_t now)
{
        LIST_FOREACH(l, &u->connections) {
                const Connection *c = container_of(l, Connection, in_upstream);

                if (c->state == CONNECTION_READY && !c->silent)
                        return false;
        }
        return u->connect.active && now - u->connect.started_at >= upstream_hedge_delay(u);
}

/* --- sending and waiting */

/* A trial's exchanges take no connection that is older than the trial: that it still works says nothing of the failure.
 */
static bool upstream_fits_trial(const Upstream *u, const Connection *c)
{
        return u->health.state != HEALTH_TRIAL || c->opened_at >= u->health.changed_at;
}

/* The connection for a new exchange: the youngest that has room. */
static Connection *upstream_pick(const Upstream *u, uint64_t now)
{
        for (List *l = u->connections.previous; l != &u->connections; l = l->previous) {
                Connection *c = container_of(l, Connection, in_upstream);

                if (connection_takes(c, now) && upstream_fits_trial(u, c))
                        return c;
        }
        return NULL;
}

bool upstream_submit(Upstream *u, Exchange *x, uint64_t now)
{
        Connection *c = list_empty(&u->queue) ? upstream_pick(u, now) : NULL;

        if (c) {
                connection_send(c, x, now);
                return true;
        }
        if (u->queued >= UPSTREAM_QUEUE_MAX)
                return false;
        x->queued_at = now;
        list_append(&u->queue, &x->in_place);
        u->queued++;
        upstream_advance(u, now);
        return true;
}

/* Sees to it that what waits in the queue gets a connection: the first, or a second if the first stays full. */
static void upstream_want_connection(Upstream *u, uint64_t now)
{
        const Exchange *head;
        unsigned n = 0, all = 0;

        if (u->connect.active)
                return;
        LIST_FOREACH(l, &u->connections) {
                const Connection *c = container_of(l, Connection, in_upstream);

                all++;
                n += connection_good(c, now) && upstream_fits_trial(u, c);
        }
        /* A peer that ends each connection as soon as it is used gets no more of them than this: the queue moves when
         * one is done. */
        if (all >= DRAINING_MAX)
                return;
        head = container_of(list_first(&u->queue), Exchange, in_place);
        if (n == 0)
                upstream_connect(u, u->health.state == HEALTH_TRIAL ? PURPOSE_TRIAL : PURPOSE_QUERY, now);
        else
                timer_set(&u->engine->timers, &u->overflow,
                          n < CONNECTIONS_MAX ? head->queued_at + MAX(u->rtt.smoothed, OVERFLOW_WAIT) : USEC_NEVER);
}

static void upstream_overflow_due(Timer *t, uint64_t now)
{
        Upstream *u = container_of(t, Upstream, overflow);

        if (!list_empty(&u->queue) && !u->connect.active)
                upstream_connect(u, PURPOSE_QUERY, now);
}

/* Given up for another's sake: its query is told, as of any that comes to nothing. */
static void upstream_take_stream(Exchange *x, uint64_t now)
{
        Connection *c = x->connection;
        Action *a = engine_act(c->upstream->engine, ACTION_CANCEL);

        if (a) {
                a->connection = c->number;
                a->exchange = x->number;
        }
        list_remove(&x->in_place);
        x->connection = NULL;
        c->streams--;
        exchange_post(x, FAILURE_TIMEOUT, now);
}

/*
 * Where all streams are taken, one that is overdue, and that later ones have overtaken, gives way to who waits: a peer
 * that loses some requests, on a connection that is well, would run out of streams else. One that is just slow with all
 * of them may finish.
 */
static Connection *upstream_make_room(Upstream *u, uint64_t now)
{
        LIST_FOREACH(l, &u->connections) {
                Connection *c = container_of(l, Connection, in_upstream);
                Exchange *oldest;

                if (!c->streams || c->streams != c->max_streams || !connection_good(c, now) ||
                    !upstream_fits_trial(u, c))
                        continue;
                oldest = container_of(list_first(&c->exchanges), Exchange, in_place);
                if (oldest == u->check.exchange || oldest->sent_at >= c->overtaken_at ||
                    now - oldest->sent_at < upstream_answer_time(u))
                        continue;
                upstream_take_stream(oldest, now);
                return c;
        }
        return NULL;
}

void upstream_advance(Upstream *u, uint64_t now)
{
        Connection *c;

        while (!list_empty(&u->queue) && ((c = upstream_pick(u, now)) || (c = upstream_make_room(u, now)))) {
                Exchange *x = container_of(list_first(&u->queue), Exchange, in_place);

                list_remove(&x->in_place);
                u->queued--;
                connection_send(c, x, now);
        }
        if (list_empty(&u->queue))
                timer_set(&u->engine->timers, &u->overflow, USEC_NEVER);
        else
                upstream_want_connection(u, now);
}

/* --- what exchanges tell of their upstream */

void upstream_rcode(Upstream *u, unsigned rcode, uint64_t name, uint64_t now)
{
        if (rcode == RCODE_NOERROR || rcode == RCODE_NXDOMAIN)
                servfail_streak_end(&u->servfail_streak);
        else if ((rcode == RCODE_SERVFAIL || rcode == RCODE_REFUSED) &&
                 servfail_streak_add(&u->servfail_streak, name, now) && u->health.state == HEALTH_HEALTHY &&
                 health_probe_start(&u->health))
                upstream_check(u, PURPOSE_PROBE, false, now);
}

/* It is not to be used: what waits for it goes elsewhere, and nothing is connected for nobody. */
static void upstream_turn_away(Upstream *u, uint64_t now)
{
        while (!list_empty(&u->queue))
                exchange_post(container_of(list_first(&u->queue), Exchange, in_place), FAILURE_CANCELLED, now);
        if (!u->check.active && !upstream_any_silent(u))
                upstream_connect_abandon(u, now);
}

void upstream_announce(Upstream *u, Purpose purpose, uint64_t now)
{
        Action *a;

        if (u->health.state == u->announced && u->health.admin == u->announced_admin)
                return;
        /* It is well again, or others take over: what failed before says nothing of what is asked from now on. */
        if (u->engine->cache && u->announced != u->health.state)
                cache_forget_failures(u->engine->cache);
        a = engine_act(u->engine, ACTION_STATE);
        if (a) {
                a->upstream = u->number;
                a->state.name = u->config->name;
                a->state.from = u->announced;
                a->state.to = u->health.state;
                a->state.admin = u->health.admin;
                a->state.admin_before = u->announced_admin;
                a->state.reason = u->health.reason;
                a->state.purpose = purpose;
                a->state.retry_at = u->health.retry_at;
        }
        u->announced = u->health.state;
        u->announced_admin = u->health.admin;
        if (u->health.state == HEALTH_FAILED)
                engine_suspect_portal(u->engine);
        if (!health_usable(&u->health) && u->health.state != HEALTH_TRIAL)
                upstream_turn_away(u, now);
}

static bool upstream_counted(FailureReason f)
{
        FailureClass class = failure_class(f);

        return class == CLASS_CONNECT_HARD || class == CLASS_TLS_VERIFY || class == CLASS_SOFT ||
               class == CLASS_OVERLOAD || class == CLASS_CONFIG;
}

void upstream_failure(Upstream *u, FailureReason f, uint64_t incident, bool connecting, uint64_t retry_after,
                      Purpose purpose, uint64_t now)
{
        HealthRequest request;

        if (upstream_counted(f))
                u->failures++;
        request = health_failure(&u->health, now, f, incident, connecting, retry_after);
        upstream_announce(u, purpose, now);
        /* The next probe is planned already: failures of a flood do not hurry it (HEALTH.md 2, row 9). */
        if (request == HEALTH_REQUEST_PROBE && u->probe_at != USEC_NEVER && now < u->probe_at)
                health_probe_abandon(&u->health, now);
        else if (request == HEALTH_REQUEST_PROBE)
                upstream_check(u, PURPOSE_PROBE, true, now);
        else if (request == HEALTH_REQUEST_PROBE_LATER)
                u->probe_at = now;
}

void upstream_answered(Upstream *u, Exchange *x, uint64_t now)
{
        Connection *c = x->connection;
        bool fresh = c->opened_at >= u->health.changed_at;

        rtt_sample(&u->rtt, now - x->sent_at);
        c->resets = 0;
        c->overtaken_at = MAX(c->overtaken_at, x->sent_at);
        c->relief = false;
        engine_set_network(u->engine, NETWORK_ONLINE);
        if (u->check.exchange == x) {
                u->check.exchange = NULL;
                upstream_check_done(u, FAILURE_NONE, 0, now);
                return;
        }
        if (u->health.state == HEALTH_TRIAL && !fresh)
                return;
        health_ok(&u->health, now, fresh);
        upstream_announce(u, x->purpose, now);
}

void upstream_failed(Upstream *u, Exchange *x, FailureReason f, uint64_t retry_after, uint64_t now)
{
        Connection *c = x->connection;

        if (u->check.exchange == x) {
                u->check.exchange = NULL;
                c->state = CONNECTION_DRAINING;
                upstream_check_done(u, f, retry_after, now);
        } else
                upstream_failure(u, f, connection_incident(c, x->sent_at, now), false, retry_after, x->purpose, now);
        /* A gateway's error, or a server that does not want this connection to be for it (RFC 9110 15.5.20): another
         * one may do. */
        if (f == FAILURE_HTTP_RETRY || (f == FAILURE_STREAM_RESET && ++c->resets >= RESETS_MAX))
                c->state = CONNECTION_DRAINING;
}

void upstream_late(Upstream *u, Exchange *x, uint64_t now)
{
        x->late = true;
        /* Waiting for a stream is no failure that can be told from here: connecting has its own time. */
        if (x->connection && now - x->sent_at >= upstream_answer_time(u))
                upstream_failed(u, x, FAILURE_TIMEOUT, 0, now);
        upstream_advance(u, now);
}

/* --- life */

void upstream_epoch(Upstream *u, bool resumed, uint64_t now)
{
        Action *a;

        u->peer_idle = USEC_NEVER;
        u->path = (Rtt) { 0 };
        a = engine_act(u->engine, ACTION_FORGET_TICKETS);
        if (a)
                a->upstream = u->number;
        upstream_check_abandon(u, now);
        upstream_connect_abandon(u, now);
        LIST_FOREACH(l, &u->connections) {
                Connection *c = container_of(l, Connection, in_upstream);

                if (resumed || c->silent) {
                        upstream_requeue(u, c, now);
                        connection_close(c);
                } else
                        connection_challenge(c, now);
        }
        upstream_announce(u, PURPOSE_QUERY, now);
        upstream_plan_active(u, now);
        upstream_advance(u, now);
}

void upstream_preconnect(Upstream *u, uint64_t now)
{
        if (!u->connect.active)
                upstream_connect(u, PURPOSE_QUERY, now);
}

void upstream_close_idle(Upstream *u, uint64_t now)
{
        (void) now;
        LIST_FOREACH(l, &u->connections) {
                Connection *c = container_of(l, Connection, in_upstream);

                if (c->state != CONNECTION_CONNECTING && !c->streams)
                        connection_close(c);
        }
}

void upstream_set_admin(Upstream *u, HealthAdmin admin, uint64_t now)
{
        if (admin == u->health.admin)
                return;
        upstream_check_abandon(u, now);
        u->probe_at = USEC_NEVER;
        health_set_admin(&u->health, now, admin);
        upstream_announce(u, PURPOSE_QUERY, now);
        if (admin == ADMIN_DOWN)
                LIST_FOREACH(l, &u->connections)
                        connection_drain(container_of(l, Connection, in_upstream), now);
        upstream_plan_active(u, now);
        upstream_advance(u, now);
}

void upstream_connection_stranded(Upstream *u, Connection *c, uint64_t now)
{
        upstream_requeue(u, c, now);
        connection_close(c);
        upstream_advance(u, now);
}

void upstream_disconnect(Upstream *u, uint64_t now)
{
        upstream_connect_abandon(u, now);
        LIST_FOREACH(l, &u->connections) {
                Connection *c = container_of(l, Connection, in_upstream);

                upstream_requeue(u, c, now);
                connection_close(c);
        }
        upstream_advance(u, now);
}

void upstream_retire(Upstream *u, uint64_t now)
{
        u->retired = true;
        timer_set(&u->engine->timers, &u->active, USEC_NEVER);
        upstream_check_abandon(u, now);
        if (list_empty(&u->queue) && !upstream_any_silent(u))
                upstream_connect_abandon(u, now);
        upstream_close_idle(u, now);
}

bool upstream_done(const Upstream *u)
{
        return u->retired && list_empty(&u->queue) && list_empty(&u->connections) && !u->connect.active;
}
