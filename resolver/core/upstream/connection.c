#include "core/upstream/connection.h"

#include "core/engine_internal.h"

#define AT_RISK_IDLE (10 * USEC_PER_SEC) /* Chrome's figure; HEALTH.md 3 */
#define AGE_MAX USEC_PER_HOUR            /* then a new one, to see changes of DNS and anycast */
#define SETTINGS_TIME (2500 * USEC_PER_MSEC)
#define STREAMS_ASSUMED 100 /* until SETTINGS come, as nghttp2 does */

static void connection_due(Timer *t, uint64_t now);

Connection *connection_new(Upstream *u, size_t address, Purpose purpose, uint64_t now)
{
        Engine *e = u->engine;
        Connection *c = calloc(1, sizeof(*c));
        Action *a;

        if (!c)
                return NULL;
        if (timers_reserve(&e->timers) < 0) {
                free(c);
                return NULL;
        }
        *c = (Connection) {
                .upstream = u,
                .state = CONNECTION_CONNECTING,
                .address = address,
                .epoch = e->epoch,
                .opened_at = now,
                .max_streams = STREAMS_ASSUMED,
                .timer = TIMER_INIT(connection_due),
        };
        list_init(&c->exchanges);
        list_init(&c->in_upstream);
        list_append(&u->connections, &c->in_upstream);
        c->number = handle_table_add(&e->connection_handles, c);
        a = c->number ? engine_act(e, ACTION_CONNECT) : NULL;
        if (!a)
                return connection_free(c);
        a->upstream = u->number;
        a->connection = c->number;
        a->connect.address = address;
        a->connect.purpose = purpose;
        a->connect.config = u->config;
        a->connect.owner = u->owner;
        return c;
}

Connection *connection_free(Connection *c)
{
        Engine *e;

        if (!c)
                return NULL;
        e = c->upstream->engine;
        timer_set(&e->timers, &c->timer, USEC_NEVER);
        timers_release(&e->timers);
        list_remove(&c->in_upstream);
        if (c->number)
                handle_table_remove(&e->connection_handles, c->number);
        free(c);
        return NULL;
}

Connection *connection_close(Connection *c)
{
        Action *a = engine_act(c->upstream->engine, ACTION_CLOSE);

        if (a)
                a->connection = c->number;
        return connection_free(c);
}

/* Since when nothing was heard while something waits. */
static uint64_t connection_silent_since(const Connection *c)
{
        const Exchange *oldest = container_of(list_first(&c->exchanges), Exchange, in_place);

        return MAX(c->received_at, oldest->sent_at);
}

/* Sets the one timer of a connection in use: the next look at its silence, or its idle close. */
static void connection_arm(Connection *c)
{
        uint64_t at = USEC_NEVER;

        if (c->state != CONNECTION_CONNECTING && !c->silent) {
                if (!c->streams)
                        at = usec_add(c->idle_since, c->upstream->engine->config->idle_max);
                else
                        at = MAX(connection_silent_since(c), c->pinging ? c->ping_at : 0) +
                             upstream_stale_race(c->upstream);
        }
        timer_set(&c->upstream->engine->timers, &c->timer, at);
}

static void connection_ping(Connection *c, uint64_t now)
{
        Action *a = engine_act(c->upstream->engine, ACTION_PING);

        if (a)
                a->connection = c->number;
        c->pinging = true;
        c->ping_at = now;
}

static void connection_due(Timer *t, uint64_t now)
{
        Connection *c = container_of(t, Connection, timer);

        if (!c->streams) {
                connection_close(c);
                return;
        }
        if (!c->settings && now - c->ready_at >= SETTINGS_TIME) {
                upstream_connection_gone(c->upstream, c, FAILURE_PROTOCOL, now);
                return;
        }
        if (c->pinging) {
                c->silent = true;
                connection_arm(c);
                upstream_connection_silent(c->upstream, c, now);
                return;
        }
        connection_ping(c, now);
        connection_arm(c);
}

/* Used again now, might it be dead without our knowing? */
static bool connection_at_risk(const Connection *c, uint64_t now)
{
        uint64_t quiet = now - c->received_at;
        uint64_t peer_idle = c->upstream->peer_idle;

        return quiet > AT_RISK_IDLE || c->epoch != c->upstream->engine->epoch ||
               (peer_idle != USEC_NEVER && quiet >= peer_idle / 10 * 8);
}

bool connection_good(const Connection *c, uint64_t now)
{
        return c->state == CONNECTION_READY && !c->silent && now - c->opened_at < AGE_MAX;
}

bool connection_takes(const Connection *c, uint64_t now)
{
        return connection_good(c, now) && c->streams < c->max_streams;
}

void connection_send(Connection *c, Exchange *x, uint64_t now)
{
        Action *a = exchange_prepare(x) ? engine_act(c->upstream->engine, ACTION_SEND) : NULL;
        bool risky = !c->pinging && connection_at_risk(c, now);

        /* Before it is on the connection, which would send the next one, and so on, each from inside the one before. */
        if (!a) {
                exchange_post(x, FAILURE_RESOURCES, now);
                return;
        }
        x->connection = c;
        x->sent_at = now;
        list_append(&c->exchanges, &x->in_place);
        c->streams++;
        c->upstream->queries++;
        if (risky) {
                c->doubtful = true;
                c->pinging = true;
                c->ping_at = now;
        }
        a->connection = c->number;
        a->exchange = x->number;
        a->send.message = packet_ref(x->wire);
        a->send.ping = risky;
        connection_arm(c);
}

void connection_ended(Connection *c, uint64_t now)
{
        Upstream *u = c->upstream;

        c->streams--;
        if (!c->streams) {
                c->idle_since = now;
                if (c->state == CONNECTION_DRAINING || c->silent) {
                        connection_close(c);
                        upstream_advance(u, now);
                        return;
                }
        }
        connection_arm(c);
        upstream_advance(u, now);
}

void connection_heard(Connection *c, uint64_t now)
{
        if (c->pinging)
                rtt_sample(&c->upstream->path, now - c->ping_at);
        c->received_at = now;
        c->pinging = false;
        c->doubtful = false;
        if (c->silent) {
                c->silent = false;
                upstream_connection_alive(c->upstream, c, now);
        }
        connection_arm(c);
}

void connection_drain(Connection *c, uint64_t now)
{
        Upstream *u = c->upstream;

        if (c->state != CONNECTION_READY)
                return;
        c->state = CONNECTION_DRAINING;
        if (!c->streams) {
                connection_close(c);
                upstream_advance(u, now);
        }
}

void connection_challenge(Connection *c, uint64_t now)
{
        if (!c->streams || c->pinging)
                return;
        c->doubtful = true;
        connection_ping(c, now);
        connection_arm(c);
}

uint64_t connection_incident(Connection *c, uint64_t since, uint64_t now)
{
        if (!c->incident || since > c->incident_at) {
                c->incident = ++c->upstream->engine->next_incident;
                c->incident_at = now;
        }
        return c->incident;
}
