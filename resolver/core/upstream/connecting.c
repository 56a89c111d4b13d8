/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/upstream/connecting.h"

#define CONNECT_TIME (2500 * USEC_PER_MSEC)
#define ATTEMPT_DELAY (250 * USEC_PER_MSEC)      /* RFC 8305 5 */
#define ATTEMPT_DELAY_TLS (1000 * USEC_PER_MSEC) /* once TCP is established on an address */

void connecting_init(Connecting *k, ConnectionPool *pool, void (*due)(Timer *t, uint64_t now))
{
        *k = (Connecting) { .pool = pool, .timer = TIMER_INIT(due) };
        list_init(&k->notice.in_outbox);
}

/* Returns the index of the address to try as number `i`: first the one that worked last, then the others with
 * alternating families (RFC 8305 4). */
static size_t connecting_address_at(const Connecting *k, size_t i)
{
        const UpstreamConfig *config = k->pool->config;
        bool v6 = config->addresses[k->first].v6;
        size_t same = 0, other = 0;

        if (i == 0)
                return k->first;
        for (size_t turn = 1;; turn++) {
                bool want = turn % 2 ? !v6 : v6;
                size_t *from = want == v6 ? &same : &other;

                while (*from < config->n_addresses && (config->addresses[*from].v6 != want || *from == k->first))
                        (*from)++;
                if (*from == config->n_addresses) {
                        if (same >= config->n_addresses && other >= config->n_addresses)
                                return k->first;
                        continue;
                }
                if (--i == 0)
                        return *from;
                (*from)++;
        }
}

static bool connecting_any(const Connecting *k)
{
        LIST_FOREACH(l, &k->pool->connections)
                if (container_of(l, Connection, in_pool)->state == CONNECTION_CONNECTING)
                        return true;
        return false;
}

/* Tries the next address. */
static void connecting_attempt(Connecting *k, uint64_t now)
{
        Outbox *o = k->pool->common->outbox;
        uint64_t delay = k->established ? ATTEMPT_DELAY_TLS : ATTEMPT_DELAY;

        if (!connection_new(k->pool, connecting_address_at(k, k->tried++), k->purpose, now)) {
                outbox_post(o, &k->notice, NOTICE_CONNECTING_FAILED, FAILURE_RESOURCES);
                return;
        }
        timer_set(&o->timers, &k->timer,
                  k->tried < k->pool->config->n_addresses ? MIN(now + delay, k->deadline) : k->deadline);
}

void connecting_start(Connecting *k, Purpose purpose, uint64_t now)
{
        must(!k->active);
        k->active = true;
        k->purpose = purpose;
        k->started_at = now;
        k->deadline = now + CONNECT_TIME;
        k->tried = 0;
        k->established = false;
        k->reason = FAILURE_NONE;
        connecting_attempt(k, now);
}

void connecting_set_purpose(Connecting *k, Purpose purpose)
{
        k->purpose = purpose;
}

void connecting_prefer(Connecting *k, size_t address)
{
        k->first = address;
}

void connecting_stop(Connecting *k)
{
        if (!k->active)
                return;
        k->active = false;
        list_remove(&k->notice.in_outbox);
        timer_set(&k->pool->common->outbox->timers, &k->timer, USEC_NEVER);
        LIST_FOREACH(l, &k->pool->connections) {
                Connection *c = container_of(l, Connection, in_pool);

                if (c->state == CONNECTION_CONNECTING)
                        connection_close(c);
        }
}

FailureReason connecting_expired(const Connecting *k)
{
        return k->established ? FAILURE_HANDSHAKE_TIMEOUT : FAILURE_CONNECT_TIMEOUT;
}

FailureReason connecting_due(Connecting *k, uint64_t now)
{
        if (now >= k->deadline)
                return connecting_expired(k);
        connecting_attempt(k, now);
        return FAILURE_NONE;
}

FailureReason connecting_attempt_failed(Connecting *k, Connection *c, FailureReason reason, uint64_t now)
{
        connection_close(c);
        if (k->reason == FAILURE_NONE || failure_class(k->reason) == CLASS_LOCALNET)
                k->reason = reason;
        if (!k->active)
                return FAILURE_NONE;
        if (k->tried < k->pool->config->n_addresses)
                connecting_attempt(k, now);
        else if (!connecting_any(k))
                return k->reason;
        return FAILURE_NONE;
}

void connecting_established(Connecting *k, const Connection *c, uint64_t now)
{
        k->established = true;
        smoothed_rtt_sample(&k->pool->path, now - c->opened_at);
}
