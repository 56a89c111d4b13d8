/*
 * Where a client's message enters the engine: what is not a question is ignored or refused, what this machine or the
 * cache knows is answered, what is being asked already is joined, and the rest becomes a query.
 */

#include "core/engine_internal.h"
#include "core/query/local_names.h"
#include "core/query/answer_cache.h"
#include "core/base/siphash.h"

#define PREFETCH_BELOW 64 /* questions in flight: with more, nobody is asked for what has not run out yet */

static Bytes client_query_question_section(const Message *m)
{
        return BYTES(m->wire.p + DNS_HEADER_SIZE, m->question_end - DNS_HEADER_SIZE);
}

static bool client_query_refuse(Engine *e, const Client *client, bool stream, const Message *m, unsigned rcode, int ede,
                                const char *text)
{
        ReplyOptions options = engine_reply_options(e);
        ReplyTarget target = reply_target_of(m, stream);

        options.ede = ede;
        options.ede_text = text;
        e->stats.rejected++;
        engine_answer(
                e, client,
                reply_error(&target, m->qname.n ? client_query_question_section(m) : BYTES(NULL, 0), rcode, &options));
        return true;
}

/* Types that ask for no data: a message of that type cannot be answered (RFC 6895 3.1). */
static bool client_query_is_meta_type(uint16_t type)
{
        return type == 0 || type == TYPE_OPT || type == TYPE_TSIG;
}

/*
 * Messages that never become a query (FAULTS.md C01-C10). Returns true if `m` was dealt with, and then *ret_answered
 * says whether the client gets an answer.
 */
static bool client_query_turn_down(Engine *e, const Client *client, bool stream, const Message *m, MessageStatus status,
                                   bool *ret_answered)
{
        *ret_answered = true;
        if (status == MESSAGE_SHORT || (m->flags & DNS_QR)) {
                e->stats.ignored++;
                *ret_answered = false;
                return true;
        }
        if (message_opcode(m) != OPCODE_QUERY) {
                ReplyTarget target = reply_target_of(m, stream);
                ReplyOptions options = engine_reply_options(e);

                e->stats.rejected++;
                engine_answer(e, client, reply_error(&target, BYTES(NULL, 0), RCODE_NOTIMP, &options));
                return true;
        }
        if (status != MESSAGE_OK || m->qdcount != 1) {
                e->stats.rejected++;
                engine_answer(e, client, reply_malformed(m, status == MESSAGE_OK ? MESSAGE_MALFORMED : status));
                return true;
        }
        if (m->edns.present && m->edns.version > 0)
                return client_query_refuse(e, client, stream, m, RCODE_BADVERS, EDE_NONE, NULL);
        if (client_query_is_meta_type(m->qtype))
                return client_query_refuse(e, client, stream, m, RCODE_FORMERR, EDE_NONE, NULL);
        if (m->qtype == TYPE_AXFR || m->qtype == TYPE_IXFR)
                return client_query_refuse(e, client, stream, m, RCODE_NOTIMP, EDE_NOT_SUPPORTED,
                                           "zone transfers do not pass a stub resolver");
        return false;
}

static bool client_query_answer_locally(Engine *e, const Client *client, bool stream, const Message *m)
{
        LocalNames names = { .config = &e->config->local, .file = e->hosts_file, .own = e->hosts_own };
        ReplyOptions options = engine_reply_options(e);
        ReplyTarget target = reply_target_of(m, stream);
        LocalReply reply;

        if (!local_answer(&names, m, forwards_find(e->forwards, m->qname), &reply))
                return false;
        options.authoritative = true;
        if (reply.reason) {
                options.ede = EDE_OTHER;
                options.ede_text = reply.reason;
        }
        e->stats.local++;
        engine_answer(
                e, client,
                reply_local(&target, client_query_question_section(m), reply.rcode, reply.records, reply.n, &options));
        return true;
}

/* A question as a table knows it: folded name, type, class, RD, CD and DO. */
static uint64_t client_query_hash_of(const Engine *e, const Message *m)
{
        uint8_t key[DNS_NAME_MAX + 7];
        size_t n = m->qname.n;

        name_lower(m->qname, key);
        wire_write16(key + n, m->qtype);
        wire_write16(key + n + 2, m->qclass);
        wire_write16(key + n + 4, m->flags & (DNS_RD | DNS_CD));
        key[n + 6] = m->edns.dnssec_ok;
        return siphash(e->hash_key, BYTES(key, n + 7));
}

