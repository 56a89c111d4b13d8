#pragma once
/*
 * What an engine consists of: for engine.c and the parts of an engine, for nobody else.
 */

#include "core/query/client_quota.h"
#include "core/query/forward_zones.h"
#include "core/base/list.h"
#include "core/query/query.h"
#include "core/base/handle_table.h"
#include "core/upstream/upstream.h"

#define ENGINE_DO53_MAX 512   /* questions to Do53 servers under way, each with a socket; beyond it SERVFAIL at once */
#define ENGINE_TABLE 1024     /* chains of the table of questions in flight: a power of two */
#define ENGINE_HEDGE_BURST 50 /* tenths of a hedge: HEALTH.md 3 */

struct Engine {
        Config *config;
        uint64_t now; /* of the running event */
        uint64_t random;
        uint8_t hash_key[16];
        unsigned epoch; /* of the network; connections of older ones are at risk */
        NetworkState network;
        Timers timers;
        HandleTable connection_handles, exchange_handles, upstream_handles, do53_handles;
        HealthParameters parameters;
        HealthGroup group;
        Health **members;     /* of the group: those of `upstreams`, in order */
        Upstream **upstreams; /* as configured */
        size_t n_upstreams;
        size_t preferred; /* Policy=fastest: the one in use */
        Upstream **retired;
        size_t n_retired;
        Forwards *forwards;
        Query *table[ENGINE_TABLE];
        size_t n_queries;
        ClientQuota quota; /* of clients waiting; who finds none has SERVFAIL at once */
        uint64_t next_incident;
        unsigned hedge_tokens;         /* tenths of a hedge */
        List posted;                   /* exchanges that are over */
        Cache *cache;                  /* NULL: none */
        Hosts *hosts_file, *hosts_own; /* NULL: none */
        Action *actions;               /* a ring */
        size_t actions_first, actions_n, actions_size;
        Packet *lent; /* what the action taken last points to */
        EngineStats stats;
};

/* A new action at the end of the queue, all zeros but its type; NULL when out of memory. */
Action *engine_act(Engine *e, ActionType type);

/* `message` is handed over as it is. NULL, when out of memory: the client is let go without an answer. */
void engine_answer(Engine *e, const Client *client, Packet *message);

/* The end of every event: queries hear of what became of their exchanges. */
void engine_settle(Engine *e);

/* A number from `low` to `high`, evenly. */
uint64_t engine_random(Engine *e, uint64_t low, uint64_t high);

/* The upstream that a number or its place names; NULL if it has gone. */
static inline Upstream *engine_member(const Engine *e, size_t i)
{
        return i < e->n_upstreams ? e->upstreams[i] : NULL;
}

void engine_set_network(Engine *e, NetworkState state);

/* An upstream has failed. If all did just now, for a wrong certificate or as a login is asked for, it is the network.
 */
void engine_suspect_portal(Engine *e);

/* What the client is told in every answer. */
ReplyOptions engine_reply_options(const Engine *e);

/* The cache's key of a question in flight. */
CacheKey engine_cache_key(const Query *q);
