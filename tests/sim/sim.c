/*
 * The engine's life, played from one seed: a fake clock, network, upstreams and clients, with suspends, roams, freezes, floods
 * and faults; after each step the invariants of FAULTS.md hold (I1-I7 as far as they are the engine's). Nothing here sleeps: an hour
 * of a laptop's life takes milliseconds.
 *
 * usage: sim [--seeds N] [--first SEED] [--verbose]     a failing seed is printed; `sim --first SEED --seeds 1 --verbose` replays it
 */

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/engine.h"
#include "core/message.h"
#include "core/upstream.h"

#define UPSTREAMS_MAX 3
#define CONNECTIONS_MAX 256
#define EVENTS_MAX 65536
#define QUERIES_MAX 20000
#define LIFE (3600 * USEC_PER_SEC)
#define SLACK (2 * USEC_PER_MSEC)

/* --- a world */

typedef enum Mood {                     /* of a server, or of the way to it */
        GOOD,
        REFUSING,
        BLACK_HOLE,                     /* nothing comes back, neither on old connections nor on new ones */
        FROZEN,                         /* connections that were open go dark, new ones work */
        STALLED_TLS,
        WRONG_CERTIFICATE,
        ERROR_500,
        OVERLOADED,                     /* 503 with Retry-After */
        REDIRECTING,
        GARBAGE,                        /* 200 with what is no answer */
        WRONG_ANSWER,
        GOING_AWAY,                     /* GOAWAY on whatever comes */
        RESETTING_STREAMS,
        REFUSING_STREAMS,
        DYING,                          /* connections are lost shortly after they are used */
        CLOSING_IDLE,                   /* FIN after some idle time */
        NO_STREAMS,
        ONE_STREAM,
        SWALLOWING,                     /* some requests are never answered, the connection lives */
        FAILING_HALF,                   /* a 500 for every second one */
        SLOW,
        _MOODS,
} Mood;

static const char *const mood_names[] = {
        "good", "refusing", "black hole", "frozen", "stalled TLS", "wrong certificate", "500", "503", "302", "garbage", "wrong answer",
        "GOAWAY", "RST_STREAM", "REFUSED_STREAM", "dying", "closing idle", "no streams", "one stream", "swallowing", "failing half",
        "slow",
};

typedef struct Server {
        Mood mood;
        uint64_t rtt;
        unsigned answered;
} Server;

typedef struct Link {
        uint32_t number;                /* the engine's; 0: free */
        unsigned upstream;
        bool ready;
        bool dead;                      /* open, but nothing passes */
        uint64_t used_at;
        uint32_t generation;
} Link;

typedef enum EventType { EV_ESTABLISHED, EV_READY, EV_CLOSED, EV_RESPONSE, EV_PONG, EV_SETTINGS, EV_GOAWAY, EV_FAILED, EV_QUERY, EV_MOOD,
                         EV_ROAM, EV_SUSPEND, EV_OFFLINE, EV_ONLINE, EV_FLOOD, EV_RELOAD } EventType;

typedef struct Event {
        uint64_t at;
        uint64_t order;                 /* of making: ties are broken by it, so that a seed replays */
        EventType type;
        unsigned link;
        uint32_t generation;
        uint32_t exchange;
        Fault fault;
        unsigned status;
        uint32_t retry_after;
        Buffer *body;
} Event;

typedef struct Asked {
        uint64_t at;
        uint64_t deadline;
        uint16_t id;
        uint32_t name;
        bool edns, stream, done;
        unsigned cover;                 /* upstreams that were in order and in use at each moment of its life so far */
} Asked;

typedef struct World {
        uint64_t seed, random, now, order;
        Engine *engine;
        Config *config;
        unsigned n_upstreams;
        bool online;
        Server servers[UPSTREAMS_MAX];
        uint32_t numbers[UPSTREAMS_MAX];
        Link links[CONNECTIONS_MAX];
        Event *events;
        size_t n_events;
        Asked *asked;
        size_t n_asked, n_open;
        size_t first_open;              /* all before it have their answer */
        HealthState states[UPSTREAMS_MAX];
        uint64_t connects, connects_since;
        uint64_t answered, failed, uncovered_failed, worst;
        bool quiet;                     /* no more queries */
} World;

