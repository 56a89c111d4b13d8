/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/engine.h"

#include <errno.h>
#include <string.h>

#include "core/query/client_query.h"
#include "core/query/clock_names.h"
#include "core/query/queries.h"
#include "core/query/query_do53.h"
#include "core/upstream/upstream_set.h"

struct Engine {
        Config *config;
        Outbox outbox;
        UpstreamSet upstreams;
        QueryCommon queries;
        const LinkTable *links; /* borrowed; may be NULL */
};

/* --- life */

static CacheLimits engine_cache_limits(const Config *c)
{
        return (CacheLimits) {
                .size = (size_t) c->cache_size,
                .max_ttl = c->max_ttl,
                .negative_max_ttl = c->negative_max_ttl,
                .failure_min = USEC_PER_SEC,
                .failure_max = 5 * USEC_PER_MINUTE,
                .stale_max = c->serve_stale ? c->stale_max : 0,
        };
}

Engine *engine_new(Config *config, const uint8_t seed[16], uint64_t now)
{
        _cleanup_(engine_freep) Engine *e = calloc(1, sizeof(*e));
        CacheLimits limits = engine_cache_limits(config);
        uint64_t random;
        bool ready;

        if (!e)
                return NULL;
        memcpy(&random, seed, sizeof(random));
        ready = outbox_init(&e->outbox, random);
        outbox_await_network(&e->outbox, now);
        upstream_set_init(&e->upstreams, &e->outbox, seed);
        e->queries = (QueryCommon) {
                .outbox = &e->outbox,
                .upstreams = &e->upstreams,
                .config = config,
                .hedge_tokens = QUERY_HEDGE_BURST,
        };
        portal_init(&e->queries.portal, &e->outbox);
        memcpy(e->queries.hash_key, seed, sizeof(e->queries.hash_key));
        e->config = config_ref(config);
        if (!ready)
                return NULL;
        if (config->cache && !(e->queries.cache = cache_new(&limits, seed)))
                return NULL;
        if (engine_reload(e, config, now) < 0)
                return NULL;
        return take_pointer(e);
}

Engine *engine_free(Engine *e)
{
        if (!e)
                return NULL;
        queries_free_all(&e->queries, 0);
        upstream_set_deinit(&e->upstreams);
        cache_free(e->queries.cache);
        hosts_unref(e->queries.hosts_file);
        hosts_unref(e->queries.hosts_own);
        forwards_free(e->queries.forwards);
        forwards_free(e->queries.clock_names);
        portal_deinit(&e->queries.portal);
        outbox_deinit(&e->outbox);
        config_unref(e->config);
        free(e);
        return NULL;
}

bool engine_next_action(Engine *e, Action *ret)
{
        return outbox_next_action(&e->outbox, ret);
}

static void engine_replace_clock_names(Engine *e, Forwards *clock_names, uint64_t now)
{
        Forwards *before = e->queries.clock_names;

        e->queries.clock_names = clock_names;
        queries_reroute(&e->queries, now);
        /* Answers that nobody has verified are not used for longer than necessary. */
        if (before && e->queries.cache)
                cache_flush_network(e->queries.cache);
        forwards_free(before);
}

static void engine_drop_clock_names(Engine *e, uint64_t now)
{
        if (e->outbox.network == NETWORK_CLOCK)
                return;
        e->queries.clock_names_known = false;
        if (e->queries.clock_names)
                engine_replace_clock_names(e, NULL, now);
}

/* Many portals only drop connections, or close them. Then nothing tells them from an outage until NetworkManager gets
 * to its page, for which it needs the name. */
static bool engine_may_be_intercepted(const Engine *e)
{
        return e->outbox.network == NETWORK_PORTAL ||
               (e->outbox.connectivity == CONNECTIVITY_LIMITED && !upstream_set_usable(&e->upstreams));
}

/* Ends every event, and is the only place that handles what the rooms below have queued: first the notices of
 * timers, then the outcomes of exchanges, which may cause more of both. */
static void engine_settle(Engine *e, uint64_t now)
{
        do {
                upstream_set_take_notices(&e->upstreams, now);
                engine_drop_clock_names(e, now);
                /* Before outcomes are taken: a query that waits behind the portal goes to the link instead. */
                if (portal_follow(&e->queries.portal, engine_may_be_intercepted(e),
                                  health_group_healthy(&e->upstreams.common.health), now))
                        queries_reroute(&e->queries, now);
                queries_take_outcomes(&e->queries, now);
        } while (!list_empty(&e->outbox.notices));
        upstream_set_bury(&e->upstreams);
}

