/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/query/client_query.h"

#include "core/query/local_names.h"
#include "core/query/answer_cache.h"
#include "core/query/queries.h"
#include "core/base/siphash.h"

#define SIGNED_BYTES_MAX ((size_t) 1 << 20) /* of signed queries in flight, whose messages are kept whole */
#define PREFETCH_BELOW 64                   /* queries in flight; with more, fresh entries are not refreshed */

/* Only the quota limits clients: the queue of an upstream is never full before. */
_Static_assert(UPSTREAM_QUEUE_MAX >= CLIENT_QUOTA_SLOTS, "the queue of an upstream has room for all clients");

static Bytes client_query_question_section(const Message *m)
{
        return BYTES(m->wire.p + DNS_HEADER_SIZE, m->question_end - DNS_HEADER_SIZE);
}

static bool client_query_refuse(QueryCommon *common, const Client *client, Transport transport, const Message *m,
                                unsigned rcode, int ede, const char *text)
{
        ReplyOptions options = query_reply_options(common);
        ReplyTarget target = reply_target_of(m, transport);

        options.ede = ede;
        options.ede_text = text;
        common->outbox->counters.rejected++;
        outbox_answer(
                common->outbox, client, (AnswerRoute) { .origin = ORIGIN_NONE },
                reply_error(&target, m->qname.n ? client_query_question_section(m) : BYTES(NULL, 0), rcode, &options));
        return true;
}

/* Types that are not valid in a question (RFC 6895 3.1). */
static bool client_query_is_meta_type(uint16_t type)
{
        return type == 0 || type == TYPE_OPT || type == TYPE_TSIG;
}

/*
 * Ignores or rejects invalid messages (FAULTS.md C01-C10). Returns true if `m` was processed; *ret_answered then says
 * whether the client gets an answer.
 */
static bool client_query_turn_down(QueryCommon *common, const Client *client, Transport transport, const Message *m,
                                   MessageStatus status, bool *ret_answered)
{
        *ret_answered = true;
        if (status == MESSAGE_SHORT || (m->flags & DNS_QR)) {
                common->outbox->counters.ignored++;
                *ret_answered = false;
                return true;
        }
        if (message_opcode(m) != OPCODE_QUERY) {
                ReplyTarget target = reply_target_of(m, transport);
                ReplyOptions options = query_reply_options(common);

                common->outbox->counters.rejected++;
                outbox_answer(common->outbox, client, (AnswerRoute) { .origin = ORIGIN_NONE },
                              reply_error(&target, BYTES(NULL, 0), RCODE_NOTIMP, &options));
                return true;
        }
        if (status != MESSAGE_OK || m->qdcount != 1) {
                common->outbox->counters.rejected++;
                outbox_answer(common->outbox, client, (AnswerRoute) { .origin = ORIGIN_NONE },
                              reply_malformed(m, status == MESSAGE_OK ? MESSAGE_MALFORMED : status));
                return true;
        }
        if (m->edns.present && m->edns.version > 0)
                return client_query_refuse(common, client, transport, m, RCODE_BADVERS, EDE_NONE, NULL);
        if (client_query_is_meta_type(m->qtype))
                return client_query_refuse(common, client, transport, m, RCODE_FORMERR, EDE_NONE, NULL);
        if (m->qtype == TYPE_AXFR || m->qtype == TYPE_IXFR)
                return client_query_refuse(common, client, transport, m, RCODE_NOTIMP, EDE_NOT_SUPPORTED,
                                           "zone transfers are not supported");
        return false;
}

static bool client_query_answer_locally(QueryCommon *common, const Client *client, Transport transport,
                                        const Message *m, uint64_t now)
{
        LocalNames names = { .config = &common->config->local, .file = common->hosts_file, .own = common->hosts_own };
        ForwardMatch match = forwards_match(common->forwards, m->qname);
        LocalReply *reply = &common->local_reply;
        ReplyOptions options;
        ReplyTarget target;

        /* The login page of a network may have a name that is otherwise of no network. */
        if (match != FORWARD_DOMAIN && portal_find(&common->portal, m->qname, now))
                match = FORWARD_DOMAIN;
        if (!local_answer(&names, m, match, reply))
                return false;
        target = reply_target_of(m, transport);
        options = query_reply_options(common);
        options.authoritative = true;
        if (reply->reason) {
                options.ede = EDE_OTHER;
                options.ede_text = reply->reason;
        }
        common->outbox->counters.local++;
        outbox_answer(common->outbox, client, (AnswerRoute) { .origin = ORIGIN_LOCAL },
                      reply_local(&target, client_query_question_section(m), reply->rcode, reply->records, reply->n,
                                  &options));
        return true;
}

