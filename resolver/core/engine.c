#include "core/engine.h"

#include <errno.h>
#include <string.h>

#include "core/engine_internal.h"
#include "core/base/siphash.h"

#define PORTAL_TIME (5 * USEC_PER_SEC)
#define KEEPALIVE 300 /* units of 100 ms: the listener's idle time */

/* --- actions */

static bool engine_grow_actions(Engine *e)
{
        size_t size = e->actions_size ? e->actions_size * 2 : 64;
        Action *actions = calloc(size, sizeof(*actions));

        if (!actions)
                return false;
        for (size_t i = 0; i < e->actions_n; i++)
                actions[i] = e->actions[(e->actions_first + i) % e->actions_size];
        free(e->actions);
        e->actions = actions;
        e->actions_size = size;
        e->actions_first = 0;
        return true;
}

Action *engine_act(Engine *e, ActionType type)
{
        Action *a;

        if (e->actions_n == e->actions_size && !engine_grow_actions(e))
                return NULL;
        a = &e->actions[(e->actions_first + e->actions_n++) % e->actions_size];
        *a = (Action) { .type = type };
        return a;
}

static Packet *engine_action_packet(const Action *a)
{
        switch (a->type) {
        case ACTION_ANSWER:
                return a->answer.message;
        case ACTION_SEND:
                return a->send.message;
        case ACTION_DO53_SEND:
                return a->do53.message;
        default:
                return NULL;
        }
}

bool engine_next_action(Engine *e, Action *ret)
{
        e->lent = packet_unref(e->lent);
        if (!e->actions_n)
                return false;
        *ret = e->actions[e->actions_first];
        e->actions_first = (e->actions_first + 1) % e->actions_size;
        e->actions_n--;
        e->lent = engine_action_packet(ret);
        return true;
}

void engine_answer(Engine *e, const Client *client, Packet *message)
{
        Action *a = engine_act(e, ACTION_ANSWER);

        if (!a) {
                packet_unref(message);
                return;
        }
        a->answer.client = *client;
        a->answer.message = message;
}

/* --- small services */

uint64_t engine_random(Engine *e, uint64_t low, uint64_t high)
{
        /* xorshift64*: for spreading in time only */
        e->random ^= e->random >> 12;
        e->random ^= e->random << 25;
        e->random ^= e->random >> 27;
        return low + (e->random * UINT64_C(0x2545f4914f6cdd1d) >> 11) % (high - low + 1);
}

void engine_set_network(Engine *e, NetworkState state)
{
        Action *a;

        if (e->network == state)
                return;
        e->network = state;
        a = engine_act(e, ACTION_NETWORK);
        if (a)
                a->network = state;
}

void engine_suspect_portal(Engine *e)
{
        size_t n = 0;

        for (size_t i = 0; i < e->n_upstreams; i++) {
                const Health *h = &e->upstreams[i]->health;

                if (h->admin == ADMIN_DOWN)
                        continue;
                if (h->state != HEALTH_FAILED || e->now - h->changed_at > PORTAL_TIME ||
                    (failure_class(h->reason) != CLASS_TLS_VERIFY && h->reason != FAILURE_HTTP_PORTAL))
                        return;
                n++;
        }
        if (n)
                engine_set_network(e, NETWORK_PORTAL);
}

ReplyOptions engine_reply_options(const Engine *e)
{
        ReplyOptions options = REPLY_OPTIONS_INIT;

        options.trust_ad = e->config->trust_ad;
        options.keepalive = KEEPALIVE;
        options.ttl_cap = (uint32_t) MIN(e->config->max_ttl / USEC_PER_SEC, (uint64_t) UINT32_MAX);
        return options;
}

CacheKey engine_cache_key(const Query *q)
{
        return (CacheKey) {
                .qname = q->message.qname,
                .qtype = q->message.qtype,
                .qclass = q->message.qclass,
                .dnssec_ok = q->dnssec_ok,
                .checking_disabled = q->flags & DNS_CD,
        };
}

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

