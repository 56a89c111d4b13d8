#include "core/query/answer_cache.h"

#include "core/engine_internal.h"

#define STALE_TTL 30     /* s, RFC 8767 4 */
#define NO_ANSWER_LIFE 1 /* s */

bool answer_cache_lookup(Engine *e, const CacheKey *key, uint64_t now, CachedAnswer *ret)
{
        CacheEntry entry;
        CacheResult result = e->cache ? cache_get(e->cache, key, now, &entry) : CACHE_MISS;

        if (result == CACHE_MISS || (result == CACHE_STALE && !e->config->serve_stale) ||
            message_parse(&ret->answer, entry.wire) != MESSAGE_OK)
                return false;
        ret->options = engine_reply_options(e);
        ret->options.age = entry.age;
        ret->failure = entry.kind == LIFETIME_FAILURE;
        ret->stale = result == CACHE_STALE;
        ret->serve_now = !ret->stale || entry.failed_lately;
        ret->prefetch = entry.prefetch && e->config->prefetch;
        if (ret->stale) {
                ret->options.ttl_floor = ret->options.ttl_cap = STALE_TTL;
                ret->options.ede = message_rcode(&ret->answer) == RCODE_NXDOMAIN ? EDE_STALE_NXDOMAIN : EDE_STALE;
        } else if (ret->failure) {
                ret->options.ede = EDE_CACHED_ERROR;
        }
        return true;
}

static bool answer_cache_worth_remembering(const Query *q)
{
        return q->engine->cache && q->shared && (q->flags & DNS_RD);
}

void answer_cache_store(Query *q, const Message *answer, uint32_t age, uint32_t max_age, uint64_t now)
{
        CacheKey key = engine_cache_key(q);

        if (answer_cache_worth_remembering(q))
                cache_put(q->engine->cache, &key, answer, age, max_age, q->forward != NULL, now);
}

void answer_cache_store_failure(Query *q, uint64_t now)
{
        _cleanup_(packet_unrefp) Packet *failure = NULL;
        ReplyOptions options = REPLY_OPTIONS_INIT;
        ReplyTarget nobody = { .flags = q->flags, .stream = true };
        CacheKey key = engine_cache_key(q);
        const Engine *e = q->engine;
        bool usable = q->forward;
        Message m;

        for (size_t i = 0; i < e->n_upstreams; i++)
                usable = usable || health_usable(&e->upstreams[i]->health);
        if (!answer_cache_worth_remembering(q) || !usable || failure_class(q->failure) == CLASS_LOCALNET ||
            q->failure == FAILURE_QUEUE_FULL)
                return;
        failure = reply_error(&nobody, BYTES(q->message.qname.p, q->message.question_end - DNS_HEADER_SIZE),
                              RCODE_SERVFAIL, &options);
        if (failure && message_parse(&m, packet_bytes(failure)) == MESSAGE_OK)
                cache_put(e->cache, &key, &m, 0, NO_ANSWER_LIFE, q->forward != NULL, now);
}
