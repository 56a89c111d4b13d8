/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Queries the Do53 servers of a Forward: over UDP first, over TCP if an answer is truncated (RFC 7766 5); one server
 * after the other, each with a time limit. A server that is overdue may still answer while another is asked. An answer
 * is accepted as in RFC 5452 9.1: on the connected socket of its exchange (io/upstream/do53_client.c), with the ID and
 * the question that were sent. Anything else is ignored.
 */

#include <stdio.h>
#include <string.h>

#include "core/query/query_do53.h"
#include "core/query/query_internal.h"

#define SERVER_TIMEOUT (1 * USEC_PER_SEC) /* for one server; doubles after the first round */
#define SERVER_TIMEOUT_MIN (200 * USEC_PER_MSEC)
#define NETWORK_RETRY (800 * USEC_PER_MSEC) /* pause while there is no route to any server yet */
#define DO53_EXCHANGES_MAX 512              /* in flight, each with a socket; with more, SERVFAIL at once */
#define STRAYS_MAX 16 /* wrong messages that suggest an attack: then another socket and another ID */

typedef struct Do53Exchange {
        uint32_t handle;
        Query *query;
        Do53Server *server;
        Transport transport;
        bool edns;       /* the question has an OPT */
        unsigned strays; /* messages that did not match */
        List in_query;
} Do53Exchange;

/* --- exchanges */

/* Returns the exchange in flight with `s` of that form, or NULL. */
static Do53Exchange *do53_exchange_with(const Query *q, const Do53Server *s, bool edns, Transport transport)
{
        LIST_FOREACH(l, &q->do53.exchanges) {
                Do53Exchange *x = container_of(l, Do53Exchange, in_query);

                if (x->server == s && x->edns == edns && x->transport == transport)
                        return x;
        }
        return NULL;
}

/* Frees `x`, which io no longer knows. */
static void do53_end(Do53Exchange *x)
{
        handle_table_remove(&x->query->common->outbox->do53_exchanges, x->handle);
        list_remove(&x->in_query);
        free(x);
}

static void do53_close_socket(const Do53Exchange *x)
{
        Action *a = outbox_act(x->query->common->outbox, ACTION_DO53_CANCEL);

        if (a)
                a->exchange = x->handle;
}

static void do53_call_off(Do53Exchange *x)
{
        do53_close_socket(x);
        do53_end(x);
}

/* Creates an exchange. Returns NULL, with the failure noted, if there cannot be another. */
static Do53Exchange *do53_begin(Query *q, Do53Server *s, bool edns, Transport transport)
{
        HandleTable *handles = &q->common->outbox->do53_exchanges;
        Do53Exchange *x;

        if (handles->used >= DO53_EXCHANGES_MAX) {
                q->failure = FAILURE_QUEUE_FULL;
                return NULL;
        }
        x = calloc(1, sizeof(*x));
        if (x) {
                *x = (Do53Exchange) { .query = q, .server = s, .edns = edns, .transport = transport };
                x->handle = handle_table_add(handles, x);
        }
        if (!x || !x->handle) {
                free(x);
                q->failure = FAILURE_RESOURCES;
                return NULL;
        }
        list_init(&x->in_query);
        list_append(&q->do53.exchanges, &x->in_query);
        return x;
}

static Packet *do53_write_question(const Query *q, bool edns)
{
        if (edns || !q->shared)
                return packet_ref(q->wire);
        return reply_do53_query(q->message.qname, q->message.qtype, q->message.qclass, q->flags, q->dnssec_ok, false);
}

/* Returns the time for this server before another is asked: its share of the time left, within limits. */
static uint64_t do53_server_timeout(const Query *q, uint64_t now)
{
        unsigned others = 0;

        for (size_t i = 0; i < q->forward->n_servers; i++)
                others += !(q->do53.tried & 1u << i);
        return MAX(MIN(SERVER_TIMEOUT << MIN(q->rounds, 1u), query_time_left(q, now) / (1 + others)),
                   SERVER_TIMEOUT_MIN);
}

