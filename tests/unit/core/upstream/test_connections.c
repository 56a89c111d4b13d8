/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of HEALTH.md 4 for connections, and of hedging and selection, one by one: the engine with a clock and a
 * network that the test owns. tests/sim plays them all together.
 */

#include "core/upstream/selection.h"
#include "core/upstream/upstream.h"
#include "played.h"
#include "run.h"

START_TEST(T17_a_thousand_queries_at_a_cold_start_share_one_connection_attempt)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        for (unsigned i = 0; i < 1000; i++)
                ask_next();
        ck_assert_uint_eq(n_connects, 1);
        ready(0);
        ck_assert_msg(n_sends == 100, "the first flight is %u", n_sends);
        respond_to(0, 1);
        ck_assert_msg(n_sends == 101, "the rest follows as streams end: %u", n_sends);
        for (unsigned i = 1; i < 1000; i++)
                respond_to(i, i + 1);
        ck_assert_uint_eq(n_answers, 1000);
        ck_assert_uint_eq(n_servfails, 0);
}
END_TEST

START_TEST(after_a_long_idle_time_a_query_is_sent_with_a_ping_and_raced_if_it_gets_no_reply)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        pass(11 * SEC);
        ask_next();
        ck_assert_uint_eq(n_sends, 2);
        ck_assert(sends[1].ping);
        pass(199 * MSEC);
        ck_assert_uint_eq(n_connects, 1);
        pass(2 * MSEC);
        ck_assert_uint_eq(n_connects, 2);
        ck_assert_int_eq(connects[1].purpose, PURPOSE_RACE);
        ready(1);
        ck_assert_uint_eq(n_closes, 1);
        ck_assert_uint_eq(closes[0], connects[0].connection);
        ck_assert_uint_eq(sends[2].connection, connects[1].connection);
        respond_to(2, 2);
        ck_assert_uint_eq(n_answers, 2);
}
END_TEST

START_TEST(a_reply_to_the_ping_cancels_the_race)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        pass(11 * SEC);
        ask_next();
        pass(201 * MSEC);
        ck_assert_uint_eq(n_connects, 2);
        show_life(0);
        ck_assert_uint_eq(n_closes, 1);
        ck_assert_uint_eq(closes[0], connects[1].connection);
        respond_to(1, 2);
        ck_assert_uint_eq(n_answers, 2);
}
END_TEST

START_TEST(a_recently_used_connection_gets_no_ping)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        pass(9 * SEC);
        ask_next();
        ck_assert(!sends[1].ping);
}
END_TEST

START_TEST(T06_a_busy_connection_that_goes_silent_is_detected_despite_later_queries)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        for (unsigned i = 0; i < 39; i++) {
                ask_next();
                pass(10 * MSEC);
        }
        ck_assert_uint_eq(n_pings, 1);
        pass(20 * MSEC);
        ck_assert_uint_eq(n_connects, 2);
        ready(1);
        ck_assert_uint_eq(n_sends, 1 + 39 + 39);
}
END_TEST

START_TEST(a_slow_answer_on_a_live_path_is_waited_for)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
        warm_up();
        ask_next();
        for (unsigned i = 0; i < 9; i++) {
                pass(100 * MSEC);
                show_life(0);
        }
        ck_assert_uint_eq(n_connects, 1);
        respond_to(1, 2);
        ck_assert_uint_eq(n_answers, 2);
}
END_TEST

START_TEST(a_slow_query_is_not_sent_twice_on_a_live_connection)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
        warm_up();
        ask_next();
        for (unsigned i = 0; i < 10; i++) {
                pass(100 * MSEC);
                show_life(0);
        }
        ck_assert_uint_eq(n_connects, 2);
        lose(1, FAILURE_REFUSED);
        pass(100 * MSEC);
        for (unsigned i = 0; i < 20; i++) {
                pass(100 * MSEC);
                show_life(0);
        }
        ck_assert_uint_eq(n_sends, 2);
        respond_to(1, 2);
        ck_assert_uint_eq(n_answers, 2);
        ck_assert_uint_eq(n_servfails, 0);
}
END_TEST

