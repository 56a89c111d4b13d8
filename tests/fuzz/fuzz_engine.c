/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The whole way of a question: octets order what clients ask, what upstreams answer, how connections fare and how time
 * passes, all by a clock of our own. Whatever comes: each query that is taken gets exactly one answer, by its deadline;
 * an answer is a message with the client's ID and question, within the client's size; what goes upstream is one, too; a
 * name goes upstream or to Do53 servers as the configuration of that moment has it; and in the end nothing is left.
 */

#include <stdio.h>
#include <string.h>

#include "core/engine.h"
#include "core/dns/message.h"
#include "core/dns/reply.h"

#define CLIENTS_MAX 64
#define CONNECTIONS_MAX 64
#define EXCHANGES_MAX 128
#define DO53_MAX 128
#define PLAIN_ID 0x1234
#define DEADLINE (4500 * USEC_PER_MSEC)
#define REST (600 * USEC_PER_SEC) /* after which everything that was under way is over */

/* What is read as orders: zeros behind the end. */
typedef struct Input {
        Bytes rest;
} Input;

typedef struct Asked {
        bool open;
        Transport transport;
        uint64_t deadline;
        Packet *query;
} Asked;

typedef struct Sent {
        uint32_t connection, exchange;
        Packet *message;
} Sent;

typedef struct World {
        Engine *engine;
        Config *config; /* the one in use */
        Config *other;  /* with the forward if that has none */
        LinkTable *links;
        uint64_t now;
        bool connects; /* connections are ready at once */
        Asked asked[CLIENTS_MAX];
        unsigned n_asked;
        uint32_t connections[CONNECTIONS_MAX];
        unsigned n_connections;
        Sent sent[EXCHANGES_MAX];
        unsigned n_sent;
        Sent do53[DO53_MAX]; /* to Do53 servers; no connection */
        unsigned n_do53;
} World;

#define require(condition)                                                      \
        do {                                                                    \
                if (!(condition)) {                                             \
                        fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
                        abort();                                                \
                }                                                               \
        } while (0)

static uint8_t octet(Input *in)
{
        uint8_t v = 0;

        if (in->rest.n) {
                v = in->rest.p[0];
                in->rest = BYTES(in->rest.p + 1, in->rest.n - 1);
        }
        return v;
}

static unsigned pair(Input *in)
{
        unsigned high = octet(in);

        return high << 8 | octet(in);
}

/* Up to `max` octets as they are; how many is said by one octet before them, in eights where there may be many. */
static Bytes run(Input *in, size_t max)
{
        size_t n = octet(in);
        Bytes b;

        if (max > 255)
                n *= 8;
        n = MIN(MIN(n, max), in->rest.n);
        b = BYTES(in->rest.p, n);
        in->rest = BYTES(in->rest.p + n, in->rest.n - n);
        return b;
}

/* --- what the engine does */

/* What is right for all but signed messages, which are the upstream's own. */
static void check_reply(const World *w, const ReplyTarget *target, const Message *query, const Message *answer)
{
        size_t n = query->question_end;

        require((answer->flags & (DNS_RD | DNS_CD)) == (query->flags & (DNS_RD | DNS_CD)) && !(answer->flags & DNS_Z));
        require(!(answer->flags & DNS_AD) || w->config->trust_ad);
        require(answer->edns.present == query->edns.present && !answer->edns.padding);
        require(!answer->edns.keepalive || (target->transport == TRANSPORT_TCP && query->edns.keepalive));

        require(answer->qdcount == 1 && answer->question_end == n);
        require(memcmp(answer->wire.p + DNS_HEADER_SIZE, query->wire.p + DNS_HEADER_SIZE, n - DNS_HEADER_SIZE) == 0);
}

