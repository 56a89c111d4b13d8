#include "servers.h"

#include <string.h>

#include "clients.h"

static const char *const mood_names[] = {
        "good", "refusing", "black hole", "frozen", "stalled TLS", "wrong certificate", "500", "503", "302", "garbage", "wrong answer",
        "GOAWAY", "RST_STREAM", "REFUSED_STREAM", "dying", "closing idle", "no streams", "one stream", "swallowing", "failing half",
        "slow",
};

/* What a server makes of a query: its question back, and one address. */
static Buffer *make_answer(World *w, const Buffer *query, bool wrong)
{
        uint8_t b[512];
        Message m;
        size_t n;
        unsigned name = 0;

        if (message_parse(&m, buffer_bytes(query)) != MESSAGE_OK || m.question_end > sizeof(b) - 64)
                world_violated(w, "the engine sent a malformed query");
        if (m.id != 0)
                world_violated(w, "a query went upstream with an ID");
        n = m.question_end;
        memcpy(b, query->data, n);
        wire_write16(b + 2, DNS_QR | DNS_RD | DNS_RA);
        wire_write16(b + 4, 1);
        wire_write16(b + 6, 1);
        wire_write16(b + 8, 0);
        wire_write16(b + 10, 0);
        if (m.qname.n > 2)
                for (const uint8_t *p = m.qname.p + 2; p < m.qname.p + 1 + m.qname.p[0]; p++)
                        name = name * 10 + (unsigned) (*p - '0');
        if (wrong)
                b[DNS_HEADER_SIZE + 1] ^= 1;
        memcpy(b + n, m.qtype == TYPE_NS ? "\xc0\x0c\0\2\0\1\0\0\0\x3c\0\4" : "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4", 12);
        wire_write32(b + n + 12, clients_address_of(name));
        if (m.qtype == TYPE_NS)
                memcpy(b + n + 12, "\2ns\0", 4);
        return buffer_copy(BYTES(b, n + 16));
}

static unsigned find_link(World *w, uint32_t number)
{
        for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
                if (w->links[i].number == number)
                        return i;
        return CONNECTIONS_MAX;
}

unsigned servers_upstream(World *w, uint32_t number)
{
        for (unsigned i = 0; i < w->n_upstreams; i++)
                if (w->numbers[i] == number)
                        return i;
        world_violated(w, "an action names an upstream that is not there");
        return 0;
}

static void later(World *w, unsigned link, uint64_t delay, EventType type, Fault fault)
{
        Event *e = world_schedule(w, delay, type);

        e->link = link;
        e->generation = w->links[link].generation;
        e->fault = fault;
}

void servers_connect(World *w, const Action *a)
{
        unsigned u = servers_upstream(w, a->upstream), i;
        Server *s = &w->servers[u];
        uint64_t rtt = s->rtt + world_below(w, s->rtt / 4 + 1);

        /* Without a route connect() fails at once and sends nothing: it may be asked as often as there are queries. */
        w->connects += w->online;
        for (i = 0; w->links[i].number; i++)
                if (i + 1 == CONNECTIONS_MAX)
                        world_violated(w, "I6: more than %d connections", CONNECTIONS_MAX);
        if (!w->online) {
                engine_closed(w->engine, a->connection, FAULT_NO_ROUTE, w->now);
                return;
        }
        w->links[i] = (Link) { .number = a->connection, .upstream = u, .generation = w->links[i].generation + 1 };
        world_say(w, "connect to %u for a %s (%s)", u, purpose_name(a->connect.purpose), mood_names[s->mood]);
        if (s->mood == BLACK_HOLE)
                return;
        if (s->mood == REFUSING) {
                later(w, i, rtt, EV_CLOSED, FAULT_REFUSED);
                return;
        }
        later(w, i, rtt, EV_ESTABLISHED, FAULT_NONE);
        if (s->mood == STALLED_TLS)
                return;
        if (s->mood == WRONG_CERTIFICATE)
                later(w, i, 2 * rtt, EV_CLOSED, FAULT_CERTIFICATE_NAME);
        else
                later(w, i, 2 * rtt, EV_READY, FAULT_NONE);
}

static void respond(World *w, const Action *a, unsigned link, unsigned status, Buffer *body, uint64_t delay)
{
        Event *e = world_schedule(w, delay, EV_RESPONSE);

        e->link = link;
        e->generation = w->links[link].generation;
        e->exchange = a->exchange;
        e->status = status;
        e->body = body;
        e->retry_after = status == 503 ? 1 + (uint32_t) world_below(w, 10) : 0;
}

static void fail_exchange(World *w, const Action *a, unsigned link, Fault f, uint64_t delay)
{
        Event *e = world_schedule(w, delay, EV_FAILED);

        e->link = link;
        e->generation = w->links[link].generation;
        e->exchange = a->exchange;
        e->fault = f;
}