/* Time passes in which the path to the upstream proves to be there. */
static void pass_alive(unsigned connect, unsigned tenths)
{
        while (tenths-- > 0) {
                pass(100 * MSEC);
                show_life(connect);
        }
}

START_TEST(a_slow_name_is_asked_once_on_a_live_connection)
{
        for (unsigned full = 0; full < 2; full++) {
                played_start_by_hand(NO_CACHE UPSTREAM_A);
                warm_up();
                if (full) {
                        engine_max_streams(e, connects[0].connection, 1, now);
                        act();
                }
                ask_next();
                pass_alive(0, 40);
                ck_assert_uint_eq(n_sends, 2);
                ck_assert_uint_eq(n_connects, 1);
                respond_to(1, 2);
                ck_assert_uint_eq(n_answers, 2);
                ck_assert_uint_eq(n_servfails, 0);
        }
}
END_TEST

START_TEST(a_slow_name_is_asked_again_on_another_connection_if_there_is_one)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        engine_max_streams(e, connects[0].connection, 1, now);
        ask_next();
        ask_next();
        pass(60 * MSEC);
        ready(1);
        ck_assert_uint_eq(n_sends, 3);
        respond_to(2, 3);
        for (unsigned i = 0; i < 15; i++) {
                pass(100 * MSEC);
                show_life(0);
                show_life(1);
        }
        ck_assert_uint_eq(n_sends, 4);
        ck_assert_uint_eq(sends[3].connection, connects[1].connection);
        respond_to(3, 2);
        ck_assert_uint_eq(n_answers, 3);
        ck_assert_uint_eq(n_servfails, 0);
}
END_TEST

START_TEST(RFC8305_the_next_address_is_tried_after_250_ms_and_the_first_that_works_is_used)
{
        played_start_by_hand(NO_CACHE "[Upstream a]\nURL=https://a.test/q\nAddress=192.0.2.1 192.0.2.2 2001:db8::1\n");
        ask_next();
        ck_assert_uint_eq(n_connects, 1);
        ck_assert_uint_eq(connects[0].address, 0);
        pass(249 * MSEC);
        ck_assert_uint_eq(n_connects, 1);
        pass(2 * MSEC);
        ck_assert_uint_eq(n_connects, 2);
        ck_assert_uint_eq(connects[1].address, 2);
        lose(1, FAILURE_REFUSED);
        ck_assert_uint_eq(n_connects, 3);
        ck_assert_uint_eq(connects[2].address, 1);
        ready(2);
        ck_assert_uint_eq(n_sends, 1);
        respond_to(0, 1);
        /* T15: what worked last comes first the next time. */
        lose(2, FAILURE_IDLE_CLOSED);
        ask_next();
        ck_assert_uint_eq(connects[3].address, 1);
}
END_TEST

START_TEST(T02_the_loss_of_50_exchanges_with_a_connection_is_one_incident_and_all_are_sent_again)
{
        UpstreamInfo u;

        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        for (unsigned i = 0; i < 50; i++)
                ask_next();
        lose(0, FAILURE_CONNECTION_LOST);
        ck_assert(engine_upstream(e, 0, &u));
        ck_assert_uint_eq(u.health->consecutive, 1);
        ck_assert_int_eq(u.health->state, HEALTH_HEALTHY);
        ck_assert_uint_eq(n_connects, 2);
        ready(1);
        ck_assert_uint_eq(n_sends, 1 + 50 + 50);
}
END_TEST

