#include "core/engine_internal.h"
#include "core/upstream/upstream_internal.h"

#define CONNECT_TIME (2500 * USEC_PER_MSEC)      /* TCP and TLS, all addresses together */
#define ATTEMPT_DELAY (250 * USEC_PER_MSEC)      /* RFC 8305 5 */
#define ATTEMPT_DELAY_TLS (1000 * USEC_PER_MSEC) /* once TCP is up somewhere, TLS gets this long */

/* Address number `i` in the order of trying: the one that worked last, then the others, families in turn (RFC 8305 4).
 */
static size_t connecting_address_at(const Upstream *u, size_t i)
{
        const UpstreamConfig *config = u->config;
        bool v6 = config->addresses[u->first_address].v6;
        size_t same = 0, other = 0;

        if (i == 0)
                return u->first_address;
        for (size_t turn = 1;; turn++) {
                bool want = turn % 2 ? !v6 : v6;
                size_t *from = want == v6 ? &same : &other;

                while (*from < config->n_addresses &&
                       (config->addresses[*from].v6 != want || *from == u->first_address))
                        (*from)++;
                if (*from == config->n_addresses) {
                        if (same >= config->n_addresses && other >= config->n_addresses)
                                return u->first_address;
                        continue;
                }
                if (--i == 0)
                        return *from;
                (*from)++;
        }
}

static size_t connecting(const Upstream *u)
{
        size_t n = 0;

        LIST_FOREACH(l, &u->connections)
                n += container_of(l, Connection, in_upstream)->state == CONNECTION_CONNECTING;
        return n;
}

static void connecting_close_connecting(Upstream *u)
{
        LIST_FOREACH(l, &u->connections) {
                Connection *c = container_of(l, Connection, in_upstream);

                if (c->state == CONNECTION_CONNECTING)
                        connection_close(c);
        }
}

static void connecting_stop(Upstream *u)
{
        u->connect.active = false;
        timer_set(&u->engine->timers, &u->connect.timer, USEC_NEVER);
        connecting_close_connecting(u);
}

/* No address worked: whoever waits for a connection is told, and so is health. */
static void connecting_connect_failed(Upstream *u, FailureReason f, uint64_t now)
{
        connecting_stop(u);
        if (failure_class(f) == CLASS_LOCALNET && f != FAILURE_RESOURCES && f != FAILURE_FORBIDDEN)
                engine_set_network(u->engine, NETWORK_OFFLINE);
        while (!list_empty(&u->queue))
                exchange_post(container_of(list_first(&u->queue), Exchange, in_place), f, now);
        LIST_FOREACH(l, &u->connections) {
                Connection *c = container_of(l, Connection, in_upstream);

                if (!c->silent)
                        continue;
                c->state = CONNECTION_DRAINING;
                for (size_t n = c->streams; n > 0; n--)
                        exchange_post(container_of(list_first(&c->exchanges), Exchange, in_place), f, now);
        }
        if (u->check.active)
                upstream_check_done(u, f, 0, now);
        else
                upstream_failure(u, f, ++u->engine->next_incident, true, 0, u->connect.purpose, now);
}

/* Goes to the next address. */
static void connecting_attempt(Upstream *u, uint64_t now)
{
        Connect *connect = &u->connect;
        uint64_t delay = connect->established ? ATTEMPT_DELAY_TLS : ATTEMPT_DELAY;

        if (!connection_new(u, connecting_address_at(u, connect->tried++), connect->purpose, now)) {
                connecting_connect_failed(u, FAILURE_RESOURCES, now);
                return;
        }
        timer_set(&u->engine->timers, &connect->timer,
                  connect->tried < u->config->n_addresses ? MIN(now + delay, connect->deadline) : connect->deadline);
}

void upstream_connect(Upstream *u, Purpose purpose, uint64_t now)
{
        u->connect = (Connect) {
                .active = true,
                .purpose = purpose,
                .started_at = now,
                .deadline = now + CONNECT_TIME,
                .timer = u->connect.timer,
        };
        if (purpose == PURPOSE_RACE)
                u->races++;
        connecting_attempt(u, now);
}

void upstream_connect_expire(Upstream *u, uint64_t now)
{
        connecting_connect_failed(u, u->connect.established ? FAILURE_HANDSHAKE_TIMEOUT : FAILURE_CONNECT_TIMEOUT, now);
}

void upstream_connect_due(Timer *t, uint64_t now)
{
        Upstream *u = container_of(t, Upstream, connect.timer);

        if (now < u->connect.deadline)
                connecting_attempt(u, now);
        else
                upstream_connect_expire(u, now);
}

void upstream_connect_abandon(Upstream *u, uint64_t now)
{
        (void) now;
        if (u->connect.active)
                connecting_stop(u);
}

void upstream_requeue(Upstream *u, Connection *c, uint64_t now)
{
        /* From the last to the first, each to the head: they keep their order, before what was queued already. */
        while (!list_empty(&c->exchanges)) {
                Exchange *x = container_of(c->exchanges.previous, Exchange, in_place);

                list_remove(&x->in_place);
                x->connection = NULL;
                x->sent_at = 0;
                x->queued_at = now;
                list_append(u->queue.next, &x->in_place);
                u->queued++;
        }
        c->streams = 0;
}

