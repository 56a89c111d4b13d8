/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Split DNS together with the rest: the cache, other networks, suspends and reloads. */

#include "forwarded.h"
#include "run.h"

/* --- together with the rest */

START_TEST(who_asks_the_same_shares_the_answer)
{
        begin(UPSTREAM CORP);
        ask();
        ask();
        ck_assert_uint_eq(n_asked, 1);
        ck_assert_uint_eq(asked[0].sent, 1);
        respond_a(last());
        ck_assert_uint_eq(n_answers, 2);
}
END_TEST

START_TEST(answers_are_kept_until_the_network_changes)
{
        begin(UPSTREAM CORP);
        ask();
        respond_a(last());
        ask();
        ck_assert_uint_eq(n_asked, 1);
        ck_assert_uint_eq(n_answers, 2);
        engine_network_changed(e, true, now);
        act();
        ask();
        ck_assert_msg(n_asked == 2, "an answer of the network before is given");
}
END_TEST

START_TEST(RFC8767_a_stale_answer_comes_before_servfail_but_not_from_another_network)
{
        for (unsigned network = 0; network < 2; network++) {
                begin(UPSTREAM CORP);
                ask();
                respond_a(last());
                forget_answers();
                now += 400 * SEC;
                if (network)
                        engine_network_changed(e, true, now);
                act();
                ask();
                ck_assert_uint_eq(n_asked, 2);
                run_to(now + 4500 * USEC_PER_MSEC);
                ck_assert_uint_eq(n_answers, 1);
                ck_assert_uint_eq(message_rcode(&got), network ? RCODE_SERVFAIL : RCODE_NOERROR);
                if (!network)
                        ck_assert_uint_eq(ede(), EDE_STALE);
                stop();
        }
}
END_TEST

START_TEST(a_question_in_flight_is_asked_anew_on_another_network)
{
        begin(UPSTREAM CORP);
        ask();
        run_to(now + SEC);
        ck_assert_uint_eq(last()->server, 2);
        engine_network_changed(e, true, now);
        act();
        ck_assert(asked[0].closed && asked[1].closed);
        ck_assert_uint_eq(n_asked, 3);
        ck_assert_msg(last()->server == 1, "what another network did counts against the server");
        respond_a(last());
        ck_assert_uint_eq(n_answers, 1);
}
END_TEST

START_TEST(on_another_network_the_first_server_is_asked_first_again)
{
        begin(UPSTREAM CORP);
        ask();
        run_to(now + SEC);
        respond_a(last());
        ask_name("other.example.com");
        ck_assert_uint_eq(last()->server, 2);
        respond_a(last());
        engine_network_changed(e, true, now);
        act();
        ask_name("third.example.com");
        ck_assert_uint_eq(last()->server, 1);
}
END_TEST

START_TEST(what_is_late_from_another_network_is_not_kept)
{
        begin(UPSTREAM CORP);
        ask();
        run_to(now + 4600 * USEC_PER_MSEC);
        ck_assert_uint_eq(n_answers, 1);
        engine_network_changed(e, true, now);
        act();
        respond_a(&asked[0]);
        ask();
        ck_assert_msg(n_answers == 1, "what the server of the network before said is told in this one");
}
END_TEST

START_TEST(what_a_server_of_another_network_refused_is_not_told)
{
        begin(UPSTREAM CORP);
        ask();
        begin_answer(RCODE_REFUSED);
        respond(last());
        engine_network_changed(e, true, now);
        act();
        run_to(now + 4 * SEC);
        ck_assert_uint_eq(n_answers, 0);
        respond_a(last());
        ck_assert_uint_eq(message_rcode(&got), RCODE_NOERROR);
}
END_TEST

START_TEST(after_a_suspend_there_is_as_much_time_as_before)
{
        begin(UPSTREAM CORP);
        ask();
        now += 3600 * SEC;
        engine_resume(e, 3600 * SEC, now);
        engine_run(e, now);
        act();
        ck_assert_uint_eq(n_answers, 0);
        ck_assert(asked[0].closed);
        run_to(now + 4 * SEC);
        ck_assert_uint_eq(n_answers, 0);
        respond_a(last());
        ck_assert_uint_eq(n_answers, 1);
}
END_TEST

static void reload(const char *text)
{
        Config *c = parse(text);

        ck_assert_int_eq(engine_reload(e, c, now), 0);
        config_unref(c);
        act();
}

START_TEST(a_reload_that_changes_nothing_leaves_what_is_in_flight_and_in_the_cache)
{
        begin(UPSTREAM CORP);
        ask();
        reload(UPSTREAM CORP);
        ck_assert_uint_eq(n_asked, 1);
        ck_assert(!last()->closed);
        respond_a(last());
        ck_assert_uint_eq(n_answers, 1);
        reload(UPSTREAM CORP);
        ask();
        ck_assert_uint_eq(n_asked, 1);
}
END_TEST

START_TEST(a_reload_takes_what_is_in_flight_and_in_the_cache_to_where_it_belongs_now)
{
        begin(UPSTREAM);
        ask();
        ck_assert_uint_eq(upstream_asked, 1);
        reload(UPSTREAM CORP);
        ck_assert_uint_eq(n_asked, 1);
        wire_begin(&w, DNS_QR, TYPE_A);
        wire_a(&w, 300);
        respond_upstream();
        ck_assert_msg(n_answers == 0, "the upstream's answer is taken for that of the domain's server");
        respond_a(last());
        ck_assert_uint_eq(n_answers, 1);
        reload(UPSTREAM "[Forward corp]\nDomains=example.com\nDNS=10.0.0.9\n");
        ask();
        ck_assert_uint_eq(n_asked, 2);
        ck_assert_uint_eq(last()->server, 9);
        reload(UPSTREAM);
        ck_assert(last()->closed);
        ck_assert_uint_eq(upstream_asked, 2);
        wire_begin(&w, DNS_QR, TYPE_A);
        wire_a(&w, 300);
        respond_upstream();
        ck_assert_uint_eq(n_answers, 2);
}
END_TEST

START_TEST(what_a_server_refused_is_not_told_when_the_name_is_an_upstreams)
{
        begin(UPSTREAM CORP);
        ask();
        begin_answer(RCODE_REFUSED);
        respond(last());
        reload(UPSTREAM);
        ck_assert_uint_eq(upstream_asked, 1);
        run_to(now + 4500 * USEC_PER_MSEC);
        expect_servfail(EDE_NO_REACHABLE_AUTHORITY);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("forward_change");
        TCase *c = tcase_create("forward");

        tcase_add_checked_fixture(c, NULL, stop);
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
