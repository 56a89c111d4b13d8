/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * An engine with a clock and a network that the test owns: what it connects, sends, closes and answers is noted in
 * order, and the test plays the upstreams.
 */

#include <check.h>
#include <stdio.h>

#include "core/engine.h"
#include "wire_builder.h"

#define MSEC USEC_PER_MSEC
#define SEC USEC_PER_SEC

typedef struct Sent {
        uint32_t connection, exchange, upstream;
        bool ping;
        unsigned question; /* its number; of no use for a probe's own */
} Sent;

static Engine *e;
static uint64_t now;
static Config *config;
static struct {
        uint32_t connection, upstream;
        size_t address;
        Purpose purpose;
} connects[256];
static Sent sends[4096];
static uint32_t closes[256], pings[256];
static unsigned n_connects, n_sends, n_closes, n_pings, n_answers, n_servfails, asked;
static Packet *last_answer;
static struct {
        HealthState to;
        FailureReason reason;
} states[64]; /* changes to SUSPECT and FAILED, as they go to journal and bus */
static unsigned n_states;
static Wire w;

static inline void start(const char *resolver, const char *upstreams)
{
        char text[1024];
        ConfigText t = { .name = "test", .text = text };
        unsigned errors;

        t.n = (size_t) snprintf(text, sizeof(text), "[Resolver]\n%s\n[Cache]\nEnable=no\n%s", resolver, upstreams);
        config = config_parse(&t, 1, NULL, NULL, &errors);
        ck_assert_uint_eq(errors, 0);
        now = 1000 * SEC;
        e = engine_new(config, (const uint8_t *) "0123456789abcdef", now);
        n_connects = n_sends = n_closes = n_pings = n_answers = n_servfails = n_states = asked = 0;
}

#define ONE "[Upstream a]\nURL=https://a.test/q\nAddress=192.0.2.1\n"
#define TWO ONE "[Upstream b]\nURL=https://b.test/q\nAddress=192.0.2.2\n"

static inline void stop(void)
{
        engine_free(e);
        config_unref(config);
        last_answer = packet_unref(last_answer);
}

static inline void act(void)
{
        const uint8_t *q;
        Action a;

        while (engine_next_action(e, &a))
                switch (a.type) {
                case ACTION_ANSWER:
                        n_answers++;
                        packet_unref(last_answer);
                        last_answer = packet_ref(a.answer.message);
                        n_servfails += (a.answer.message->data[3] & 15) == RCODE_SERVFAIL;
                        break;
                case ACTION_CONNECT:
                        connects[n_connects].connection = a.connection;
                        connects[n_connects].upstream = a.upstream;
                        connects[n_connects].address = a.connect.address;
                        connects[n_connects++].purpose = a.connect.purpose;
                        break;
                case ACTION_SEND:
                        q = a.send.message->data;
                        sends[n_sends++] = (Sent) { a.connection, a.exchange, a.upstream, a.send.ping,
                                                    q[13] - 'a' + 26u * (q[14] - 'a') + 676u * (q[15] - 'a') };
                        break;
                case ACTION_CLOSE:
                        closes[n_closes++] = a.connection;
                        break;
                case ACTION_PING:
                        pings[n_pings++] = a.connection;
                        break;
                case ACTION_STATE:
                        if (a.state.to != HEALTH_SUSPECT && a.state.to != HEALTH_FAILED)
                                break;
                        states[n_states].to = a.state.to;
                        states[n_states++].reason = a.state.reason;
                        break;
                default:
                        break;
                }
}

/* One more question, for a name of its own, with EDNS. */
static inline void ask(void)
{
        Client c = { .test.number = ++asked };

        wire_begin(&w, DNS_RD, TYPE_A);
        w.data[13] = (uint8_t) ('a' + asked % 26);
        w.data[14] = (uint8_t) ('a' + asked / 26 % 26);
        w.data[15] = (uint8_t) ('a' + asked / 676 % 26);
        wire_opt(&w, 1232, 0, "", 0);
        engine_query(e, &c, TRANSPORT_UDP, wire_bytes(&w), now);
        act();
}

static inline void pass(uint64_t usec)
{
        uint64_t end = now + usec;

        while (engine_next_time(e) <= end) {
                now = MAX(now, engine_next_time(e));
                engine_run(e, now);
                act();
        }
        now = end;
}

static inline void ready(unsigned i)
{
        engine_established(e, connects[i].connection, now);
        engine_ready(e, connects[i].connection, false, now);
        act();
        engine_max_streams(e, connects[i].connection, 100, now);
        act();
}

/* The answer to what was sent as number `i`, with NOERROR and no records. */
static inline void respond(unsigned i, unsigned question)
{
        HttpResponse http = { .has_status = true, .status = 200, .has_type = true, .type_ok = true };

        wire_begin(&w, DNS_QR | DNS_RD, TYPE_A);
        w.data[13] = (uint8_t) ('a' + question % 26);
        w.data[14] = (uint8_t) ('a' + question / 26 % 26);
        w.data[15] = (uint8_t) ('a' + question / 676 % 26);
        wire_write16(w.data, 0);
        engine_received(e, sends[i].connection, now);
        act();
        engine_response(e, sends[i].connection, sends[i].exchange, &http, wire_bytes(&w), now);
        act();
}

/* A connection that works, one answer old. */
static inline void warm_up(void)
{
        ask();
        pass(10 * MSEC);
        ready(0);
        pass(10 * MSEC);
        respond(0, 1);
        ck_assert_uint_eq(n_answers, 1);
}

/* The last attempt to connect to the upstream configured as number `upstream` for this purpose; -1 if there is none. */
static inline int attempt(uint32_t upstream, Purpose purpose)
{
        for (int i = (int) n_connects - 1; i >= 0; i--)
                if (connects[i].upstream == connects[0].upstream + upstream && connects[i].purpose == purpose)
                        return i;
        return -1;
}

static inline void refuse(int attempt)
{
        ck_assert_int_ge(attempt, 0);
        engine_closed(e, connects[attempt].connection, FAILURE_REFUSED, now);
        act();
}

/* Number `i` has this status and no answer. */
static inline void answer_status(unsigned i, unsigned status, uint32_t retry_after)
{
        HttpResponse http = {
                .has_status = true, .status = status, .has_retry_after = retry_after > 0, .retry_after = retry_after
        };

        engine_received(e, sends[i].connection, now);
        engine_response(e, sends[i].connection, sends[i].exchange, &http, BYTES(NULL, 0), now);
        act();
}
