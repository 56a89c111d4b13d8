#include "core/upstream/exchange.h"

#include "core/engine_internal.h"
#include "core/upstream/upstream_internal.h"

Exchange *exchange_new(Engine *e, Query *query, Upstream *u, Packet *wire, Purpose purpose)
{
        Exchange *x = calloc(1, sizeof(*x));

        if (!x)
                return NULL;
        x->number = handle_table_add(&e->exchange_handles, x);
        if (!x->number) {
                free(x);
                return NULL;
        }
        x->query = query;
        x->synthetic = !query;
        x->wire = packet_ref(wire);
        x->upstream = u;
        x->purpose = purpose;
        x->late_at = USEC_NEVER;
        list_init(&x->in_query);
        list_init(&x->in_place);
        if (query)
                list_append(&query->exchanges, &x->in_query);
        return x;
}

/* Out of the queue or off its connection, which is not told yet. */
static void exchange_leave(Exchange *x)
{
        if (!x->posted && !x->connection && !list_empty(&x->in_place))
                x->upstream->queued--;
        list_remove(&x->in_place);
}

Exchange *exchange_free(Exchange *x)
{
        if (!x)
                return NULL;
        if (x->upstream->check.exchange == x)
                x->upstream->check.exchange = NULL;
        exchange_leave(x);
        list_remove(&x->in_query);
        handle_table_remove(&x->upstream->engine->exchange_handles, x->number);
        packet_unref(x->wire);
        free(x);
        return NULL;
}

void exchange_post(Exchange *x, FailureReason failure, uint64_t now)
{
        Connection *c = x->connection;

        exchange_leave(x);
        x->connection = NULL;
        x->posted = true;
        x->failure = failure;
        list_append(&x->upstream->engine->posted, &x->in_place);
        if (c)
                connection_ended(c, now);
}

bool exchange_prepare(Exchange *x)
{
        Packet *wire;

        if (x->query || x->synthetic)
                return true;
        wire = upstream_probe_message(x->upstream);
        if (!wire)
                return false;
        packet_unref(x->wire);
        x->wire = wire;
        x->synthetic = true;
        return true;
}

void exchange_cancel(Exchange *x, uint64_t now)
{
        Connection *c = x->connection;
        Action *a;

        if (x->upstream->check.exchange == x && x->query) {
                x->query = NULL;
                list_remove(&x->in_query);
                return;
        }
        if (c) {
                a = engine_act(x->upstream->engine, ACTION_CANCEL);
                if (a) {
                        a->connection = c->number;
                        a->exchange = x->number;
                }
        }
        exchange_free(x);
        if (c)
                connection_ended(c, now);
}