static void take_answer(World *w, const Action *a)
{
        Asked *asked = &w->asked[a->answer.client.test.number];
        Message query, answer;
        MessageStatus status;

        require(asked->open && w->now <= asked->deadline);
        asked->open = false;
        require(message_parse(&answer, packet_bytes(a->answer.message)) == MESSAGE_OK);
        status = message_parse(&query, packet_bytes(asked->query));
        require(answer.id == query.id && (answer.flags & DNS_QR) && message_opcode(&answer) == message_opcode(&query));
        if (message_opcode(&query) != OPCODE_QUERY)
                require((answer.flags & ~(DNS_QR | DNS_OPCODE_MASK)) == ((query.flags & DNS_RD) | RCODE_NOTIMP));
        if (status == MESSAGE_OK && message_opcode(&query) == OPCODE_QUERY && query.qdcount == 1) {
                ReplyTarget target = reply_target_of(&query, asked->transport);

                require(asked->transport == TRANSPORT_TCP || answer.wire.n <= target.udp_size);
                if (!query.signed_message)
                        check_reply(w, &target, &query, &answer);
        } else
                require(message_rcode(&answer) == RCODE_FORMERR || message_rcode(&answer) == RCODE_NOTIMP);
        packet_unref(asked->query);
        asked->query = NULL;
}

static void take_connect(World *w, const Action *a)
{
        if (w->n_connections == CONNECTIONS_MAX) {
                engine_closed(w->engine, a->connection, FAILURE_RESOURCES, w->now);
                return;
        }
        w->connections[w->n_connections++] = a->connection;
        if (w->connects) {
                engine_established(w->engine, a->connection, w->now);
                engine_ready(w->engine, a->connection, false, w->now);
        }
}

/* Does the link have the name, because of one of its domains? That may be the root, if it counts. */
static bool is_of_link(const World *w, const Link *l, const Message *m)
{
        bool all = w->config->links.default_route == LINKS_ALWAYS || l->source != LINK_SOURCE_NETWORKMANAGER;

        for (size_t k = 0; k < l->n_domains; k++) {
                const Domain *d = &l->domains[k].domain;

                if ((d->n > 1 || all) && name_under(m->qname, BYTES(d->name, d->n)))
                        return true;
        }
        return false;
}

static bool is_of_a_link(const World *w, const Message *m)
{
        bool single_label = m->qname.n > 1 && m->qname.n == 2 + (size_t) m->qname.p[0], has_default_route = false;

        for (size_t i = 0; i < w->links->n; i++) {
                const Link *l = w->links->links[i];

                if (!l->n_servers)
                        continue;
                if (is_of_link(w, l, m))
                        return true;
                has_default_route = has_default_route || link_is_default_route(l);
        }
        return has_default_route &&
               (w->config->links.default_route == LINKS_ALWAYS || (w->config->links.single_label && single_label));
}

/* Where the name in `m` belongs, by the configuration in use and the links. */
static bool is_forwarded(const World *w, const Message *m)
{
        for (size_t i = 0; i < w->config->n_forwards; i++)
                for (size_t k = 0; k < w->config->forwards[i].n_domains; k++)
                        if (name_under(m->qname, BYTES(w->config->forwards[i].domains[k].name,
                                                       w->config->forwards[i].domains[k].n)))
                                return true;
        return is_of_a_link(w, m);
}

static void take_send(World *w, const Action *a)
{
        Message m;

        require(message_parse(&m, packet_bytes(a->send.message)) == MESSAGE_OK && m.id == 0 && m.qdcount == 1);
        require(m.signed_message || !w->config->padding || m.wire.n % 128 == 0);
        /* A probe is for the root, to whomever that belongs. */
        require(m.qname.n == 1 || !is_forwarded(w, &m));
        require(m.signed_message || !(m.flags & (unsigned) ~(DNS_RD | DNS_CD | DNS_AD)));
        if (w->n_sent == EXCHANGES_MAX) {
                engine_exchange_failed(w->engine, a->connection, a->exchange, FAILURE_REFUSED_STREAM, w->now);
                return;
        }
        w->sent[w->n_sent++] = (Sent) { a->connection, a->exchange, packet_ref(a->send.message) };
}

static unsigned find_do53(const World *w, uint32_t exchange)
{
        unsigned i = 0;

        while (i < w->n_do53 && w->do53[i].exchange != exchange)
                i++;
        return i;
}