uint64_t engine_next_time(const Engine *e)
{
        return timers_next(&e->outbox.timers);
}

void engine_run(Engine *e, uint64_t now)
{
        while (timers_run_one(&e->outbox.timers, now))
                upstream_set_take_notices(&e->upstreams, now);
        engine_settle(e, now);
}

/* --- clients */

bool engine_query(Engine *e, const Client *client, Transport transport, Bytes message, uint64_t now)
{
        bool answered = client_query(&e->queries, client, transport, message, now);

        engine_settle(e, now);
        return answered;
}

size_t engine_waiting(const Engine *e)
{
        return e->queries.quota.taken;
}

/* --- events of connections */

static Connection *engine_find_connection(const Engine *e, uint32_t handle)
{
        return handle_table_get(&e->outbox.connections, handle);
}

/* Only a ready connection has events of HTTP/2. */
static Connection *engine_find_ready(const Engine *e, uint32_t handle)
{
        Connection *c = engine_find_connection(e, handle);

        return c && c->state != CONNECTION_CONNECTING ? c : NULL;
}

void engine_established(Engine *e, uint32_t connection, uint64_t now)
{
        Connection *c = engine_find_connection(e, connection);

        if (c)
                upstream_on_established(c, now);
}

void engine_ready(Engine *e, uint32_t connection, Handshake handshake, uint64_t now)
{
        Connection *c = engine_find_connection(e, connection);

        if (!c || c->state != CONNECTION_CONNECTING)
                return;
        upstream_on_ready(c, handshake, now);
        engine_settle(e, now);
}

void engine_received(Engine *e, uint32_t connection, uint64_t now)
{
        Connection *c = engine_find_ready(e, connection);

        if (!c)
                return;
        upstream_on_received(c, now);
        engine_settle(e, now);
}

void engine_max_streams(Engine *e, uint32_t connection, uint32_t max, uint64_t now)
{
        Connection *c = engine_find_ready(e, connection);

        if (!c)
                return;
        upstream_on_max_streams(c, max, now);
        engine_settle(e, now);
}

void engine_goaway(Engine *e, uint32_t connection, FailureReason reason, uint64_t now)
{
        Connection *c = engine_find_ready(e, connection);

        if (!c)
                return;
        upstream_on_goaway(c, reason, now);
        engine_settle(e, now);
}

void engine_address_gone(Engine *e, uint32_t connection, uint64_t now)
{
        Connection *c = engine_find_ready(e, connection);

        if (!c)
                return;
        upstream_on_address_gone(c, now);
        engine_settle(e, now);
}

void engine_closed(Engine *e, uint32_t connection, FailureReason reason, uint64_t now)
{
        Connection *c = engine_find_connection(e, connection);

        if (!c)
                return;
        upstream_on_closed(c, reason, now);
        engine_settle(e, now);
}

/* Returns the exchange on that connection, or NULL if it was cancelled. */
static Exchange *engine_find_exchange(const Engine *e, uint32_t connection, uint32_t exchange)
{
        Exchange *x = handle_table_get(&e->outbox.exchanges, exchange);

        return x && x->connection && x->connection->handle == connection ? x : NULL;
}

void engine_exchange_failed(Engine *e, uint32_t connection, uint32_t exchange, FailureReason reason, uint64_t now)
{
        Exchange *x = engine_find_exchange(e, connection, exchange);

        if (!x)
                return;
        upstream_on_exchange_failed(x, reason, 0, now);
        engine_settle(e, now);
}

void engine_response(Engine *e, uint32_t connection, uint32_t exchange, const HttpResponse *response, Bytes body,
                     uint64_t now)
{
        Exchange *x = engine_find_exchange(e, connection, exchange);
        Message answer;

        if (!x)
                return;
        if (upstream_on_response(x, response, body, &answer, now))
                queries_answered(x, &answer, response, now);
        engine_settle(e, now);
}

/* --- Do53 servers */

void engine_do53_answer(Engine *e, uint32_t exchange, uint16_t id, Bytes message, uint64_t now)
{
        query_do53_on_answer(&e->queries, exchange, id, message, now);
        engine_settle(e, now);
}

