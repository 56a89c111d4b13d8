/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/upstream/exchange.h"

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
        Exchange *x = calloc(1, sizeof(*x));

        if (!x)
                return NULL;
        x->handle = handle_table_add(&o->exchanges, x);
        if (!x->handle) {
                free(x);
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
        free(x);
        return NULL;
}

static void exchange_enter(Exchange *x, ExchangeList *to, List *before)
{
        exchange_leave(x);
        if (!to)
                return;
        list_append(before, &x->in_place);
        x->place = to;
        to->n++;
}

void exchange_move(Exchange *x, ExchangeList *to)
{
        exchange_enter(x, to, to ? &to->head : NULL);
}

void exchange_move_first(Exchange *x, ExchangeList *to)
{
        exchange_enter(x, to, to->head.next);
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