/* Sends the question of `x`, again if it was sent before. Returns false, with `x` freed and the failure noted, if
 * out of memory. */
static bool do53_send(Do53Exchange *x)
{
        Query *q = x->query;
        Packet *wire = do53_write_question(q, x->edns);
        Action *a = wire ? outbox_act(q->common->outbox, ACTION_DO53_SEND) : NULL;

        if (!a) {
                packet_unref(wire);
                do53_call_off(x);
                q->failure = FAILURE_RESOURCES;
                return false;
        }
        a->exchange = x->handle;
        a->do53.server = x->server->address;
        a->do53.transport = x->transport;
        a->do53.message = wire;
        return true;
}

/*
 * Some servers and middleboxes drop every query with an OPT instead of rejecting it (RFC 6891 6.2.2). A repeated query
 * with an OPT is thus accompanied by one without, and the server answers the one that it supports.
 */
static void do53_send_without_edns(Query *q, Do53Server *s)
{
        Do53Exchange *x = do53_exchange_with(q, s, false, TRANSPORT_UDP);

        if (!x)
                x = do53_begin(q, s, false, TRANSPORT_UDP);
        if (x)
                do53_send(x);
}

/* Sends the question to `s` from a new socket; over UDP, again from the socket of an exchange in flight. Returns
 * false, with the failure noted, if that is not possible. */
static bool do53_ask(Query *q, Do53Server *s, bool edns, Transport transport, uint64_t now)
{
        Do53Exchange *x = do53_exchange_with(q, s, edns, transport);
        bool again = x != NULL;

        if (x && transport == TRANSPORT_TCP) {
                do53_call_off(x);
                x = NULL;
        }
        if (!x)
                x = do53_begin(q, s, edns, transport);
        if (!x || !do53_send(x))
                return false;
        if (again && edns && q->shared && transport == TRANSPORT_UDP)
                do53_send_without_edns(q, s);
        q->do53.asked = s;
        q->do53.asked_at = now;
        q->do53.next_at = now + do53_server_timeout(q, now);
        return true;
}

/* --- choice of the server */

/* Returns the best server that was not asked in this round: the one that answered last, then in order, then failed
 * ones. */
static Do53Server *do53_choose(const Query *q, uint64_t now)
{
        Forward *f = q->forward;
        Do53Server *best = NULL;
        unsigned best_rank = 0;

        for (size_t i = 0; i < f->n_servers; i++) {
                Do53Server *s = &f->servers[i];
                unsigned rank = s->resting_until > now ? 2 : i != f->good;

                if (q->do53.tried & 1u << i || (best && rank >= best_rank))
                        continue;
                best = s;
                best_rank = rank;
        }
        return best;
}

static bool do53_under_way(const Query *q)
{
        return !list_empty(&q->do53.exchanges);
}

/* Links with the same domain may know different names: that there is no such name is certain once one server of each
 * link has said so. */
static bool do53_is_denial(const Query *q, const Message *answer)
{
        unsigned rcode = message_rcode(answer);

        return q->forward->config->links && answer->ancount == 0 && (rcode == RCODE_NXDOMAIN || rcode == RCODE_NOERROR);
}

/* The other servers of that link know no more. */
static void do53_skip_link(Query *q, const Do53Server *s)
{
        for (size_t i = 0; i < q->forward->n_servers; i++)
                if (strcmp(q->forward->servers[i].address.interface, s->address.interface) == 0)
                        q->do53.tried |= 1u << i;
}

/* Returns true if the answer to fall back to is a denial, which is then in *ret. */
static bool do53_was_denied(const Query *q, Message *ret)
{
        return q->fallback && message_parse(ret, packet_bytes(q->fallback)) == MESSAGE_OK && do53_is_denial(q, ret);
}