/* The one that was made carries on; what it replaces goes, or finishes what it has. */
static void connecting_supersede(Upstream *u, Connection *fresh, uint64_t now)
{
        bool overflow = u->connect.purpose == PURPOSE_QUERY;
        bool won = false;

        LIST_FOREACH(l, &u->connections) {
                Connection *c = container_of(l, Connection, in_upstream);

                if (c == fresh || c->state == CONNECTION_CONNECTING)
                        continue;
                if (c->silent) {
                        won = true;
                        upstream_requeue(u, c, now);
                        connection_close(c);
                } else if (!overflow || !connection_good(c, now) || c->epoch != fresh->epoch) {
                        c->state = CONNECTION_DRAINING;
                        if (!c->streams)
                                connection_close(c);
                }
        }
        fresh->relief = won;
        u->races_won += won;
}

void upstream_connection_ready(Upstream *u, Connection *c, uint64_t now)
{
        c->state = CONNECTION_READY;
        c->ready_at = c->received_at = c->idle_since = now;
        u->first_address = c->address;
        *(c->resumed ? &u->handshakes_resumed : &u->handshakes_full) += 1;
        if (u->connect.active) {
                connecting_supersede(u, c, now);
                connecting_stop(u);
        }
        /* Behind a portal, too, connections come up: only an answer ends that. */
        if (u->engine->network == NETWORK_OFFLINE)
                engine_set_network(u->engine, NETWORK_ONLINE);
        if (u->check.active && !u->check.exchange)
                upstream_check_ready(u, c, now);
        upstream_advance(u, now);
        if (c->state == CONNECTION_READY && !c->streams)
                timer_set(&u->engine->timers, &c->timer, usec_add(now, u->engine->config->idle_max));
}

void upstream_connection_silent(Upstream *u, Connection *c, uint64_t now)
{
        /* The next may be no better: who waits is not to move from each to the next until his time is over. */
        if (c->relief) {
                upstream_connection_gone(u, c, FAILURE_TIMEOUT, now);
                return;
        }
        if (!u->connect.active)
                upstream_connect(u, PURPOSE_RACE, now);
}

bool upstream_any_silent(const Upstream *u)
{
        LIST_FOREACH(l, &u->connections)
                if (container_of(l, Connection, in_upstream)->silent)
                        return true;
        return false;
}

void upstream_connection_alive(Upstream *u, Connection *c, uint64_t now)
{
        (void) c;
        if (u->connect.active && u->connect.purpose == PURPOSE_RACE && !u->check.active && !upstream_any_silent(u))
                upstream_connect_abandon(u, now);
        upstream_advance(u, now);
}

/* Learns after which idle time the peer closes connections. */
static void connecting_learn_idle(Upstream *u, const Connection *c, uint64_t now)
{
        if (!c->streams && c->state == CONNECTION_READY && c->epoch == u->engine->epoch)
                u->peer_idle = MIN(u->peer_idle, now - c->idle_since);
}

void upstream_connection_goaway(Upstream *u, Connection *c, FailureReason f, uint64_t now)
{
        if (c->state == CONNECTION_CONNECTING)
                return;
        connecting_learn_idle(u, c, now);
        if (f != FAILURE_GOAWAY)
                upstream_failure(u, f, connection_incident(c, now, now), false, 0, PURPOSE_QUERY, now);
        connection_drain(c, now);
}

/* The attempt on one address came to nothing. */
static void connecting_attempt_failed(Upstream *u, Connection *c, FailureReason f, uint64_t now)
{
        connection_close(c);
        if (u->connect.failure == FAILURE_NONE || failure_class(u->connect.failure) == CLASS_LOCALNET)
                u->connect.failure = f;
        if (!u->connect.active)
                return;
        if (u->connect.tried < u->config->n_addresses)
                connecting_attempt(u, now);
        else if (!connecting(u))
                connecting_connect_failed(u, u->connect.failure, now);
}

void upstream_connection_gone(Upstream *u, Connection *c, FailureReason f, uint64_t now)
{
        bool stale = c->doubtful || (c->silent && !c->relief) || c->epoch != u->engine->epoch;
        Exchange *x;

        if (c->state == CONNECTION_CONNECTING) {
                connecting_attempt_failed(u, c, f, now);
                return;
        }
        connecting_learn_idle(u, c, now);
        if (stale || !c->streams) {
                if (failure_class(f) == CLASS_SOFT)
                        f = FAILURE_SILENT;
        } else {
                x = container_of(list_first(&c->exchanges), Exchange, in_place);
                if (!u->check.exchange || u->check.exchange->connection != c)
                        upstream_failure(u, f, connection_incident(c, x->sent_at, now), false, 0, x->purpose, now);
        }
        while (!list_empty(&c->exchanges)) {
                x = container_of(list_first(&c->exchanges), Exchange, in_place);
                list_remove(&x->in_place);
                x->connection = NULL;
                exchange_post(x, f, now);
                if (u->check.exchange == x) {
                        u->check.exchange = NULL;
                        upstream_check_done(u, f, 0, now);
                }
        }
        c->streams = 0;
        connection_close(c);
        upstream_advance(u, now);
}