static void engine_set_parameters(Engine *e)
{
        e->parameters = health_defaults;
        e->parameters.backoff = e->config->backoff;
        e->parameters.backoff_max = e->config->backoff_max;
        e->parameters.rise = e->config->rise;
}

/* What the administrator wants of the upstream of that name. */
static HealthAdmin engine_admin_of(const Engine *e, const char *name)
{
        for (size_t i = 0; i < e->n_upstreams; i++)
                if (strcmp(e->upstreams[i]->config->name, name) == 0)
                        return e->upstreams[i]->health.admin;
        return ADMIN_AUTO;
}

/* Upstreams for `config`: those that did not change are taken over from the running ones; of one that did, the
 * administrator's request is. Nothing is changed on failure. */
static Upstream **engine_make_upstreams(Engine *e, Config *config, uint64_t now)
{
        Upstream **list = calloc(MAX(config->n_upstreams, (size_t) 1), sizeof(*list));

        if (!list)
                return NULL;
        for (size_t i = 0; i < config->n_upstreams; i++) {
                for (size_t k = 0; k < e->n_upstreams && !list[i]; k++)
                        if (upstream_config_equal(e->upstreams[k]->config, &config->upstreams[i]))
                                list[i] = e->upstreams[k];
                if (!list[i])
                        list[i] = upstream_new(e, config, &config->upstreams[i],
                                               engine_admin_of(e, config->upstreams[i].name), now);
                if (list[i])
                        continue;
                while (i-- > 0)
                        if (list[i]->owner == config)
                                upstream_free(list[i]);
                free(list);
                return NULL;
        }
        return list;
}

static void engine_adopt_upstreams(Engine *e, Upstream **list, Health **members, size_t n)
{
        free(e->upstreams);
        free(e->members);
        e->upstreams = list;
        e->members = members;
        e->n_upstreams = n;
        e->preferred = 0;
        for (size_t i = 0; i < n; i++)
                members[i] = &list[i]->health;
        e->group.members = members;
        e->group.n = n;
}

Engine *engine_new(Config *config, const uint8_t seed[16], uint64_t now)
{
        _cleanup_(engine_freep) Engine *e = calloc(1, sizeof(*e));
        CacheLimits limits;

        if (!e)
                return NULL;
        list_init(&e->posted);
        memcpy(e->hash_key, seed, sizeof(e->hash_key));
        memcpy(&e->random, seed, sizeof(e->random));
        e->random |= 1;
        e->now = now;
        e->hedge_tokens = ENGINE_HEDGE_BURST;
        e->config = config_ref(config);
        engine_set_parameters(e);
        health_group_init(&e->group, &e->parameters, engine_random(e, 1, UINT64_MAX - 1));
        if (config->cache) {
                limits = engine_cache_limits(config);
                e->cache = cache_new(&limits, seed);
                if (!e->cache)
                        return NULL;
        }
        /* The first actions need no memory that there may not be. */
        if (!engine_grow_actions(e) || engine_reload(e, config, now) < 0)
                return NULL;
        return take_pointer(e);
}

Engine *engine_free(Engine *e)
{
        Action a;

        if (!e)
                return NULL;
        for (size_t i = 0; i < ENGINE_TABLE; i++)
                while (e->table[i])
                        query_free(e->table[i]);
        while (!list_empty(&e->posted)) {
                Exchange *x = container_of(list_first(&e->posted), Exchange, in_place);

                if (x->query)
                        query_free(x->query);
                else
                        exchange_free(x);
        }
        for (size_t i = 0; i < e->n_upstreams; i++)
                upstream_free(e->upstreams[i]);
        for (size_t i = 0; i < e->n_retired; i++)
                upstream_free(e->retired[i]);
        while (engine_next_action(e, &a))
                ;
        free(e->upstreams);
        free(e->retired);
        free(e->members);
        free(e->actions);
        cache_free(e->cache);
        hosts_unref(e->hosts_file);
        hosts_unref(e->hosts_own);
        forwards_free(e->forwards);
        timers_deinit(&e->timers);
        handle_table_deinit(&e->connection_handles);
        handle_table_deinit(&e->exchange_handles);
        handle_table_deinit(&e->upstream_handles);
        handle_table_deinit(&e->do53_handles);
        config_unref(e->config);
        free(e);
        return NULL;
}