void engine_do53_failed(Engine *e, uint32_t exchange, FailureReason reason, uint64_t now)
{
        query_do53_on_failure(&e->queries, exchange, reason, now);
        engine_settle(e, now);
}

/* --- events of the machine */

static void engine_new_epoch(Engine *e, bool resumed, uint64_t now)
{
        /* They are those of another network, until somebody says otherwise. */
        Forward *link = portal_set_servers(&e->queries.portal, NULL, 0, now);

        e->outbox.connectivity = CONNECTIVITY_OTHER;
        if (e->queries.cache) {
                cache_flush_network(e->queries.cache);
                cache_forget_failures(e->queries.cache);
        }
        upstream_set_epoch(&e->upstreams, resumed, now);
        forwards_forget(e->queries.forwards, &e->outbox, now);
        queries_reroute(&e->queries, now);
        forward_free_of_portal(link);
        queries_epoch(&e->queries, now);
}

void engine_network_changed(Engine *e, bool online, uint64_t now)
{
        portal_close(&e->queries.portal);
        engine_new_epoch(e, false, now);
        outbox_set_network(&e->outbox, online ? NETWORK_ONLINE : NETWORK_OFFLINE);
        if (online && e->config->preconnect == PRECONNECT_ON_NETWORK_UP)
                upstream_set_preconnect(&e->upstreams, now);
        engine_settle(e, now);
}

void engine_sleep(Engine *e, uint64_t now)
{
        upstream_set_close_idle(&e->upstreams);
        engine_settle(e, now);
}

void engine_resume(Engine *e, uint64_t slept, uint64_t now)
{
        queries_shift(&e->queries, slept);
        outbox_await_network(&e->outbox, now);
        engine_new_epoch(e, true, now);
        engine_settle(e, now);
}

bool engine_set_clock_names(Engine *e, const char *names, const char *servers, uint64_t now)
{
        Forwards *f;

        if (e->outbox.network != NETWORK_CLOCK)
                return false;
        f = clock_names_new(e->config, names, servers, now);
        e->queries.clock_names_known = true;
        if (f || e->queries.clock_names)
                engine_replace_clock_names(e, f, now);
        engine_settle(e, now);
        return f != NULL;
}

void engine_clock_set(Engine *e, uint64_t now)
{
        upstream_set_clock_set(&e->upstreams, now);
        if (e->outbox.network == NETWORK_CLOCK)
                outbox_set_network(&e->outbox, NETWORK_ONLINE);
        engine_settle(e, now);
}

void engine_set_connectivity(Engine *e, const Connectivity *c, uint64_t now)
{
        bool portal = c->state == CONNECTIVITY_PORTAL;
        bool ended = e->outbox.connectivity == CONNECTIVITY_PORTAL && !portal;
        Forward *link = portal_set_servers(&e->queries.portal, c->servers, c->n_servers, now);

        e->outbox.connectivity = c->state;
        portal_set_check(&e->queries.portal, c->check);
        queries_reroute(&e->queries, now);
        forward_free_of_portal(link);
        /* An upstream that answers in this network knows better. */
        if (portal && e->outbox.network == NETWORK_ONLINE && !health_group_healthy(&e->upstreams.common.health))
                outbox_set_network(&e->outbox, NETWORK_PORTAL);
        else if (ended && e->outbox.network == NETWORK_PORTAL && upstream_set_usable(&e->upstreams))
                outbox_set_network(&e->outbox, NETWORK_ONLINE);
        engine_settle(e, now);
}

void engine_portal_page(Engine *e, uint32_t look, Bytes response, uint64_t now)
{
        queries_on_portal_page(&e->queries, look, response, now);
        engine_settle(e, now);
}

/* --- the administrator */

static void engine_set_cache(Engine *e, const Config *config)
{
        CacheLimits limits = engine_cache_limits(config);

        if (!config->cache)
                e->queries.cache = cache_free(e->queries.cache);
        else if (e->queries.cache)
                cache_set_limits(e->queries.cache, &limits);
        else
                e->queries.cache = cache_new(&limits, e->queries.hash_key);
}

typedef struct RouteChange {
        const Forwards *before, *after;
} RouteChange;

static bool engine_route_differs(const void *userdata, Bytes name)
{
        const RouteChange *c = userdata;

        return forwards_find(c->before, name) != forwards_find(c->after, name);
}

/* Another server may answer differently, and that may be the reason for the change. */
static void engine_flush_rerouted(Engine *e, const Forwards *before)
{
        RouteChange change = { .before = before, .after = e->queries.forwards };

        if (e->queries.cache)
                cache_flush_names(e->queries.cache, engine_route_differs, &change);
}

