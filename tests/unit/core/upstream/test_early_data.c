/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Early data: what the engine offers while a connection is being set up, and what it makes of the answers. Whether
 * anything is sent early is up to io and the upstream; tests/faults/real-servers has that, before nginx.
 */

#include "core/upstream/upstream.h"
#include "played.h"
#include "run.h"

static void established(void)
{
        engine_established(e, connects[n_connects - 1].connection, now);
        act();
}

static void ready_by(Handshake handshake)
{
        engine_ready(e, connects[n_connects - 1].connection, handshake, now);
        act();
}

static UpstreamInfo info(void)
{
        UpstreamInfo u;

        ck_assert(engine_upstream(e, 0, &u));
        return u;
}

START_TEST(queued_queries_are_offered_once_tcp_is_up_and_sent_once_tls_is)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        for (unsigned i = 0; i < 10; i++)
                ask_next();
        ck_assert_uint_eq(n_offers, 0);
        established();
        ck_assert_uint_eq(n_offers, 8);
        ck_assert_uint_eq(n_sends, 0);
        pass(50 * MSEC);
        ready_by(HANDSHAKE_EARLY);
        ck_assert_uint_eq(n_sends, 10);
        for (unsigned i = 0; i < 10; i++)
                respond_to(i, i + 1);
        ck_assert_uint_eq(n_answers, 10);
        ck_assert_uint_eq(n_servfails, 0);
}
END_TEST

START_TEST(nothing_is_offered_if_that_is_disabled)
{
        played_start_by_hand("[Resolver]\nEarlyData=no\n" NO_CACHE UPSTREAM_A);
        ask_next();
        established();
        ck_assert_uint_eq(n_offers, 0);
        ready_by(HANDSHAKE_RESUMED);
        ck_assert_uint_eq(n_sends, 1);
}
END_TEST

/* It was sent earlier than the engine knows: its answer, which may arrive with the end of the handshake, would make the
 * upstream look as if it were next door. */
START_TEST(an_answer_to_early_data_is_no_sample_of_the_rtt)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        ask_next();
        established();
        pass(50 * MSEC);
        ready_by(HANDSHAKE_EARLY);
        respond_to(0, 1);
        ck_assert_uint_eq(n_answers, 1);
        ck_assert_uint_eq(info().smoothed_rtt, 0);
        pass(1 * MSEC);
        ask_next();
        pass(30 * MSEC);
        respond_to(1, 2);
        ck_assert_uint_eq(info().smoothed_rtt, 30 * MSEC);
}
END_TEST

START_TEST(handshakes_with_early_data_are_counted_among_those_resumed)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        ask_next();
        established();
        ready_by(HANDSHAKE_EARLY);
        ck_assert_uint_eq(info().handshakes_full, 0);
        ck_assert_uint_eq(info().handshakes_resumed, 1);
        ck_assert_uint_eq(info().handshakes_early, 1);
        engine_reset_statistics(e);
        ck_assert_uint_eq(info().handshakes_early, 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("early data");
        TCase *c = tcase_create("early data");

        tcase_add_checked_fixture(c, NULL, played_stop);
        tcase_add_test(c, queued_queries_are_offered_once_tcp_is_up_and_sent_once_tls_is);
        tcase_add_test(c, nothing_is_offered_if_that_is_disabled);
        tcase_add_test(c, an_answer_to_early_data_is_no_sample_of_the_rtt);
        tcase_add_test(c, handshakes_with_early_data_are_counted_among_those_resumed);
        suite_add_tcase(s, c);
        return run_suite(s);
}