static bool verbose;
static uint64_t total_answered, total_failed, total_worst;

static uint64_t draw(World *w)
{
        w->random ^= w->random >> 12;
        w->random ^= w->random << 25;
        w->random ^= w->random >> 27;
        return w->random * UINT64_C(0x2545f4914f6cdd1d) >> 11;
}

static uint64_t below(World *w, uint64_t n)
{
        return draw(w) % n;
}

static void say(const World *w, const char *format, ...) _printf_(2, 3);
static void say(const World *w, const char *format, ...)
{
        va_list ap;

        if (!verbose)
                return;
        printf("%12.6f ", (double) w->now / 1e6);
        va_start(ap, format);
        vprintf(format, ap);
        va_end(ap);
        putchar('\n');
}

static void violated(const World *w, const char *format, ...) _printf_(2, 3);
static void violated(const World *w, const char *format, ...)
{
        va_list ap;

        printf("seed %llu at %.6f s: ", (unsigned long long) w->seed, (double) w->now / 1e6);
        va_start(ap, format);
        vprintf(format, ap);
        va_end(ap);
        printf("\nreplay: sim --first %llu --seeds 1 --verbose\n", (unsigned long long) w->seed);
        exit(EXIT_FAILURE);
}

/* --- events: a heap by time, then order of making */

