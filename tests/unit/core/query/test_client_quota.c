/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Places for clients that wait (FAULTS.md C26, C27, R06): what one that floods gets, and what is left for others. The
 * engine, with an upstream that does not answer.
 */

#include "core/query/client_quota.h"

#include <stdio.h>
#include <string.h>

#include "played.h"
#include "run.h"

#define SHARE (CLIENT_QUOTA_SLOTS / (CLIENT_QUOTA_SHARE + 1) + 1) /* of one that floods alone */

static unsigned next; /* the number of a name that nobody asked for */

static void start(void)
{
        played_start_by_hand(UPSTREAM_A);
        next = 0;
}

/* A question for a name that nobody asked before; true if it waits for its answer. */
static bool waits(unsigned client)
{
        unsigned taken = n_queries;
        bool answered;

        put_number(next++);
        answered = ask_as(client, TRANSPORT_UDP);
        ck_assert_uint_eq(n_queries, taken + 1);
        return !answered;
}

/* As many as are let. */
static unsigned flood(unsigned client)
{
        unsigned n = 0;

        while (waits(client))
                n++;
        return n;
}

/* There are fewer counts than sources there may be. */
static bool shares_the_count_of(unsigned a, unsigned b)
{
        Client one = { .test.number = a }, other = { .test.number = b };

        return client_quota_source(played_seed, &one) == client_quota_source(played_seed, &other);
}

START_TEST(C27_a_client_that_floods_gets_its_share_and_others_are_served)
{
        ck_assert_uint_le(flood(1), SHARE);
        ck_assert_uint_ge(engine_waiting(e), SHARE - 1);
        ck_assert_uint_eq(extended_error(), EDE_OTHER);
        for (unsigned i = 2; i < 2000; i++)
                if (!shares_the_count_of(1, i))
                        ck_assert_msg(waits(i), "client %u found no place", i);
}
END_TEST

START_TEST(C27_however_many_clients_flood_a_new_one_is_served)
{
        for (unsigned i = 1; i <= 20; i++) {
                unsigned free = (unsigned) (CLIENT_QUOTA_SLOTS - engine_waiting(e)), n = flood(i);

                ck_assert_uint_le(n, free / (CLIENT_QUOTA_SHARE + 1) + 1);
                ck_assert_uint_ge(n + 3, free / (CLIENT_QUOTA_SHARE + 1));
                ck_assert(waits(1000 + i));
                ck_assert(waits(1000 + i));
        }
        ck_assert_uint_lt(engine_waiting(e), CLIENT_QUOTA_SLOTS);
}
END_TEST

START_TEST(R06_with_all_places_taken_queries_are_servfail_until_places_are_free_again)
{
        unsigned waiting;

        for (unsigned i = 0; i < 9000; i++)
                waits(1 + i);
        waiting = (unsigned) engine_waiting(e);
        ck_assert_uint_le(waiting, CLIENT_QUOTA_SLOTS);
        ck_assert_msg(waiting > CLIENT_QUOTA_SLOTS - 100, "only %u found places", waiting);
        ck_assert_uint_eq(n_servfails, 9000 - waiting);
        pass(5 * SEC);
        ck_assert_uint_eq(engine_waiting(e), 0);
        ck_assert_uint_eq(n_answers, 9000);
        ck_assert_uint_eq(flood(1), SHARE);
}
END_TEST

/* With a name of 255 octets. */
static bool waits_for_a_long_name(unsigned client)
{
        uint8_t name[DNS_NAME_MAX] = { 0 };

        for (unsigned at = 0; at + 1 < sizeof(name); at += 64) {
                name[at] = (uint8_t) MIN(63u, (unsigned) sizeof(name) - at - 2);
                memset(name + at + 1, 'x', name[at]);
        }
        snprintf((char *) name + 1, 9, "%08u", next++);
        wire_question(&w, DNS_RD, name, sizeof(name), TYPE_A, CLASS_IN);
        return !ask_as(client, TRANSPORT_UDP);
}

START_TEST(R04_long_names_take_more_of_the_room_and_a_new_client_still_finds_a_place)
{
        size_t waiting;

        for (unsigned i = 1; i <= 20; i++)
                while (waits_for_a_long_name(i))
                        ;
        waiting = engine_waiting(e);
        ck_assert_msg(waiting > CLIENT_QUOTA_SLOTS / 2 && waiting < CLIENT_QUOTA_SLOTS * 9 / 10, "%zu found places",
                      waiting);
        ck_assert(waits(1000));
        pass(5 * SEC);
        ck_assert_uint_eq(engine_waiting(e), 0);
        ck_assert_uint_eq(flood(1), SHARE);
}
END_TEST

START_TEST(R06_a_client_over_its_share_still_gets_cached_answers)
{
        waits(1);
        ready(0);
        wire_begin(&w, DNS_QR | DNS_RD, TYPE_A);
        write_number(0);
        wire_a(&w, 300);
        respond(0);
        flood(1);
        ck_assert_uint_eq(n_servfails, 1);
        next = 0;
        ck_assert(!waits(1));
        ck_assert_uint_eq(n_servfails, 1);
}
END_TEST

START_TEST(C26_one_address_and_port_is_one_source_however_it_asks)
{
        Client one = { .kind = CLIENT_UDP, .listener = 1, .udp = { .port = 4242, .address = { 127, 0, 0, 1 } } };
        Client other = one;

        other.listener = 2;
        other.udp.local[3] = 53;
        other.udp.interface = 1;
        ck_assert_uint_eq(client_quota_source(played_seed, &one), client_quota_source(played_seed, &other));
        other.udp.port++;
        ck_assert_uint_ne(client_quota_source(played_seed, &one), client_quota_source(played_seed, &other));
}
END_TEST

int main(void)
{
        Suite *s = suite_create("client_quota");
        TCase *c = tcase_create("places");

        tcase_add_checked_fixture(c, start, played_stop);
        tcase_set_timeout(c, 60);
        tcase_add_test(c, C27_a_client_that_floods_gets_its_share_and_others_are_served);
        tcase_add_test(c, C27_however_many_clients_flood_a_new_one_is_served);
        tcase_add_test(c, R06_with_all_places_taken_queries_are_servfail_until_places_are_free_again);
        tcase_add_test(c, R04_long_names_take_more_of_the_room_and_a_new_client_still_finds_a_place);
        tcase_add_test(c, R06_a_client_over_its_share_still_gets_cached_answers);
        tcase_add_test(c, C26_one_address_and_port_is_one_source_however_it_asks);
        suite_add_tcase(s, c);
        return run_suite(s);
}
