#include "io/upstream/transport.h"

#include <stdio.h>

#include "core/base/list.h"
#include "io/system/clock.h"
#include "io/system/journal.h"
#include "io/upstream/tls.h"

/* A connection, by the engine's number. */
typedef struct Link {
        Upstreams *owner;
        uint32_t number;
        const char *upstream;           /* its name; lives until ACTION_UPSTREAM_GONE */
        Purpose purpose;
        H2 *h2;
        List in_owner;
        List in_flush;
} Link;

/* What the connections of one upstream share. */
typedef struct Shared {
        uint32_t upstream;
        Tls *tls;
        Config *config;
        List in_owner;
} Shared;

/* Of all connections, also of those that are still closing when everything else is gone. */
static H2Stats stats;

struct Upstreams {
        uv_loop_t *loop;
        Engine *engine;
        List links;
        List shared;
        List flush;
};

Upstreams *upstreams_new(uv_loop_t *loop, Engine *engine)
{
        Upstreams *u = calloc(1, sizeof(*u));

        if (!u)
                return NULL;
        u->loop = loop;
        u->engine = engine;
        list_init(&u->links);
        list_init(&u->shared);
        list_init(&u->flush);
        return u;
}

static void link_free(Link *l)
{
        list_remove(&l->in_owner);
        list_remove(&l->in_flush);
        free(l);
}

static void shared_free(Shared *s)
{
        list_remove(&s->in_owner);
        tls_unref(s->tls);
        config_unref(s->config);
        free(s);
}

Upstreams *upstreams_free(Upstreams *u)
{
        if (!u)
                return NULL;
        LIST_FOREACH(l, &u->links) {
                Link *link = container_of(l, Link, in_owner);

                h2_close(link->h2);
                link_free(link);
        }
        LIST_FOREACH(l, &u->shared)
                shared_free(container_of(l, Shared, in_owner));
        free(u);
        return NULL;
}

/* Few connections are open at any time: a list will do. */
static Link *find(Upstreams *u, uint32_t number)
{
        LIST_FOREACH(l, &u->links) {
                Link *link = container_of(l, Link, in_owner);

                if (link->number == number)
                        return link;
        }
        return NULL;
}

static Shared *find_shared(Upstreams *u, uint32_t upstream)
{
        LIST_FOREACH(l, &u->shared) {
                Shared *s = container_of(l, Shared, in_owner);

                if (s->upstream == upstream)
                        return s;
        }
        return NULL;
}

/* --- events */

static void on_established(void *userdata)
{
        Link *l = userdata;

        engine_established(l->owner->engine, l->number, clock_now());
}

/* For who watches packets: which of them are a probe's. */
static void report_connection(const Link *l, const H2Ready *ready)
{
        char upstream[96], purpose[32], port[32];
        const char *fields[] = { upstream, purpose, port, NULL };

        snprintf(upstream, sizeof(upstream), "DOHMOUSE_UPSTREAM=%s", l->upstream);
        snprintf(purpose, sizeof(purpose), "DOHMOUSE_PURPOSE=%s", purpose_name(l->purpose));
        snprintf(port, sizeof(port), "DOHMOUSE_LOCAL_PORT=%u", ready->local_port);
        journal_fields(LOG_DEBUG, MESSAGE_PLAIN, fields, "Upstream %s: connected from port %u for a %s (%s%s).", l->upstream, ready->local_port,
                       purpose_name(l->purpose), ready->tls_version, ready->resumed ? ", resumed" : "");
}

static void on_ready(void *userdata, const H2Ready *ready)
{
        Link *l = userdata;

        report_connection(l, ready);
        engine_ready(l->owner->engine, l->number, ready->resumed, clock_now());
}

static void on_received(void *userdata)
{
        Link *l = userdata;

        engine_received(l->owner->engine, l->number, clock_now());
}

static void on_max_streams(void *userdata, uint32_t max)
{
        Link *l = userdata;

        engine_max_streams(l->owner->engine, l->number, max, clock_now());
}

static void on_goaway(void *userdata, FailureReason failure)
{
        Link *l = userdata;

        engine_goaway(l->owner->engine, l->number, failure, clock_now());
}

static void on_response(void *userdata, uint32_t exchange, const HttpResponse *response, Bytes body)
{
        Link *l = userdata;

        engine_response(l->owner->engine, l->number, exchange, response, body, clock_now());
}

static void on_failed(void *userdata, uint32_t exchange, FailureReason failure)
{
        Link *l = userdata;

        engine_exchange_failed(l->owner->engine, l->number, exchange, failure, clock_now());
}

static void on_closed(void *userdata, FailureReason failure)
{
        Link *l = userdata;
        Engine *e = l->owner->engine;
        uint32_t number = l->number;

        link_free(l);
        engine_closed(e, number, failure, clock_now());
}