/* Removed upstreams that have finished go. */
static void engine_bury(Engine *e)
{
        for (size_t i = 0; i < e->n_retired;) {
                Upstream *u = e->retired[i];
                Action *a;

                if (!upstream_done(u)) {
                        i++;
                        continue;
                }
                a = engine_act(e, ACTION_UPSTREAM_GONE);
                if (a)
                        a->upstream = u->number;
                upstream_free(u);
                e->retired[i] = e->retired[--e->n_retired];
        }
}

void engine_settle(Engine *e)
{
        while (!list_empty(&e->posted)) {
                Exchange *x = container_of(list_first(&e->posted), Exchange, in_place);

                if (x->query)
                        query_exchange_over(x->query, x, e->now);
                else
                        exchange_free(x);
        }
        if (e->n_retired)
                engine_bury(e);
}

uint64_t engine_next_time(const Engine *e)
{
        return timers_next(&e->timers);
}

void engine_run(Engine *e, uint64_t now)
{
        e->now = now;
        timers_run(&e->timers, now);
        engine_settle(e);
}

/* --- events of connections */

static Connection *engine_find_connection(Engine *e, uint32_t number, uint64_t now)
{
        e->now = now;
        return handle_table_get(&e->connection_handles, number);
}

/* One that was said to be ready: before that, HTTP/2 has nothing to tell of it. */
static Connection *engine_find_ready(Engine *e, uint32_t number, uint64_t now)
{
        Connection *c = engine_find_connection(e, number, now);

        return c && c->state != CONNECTION_CONNECTING ? c : NULL;
}

void engine_established(Engine *e, uint32_t connection, uint64_t now)
{
        Connection *c = engine_find_connection(e, connection, now);

        if (!c)
                return;
        c->established = true;
        c->upstream->connect.established = true;
        rtt_sample(&c->upstream->path, now - c->opened_at);
}

void engine_ready(Engine *e, uint32_t connection, bool resumed, uint64_t now)
{
        Connection *c = engine_find_connection(e, connection, now);

        if (!c || c->state != CONNECTION_CONNECTING)
                return;
        c->resumed = resumed;
        upstream_connection_ready(c->upstream, c, now);
        engine_settle(e);
}

void engine_received(Engine *e, uint32_t connection, uint64_t now)
{
        Connection *c = engine_find_ready(e, connection, now);

        if (!c)
                return;
        connection_heard(c, now);
        engine_settle(e);
}

void engine_max_streams(Engine *e, uint32_t connection, uint32_t max, uint64_t now)
{
        Connection *c = engine_find_ready(e, connection, now);

        if (!c)
                return;
        c->settings = true;
        c->max_streams = max;
        if (max == 0) {
                upstream_failure(c->upstream, FAILURE_NO_STREAMS, 0, false, 0, PURPOSE_QUERY, now);
                connection_drain(c, now);
        } else
                upstream_advance(c->upstream, now);
        engine_settle(e);
}

void engine_goaway(Engine *e, uint32_t connection, FailureReason failure, uint64_t now)
{
        Connection *c = engine_find_ready(e, connection, now);

        if (!c)
                return;
        upstream_connection_goaway(c->upstream, c, failure, now);
        engine_settle(e);
}

void engine_address_gone(Engine *e, uint32_t connection, uint64_t now)
{
        Connection *c = engine_find_ready(e, connection, now);

        if (!c)
                return;
        upstream_connection_stranded(c->upstream, c, now);
        engine_settle(e);
}

void engine_closed(Engine *e, uint32_t connection, FailureReason failure, uint64_t now)
{
        Connection *c = engine_find_connection(e, connection, now);

        if (!c)
                return;
        upstream_connection_gone(c->upstream, c, failure, now);
        engine_settle(e);
}

