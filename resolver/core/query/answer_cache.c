/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/query/answer_cache.h"

#include <string.h>

#define STALE_TTL 30     /* s, RFC 8767 4 */
#define NO_ANSWER_LIFE 1 /* s */

/* A failure from before a change of an upstream's state says nothing about later queries. */
static void answer_cache_note_changes(QueryCommon *common)
{
        uint64_t changes = common->upstreams->common.state_changes;

        if (common->cache_state_changes != changes)
                cache_forget_failures(common->cache);
        common->cache_state_changes = changes;
}

/* An entry was well-formed when it was stored. Whatever is not in its question can only be additional: an OPT with an
 * extended error, and the pointers past it. */
static bool answer_cache_view(Message *ret, Bytes wire)
{
        message_view_question(ret, wire);
        return ret->arcount == 0 || message_parse(ret, wire) == MESSAGE_OK;
}

bool answer_cache_lookup(QueryCommon *common, const CacheKey *key, uint64_t now, CachedAnswer *ret)
{
        CacheResult result;
        CacheEntry entry;

        if (!common->cache)
                return false;
        answer_cache_note_changes(common);
        result = cache_get(common->cache, key, now, &entry);
        if (result == CACHE_MISS || (result == CACHE_STALE && !common->config->serve_stale) ||
            !answer_cache_view(&ret->answer, entry.wire))
                return false;
        ret->options = query_reply_options(common);
        ret->options.age = entry.age;
        ret->failure = entry.kind == LIFETIME_FAILURE;
        ret->stale = result == CACHE_STALE;
        ret->serve_now = !ret->stale || entry.failed_lately;
        ret->prefetch = entry.prefetch && common->config->prefetch;
        if (ret->stale) {
                ret->options.ttl_floor = ret->options.ttl_cap = STALE_TTL;
                ret->options.ede = message_rcode(&ret->answer) == RCODE_NXDOMAIN ? EDE_STALE_NXDOMAIN : EDE_STALE;
        } else if (ret->failure) {
                ret->options.ede = EDE_CACHED_ERROR;
        }
        return true;
}

void answer_cache_store(QueryCommon *common, const CacheKey *key, const Message *answer, uint32_t age, uint32_t max_age,
                        bool epoch_bound, uint64_t now)
{
        if (!common->cache)
                return;
        answer_cache_note_changes(common);
        cache_put(common->cache, key, answer, age, max_age, epoch_bound, now);
}

void answer_cache_store_failure(QueryCommon *common, const CacheKey *key, uint16_t flags, bool epoch_bound,
                                uint64_t now)
{
        _cleanup_(packet_unrefp) Packet *failure = NULL;
        ReplyOptions options = REPLY_OPTIONS_INIT;
        ReplyTarget target = { .flags = flags, .transport = TRANSPORT_TCP };
        uint8_t question[DNS_NAME_MAX + 4];
        Message m;

        memcpy(question, key->qname.p, key->qname.n);
        wire_write16(question + key->qname.n, key->qtype);
        wire_write16(question + key->qname.n + 2, key->qclass);
        failure = reply_error(&target, BYTES(question, key->qname.n + 4), RCODE_SERVFAIL, &options);
        if (failure && message_parse(&m, packet_bytes(failure)) == MESSAGE_OK)
                answer_cache_store(common, key, &m, 0, NO_ANSWER_LIFE, epoch_bound, now);
}
