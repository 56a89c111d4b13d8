/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "played.h"

#include <stdio.h>
#include <string.h>

Engine *e;
const uint8_t played_seed[16] = "0123456789abcde";
uint64_t now;
Plays plays;
Wire w;
Message got;
AnswerRoute route;
Packet *answer, *asked;
unsigned n_queries, n_answers, n_servfails, n_addresses, last_number;
bool root_asked;
PlayedConnect connects[256];
PlayedSent sends[4096];
uint32_t closes[256], pings[256];
PlayedState states[256];
unsigned n_connects, n_offers, n_sends, n_closes, n_pings, n_states, n_do53;
PlayedDo53 do53[1024];
PlayedForwardState forward_states[64];
unsigned n_forward_states;
PlayedLook looks[64];
unsigned n_looks, n_openings;

/* Returns the index of a new entry. check allocates memory for each assertion that holds, which test_memory does not
 * have while act() runs: hence ck_abort_msg() here and below. */
#define NEXT(array, n) ((n) < ELEMENTS(array) ? (n)++ : (ck_abort_msg("there is no room in " #array), 0))

/* --- the engine */

Config *played_parse(const char *text)
{
        ConfigText t = { .name = "test", .text = text, .n = strlen(text) };
        unsigned errors;
        Config *c = config_parse(&t, 1, NULL, NULL, &errors);

        /* Like the daemon, which does not use a configuration with errors. */
        return errors ? config_unref(c) : c;
}

bool played_try_start(const char *text)
{
        Config *c = played_parse(text);

        played_stop();
        now = 1000 * SEC;
        plays = (Plays) { .connects = true, .pings = true, .probes = true };
        e = c ? engine_new(c, played_seed, now) : NULL;
        config_unref(c);
        return e;
}

void played_start(const char *text)
{
        ck_assert(played_try_start(text));
}

void played_start_plain(void)
{
        played_start(PLAIN);
}

void played_start_by_hand(const char *text)
{
        played_start(text);
        plays = (Plays) { 0 };
}

void played_reload(const char *text)
{
        Config *c = played_parse(text);

        ck_assert_ptr_nonnull(c);
        ck_assert_int_eq(engine_reload(e, c, now), 0);
        config_unref(c);
        act();
}

void played_stop(void)
{
        answer = packet_unref(answer);
        asked = packet_unref(asked);
        while (n_do53 > 0)
                packet_unref(do53[--n_do53].message);
        e = engine_free(e);
        n_queries = n_answers = n_servfails = n_addresses = last_number = 0;
        n_connects = n_offers = n_sends = n_closes = n_pings = n_states = n_forward_states = n_looks = n_openings = 0;
        root_asked = false;
}

EngineStats played_engine_stats(void)
{
        EngineStats s;

        engine_stats(e, &s);
        return s;
}

/* --- what it does */

/* A response with an address, whatever the question. */
static Bytes make_reply(Bytes question)
{
        static Wire reply;
        Message m;

        if (message_parse(&m, question) != MESSAGE_OK)
                ck_abort_msg("the engine sent a malformed message");
        reply.n = 0;
        wire_put(&reply, question.p, m.question_end);
        wire_write16(reply.data + 2, DNS_QR | DNS_RD | DNS_RA);
        memset(reply.data + 6, 0, 6);
        wire_a(&reply, 300);
        return wire_bytes(&reply);
}

static void on_answer(const Action *a)
{
        n_answers++;
        route = a->answer.route;
        answer = packet_unref(answer);
        if (!a->answer.message)
                return;
        answer = packet_ref(a->answer.message);
        if (message_parse(&got, packet_bytes(answer)) != MESSAGE_OK)
                ck_abort_msg("a client got a malformed message");
        n_servfails += message_rcode(&got) == RCODE_SERVFAIL;
        n_addresses += message_rcode(&got) == RCODE_NOERROR && got.ancount > 0;
}

static void on_connect(const Action *a)
{
        connects[NEXT(connects, n_connects)] =
                (PlayedConnect) { a->connection, a->upstream, a->connect.address, a->connect.purpose };
        if (plays.refuses != FAILURE_NONE) {
                engine_closed(e, a->connection, plays.refuses, now);
        } else if (plays.connects) {
                engine_established(e, a->connection, now);
                engine_ready(e, a->connection, false, now);
                engine_max_streams(e, a->connection, 100, now);
        }
}