/* No other server may have an answer. */
static void do53_conclude(Query *q, uint64_t now)
{
        Message m;

        if (do53_was_denied(q, &m))
                query_deliver(q, &m, 0, UINT32_MAX, now);
        else
                query_give_up(q, now);
}

/* Asks all servers again later, or when the network changes (query_do53_epoch). */
static void do53_pause(Query *q, uint64_t now)
{
        q->do53.asked = NULL;
        q->do53.tried = 0;
        q->do53.next_at = now + NETWORK_RETRY;
        query_arm(q);
}

/* Asks the next server of this round. Without one, waits for the exchanges in flight, or gives up. */
static void do53_advance(Query *q, uint64_t now)
{
        Do53Server *s;

        while (query_is_wanted(q) && (s = do53_choose(q, now))) {
                q->do53.tried |= 1u << (s - q->forward->servers);
                if (do53_ask(q, s, s->no_edns_until <= now, TRANSPORT_UDP, now)) {
                        query_arm(q);
                        return;
                }
        }
        if (!do53_under_way(q)) {
                if (!q->fallback && query_awaits_network(q, now))
                        do53_pause(q, now);
                else
                        do53_conclude(q, now);
                return;
        }
        if (q->do53.next_at <= now)
                q->do53.next_at = now + SERVER_TIMEOUT;
        query_arm(q);
}

static void do53_begin_round(Query *q)
{
        q->do53.tried = 0;
        q->rounds++;
}

/* The server asked last has not answered in time. */
static void do53_overdue(Query *q, uint64_t now)
{
        q->failure = FAILURE_TIMEOUT;
        forward_server_failed(q->forward, q->do53.asked, FAILURE_TIMEOUT, q->do53.asked_at, q->common->outbox, now);
}

/* --- as a route */

static void do53_start(Query *q, uint64_t now)
{
        q->common->outbox->counters.forwarded++;
        forward_count_query(q->forward);
        do53_advance(q, now);
}

static void do53_join(Query *q, uint64_t now)
{
        if (q->withheld) {
                query_arm(q);
                return;
        }
        if (do53_under_way(q) && q->do53.next_at != USEC_NEVER) {
                query_arm(q);
                return;
        }
        q->do53.tried = q->rounds = 0;
        do53_advance(q, now);
}

static void do53_due(Query *q, uint64_t now)
{
        Message m;

        if (q->do53.next_at > now) {
                query_arm(q);
                return;
        }
        if (q->withheld) {
                query_do53_release(q, now);
                return;
        }
        if (q->do53.asked)
                do53_overdue(q, now);
        if (q->fallback && !(do53_was_denied(q, &m) && do53_choose(q, now))) {
                do53_conclude(q, now);
                return;
        }
        if (!do53_choose(q, now))
                do53_begin_round(q);
        do53_advance(q, now);
}

static uint64_t do53_next_time(const Query *q)
{
        return q->do53.next_at;
}

/* Asks no further servers. Exchanges in flight may still have an answer for the cache. */
static void do53_unwanted(Query *q, uint64_t now)
{
        if (q->do53.next_at <= now && q->do53.asked)
                do53_overdue(q, now);
        q->do53.next_at = USEC_NEVER;
}

static void do53_cancel(Query *q, uint64_t now)
{
        (void) now;
        LIST_FOREACH(l, &q->do53.exchanges)
                do53_call_off(container_of(l, Do53Exchange, in_query));
        q->do53.next_at = USEC_NEVER;
        q->withheld = false;
        q->do53.asked = NULL;
        q->do53.tried = 0;
}

/* A suspend is followed by a new epoch (query_do53_epoch), which asks again. */
static void do53_shift(Query *q, uint64_t slept)
{
        (void) q;
        (void) slept;
}

