/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Split DNS together with the rest: the cache, other networks, suspends and reloads. */

#include "played.h"
#include "run.h"

START_TEST(clients_with_the_same_query_share_the_answer)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        ask_type(TYPE_A);
        ck_assert_uint_eq(n_do53, 1);
        ck_assert_uint_eq(do53[0].sent, 1);
        do53_say_address(do53_last());
        ck_assert_uint_eq(n_answers, 2);
}
END_TEST

START_TEST(forwarded_answers_are_cached_until_the_network_changes)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        do53_say_address(do53_last());
        ask_type(TYPE_A);
        ck_assert_uint_eq(n_do53, 1);
        ck_assert_uint_eq(n_answers, 2);
        engine_network_changed(e, true, now);
        act();
        ask_type(TYPE_A);
        ck_assert_msg(n_do53 == 2, "an answer of the network before is given");
}
END_TEST

START_TEST(RFC8767_a_stale_answer_precedes_servfail_unless_it_is_from_another_network)
{
        for (unsigned network = 0; network < 2; network++) {
                played_start(UPSTREAM_A FORWARD_CORP);
                ask_type(TYPE_A);
                do53_say_address(do53_last());
                now += 400 * SEC;
                if (network)
                        engine_network_changed(e, true, now);
                act();
                ask_type(TYPE_A);
                ck_assert_uint_eq(n_do53, 2);
                pass(4500 * MSEC);
                ck_assert_uint_eq(n_answers, 2);
                ck_assert_uint_eq(message_rcode(&got), network ? RCODE_SERVFAIL : RCODE_NOERROR);
                if (!network)
                        ck_assert_uint_eq(extended_error(), EDE_STALE);
        }
}
END_TEST

START_TEST(a_query_in_flight_is_sent_again_when_the_network_changes)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        pass(SEC);
        ck_assert_uint_eq(do53_last()->server, 2);
        engine_network_changed(e, true, now);
        act();
        ck_assert(do53[0].closed && do53[1].closed);
        ck_assert_uint_eq(n_do53, 3);
        ck_assert_msg(do53_last()->server == 1, "what another network did counts against the server");
        do53_say_address(do53_last());
        ck_assert_uint_eq(n_answers, 1);
}
END_TEST

START_TEST(after_a_network_change_the_first_server_is_queried_first_again)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        pass(SEC);
        do53_say_address(do53_last());
        ask_name("other.example.com");
        ck_assert_uint_eq(do53_last()->server, 2);
        do53_say_address(do53_last());
        engine_network_changed(e, true, now);
        act();
        ask_name("third.example.com");
        ck_assert_uint_eq(do53_last()->server, 1);
}
END_TEST

START_TEST(a_late_answer_from_another_network_is_not_cached)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        pass(4600 * MSEC);
        ck_assert_uint_eq(n_answers, 1);
        engine_network_changed(e, true, now);
        act();
        do53_say_address(&do53[0]);
        ask_type(TYPE_A);
        ck_assert_msg(n_answers == 1, "what the server of the network before said is told in this one");
}
END_TEST

START_TEST(a_refusal_from_another_network_is_not_delivered)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        do53_begin(RCODE_REFUSED);
        do53_say(do53_last());
        engine_network_changed(e, true, now);
        act();
        pass(4 * SEC);
        ck_assert_uint_eq(n_answers, 0);
        do53_say_address(do53_last());
        ck_assert_uint_eq(message_rcode(&got), RCODE_NOERROR);
}
END_TEST

START_TEST(a_suspend_leaves_a_query_the_time_it_had_left)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        now += 3600 * SEC;
        engine_resume(e, 3600 * SEC, now);
        engine_run(e, now);
        act();
        ck_assert_uint_eq(n_answers, 0);
        ck_assert(do53[0].closed);
        pass(4 * SEC);
        ck_assert_uint_eq(n_answers, 0);
        do53_say_address(do53_last());
        ck_assert_uint_eq(n_answers, 1);
}
END_TEST

START_TEST(a_reload_without_changes_keeps_queries_in_flight_and_cached_answers)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        played_reload(UPSTREAM_A FORWARD_CORP);
        ck_assert_uint_eq(n_do53, 1);
        ck_assert(!do53_last()->closed);
        do53_say_address(do53_last());
        ck_assert_uint_eq(n_answers, 1);
        played_reload(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        ck_assert_uint_eq(n_do53, 1);
}
END_TEST

START_TEST(a_reload_moves_queries_in_flight_and_the_cache_to_the_new_servers)
{
        played_start(UPSTREAM_A);
        ask_type(TYPE_A);
        ck_assert_uint_eq(n_sends, 1);
        played_reload(UPSTREAM_A FORWARD_CORP);
        ck_assert_uint_eq(n_do53, 1);
        wire_begin(&w, DNS_QR, TYPE_A);
        wire_a(&w, 300);
        say();
        ck_assert_msg(n_answers == 0, "the upstream's answer is taken for that of the domain's server");
        do53_say_address(do53_last());
        ck_assert_uint_eq(n_answers, 1);
        played_reload(UPSTREAM_A "[Forward corp]\nDomains=example.com\nDNS=10.0.0.9\n");
        ask_type(TYPE_A);
        ck_assert_uint_eq(n_do53, 2);
        ck_assert_uint_eq(do53_last()->server, 9);
        played_reload(UPSTREAM_A);
        ck_assert(do53_last()->closed);
        ck_assert_uint_eq(n_sends, 2);
        wire_begin(&w, DNS_QR, TYPE_A);
        wire_a(&w, 300);
        say();
        ck_assert_uint_eq(n_answers, 2);
}
END_TEST

START_TEST(a_refusal_is_not_delivered_once_the_name_goes_to_the_upstreams)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        do53_begin(RCODE_REFUSED);
        do53_say(do53_last());
        played_reload(UPSTREAM_A);
        ck_assert_uint_eq(n_sends, 1);
        pass(4500 * MSEC);
        expect_servfail(EDE_NO_REACHABLE_AUTHORITY);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("forward_change");
        TCase *c = tcase_create("forward");

        tcase_add_checked_fixture(c, NULL, played_stop);
        tcase_add_test(c, clients_with_the_same_query_share_the_answer);
        tcase_add_test(c, forwarded_answers_are_cached_until_the_network_changes);
        tcase_add_test(c, RFC8767_a_stale_answer_precedes_servfail_unless_it_is_from_another_network);
        tcase_add_test(c, a_query_in_flight_is_sent_again_when_the_network_changes);
        tcase_add_test(c, after_a_network_change_the_first_server_is_queried_first_again);
        tcase_add_test(c, a_late_answer_from_another_network_is_not_cached);
        tcase_add_test(c, a_refusal_from_another_network_is_not_delivered);
        tcase_add_test(c, a_suspend_leaves_a_query_the_time_it_had_left);
        tcase_add_test(c, a_reload_without_changes_keeps_queries_in_flight_and_cached_answers);
        tcase_add_test(c, a_reload_moves_queries_in_flight_and_the_cache_to_the_new_servers);
        tcase_add_test(c, a_refusal_is_not_delivered_once_the_name_goes_to_the_upstreams);
        suite_add_tcase(s, c);
        return run_suite(s);
}