static bool before(const Event *a, const Event *b)
{
        return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static Event *schedule(World *w, uint64_t delay, EventType type)
{
        size_t i = w->n_events;
        Event e = { .at = w->now + delay, .order = w->order++, .type = type };

        if (i == EVENTS_MAX)
                violated(w, "more than %d events under way", EVENTS_MAX);
        w->n_events++;
        while (i > 0 && before(&e, &w->events[(i - 1) / 2])) {
                w->events[i] = w->events[(i - 1) / 2];
                i = (i - 1) / 2;
        }
        w->events[i] = e;
        return &w->events[i];
}

static Event next_event(World *w)
{
        Event first = w->events[0], last = w->events[--w->n_events];
        size_t i = 0;

        for (;;) {
                size_t child = 2 * i + 1;

                if (child >= w->n_events)
                        break;
                if (child + 1 < w->n_events && before(&w->events[child + 1], &w->events[child]))
                        child++;
                if (!before(&w->events[child], &last))
                        break;
                w->events[i] = w->events[child];
                i = child;
        }
        w->events[i] = last;
        return first;
}

/* --- messages */

static uint32_t address_of(uint32_t name)
{
        return 0x0a000000 | (name * 2654435761u >> 8);
}

static Buffer *make_query(uint32_t name, uint16_t id, bool edns)
{
        uint8_t b[64] = { 0 };
        size_t n = DNS_HEADER_SIZE;
        int k;

        wire_write16(b, id);
        wire_write16(b + 2, DNS_RD);
        wire_write16(b + 4, 1);
        k = snprintf((char *) b + n + 1, 16, "n%u", name);
        b[n] = (uint8_t) k;
        n += 1 + (size_t) k;
        memcpy(b + n, "\3sim\0\0\1\0\1", 9);
        n += 9;
        if (edns) {
                wire_write16(b + 10, 1);
                memcpy(b + n, "\0\0\x29\x10\0\0\0\0\0\0\0", 11);
                n += 11;
        }
        return buffer_copy(BYTES(b, n));
}

/* What a server makes of a query: its question back, and one address. */
static Buffer *make_answer(World *w, const Buffer *query, bool wrong)
{
        uint8_t b[512];
        Message m;
        size_t n;
        unsigned name = 0;

        if (message_parse(&m, buffer_bytes(query)) != MESSAGE_OK || m.question_end > sizeof(b) - 64)
                violated(w, "the engine sent a malformed query");
        if (m.id != 0)
                violated(w, "a query went upstream with an ID");
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
        wire_write32(b + n + 12, address_of(name));
        if (m.qtype == TYPE_NS)
                memcpy(b + n + 12, "\2ns\0", 4);
        return buffer_copy(BYTES(b, n + 16));
}

/* --- clients */

/* The upstreams that are GOOD, can be reached, and are not held to be failed, as a set. */
static unsigned in_order(const World *w)
{
        unsigned set = 0;
        UpstreamInfo u;

        for (unsigned i = 0; i < w->n_upstreams; i++)
                if (w->online && w->servers[i].mood == GOOD && engine_upstream(w->engine, i, &u) && health_usable(u.health))
                        set |= 1u << i;
        return set;
}

static void ask(World *w, uint32_t name)
{
        Asked *a;
        Client c = { 0 };
        _cleanup_(buffer_unrefp) Buffer *q = NULL;

        if (w->n_asked == QUERIES_MAX)
                return;
        a = &w->asked[w->n_asked];
        *a = (Asked) {
                .at = w->now,
                .deadline = w->now + w->config->query_timeout,
                .id = (uint16_t) draw(w),
                .name = name,
                .edns = below(w, 2),
                .stream = below(w, 8) == 0,
                .cover = in_order(w),
        };
        c.words[0] = w->n_asked++;
        w->n_open++;
        say(w, "query %llu for n%u", (unsigned long long) c.words[0], name);
        q = make_query(name, a->id, a->edns);
        if (!engine_query(w->engine, &c, a->stream, buffer_bytes(q), w->now))
                violated(w, "I1: a well-formed query was ignored");
}

static void take_answer(World *w, const Client *c, const Buffer *answer)
{
        Asked *a = &w->asked[c->words[0]];
        Message m;
        Record r;
        RecordWalk walk;

        if (a->done)
                violated(w, "I1: query %llu was answered twice", (unsigned long long) c->words[0]);
        a->done = true;
        w->n_open--;
        while (w->first_open < w->n_asked && w->asked[w->first_open].done)
                w->first_open++;
        if (w->now > a->deadline + SLACK)
                violated(w, "I2: query %llu was answered %.3f s after its deadline", (unsigned long long) c->words[0],
                         (double) (w->now - a->deadline) / 1e6);
        if (message_parse(&m, buffer_bytes(answer)) != MESSAGE_OK)
                violated(w, "I3: a client got a malformed answer");
        if (m.id != a->id || m.edns.present != a->edns)
                violated(w, "I3: a client got somebody else's answer");
        if (message_rcode(&m) == RCODE_SERVFAIL) {
                w->failed++;
                say(w, "query %llu failed after %.3f s", (unsigned long long) c->words[0], (double) (w->now - a->at) / 1e6);
                /* A queue that is full is the one excuse. */
                if (a->cover && engine_waiting(w->engine) < UPSTREAM_QUEUE_MAX / 2)
                        violated(w, "I5: query %llu failed though an upstream was good all the time", (unsigned long long) c->words[0]);
                return;
        }
        walk = RECORD_WALK(&m);
        if (!record_next(&walk, &r) || r.type != TYPE_A || r.rdata.n != 4 || wire_read32(r.rdata.p) != address_of(a->name))
                violated(w, "I3: a client got wrong data");
        w->answered++;
        w->worst = MAX(w->worst, w->now - a->at);
}

/* --- the network and the servers */

static unsigned find_link(World *w, uint32_t number)
{
        for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
                if (w->links[i].number == number)
                        return i;
        return CONNECTIONS_MAX;
}

static unsigned upstream_of(World *w, uint32_t number)
{
        for (unsigned i = 0; i < w->n_upstreams; i++)
                if (w->numbers[i] == number)
                        return i;
        violated(w, "an action names an upstream that is not there");
        return 0;
}

static void later(World *w, unsigned link, uint64_t delay, EventType type, Fault fault)
{
        Event *e = schedule(w, delay, type);

        e->link = link;
        e->generation = w->links[link].generation;
        e->fault = fault;
}

static void do_connect(World *w, const Action *a)
{
        unsigned u = upstream_of(w, a->upstream), i;
        Server *s = &w->servers[u];
        uint64_t rtt = s->rtt + below(w, s->rtt / 4 + 1);

        /* Without a route connect() fails at once and sends nothing: it may be asked as often as there are queries. */
        w->connects += w->online;
        for (i = 0; w->links[i].number; i++)
                if (i + 1 == CONNECTIONS_MAX)
                        violated(w, "I6: more than %d connections", CONNECTIONS_MAX);
        if (!w->online) {
                engine_closed(w->engine, a->connection, FAULT_NO_ROUTE, w->now);
                return;
        }
        w->links[i] = (Link) { .number = a->connection, .upstream = u, .generation = w->links[i].generation + 1 };
        say(w, "connect to %u for a %s (%s)", u, purpose_name(a->connect.purpose), mood_names[s->mood]);
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
        Event *e = schedule(w, delay, EV_RESPONSE);

        e->link = link;
        e->generation = w->links[link].generation;
        e->exchange = a->exchange;
        e->status = status;
        e->body = body;
        e->retry_after = status == 503 ? 1 + (uint32_t) below(w, 10) : 0;
}

static void fail_exchange(World *w, const Action *a, unsigned link, Fault f, uint64_t delay)
{
        Event *e = schedule(w, delay, EV_FAILED);

        e->link = link;
        e->generation = w->links[link].generation;
        e->exchange = a->exchange;
        e->fault = f;
}

static void do_send(World *w, const Action *a)
{
        unsigned i = find_link(w, a->connection);
        Server *s;
        uint64_t rtt, work;

        if (i == CONNECTIONS_MAX)
                violated(w, "something is sent on a connection that is not open");
        if (!w->links[i].ready)
                violated(w, "something is sent on a connection that is not ready");
        s = &w->servers[w->links[i].upstream];
        rtt = s->rtt + below(w, s->rtt / 4 + 1);
        work = below(w, 20) == 0 ? below(w, 800 * USEC_PER_MSEC) : below(w, 5 * USEC_PER_MSEC);
        w->links[i].used_at = w->now;
        say(w, "send exchange %x to %u on %x%s%s", a->exchange, w->links[i].upstream, a->connection, a->send.ping ? " with a PING" : "",
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
                if (below(w, 2))
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
                later(w, i, rtt / 2 + below(w, rtt), EV_CLOSED, FAULT_CONNECTION_LOST);
                break;
        case SWALLOWING:
                if (below(w, 3) == 0)
                        return;
                break;
        case FAILING_HALF:
                if (s->answered++ % 2) {
                        respond(w, a, i, 500, NULL, rtt);
                        return;
                }
                break;
        case SLOW:
                work += below(w, 5 * USEC_PER_SEC);
                break;
        case CLOSING_IDLE:
                later(w, i, rtt + work + (1 + below(w, 20)) * USEC_PER_SEC, EV_CLOSED, FAULT_IDLE_CLOSED);
                break;
        default:
                break;
        }
        respond(w, a, i, 200, make_answer(w, a->send.message, false), rtt + work);
}

static void do_ping(World *w, const Action *a)
{
        unsigned i = find_link(w, a->connection);
        const Server *s = &w->servers[w->links[i % CONNECTIONS_MAX].upstream];

        if (i == CONNECTIONS_MAX)
                violated(w, "a PING goes out on a connection that is not open");
        if (!w->links[i].dead && s->mood != BLACK_HOLE && w->online)
                later(w, i, s->rtt, EV_PONG, FAULT_NONE);
}

static void do_close(World *w, const Action *a)
{
        unsigned i = find_link(w, a->connection);

        if (i < CONNECTIONS_MAX)
                w->links[i].number = 0;
}

static void take_state(World *w, const Action *a)
{
        unsigned u = upstream_of(w, a->upstream);

        say(w, "upstream %u: %s -> %s (%s, %s)", u, health_state_name(a->state.from), health_state_name(a->state.to),
            fault_name(a->state.reason), purpose_name(a->state.purpose));
        if (a->state.from == HEALTH_FAILED && (a->state.to == HEALTH_HEALTHY || a->state.to == HEALTH_SUSPECT))
                violated(w, "upstream %u went from failed to %s without a trial", u, health_state_name(a->state.to));
        if ((a->state.to == HEALTH_SUSPECT || a->state.to == HEALTH_FAILED) && a->state.reason == FAULT_NONE)
                violated(w, "upstream %u is %s for no reason", u, health_state_name(a->state.to));
        w->states[u] = a->state.to;
}

static void carry_out(World *w)
{
        unsigned n = 0;
        Action a;

        while (engine_next_action(w->engine, &a)) {
                if (++n > 100000)
                        violated(w, "I6: one event made more than 100000 actions");
                switch (a.type) {
                case ACTION_ANSWER:
                        take_answer(w, &a.answer.client, a.answer.message);
                        break;
                case ACTION_CONNECT:
                        do_connect(w, &a);
                        break;
                case ACTION_SEND:
                        do_send(w, &a);
                        break;
                case ACTION_PING:
                        do_ping(w, &a);
                        break;
                case ACTION_CLOSE:
                        do_close(w, &a);
                        break;
                case ACTION_STATE:
                        take_state(w, &a);
                        break;
                default:
                        break;
                }
        }
}

/* --- what happens */

static void note_coverage(World *w)
{
        unsigned now = in_order(w);

        for (size_t i = w->first_open; i < w->n_asked; i++)
                if (!w->asked[i].done)
                        w->asked[i].cover &= now;
}

static void uncover(World *w, unsigned u)
{
        for (size_t i = w->first_open; i < w->n_asked; i++)
                w->asked[i].cover &= ~(1u << u);
}

static void set_mood(World *w, unsigned u, Mood mood)
{
        Mood before = w->servers[u].mood;

        say(w, "server %u is %s", u, mood_names[mood]);
        w->servers[u].mood = mood;
        if (mood == FROZEN || mood == BLACK_HOLE)
                for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
                        if (w->links[i].number && w->links[i].upstream == u) {
                                w->links[i].dead = true;
                                /* One that goes dark while it is being made costs the time for connecting. */
                                if (!w->links[i].ready)
                                        uncover(w, u);
                        }
        if (mood == FROZEN)
                w->servers[u].mood = GOOD;
        for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
                if (before == ONE_STREAM && w->links[i].number && w->links[i].upstream == u && w->links[i].ready)
                        later(w, i, w->servers[u].rtt, EV_SETTINGS, FAULT_NONE);
}

static void happen_to_link(World *w, const Event *e)
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
                engine_ready(w->engine, number, below(w, 2), w->now);
                later(w, e->link, 100, EV_SETTINGS, FAULT_NONE);
                return;
        }
        say(w, "event %d of exchange %x from %u", e->type, e->exchange, l->upstream);
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