static void on_send(const Action *a)
{
        Packet *packet = packet_ref(a->send.message); /* the action's own lives until the next call */
        Bytes message = packet_bytes(packet);
        PlayedSent s = { a->connection, a->exchange, a->upstream, a->send.ping, number_of(message) };
        /* Probes are queries for the root, but clients can send those, too. */
        bool probe = plays.probes && !root_asked && is_of_the_root(message);

        if (a->send.ping && plays.pings)
                engine_received(e, a->connection, now);
        if (!probe) {
                sends[NEXT(sends, n_sends)] = s;
                packet_unref(asked);
                asked = packet_ref(packet);
        }
        if (probe || plays.answers) {
                engine_received(e, a->connection, now);
                engine_response(e, a->connection, a->exchange, &HTTP_OK, make_reply(message), now);
        }
        packet_unref(packet);
}

static PlayedDo53 *do53_find(uint32_t number)
{
        for (unsigned i = 0; i < n_do53; i++)
                if (do53[i].exchange == number && !do53[i].closed)
                        return &do53[i];
        return NULL;
}

static void on_do53_send(const Action *a)
{
        PlayedDo53 *q = do53_find(a->exchange);

        if (!q) {
                q = &do53[NEXT(do53, n_do53)];
                *q = (PlayedDo53) { .exchange = a->exchange,
                                    .transport = a->do53.transport,
                                    .server = a->do53.server.octets[3] };
                if (a->do53.server.port != 53)
                        ck_abort_msg("a Do53 server has port %u", a->do53.server.port);
        }
        q->sent++;
        packet_unref(q->message);
        q->message = packet_ref(a->do53.message);
        if (plays.answers)
                engine_do53_answer(e, a->exchange, 0, make_reply(packet_bytes(q->message)), now);
}

static void on_do53_cancel(const Action *a)
{
        PlayedDo53 *q = do53_find(a->exchange);

        if (!q)
                ck_abort_msg("a Do53 exchange that is not there is cancelled");
        q->closed = true;
}

static void on_forward_state(const Action *a)
{
        PlayedForwardState *s = &forward_states[NEXT(forward_states, n_forward_states)];

        *s = (PlayedForwardState) { .to = a->forward.to,
                                    .reason = a->forward.reason,
                                    .server = a->forward.server.octets[3] };
        memcpy(s->name, a->forward.name, sizeof(s->name));
}

void act(void)
{
        Action a;

        while (engine_next_action(e, &a))
                switch (a.type) {
                case ACTION_ANSWER:
                        on_answer(&a);
                        break;
                case ACTION_CONNECT:
                        on_connect(&a);
                        break;
                case ACTION_OFFER:
                        n_offers++;
                        break;
                case ACTION_SEND:
                        on_send(&a);
                        break;
                case ACTION_CLOSE:
                        closes[NEXT(closes, n_closes)] = a.connection;
                        break;
                case ACTION_PING:
                        pings[NEXT(pings, n_pings)] = a.connection;
                        if (plays.pings)
                                engine_received(e, a.connection, now);
                        break;
                case ACTION_DO53_SEND:
                        on_do53_send(&a);
                        break;
                case ACTION_DO53_CANCEL:
                        on_do53_cancel(&a);
                        break;
                case ACTION_PORTAL_OPEN:
                        n_openings++;
                        break;
                case ACTION_PORTAL_LOOK:
                        looks[n_looks] = (PlayedLook) { .look = a.portal.look, .address = a.portal.address };
                        snprintf(looks[n_looks].host, sizeof(looks->host), "%s", a.portal.host);
                        snprintf(looks[NEXT(looks, n_looks)].target, sizeof(looks->target), "%s", a.portal.target);
                        break;
                case ACTION_STATE:
                        states[NEXT(states, n_states)] = (PlayedState) { a.state.to, a.state.reason };
                        break;
                case ACTION_FORWARD_STATE:
                        on_forward_state(&a);
                        break;
                default:
                        break;
                }
}

/* --- its clock */

bool step(uint64_t until)
{
        if (engine_next_time(e) > until)
                return false;
        now = MAX(now, engine_next_time(e));
        engine_run(e, now);
        act();
        return true;
}

/* Runs the engine up to `until`, or until `n`, if given, changes. */
static void run(uint64_t until, const unsigned *n)
{
        unsigned before = n ? *n : 0;

        while (!n || *n == before)
                if (!step(until)) {
                        now = until;
                        return;
                }
}

void pass(uint64_t usec)
{
        run(now + usec, NULL);
}

void pass_until_answered(uint64_t usec)
{
        run(now + usec, &n_answers);
}

void pass_until_asked(uint64_t usec)
{
        run(now + usec, &n_sends);
}