static void forget_do53(World *w, unsigned i)
{
        packet_unref(w->do53[i].message);
        w->do53[i] = w->do53[--w->n_do53];
}

static void take_forward(World *w, const Action *a)
{
        unsigned i = find_do53(w, a->exchange);
        Message m;

        require(message_parse(&m, packet_bytes(a->do53.message)) == MESSAGE_OK && m.id == 0 && m.qdcount == 1);
        require(m.signed_message || (!(m.flags & (unsigned) ~(DNS_RD | DNS_CD)) && m.edns.options.n == 0));
        require(is_forwarded(w, &m));
        if (i < w->n_do53)
                return;
        if (w->n_do53 == DO53_MAX) {
                engine_do53_failed(w->engine, a->exchange, FAILURE_RESOURCES, w->now);
                return;
        }
        w->do53[w->n_do53++] = (Sent) { .exchange = a->exchange, .message = packet_ref(a->do53.message) };
}

static void take_forward_cancel(World *w, const Action *a)
{
        unsigned i = find_do53(w, a->exchange);

        require(i < w->n_do53);
        forget_do53(w, i);
}

static void forget_sent(World *w, unsigned i)
{
        packet_unref(w->sent[i].message);
        w->sent[i] = w->sent[--w->n_sent];
}

static void forget_connection(World *w, uint32_t number)
{
        for (unsigned i = 0; i < w->n_connections; i++)
                if (w->connections[i] == number) {
                        w->connections[i] = w->connections[--w->n_connections];
                        break;
                }
        for (unsigned i = w->n_sent; i-- > 0;)
                if (w->sent[i].connection == number)
                        forget_sent(w, i);
}

static void act(World *w)
{
        Action a;

        while (engine_next_action(w->engine, &a))
                switch (a.type) {
                case ACTION_ANSWER:
                        take_answer(w, &a);
                        break;
                case ACTION_CONNECT:
                        take_connect(w, &a);
                        break;
                case ACTION_SEND:
                        take_send(w, &a);
                        break;
                case ACTION_DO53_SEND:
                        take_forward(w, &a);
                        break;
                case ACTION_DO53_CANCEL:
                        take_forward_cancel(w, &a);
                        break;
                case ACTION_CLOSE:
                        forget_connection(w, a.connection);
                        break;
                default:
                        break;
                }
}

/* --- what is ordered */

static void ask(World *w, Transport transport, Bytes wire)
{
        Asked *asked = &w->asked[w->n_asked];
        Client c = { .test.number = w->n_asked };
        Message m;

        if (w->n_asked == CLIENTS_MAX)
                return;
        w->n_asked++;
        *asked = (Asked) {
                .open = true, .transport = transport, .deadline = w->now + DEADLINE, .query = packet_copy(wire)
        };
        require(asked->query);
        if (!engine_query(w->engine, &c, transport, packet_bytes(asked->query), w->now)) {
                require(message_parse(&m, wire) == MESSAGE_SHORT || (m.flags & DNS_QR));
                asked->open = false;
                asked->query = packet_unref(asked->query);
        }
}

/* A query that is nearly in order, so that octets are not needed for what all have. */
static void ask_for(World *w, Input *in)
{
        static const char *const names[] = { "\3www\4test",       "\3WwW\4test", "\1a\4test", "",
                                             "\4host\3sub\4test", "\1*\4test" };
        uint8_t q[1024];
        unsigned kind = octet(in);
        const char *name = names[(kind & 7) % ELEMENTS(names)];
        size_t n = DNS_HEADER_SIZE;

        wire_write16(q, pair(in));
        wire_write16(q + 2, pair(in) & ~(octet(in) & 3 ? DNS_QR | DNS_OPCODE_MASK : 0));
        wire_write16(q + 4, 1);
        memset(q + 6, 0, 6);
        memcpy(q + n, name, strlen(name) + 1);
        n += strlen(name) + 1;
        wire_write16(q + n, kind & 8 ? pair(in) : 1 + (octet(in) & 1) * 27u);
        wire_write16(q + n + 2, kind & 16 ? pair(in) : CLASS_IN);
        n += 4;
        if (kind & 32) {
                unsigned size = pair(in), high = octet(in) & 1, low = pair(in);
                Bytes options = run(in, 512);

                wire_write16(q + 10, 1);
                q[n] = 0;
                wire_write16(q + n + 1, TYPE_OPT);
                wire_write16(q + n + 3, size);
                wire_write16(q + n + 5, high);
                wire_write16(q + n + 7, low);
                wire_write16(q + n + 9, (unsigned) options.n);
                if (options.n)
                        memcpy(q + n + 11, options.p, options.n);
                n += 11 + options.n;
        }
        ask(w, kind & 64 ? TRANSPORT_TCP : TRANSPORT_UDP, BYTES(q, n));
}