static void suspend(World *w)
{
        uint64_t slept = (3 + below(w, 4 * 3600)) * USEC_PER_SEC;

        say(w, "suspend for %llu s", (unsigned long long) (slept / USEC_PER_SEC));
        if (below(w, 2)) {
                engine_sleep(w->engine, w->now);
                carry_out(w);
        }
        w->now += slept;
        for (size_t i = 0; i < w->n_events; i++)
                w->events[i].at += slept;
        for (size_t i = w->first_open; i < w->n_asked; i++) {
                if (w->asked[i].done)
                        continue;
                w->asked[i].at += slept;
                w->asked[i].deadline += slept;
        }
        if (below(w, 2))
                for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
                        w->links[i].dead = true;
        engine_resume(w->engine, slept, w->now);
}

static void happen(World *w, Event *e)
{
        switch (e->type) {
        case EV_QUERY:
                if (w->quiet)
                        break;
                ask(w, (uint32_t) (below(w, 4) ? w->n_asked : below(w, 50)));
                schedule(w, below(w, 50) == 0 ? below(w, 60 * USEC_PER_SEC) : below(w, 2 * USEC_PER_SEC), EV_QUERY);
                break;
        case EV_FLOOD:
                if (w->quiet)
                        break;
                say(w, "flood");
                for (uint64_t i = 100 + below(w, 900); i > 0; i--)
                        ask(w, (uint32_t) (100000 + w->n_asked));
                break;
        case EV_MOOD:
                set_mood(w, (unsigned) below(w, w->n_upstreams), w->quiet || below(w, 3) == 0 ? GOOD : (Mood) below(w, _MOODS));
                schedule(w, (1 + below(w, 60)) * USEC_PER_SEC, EV_MOOD);
                break;
        case EV_ROAM:
                say(w, "roam");
                if (below(w, 2))
                        for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
                                w->links[i].dead = true;
                engine_network_changed(w->engine, true, w->now);
                schedule(w, (60 + below(w, 600)) * USEC_PER_SEC, EV_ROAM);
                break;
        case EV_SUSPEND:
                suspend(w);
                schedule(w, (60 + below(w, 1200)) * USEC_PER_SEC, EV_SUSPEND);
                break;
        case EV_OFFLINE:
                say(w, "offline");
                w->online = false;
                if (below(w, 2))
                        engine_network_changed(w->engine, false, w->now);
                schedule(w, (1 + below(w, 30)) * USEC_PER_SEC, EV_ONLINE);
                break;
        case EV_ONLINE:
                say(w, "online");
                w->online = true;
                engine_network_changed(w->engine, true, w->now);
                schedule(w, (60 + below(w, 1200)) * USEC_PER_SEC, EV_OFFLINE);
                break;
        case EV_RELOAD:
                if (engine_reload(w->engine, w->config, w->now) < 0)
                        violated(w, "reload failed");
                break;
        default:
                happen_to_link(w, e);
                break;
        }
        buffer_unref(e->body);
}

