/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "servers.h"

#include <string.h>

#include "clients.h"
#include "sim_links.h"
#include "invariants.h"

static const char *const mood_names[_SERVER_BEHAVIOURS] = {
        [GOOD] = "good",
        [REFUSING] = "refusing",
        [BLACK_HOLE] = "a black hole",
        [FROZEN] = "frozen",
        [STALLED_TLS] = "stalled in TLS",
        [WRONG_CERTIFICATE] = "somebody else",
        [ERROR_500] = "in error",
        [OVERLOADED] = "overloaded",
        [MISCONFIGURED] = "misconfigured",
        [PORTAL] = "a portal",
        [GARBAGE] = "talking garbage",
        [WRONG_ANSWER] = "answering something else",
        [TRUNCATING] = "truncating",
        [SERVFAILING] = "saying SERVFAIL",
        [REFUSING_NAMES] = "saying REFUSED",
        [GOING_AWAY] = "going away",
        [RESETTING_STREAMS] = "resetting streams",
        [REFUSING_STREAMS] = "refusing streams",
        [DYING] = "dying",
        [CLOSING_IDLE] = "closing what is idle",
        [NO_STREAMS] = "without streams",
        [ONE_STREAM] = "at one stream",
        [SWALLOWING] = "swallowing",
        [FAILING_HALF] = "failing half",
        [SLOW] = "slow",
};

static FailureReason failure_of(World *w, const FailureReason *failures, size_t n)
{
        return failures[world_below(w, n)];
}

static unsigned status_of(World *w, const unsigned *statuses, size_t n)
{
        return statuses[world_below(w, n)];
}

#define ONE_FAULT(w, ...) \
        failure_of(w, (const FailureReason[]) { __VA_ARGS__ }, ELEMENTS(((const FailureReason[]) { __VA_ARGS__ })))
#define ONE_STATUS(w, ...) \
        status_of(w, (const unsigned[]) { __VA_ARGS__ }, ELEMENTS(((const unsigned[]) { __VA_ARGS__ })))

/* --- connections */

static unsigned find_link(const World *w, uint32_t number)
{
        for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
                if (w->connections[i].number == number)
                        return i;
        return CONNECTIONS_MAX;
}

unsigned servers_of_upstream(const World *w, uint32_t number)
{
        for (unsigned i = 0; i < NUMBERS_MAX; i++)
                if (w->numbers[i].number == number)
                        return w->numbers[i].server;
        world_violated(w, "an action names an upstream that is not there");
}

void servers_forget_upstream(World *w, uint32_t number)
{
        for (unsigned i = 0; i < NUMBERS_MAX; i++)
                if (w->numbers[i].number == number) {
                        w->numbers[i].number = 0;
                        return;
                }
        world_violated(w, "an upstream is gone that was not there");
}

static Event *later(World *w, unsigned connection, uint64_t delay, EventType type, FailureReason failure)
{
        Event *e = world_schedule(w, delay, type);

        e->connection = connection;
        e->generation = w->connections[connection].generation;
        e->failure = failure;
        return e;
}

void servers_connect(World *w, const Action *a)
{
        unsigned server = servers_of_upstream(w, a->upstream), i = 0;
        Server *s = &w->servers[server];
        uint64_t rtt = s->rtt + world_below(w, s->rtt / 4 + 1);

        while (w->connections[i].number)
                if (++i == CONNECTIONS_MAX)
                        world_violated(w, "I6: more than %d connections", CONNECTIONS_MAX);
        if (!w->online) {
                engine_closed(w->engine, a->connection, FAILURE_NO_ROUTE, w->now);
                return;
        }
        w->connections[i] = (SimConnection) { .number = a->connection,
                                              .server = server,
                                              .generation = w->connections[i].generation + 1 };
        world_say(w, "connect to %u for a %s (%s)", server, purpose_name(a->connect.purpose), mood_names[s->behaviour]);
        if (s->behaviour == BLACK_HOLE)
                return;
        if (s->behaviour == REFUSING) {
                later(w, i, rtt, EV_CLOSED,
                      ONE_FAULT(w, FAILURE_REFUSED, FAILURE_REFUSED, FAILURE_UNREACHABLE, FAILURE_CONNECT_RESET,
                                FAILURE_TLS_ALERT, FAILURE_TLS_GARBAGE, FAILURE_TLS_VERSION, FAILURE_NO_H2));
                return;
        }
        later(w, i, rtt, EV_ESTABLISHED, FAILURE_NONE);
        if (s->behaviour == STALLED_TLS)
                return;
        if (s->behaviour == WRONG_CERTIFICATE)
                later(w, i, 2 * rtt, EV_CLOSED,
                      ONE_FAULT(w, FAILURE_CERTIFICATE_NAME, FAILURE_CERTIFICATE_EXPIRED, FAILURE_CERTIFICATE_UNTRUSTED,
                                FAILURE_CERTIFICATE_PIN));
        else
                later(w, i, 2 * rtt, EV_READY, FAILURE_NONE);
}