static HttpResponse response(Input *in)
{
        unsigned kind = octet(in);
        HttpResponse http = { .status = 200, .has_status = true, .has_type = true, .type_ok = true };

        if (kind & 1)
                http.status = 100 + pair(in) % 500;
        if (kind & 2)
                http.type_ok = octet(in) & 1;
        if (kind & 4) {
                http.has_age = true;
                http.age = pair(in);
        }
        if (kind & 8) {
                http.has_max_age = true;
                http.max_age = pair(in);
        }
        if (kind & 16) {
                http.has_retry_after = true;
                http.retry_after = 1 + pair(in) % 300;
        }
        return http;
}

/* An upstream says something to the oldest message, or to another: the question with records behind it, or anything. */
static void respond(World *w, Input *in, bool any)
{
        uint8_t body[8192];
        HttpResponse http = response(in);
        unsigned i = w->n_sent ? octet(in) % w->n_sent : 0;
        Sent s;
        Message m;
        size_t n = 0;
        Bytes tail;

        if (!w->n_sent)
                return;
        s = w->sent[i];
        if (!any) {
                require(message_parse(&m, packet_bytes(s.message)) == MESSAGE_OK);
                n = m.question_end;
                memcpy(body, m.wire.p, n);
                wire_write16(body + 2, DNS_QR | pair(in));
                wire_write16(body + 6, octet(in));
                wire_write16(body + 8, octet(in));
                wire_write16(body + 10, octet(in));
        }
        tail = run(in, 2040);
        if (tail.n)
                memcpy(body + n, tail.p, tail.n);
        forget_sent(w, i);
        engine_response(w->engine, s.connection, s.exchange, &http, BYTES(body, n + tail.n), w->now);
}

/* Something comes from a Do53 server, or does not. */
static void respond_do53(World *w, Input *in, bool any)
{
        unsigned kind = octet(in), i = w->n_do53 ? octet(in) % w->n_do53 : 0, flags = pair(in);
        uint8_t body[8192];
        Message m;
        size_t n = DNS_HEADER_SIZE;
        Bytes tail;
        Sent s;

        if (!w->n_do53)
                return;
        s = w->do53[i];
        if (kind % 8 == 7) {
                forget_do53(w, i);
                engine_do53_failed(w->engine, s.exchange, (FailureReason) (1 + octet(in) % (_FAILURE_MAX - 1)), w->now);
                return;
        }
        require(message_parse(&m, packet_bytes(s.message)) == MESSAGE_OK);
        if (!any)
                n = m.question_end;
        memcpy(body, m.wire.p, n);
        wire_write16(body, PLAIN_ID ^ (kind >> 4 == 15));
        wire_write16(body + 2, DNS_QR | (kind & 64 ? flags : flags & (DNS_TC | DNS_RCODE_MASK)));
        wire_write16(body + 4, !any);
        wire_write16(body + 6, octet(in));
        wire_write16(body + 8, octet(in));
        wire_write16(body + 10, octet(in));
        tail = run(in, 2040);
        if (tail.n)
                memcpy(body + n, tail.p, tail.n);
        engine_do53_answer(w->engine, s.exchange, PLAIN_ID, BYTES(body, n + tail.n), w->now);
}