/* --- a life */

static Config *make_config(World *w)
{
        static const char *const hedges[] = { "on-suspect", "always", "no" };
        char text[2048];
        unsigned errors;
        ConfigText t = { .name = "sim", .text = text };
        int n;

        n = snprintf(text, sizeof(text), "[Resolver]\nHedge=%s\nPolicy=%s\n[Cache]\nEnable=%s\n[Health]\nMode=%s\nIdleMaxSec=%u\n",
                     hedges[below(w, 3)], below(w, 2) ? "ordered" : "fastest", below(w, 2) ? "yes" : "no",
                     below(w, 4) ? "lazy" : "active", (unsigned) below(w, 90));
        for (unsigned i = 0; i < w->n_upstreams; i++)
                n += snprintf(text + n, sizeof(text) - (size_t) n, "[Upstream u%u]\nURL=https://u%u.test/dns-query\nAddress=192.0.2.%u%s\n", i, i,
                              i + 1, below(w, 2) ? " 2001:db8::1" : "");
        t.n = (size_t) n;
        return config_parse(&t, 1, NULL, NULL, &errors);
}

static void check_invariants(World *w)
{
        unsigned trials = 0;

        for (unsigned i = 0; i < w->n_upstreams; i++) {
                UpstreamInfo u;

                if (!engine_upstream(w->engine, i, &u))
                        violated(w, "upstream %u is gone", i);
                trials += u.health->state == HEALTH_TRIAL;
                if (u.health->state == HEALTH_FAILED && u.health->retry_at > w->now + 360 * USEC_PER_SEC)
                        violated(w, "upstream %u would be tried again in more than 360 s", i);
                if (u.connections > 8)
                        violated(w, "I6: %u connections to upstream %u", u.connections, i);
        }
        if (trials > 1)
                violated(w, "%u trials at once", trials);
        if (w->now - w->connects_since > 10 * USEC_PER_SEC) {
                w->connects = 0;
                w->connects_since = w->now;
        }
        if (w->connects > 400)
                violated(w, "I6: %llu connection attempts within 10 s", (unsigned long long) w->connects);
}