void servers_ping(World *w, const Action *a)
{
        unsigned i = find_link(w, a->connection);
        const Server *s = &w->servers[w->connections[i % CONNECTIONS_MAX].server];

        if (i == CONNECTIONS_MAX)
                world_violated(w, "a PING goes out on a connection that is not open");
        if (!w->connections[i].dead && s->behaviour != BLACK_HOLE && w->online)
                later(w, i, s->rtt, EV_PONG, FAILURE_NONE);
}

void servers_close(World *w, const Action *a)
{
        unsigned i = find_link(w, a->connection);

        if (i < CONNECTIONS_MAX)
                w->connections[i].number = 0;
}

/* --- answers */

Packet *servers_make_answer(const World *w, const Packet *query, unsigned flags, bool right)
{
        bool well = (flags & DNS_RCODE_MASK) == RCODE_NOERROR;
        uint8_t b[512];
        Message m;
        size_t n;
        unsigned name = 0;

        if (message_parse(&m, packet_bytes(query)) != MESSAGE_OK || m.question_end > sizeof(b) - 64)
                world_violated(w, "the engine sent a malformed query");
        if (m.id != 0)
                world_violated(w, "a query went upstream with an ID");
        n = m.question_end;
        memcpy(b, query->data, n);
        wire_write16(b + 2, DNS_QR | DNS_RD | DNS_RA | flags);
        wire_write16(b + 4, 1);
        wire_write16(b + 6, well);
        wire_write16(b + 8, 0);
        wire_write16(b + 10, 0);
        if (!well)
                return packet_copy(BYTES(b, n));
        if (m.qname.n > 2)
                for (const uint8_t *p = m.qname.p + 2; p < m.qname.p + 1 + m.qname.p[0]; p++)
                        name = name * 10 + (unsigned) (*p - '0');
        memcpy(b + n, m.qtype == TYPE_NS ? "\xc0\x0c\0\2\0\1\0\0\0\x3c\0\4" : "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4", 12);
        wire_write32(b + n + 12, right ? clients_address_of(name) : SERVERS_POISON);
        if (m.qtype == TYPE_NS)
                memcpy(b + n + 12, "\2ns\0", 4);
        return packet_copy(BYTES(b, n + 16));
}

static Event *respond(World *w, const Action *a, unsigned connection, unsigned status, Packet *body, uint64_t delay)
{
        Event *e = later(w, connection, delay, EV_RESPONSE, FAILURE_NONE);

        e->exchange = a->exchange;
        e->status = status;
        e->body = body;
        return e;
}

static void answer(World *w, const Action *a, unsigned connection, unsigned flags, uint64_t delay)
{
        respond(w, a, connection, 200, servers_make_answer(w, a->send.message, flags, !(flags & DNS_TC)), delay);
}

static void fail_exchange(World *w, const Action *a, unsigned connection, FailureReason f, uint64_t delay)
{
        later(w, connection, delay, EV_FAILED, f)->exchange = a->exchange;
}

/* No answer, by its status, though it looks like one. */
static Event *deny(World *w, const Action *a, unsigned connection, unsigned status, uint64_t delay)
{
        return respond(w, a, connection, status, servers_make_answer(w, a->send.message, 0, false), delay);
}

