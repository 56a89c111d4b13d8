/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Places for clients that wait (FAULTS.md C26, C27, R06): what one that floods gets, and what is left for others. The
 * engine, with an upstream that does not answer.
 */

#include <check.h>
#include <stdio.h>

#include "core/engine.h"
#include "core/query/client_quota.h"
#include "run.h"
#include "wire_builder.h"

#define SHARE (CLIENT_QUOTA_SLOTS / (CLIENT_QUOTA_SHARE + 1) + 1) /* of one that floods alone */

static const uint8_t seed[16] = "0123456789abcde"; /* the key of the quota's hash, too */
static Engine *e;
static uint64_t now = 1000 * USEC_PER_SEC;
static Wire w;
static unsigned serial, n_answers, n_refused;
static uint16_t ede;

static void start(void)
{
        static const char text[] = "[Upstream a]\nURL=https://a.test/q\nAddress=192.0.2.1\n";
        ConfigText t = { .name = "test", .text = text, .n = sizeof(text) - 1 };
        unsigned errors;
        Config *c = config_parse(&t, 1, NULL, NULL, &errors);

        e = engine_new(c, seed, now);
        config_unref(c);
        serial = n_answers = n_refused = 0;
}

static void stop(void)
{
        engine_free(e);
}

static void act(void)
{
        Action a;
        Message m;

        while (engine_next_action(e, &a)) {
                if (a.type != ACTION_ANSWER)
                        continue;
                n_answers++;
                ck_assert_int_eq(message_parse(&m, packet_bytes(a.answer.message)), MESSAGE_OK);
                if (message_rcode(&m) != RCODE_SERVFAIL)
                        continue;
                n_refused++;
                ede = m.edns.options.n >= 6 ? wire_read16(m.edns.options.p + 4) : UINT16_MAX;
        }
}

static void put_name(unsigned number)
{
        char label[8];

        wire_begin(&w, DNS_RD, TYPE_A);
        snprintf(label, sizeof(label), "%07u", number);
        /* in place of "example" */
        memcpy(w.data + 17, label, 7);
        wire_opt(&w, 1232, 0, "", 0);
}

/* A question for a name that nobody asked before; true if it waits for its answer. */
static bool ask(unsigned client)
{
        Client c = { .test.number = client };
        unsigned before = n_answers;

        put_name(serial++);
        ck_assert(engine_query(e, &c, TRANSPORT_UDP, wire_bytes(&w), now));
        act();
        return n_answers == before;
}

/* As many as are let. */
static unsigned flood(unsigned client)
{
        unsigned n = 0;

        while (ask(client))
                n++;
        return n;
}

static void pass(uint64_t usec)
{
        for (uint64_t end = now + usec; now < end;) {
                now = MIN(end, engine_next_time(e));
                engine_run(e, now);
                act();
        }
}

/* There are fewer counts than sources there may be. */
static bool shares_the_count_of(unsigned a, unsigned b)
{
        Client one = { .test.number = a }, other = { .test.number = b };

        return client_quota_source(seed, &one) == client_quota_source(seed, &other);
}

START_TEST(C27_one_that_floods_gets_its_share_and_others_find_places)
{
        ck_assert_uint_le(flood(1), SHARE);
        ck_assert_uint_ge(engine_waiting(e), SHARE - 1);
        ck_assert_uint_eq(ede, EDE_OTHER);
        for (unsigned i = 2; i < 2000; i++)
                if (!shares_the_count_of(1, i))
                        ck_assert_msg(ask(i), "client %u found no place", i);
}
END_TEST

START_TEST(C27_however_many_flood_a_newcomer_finds_a_place)
{
        for (unsigned i = 1; i <= 20; i++) {
                unsigned free = (unsigned) (CLIENT_QUOTA_SLOTS - engine_waiting(e)), n = flood(i);

                ck_assert_uint_le(n, free / (CLIENT_QUOTA_SHARE + 1) + 1);
                ck_assert_uint_ge(n + 3, free / (CLIENT_QUOTA_SHARE + 1));
                ck_assert(ask(1000 + i));
                ck_assert(ask(1000 + i));
        }
        ck_assert_uint_lt(engine_waiting(e), CLIENT_QUOTA_SLOTS);
}
END_TEST

START_TEST(R06_all_places_taken_is_servfail_at_once_and_the_places_come_back)
{
        unsigned waiting;

        for (unsigned i = 0; i < 9000; i++)
                ask(1 + i);
        waiting = (unsigned) engine_waiting(e);
        ck_assert_uint_le(waiting, CLIENT_QUOTA_SLOTS);
        ck_assert_msg(waiting > CLIENT_QUOTA_SLOTS - 100, "only %u found places", waiting);
        ck_assert_uint_eq(n_refused, 9000 - waiting);
        pass(5 * USEC_PER_SEC);
        ck_assert_uint_eq(engine_waiting(e), 0);
        ck_assert_uint_eq(n_answers, 9000);
        ck_assert_uint_eq(flood(1), SHARE);
}
END_TEST

START_TEST(R06_who_finds_no_place_has_answers_from_the_cache_still)
{
        HttpResponse http = { .has_status = true, .status = 200, .has_type = true, .type_ok = true };
        Client c = { .test.number = 1 };
        uint32_t connection = 0, exchange = 0;
        Action a;

        put_name(0);
        engine_query(e, &c, TRANSPORT_UDP, wire_bytes(&w), now);
        while (engine_next_action(e, &a)) {
                if (a.type == ACTION_CONNECT) {
                        connection = a.connection;
                        engine_ready(e, connection, false, now);
                } else if (a.type == ACTION_SEND)
                        exchange = a.exchange;
        }
        wire_begin(&w, DNS_QR | DNS_RD, TYPE_A);
        memcpy(w.data + 17, "0000000", 7);
        wire_write16(w.data, 0);
        wire_a(&w, 300);
        engine_response(e, connection, exchange, &http, wire_bytes(&w), now);
        act();
        ck_assert_uint_eq(n_answers, 1);
        serial = 1;
        flood(1);
        ck_assert_uint_eq(n_refused, 1);
        serial = 0;
        ck_assert(!ask(1));
        ck_assert_uint_eq(n_refused, 1);
}
END_TEST

START_TEST(C26_one_address_and_port_is_one_source_however_it_asks)
{
        Client one = { .kind = CLIENT_UDP, .listener = 1, .udp = { .port = 4242, .address = { 127, 0, 0, 1 } } };
        Client other = one;

        other.listener = 2;
        other.udp.local[3] = 53;
        other.udp.interface = 1;
        ck_assert_uint_eq(client_quota_source(seed, &one), client_quota_source(seed, &other));
        other.udp.port++;
        ck_assert_uint_ne(client_quota_source(seed, &one), client_quota_source(seed, &other));
}
END_TEST

int main(void)
{
        Suite *s = suite_create("fair");
        TCase *c = tcase_create("places");

        tcase_add_checked_fixture(c, start, stop);
        tcase_set_timeout(c, 60);
        tcase_add_test(c, C27_one_that_floods_gets_its_share_and_others_find_places);
        tcase_add_test(c, C27_however_many_flood_a_newcomer_finds_a_place);
        tcase_add_test(c, R06_all_places_taken_is_servfail_at_once_and_the_places_come_back);
        tcase_add_test(c, R06_who_finds_no_place_has_answers_from_the_cache_still);
        tcase_add_test(c, C26_one_address_and_port_is_one_source_however_it_asks);
        suite_add_tcase(s, c);
        return run_suite(s);
}