START_TEST(a_connection_lost_under_its_first_flight_is_retried_with_half_of_it_and_is_no_failure_until_it_carries_one)
{
        UpstreamInfo u;
        unsigned before = 0;

        played_start_by_hand(NO_CACHE UPSTREAM_A);
        for (unsigned i = 0; i < 200; i++)
                ask_next();
        for (unsigned i = 0, flight = 100; flight > 1; i++, flight /= 2) {
                ready(i);
                ck_assert_msg(n_sends - before == flight, "flight %u carries %u", i, n_sends - before);
                before = n_sends;
                lose(i, FAILURE_CONNECTION_LOST);
                ck_assert(engine_upstream(e, 0, &u));
                ck_assert_uint_eq(u.health->consecutive, 0);
                ck_assert_uint_eq(n_connects, i + 2);
        }
        ready(n_connects - 1);
        ck_assert_uint_eq(n_sends - before, 1);
        lose(n_connects - 1, FAILURE_CONNECTION_LOST);
        ck_assert(engine_upstream(e, 0, &u));
        ck_assert_uint_eq(u.health->consecutive, 1);
        ck_assert_uint_eq(n_servfails, 0);
}
END_TEST

/* One connection for each query that waits would be a flood of them. */
START_TEST(once_a_connection_was_lost_under_a_single_query_every_loss_counts_until_an_answer_comes)
{
        UpstreamInfo u;
        unsigned sent;

        played_start_by_hand(NO_CACHE UPSTREAM_A);
        ask_next();
        ready(0);
        lose(0, FAILURE_CONNECTION_LOST);
        for (unsigned i = 0; i < 40; i++)
                ask_next();
        sent = n_sends;
        ready(1);
        ck_assert_uint_eq(n_sends, sent + 41);
        lose(1, FAILURE_CONNECTION_LOST);
        engine_upstream(e, 0, &u);
        ck_assert_uint_eq(u.failures, 2);
        sent = n_sends;
        ready(2);
        ck_assert_uint_eq(n_sends, sent + 40);
        respond_to(sent, sends[sent].number);
        engine_upstream(e, 0, &u);
        ck_assert_uint_eq(u.health->consecutive, 0);
        lose(2, FAILURE_CONNECTION_LOST);
        engine_upstream(e, 0, &u);
        ck_assert_uint_eq(u.failures, 3);
        ask_next();
        ask_next();
        ready(3);
        lose(3, FAILURE_CONNECTION_LOST);
        engine_upstream(e, 0, &u);
        ck_assert_uint_eq(u.failures, 3);
}
END_TEST

START_TEST(in_another_network_the_first_flight_is_whole_again)
{
        for (unsigned changed = 0; changed < 2; changed++) {
                unsigned sent;

                played_start_by_hand(NO_CACHE UPSTREAM_A);
                for (unsigned i = 0; i < 40; i++)
                        ask_next();
                ready(0);
                lose(0, FAILURE_CONNECTION_LOST);
                if (changed)
                        engine_network_changed(e, true, now);
                act();
                sent = n_sends;
                ready(n_connects - 1);
                ck_assert_uint_eq(n_sends - sent, changed ? 40 : 20);
        }
}
END_TEST

START_TEST(a_replacement_connection_that_goes_silent_under_several_queries_is_a_fault_all_the_same)
{
        UpstreamInfo u;

        played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
        warm_up();
        ask_next();
        ask_next();
        pass(500 * MSEC);
        ready(1);
        ck_assert_uint_eq(n_sends, 5);
        pass(500 * MSEC);
        engine_upstream(e, 0, &u);
        ck_assert_uint_ge(u.failures, 1);
        ck_assert_uint_ne(connects[n_connects - 1].upstream, connects[0].upstream);
}
END_TEST

START_TEST(H05_a_peer_without_streams_is_overloaded)
{
        UpstreamInfo u;

        played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
        ask_next();
        engine_established(e, connects[0].connection, now);
        engine_ready(e, connects[0].connection, false, now);
        engine_max_streams(e, connects[0].connection, 0, now);
        act();
        engine_upstream(e, 0, &u);
        ck_assert_int_eq(u.health->state, HEALTH_FAILED);
        ck_assert_int_eq(u.health->reason, FAILURE_NO_STREAMS);
}
END_TEST