/* The exchange on that connection; NULL if it is not wanted any longer. */
static Exchange *engine_find_exchange(Engine *e, uint32_t connection, uint32_t exchange, uint64_t now)
{
        Exchange *x = handle_table_get(&e->exchange_handles, exchange);

        e->now = now;
        return x && x->connection && x->connection->number == connection ? x : NULL;
}

/* Off its connection: it has its outcome. */
static void engine_take_off(Exchange *x, uint64_t now)
{
        Connection *c = x->connection;

        list_remove(&x->in_place);
        x->connection = NULL;
        connection_ended(c, now);
}

static void engine_fail_exchange(Exchange *x, FailureReason f, uint64_t retry_after, uint64_t now)
{
        upstream_failed(x->upstream, x, f, retry_after, now);
        exchange_post(x, f, now);
}

void engine_exchange_failed(Engine *e, uint32_t connection, uint32_t exchange, FailureReason failure, uint64_t now)
{
        Exchange *x = engine_find_exchange(e, connection, exchange, now);

        if (!x)
                return;
        engine_fail_exchange(x, failure, 0, now);
        engine_settle(e);
}

/* The name that was asked, in lower case. */
static Bytes engine_question_name(const Exchange *x)
{
        Message question;

        message_parse(&question, packet_bytes(x->wire));
        return question.qname;
}

/* Is the body the answer to what was asked? */
static FailureReason engine_judge(const Exchange *x, Bytes body, Message *ret)
{
        Message question;

        if (message_parse(ret, body) != MESSAGE_OK)
                return FAILURE_MALFORMED;
        message_parse(&question, packet_bytes(x->wire));
        if (ret->id != 0 || !message_answers(ret, &question))
                return FAILURE_MISMATCH;
        if (ret->flags & DNS_TC)
                return FAILURE_TRUNCATED;
        if (x->synthetic && message_rcode(ret) != RCODE_NOERROR)
                return FAILURE_PROBE_RCODE;
        return FAILURE_NONE;
}

void engine_response(Engine *e, uint32_t connection, uint32_t exchange, const HttpResponse *response, Bytes body,
                     uint64_t now)
{
        Exchange *x = engine_find_exchange(e, connection, exchange, now);
        Message answer;
        FailureReason f;

        if (!x)
                return;
        f = http_response_failure(response, body.n);
        if (f == FAILURE_NONE)
                f = engine_judge(x, body, &answer);
        if (f != FAILURE_NONE) {
                engine_fail_exchange(x, f, response->has_retry_after ? response->retry_after * USEC_PER_SEC : 0, now);
        } else {
                upstream_answered(x->upstream, x, now);
                if (!x->synthetic)
                        upstream_rcode(x->upstream, message_rcode(&answer),
                                       siphash(e->hash_key, engine_question_name(x)), now);
                engine_take_off(x, now);
                if (x->query)
                        query_answered(x->query, x, &answer, response, now);
                else
                        exchange_free(x);
        }
        engine_settle(e);
}

/* --- events of the machine */

/* Calls `tell` for each query, which may be gone afterwards. */
static void engine_tell_queries(Engine *e, void (*tell)(Query *q, uint64_t now), uint64_t now)
{
        for (size_t i = 0; i < ENGINE_TABLE; i++)
                for (Query *q = e->table[i], *next; q; q = next) {
                        next = q->next;
                        tell(q, now);
                }
}

static void engine_new_epoch(Engine *e, bool resumed, uint64_t now)
{
        e->epoch++;
        health_epoch(&e->group, now);
        if (e->cache) {
                cache_flush_network(e->cache);
                cache_forget_failures(e->cache);
        }
        for (size_t i = 0; i < e->n_upstreams; i++)
                upstream_epoch(e->upstreams[i], resumed, now);
        for (size_t i = 0; i < e->n_retired; i++)
                upstream_epoch(e->retired[i], resumed, now);
        forwards_forget(e->forwards);
        engine_tell_queries(e, query_forward_epoch, now);
}

/* A connection at hand for the first query in the new network: to the upstream that would get it. */
static void engine_preconnect(Engine *e, uint64_t now)
{
        for (size_t i = 0; i < e->n_upstreams; i++)
                if (health_usable(&e->upstreams[i]->health)) {
                        upstream_preconnect(e->upstreams[i], now);
                        return;
                }
}