static int do53_explain(const Query *q, uint64_t now, char *ret_text, size_t size)
{
        FailureClass class = failure_class(q->failure);
        bool ours = q->failure == FAILURE_RESOURCES || q->failure == FAILURE_QUEUE_FULL;

        (void) now;
        if (ours || class == CLASS_LOCALNET)
                snprintf(ret_text, size, "%s", failure_text(q->failure));
        else
                snprintf(ret_text, size, "no server for this domain has answered%s%s", q->failure ? ": " : "",
                         q->failure ? failure_text(q->failure) : "");
        return ours ? EDE_OTHER : class == CLASS_LOCALNET ? EDE_NETWORK_ERROR : EDE_NO_REACHABLE_AUTHORITY;
}

const QueryRoute query_do53_route = {
        .start = do53_start,
        .join = do53_join,
        .due = do53_due,
        .next_time = do53_next_time,
        .under_way = do53_under_way,
        .unwanted = do53_unwanted,
        .cancel = do53_cancel,
        .shift = do53_shift,
        .explain = do53_explain,
};

void query_do53_epoch(Query *q, uint64_t now)
{
        do53_cancel(q, now);
        query_set_fallback(q, NULL);
        q->rounds = 0;
        if (query_is_wanted(q))
                do53_advance(q, now);
        else
                query_free(q, now);
}

/* --- events */

/* Ends `x` without an answer. */
static void do53_failed(Do53Exchange *x, FailureReason failure, uint64_t now)
{
        Query *q = x->query;
        bool last = x->server == q->do53.asked;

        forward_server_failed(q->forward, x->server, failure, now, q->common->outbox, now);
        do53_end(x);
        q->failure = failure;
        if (last || !do53_under_way(q))
                do53_advance(q, now);
        else
                query_arm(q);
}

static void do53_give_up_on(Do53Exchange *x, FailureReason failure, uint64_t now)
{
        do53_close_socket(x);
        do53_failed(x, failure, now);
}

/* Asks the same server again, with another form of query. */
static void do53_ask_otherwise(Do53Exchange *x, bool edns, Transport transport, uint64_t now)
{
        Query *q = x->query;
        Do53Server *s = x->server;

        do53_call_off(x);
        if (do53_ask(q, s, edns, transport, now))
                query_arm(q);
        else
                do53_advance(q, now);
}

typedef enum ResponseClass {
        STRAY,  /* does not match the query */
        BROKEN, /* from the server, but unusable */
        TRUNCATED,
        NO_EDNS, /* the server does not support EDNS (RFC 6891 7) */
        REFUSAL, /* another server may have an answer */
        GOOD,
} ResponseClass;

static bool do53_is_refusal(unsigned rcode)
{
        return rcode == RCODE_FORMERR || rcode == RCODE_SERVFAIL || rcode == RCODE_NOTIMP || rcode == RCODE_REFUSED;
}

static ResponseClass do53_classify(const Do53Exchange *x, uint16_t id, Bytes bytes, Message *ret)
{
        const Message *question = &x->query->message;
        MessageStatus status = message_parse(ret, bytes);
        unsigned rcode;
        bool no_edns;

        if (status == MESSAGE_SHORT || ret->id != id || !(ret->flags & DNS_QR) ||
            message_opcode(ret) != message_opcode(question))
                return STRAY;
        rcode = ret->flags & DNS_RCODE_MASK;
        no_edns = x->edns && x->query->shared && (rcode == RCODE_FORMERR || rcode == RCODE_NOTIMP);
        /* A server that cannot parse the question does not return it. */
        if (ret->qdcount == 0 && do53_is_refusal(rcode))
                return no_edns ? NO_EDNS : BROKEN;
        if (!ret->qname.n || !message_answers(ret, question))
                return STRAY;
        if (ret->flags & DNS_TC)
                return x->transport == TRANSPORT_TCP ? BROKEN : TRUNCATED;
        if (no_edns)
                return NO_EDNS;
        if (status != MESSAGE_OK)
                return BROKEN;
        return do53_is_refusal(message_rcode(ret)) ? REFUSAL : GOOD;
}

