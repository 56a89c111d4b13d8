/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/query/query.h"

#include <string.h>

#include "core/base/pool.h"
#include "core/query/answer_cache.h"
#include "core/query/query_internal.h"

#define STALE_AFTER (1800 * USEC_PER_MSEC) /* the client response timer of RFC 8767 5 */
#define LINGER (2 * USEC_PER_SEC)          /* an answer too late for all clients is still cached */

static void query_due(Timer *t, uint64_t now);

static void query_set_route(Query *q, Forward *forward, const QueryRoute *route)
{
        q->forward = forward;
        q->route = route;
}

static CacheKey query_cache_key(const Query *q)
{
        return (CacheKey) {
                .qname = q->message.qname,
                .qtype = q->message.qtype,
                .qclass = q->message.qclass,
                .dnssec_ok = q->dnssec_ok,
                .checking_disabled = q->flags & DNS_CD,
        };
}

/* Returns true if answers may be cached and served from the cache. What a captive portal answers is of no use once the
 * network lets us through. */
static bool query_is_cacheable(const Query *q)
{
        return q->shared && (q->flags & DNS_RD) && !(q->forward && forward_is_of_portal(q->forward));
}

static void query_remember(Query *q, const Message *answer, uint32_t age, uint32_t max_age, uint64_t now)
{
        CacheKey key = query_cache_key(q);

        if (query_is_cacheable(q))
                answer_cache_store(q->common, &key, answer, age, max_age, q->forward != NULL, now);
}

/* If no upstream is usable, health rejects queries, and no failure is cached. */
static void query_remember_failure(Query *q, uint64_t now)
{
        CacheKey key = query_cache_key(q);

        if (query_is_cacheable(q) && (q->forward || upstream_set_usable(q->common->upstreams)) &&
            failure_class(q->failure) != CLASS_LOCALNET && q->failure != FAILURE_QUEUE_FULL)
                answer_cache_store_failure(q->common, &key, q->flags, q->forward != NULL, now);
}

/* Returns the message to send for the question in `m`. Returns NULL if out of memory. */
static Packet *query_write_question(const Query *q, const Message *m)
{
        const Config *c = q->common->config;
        /* Requests AD (RFC 6840 5.7) for all clients, since they share the answer. */
        uint16_t flags = (uint16_t) (q->flags | (c->trust_ad ? DNS_AD : 0));

        if (!q->shared)
                return reply_upstream_signed(m);
        if (q->forward)
                return reply_do53_query(m->qname, m->qtype, m->qclass, q->flags, q->dnssec_ok, true);
        return reply_upstream_query(m->qname, m->qtype, m->qclass, flags, q->dnssec_ok, c->padding);
}

static size_t query_packet_size(const Packet *p)
{
        return p ? sizeof(*p) + p->size + MALLOC_OVERHEAD : 0;
}

/* Returns the bytes of a query on the heap, with its message. */
static size_t query_size(const Query *q)
{
        return sizeof(*q) + MALLOC_OVERHEAD + query_packet_size(q->wire);
}

static size_t query_pending_client_size(const PendingClient *p)
{
        return sizeof(*p) + p->question_size + MALLOC_OVERHEAD;
}

Query *query_new(QueryCommon *common, const Message *m, Forward *forward, const QueryRoute *route, uint64_t now)
{
        Query *q = pool_get_zeroed(sizeof(*q));

        if (!q)
                return NULL;
        q->common = common;
        q->dnssec_ok = m->edns.dnssec_ok;
        q->flags = m->flags & (DNS_RD | DNS_CD);
        q->shared = !m->signed_message;
        q->born = now;
        q->hedge_at = q->retry_at = q->stale_at = q->end_at = USEC_NEVER;
        q->timer = TIMER_INIT(query_due);
        list_init(&q->pending);
        list_init(&q->exchanges);
        list_init(&q->do53.exchanges);
        q->do53.next_at = USEC_NEVER;
        query_set_route(q, forward, route);
        q->wire = query_write_question(q, m);
        if (!q->wire || timers_reserve(&common->outbox->timers) < 0) {
                packet_unref(q->wire);
                pool_put(q, sizeof(*q));
                return NULL;
        }
        message_view_question(&q->message, packet_bytes(q->wire));
        common->n_queries++;
        common->bytes += query_size(q);
        common->signed_bytes += q->shared ? 0 : q->wire->n;
        return q;
}

