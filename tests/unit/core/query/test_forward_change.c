/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Split DNS together with the rest: the cache, other networks, suspends and reloads. */

#include "played.h"
#include "run.h"

START_TEST(who_asks_the_same_shares_the_answer)
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

START_TEST(answers_are_kept_until_the_network_changes)
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

START_TEST(RFC8767_a_stale_answer_comes_before_servfail_but_not_from_another_network)
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

START_TEST(a_question_in_flight_is_asked_anew_on_another_network)
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

START_TEST(on_another_network_the_first_server_is_asked_first_again)
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

START_TEST(what_is_late_from_another_network_is_not_kept)
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

START_TEST(what_a_server_of_another_network_refused_is_not_told)
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

START_TEST(after_a_suspend_there_is_as_much_time_as_before)
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

START_TEST(a_reload_that_changes_nothing_leaves_what_is_in_flight_and_in_the_cache)
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

START_TEST(a_reload_takes_what_is_in_flight_and_in_the_cache_to_where_it_belongs_now)
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

START_TEST(what_a_server_refused_is_not_told_when_the_name_is_an_upstreams)
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
        tcase_add_test(c, who_asks_the_same_shares_the_answer);
        tcase_add_test(c, answers_are_kept_until_the_network_changes);
        tcase_add_test(c, RFC8767_a_stale_answer_comes_before_servfail_but_not_from_another_network);
        tcase_add_test(c, a_question_in_flight_is_asked_anew_on_another_network);
        tcase_add_test(c, on_another_network_the_first_server_is_asked_first_again);
        tcase_add_test(c, what_is_late_from_another_network_is_not_kept);
        tcase_add_test(c, what_a_server_of_another_network_refused_is_not_told);
        tcase_add_test(c, after_a_suspend_there_is_as_much_time_as_before);
        tcase_add_test(c, a_reload_that_changes_nothing_leaves_what_is_in_flight_and_in_the_cache);
        tcase_add_test(c, a_reload_takes_what_is_in_flight_and_in_the_cache_to_where_it_belongs_now);
        tcase_add_test(c, what_a_server_refused_is_not_told_when_the_name_is_an_upstreams);
        suite_add_tcase(s, c);
        return run_suite(s);
}
