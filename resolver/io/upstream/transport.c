/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/upstream/transport.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/list.h"
#include "io/clock.h"
#include "io/journal.h"
#include "io/upstream/tls.h"

/* A connection, identified by the engine's handle. */
typedef struct UpstreamConnection {
        UpstreamTransport *owner;
        uint32_t number;
        const char *upstream; /* its name; lives until ACTION_UPSTREAM_GONE */
        Purpose purpose;
        H2 *h2;
        uint64_t read_at; /* usec: when the octets that are being taken in were read */
        List in_owner;
        List in_flush;
} UpstreamConnection;

/* What the connections of one upstream share. */
typedef struct UpstreamTls {
        uint32_t upstream;
        Tls *tls;
        Config *config;
        List in_owner;
} UpstreamTls;

/* Of all connections, including those that are still closing when everything else is freed. */
static H2Stats stats;

struct UpstreamTransport {
        uv_loop_t *loop;
        Engine *engine;
        List connections;
        List tls_contexts;
        List flush;
};

UpstreamTransport *transport_new(uv_loop_t *loop, Engine *engine)
{
        UpstreamTransport *u = calloc(1, sizeof(*u));

        if (!u)
                return NULL;
        u->loop = loop;
        u->engine = engine;
        list_init(&u->connections);
        list_init(&u->tls_contexts);
        list_init(&u->flush);
        return u;
}

static void transport_upstream_connection_free(UpstreamConnection *c)
{
        list_remove(&c->in_owner);
        list_remove(&c->in_flush);
        free(c);
}

static void transport_upstream_tls_free(UpstreamTls *s)
{
        list_remove(&s->in_owner);
        tls_unref(s->tls);
        config_unref(s->config);
        free(s);
}

UpstreamTransport *transport_free(UpstreamTransport *u)
{
        if (!u)
                return NULL;
        LIST_FOREACH(l, &u->connections) {
                UpstreamConnection *connection = container_of(l, UpstreamConnection, in_owner);

                h2_close(connection->h2);
                transport_upstream_connection_free(connection);
        }
        LIST_FOREACH(l, &u->tls_contexts)
                transport_upstream_tls_free(container_of(l, UpstreamTls, in_owner));
        free(u);
        return NULL;
}

/* Few connections are open at any time, so a list is sufficient. */
static UpstreamConnection *transport_find(UpstreamTransport *u, uint32_t number)
{
        LIST_FOREACH(l, &u->connections) {
                UpstreamConnection *connection = container_of(l, UpstreamConnection, in_owner);

                if (connection->number == number)
                        return connection;
        }
        return NULL;
}

static UpstreamTls *transport_find_shared(UpstreamTransport *u, uint32_t upstream)
{
        LIST_FOREACH(l, &u->tls_contexts) {
                UpstreamTls *s = container_of(l, UpstreamTls, in_owner);

                if (s->upstream == upstream)
                        return s;
        }
        return NULL;
}

/* --- events */

static void transport_queue_flush(UpstreamTransport *u, UpstreamConnection *c)
{
        list_remove(&c->in_flush);
        list_append(&u->flush, &c->in_flush);
}

static void transport_on_established(void *userdata)
{
        UpstreamConnection *c = userdata;

        engine_established(c->owner->engine, c->number, clock_now());
        /* Then the handshake starts, with what the engine offers as early data. */
        transport_queue_flush(c->owner, c);
}

/* For those who capture packets: marks the packets of probes. */
static void transport_report_connection(const UpstreamConnection *c, const H2Ready *ready)
{
        char upstream[96], purpose[32], port[32], tls[32], resumed[32], early[32];
        const char *fields[] = { upstream, purpose, port, tls, resumed, early, NULL };
        static const char *const words[] = { [HANDSHAKE_FULL] = "",
                                             [HANDSHAKE_RESUMED] = ", resumed",
                                             [HANDSHAKE_EARLY] = ", resumed with early data" };

        snprintf(upstream, sizeof(upstream), "DOHMOUSE_UPSTREAM=%s", c->upstream);
        snprintf(purpose, sizeof(purpose), "DOHMOUSE_PURPOSE=%s", purpose_name(c->purpose));
        snprintf(port, sizeof(port), "DOHMOUSE_LOCAL_PORT=%u", ready->local_port);
        snprintf(tls, sizeof(tls), "DOHMOUSE_TLS=%s", ready->tls_version);
        snprintf(resumed, sizeof(resumed), "DOHMOUSE_RESUMED=%s", ready->handshake == HANDSHAKE_FULL ? "no" : "yes");
        snprintf(early, sizeof(early), "DOHMOUSE_EARLY_DATA=%s", ready->handshake == HANDSHAKE_EARLY ? "yes" : "no");
        journal_fields(LOG_DEBUG, MESSAGE_PLAIN, fields, "Upstream %s: connected from port %u for a %s (%s%s).",
                       c->upstream, ready->local_port, purpose_name(c->purpose), ready->tls_version,
                       words[ready->handshake]);
}