START_TEST(H02_a_connection_without_settings_is_closed)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        ask_next();
        engine_established(e, connects[0].connection, now);
        engine_ready(e, connects[0].connection, false, now);
        act();
        for (unsigned i = 0; i < 30; i++) {
                pass(100 * MSEC);
                show_life(0);
        }
        pass(400 * MSEC);
        ck_assert_uint_ge(n_closes, 1);
        ck_assert_uint_eq(closes[0], connects[0].connection);
}
END_TEST

START_TEST(a_second_connection_is_opened_only_while_the_queue_waits)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        engine_max_streams(e, connects[0].connection, 1, now);
        ask_next();
        ask_next();
        ck_assert_uint_eq(n_connects, 1);
        pass(60 * MSEC);
        ck_assert_uint_eq(n_connects, 2);
        ready(1);
        ck_assert_uint_eq(sends[n_sends - 1].connection, connects[1].connection);
}
END_TEST

START_TEST(H18_a_silent_replacement_connection_is_a_fault_and_its_query_fails_over)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
        warm_up();
        ask_next();
        ck_assert_uint_eq(n_sends, 2);
        pass(500 * MSEC);
        ck_assert_uint_eq(n_connects, 2);
        ck_assert_int_eq(connects[1].purpose, PURPOSE_RACE);
        ready(1);
        ck_assert_uint_eq(n_sends, 3);
        ck_assert_uint_eq(sends[2].connection, connects[1].connection);
        pass(500 * MSEC);
        ck_assert_uint_eq(connects[n_connects - 1].upstream == connects[0].upstream, false);
        ck_assert_uint_eq(closes[n_closes - 1], connects[1].connection);
        ready(n_connects - 1);
        respond_to(n_sends - 1, 2);
        ck_assert_uint_eq(n_answers, 2);
}
END_TEST

START_TEST(a_race_continues_while_another_connection_is_still_silent)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        engine_max_streams(e, connects[0].connection, 1, now);
        ask_next();
        ask_next();
        pass(60 * MSEC);
        ready(1);
        ck_assert_uint_eq(n_sends, 3);
        pass(500 * MSEC);
        ck_assert_uint_eq(n_connects, 3);
        ck_assert_int_eq(connects[2].purpose, PURPOSE_RACE);
        respond_to(2, 3);
        ck_assert_msg(n_closes == 0, "the first connection is silent still");
        ready(2);
        ck_assert_uint_eq(closes[0], connects[0].connection);
        ck_assert_uint_eq(n_sends, 4);
        ck_assert_uint_eq(sends[3].connection, connects[2].connection);
        respond_to(3, 2);
        ck_assert_uint_eq(n_answers, 3);
}
END_TEST

START_TEST(a_race_continues_for_waiting_queries_when_the_upstream_is_disabled_or_removed)
{
        for (unsigned reload = 0; reload < 2; reload++) {
                played_start_by_hand("[Resolver]\nHedge=no\n" NO_CACHE UPSTREAM_A UPSTREAM_B);
                warm_up();
                ask_next();
                pass(450 * MSEC);
                ck_assert_uint_eq(n_connects, 2);
                ck_assert_int_eq(connects[1].purpose, PURPOSE_RACE);
                if (reload)
                        played_reload("[Resolver]\nHedge=no\n" UPSTREAM_B);
                else
                        engine_set_admin(e, connects[0].upstream, ADMIN_DOWN, now);
                act();
                pass(10 * MSEC);
                ready(1);
                ck_assert_uint_eq(n_sends, 3);
                ck_assert_uint_eq(sends[2].connection, connects[1].connection);
                respond_to(2, 2);
                ck_assert_uint_eq(n_answers, 2);
        }
}
END_TEST

START_TEST(hedging_on_suspicion_does_not_hedge_slow_names)
{
        played_start_by_hand("[Resolver]\nHedge=on-suspect\n" NO_CACHE UPSTREAM_A UPSTREAM_B);
        warm_up();
        ask_next();
        pass(100 * MSEC);
        show_life(0);
        pass(200 * MSEC);
        ck_assert_uint_eq(played_stats().hedges, 0);
}
END_TEST

