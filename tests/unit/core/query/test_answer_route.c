/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is told with each answer: where it comes from, and how long it took. */

#include "config/linked.h"
#include "played.h"
#include "run.h"

#define TWO_WITHOUT_CACHE UPSTREAM_A UPSTREAM_B NO_CACHE

static LinkTable *links;

static void setup(void)
{
        links = link_table_new();
}

static void teardown(void)
{
        played_stop();
        links = link_table_free(links);
}

#define expect_route(want_origin, want_server, want_took)                       \
        do {                                                                    \
                ck_assert_ptr_nonnull(answer);                                  \
                ck_assert_int_eq(route.origin, (want_origin));                  \
                ck_assert_str_eq(engine_server_name(e, &route), (want_server)); \
                ck_assert_uint_eq(route.took, (want_took));                     \
        } while (0)

START_TEST(an_upstream_and_then_the_cache)
{
        played_start(UPSTREAM_A);
        ask_name("www.example.com");
        now += 7 * MSEC;
        respond_address();
        expect_route(ORIGIN_UPSTREAM, "a", 7 * MSEC);
        now += SEC;
        ask_name("www.example.com");
        expect_route(ORIGIN_CACHE, "", 0);
}
END_TEST

START_TEST(of_several_upstreams_the_one_that_answered)
{
        UpstreamInfo info;

        played_start(TWO_WITHOUT_CACHE);
        ask_name("www.example.com");
        wire_begin(&w, DNS_QR | DNS_RA | RCODE_REFUSED, TYPE_A);
        ck_assert_msg(!say(), "a refusal is delivered although there is another upstream");
        ck_assert_uint_eq(n_sends, 2);
        respond_address();
        ck_assert(engine_upstream(e, 0, &info));
        expect_route(ORIGIN_UPSTREAM, sends[1].upstream == info.number ? "a" : "b", 0);
}
END_TEST

START_TEST(each_client_has_waited_for_its_own_time)
{
        played_start(UPSTREAM_A);
        wire_begin(&w, DNS_RD, TYPE_A);
        ask_as(1, TRANSPORT_UDP);
        now += 30 * MSEC;
        wire_begin(&w, DNS_RD, TYPE_A);
        ask_as(2, TRANSPORT_UDP);
        now += 5 * MSEC;
        wire_begin(&w, DNS_QR | DNS_RA, TYPE_A);
        say();
        ck_assert_uint_eq(n_answers, 2);
        expect_route(ORIGIN_UPSTREAM, "a", 5 * MSEC);
}
END_TEST

START_TEST(local_names_and_errors_of_our_own_have_no_server)
{
        played_start(UPSTREAM_A);
        ask_name("localhost");
        expect_route(ORIGIN_LOCAL, "", 0);
        ask_type(TYPE_AXFR);
        expect_route(ORIGIN_NONE, "", 0);
        ask_name("www.example.com");
        pass(5 * SEC);
        expect_route(ORIGIN_NONE, "", 4500 * MSEC);
}
END_TEST

START_TEST(forward_zones_are_named_whether_their_servers_answer_or_not)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_name("www.example.com");
        now += 2 * MSEC;
        do53_say_address(do53_last());
        expect_route(ORIGIN_FORWARD, "corp", 2 * MSEC);
        ask_name("ftp.example.com");
        pass(5 * SEC);
        expect_route(ORIGIN_NONE, "corp", 4500 * MSEC);
}
END_TEST

START_TEST(links_are_named_until_they_are_gone)
{
        played_start(UPSTREAM_A);
        linked_push(links, 3, "wg0", "10.0.0.1", "~example.com");
        ck_assert_int_eq(engine_set_links(e, links, now), 0);
        ask_name("www.example.com");
        do53_say_address(do53_last());
        expect_route(ORIGIN_LINK, "%wg0", 0);
        link_table_remove(links, 3);
        ck_assert_int_eq(engine_set_links(e, links, now), 0);
        expect_route(ORIGIN_LINK, "", 0);
}
END_TEST

START_TEST(a_server_that_the_clock_needs_is_no_other_forward_zone)
{
        played_start(UPSTREAM_A "[Forward corp]\nDomains=corp\nDNS=10.0.0.1\n");
        plays.refuses = FAILURE_CERTIFICATE_NOT_YET_VALID;
        ask_name("www.example.com");
        ck_assert(engine_set_clock_names(e, "www.example.com", "10.0.0.9", now));
        act();
        do53_say_address(do53_last());
        expect_route(ORIGIN_FORWARD, "clock-names", 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("answer_route");
        TCase *c = tcase_create("routes");

        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, an_upstream_and_then_the_cache);
        tcase_add_test(c, of_several_upstreams_the_one_that_answered);
        tcase_add_test(c, each_client_has_waited_for_its_own_time);
        tcase_add_test(c, local_names_and_errors_of_our_own_have_no_server);
        tcase_add_test(c, forward_zones_are_named_whether_their_servers_answer_or_not);
        tcase_add_test(c, links_are_named_until_they_are_gone);
        tcase_add_test(c, a_server_that_the_clock_needs_is_no_other_forward_zone);
        suite_add_tcase(s, c);
        return run_suite(s);
}