void servers_send(World *w, const Action *a)
{
        unsigned i = find_link(w, a->connection);
        Server *s;
        uint64_t rtt, work;

        if (i == CONNECTIONS_MAX)
                world_violated(w, "something is sent on a connection that is not open");
        if (!w->links[i].ready)
                world_violated(w, "something is sent on a connection that is not ready");
        s = &w->servers[w->links[i].upstream];
        rtt = s->rtt + world_below(w, s->rtt / 4 + 1);
        work = world_below(w, 20) == 0 ? world_below(w, 800 * USEC_PER_MSEC) : world_below(w, 5 * USEC_PER_MSEC);
        w->links[i].used_at = w->now;
        world_say(w, "send exchange %x to %u on %x%s%s", a->exchange, w->links[i].upstream, a->connection, a->send.ping ? " with a PING" : "",
            w->links[i].dead ? ", which is dead" : "");
        if (w->links[i].dead || s->mood == BLACK_HOLE || !w->online)
                return;
        if (a->send.ping)
                later(w, i, rtt, EV_PONG, FAULT_NONE);
        switch (s->mood) {
        case ERROR_500:
                respond(w, a, i, 500, NULL, rtt);
                return;
        case OVERLOADED:
                respond(w, a, i, 503, NULL, rtt);
                return;
        case REDIRECTING:
                respond(w, a, i, 302, NULL, rtt);
                return;
        case GARBAGE:
                respond(w, a, i, 200, buffer_copy(BYTES("this is no message", 18)), rtt);
                return;
        case WRONG_ANSWER:
                respond(w, a, i, 200, make_answer(w, a->send.message, true), rtt);
                return;
        case GOING_AWAY:
                if (world_below(w, 2))
                        fail_exchange(w, a, i, FAULT_REFUSED_STREAM, rtt);
                else
                        respond(w, a, i, 200, make_answer(w, a->send.message, false), rtt + work);
                later(w, i, rtt / 2, EV_GOAWAY, FAULT_GOAWAY);
                return;
        case RESETTING_STREAMS:
                fail_exchange(w, a, i, FAULT_STREAM_RESET, rtt);
                return;
        case REFUSING_STREAMS:
                fail_exchange(w, a, i, FAULT_REFUSED_STREAM, rtt);
                return;
        case DYING:
                later(w, i, rtt / 2 + world_below(w, rtt), EV_CLOSED, FAULT_CONNECTION_LOST);
                break;
        case SWALLOWING:
                if (world_below(w, 3) == 0)
                        return;
                break;
        case FAILING_HALF:
                if (s->answered++ % 2) {
                        respond(w, a, i, 500, NULL, rtt);
                        return;
                }
                break;
        case SLOW:
                work += world_below(w, 5 * USEC_PER_SEC);
                break;
        case CLOSING_IDLE:
                later(w, i, rtt + work + (1 + world_below(w, 20)) * USEC_PER_SEC, EV_CLOSED, FAULT_IDLE_CLOSED);
                break;
        default:
                break;
        }
        respond(w, a, i, 200, make_answer(w, a->send.message, false), rtt + work);
}

void servers_ping(World *w, const Action *a)
{
        unsigned i = find_link(w, a->connection);
        const Server *s = &w->servers[w->links[i % CONNECTIONS_MAX].upstream];

        if (i == CONNECTIONS_MAX)
                world_violated(w, "a PING goes out on a connection that is not open");
        if (!w->links[i].dead && s->mood != BLACK_HOLE && w->online)
                later(w, i, s->rtt, EV_PONG, FAULT_NONE);
}

void servers_close(World *w, const Action *a)
{
        unsigned i = find_link(w, a->connection);

        if (i < CONNECTIONS_MAX)
                w->links[i].number = 0;
}

void servers_set_mood(World *w, unsigned u, Mood mood)
{
        Mood before = w->servers[u].mood;

        world_say(w, "server %u is %s", u, mood_names[mood]);
        w->servers[u].mood = mood;
        if (mood == FROZEN || mood == BLACK_HOLE)
                for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
                        if (w->links[i].number && w->links[i].upstream == u) {
                                w->links[i].dead = true;
                                /* One that goes dark while it is being made costs the time for connecting. */
                                if (!w->links[i].ready)
                                        clients_uncover(w, u);
                        }
        if (mood == FROZEN)
                w->servers[u].mood = GOOD;
        for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
                if (before == ONE_STREAM && w->links[i].number && w->links[i].upstream == u && w->links[i].ready)
                        later(w, i, w->servers[u].rtt, EV_SETTINGS, FAULT_NONE);
}

void servers_event(World *w, const Event *e)
{
        Link *l = &w->links[e->link];
        Server *s = &w->servers[l->upstream];
        HttpResponse http = HTTP_RESPONSE_INIT;
        uint32_t number = l->number;

        if (!number || l->generation != e->generation)
                return;
        if (l->dead || s->mood == BLACK_HOLE || !w->online) {
                l->dead = true;
                return;
        }
        if (e->type == EV_CLOSED) {
                /* An idle close that is overtaken by a query does not happen. */
                if (e->fault == FAULT_IDLE_CLOSED && w->now - l->used_at < USEC_PER_SEC)
                        return;
                l->number = 0;
                engine_closed(w->engine, number, e->fault, w->now);
                return;
        }
        if (e->type == EV_ESTABLISHED) {
                engine_established(w->engine, number, w->now);
                return;
        }
        if (e->type == EV_READY) {
                l->ready = true;
                engine_ready(w->engine, number, world_below(w, 2), w->now);
                later(w, e->link, 100, EV_SETTINGS, FAULT_NONE);
                return;
        }
        world_say(w, "event %d of exchange %x from %u", e->type, e->exchange, l->upstream);
        engine_received(w->engine, number, w->now);
        if (e->type == EV_SETTINGS)
                engine_max_streams(w->engine, number, s->mood == NO_STREAMS ? 0 : s->mood == ONE_STREAM ? 1 : 100, w->now);
        else if (e->type == EV_GOAWAY)
                engine_goaway(w->engine, number, e->fault, w->now);
        else if (e->type == EV_FAILED)
                engine_exchange_failed(w->engine, number, e->exchange, e->fault, w->now);
        else if (e->type == EV_RESPONSE) {
                http.has_status = true;
                http.status = e->status;
                http.has_type = http.type_ok = true;
                http.has_retry_after = e->status == 503;
                http.retry_after = e->retry_after;
                engine_response(w->engine, number, e->exchange, &http, e->body ? buffer_bytes(e->body) : BYTES(NULL, 0), w->now);
        }
}