static void query_leave_table(Query *q)
{
        Query **p = &q->common->table[q->hash % QUERY_TABLE];

        while (*p && *p != q)
                p = &(*p)->next;
        if (*p)
                *p = q->next;
}

static void query_pending_client_free(Query *q, PendingClient *p)
{
        list_remove(&p->in_query);
        client_quota_give_back(&q->common->quota, p->source);
        q->common->bytes -= query_pending_client_size(p);
        pool_put(p, sizeof(*p) + p->question_size);
}

Query *query_free(Query *q, uint64_t now)
{
        QueryCommon *common;

        if (!q)
                return NULL;
        common = q->common;
        query_leave_table(q);
        LIST_FOREACH(l, &q->pending)
                query_pending_client_free(q, container_of(l, PendingClient, in_query));
        q->route->cancel(q, now);
        timer_set(&common->outbox->timers, &q->timer, USEC_NEVER);
        timers_release(&common->outbox->timers);
        common->signed_bytes -= q->shared ? 0 : q->wire->n;
        common->bytes -= query_size(q);
        packet_unref(q->wire);
        query_set_fallback(q, NULL);
        must(common->n_queries > 0);
        common->n_queries--;
        pool_put(q, sizeof(*q));
        return NULL;
}

void query_set_fallback(Query *q, Packet *answer)
{
        q->common->bytes += query_packet_size(answer);
        q->common->bytes -= query_packet_size(q->fallback);
        packet_unref(q->fallback);
        q->fallback = answer;
}

bool query_join(Query *q, const Client *client, uint16_t source, const Message *m, Transport transport, uint64_t now)
{
        size_t n = m->question_end - DNS_HEADER_SIZE;
        PendingClient *p = pool_get(sizeof(*p) + n);

        if (!p)
                return false;
        *p = (PendingClient) {
                .client = *client,
                .source = source,
                .target = reply_target_of(m, transport),
                .arrived = now,
                .deadline = now + q->common->config->query_timeout,
                .question_size = (uint16_t) n,
        };
        memcpy(p->question, m->wire.p + DNS_HEADER_SIZE, n);
        list_init(&p->in_query);
        list_append(&q->pending, &p->in_query);
        client_quota_take(&q->common->quota, source);
        q->common->bytes += query_pending_client_size(p);
        return true;
}

/* --- timer */

void query_arm(Query *q)
{
        uint64_t at = MIN(q->stale_at, q->route->next_time(q));

        if (list_empty(&q->pending))
                at = MIN(at, q->end_at);
        LIST_FOREACH(l, &q->pending)
                at = MIN(at, container_of(l, PendingClient, in_query)->deadline);
        timer_set(&q->common->outbox->timers, &q->timer, at);
}

/* --- answers */

/* Returns the route of an answer from the network. */
static AnswerRoute query_network_route(const Query *q)
{
        const Forward *f = q->forward;

        if (!f)
                return (AnswerRoute) { .origin = ORIGIN_UPSTREAM, .server = q->answered_by };
        if (q->common->clock_names && f == forwards_member(q->common->clock_names, 0))
                return (AnswerRoute) { .origin = ORIGIN_FORWARD };
        return (AnswerRoute) { .origin = f->config->links || forward_is_of_portal(f) ? ORIGIN_LINK : ORIGIN_FORWARD,
                               .server = f->number };
}

static AnswerRoute query_client_route(const PendingClient *p, AnswerRoute route, uint64_t now)
{
        route.took = usec_sub(now, p->arrived);
        return route;
}

static void query_answer_pending(Query *q, PendingClient *p, AnswerRoute route, Packet *message, uint64_t now)
{
        outbox_answer(q->common->outbox, &p->client, query_client_route(p, route, now), message);
        query_pending_client_free(q, p);
}

static Bytes query_pending_name(const PendingClient *p)
{
        return BYTES(p->question, p->question_size - QUESTION_FIXED);
}

/* Answers several clients. They share the answer: thousands may wait for one of 64 KiB. */
static void query_answer_many(Query *q, AnswerRoute route, const Message *answer, const ReplyOptions *options,
                              uint64_t now)
{
        _cleanup_(shared_answer_unrefp) SharedAnswer *shared = shared_answer_new(answer, options);

        LIST_FOREACH(l, &q->pending) {
                PendingClient *p = container_of(l, PendingClient, in_query);

                outbox_answer_later(q->common->outbox, &p->client, query_client_route(p, route, now),
                                    shared ? pending_reply_new(shared, &p->target, query_pending_name(p)) : NULL);
                query_pending_client_free(q, p);
        }
}

