/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/upstream/exchange.h"

#include "core/base/pool.h"
#include "core/dns/reply.h"

void exchange_list_init(ExchangeList *l)
{
        list_init(&l->head);
        l->n = 0;
}

Exchange *exchange_list_first(const ExchangeList *l)
{
        List *first = list_first(&l->head);

        return first ? container_of(first, Exchange, in_place) : NULL;
}

Exchange *exchange_new(Outbox *o, Query *query, Upstream *u, Packet *wire, Purpose purpose)
{
        Exchange *x = pool_get_zeroed(sizeof(*x));

        if (!x)
                return NULL;
        x->handle = handle_table_add(&o->exchanges, x);
        if (!x->handle) {
                pool_put(x, sizeof(*x));
                return NULL;
        }
        x->outbox = o;
        x->query = query;
        x->synthetic = !query;
        x->wire = packet_ref(wire);
        x->upstream = u;
        x->purpose = purpose;
        x->late_at = USEC_NEVER;
        list_init(&x->in_query);
        list_init(&x->in_place);
        return x;
}

static void exchange_leave(Exchange *x)
{
        list_remove(&x->in_place);
        if (x->place)
                x->place->n--;
        x->place = NULL;
}

Exchange *exchange_free(Exchange *x)
{
        if (!x)
                return NULL;
        exchange_leave(x);
        list_remove(&x->in_query);
        handle_table_remove(&x->outbox->exchanges, x->handle);
        packet_unref(x->wire);
        pool_put(x, sizeof(*x));
        return NULL;
}

static void exchange_enter(Exchange *x, ExchangeList *to, List *before)
{
        exchange_leave(x);
        list_append(before, &x->in_place);
        x->place = to;
        to->n++;
}

void exchange_queue(Exchange *x, ExchangeList *queue, uint64_t now)
{
        exchange_enter(x, queue, &queue->head);
        x->queued_at = now;
}

void exchange_requeue(Exchange *x, ExchangeList *queue, uint64_t now)
{
        exchange_enter(x, queue, queue->head.next);
        x->connection = NULL;
        x->sent_at = 0;
        x->queued_at = now;
}

void exchange_send(Exchange *x, Connection *c, ExchangeList *exchanges, uint64_t now)
{
        exchange_enter(x, exchanges, &exchanges->head);
        x->connection = c;
        x->sent_at = now;
}

void exchange_release(Exchange *x)
{
        exchange_leave(x);
        x->connection = NULL;
}

void exchange_leave_query(Exchange *x)
{
        x->query = NULL;
        list_remove(&x->in_query);
}

void exchange_set_late_at(Exchange *x, uint64_t late_at)
{
        x->late_at = late_at;
}

void exchange_set_late(Exchange *x)
{
        x->late = true;
}

void exchange_set_purpose(Exchange *x, Purpose purpose)
{
        x->purpose = purpose;
}

void exchange_set_unprocessed(Exchange *x, bool unprocessed)
{
        x->unprocessed = unprocessed;
}

void exchange_shift(Exchange *x, uint64_t slept)
{
        x->late_at = usec_add(x->late_at, slept);
        if (x->sent_at)
                x->sent_at += slept;
}

Packet *exchange_probe_question(bool padding)
{
        static const uint8_t root[1] = { 0 };

        return reply_upstream_query(BYTES(root, 1), TYPE_NS, CLASS_IN, DNS_RD, false, padding);
}

bool exchange_prepare(Exchange *x, bool padding)
{
        Packet *wire;

        if (x->query || x->synthetic)
                return true;
        wire = exchange_probe_question(padding);
        if (!wire)
                return false;
        packet_unref(x->wire);
        x->wire = wire;
        x->synthetic = true;
        return true;
}

void exchange_post(Exchange *x, FailureReason reason)
{
        exchange_leave(x);
        x->connection = NULL;
        x->over = true;
        x->reason = reason;
        list_append(&x->outbox->outcomes, &x->in_place);
}
