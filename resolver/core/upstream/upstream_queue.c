/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/upstream/upstream_queue.h"

#define HEDGE_MIN (250 * USEC_PER_MSEC)
#define HEDGE_DEFAULT (500 * USEC_PER_MSEC)
#define HEDGE_MAX (1000 * USEC_PER_MSEC)
#define ANSWER_MIN (1000 * USEC_PER_MSEC)
#define ANSWER_DEFAULT (2000 * USEC_PER_MSEC)
#define ANSWER_MAX (3000 * USEC_PER_MSEC)
#define OVERFLOW_WAIT (50 * USEC_PER_MSEC)
#define OFFERS_MAX 8      /* with their fields they fit into the early data that servers allow, mostly 16 KiB */
#define CONNECTIONS_MAX 2 /* one, and one for overflow; a race may add another */
#define DRAINING_MAX 5    /* of all connections, draining included: then the queue opens no more */

/* --- figures */

uint64_t upstream_hedge_delay(const Upstream *u)
{
        if (!u->rtt.smoothed)
                return HEDGE_DEFAULT;
        return CLAMP(smoothed_rtt_bound(&u->rtt), HEDGE_MIN, HEDGE_MAX);
}

uint64_t upstream_answer_time(const Upstream *u)
{
        if (!u->rtt.smoothed)
                return ANSWER_DEFAULT;
        return CLAMP(3 * smoothed_rtt_bound(&u->rtt), ANSWER_MIN, ANSWER_MAX);
}

bool upstream_unproven(const Exchange *x)
{
        return !x->connection || x->connection->received_at < x->sent_at;
}

bool upstream_doubtful(const Upstream *u, uint64_t now)
{
        LIST_FOREACH(l, &u->pool.connections) {
                const Connection *c = container_of(l, Connection, in_pool);

                if (c->state == CONNECTION_READY && c->liveness != CONNECTION_SILENT)
                        return false;
        }
        return u->connecting.active && now - u->connecting.started_at >= upstream_hedge_delay(u);
}

/* --- connecting, and what waits for it */

void upstream_connect(Upstream *u, Purpose purpose, uint64_t now)
{
        u->races += purpose == PURPOSE_RACE;
        connecting_start(&u->connecting, purpose, now);
}

void upstream_offer_queue(Upstream *u, Connection *c)
{
        size_t n = 0;

        LIST_FOREACH(l, &u->queue.head)
                if (n++ < OFFERS_MAX)
                        connection_offer(c, container_of(l, Exchange, in_place));
}

/* A trial requires a connection that is younger than the failure: an older one that still works proves nothing. */
static bool upstream_fits_trial(const Upstream *u, const Connection *c)
{
        return u->health.state != HEALTH_TRIAL || c->opened_at >= u->health.changed_at;
}

/* Returns the youngest connection that has a free stream, or NULL. */
static Connection *upstream_pick(const Upstream *u, uint64_t now)
{
        for (List *l = u->pool.connections.previous; l != &u->pool.connections; l = l->previous) {
                Connection *c = container_of(l, Connection, in_pool);

                if (connection_takes(c, now) && upstream_fits_trial(u, c))
                        return c;
        }
        return NULL;
}

/* Opens a connection for the queue: the first at once, a second if the first stays full. */
static void upstream_want_connection(Upstream *u, uint64_t now)
{
        unsigned n = 0, all = 0;

        if (u->connecting.active)
                return;
        LIST_FOREACH(l, &u->pool.connections) {
                const Connection *c = container_of(l, Connection, in_pool);

                all++;
                n += connection_good(c, now) && upstream_fits_trial(u, c);
        }
        /* Limits the connections to a peer that ends each one as soon as it is used. The queue advances when one
         * closes. */
        if (all >= DRAINING_MAX)
                return;
        if (n == 0)
                upstream_connect(u, u->health.state == HEALTH_TRIAL ? PURPOSE_TRIAL : PURPOSE_QUERY, now);
        else
                timer_set(&u->common->outbox->timers, &u->overflow,
                          n < CONNECTIONS_MAX
                                  ? exchange_list_first(&u->queue)->queued_at + MAX(u->rtt.smoothed, OVERFLOW_WAIT)
                                  : USEC_NEVER);
}