static void overload(World *w, const Action *a, unsigned connection, uint64_t delay)
{
        unsigned retry_after = (unsigned) world_below(w, 10);

        deny(w, a, connection, ONE_STATUS(w, 503, 429), delay)->retry_after = retry_after;
}

/* The answer to something else: the first letter of the name is another. */
static void mismatch(World *w, const Action *a, unsigned connection, uint64_t delay)
{
        Packet *b = servers_make_answer(w, a->send.message, 0, false);

        b->data[DNS_HEADER_SIZE + 1] ^= 1;
        respond(w, a, connection, 200, b, delay);
}

static void react(World *w, const Action *a, unsigned i, Server *s, uint64_t rtt, uint64_t work)
{
        FailureReason f;

        switch (s->behaviour) {
        case ERROR_500:
                deny(w, a, i, ONE_STATUS(w, 500, 502, 504, 999, 0), rtt);
                return;
        case OVERLOADED:
                overload(w, a, i, rtt);
                return;
        case MISCONFIGURED:
                deny(w, a, i, ONE_STATUS(w, 302, 400, 403, 404, 405, 415), rtt);
                return;
        case PORTAL:
                deny(w, a, i, 511, rtt);
                return;
        case GARBAGE:
                respond(w, a, i, 200, packet_copy(BYTES("this is no message", 18)), rtt);
                return;
        case WRONG_ANSWER:
                mismatch(w, a, i, rtt);
                return;
        case TRUNCATING:
                answer(w, a, i, DNS_TC, rtt);
                return;
        case SERVFAILING:
                answer(w, a, i, DNS_AA | RCODE_SERVFAIL, rtt);
                return;
        case REFUSING_NAMES:
                answer(w, a, i, DNS_AA | RCODE_REFUSED, rtt);
                return;
        case GOING_AWAY:
                if (world_below(w, 2))
                        fail_exchange(w, a, i, FAILURE_REFUSED_STREAM, rtt);
                else
                        answer(w, a, i, 0, rtt + work);
                later(w, i, rtt / 2, EV_GOAWAY,
                      ONE_FAULT(w, FAILURE_GOAWAY, FAILURE_GOAWAY, FAILURE_GOAWAY_CALM, FAILURE_GOAWAY_ERROR));
                return;
        case RESETTING_STREAMS:
                fail_exchange(w, a, i, FAILURE_STREAM_RESET, rtt);
                return;
        case REFUSING_STREAMS:
                fail_exchange(w, a, i, FAILURE_REFUSED_STREAM, rtt);
                return;
        case DYING:
                f = ONE_FAULT(w, FAILURE_CONNECTION_LOST, FAILURE_CONNECTION_LOST, FAILURE_PROTOCOL);
                later(w, i, rtt / 2 + world_below(w, rtt), EV_CLOSED, f);
                break;
        case SWALLOWING:
                if (world_below(w, 3) == 0)
                        return;
                break;
        case FAILING_HALF:
                if (s->answered++ % 2) {
                        deny(w, a, i, 500, rtt);
                        return;
                }
                break;
        case SLOW:
                work += world_below(w, 5 * USEC_PER_SEC);
                break;
        case CLOSING_IDLE:
                later(w, i, rtt + work + (1 + world_below(w, 20)) * USEC_PER_SEC, EV_CLOSED, FAILURE_IDLE_CLOSED);
                break;
        default:
                break;
        }
        answer(w, a, i, 0, rtt + work);
}