static void transport_on_ready(void *userdata, const H2Ready *ready)
{
        UpstreamConnection *c = userdata;

        transport_report_connection(c, ready);
        c->read_at = clock_now();
        engine_ready(c->owner->engine, c->number, ready->handshake, c->read_at);
}

static void transport_on_received(void *userdata)
{
        UpstreamConnection *c = userdata;

        c->read_at = clock_now();
        engine_received(c->owner->engine, c->number, c->read_at);
}

static void transport_on_max_streams(void *userdata, uint32_t max)
{
        UpstreamConnection *c = userdata;

        engine_max_streams(c->owner->engine, c->number, max, clock_now());
}

static void transport_on_goaway(void *userdata, FailureReason failure)
{
        UpstreamConnection *c = userdata;

        engine_goaway(c->owner->engine, c->number, failure, clock_now());
}

static void transport_on_response(void *userdata, uint32_t exchange, const HttpResponse *response, Bytes body)
{
        UpstreamConnection *c = userdata;

        engine_response(c->owner->engine, c->number, exchange, response, body, c->read_at);
}

static void transport_on_failed(void *userdata, uint32_t exchange, FailureReason failure)
{
        UpstreamConnection *c = userdata;

        engine_exchange_failed(c->owner->engine, c->number, exchange, failure, clock_now());
}

static void transport_on_closed(void *userdata, FailureReason failure)
{
        UpstreamConnection *c = userdata;
        Engine *e = c->owner->engine;
        uint32_t number = c->number;

        transport_upstream_connection_free(c);
        engine_closed(e, number, failure, clock_now());
}

static const H2Events events = {
        .established = transport_on_established,
        .ready = transport_on_ready,
        .received = transport_on_received,
        .max_streams = transport_on_max_streams,
        .goaway = transport_on_goaway,
        .response = transport_on_response,
        .failed = transport_on_failed,
        .closed = transport_on_closed,
};

/* --- actions */

static void transport_report_trust_store(const char *upstream, const char *error)
{
        char field[96];
        const char *fields[] = { field, NULL };

        snprintf(field, sizeof(field), "DOHMOUSE_UPSTREAM=%s", upstream);
        journal_fields(LOG_ERR, MESSAGE_TRUST_STORE, fields, "Upstream %s: Failed to read the trust anchors: %s",
                       upstream, error);
}

static UpstreamTls *transport_share(UpstreamTransport *u, const Action *a)
{
        UpstreamTls *s = transport_find_shared(u, a->upstream);
        const char *error = NULL;
        Tls *before;

        if (s && s->tls && tls_is_usable(s->tls))
                return s;
        if (!s) {
                s = calloc(1, sizeof(*s));
                if (!s)
                        return NULL;
                s->upstream = a->upstream;
                s->config = config_ref(a->connect.owner);
                list_init(&s->in_owner);
                list_append(&u->tls_contexts, &s->in_owner);
        }
        before = s->tls;
        s->tls = tls_new(a->connect.config, a->connect.owner->trust_anchors, &error);
        if (error && (!before || !tls_error(before) || strcmp(error, tls_error(before)) != 0))
                transport_report_trust_store(a->connect.config->name, error);
        tls_unref(before);
        return s->tls ? s : NULL;
}