void upstream_on_overflow_due(Timer *t, uint64_t now)
{
        Upstream *u = container_of(t, Upstream, overflow);

        if (u->queue.n && !u->connecting.active)
                upstream_connect(u, PURPOSE_QUERY, now);
}

/*
 * If all streams are in use, ends an exchange that is overdue and overtaken by later ones. Otherwise a peer that loses
 * some requests on a working connection would run out of streams. A peer that is merely slow with all requests may
 * finish them. Returns the connection that has a free stream now, or NULL.
 */
static Connection *upstream_make_room(Upstream *u, uint64_t now)
{
        LIST_FOREACH(l, &u->pool.connections) {
                Connection *c = container_of(l, Connection, in_pool);
                Exchange *oldest;

                if (!c->exchanges.n || c->exchanges.n != c->max_streams || !connection_good(c, now) ||
                    !upstream_fits_trial(u, c))
                        continue;
                oldest = exchange_list_first(&c->exchanges);
                if (oldest == u->probe.exchange || oldest->sent_at >= c->overtaken_at ||
                    now - oldest->sent_at < upstream_answer_time(u))
                        continue;
                connection_cancel(c, oldest);
                exchange_post(oldest, FAILURE_TIMEOUT);
                return c;
        }
        return NULL;
}

void upstream_advance(Upstream *u, uint64_t now)
{
        Connection *c;

        while (u->queue.n && ((c = upstream_pick(u, now)) || (c = upstream_make_room(u, now))))
                connection_send(c, exchange_list_first(&u->queue), now);
        if (u->queue.n)
                upstream_want_connection(u, now);
        else
                timer_set(&u->common->outbox->timers, &u->overflow, USEC_NEVER);
}

bool upstream_submit(Upstream *u, Exchange *x, uint64_t now)
{
        Connection *c = u->queue.n ? NULL : upstream_pick(u, now);

        if (c) {
                connection_send(c, x, now);
                return true;
        }
        if (u->queue.n >= UPSTREAM_QUEUE_MAX)
                return false;
        exchange_queue(x, &u->queue, now);
        upstream_advance(u, now);
        return true;
}

void upstream_post_all(ExchangeList *l, FailureReason reason)
{
        Exchange *x;

        while ((x = exchange_list_first(l)))
                exchange_post(x, reason);
}

static void upstream_requeue(Upstream *u, Connection *c, uint64_t now)
{
        /* From the last to the first, so that they keep their order, ahead of the queue. */
        while (c->exchanges.n)
                exchange_requeue(container_of(c->exchanges.head.previous, Exchange, in_place), &u->queue, now);
}

void upstream_requeue_and_close(Upstream *u, Connection *c, uint64_t now)
{
        upstream_requeue(u, c, now);
        connection_close(c);
}

void upstream_release(Upstream *u, Connection *c, Exchange *x, uint64_t now)
{
        connection_release(c, x, now);
        upstream_advance(u, now);
}

bool upstream_may_ask_again(const Exchange *x, uint64_t now)
{
        const Connection *c = x->connection ? upstream_pick(x->upstream, now) : NULL;

        /* Without a free stream anywhere, it would wait for one, most likely on its own connection. */
        return c ? c != x->connection : x->connection && !connection_good(x->connection, now);
}

void upstream_cancel(Exchange *x, uint64_t now)
{
        Upstream *u = x->upstream;
        Connection *c = x->connection;

        if (u->probe.exchange == x && x->query) {
                exchange_leave_query(x);
                return;
        }
        if (c) {
                connection_cancel(c, x);
                connection_release(c, x, now);
        }
        upstream_exchange_free(x);
        if (c)
                upstream_advance(u, now);
}

void upstream_exchange_free(Exchange *x)
{
        if (x->upstream->probe.exchange == x)
                probe_set_exchange(&x->upstream->probe, NULL);
        exchange_free(x);
}