void servers_send(World *w, const Action *a)
{
        unsigned i = find_link(w, a->connection);
        uint64_t rtt, work;
        Server *s;
        SimConnection *l;

        if (i == CONNECTIONS_MAX)
                world_violated(w, "something is sent on a connection that is not open");
        l = &w->connections[i];
        if (!l->ready)
                world_violated(w, "something is sent on a connection that is not ready");
        links_check_upstream(w, a->send.message);
        s = &w->servers[l->server];
        rtt = s->rtt + world_below(w, s->rtt / 4 + 1);
        work = world_below(w, 20) == 0 ? world_below(w, SERVERS_THINK_MAX) : world_below(w, 5 * USEC_PER_MSEC);
        l->used_at = w->now;
        world_say(w, "send exchange %x to %u on %x%s%s", a->exchange, l->server, a->connection,
                  a->send.ping ? " with a PING" : "", l->dead ? ", which is dead" : "");
        if (l->dead || s->behaviour == BLACK_HOLE || !w->online)
                return;
        if (a->send.ping)
                later(w, i, rtt, EV_PONG, FAILURE_NONE);
        react(w, a, i, s, rtt, work);
}

/* --- what happens */

void servers_set_behaviour(World *w, unsigned server, ServerBehaviour behaviour)
{
        Server *s = &w->servers[server];
        bool limited = s->behaviour == ONE_STREAM || behaviour == ONE_STREAM || behaviour == NO_STREAMS;

        world_say(w, "server %u is %s", server, mood_names[behaviour]);
        s->behaviour = behaviour == FROZEN ? GOOD : behaviour;
        for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
                SimConnection *l = &w->connections[i];

                if (!l->number || l->server != server)
                        continue;
                if (behaviour == FROZEN || behaviour == BLACK_HOLE) {
                        l->dead = true;
                        /* One that goes dark while it is being made costs the time for connecting. */
                        if (!l->ready)
                                clients_uncover(w, server);
                } else if (limited && l->ready)
                        later(w, i, s->rtt, EV_SETTINGS, FAILURE_NONE);
        }
}

static unsigned streams_of(const Server *s)
{
        return s->behaviour == NO_STREAMS ? 0 : s->behaviour == ONE_STREAM ? 1 : 100;
}

static void deliver_response(World *w, uint32_t connection, const Event *e)
{
        HttpResponse http = {
                .has_status = true,
                .status = e->status,
                .has_type = true,
                .type_ok = true,
                .has_retry_after = e->retry_after > 0,
                .retry_after = e->retry_after,
        };

        engine_response(w->engine, connection, e->exchange, &http, e->body ? packet_bytes(e->body) : BYTES(NULL, 0),
                        w->now);
}

/* ByteBuffer came on a connection that is up. */
static void receive(World *w, const Event *e, const SimConnection *l)
{
        uint32_t number = l->number;

        world_say(w, "event %d of exchange %x from %u", e->type, e->exchange, l->server);
        engine_received(w->engine, number, w->now);
        if (e->type == EV_SETTINGS)
                engine_max_streams(w->engine, number, streams_of(&w->servers[l->server]), w->now);
        else if (e->type == EV_GOAWAY)
                engine_goaway(w->engine, number, e->failure, w->now);
        else if (e->type == EV_FAILED)
                engine_exchange_failed(w->engine, number, e->exchange, e->failure, w->now);
        else if (e->type == EV_RESPONSE)
                deliver_response(w, number, e);
}

void servers_event(World *w, const Event *e)
{
        SimConnection *l = &w->connections[e->connection];
        uint32_t number = l->number;

        if (!number || l->generation != e->generation)
                return;
        if (l->dead || w->servers[l->server].behaviour == BLACK_HOLE || !w->online) {
                l->dead = true;
                return;
        }
        switch (e->type) {
        case EV_CLOSED:
                /* An idle close that is overtaken by a query does not happen. */
                if (e->failure == FAILURE_IDLE_CLOSED && w->now - l->used_at < USEC_PER_SEC)
                        return;
                l->number = 0;
                engine_closed(w->engine, number, e->failure, w->now);
                return;
        case EV_ESTABLISHED:
                engine_established(w->engine, number, w->now);
                return;
        case EV_READY:
                l->ready = true;
                engine_ready(w->engine, number, world_below(w, 2) ? HANDSHAKE_RESUMED : HANDSHAKE_FULL, w->now);
                later(w, e->connection, 100, EV_SETTINGS, FAILURE_NONE);
                return;
        default:
                receive(w, e, l);
        }
}