static Query *client_query_find_query(const Engine *e, const Message *m, uint64_t hash)
{
        for (Query *q = e->table[hash % ENGINE_TABLE]; q; q = q->next)
                if (q->shared && q->hash == hash && q->message.qtype == m->qtype && q->message.qclass == m->qclass &&
                    q->flags == (m->flags & (DNS_RD | DNS_CD)) && q->dnssec_ok == m->edns.dnssec_ok &&
                    name_equal(q->message.qname, m->qname))
                        return q;
        return NULL;
}

/* All queries are in the table, so that all can be found; only shared ones are joined. */
static Query *client_query_add_query(Engine *e, const Message *m, uint64_t hash, uint64_t now)
{
        Query *q = query_new(e, m, now);

        if (!q)
                return NULL;
        q->hash = hash;
        q->next = e->table[hash % ENGINE_TABLE];
        e->table[hash % ENGINE_TABLE] = q;
        return q;
}

static void client_query_prefetch(Engine *e, const Message *m, uint64_t now)
{
        uint64_t hash = client_query_hash_of(e, m);
        Query *q;

        if (e->n_queries >= PREFETCH_BELOW || client_query_find_query(e, m, hash) ||
            !(q = client_query_add_query(e, m, hash, now)))
                return;
        q->fetching = true;
        e->stats.prefetches++;
        query_start(q, now);
}

static bool client_query_answer_from_cache(Engine *e, const Client *client, bool stream, const Message *m, uint64_t now)
{
        ReplyTarget target = reply_target_of(m, stream);
        uint8_t name[DNS_NAME_MAX];
        CachedAnswer known;
        CacheKey key;

        if (!e->cache || m->signed_message || !(m->flags & DNS_RD))
                return false;
        name_lower(m->qname, name);
        key = (CacheKey) {
                .qname = BYTES(name, m->qname.n),
                .qtype = m->qtype,
                .qclass = m->qclass,
                .dnssec_ok = m->edns.dnssec_ok,
                .checking_disabled = m->flags & DNS_CD,
        };
        if (!answer_cache_lookup(e, &key, now, &known) || !known.serve_now)
                return false;
        if (known.stale) {
                e->stats.stale++;
        } else {
                e->stats.answered++;
                histogram_add(&e->stats.latency, 0);
        }
        engine_answer(e, client, reply_from_answer(&target, m->qname, &known.answer, &known.options));
        if (known.prefetch)
                client_query_prefetch(e, m, now);
        return true;
}

bool engine_query(Engine *e, const Client *client, bool stream, Bytes message, uint64_t now)
{
        MessageStatus status;
        bool answered, is_new;
        uint16_t source;
        uint64_t hash;
        Message m;
        Query *q;

        e->now = now;
        status = message_parse(&m, message);
        if (client_query_turn_down(e, client, stream, &m, status, &answered))
                return answered;
        e->stats.queries++;
        if (client_query_answer_locally(e, client, stream, &m)) {
                engine_settle(e);
                return true;
        }
        if (client_query_answer_from_cache(e, client, stream, &m, now)) {
                engine_settle(e);
                return true;
        }
        source = client_quota_source(e->hash_key, client);
        if (!client_quota_has_slot(&e->quota, source))
                return client_query_refuse(e, client, stream, &m, RCODE_SERVFAIL, EDE_OTHER,
                                           "too many queries are waiting");
        hash = client_query_hash_of(e, &m);
        q = m.signed_message ? NULL : client_query_find_query(e, &m, hash);
        is_new = !q;
        if (q)
                e->stats.joined++;
        else
                q = client_query_add_query(e, &m, hash, now);
        if (!q || !query_join(q, client, source, &m, stream, now)) {
                if (q && is_new)
                        query_free(q);
                return client_query_refuse(e, client, stream, &m, RCODE_SERVFAIL, EDE_OTHER, "out of memory");
        }
        if (is_new)
                query_start(q, now);
        else
                query_joined(q, now);
        engine_settle(e);
        return true;
}
