/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "played.h"

#include <stdio.h>

Engine *e;
uint64_t now;
Wire w;
Message got;
Packet *answer;
unsigned answers;
Packet *asked;
unsigned sends;
uint32_t connection, exchange;
bool unreachable;

static Config *config_of(const char *text)
{
        ConfigText t = { .name = "test", .text = text, .n = strlen(text) };
        unsigned errors;
        Config *c = config_parse(&t, 1, NULL, NULL, &errors);

        ck_assert_uint_eq(errors, 0);
        return c;
}

void played_start(const char *more)
{
        char text[1024];
        Config *c;

        /* Names of one label are as good as any to the upstream here. */
        snprintf(text, sizeof(text), "[Local]\nSingleLabel=no\n" UPSTREAM "%s", more);
        c = config_of(text);
        now = 1000 * USEC_PER_SEC;
        e = engine_new(c, (const uint8_t *) "0123456789abcdef", now);
        config_unref(c);
        answer = asked = NULL;
        answers = sends = 0;
        connection = 0;
        unreachable = false;
}

void played_reload(const char *text)
{
        Config *c = config_of(text);

        ck_assert_int_eq(engine_reload(e, c, now), 0);
        config_unref(c);
}

void played_stop(void)
{
        answer = packet_unref(answer);
        asked = packet_unref(asked);
        e = engine_free(e);
}

static void answer_probe(const Action *a)
{
        Packet *b = packet_copy(packet_bytes(a->send.message));

        wire_write16(b->data + 2, DNS_QR);
        engine_response(e, a->connection, a->exchange, &HTTP_OK, packet_bytes(b), now);
        packet_unref(b);
}

static bool is_of_the_root(Bytes wire)
{
        Message m;

        return message_parse(&m, wire) == MESSAGE_OK && m.qname.n == 1;
}

void act(void)
{
        Action a;

        while (engine_next_action(e, &a))
                switch (a.type) {
                case ACTION_ANSWER:
                        packet_unref(answer);
                        answer = packet_ref(a.answer.message);
                        answers++;
                        break;
                case ACTION_CONNECT:
                        if (unreachable) {
                                engine_closed(e, a.connection, FAILURE_NO_ROUTE, now);
                                break;
                        }
                        connection = a.connection;
                        engine_established(e, a.connection, now);
                        engine_ready(e, a.connection, false, now);
                        engine_max_streams(e, a.connection, 100, now);
                        break;
                case ACTION_SEND:
                        if (a.send.ping)
                                engine_received(e, a.connection, now);
                        /* A probe asks for the root, which clients may do, too. */
                        if (is_of_the_root(packet_bytes(a.send.message)) && !is_of_the_root(wire_bytes(&w))) {
                                answer_probe(&a);
                                break;
                        }
                        connection = a.connection;
                        exchange = a.exchange;
                        packet_unref(asked);
                        asked = packet_ref(a.send.message);
                        sends++;
                        break;
                case ACTION_PING:
                        engine_received(e, a.connection, now);
                        break;
                default:
                        break;
                }
}

static bool take(void)
{
        if (!answer)
                return false;
        ck_assert_int_eq(message_parse(&got, packet_bytes(answer)), MESSAGE_OK);
        return true;
}

bool ask_as(unsigned client, bool stream)
{
        Client c = { .test.number = client };

        answer = packet_unref(answer);
        asked = packet_unref(asked);
        engine_query(e, &c, stream ? TRANSPORT_TCP : TRANSPORT_UDP, wire_bytes(&w), now);
        act();
        return take();
}

bool ask(bool stream)
{
        return ask_as(1, stream);
}

bool say_by(const HttpResponse *http)
{
        wire_write16(w.data, 0);
        answer = packet_unref(answer);
        engine_response(e, connection, exchange, http, wire_bytes(&w), now);
        act();
        return take();
}

bool say(void)
{
        return say_by(&HTTP_OK);
}

void respond(uint32_t age)
{
        HttpResponse http = HTTP_OK;

        http.has_age = age > 0;
        http.age = age;
        ck_assert_msg(say_by(&http), "the client has no answer");
}

bool step(uint64_t until)
{
        if (engine_next_time(e) > until)
                return false;
        now = MAX(now, engine_next_time(e));
        engine_run(e, now);
        act();
        return true;
}

void pass(uint64_t usec)
{
        uint64_t until = now + usec;

        while (step(until))
                ;
        now = until;
        take();
}

void await(uint64_t usec)
{
        uint64_t until = now + usec;
        unsigned before = answers;

        while (answers == before && step(until))
                ;
        if (answers == before)
                now = until;
        take();
}

unsigned count_options(const Edns *edns, uint16_t code)
{
        unsigned n = 0;

        for (Bytes o = edns->options; o.n; o = BYTES(o.p + 4 + wire_read16(o.p + 2), o.n - 4 - wire_read16(o.p + 2)))
                n += wire_read16(o.p) == code;
        return n;
}