void engine_network_changed(Engine *e, bool online, uint64_t now)
{
        e->now = now;
        engine_new_epoch(e, false, now);
        engine_set_network(e, online ? NETWORK_ONLINE : NETWORK_OFFLINE);
        if (online && e->config->preconnect == PRECONNECT_ON_NETWORK_UP)
                engine_preconnect(e, now);
        engine_settle(e);
}

void engine_sleep(Engine *e, uint64_t now)
{
        e->now = now;
        for (size_t i = 0; i < e->n_upstreams; i++)
                upstream_close_idle(e->upstreams[i], now);
        engine_settle(e);
}

void engine_resume(Engine *e, uint64_t slept, uint64_t now)
{
        e->now = now;
        for (size_t i = 0; i < ENGINE_TABLE; i++)
                for (Query *q = e->table[i]; q; q = q->next)
                        query_shift(q, slept, now);
        engine_new_epoch(e, true, now);
        engine_settle(e);
}

void engine_clock_set(Engine *e, uint64_t now)
{
        bool doubted = false;

        e->now = now;
        for (size_t i = 0; i < e->n_upstreams; i++)
                doubted = doubted || failure_class(e->upstreams[i]->health.reason) == CLASS_TLS_VERIFY;
        if (!doubted)
                return;
        for (size_t i = 0; i < e->n_upstreams; i++)
                upstream_check_abandon(e->upstreams[i], now);
        health_epoch(&e->group, now);
        for (size_t i = 0; i < e->n_upstreams; i++)
                upstream_announce(e->upstreams[i], PURPOSE_QUERY, now);
        engine_settle(e);
}

/* --- the administrator */

int engine_reload(Engine *e, Config *config, uint64_t now)
{
        _cleanup_(freep) Health **members = calloc(MAX(config->n_upstreams, (size_t) 1), sizeof(*members));
        _cleanup_(freep) Upstream **retired = calloc(e->n_retired + e->n_upstreams + 1, sizeof(*retired));
        Upstream **old = e->upstreams, **list;
        size_t n_old = e->n_upstreams;
        bool same = config->n_upstreams == n_old;
        CacheLimits limits = engine_cache_limits(config);
        Config *before = e->config;
        bool rerouted;
        _cleanup_(forwards_freep) Forwards *forwards = forwards_new(config, e->forwards, &rerouted),
                                           *old_forwards = NULL;

        e->now = now;
        if (!members || !retired || !forwards)
                return -ENOMEM;
        e->config = config;
        list = engine_make_upstreams(e, config, now);
        if (!list) {
                e->config = before;
                return -ENOMEM;
        }
        config_ref(config);
        config_unref(before);
        engine_set_parameters(e);
        old_forwards = e->forwards;
        e->forwards = take_pointer(forwards);
        /* Before anything moves: a stream that becomes free must not take along what was queued for it before. */
        if (rerouted)
                engine_tell_queries(e, query_withdraw, now);
        if (e->n_retired)
                memcpy(retired, e->retired, e->n_retired * sizeof(*retired));
        free(e->retired);
        e->retired = take_pointer(retired);
        for (size_t i = 0; i < n_old; i++) {
                bool kept = false;

                for (size_t k = 0; k < config->n_upstreams; k++)
                        kept = kept || list[k] == old[i];
                if (kept)
                        continue;
                e->retired[e->n_retired++] = old[i];
                same = false;
        }
        engine_adopt_upstreams(e, list, take_pointer(members), config->n_upstreams);
        for (size_t i = 0; i < e->n_retired; i++)
                upstream_retire(e->retired[i], now);
        if (!config->cache)
                e->cache = cache_free(e->cache);
        else if (e->cache)
                cache_set_limits(e->cache, &limits);
        else
                e->cache = cache_new(&limits, e->hash_key);
        /* What one upstream or network said is not what another would say: it may have been left for just that. */
        if (e->cache && (!same || rerouted))
                cache_flush(e->cache);
        if (rerouted)
                engine_tell_queries(e, query_reroute, now);
        engine_settle(e);
        return 0;
}