static void query_answer_all(Query *q, AnswerRoute route, const Message *answer, const ReplyOptions *options,
                             uint64_t now)
{
        List *first = list_first(&q->pending);
        ReplyOptions own = *options;
        PendingClient *p;

        own.verbatim = !q->shared;
        if (!first)
                return;
        p = container_of(first, PendingClient, in_query);
        if (list_is_last(&q->pending, first))
                query_answer_pending(q, p, route, reply_from_answer(&p->target, query_pending_name(p), answer, &own),
                                     now);
        else
                query_answer_many(q, route, answer, &own, now);
}

/*
 * Answers pending clients from the cache, stale (RFC 8767), or fresh if another query has stored an answer meanwhile
 * (NXDOMAIN applies to all types). Returns false if there is no such answer.
 */
static bool query_answer_stale(Query *q, uint64_t now)
{
        CacheKey key = query_cache_key(q);
        CachedAnswer known;

        if (!query_is_cacheable(q) || list_empty(&q->pending) || !answer_cache_lookup(q->common, &key, now, &known) ||
            known.failure)
                return false;
        LIST_FOREACH(l, &q->pending)
                *(known.stale ? &q->common->outbox->counters.stale : &q->common->outbox->counters.answered) += 1;
        query_answer_all(q, (AnswerRoute) { .origin = ORIGIN_CACHE }, &known.answer, &known.options, now);
        return true;
}

/* Answers pending clients with the best available substitute for a new answer. Without one, they stay pending. */
static void query_answer_second_best(Query *q, uint64_t now)
{
        ReplyOptions options = query_reply_options(q->common);
        Message m;

        if (!query_answer_stale(q, now) && q->fallback && message_parse(&m, packet_bytes(q->fallback)) == MESSAGE_OK)
                query_answer_all(q, query_network_route(q), &m, &options, now);
}

static void query_refuse_pending(Query *q, PendingClient *p, uint64_t now)
{
        ReplyOptions options = query_reply_options(q->common);
        AnswerRoute route = { .origin = ORIGIN_NONE, .server = q->forward ? query_network_route(q).server : 0 };
        char text[256];

        options.ede = q->route->explain(q, now, text, sizeof(text));
        options.ede_text = text;
        q->common->outbox->counters.failed++;
        if (q->forward) {
                q->common->outbox->counters.forward_failed++;
                forward_count_failure(q->forward);
        }
        query_answer_pending(q, p, route,
                             reply_error(&p->target, BYTES(p->question, p->question_size), RCODE_SERVFAIL, &options),
                             now);
}

/* Frees the query. */
static void query_end_unanswered(Query *q, uint64_t now)
{
        Message m;

        if (q->fallback && message_parse(&m, packet_bytes(q->fallback)) == MESSAGE_OK)
                query_remember(q, &m, 0, UINT32_MAX, now);
        else
                query_remember_failure(q, now);
        query_free(q, now);
}

void query_give_up(Query *q, uint64_t now)
{
        query_answer_second_best(q, now);
        LIST_FOREACH(l, &q->pending)
                query_refuse_pending(q, container_of(l, PendingClient, in_query), now);
        query_end_unanswered(q, now);
}

/* Returns the time to serve a stale answer, if there is one. */
static uint64_t query_stale_time(const Query *q, uint64_t now)
{
        return q->common->cache && q->common->config->serve_stale && q->shared ? now + STALE_AFTER : USEC_NEVER;
}

void query_joined(Query *q, uint64_t now)
{
        q->end_at = USEC_NEVER;
        if (q->stale_at == USEC_NEVER)
                q->stale_at = query_stale_time(q, now);
        q->route->join(q, now);
}

void query_fetch(Query *q)
{
        q->fetching = true;
}

void query_start(Query *q, uint64_t now)
{
        q->stale_at = query_stale_time(q, now);
        if (list_empty(&q->pending))
                q->end_at = now + q->common->config->query_timeout;
        q->route->start(q, now);
}

bool query_awaits_network(const Query *q, uint64_t now)
{
        bool no_route = q->failure == FAILURE_NO_ROUTE || q->failure == FAILURE_NETWORK_DOWN ||
                        q->failure == FAILURE_ADDRESS_UNAVAILABLE;
        CacheKey key = query_cache_key(q);
        CachedAnswer known;

        return no_route && now < q->common->outbox->network_awaited_until && !list_empty(&q->pending) &&
               !(query_is_cacheable(q) && answer_cache_lookup(q->common, &key, now, &known) && !known.failure);
}