static bool do53_is_alone(const Do53Exchange *x)
{
        return list_first(&x->query->do53.exchanges) == &x->in_query && x->in_query.next == &x->query->do53.exchanges;
}

static void do53_deliver(Do53Exchange *x, const Message *answer, bool refusal, uint64_t now)
{
        Query *q = x->query;
        Do53Server *s = x->server;
        /* The AD bit of an answer in clear text is not trusted (RFC 6840 5.8), unless the answer is signed: the
         * client verifies the signature, which covers the bit. */
        bool vouched = !q->shared && answer->signed_message;
        _cleanup_(packet_unrefp) Packet *wire = packet_copy(answer->wire);
        Message m, earlier;
        bool denial;

        if (!wire) {
                do53_give_up_on(x, FAILURE_RESOURCES, now);
                return;
        }
        wire_write16(wire->data + HEADER_ID, 0);
        wire_write16(wire->data + HEADER_FLAGS, answer->flags & (vouched ? 0xffffu : ~DNS_AD));
        message_parse(&m, packet_bytes(wire));
        outbox_network_reached(q->common->outbox);
        forward_answered(q->forward, s, refusal, q->common->outbox, now);
        if (!refusal && !x->edns && q->shared)
                forward_server_lacks_edns(s, now);
        denial = do53_is_denial(q, &m);
        if (denial)
                do53_skip_link(q, s);
        if ((denial || (refusal && !q->fallback)) && query_has_room(q->common) &&
            (do53_choose(q, now) || !do53_is_alone(x))) {
                query_set_fallback(q, take_pointer(wire));
                do53_call_off(x);
                do53_advance(q, now);
                return;
        }
        if (!refusal && forward_is_of_portal(q->forward) && portal_answered(&q->common->portal, &m)) {
                do53_cancel(q, now);
                query_set_fallback(q, take_pointer(wire));
                q->withheld = true;
                q->do53.next_at = now + PORTAL_LOOK_TIME;
                query_arm(q);
                return;
        }
        query_deliver(q, refusal && do53_was_denied(q, &earlier) ? &earlier : &m, 0, UINT32_MAX, now);
}

void query_do53_release(Query *q, uint64_t now)
{
        Message m;

        q->withheld = false;
        message_parse(&m, packet_bytes(q->fallback));
        query_deliver(q, &m, 0, UINT32_MAX, now);
}

void query_do53_on_answer(QueryCommon *common, uint32_t exchange, uint16_t id, Bytes message, uint64_t now)
{
        Do53Exchange *x = handle_table_get(&common->outbox->do53_exchanges, exchange);
        Message answer;

        if (!x)
                return;
        switch (do53_classify(x, id, message, &answer)) {
        case STRAY:
                if (x->transport == TRANSPORT_TCP || ++x->strays >= STRAYS_MAX)
                        do53_give_up_on(x, FAILURE_MISMATCH, now);
                break;
        case BROKEN:
                do53_give_up_on(x, answer.flags & DNS_TC ? FAILURE_TRUNCATED : FAILURE_MALFORMED, now);
                break;
        case TRUNCATED:
                do53_ask_otherwise(x, x->edns, TRANSPORT_TCP, now);
                break;
        case NO_EDNS:
                do53_ask_otherwise(x, false, x->transport, now);
                break;
        case REFUSAL:
                do53_deliver(x, &answer, true, now);
                break;
        case GOOD:
                do53_deliver(x, &answer, false, now);
                break;
        }
}

void query_do53_on_failure(QueryCommon *common, uint32_t exchange, FailureReason failure, uint64_t now)
{
        Do53Exchange *x = handle_table_get(&common->outbox->do53_exchanges, exchange);

        if (!x)
                return;
        do53_failed(x, failure, now);
}