void engine_set_hosts(Engine *e, Hosts *file, Hosts *own)
{
        hosts_ref(file);
        hosts_ref(own);
        hosts_unref(e->hosts_file);
        hosts_unref(e->hosts_own);
        e->hosts_file = file;
        e->hosts_own = own;
}

void engine_flush_cache(Engine *e)
{
        if (e->cache)
                cache_flush(e->cache);
}

void engine_reset_statistics(Engine *e)
{
        e->stats = (EngineStats) { 0 };
        if (e->cache)
                cache_reset_counts(e->cache);
        for (size_t i = 0; i < e->n_upstreams; i++) {
                Upstream *u = e->upstreams[i];

                u->queries = u->failures = u->handshakes_full = u->handshakes_resumed = 0;
                u->probes = u->races = u->races_won = 0;
        }
}

static Upstream *engine_find_upstream(Engine *e, uint32_t number, uint64_t now)
{
        Upstream *u = handle_table_get(&e->upstream_handles, number);

        e->now = now;
        return u && !u->retired ? u : NULL;
}

bool engine_set_admin(Engine *e, uint32_t upstream, HealthAdmin admin, uint64_t now)
{
        Upstream *u = engine_find_upstream(e, upstream, now);

        if (!u)
                return false;
        upstream_set_admin(u, admin, now);
        engine_settle(e);
        return true;
}

bool engine_probe(Engine *e, uint32_t upstream, uint64_t cookie, uint64_t now)
{
        Upstream *u = engine_find_upstream(e, upstream, now);

        if (!u || !upstream_probe(u, cookie, now))
                return false;
        engine_settle(e);
        return true;
}

bool engine_disconnect(Engine *e, uint32_t upstream, uint64_t now)
{
        Upstream *u = engine_find_upstream(e, upstream, now);

        if (!u)
                return false;
        upstream_disconnect(u, now);
        engine_settle(e);
        return true;
}

/* --- looking */

bool engine_upstream(const Engine *e, size_t i, UpstreamInfo *ret)
{
        const Upstream *u = engine_member(e, i);
        unsigned connections = 0;

        if (!u)
                return false;
        LIST_FOREACH(l, &u->connections)
                connections += container_of(l, Connection, in_upstream)->state != CONNECTION_CONNECTING;
        *ret = (UpstreamInfo) {
                .number = u->number,
                .config = u->config,
                .health = &u->health,
                .connections = connections,
                .smoothed_rtt = u->rtt.smoothed,
                .peer_idle = u->peer_idle == USEC_NEVER ? 0 : u->peer_idle,
                .queries = u->queries,
                .failures = u->failures,
                .handshakes_full = u->handshakes_full,
                .handshakes_resumed = u->handshakes_resumed,
                .probes = u->probes,
                .races = u->races,
                .races_won = u->races_won,
        };
        return true;
}

void engine_stats(const Engine *e, EngineStats *ret)
{
        *ret = e->stats;
        if (e->cache)
                ret->cache = cache_stats(e->cache);
}

NetworkState engine_network_state(const Engine *e)
{
        return e->network;
}

const Config *engine_config(const Engine *e)
{
        return e->config;
}

size_t engine_waiting(const Engine *e)
{
        return e->quota.taken;
}

void engine_objects(const Engine *e, EngineObjects *ret)
{
        *ret = (EngineObjects) {
                .queries = e->n_queries,
                .pending = e->quota.taken,
                .exchanges = e->exchange_handles.used + e->do53_handles.used,
                .connections = e->connection_handles.used,
                .upstreams = e->upstream_handles.used,
                .actions = e->actions_n,
        };
}

const char *purpose_name(Purpose p)
{
        static const char *const names[] = { "query", "probe", "trial", "race" };

        return names[p];
}

const char *network_state_name(NetworkState s)
{
        static const char *const names[] = { "online", "offline", "portal" };

        return names[s];
}