int engine_reload(Engine *e, Config *config, uint64_t now)
{
        bool rerouted, changed;
        _cleanup_(forwards_freep) Forwards *forwards =
                forwards_new(config, e->links, e->queries.forwards, &rerouted, now);
        UpstreamSetChange change;
        Forwards *before;

        if (!forwards || !upstream_set_prepare(&e->upstreams, config, &change, now))
                return -ENOMEM;
        config_ref(config);
        config_unref(e->config);
        e->config = config;
        e->queries.config = config;
        portal_configure(&e->queries.portal, config->portal == PORTAL_ASK_LINK, now);
        before = e->queries.forwards;
        /* First of all: a stream that becomes free must not send what was queued under the old configuration. */
        queries_set_forwards(&e->queries, take_pointer(forwards), now);
        changed = upstream_set_apply(&e->upstreams, &change, now);
        engine_set_cache(e, config);
        if (changed)
                engine_flush_cache(e);
        else if (rerouted)
                engine_flush_rerouted(e, before);
        queries_reroute(&e->queries, now);
        engine_settle(e, now);
        forwards_free(before);
        return 0;
}

int engine_set_links(Engine *e, const LinkTable *links, uint64_t now)
{
        bool rerouted;
        _cleanup_(forwards_freep) Forwards *forwards =
                forwards_new(e->config, links, e->queries.forwards, &rerouted, now);
        Forwards *before = e->queries.forwards;

        if (!forwards)
                return -ENOMEM;
        e->links = links;
        if (!rerouted)
                return 0;
        queries_set_forwards(&e->queries, take_pointer(forwards), now);
        engine_flush_rerouted(e, before);
        queries_reroute(&e->queries, now);
        engine_settle(e, now);
        forwards_free(before);
        return 0;
}

void engine_set_hosts(Engine *e, Hosts *file, Hosts *own)
{
        hosts_ref(file);
        hosts_ref(own);
        hosts_unref(e->queries.hosts_file);
        hosts_unref(e->queries.hosts_own);
        e->queries.hosts_file = file;
        e->queries.hosts_own = own;
}

void engine_flush_cache(Engine *e)
{
        if (e->queries.cache)
                cache_flush(e->queries.cache);
}

void engine_forget_forwards(Engine *e, uint64_t now)
{
        forwards_forget(e->queries.forwards, &e->outbox, now);
}

static CacheImageStamp engine_cache_stamp(const Engine *e, uint64_t wall_clock, uint64_t now)
{
        return (CacheImageStamp) {
                .servers = config_servers_hash(e->config),
                .boot_time = now,
                .wall_clock = wall_clock,
        };
}

void engine_save_cache_header(const Engine *e, uint8_t ret[static CACHE_IMAGE_HEADER_SIZE], uint64_t wall_clock,
                              uint64_t now)
{
        CacheImageStamp stamp = engine_cache_stamp(e, wall_clock, now);

        cache_image_write_header(&stamp, CACHE_IMAGE_VERSION, ret);
}

size_t engine_save_cache(Engine *e, uint8_t *ret, size_t size, uint64_t now)
{
        return e->queries.cache ? cache_image_save(e->queries.cache, ret, size, now) : 0;
}

CacheImageStatus engine_load_cache_header(const Engine *e, Bytes header, bool same_boot, uint64_t *ret_elapsed,
                                          uint64_t wall_clock, uint64_t now)
{
        CacheImageStamp stamp = engine_cache_stamp(e, wall_clock, now);

        return cache_image_read_header(header, &stamp, same_boot, ret_elapsed);
}

size_t engine_load_cache(Engine *e, Bytes bytes, uint64_t elapsed, uint64_t now)
{
        bool damaged = false;
        size_t n = e->queries.cache ? cache_image_load(e->queries.cache, bytes, elapsed, now, &damaged) : SIZE_MAX;

        return damaged ? SIZE_MAX : n;
}

static bool engine_has_forward(const void *userdata, Bytes name)
{
        return forwards_find(userdata, name) != NULL;
}

void engine_end_load_cache(Engine *e)
{
        if (e->queries.cache)
                cache_flush_names(e->queries.cache, engine_has_forward, e->queries.forwards);
}