static void check_end(World *w)
{
        EngineObjects o;
        bool active = w->config->health == MODE_ACTIVE;

        engine_objects(w->engine, &o);
        if (w->n_open)
                violated(w, "I1: %zu queries were never answered", w->n_open);
        if (o.queries || o.waiters || o.actions || (!active && (o.exchanges || o.connections)))
                violated(w, "I4: left over: %zu queries, %zu waiters, %zu exchanges, %zu connections, %zu actions", o.queries, o.waiters,
                         o.exchanges, o.connections, o.actions);
        if (!active && engine_next_time(w->engine) != USEC_NEVER)
                violated(w, "idle, yet a timer is set for %.3f s from now", (double) (engine_next_time(w->engine) - w->now) / 1e6);
}

static void step(World *w, uint64_t end)
{
        uint64_t timer = engine_next_time(w->engine);
        uint64_t event = w->n_events ? w->events[0].at : USEC_NEVER;

        if (MIN(timer, event) > end) {
                w->now = end;
                return;
        }
        if (timer <= event) {
                if (timer > w->now)
                        w->now = timer;
                note_coverage(w);
                engine_run(w->engine, w->now);
        } else {
                Event e = next_event(w);

                w->now = MAX(w->now, e.at);
                happen(w, &e);
                note_coverage(w);
        }
        carry_out(w);
        check_invariants(w);
}