static const H2Events events = {
        .established = on_established,
        .ready = on_ready,
        .received = on_received,
        .max_streams = on_max_streams,
        .goaway = on_goaway,
        .response = on_response,
        .failed = on_failed,
        .closed = on_closed,
};

/* --- actions */

static void report_trust_store(const char *upstream, const char *error)
{
        char field[96];
        const char *fields[] = { field, NULL };

        snprintf(field, sizeof(field), "DOHMOUSE_UPSTREAM=%s", upstream);
        journal_fields(LOG_ERR, MESSAGE_TRUST_STORE, fields, "Upstream %s: trust store cannot be read: %s", upstream, error);
}

static Shared *share(Upstreams *u, const Action *a)
{
        Shared *s = find_shared(u, a->upstream);
        const char *error = NULL;

        if (s && s->tls)
                return s;
        if (!s) {
                s = calloc(1, sizeof(*s));
                if (!s)
                        return NULL;
                s->upstream = a->upstream;
                s->config = config_ref(a->connect.owner);
                list_init(&s->in_owner);
                list_append(&u->shared, &s->in_owner);
        }
        s->tls = tls_new(a->connect.config, a->connect.owner->trust_anchors, &error);
        if (error)
                report_trust_store(a->connect.config->name, error);
        return s->tls ? s : NULL;
}

static void connect_upstream(Upstreams *u, const Action *a)
{
        Shared *s = share(u, a);
        Link *l = s ? calloc(1, sizeof(*l)) : NULL;
        FailureReason failure = FAILURE_RESOURCES;

        if (l) {
                *l = (Link) { .owner = u, .number = a->connection, .upstream = a->connect.config->name, .purpose = a->connect.purpose };
                list_init(&l->in_flush);
                list_init(&l->in_owner);
                l->h2 = h2_new(u->loop, a->connect.config, &a->connect.config->addresses[a->connect.address], s->tls, &events, l,
                               &stats, &failure);
                if (l->h2) {
                        list_append(&u->links, &l->in_owner);
                        return;
                }
                free(l);
        }
        engine_closed(u->engine, a->connection, failure, clock_now());
}

static void queue_flush(Upstreams *u, Link *l)
{
        list_remove(&l->in_flush);
        list_append(&u->flush, &l->in_flush);
}

static void send_exchange(Upstreams *u, const Action *a)
{
        Link *l = find(u, a->connection);

        if (!l)
                return;
        if (h2_send(l->h2, a->exchange, buffer_bytes(a->send.message), a->send.ping) < 0)
                engine_exchange_failed(u->engine, a->connection, a->exchange, FAILURE_RESOURCES, clock_now());
        queue_flush(u, l);
}

void upstreams_act(Upstreams *u, const Action *a)
{
        Link *l = find(u, a->connection);
        Shared *s;

        switch (a->type) {
        case ACTION_CONNECT:
                connect_upstream(u, a);
                break;
        case ACTION_SEND:
                send_exchange(u, a);
                break;
        case ACTION_PING:
                if (l) {
                        h2_ping(l->h2);
                        queue_flush(u, l);
                }
                break;
        case ACTION_CANCEL:
                if (l) {
                        h2_cancel(l->h2, a->exchange);
                        queue_flush(u, l);
                }
                break;
        case ACTION_CLOSE:
                if (l) {
                        h2_close(l->h2);
                        link_free(l);
                }
                break;
        case ACTION_FORGET_TICKETS:
                s = find_shared(u, a->upstream);
                if (s && s->tls)
                        tls_forget_tickets(s->tls);
                break;
        case ACTION_UPSTREAM_GONE:
                s = find_shared(u, a->upstream);
                if (s)
                        shared_free(s);
                break;
        default:
                break;
        }
}

void upstreams_flush(Upstreams *u)
{
        while (!list_empty(&u->flush)) {
                Link *l = container_of(list_first(&u->flush), Link, in_flush);

                list_remove(&l->in_flush);
                h2_flush(l->h2);
        }
}

void upstreams_network_changed(Upstreams *u)
{
        LIST_FOREACH(l, &u->links) {
                const Link *link = container_of(l, Link, in_owner);

                if (h2_address_gone(link->h2))
                        engine_address_gone(u->engine, link->number, clock_now());
        }
}

void upstreams_reload(Upstreams *u)
{
        LIST_FOREACH(l, &u->shared) {
                Shared *s = container_of(l, Shared, in_owner);

                s->tls = tls_unref(s->tls);
        }
}

const H2Stats *upstreams_stats(_unused_ const Upstreams *u)
{
        return &stats;
}

void upstreams_reset_stats(_unused_ Upstreams *u)
{
        stats = (H2Stats) { 0 };
}
