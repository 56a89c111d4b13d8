/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/query/queries.h"

#include "core/base/siphash.h"
#include "core/query/clock_names.h"
#include "core/query/query_do53.h"
#include "core/query/query_doh.h"

static const QueryRoute *queries_route(const Forward *f)
{
        return f ? &query_do53_route : &query_doh_route;
}

Forward *queries_find_forward(const QueryCommon *common, const Message *m, uint64_t now)
{
        Forward *f = forwards_find(common->forwards, m->qname);

        if (!f)
                f = clock_names_find(common->clock_names, m);
        return f ? f : portal_find(&common->portal, m->qname, now);
}

uint64_t queries_hash(const QueryCommon *common, const Message *m)
{
        _unset_ uint8_t key[DNS_NAME_MAX + 7];
        size_t n = m->qname.n;

        name_lower(m->qname, key);
        wire_write16(key + n, m->qtype);
        wire_write16(key + n + 2, m->qclass);
        wire_write16(key + n + 4, m->flags & (DNS_RD | DNS_CD));
        key[n + 6] = m->edns.dnssec_ok;
        return siphash(common->hash_key, BYTES(key, n + 7));
}

Query *queries_find(const QueryCommon *common, const Message *m, uint64_t hash)
{
        for (Query *q = common->table[hash % QUERY_TABLE]; q; q = q->next)
                if (q->shared && q->hash == hash && q->message.qtype == m->qtype && q->message.qclass == m->qclass &&
                    q->flags == (m->flags & (DNS_RD | DNS_CD)) && q->dnssec_ok == m->edns.dnssec_ok &&
                    name_equal(q->message.qname, m->qname))
                        return q;
        return NULL;
}

/* All queries are in the table, so that it lists all of them; only shared ones are joined. */
Query *queries_add(QueryCommon *common, const Message *m, uint64_t hash, uint64_t now)
{
        Forward *forward = queries_find_forward(common, m, now);
        Query *q = query_new(common, m, forward, queries_route(forward), now);

        if (!q)
                return NULL;
        q->hash = hash;
        q->next = common->table[hash % QUERY_TABLE];
        common->table[hash % QUERY_TABLE] = q;
        return q;
}

static Exchange *queries_next_outcome(const QueryCommon *common)
{
        List *l = list_first(&common->outbox->outcomes);

        return l ? container_of(l, Exchange, in_place) : NULL;
}

void queries_take_outcomes(QueryCommon *common, uint64_t now)
{
        Exchange *x;

        while ((x = queries_next_outcome(common)))
                if (x->query)
                        query_doh_exchange_over(x, now);
                else
                        upstream_exchange_free(x);
}

void queries_answered(Exchange *x, const Message *answer, const HttpResponse *http, uint64_t now)
{
        if (x->query)
                query_doh_answered(x, answer, http, now);
        else
                upstream_exchange_free(x);
}

/* Calls `tell` for each query, which may free that query. */
static void queries_for_each(QueryCommon *common, void (*tell)(Query *q, uint64_t now), uint64_t now)
{
        for (size_t i = 0; i < QUERY_TABLE; i++)
                for (Query *q = common->table[i], *next; q; q = next) {
                        next = q->next;
                        tell(q, now);
                }
}

static void queries_withdraw_one(Query *q, uint64_t now)
{
        if (queries_find_forward(q->common, &q->message, now) != q->forward)
                query_withdraw(q, now);
}

static void queries_reroute_one(Query *q, uint64_t now)
{
        Forward *f = queries_find_forward(q->common, &q->message, now);

        if (f != q->forward)
                query_reroute(q, f, queries_route(f), now);
}

void queries_set_forwards(QueryCommon *common, Forwards *forwards, uint64_t now)
{
        common->forwards = forwards;
        queries_for_each(common, queries_withdraw_one, now);
}

void queries_reroute(QueryCommon *common, uint64_t now)
{
        queries_for_each(common, queries_reroute_one, now);
}

static void queries_epoch_one(Query *q, uint64_t now)
{
        if (q->forward)
                query_do53_epoch(q, now);
        else
                query_doh_epoch(q, now);
}

void queries_epoch(QueryCommon *common, uint64_t now)
{
        queries_for_each(common, queries_epoch_one, now);
}

static void queries_release_one(Query *q, uint64_t now)
{
        if (q->withheld)
                query_do53_release(q, now);
}

void queries_on_portal_page(QueryCommon *common, uint32_t look, Bytes response, uint64_t now)
{
        portal_on_page(&common->portal, look, response);
        if (!portal_is_looking(&common->portal))
                queries_for_each(common, queries_release_one, now);
}

void queries_shift(QueryCommon *common, uint64_t slept)
{
        for (size_t i = 0; i < QUERY_TABLE; i++)
                for (Query *q = common->table[i]; q; q = q->next)
                        query_shift(q, slept);
}

void queries_free_all(QueryCommon *common, uint64_t now)
{
        Exchange *x;

        for (size_t i = 0; i < QUERY_TABLE; i++)
                while (common->table[i])
                        query_free(common->table[i], now);
        while ((x = queries_next_outcome(common)))
                if (x->query)
                        query_free(x->query, now);
                else
                        upstream_exchange_free(x);
}