static void live(uint64_t seed)
{
        World w = { .seed = seed, .random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1, .online = true };
        uint8_t secret[16];
        uint64_t end;

        w.now = w.connects_since = (1 + below(&w, 1000000)) * USEC_PER_SEC;
        w.events = calloc(EVENTS_MAX, sizeof(*w.events));
        w.asked = calloc(QUERIES_MAX, sizeof(*w.asked));
        w.n_upstreams = 1 + (unsigned) below(&w, UPSTREAMS_MAX);
        w.config = make_config(&w);
        for (size_t i = 0; i < sizeof(secret); i++)
                secret[i] = (uint8_t) draw(&w);
        w.engine = w.config ? engine_new(w.config, secret, w.now) : NULL;
        if (!w.events || !w.asked || !w.engine)
                violated(&w, "out of memory, or the configuration is wrong");
        for (unsigned i = 0; i < w.n_upstreams; i++) {
                UpstreamInfo u;

                engine_upstream(w.engine, i, &u);
                w.numbers[i] = u.number;
                w.servers[i] = (Server) { .mood = GOOD, .rtt = (1 + below(&w, 80)) * USEC_PER_MSEC };
        }
        schedule(&w, 0, EV_QUERY);
        schedule(&w, below(&w, 60 * USEC_PER_SEC), EV_MOOD);
        schedule(&w, below(&w, 600 * USEC_PER_SEC), EV_ROAM);
        schedule(&w, below(&w, 1200 * USEC_PER_SEC), EV_SUSPEND);
        schedule(&w, below(&w, 1200 * USEC_PER_SEC), EV_OFFLINE);
        schedule(&w, below(&w, LIFE / 4), EV_FLOOD);
        schedule(&w, below(&w, LIFE / 4), EV_RELOAD);
        for (end = w.now + LIFE / 4; w.now < end;)
                step(&w, end);
        w.quiet = true;
        for (end = w.now + 200 * USEC_PER_SEC; w.now < end;)
                step(&w, end);
        /* Nobody asks any more, and what the world does is over: the engine must come to rest. */
        while (w.n_events) {
                Event e = next_event(&w);

                buffer_unref(e.body);
        }
        for (end = w.now + 200 * USEC_PER_SEC; w.now < end;)
                step(&w, end);
        check_end(&w);
        say(&w, "answered %llu, failed %llu, slowest %.3f s", (unsigned long long) w.answered, (unsigned long long) w.failed,
            (double) w.worst / 1e6);
        total_answered += w.answered;
        total_failed += w.failed;
        total_worst = MAX(total_worst, w.worst);
        engine_free(w.engine);
        config_unref(w.config);
        free(w.events);
        free(w.asked);
}

int main(int argc, char *argv[])
{
        static const struct option options[] = {
                { "seeds", required_argument, NULL, 'n' },
                { "first", required_argument, NULL, 'f' },
                { "verbose", no_argument, NULL, 'v' },
                { NULL, 0, NULL, 0 },
        };
        const char *wanted = getenv("DOHMOUSE_SIM_SEEDS");
        uint64_t seeds = wanted ? strtoull(wanted, NULL, 10) : 2000, first = 1;
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                switch (c) {
                case 'n':
                        seeds = strtoull(optarg, NULL, 10);
                        break;
                case 'f':
                        first = strtoull(optarg, NULL, 10);
                        break;
                case 'v':
                        verbose = true;
                        break;
                default:
                        return 2;
                }
        for (uint64_t seed = first; seed < first + seeds; seed++)
                live(seed);
        printf("%llu lives: %llu queries answered, %llu failed where no upstream could answer, slowest answer %.3f s\n",
               (unsigned long long) seeds, (unsigned long long) total_answered, (unsigned long long) total_failed,
               (double) total_worst / 1e6);
        return 0;
}