START_TEST(hedging_always_queries_the_second_upstream_within_its_budget)
{
        played_start_by_hand("[Resolver]\nHedge=always\n" NO_CACHE UPSTREAM_A UPSTREAM_B);
        warm_up();
        for (unsigned i = 0; i < 50; i++) {
                ask_next();
                show_life(0);
        }
        pass(1 * MSEC);
        show_life(0);
        for (unsigned i = 0; i < 6; i++) {
                pass(50 * MSEC);
                show_life(0);
        }
        ck_assert_uint_ge(played_stats().hedges, 5);
        ck_assert_uint_le(played_stats().hedges, 10);
}
END_TEST

START_TEST(with_hedging_off_one_upstream_is_queried_at_a_time)
{
        played_start_by_hand("[Resolver]\nHedge=no\n" NO_CACHE UPSTREAM_A UPSTREAM_B);
        warm_up();
        ask_next();
        pass(900 * MSEC);
        ck_assert_uint_eq(played_stats().hedges, 0);
}
END_TEST

START_TEST(selection_ranks_suspects_last_and_keeps_the_fastest_until_another_is_a_fifth_faster)
{
        Candidate c[3] = { { .usable = true, .cost = 100 }, { .usable = true, .cost = 85 }, { .usable = true } };

        ck_assert_uint_eq(select_upstream(c, 3, POLICY_ORDERED, 2), 0);
        ck_assert_uint_eq(select_upstream(c, 3, POLICY_FASTEST, 0), 0);
        c[1].cost = 79;
        ck_assert_uint_eq(select_upstream(c, 3, POLICY_FASTEST, 0), 1);
        c[1].suspect = true;
        ck_assert_uint_eq(select_upstream(c, 3, POLICY_FASTEST, 1), 0);
        c[0].doubtful = true;
        ck_assert_uint_eq(select_upstream(c, 3, POLICY_ORDERED, 0), 2);
        c[2].usable = false;
        ck_assert_uint_eq(select_upstream(c, 3, POLICY_ORDERED, 0), 0);
        c[0].usable = c[1].usable = false;
        ck_assert_uint_eq(select_upstream(c, 3, POLICY_ORDERED, 0), SIZE_MAX);
}
END_TEST

START_TEST(queries_fail_back_to_the_first_upstream_when_it_recovers)
{
        UpstreamInfo u;

        played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
        ask_next();
        lose(0, FAILURE_CERTIFICATE_NAME);
        ck_assert_uint_eq(connects[1].upstream, connects[0].upstream + 1);
        ready(1);
        respond_to(0, 1);
        engine_upstream(e, 0, &u);
        ck_assert_int_eq(u.health->state, HEALTH_FAILED);
        pass(3 * SEC);
        /* The query goes to the second, and a trial of the first flies beside it. */
        ask_next();
        ck_assert_int_eq(u.health->state, HEALTH_TRIAL);
        ck_assert_uint_eq(n_connects, 3);
        ck_assert_int_eq(connects[2].purpose, PURPOSE_TRIAL);
        ck_assert_uint_eq(sends[1].connection, connects[1].connection);
        respond_to(1, 2);
        ck_assert_uint_eq(n_answers, 2);
}
END_TEST

START_TEST(a_series_of_servfails_causes_one_probe_and_no_fault)
{
        ServfailStreak s = { 0 };
        unsigned probes = 0;

        for (uint64_t i = 0; i < 100; i++)
                ck_assert(!servfail_streak_add(&s, 1, i));
        servfail_streak_end(&s);
        for (uint64_t i = 0; i < 100; i++)
                probes += servfail_streak_add(&s, i, i * MSEC);
        ck_assert_uint_eq(probes, 1);
        servfail_streak_end(&s);
        for (uint64_t i = 0; i < 100; i++)
                ck_assert(!servfail_streak_add(&s, i, i * 31 * SEC));
}
END_TEST

