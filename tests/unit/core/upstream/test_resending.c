/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a peer left out or did not take is sent again (RFC 9113 6.8, 8.7): how often, where, and what it costs the
 * upstream.
 */

#include "played.h"
#include "run.h"

static const Health *health_of(size_t i)
{
        UpstreamInfo u;

        ck_assert(engine_upstream(e, i, &u));
        return u.health;
}

START_TEST(H14_a_refused_stream_is_sent_again_on_the_same_connection_and_is_no_fault)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        ask_next();
        fail_sent(1, FAILURE_REFUSED_STREAM);
        ck_assert_uint_eq(n_sends, 3);
        ck_assert_uint_eq(sends[2].connection, connects[0].connection);
        ck_assert_uint_eq(health_of(0)->consecutive, 0);
        respond_to(2, 2);
        ck_assert_uint_eq(n_answers, 2);
        ck_assert_uint_eq(n_connects, 1);
}
END_TEST

START_TEST(H11_what_a_goaway_leaves_out_is_not_sent_again_when_nobody_waits)
{
        played_start_by_hand("[Resolver]\nQueryTimeoutSec=500ms\n" NO_CACHE UPSTREAM_A);
        warm_up();
        ask_next();
        for (unsigned i = 0; i < 6; i++) {
                pass(100 * MSEC);
                show_life(0);
        }
        ck_assert_uint_eq(n_servfails, 1);
        engine_goaway(e, connects[0].connection, FAILURE_GOAWAY, now);
        fail_sent(1, FAILURE_REFUSED_STREAM);
        pass(SEC);
        ck_assert_uint_eq(n_connects, 1);
        ck_assert_uint_eq(n_sends, 2);
}
END_TEST

START_TEST(H14_a_stream_refused_twice_on_a_connection_that_goes_on_is_sent_to_another_upstream)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
        warm_up();
        ask_next();
        fail_sent(1, FAILURE_REFUSED_STREAM);
        ck_assert_uint_eq(n_sends, 3);
        fail_sent(2, FAILURE_REFUSED_STREAM);
        ck_assert_uint_eq(n_sends, 3);
        ck_assert_uint_eq(n_connects, 2);
        ck_assert_uint_eq(connects[1].upstream, connects[0].upstream + 1);
}
END_TEST

/* A server that takes a few requests a connection leaves most of a burst out, several times. */
START_TEST(H11_what_a_goaway_leaves_out_is_sent_again_for_as_long_as_a_client_waits)
{
        static const FailureReason reasons[] = { FAILURE_REFUSED_STREAM, FAILURE_NOT_SENT };

        for (size_t r = 0; r < ELEMENTS(reasons); r++) {
                played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
                warm_up();
                ask_next();
                for (unsigned i = 0; i < 40; i++) {
                        unsigned victim = n_sends - 1;

                        ask_next();
                        respond_to(victim + 1, last_number);
                        engine_goaway(e, sends[victim].connection, FAILURE_GOAWAY, now);
                        fail_sent(victim, reasons[r]);
                        pass(10 * MSEC);
                        ck_assert_uint_eq(n_connects, i + 2);
                        ready(n_connects - 1);
                        ck_assert_uint_eq(n_sends, victim + 3);
                        ck_assert_uint_eq(sends[victim + 2].number, 2);
                        ck_assert_uint_eq(connects[n_connects - 1].upstream, connects[0].upstream);
                }
                respond_to(n_sends - 1, 2);
                ck_assert_uint_eq(n_answers, last_number);
                ck_assert_uint_eq(n_servfails, 0);
                ck_assert_uint_eq(health_of(0)->consecutive, 0);
        }
}
END_TEST

/* As nginx does: the GOAWAY comes before any answer. */
START_TEST(H11_a_burst_before_a_server_of_10_requests_a_connection_loses_none)
{
        unsigned done = 0;

        played_start_by_hand(NO_CACHE UPSTREAM_A);
        for (unsigned i = 0; i < 200; i++)
                ask_next();
        for (unsigned i = 0; i < 20; i++) {
                unsigned last;

                ck_assert_uint_eq(n_connects, i + 1);
                ready(i);
                last = n_sends;
                ck_assert_uint_ge(last - done, 10);
                engine_goaway(e, connects[i].connection, FAILURE_GOAWAY, now);
                for (unsigned k = done + 10; k < last; k++)
                        fail_sent(k, FAILURE_REFUSED_STREAM);
                pass(10 * MSEC);
                for (unsigned k = done; k < done + 10; k++)
                        respond_to(k, sends[k].number);
                done = last;
        }
        ck_assert_uint_eq(n_answers, 200);
        ck_assert_uint_eq(n_servfails, 0);
        ck_assert_uint_eq(health_of(0)->consecutive, 0);
}
END_TEST

START_TEST(H10_a_server_that_takes_nothing_on_any_connection_is_not_flooded_with_them)
{
        unsigned connected = 0;

        played_start_by_hand(NO_CACHE UPSTREAM_A);
        ask_next();
        for (unsigned i = 0; i < 440; i++) {
                for (; connected < n_connects; connected++) {
                        ready(connected);
                        if (n_sends == 0 || sends[n_sends - 1].connection != connects[connected].connection)
                                continue;
                        engine_goaway(e, connects[connected].connection, FAILURE_GOAWAY, now);
                        fail_sent(n_sends - 1, FAILURE_REFUSED_STREAM);
                }
                pass(10 * MSEC);
        }
        ck_assert_uint_ge(n_connects, 4);
        ck_assert_uint_le(n_connects, 16);
        pass(SEC);
        ck_assert_uint_eq(n_servfails, 1);
}
END_TEST

START_TEST(H10_after_a_goaway_open_exchanges_finish_and_the_next_query_uses_a_new_connection)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        ask_next();
        engine_goaway(e, connects[0].connection, FAILURE_GOAWAY, now);
        act();
        ck_assert_uint_eq(n_closes, 0);
        ck_assert_uint_eq(n_connects, 1);
        ask_next();
        ck_assert_uint_eq(n_connects, 2);
        respond_to(1, 2);
        ck_assert_uint_eq(closes[0], connects[0].connection);
        ready(1);
        respond_to(2, 3);
        ck_assert_uint_eq(n_answers, 3);
        ck_assert_uint_eq(health_of(0)->consecutive, 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("resending");
        TCase *c = tcase_create("resending");

        tcase_add_checked_fixture(c, NULL, played_stop);
        tcase_add_test(c, H14_a_refused_stream_is_sent_again_on_the_same_connection_and_is_no_fault);
        tcase_add_test(c, H11_what_a_goaway_leaves_out_is_not_sent_again_when_nobody_waits);
        tcase_add_test(c, H14_a_stream_refused_twice_on_a_connection_that_goes_on_is_sent_to_another_upstream);
        tcase_add_test(c, H11_what_a_goaway_leaves_out_is_sent_again_for_as_long_as_a_client_waits);
        tcase_add_test(c, H11_a_burst_before_a_server_of_10_requests_a_connection_loses_none);
        tcase_add_test(c, H10_a_server_that_takes_nothing_on_any_connection_is_not_flooded_with_them);
        tcase_add_test(c, H10_after_a_goaway_open_exchanges_finish_and_the_next_query_uses_a_new_connection);
        suite_add_tcase(s, c);
        return run_suite(s);
}