static void pass(World *w, uint64_t until)
{
        uint64_t at;

        for (unsigned turns = 0; (at = engine_next_time(w->engine)) <= until; turns++) {
                require(turns < 100000);
                w->now = MAX(w->now, at);
                engine_run(w->engine, w->now);
                act(w);
        }
        w->now = until;
}

static void happen_to_connection(World *w, Input *in)
{
        unsigned kind = octet(in);
        uint32_t c;

        if (!w->n_connections)
                return;
        c = w->connections[octet(in) % w->n_connections];
        switch (kind % 6) {
        case 0:
                engine_established(w->engine, c, w->now);
                engine_ready(w->engine, c, kind & 64, w->now);
                break;
        case 1:
                forget_connection(w, c);
                engine_closed(w->engine, c, (FailureReason) (1 + octet(in) % (_FAILURE_MAX - 1)), w->now);
                break;
        case 2:
                engine_goaway(w->engine, c, FAILURE_GOAWAY, w->now);
                break;
        case 3:
                engine_max_streams(w->engine, c, octet(in), w->now);
                break;
        case 4:
                if (kind & 128)
                        engine_address_gone(w->engine, c, w->now);
                else
                        engine_received(w->engine, c, w->now);
                break;
        default:
                if (w->n_sent) {
                        unsigned i = octet(in) % w->n_sent;
                        Sent s = w->sent[i];

                        forget_sent(w, i);
                        engine_exchange_failed(w->engine, s.connection, s.exchange,
                                               (FailureReason) (1 + octet(in) % (_FAILURE_MAX - 1)), w->now);
                }
        }
}

/* A network manager pushes servers and domains for a link, or the link is gone. */
static void push(World *w, Input *in)
{
        static const char *const names[] = { "www.test", "sub.test", "test", "a.sub.test", ".", "lan" };
        static const LinkSource sources[] = { LINK_SOURCE_RESOLVE1, LINK_SOURCE_NETWORKMANAGER };
        unsigned kind = octet(in), which = octet(in);
        int ifindex = 1 + (int) (kind % 3);
        LinkServer servers[2] = { { .address = { .octets = { 192, 0, 2, (uint8_t) (20 + ifindex) } } },
                                  { .address = { .octets = { 192, 0, 2, (uint8_t) (30 + ifindex) } } } };
        LinkDomain domains[ELEMENTS(names)];
        size_t n = 0;
        Link *l;

        if (kind & 64) {
                link_table_remove(w->links, ifindex);
        } else {
                l = link_table_ensure(w->links, ifindex, "fuzz");
                require(l);
                if (kind & 32)
                        link_revert(l);
                require(link_set_source(l, sources[kind >> 7]) >= 0);
                require(link_set_default_route(l, (LinkDefaultRoute) ((kind >> 3) % 3)) >= 0);
                for (size_t i = 0; i < ELEMENTS(names); i++)
                        if (which & 1u << i)
                                require(link_domain_from_text(names[i], kind & 4 || i == 4, &domains[n++]));
                require(link_set_servers(l, servers, which >> 6 > 2 ? 2 : which >> 6) >= 0);
                require(link_set_domains(l, domains, n) >= 0);
        }
        require(engine_set_links(w->engine, w->links, w->now) == 0);
}

static void happen_to_machine(World *w, Input *in)
{
        unsigned kind = octet(in);
        uint64_t slept;

        switch (kind % 5) {
        case 0:
                engine_network_changed(w->engine, kind & 64, w->now);
                break;
        case 1:
                engine_flush_cache(w->engine);
                break;
        case 2:
                engine_sleep(w->engine, w->now);
                act(w);
                slept = (uint64_t) pair(in) * USEC_PER_SEC;
                for (unsigned i = 0; i < w->n_asked; i++)
                        w->asked[i].deadline += slept;
                w->now += slept;
                engine_resume(w->engine, slept, w->now);
                break;
        case 3:
                if (kind & 64) {
                        Config *c = w->config;

                        w->config = w->other;
                        w->other = c;
                }
                require(engine_reload(w->engine, w->config, w->now) == 0);
                break;
        default:
                w->connects = !w->connects;
        }
}

