#include "played.h"

#include <stdio.h>

Engine *e;
uint64_t now;
Wire w;
Message got;
Buffer *answer;
unsigned answers;
Buffer *asked;
unsigned sends;
uint32_t connection, exchange;

void played_start(const char *more)
{
        char text[1024];
        ConfigText t = { .name = "test", .text = text };
        unsigned errors;
        Config *c;

        /* Names of one label are as good as any to the upstream here. */
        t.n = (size_t) snprintf(text, sizeof(text), "[Local]\nSingleLabel=no\n[Upstream a]\nURL=https://a.test/q\nAddress=192.0.2.1\n%s", more);
        c = config_parse(&t, 1, NULL, NULL, &errors);
        ck_assert_uint_eq(errors, 0);
        now = 1000 * USEC_PER_SEC;
        e = engine_new(c, (const uint8_t *) "0123456789abcdef", now);
        config_unref(c);
        answer = asked = NULL;
        answers = sends = 0;
        connection = 0;
}

void played_stop(void)
{
        answer = buffer_unref(answer);
        asked = buffer_unref(asked);
        e = engine_free(e);
}

void act(void)
{
        Action a;

        while (engine_next_action(e, &a))
                switch (a.type) {
                case ACTION_ANSWER:
                        buffer_unref(answer);
                        answer = buffer_ref(a.answer.message);
                        answers++;
                        break;
                case ACTION_CONNECT:
                        engine_established(e, a.connection, now);
                        engine_ready(e, a.connection, false, now);
                        break;
                case ACTION_SEND:
                        connection = a.connection;
                        exchange = a.exchange;
                        buffer_unref(asked);
                        asked = buffer_ref(a.send.message);
                        sends++;
                        break;
                default:
                        break;
                }
}

static bool take(void)
{
        if (!answer)
                return false;
        ck_assert_int_eq(message_parse(&got, buffer_bytes(answer)), MESSAGE_OK);
        return true;
}

bool ask_as(unsigned client, bool stream)
{
        Client c = { { client } };

        answer = buffer_unref(answer);
        asked = buffer_unref(asked);
        engine_query(e, &c, stream, wire_bytes(&w), now);
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
        answer = buffer_unref(answer);
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

void pass(uint64_t usec)
{
        uint64_t until = now + usec;

        while (engine_next_time(e) <= until) {
                now = MAX(now, engine_next_time(e));
                engine_run(e, now);
                act();
        }
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