uint64_t query_time_left(const Query *q, uint64_t now)
{
        uint64_t deadline = now + q->common->config->query_timeout;

        LIST_FOREACH(l, &q->pending)
                deadline = MIN(deadline, container_of(l, PendingClient, in_query)->deadline);
        return usec_sub(deadline, now);
}

void query_withdraw(Query *q, uint64_t now)
{
        q->route->unwanted(q, now);
}

void query_reroute(Query *q, Forward *forward, const QueryRoute *route, uint64_t now)
{
        Packet *before = q->wire, *wire;

        q->route->cancel(q, now);
        query_set_route(q, forward, route);
        query_set_fallback(q, NULL);
        q->withheld = false;
        q->failure = FAILURE_NONE;
        q->n_tried = q->attempts = q->rounds = 0;
        q->resent = false;
        q->hedge_at = q->retry_at = USEC_NEVER;
        wire = query_write_question(q, &q->message);
        if (!wire) {
                q->failure = FAILURE_RESOURCES;
                query_give_up(q, now);
                return;
        }
        q->common->bytes -= query_size(q);
        q->wire = wire;
        q->common->bytes += query_size(q);
        message_view_question(&q->message, packet_bytes(wire));
        packet_unref(before);
        q->route->start(q, now);
}

/* --- the answer */

static void query_note_latency(Query *q, uint64_t now)
{
        LIST_FOREACH(l, &q->pending) {
                histogram_add(&q->common->outbox->counters.latency,
                              now - container_of(l, PendingClient, in_query)->arrived);
                q->common->outbox->counters.answered++;
        }
}

void query_deliver(Query *q, const Message *answer, uint32_t age, uint32_t max_age, uint64_t now)
{
        ReplyOptions options = query_reply_options(q->common);
        uint32_t ttl;
        Lifetime kind = message_lifetime(answer, &ttl);

        query_remember(q, answer, age, max_age, now);
        /* A failure does not replace an existing answer (RFC 8767 4). */
        if (kind == LIFETIME_FAILURE && query_answer_stale(q, now)) {
                query_free(q, now);
                return;
        }
        query_note_latency(q, now);
        options.age = age;
        if (q->forward && forward_is_of_portal(q->forward))
                options.ttl_cap = PORTAL_TTL;
        if (kind == LIFETIME_NEGATIVE)
                options.ttl_cap =
                        (uint32_t) MIN((uint64_t) options.ttl_cap, q->common->config->negative_max_ttl / USEC_PER_SEC);
        query_answer_all(q, query_network_route(q), answer, &options, now);
        query_free(q, now);
}

/* --- time passes */

static void query_expire_pending(Query *q, uint64_t now)
{
        bool due = false;

        LIST_FOREACH(l, &q->pending)
                due = due || container_of(l, PendingClient, in_query)->deadline <= now;
        if (due)
                query_answer_second_best(q, now);
        LIST_FOREACH(l, &q->pending) {
                PendingClient *p = container_of(l, PendingClient, in_query);

                if (p->deadline > now)
                        continue;
                q->common->outbox->counters.timeouts++;
                if (q->failure == FAILURE_NONE)
                        q->failure = FAILURE_TIMEOUT;
                query_refuse_pending(q, p, now);
        }
        if (!due || !list_empty(&q->pending))
                return;
        q->end_at = MIN(q->end_at, now + LINGER);
        q->route->unwanted(q, now);
}

static void query_due(Timer *t, uint64_t now)
{
        Query *q = container_of(t, Query, timer);

        query_expire_pending(q, now);
        if (list_empty(&q->pending) && (q->end_at <= now || (!q->fetching && !q->route->under_way(q)))) {
                query_end_unanswered(q, now);
                return;
        }
        if (q->stale_at <= now) {
                q->stale_at = USEC_NEVER;
                if (query_answer_stale(q, now)) {
                        query_fetch(q);
                        query_remember_failure(q, now);
                }
                if (list_empty(&q->pending) && q->end_at == USEC_NEVER)
                        q->end_at = now + LINGER;
        }
        q->route->due(q, now);
}

void query_shift(Query *q, uint64_t slept)
{
        LIST_FOREACH(l, &q->pending) {
                PendingClient *p = container_of(l, PendingClient, in_query);

                p->arrived += slept;
                p->deadline += slept;
        }
        q->stale_at = usec_add(q->stale_at, slept);
        q->end_at = usec_add(q->end_at, slept);
        q->route->shift(q, slept);
        query_arm(q);
}