START_TEST(suspended_queries_keep_the_time_they_had_left)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        ask_next();
        pass(100 * MSEC);
        now += 8 * 3600 * SEC;
        engine_resume(e, 8 * 3600 * SEC, now);
        act();
        ck_assert_uint_eq(n_answers, 1);
        ck_assert_uint_eq(closes[0], connects[0].connection);
        ck_assert_uint_eq(n_connects, 2);
        ready(1);
        respond_to(n_sends - 1, 2);
        ck_assert_uint_eq(n_answers, 2);
        ck_assert_uint_eq(n_servfails, 0);
}
END_TEST

START_TEST(no_timer_is_left_once_the_idle_connection_is_closed)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        ck_assert_uint_eq(engine_next_time(e), now + 60 * SEC);
        pass(60 * SEC);
        ck_assert_uint_eq(n_closes, 1);
        ck_assert(engine_next_time(e) == USEC_NEVER);
}
END_TEST

START_TEST(the_idle_timeout_of_a_peer_is_remembered)
{
        UpstreamInfo u;

        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        pass(5 * SEC);
        lose(0, FAILURE_IDLE_CLOSED);
        ck_assert_uint_eq(n_connects, 1);
        engine_upstream(e, 0, &u);
        ck_assert_uint_eq(u.peer_idle, 5 * SEC);
        ask_next();
        ready(1);
        respond_to(1, 2);
        pass(4500 * MSEC);
        ask_next();
        ck_assert(sends[2].ping);
}
END_TEST

/* --- probes and trials */

START_TEST(a_probe_opens_a_connection_that_replaces_the_one_in_use)
{
        static const uint8_t root_answer[] = { 0, 0, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1 };

        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        ask_next();
        ck_assert(engine_probe(e, connects[0].upstream, 1, now));
        act();
        ck_assert_uint_eq(n_connects, 2);
        ck_assert_int_eq(connects[1].purpose, PURPOSE_PROBE);
        ready(1);
        ck_assert_uint_eq(n_sends, 3);
        ck_assert_uint_eq(sends[2].connection, connects[1].connection);
        say_to(2, &HTTP_OK, BYTES(root_answer, sizeof(root_answer)));
        ask_next();
        ck_assert_uint_eq(sends[3].connection, connects[1].connection);
        ck_assert_uint_eq(n_closes, 0);
        respond_to(1, 2);
        ck_assert_uint_eq(n_closes, 1);
        ck_assert_uint_eq(closes[0], connects[0].connection);
        respond_to(3, 3);
        ck_assert_uint_eq(n_answers, 3);
        ck_assert_uint_eq(n_connects, 2);
}
END_TEST

START_TEST(a_third_suspect_is_probed_once_one_of_two_probes_has_ended)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B "[Upstream c]\nURL=https://c.test/q\nAddress=192.0.2.3\n");
        ask_next();
        for (uint32_t upstream = 0; upstream < 3; upstream++)
                lose(attempt(upstream, PURPOSE_QUERY), FAILURE_REFUSED);
        ck_assert_int_ge(attempt(0, PURPOSE_PROBE), 0);
        ck_assert_int_ge(attempt(1, PURPOSE_PROBE), 0);
        ck_assert_int_lt(attempt(2, PURPOSE_PROBE), 0);
        ask_next();
        ck_assert_msg(attempt(2, PURPOSE_PROBE) < 0, "two are under way still");
        lose(attempt(0, PURPOSE_PROBE), FAILURE_REFUSED);
        ask_next();
        ck_assert_int_ge(attempt(2, PURPOSE_PROBE), 0);
}
END_TEST