static void client_query_prefetch(QueryCommon *common, const Message *m, uint64_t now)
{
        uint64_t hash = queries_hash(common, m);
        Query *q;

        if (common->n_queries >= PREFETCH_BELOW || queries_find(common, m, hash) ||
            !(q = queries_add(common, m, hash, now)))
                return;
        query_fetch(q);
        common->outbox->counters.prefetches++;
        query_start(q, now);
}

static bool client_query_answer_from_cache(QueryCommon *common, const Client *client, Transport transport,
                                           const Message *m, uint64_t now)
{
        _unset_ uint8_t name[DNS_NAME_MAX];
        _unset_ CachedAnswer known;
        ReplyTarget target;
        CacheKey key;

        if (!common->cache || m->signed_message || !(m->flags & DNS_RD) || portal_find(&common->portal, m->qname, now))
                return false;
        name_lower(m->qname, name);
        key = (CacheKey) {
                .qname = BYTES(name, m->qname.n),
                .qtype = m->qtype,
                .qclass = m->qclass,
                .dnssec_ok = m->edns.dnssec_ok,
                .checking_disabled = m->flags & DNS_CD,
        };
        if (!answer_cache_lookup(common, &key, now, &known) || !known.serve_now)
                return false;
        target = reply_target_of(m, transport);
        if (known.stale) {
                common->outbox->counters.stale++;
        } else {
                common->outbox->counters.answered++;
                histogram_add(&common->outbox->counters.latency, 0);
        }
        outbox_answer(common->outbox, client, (AnswerRoute) { .origin = ORIGIN_CACHE },
                      reply_from_answer(&target, m->qname, &known.answer, &known.options));
        if (known.prefetch)
                client_query_prefetch(common, m, now);
        return true;
}

bool client_query(QueryCommon *common, const Client *client, Transport transport, Bytes message, uint64_t now)
{
        MessageStatus status;
        bool answered, is_new;
        uint16_t source;
        uint64_t hash;
        Message m;
        Query *q;

        status = message_parse(&m, message);
        if (client_query_turn_down(common, client, transport, &m, status, &answered))
                return answered;
        common->outbox->counters.queries++;
        if (client_query_answer_locally(common, client, transport, &m, now)) {
                return true;
        }
        if (!(client->kind == CLIENT_BUS && client->bus.no_cache) &&
            client_query_answer_from_cache(common, client, transport, &m, now)) {
                return true;
        }
        if (client->kind == CLIENT_BUS && client->bus.no_network)
                return client_query_refuse(common, client, transport, &m, RCODE_SERVFAIL, EDE_NOT_READY,
                                           "not known without the network");
        source = client_quota_source(common->hash_key, client);
        if (!client_quota_has_slot(&common->quota, source, query_pending_bytes(common)) ||
            (m.signed_message && common->signed_bytes + message.n > SIGNED_BYTES_MAX))
                return client_query_refuse(common, client, transport, &m, RCODE_SERVFAIL, EDE_OTHER,
                                           "too many queries are pending");
        hash = queries_hash(common, &m);
        q = m.signed_message ? NULL : queries_find(common, &m, hash);
        is_new = !q;
        if (q)
                common->outbox->counters.joined++;
        else
                q = queries_add(common, &m, hash, now);
        if (!q || !query_join(q, client, source, &m, transport, now)) {
                if (q && is_new)
                        query_free(q, now);
                return client_query_refuse(common, client, transport, &m, RCODE_SERVFAIL, EDE_OTHER, "out of memory");
        }
        if (is_new)
                query_start(q, now);
        else
                query_joined(q, now);
        return true;
}