void engine_reset_statistics(Engine *e)
{
        e->outbox.counters = (Counters) { 0 };
        if (e->queries.cache)
                cache_reset_counts(e->queries.cache);
        for (size_t i = 0; i < e->upstreams.n; i++)
                upstream_reset_statistics(e->upstreams.members[i]);
        forwards_reset_statistics(e->queries.forwards);
}

static Upstream *engine_find_upstream(const Engine *e, uint32_t handle)
{
        Upstream *u = handle_table_get(&e->outbox.upstreams, handle);

        return u && !u->retired ? u : NULL;
}

bool engine_set_admin(Engine *e, uint32_t upstream, HealthAdmin admin, uint64_t now)
{
        Upstream *u = engine_find_upstream(e, upstream);

        if (!u)
                return false;
        upstream_set_admin(u, admin, now);
        engine_settle(e, now);
        return true;
}

bool engine_probe(Engine *e, uint32_t upstream, uint64_t cookie, uint64_t now)
{
        Upstream *u = engine_find_upstream(e, upstream);

        if (!u || !upstream_probe(u, cookie, now))
                return false;
        engine_settle(e, now);
        return true;
}

bool engine_disconnect(Engine *e, uint32_t upstream, uint64_t now)
{
        Upstream *u = engine_find_upstream(e, upstream);

        if (!u)
                return false;
        upstream_disconnect(u, now);
        engine_settle(e, now);
        return true;
}

/* --- status */

bool engine_upstream(const Engine *e, size_t i, UpstreamInfo *ret)
{
        const Upstream *u = upstream_set_member(&e->upstreams, i);

        if (!u)
                return false;
        *ret = (UpstreamInfo) {
                .number = u->handle,
                .config = u->config,
                .health = &u->health,
                .reason_detail = upstream_reason_detail(u)->text,
                .connections = upstream_connections(u),
                .smoothed_rtt = u->rtt.smoothed,
                .peer_idle = u->pool.peer_idle == USEC_NEVER ? 0 : u->pool.peer_idle,
                .queries = u->pool.queries,
                .failures = u->failures,
                .handshakes_full = u->handshakes_full,
                .handshakes_resumed = u->handshakes_resumed,
                .handshakes_early = u->handshakes_early,
                .probes = u->probes,
                .races = u->races,
                .races_won = u->races_won,
        };
        return true;
}

bool engine_current_upstream(const Engine *e, UpstreamInfo *ret)
{
        for (size_t i = 0; engine_upstream(e, i, ret); i++)
                if (ret->health->state == HEALTH_HEALTHY && ret->config->n_addresses > 0)
                        return true;
        return false;
}

const Forward *engine_forward(const Engine *e, size_t i)
{
        return forwards_member(e->queries.forwards, i);
}

const char *engine_server_name(const Engine *e, const AnswerRoute *route)
{
        const Upstream *u = handle_table_get(&e->outbox.upstreams, route->server);
        const Forward *f;

        if (route->origin == ORIGIN_UPSTREAM)
                return u ? u->config->name : "";
        if (route->origin == ORIGIN_FORWARD && route->server == 0)
                return CLOCK_NAMES_ZONE;
        for (size_t i = 0; (f = forwards_member(e->queries.forwards, i)); i++)
                if (f->number == route->server)
                        return f->config->name;
        return "";
}

bool engine_is_forwarded(const Engine *e, Bytes name)
{
        return forwards_find(e->queries.forwards, name) != NULL;
}

void engine_stats(const Engine *e, EngineStats *ret)
{
        *ret = (EngineStats) { .counters = e->outbox.counters };
        if (e->queries.cache)
                ret->cache = cache_stats(e->queries.cache);
}

bool engine_cached(const Engine *e, CacheWalk *w, CacheItem *ret, uint64_t now)
{
        w->cache = e->queries.cache;
        return w->cache && cache_walk_next(w, ret, now);
}

NetworkState engine_network_state(const Engine *e)
{
        return e->outbox.network;
}

const Config *engine_config(const Engine *e)
{
        return e->config;
}

void engine_objects(const Engine *e, EngineObjects *ret)
{
        *ret = (EngineObjects) {
                .queries = e->queries.n_queries,
                .pending = e->queries.quota.taken,
                .exchanges = e->outbox.exchanges.used + e->outbox.do53_exchanges.used,
                .connections = e->outbox.connections.used,
                .upstreams = e->outbox.upstreams.used,
                .actions = e->outbox.actions_n,
        };
}