START_TEST(P06_retry_after_is_obeyed_in_response_to_a_trial_too)
{
        UpstreamInfo u;

        played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
        warm_up();
        ask_next();
        respond_status(1, 503, 30);
        ready((unsigned) attempt(1, PURPOSE_QUERY));
        respond_to(2, 2);
        engine_upstream(e, 0, &u);
        ck_assert_uint_eq(u.health->state, HEALTH_FAILED);
        ck_assert_uint_eq(u.health->retry_at, now + 30 * SEC);
        pass(30 * SEC);
        ask_next();
        ck_assert_uint_eq(u.health->state, HEALTH_TRIAL);
        ck_assert_uint_eq(connects[n_connects - 1].purpose, PURPOSE_TRIAL);
        ready(n_connects - 1);
        respond_status(n_sends - 1, 503, 100);
        ck_assert_uint_eq(u.health->state, HEALTH_FAILED);
        ck_assert_uint_eq(u.health->retry_at, now + 100 * SEC);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("connections");
        TCase *c = tcase_create("connections");

        tcase_add_checked_fixture(c, NULL, played_stop);
        tcase_add_test(c, T17_a_thousand_queries_at_a_cold_start_share_one_connection_attempt);
        tcase_add_test(c, after_a_long_idle_time_a_query_is_sent_with_a_ping_and_raced_if_it_gets_no_reply);
        tcase_add_test(c, a_reply_to_the_ping_cancels_the_race);
        tcase_add_test(c, a_recently_used_connection_gets_no_ping);
        tcase_add_test(c, T06_a_busy_connection_that_goes_silent_is_detected_despite_later_queries);
        tcase_add_test(c, a_slow_answer_on_a_live_path_is_waited_for);
        tcase_add_test(c, a_slow_query_is_not_sent_twice_on_a_live_connection);
        tcase_add_test(c, a_slow_name_is_asked_once_on_a_live_connection);
        tcase_add_test(c, a_slow_name_is_asked_again_on_another_connection_if_there_is_one);
        tcase_add_test(c, RFC8305_the_next_address_is_tried_after_250_ms_and_the_first_that_works_is_used);
        tcase_add_test(c, T02_the_loss_of_50_exchanges_with_a_connection_is_one_incident_and_all_are_sent_again);
        tcase_add_test(c, once_a_connection_was_lost_under_a_single_query_every_loss_counts_until_an_answer_comes);
        tcase_add_test(c, in_another_network_the_first_flight_is_whole_again);
        tcase_add_test(c, a_replacement_connection_that_goes_silent_under_several_queries_is_a_fault_all_the_same);
        tcase_add_test(c, H05_a_peer_without_streams_is_overloaded);
        tcase_add_test(
                c,
                a_connection_lost_under_its_first_flight_is_retried_with_half_of_it_and_is_no_failure_until_it_carries_one);
        tcase_add_test(c, H02_a_connection_without_settings_is_closed);
        tcase_add_test(c, a_second_connection_is_opened_only_while_the_queue_waits);
        tcase_add_test(c, H18_a_silent_replacement_connection_is_a_fault_and_its_query_fails_over);
        tcase_add_test(c, a_race_continues_while_another_connection_is_still_silent);
        tcase_add_test(c, a_race_continues_for_waiting_queries_when_the_upstream_is_disabled_or_removed);
        tcase_add_test(c, hedging_on_suspicion_does_not_hedge_slow_names);
        tcase_add_test(c, hedging_always_queries_the_second_upstream_within_its_budget);
        tcase_add_test(c, with_hedging_off_one_upstream_is_queried_at_a_time);
        tcase_add_test(c, selection_ranks_suspects_last_and_keeps_the_fastest_until_another_is_a_fifth_faster);
        tcase_add_test(c, queries_fail_back_to_the_first_upstream_when_it_recovers);
        tcase_add_test(c, a_series_of_servfails_causes_one_probe_and_no_fault);
        tcase_add_test(c, suspended_queries_keep_the_time_they_had_left);
        tcase_add_test(c, no_timer_is_left_once_the_idle_connection_is_closed);
        tcase_add_test(c, the_idle_timeout_of_a_peer_is_remembered);
        tcase_add_test(c, a_probe_opens_a_connection_that_replaces_the_one_in_use);
        tcase_add_test(c, a_third_suspect_is_probed_once_one_of_two_probes_has_ended);
        tcase_add_test(c, P06_retry_after_is_obeyed_in_response_to_a_trial_too);
        suite_add_tcase(s, c);
        return run_suite(s);
}