static void follow(World *w, Input *in)
{
        unsigned order = octet(in);

        switch (order % 8) {
        case 0:
                ask(w, order & 64 ? TRANSPORT_TCP : TRANSPORT_UDP, run(in, 600));
                break;
        case 1:
        case 2:
                ask_for(w, in);
                break;
        case 3:
                if (order & 64)
                        respond_do53(w, in, true);
                else
                        respond(w, in, true);
                break;
        case 4:
        case 5:
                if (order & 64)
                        respond_do53(w, in, false);
                else
                        respond(w, in, false);
                break;
        case 6:
                if (order & 32)
                        push(w, in);
                else if (order & 64)
                        happen_to_machine(w, in);
                else
                        happen_to_connection(w, in);
                break;
        default:
                pass(w, w->now + (uint64_t) pair(in) * (order & 64 ? 100 * USEC_PER_MSEC : USEC_PER_MSEC / 4));
        }
        act(w);
}

/* --- from the beginning to the end */

static Config *configure(unsigned kind, bool forward)
{
        char text[640];
        ConfigText t = { .name = "fuzz", .text = text };
        unsigned errors;
        Config *c;

        t.n = (size_t) snprintf(text, sizeof(text),
                                "[Resolver]\nTrustAD=%s\nPadding=%s\n[Cache]\nEnable=%s\nServeStale=%s\nSize=64K\n"
                                "[Upstream a]\nURL=https://a.test/q\nAddress=192.0.2.1 192.0.2.2\n%s%s%s",
                                kind & 1 ? "yes" : "no", kind & 2 ? "no" : "yes", kind & 4 ? "no" : "yes",
                                kind & 8 ? "no" : "yes",
                                kind & 16 ? "[Upstream b]\nURL=https://b.test/q\nAddress=192.0.2.3\n" : "",
                                forward ? "[Forward f]\nDomains=www.test sub.test\nDNS=192.0.2.7 192.0.2.8\n" : "",
                                kind & 128 ? "[Links]\nDefaultRoute=always\nSingleLabel=yes\n" : "");
        c = config_parse(&t, 1, NULL, NULL, &errors);
        require(c && errors == 0);
        return c;
}

static void begin(World *w, Input *in)
{
        unsigned kind = octet(in);

        w->links = link_table_new();
        require(w->links);
        w->config = configure(kind, kind & 64);
        w->other = configure(kind, !(kind & 64));
        w->now = 1000 * USEC_PER_SEC;
        w->connects = !(kind & 32);
        w->engine = engine_new(w->config, (const uint8_t *) "0123456789abcdef", w->now);
        require(w->engine);
}

static void end(World *w)
{
        EngineObjects objects;

        pass(w, w->now + DEADLINE);
        for (unsigned i = 0; i < w->n_asked; i++)
                require(!w->asked[i].open);
        while (w->n_connections) {
                uint32_t c = w->connections[0];

                forget_connection(w, c);
                engine_closed(w->engine, c, FAILURE_CONNECTION_LOST, w->now);
                act(w);
        }
        pass(w, w->now + REST);
        while (w->n_connections) {
                uint32_t c = w->connections[0];

                forget_connection(w, c);
                engine_closed(w->engine, c, FAILURE_IDLE_CLOSED, w->now);
                act(w);
        }
        engine_objects(w->engine, &objects);
        require(objects.queries == 0 && objects.pending == 0 && objects.exchanges == 0 && objects.connections == 0 &&
                objects.actions == 0);
        require(objects.upstreams == w->config->n_upstreams);
        engine_free(w->engine);
        link_table_free(w->links);
        config_unref(w->config);
        config_unref(w->other);
        require(w->n_do53 == 0);
        while (w->n_sent)
                forget_sent(w, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        Input in = { BYTES(data, size) };
        World w = { 0 };

        begin(&w, &in);
        while (in.rest.n)
                follow(&w, &in);
        end(&w);
        return 0;
}
