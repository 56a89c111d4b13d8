/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Forwarded: names of some domains go to Do53 servers, all others to the upstreams. The test plays servers, upstream
 * and clock.
 */

#include <check.h>
#include <stdio.h>

#include "core/engine.h"
#include "core/query/forward_zones.h"
#include "core/dns/reply.h"
#include "wire_builder.h"

#define UPSTREAM "[Upstream a]\nURL=https://a.test/q\nAddress=192.0.2.1\n"
#define CORP "[Forward corp]\nDomains=example.com corp\nDNS=10.0.0.1 10.0.0.2\n"
#define SEC USEC_PER_SEC

/* One question to a Do53 server, as io would have it. */
typedef struct Asked {
        uint32_t exchange;
        unsigned server; /* last octet of its address */
        Transport transport;
        bool closed;
        unsigned sent; /* how often */
        Packet *message;
} Asked;

static Engine *e;
static uint64_t now;
static Asked asked[64];
static size_t n_asked;
static uint32_t connection, exchange;
static unsigned upstream_asked; /* exchanges with the upstream */
static Packet *answers[8];
static size_t n_answers;
static Message got;
static Wire w;

static inline Config *parse(const char *text)
{
        ConfigText t = { .name = "test", .text = text, .n = strlen(text) };
        unsigned errors;
        Config *c = config_parse(&t, 1, NULL, NULL, &errors);

        ck_assert_uint_eq(errors, 0);
        return c;
}

static inline void begin(const char *text)
{
        Config *c = parse(text);

        now = 1000 * SEC;
        e = engine_new(c, (const uint8_t *) "0123456789abcdef", now);
        config_unref(c);
}

static inline void forget_answers(void)
{
        while (n_answers > 0)
                packet_unref(answers[--n_answers]);
}

static inline void stop(void)
{
        forget_answers();
        while (n_asked > 0)
                packet_unref(asked[--n_asked].message);
        e = engine_free(e);
        upstream_asked = 0;
}

static inline Asked *find(uint32_t number)
{
        for (size_t i = 0; i < n_asked; i++)
                if (asked[i].exchange == number && !asked[i].closed)
                        return &asked[i];
        return NULL;
}

static inline void act(void)
{
        Action a;
        Asked *x;

        while (engine_next_action(e, &a))
                switch (a.type) {
                case ACTION_ANSWER:
                        ck_assert_uint_lt(n_answers, ELEMENTS(answers));
                        answers[n_answers++] = packet_ref(a.answer.message);
                        ck_assert_int_eq(message_parse(&got, packet_bytes(a.answer.message)), MESSAGE_OK);
                        break;
                case ACTION_CONNECT:
                        connection = a.connection;
                        engine_established(e, connection, now);
                        engine_ready(e, connection, false, now);
                        break;
                case ACTION_SEND:
                        exchange = a.exchange;
                        upstream_asked++;
                        break;
                case ACTION_DO53_SEND:
                        x = find(a.exchange);
                        if (!x) {
                                ck_assert_uint_lt(n_asked, ELEMENTS(asked));
                                x = &asked[n_asked++];
                                *x = (Asked) { .exchange = a.exchange, .transport = a.do53.transport };
                                x->server = a.do53.server.octets[3];
                                ck_assert_uint_eq(a.do53.server.port, 53);
                        }
                        x->sent++;
                        packet_unref(x->message);
                        x->message = packet_ref(a.do53.message);
                        break;
                case ACTION_DO53_CANCEL:
                        x = find(a.exchange);
                        ck_assert_ptr_nonnull(x);
                        x->closed = true;
                        break;
                default:
                        break;
                }
}

/* A client asks for what is in `w`. */
static inline void ask_wire(void)
{
        static uint64_t serial;
        Client c = { .test.number = ++serial };

        ck_assert(engine_query(e, &c, TRANSPORT_UDP, wire_bytes(&w), now));
        act();
}

static inline void ask_name(const char *name)
{
        uint8_t wire_name[DNS_NAME_MAX];
        size_t n = name_from_text(name, wire_name);

        ck_assert_uint_gt(n, 0);
        wire_begin(&w, DNS_RD, TYPE_A);
        w.n = DNS_HEADER_SIZE;
        wire_put(&w, wire_name, n);
        wire_put16(&w, TYPE_A);
        wire_put16(&w, CLASS_IN);
        wire_opt(&w, 1232, 0, "", 0);
        ask_wire();
}

static inline void ask(void)
{
        wire_begin(&w, DNS_RD, TYPE_A);
        wire_opt(&w, 1232, 0, "", 0);
        ask_wire();
}

static inline Asked *last(void)
{
        ck_assert_uint_gt(n_asked, 0);
        return &asked[n_asked - 1];
}

static inline void run_to(uint64_t when)
{
        while (engine_next_time(e) <= when) {
                now = MAX(now, engine_next_time(e));
                engine_run(e, now);
                act();
        }
        now = when;
}

/* The server's answer, with ID 77, which io gave to the question. */
static inline void begin_answer(unsigned flags)
{
        wire_begin(&w, DNS_QR | DNS_RA | flags, TYPE_A);
        wire_write16(w.data, 77);
}

static inline void respond(const Asked *x)
{
        engine_do53_answer(e, x->exchange, 77, wire_bytes(&w), now);
        act();
}

static inline void respond_a(const Asked *x)
{
        begin_answer(0);
        wire_a(&w, 300);
        respond(x);
}

/* The upstream's answer: `w`. */
static inline void respond_upstream(void)
{
        HttpResponse http = { .has_status = true, .status = 200, .has_type = true, .type_ok = true };

        wire_write16(w.data, 0);
        engine_response(e, connection, exchange, &http, wire_bytes(&w), now);
        act();
}

static inline unsigned ede(void)
{
        ck_assert(got.edns.present && got.edns.options.n >= 6);
        ck_assert_uint_eq(wire_read16(got.edns.options.p), EDNS_OPTION_EDE);
        return wire_read16(got.edns.options.p + 4);
}

static inline void expect_servfail(unsigned code)
{
        ck_assert_msg(n_answers > 0, "no answer");
        ck_assert_uint_eq(message_rcode(&got), RCODE_SERVFAIL);
        ck_assert_uint_eq(ede(), code);
}