static void transport_connect_upstream(UpstreamTransport *u, const Action *a)
{
        UpstreamTls *s = transport_share(u, a);
        bool trusting = s && tls_is_usable(s->tls);
        UpstreamConnection *c = trusting ? calloc(1, sizeof(*c)) : NULL;
        FailureReason failure = s && !trusting ? FAILURE_TRUST_STORE : FAILURE_RESOURCES;

        if (c) {
                *c = (UpstreamConnection) { .owner = u,
                                            .number = a->connection,
                                            .upstream = a->connect.config->name,
                                            .purpose = a->connect.purpose };
                list_init(&c->in_flush);
                list_init(&c->in_owner);
                c->h2 = h2_new(u->loop, a->connect.config, &a->connect.config->addresses[a->connect.address], s->tls,
                               &events, c, &stats, &failure);
                if (c->h2) {
                        list_append(&u->connections, &c->in_owner);
                        return;
                }
                free(c);
        }
        engine_closed(u->engine, a->connection, failure, clock_now());
}

/*
 * Nothing has left the machine. Unless memory is exhausted, the connection accepts no more streams: its GOAWAY or its
 * end arrived in the turn in which the engine chose it. The engine is told of that first, so that it does not choose
 * the connection again.
 */
static void transport_report_not_sent(UpstreamTransport *u, const Action *a, int error)
{
        uint64_t now = clock_now();

        if (error == -ENOMEM || error == -EMSGSIZE) {
                engine_exchange_failed(u->engine, a->connection, a->exchange, FAILURE_RESOURCES, now);
                return;
        }
        engine_goaway(u->engine, a->connection, FAILURE_GOAWAY, now);
        engine_exchange_failed(u->engine, a->connection, a->exchange, FAILURE_NOT_SENT, now);
}

static void transport_send_exchange(UpstreamTransport *u, const Action *a)
{
        UpstreamConnection *c = transport_find(u, a->connection);
        int r;

        if (!c)
                return;
        r = h2_send(c->h2, a->exchange, a->send.message, a->send.ping);
        if (r < 0)
                transport_report_not_sent(u, a, r);
        transport_queue_flush(u, c);
}

void transport_act(UpstreamTransport *u, const Action *a)
{
        UpstreamConnection *c = transport_find(u, a->connection);
        UpstreamTls *s;

        switch (a->type) {
        case ACTION_CONNECT:
                transport_connect_upstream(u, a);
                break;
        case ACTION_OFFER:
                if (c)
                        h2_offer(c->h2, a->exchange, a->send.message);
                break;
        case ACTION_SEND:
                transport_send_exchange(u, a);
                break;
        case ACTION_PING:
                if (c) {
                        h2_ping(c->h2);
                        transport_queue_flush(u, c);
                }
                break;
        case ACTION_CANCEL:
                if (c) {
                        h2_cancel(c->h2, a->exchange);
                        transport_queue_flush(u, c);
                }
                break;
        case ACTION_CLOSE:
                if (c) {
                        h2_close(c->h2);
                        transport_upstream_connection_free(c);
                }
                break;
        case ACTION_FORGET_TICKETS:
                s = transport_find_shared(u, a->upstream);
                if (s && s->tls)
                        tls_forget_tickets(s->tls);
                break;
        case ACTION_UPSTREAM_GONE:
                s = transport_find_shared(u, a->upstream);
                if (s)
                        transport_upstream_tls_free(s);
                break;
        default:
                break;
        }
}

void transport_flush(UpstreamTransport *u)
{
        while (!list_empty(&u->flush)) {
                UpstreamConnection *c = container_of(list_first(&u->flush), UpstreamConnection, in_flush);

                list_remove(&c->in_flush);
                h2_flush(c->h2);
        }
}

void transport_network_changed(UpstreamTransport *u)
{
        LIST_FOREACH(l, &u->connections) {
                const UpstreamConnection *connection = container_of(l, UpstreamConnection, in_owner);

                if (h2_address_gone(connection->h2))
                        engine_address_gone(u->engine, connection->number, clock_now());
        }
}

void transport_reload(UpstreamTransport *u)
{
        LIST_FOREACH(l, &u->tls_contexts) {
                UpstreamTls *s = container_of(l, UpstreamTls, in_owner);

                s->tls = tls_unref(s->tls);
        }
}

const H2Stats *transport_stats(_unused_ const UpstreamTransport *u)
{
        return &stats;
}

void transport_reset_stats(_unused_ UpstreamTransport *u)
{
        stats = (H2Stats) { 0 };
}
