/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * core/health/health: the rows of HEALTH.md's table as scenarios. tests/unit/core/health/health-agrees-with-the-model
 * holds it against its executable reference, tests/unit/core/health/test_health_life plays any life,
 * tests/unit/core/health/test_health_admin has what is beyond the model.
 */

#include "healthy.h"
#include "run.h"

/* --- failures and suspicion: rows 1 to 8 */

START_TEST(twenty_streams_lost_with_one_connection_are_one_incident)
{
        for (unsigned i = 0; i < 20; i++)
                ck_assert(health_failure(&h[0], FAILURE_CONNECTION_LOST, 7, false, 0, S(1)) == HEALTH_REQUEST_NONE);
        is_state(&h[0], HEALTH_UNKNOWN);
        ck_assert_uint_eq(h[0].consecutive, 1);
}
END_TEST

START_TEST(second_incident_makes_a_suspect_and_asks_for_one_probe)
{
        ck_assert(failure(&h[0], 1, FAILURE_TIMEOUT) == HEALTH_REQUEST_NONE);
        ck_assert(failure(&h[0], 1.2, FAILURE_STREAM_RESET) == HEALTH_REQUEST_PROBE);
        is_state(&h[0], HEALTH_SUSPECT);
        ck_assert_int_eq(h[0].reason, FAILURE_STREAM_RESET);
        ck_assert(h[0].probing);
        ck_assert_msg(failure(&h[0], 1.3, FAILURE_TIMEOUT) == HEALTH_REQUEST_NONE, "one probe at a time");
        ck_assert(!health_probe_start(&h[0]));
}
END_TEST

START_TEST(suspects_are_used_but_ranked_last)
{
        failure(&h[0], 1, FAILURE_REFUSED);
        ck_assert(health_usable(&h[0]));
        goes_to(query(1.1), ROUTE_NORMAL, 1, SIZE_MAX);
        failure(&h[1], 1.2, FAILURE_REFUSED);
        goes_to(query(1.3), ROUTE_NORMAL, 0, SIZE_MAX);
}
END_TEST

START_TEST(an_answer_between_incidents_starts_the_count_anew)
{
        for (double at = 1; at < 4; at++) {
                failure(&h[0], at, FAILURE_TIMEOUT);
                health_ok(&h[0], false, S(at + 0.5));
        }
        is_state(&h[0], HEALTH_HEALTHY);
}
END_TEST

START_TEST(half_of_eight_samples_bad_within_a_minute_make_a_suspect)
{
        health_ok(&h[0], false, S(0));
        for (unsigned i = 0; i < 3; i++) {
                failure(&h[0], 2 * i + 1, FAILURE_TIMEOUT);
                health_ok(&h[0], false, S(2 * i + 2));
        }
        is_state(&h[0], HEALTH_HEALTHY);
        health_ok(&h[0], false, S(7));
        ck_assert_msg(failure(&h[0], 8, FAILURE_TIMEOUT) == HEALTH_REQUEST_PROBE, "four of eight are bad");
        is_state(&h[0], HEALTH_SUSPECT);
}
END_TEST

START_TEST(samples_older_than_a_minute_are_forgotten)
{
        health_ok(&h[0], false, S(0));
        for (unsigned i = 0; i < 3; i++) {
                failure(&h[0], 2 * i + 1, FAILURE_TIMEOUT);
                health_ok(&h[0], false, S(2 * i + 2));
        }
        health_ok(&h[0], false, S(7));
        failure(&h[0], 61, FAILURE_TIMEOUT);
        is_state(&h[0], HEALTH_HEALTHY);
}
END_TEST

START_TEST(refused_connect_makes_a_suspect_at_once)
{
        static const FailureReason hard[] = { FAILURE_REFUSED, FAILURE_TLS_ALERT, FAILURE_TLS_GARBAGE,
                                              FAILURE_TLS_VERSION, FAILURE_NO_H2 };

        for (size_t i = 0; i < ELEMENTS(hard); i++) {
                two_upstreams();
                health_ok(&h[0], false, S(0));
                ck_assert_msg(failure(&h[0], 1, hard[i]) == HEALTH_REQUEST_PROBE, "%s is hard", failure_name(hard[i]));
                is_state(&h[0], HEALTH_SUSPECT);
                ck_assert_int_eq(h[0].reason, hard[i]);
        }
}
END_TEST

START_TEST(refused_connect_is_not_masked_by_reuse)
{
        health_ok(&h[0], false, S(0));
        failure(&h[0], 1, FAILURE_REFUSED);
        health_ok(&h[0], false, S(1.5));
        is_state(&h[0], HEALTH_SUSPECT);
        health_ok(&h[0], true, S(1.6));
        is_state(&h[0], HEALTH_HEALTHY);
        ck_assert_int_eq(h[0].reason, FAILURE_NONE);
}
END_TEST

START_TEST(a_working_old_connection_keeps_a_suspect_usable_for_ten_seconds)
{
        failure(&h[0], 1, FAILURE_REFUSED);
        health_ok(&h[0], false, S(1.5));
        health_probe_done(&h[0], FAILURE_REFUSED, 0, S(1.6));
        for (double at = 2.2; at < 11.5; at += 1) {
                ck_assert(health_probe_start(&h[0]));
                ck_assert(health_probe_done(&h[0], FAILURE_REFUSED, 0, S(at)) != USEC_NEVER);
                is_state(&h[0], HEALTH_SUSPECT);
        }
        health_probe_start(&h[0]);
        health_probe_done(&h[0], FAILURE_REFUSED, 0, S(11.5));
        is_state(&h[0], HEALTH_SUSPECT);
        health_probe_start(&h[0]);
        ck_assert(health_probe_done(&h[0], FAILURE_REFUSED, 0, S(11.500001)) == USEC_NEVER);
        is_state(&h[0], HEALTH_FAILED);
}
END_TEST

START_TEST(an_answer_over_any_connection_clears_a_suspicion_of_queries)
{
        failure(&h[0], 1, FAILURE_TIMEOUT);
        failure(&h[0], 1, FAILURE_TIMEOUT);
        is_state(&h[0], HEALTH_SUSPECT);
        health_ok(&h[0], false, S(2));
        is_state(&h[0], HEALTH_HEALTHY);
        ck_assert_msg(!h[0].probing, "its probe no longer matters");
        health_probe_done(&h[0], FAILURE_TIMEOUT, 0, S(3));
        is_state(&h[0], HEALTH_HEALTHY);
        ck_assert_uint_eq(h[0].consecutive, 0);
}
END_TEST

START_TEST(soft_faults_while_connecting_are_not_masked_by_reuse)
{
        health_failure(&h[0], FAILURE_CONNECT_TIMEOUT, ++incident, true, 0, S(1));
        health_failure(&h[0], FAILURE_CONNECT_TIMEOUT, ++incident, true, 0, S(2));
        health_ok(&h[0], false, S(3));
        is_state(&h[0], HEALTH_SUSPECT);
}
END_TEST

/* --- probes: rows 8 to 11 */

START_TEST(a_good_probe_makes_healthy)
{
        failure(&h[0], 1, FAILURE_REFUSED);
        ck_assert(health_probe_done(&h[0], FAILURE_NONE, 0, S(2)) == USEC_NEVER);
        is_state(&h[0], HEALTH_HEALTHY);
        ck_assert(!h[0].probing && !h[0].suspect_connect && h[0].last_ok == S(2));
}
END_TEST

START_TEST(two_failed_probes_half_a_second_apart_make_failed)
{
        failure(&h[0], 1, FAILURE_REFUSED);
        ck_assert_uint_eq(health_probe_done(&h[0], FAILURE_REFUSED, 0, S(1.25)), S(1.75));
        is_state(&h[0], HEALTH_SUSPECT);
        ck_assert(health_probe_start(&h[0]));
        ck_assert_uint_eq(health_probe_done(&h[0], FAILURE_CONNECT_TIMEOUT, 0, S(1.75)), USEC_NEVER);
        is_state(&h[0], HEALTH_FAILED);
        ck_assert_int_eq(h[0].reason, FAILURE_CONNECT_TIMEOUT);
        ck_assert_uint_eq(h[0].level, 1);
        ck_assert_uint_eq(h[0].retry_at, S(3.75));
}
END_TEST

START_TEST(a_local_fault_ends_a_probe_and_counts_for_nothing)
{
        failure(&h[0], 1, FAILURE_REFUSED);
        for (double at = 2; at < 9; at++) {
                ck_assert_uint_eq(health_probe_done(&h[0], FAILURE_NO_ROUTE, 0, S(at)), S(at + 0.5));
                is_state(&h[0], HEALTH_SUSPECT);
                ck_assert(h[0].probe_failures == 0 && h[0].reason == FAILURE_REFUSED && h[0].last_failure == S(1));
                ck_assert(health_probe_start(&h[0]));
        }
}
END_TEST

START_TEST(a_wrong_certificate_in_a_probe_fails_at_once)
{
        failure(&h[0], 1, FAILURE_REFUSED);
        ck_assert(health_probe_done(&h[0], FAILURE_CERTIFICATE_PIN, 0, S(1.1)) == USEC_NEVER);
        is_state(&h[0], HEALTH_FAILED);
        ck_assert_int_eq(h[0].reason, FAILURE_CERTIFICATE_PIN);
}
END_TEST

START_TEST(an_overloaded_server_in_a_probe_rests_as_long_as_it_asked)
{
        failure(&h[0], 1, FAILURE_REFUSED);
        ck_assert(health_probe_done(&h[0], FAILURE_HTTP_OVERLOAD, 42 * USEC_PER_SEC, S(2)) == USEC_NEVER);
        is_state(&h[0], HEALTH_FAILED);
        ck_assert(h[0].retry_at == S(44) && h[0].level == 0);
}
END_TEST

START_TEST(no_more_than_two_probes_fly_in_the_process)
{
        upstreams(4, MODE_LAZY);
        ck_assert(failure(&h[0], 1, FAILURE_REFUSED) == HEALTH_REQUEST_PROBE);
        ck_assert(failure(&h[1], 1, FAILURE_REFUSED) == HEALTH_REQUEST_PROBE);
        ck_assert(failure(&h[2], 1, FAILURE_REFUSED) == HEALTH_REQUEST_PROBE_LATER);
        is_state(&h[2], HEALTH_SUSPECT);
        ck_assert(!h[2].probing && !health_probe_start(&h[2]) && !health_probe_start(&h[3]));
        ck_assert_msg(failure(&h[1], 1, FAILURE_REFUSED) == HEALTH_REQUEST_NONE, "its own is flying");
        health_probe_done(&h[0], FAILURE_NONE, 0, S(2));
        ck_assert(health_probe_start(&h[2]) && !health_probe_start(&h[3]));
}
END_TEST

START_TEST(an_abandoned_probe_leaves_everything_as_it_was)
{
        failure(&h[0], 1, FAILURE_REFUSED);
        health_probe_abandon(&h[0], S(2));
        is_state(&h[0], HEALTH_SUSPECT);
        ck_assert(!h[0].probing && h[0].probe_failures == 0 && h[0].reason == FAILURE_REFUSED &&
                  h[0].changed_at == S(1));
        ck_assert(health_probe_start(&h[0]));
}
END_TEST

/* --- failed and trial: rows 5, 12 to 20, 24 */

START_TEST(a_wrong_certificate_fails_at_once)
{
        static const FailureReason verify[] = { FAILURE_CERTIFICATE_EXPIRED, FAILURE_CERTIFICATE_NOT_YET_VALID,
                                                FAILURE_CERTIFICATE_NAME,    FAILURE_CERTIFICATE_UNTRUSTED,
                                                FAILURE_CERTIFICATE_WEAK,    FAILURE_CERTIFICATE_REVOKED,
                                                FAILURE_CERTIFICATE_PIN };

        for (size_t i = 0; i < ELEMENTS(verify); i++) {
                two_upstreams();
                health_ok(&h[0], false, S(0));
                ck_assert(failure(&h[0], 1, verify[i]) == HEALTH_REQUEST_NONE);
                is_state(&h[0], HEALTH_FAILED);
                ck_assert_int_eq(h[0].reason, verify[i]);
                ck_assert(!health_usable(&h[0]));
                goes_to(query(1), ROUTE_NORMAL, 1, SIZE_MAX);
        }
}
END_TEST

START_TEST(a_failed_one_is_left_alone_until_a_query_comes_after_retry_at)
{
        make_failed(&h[0], 1);
        goes_to(health_query(&group, h[0].retry_at - 1), ROUTE_NORMAL, 1, SIZE_MAX);
        is_state(&h[0], HEALTH_FAILED);
        goes_to(health_query(&group, h[0].retry_at), ROUTE_NORMAL, 1, 0);
        is_state(&h[0], HEALTH_TRIAL);
        ck_assert(h[0].probing && h[0].reason == FAILURE_CERTIFICATE_NAME && !health_usable(&h[0]));
        goes_to(health_query(&group, h[0].retry_at), ROUTE_NORMAL, 1, SIZE_MAX);
}
END_TEST

START_TEST(one_trial_in_the_process)
{
        upstreams(3, MODE_LAZY);
        make_failed(&h[0], 1);
        make_failed(&h[1], 1);
        goes_to(query(100), ROUTE_NORMAL, 2, 0);
        goes_to(query(101), ROUTE_NORMAL, 2, SIZE_MAX);
        ck_assert(!health_trial_start(&h[1], true, S(102)));
        health_ok(&h[0], true, S(103));
        goes_to(query(104), ROUTE_NORMAL, 0, 1);
}
END_TEST

START_TEST(no_trial_starts_beside_a_probe)
{
        make_failed(&h[0], 1);
        failure(&h[1], 50, FAILURE_REFUSED);
        goes_to(query(100), ROUTE_NORMAL, 1, SIZE_MAX);
        health_probe_done(&h[1], FAILURE_NONE, 0, S(101));
        goes_to(query(102), ROUTE_NORMAL, 1, 0);
}
END_TEST

START_TEST(a_failed_trial_doubles_the_back_off_up_to_the_maximum)
{
        static const unsigned expected[] = { 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300 };
        double at = 1;

        make_failed(&h[0], at);
        for (size_t i = 0; i < ELEMENTS(expected); i++) {
                ck_assert_msg(h[0].retry_at == S(at + expected[i]), "back-off %zu is %u s", i, expected[i]);
                at += expected[i];
                health_ok(&h[1], false, S(at));
                goes_to(query(at), ROUTE_NORMAL, 1, 0);
                failure(&h[0], at, FAILURE_TIMEOUT);
                is_state(&h[0], HEALTH_FAILED);
                ck_assert_uint_eq(h[0].level, i + 2);
        }
        h[0].level = UINT32_MAX - 1;
        failure(&h[0], at, FAILURE_CERTIFICATE_NAME);
        ck_assert_uint_eq(h[0].retry_at, S(at + 300));
}
END_TEST

START_TEST(any_counted_fault_ends_a_trial)
{
        static const FailureReason failures[] = { FAILURE_TIMEOUT,     FAILURE_REFUSED,       FAILURE_CERTIFICATE_NAME,
                                                  FAILURE_HTTP_CONFIG, FAILURE_HTTP_REDIRECT, FAILURE_MALFORMED };

        for (size_t i = 0; i < ELEMENTS(failures); i++) {
                two_upstreams();
                make_failed(&h[0], 1);
                query(100);
                is_state(&h[0], HEALTH_TRIAL);
                failure(&h[0], 101, failures[i]);
                is_state(&h[0], HEALTH_FAILED);
                ck_assert_msg(h[0].level == 2 && h[0].reason == failures[i] && !h[0].probing, "a trial fails by %s",
                              failure_name(failures[i]));
        }
}
END_TEST

START_TEST(a_good_trial_makes_healthy)
{
        make_failed(&h[0], 1);
        query(100);
        health_ok(&h[0], true, S(101));
        is_state(&h[0], HEALTH_HEALTHY);
        ck_assert(!h[0].probing && h[0].reason == FAILURE_NONE && h[0].consecutive == 0 && h[0].changed_at == S(101));
        goes_to(query(102), ROUTE_NORMAL, 0, SIZE_MAX);
}
END_TEST

START_TEST(no_route_ends_a_trial_but_leaves_back_off_and_level)
{
        uint64_t retry_at;

        make_failed(&h[0], 1);
        retry_at = h[0].retry_at;
        query(100);
        failure(&h[0], 101, FAILURE_NETWORK_DOWN);
        is_state(&h[0], HEALTH_FAILED);
        ck_assert(h[0].retry_at == retry_at && h[0].level == 1 && !h[0].probing &&
                  h[0].reason == FAILURE_CERTIFICATE_NAME);
        goes_to(query(102), ROUTE_NORMAL, 1, 0);
}
END_TEST

START_TEST(an_abandoned_trial_is_failed_again_and_frees_the_slot)
{
        make_failed(&h[0], 1);
        query(100);
        health_probe_abandon(&h[0], S(101));
        is_state(&h[0], HEALTH_FAILED);
        ck_assert(!h[0].probing && h[0].level == 1);
        goes_to(query(102), ROUTE_NORMAL, 1, 0);
}
END_TEST

START_TEST(a_late_answer_does_not_bring_a_failed_one_back)
{
        make_failed(&h[0], 1);
        health_ok(&h[0], false, S(2));
        health_ok(&h[0], true, S(2));
        is_state(&h[0], HEALTH_FAILED);
        ck_assert_uint_eq(h[0].level, 1);
}
END_TEST

START_TEST(the_back_off_level_falls_by_one_a_healthy_minute)
{
        make_failed(&h[0], 1);
        for (unsigned i = 0; i < 4; i++) {
                health_trial_start(&h[0], false, S(2));
                failure(&h[0], 2, FAILURE_TIMEOUT);
        }
        ck_assert_uint_eq(h[0].level, 5);
        health_trial_start(&h[0], false, S(10));
        health_ok(&h[0], true, S(10));
        failure(&h[0], 10 + 179, FAILURE_CERTIFICATE_NAME);
        ck_assert_uint_eq(h[0].level, 5 - 2 + 1);
        health_trial_start(&h[0], false, S(200));
        health_ok(&h[0], true, S(200));
        failure(&h[0], 200 + 3600, FAILURE_CERTIFICATE_NAME);
        ck_assert_uint_eq(h[0].level, 1);
}
END_TEST

static void fail_and_recover(Health *u, double at)
{
        make_failed(u, at);
        ck_assert(health_trial_start(u, false, S(at)));
        health_ok(u, true, S(at));
}

START_TEST(who_flaps_needs_two_good_trials)
{
        for (double at = 1; at < 3; at++) {
                fail_and_recover(&h[0], at);
                is_state(&h[0], HEALTH_HEALTHY);
        }
        fail_and_recover(&h[0], 3);
        is_state(&h[0], HEALTH_FAILED);
        ck_assert_msg(h[0].retry_at == S(3), "the next query tries it again at once");
        goes_to(query(3), ROUTE_NORMAL, 1, 0);
        health_ok(&h[0], true, S(3.1));
        is_state(&h[0], HEALTH_HEALTHY);
}
END_TEST

START_TEST(who_has_not_flapped_for_ten_minutes_needs_one_good_trial)
{
        for (double at = 1; at < 3; at++)
                fail_and_recover(&h[0], at);
        fail_and_recover(&h[0], 602);
        is_state(&h[0], HEALTH_HEALTHY);
}
END_TEST

START_TEST(a_change_of_network_does_not_make_flapping_forgotten)
{
        for (double at = 1; at < 3; at++) {
                fail_and_recover(&h[0], at);
                health_epoch(&group, S(at));
        }
        fail_and_recover(&h[0], 3);
        is_state(&h[0], HEALTH_FAILED);
}
END_TEST

START_TEST(rise_is_never_lower_for_who_flaps)
{
        parameters.rise = 3;
        for (unsigned trip = 1; trip <= 4; trip++) {
                make_failed(&h[0], trip);
                for (unsigned i = 0; i < 3; i++) {
                        is_state(&h[0], HEALTH_FAILED);
                        health_trial_start(&h[0], false, S(trip));
                        health_ok(&h[0], true, S(trip));
                }
                is_state(&h[0], HEALTH_HEALTHY);
        }
}
END_TEST

/* --- all down: rows 14 to 16, and the correlated cap */

START_TEST(with_none_usable_the_query_is_the_trial_and_others_join_or_fail_fast)
{
        make_failed(&h[0], 1);
        make_failed(&h[1], 0.5);
        goes_to(query(1.1), ROUTE_LAST_RESORT, 1, SIZE_MAX);
        is_state(&h[1], HEALTH_TRIAL);
        goes_to(query(1.2), ROUTE_JOIN, 1, SIZE_MAX);
        failure(&h[1], 1.3, FAILURE_TIMEOUT);
        goes_to(query(1.4), ROUTE_FAIL_FAST, SIZE_MAX, SIZE_MAX);
        goes_to(query(1.9), ROUTE_LAST_RESORT, 0, SIZE_MAX);
        health_ok(&h[0], true, S(1.95));
        goes_to(query(2), ROUTE_NORMAL, 0, SIZE_MAX);
}
END_TEST

START_TEST(the_only_upstream_is_tried_again_within_a_second_of_demand)
{
        double last = 0, longest = 0;
        unsigned trials = 0;

        upstreams(1, MODE_LAZY);
        health_group_init(&group, &parameters, 42); /* with its own jitter */
        group.members = pointers;
        group.n = 1;
        make_failed(&h[0], 1);
        for (double at = 1; at < 301; at += 0.05) {
                HealthDecision d = query(at);

                ck_assert(d.route == ROUTE_LAST_RESORT || d.route == ROUTE_FAIL_FAST);
                if (d.route == ROUTE_FAIL_FAST)
                        continue;
                trials++;
                longest = trials > 1 ? MAX(longest, at - last) : 0;
                last = at;
                failure(&h[0], at, FAILURE_TIMEOUT);
                ck_assert_msg(h[0].retry_at <= S(at) + 6 * USEC_PER_SEC, "the cap is 5 s ± 20 %% for who is alone");
        }
        ck_assert_msg(longest < 1.05 && trials >= 300 && trials < 500, "%u trials in 300 s, at most %g s apart", trials,
                      longest);
}
END_TEST

START_TEST(last_resorts_double_their_distance_up_to_a_maximum_and_start_anew_on_an_answer)
{
        static const double distances[] = { 1, 2, 4, 5, 5 };
        double at = 1;

        upstreams(1, MODE_LAZY);
        parameters.last_resort_gap = USEC_PER_SEC;
        parameters.last_resort_max = 5 * USEC_PER_SEC;
        group.last_resort_gap = parameters.last_resort_gap;
        make_failed(&h[0], 1);
        for (size_t i = 0; i < ELEMENTS(distances); i++) {
                goes_to(query(at), ROUTE_LAST_RESORT, 0, SIZE_MAX);
                failure(&h[0], at, FAILURE_TIMEOUT);
                h[0].retry_at = USEC_NEVER;
                at += distances[i];
                goes_to(health_query(&group, S(at) - 1), ROUTE_FAIL_FAST, SIZE_MAX, SIZE_MAX);
        }
        query(at);
        health_ok(&h[0], true, S(at));
        ck_assert(group.last_resort_gap == USEC_PER_SEC && group.last_resort_at == 0);
}
END_TEST

START_TEST(the_back_off_is_short_when_all_go_wrong_at_once)
{
        for (unsigned i = 0; i < 2; i++)
                h[i].level = 10;
        failure(&h[0], 0.1, FAILURE_TIMEOUT);
        failure(&h[1], 1, FAILURE_CERTIFICATE_NAME);
        ck_assert_msg(h[1].retry_at == S(6), "both had a failure within 5 s");

        two_upstreams();
        h[1].level = 10;
        failure(&h[0], 0.1, FAILURE_TIMEOUT);
        health_ok(&h[0], false, S(0.2));
        failure(&h[1], 1, FAILURE_CERTIFICATE_NAME);
        ck_assert_msg(h[1].retry_at == S(301), "the other one answers");

        two_upstreams();
        h[1].level = 10;
        failure(&h[0], 0, FAILURE_TIMEOUT);
        failure(&h[1], 5.1, FAILURE_CERTIFICATE_NAME);
        ck_assert_msg(h[1].retry_at == S(305.1), "the other's failure is long ago");
}
END_TEST

START_TEST(one_beside_those_that_are_put_down_is_the_only_one)
{
        health_set_admin(&h[0], ADMIN_DOWN, S(0));
        health_ok(&h[1], false, S(0.5));
        h[1].level = 10;
        make_failed(&h[1], 1);
        ck_assert_uint_eq(h[1].retry_at, S(6));
        goes_to(query(2), ROUTE_LAST_RESORT, 1, SIZE_MAX);

        upstreams(3, MODE_LAZY);
        health_set_admin(&h[0], ADMIN_DOWN, S(0));
        h[2].level = 10;
        make_failed(&h[1], 1);
        make_failed(&h[2], 1);
        ck_assert_msg(h[2].retry_at == S(6), "two that go wrong at once beside it are all");
}
END_TEST

START_TEST(the_maximum_holds_for_the_short_back_off_too)
{
        upstreams(1, MODE_LAZY);
        parameters.backoff = parameters.backoff_max = USEC_PER_SEC;
        h[0].level = 10;
        make_failed(&h[0], 1);
        ck_assert_uint_eq(h[0].retry_at, S(2));
}
END_TEST

/* --- what is not counted, and what counts otherwise: rows 21 and 22 */

START_TEST(faults_that_are_not_the_upstreams_never_change_its_state)
{
        for (FailureReason f = FAILURE_NONE; f < _FAILURE_MAX; f++) {
                FailureClass class = failure_class(f);

                if (class != CLASS_LOCALNET && class != CLASS_STALE && class != CLASS_NO_FAULT && class != CLASS_OK)
                        continue;
                upstreams(4, MODE_LAZY);
                health_ok(&h[1], false, S(0));
                failure(&h[2], 0.1, FAILURE_REFUSED);
                make_failed(&h[3], 0.1);
                for (unsigned i = 0; i < MEMBERS; i++) {
                        Health before = h[i];

                        for (unsigned k = 0; k < 100; k++)
                                ck_assert(failure(&h[i], 1 + k, f) == HEALTH_REQUEST_NONE);
                        ck_assert_msg(health_equal(&before, &h[i]), "%s changes nothing of an upstream that is %s",
                                      failure_name(f), health_state_name(h[i].state));
                }
        }
}
END_TEST

START_TEST(stale_connections_do_not_end_a_trial)
{
        make_failed(&h[0], 1);
        query(100);
        failure(&h[0], 101, FAILURE_SILENT);
        failure(&h[0], 101, FAILURE_REFUSED_STREAM);
        is_state(&h[0], HEALTH_TRIAL);
        ck_assert(h[0].probing);
}
END_TEST

START_TEST(an_overloaded_server_rests_as_long_as_it_asks_from_1_to_300_seconds)
{
        static const struct {
                uint64_t asked, given;
        } cases[] = {
                { 0, 5 * USEC_PER_SEC },
                { 1, USEC_PER_SEC },
                { 30 * USEC_PER_SEC, 30 * USEC_PER_SEC },
                { 300 * USEC_PER_SEC, 300 * USEC_PER_SEC },
                { 301 * USEC_PER_SEC, 300 * USEC_PER_SEC },
                { UINT64_MAX, 300 * USEC_PER_SEC },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                two_upstreams();
                ck_assert(health_failure(&h[0], FAILURE_HTTP_OVERLOAD, 1, false, cases[i].asked, S(1)) ==
                          HEALTH_REQUEST_NONE);
                is_state(&h[0], HEALTH_FAILED);
                ck_assert_uint_eq(h[0].retry_at, S(1) + cases[i].given);
                ck_assert_uint_eq(h[0].level, 0);
                ck_assert_int_eq(h[0].reason, FAILURE_HTTP_OVERLOAD);
        }
}
END_TEST

START_TEST(a_wrong_url_is_a_hard_fault_from_the_second_time_on)
{
        ck_assert(failure(&h[0], 1, FAILURE_HTTP_CONFIG) == HEALTH_REQUEST_NONE);
        is_state(&h[0], HEALTH_UNKNOWN);
        ck_assert_uint_eq(h[0].last_failure, 0);
        health_ok(&h[0], false, S(2));
        ck_assert(failure(&h[0], 3, FAILURE_HTTP_REDIRECT) == HEALTH_REQUEST_NONE);
        is_state(&h[0], HEALTH_HEALTHY);
        ck_assert(failure(&h[0], 4, FAILURE_HTTP_CONFIG) == HEALTH_REQUEST_PROBE);
        is_state(&h[0], HEALTH_SUSPECT);
        ck_assert(h[0].suspect_connect && h[0].reason == FAILURE_HTTP_CONFIG);
        health_probe_done(&h[0], FAILURE_NONE, 0, S(5));
        ck_assert_msg(failure(&h[0], 6, FAILURE_HTTP_CONFIG) == HEALTH_REQUEST_NONE,
                      "a good probe is an answer between");
}
END_TEST

START_TEST(incidents_are_remembered_while_others_follow)
{
        parameters.fail_consecutive = parameters.ratio_min = UINT32_MAX;
        for (uint64_t i = 1; i <= HEALTH_INCIDENTS; i++)
                health_failure(&h[0], FAILURE_TIMEOUT, i, false, 0, S(1));
        ck_assert_uint_eq(h[0].consecutive, HEALTH_INCIDENTS);
        for (uint64_t i = 1; i <= HEALTH_INCIDENTS; i++)
                health_failure(&h[0], FAILURE_TIMEOUT, i, false, 0, S(1));
        ck_assert_uint_eq(h[0].consecutive, HEALTH_INCIDENTS);
        health_failure(&h[0], FAILURE_TIMEOUT, HEALTH_INCIDENTS + 1, false, 0, S(1));
        health_failure(&h[0], FAILURE_TIMEOUT, 1, false, 0, S(1));
        ck_assert_msg(h[0].consecutive == HEALTH_INCIDENTS + 2, "the oldest is forgotten");
}
END_TEST

/* --- epoch: row 23 */

START_TEST(a_change_of_network_forgives_everybody_and_sends_no_probe)
{
        upstreams(4, MODE_LAZY);
        make_failed(&h[0], 1);
        make_failed(&h[1], 1);
        ck_assert(health_trial_start(&h[1], true, S(100)));
        failure(&h[2], 99, FAILURE_REFUSED);
        health_ok(&h[3], false, S(99));
        health_epoch(&group, S(100));
        for (unsigned i = 0; i < MEMBERS; i++) {
                is_state(&h[i], HEALTH_UNKNOWN);
                ck_assert(!h[i].probing && h[i].level == 0 && h[i].retry_at == 0 && h[i].ring_n == 0 &&
                          h[i].reason == FAILURE_NONE);
                ck_assert_uint_eq(h[i].changed_at, S(100));
        }
        goes_to(query(100), ROUTE_NORMAL, 0, SIZE_MAX);
        health_probe_done(&h[2], FAILURE_REFUSED, 0, S(101));
        is_state(&h[2], HEALTH_UNKNOWN);
}
END_TEST

int main(void)
{
        const TTest *tests[] = {
                twenty_streams_lost_with_one_connection_are_one_incident,
                second_incident_makes_a_suspect_and_asks_for_one_probe,
                suspects_are_used_but_ranked_last,
                an_answer_between_incidents_starts_the_count_anew,
                half_of_eight_samples_bad_within_a_minute_make_a_suspect,
                samples_older_than_a_minute_are_forgotten,
                refused_connect_makes_a_suspect_at_once,
                refused_connect_is_not_masked_by_reuse,
                a_working_old_connection_keeps_a_suspect_usable_for_ten_seconds,
                an_answer_over_any_connection_clears_a_suspicion_of_queries,
                soft_faults_while_connecting_are_not_masked_by_reuse,
                a_good_probe_makes_healthy,
                two_failed_probes_half_a_second_apart_make_failed,
                a_local_fault_ends_a_probe_and_counts_for_nothing,
                a_wrong_certificate_in_a_probe_fails_at_once,
                an_overloaded_server_in_a_probe_rests_as_long_as_it_asked,
                no_more_than_two_probes_fly_in_the_process,
                an_abandoned_probe_leaves_everything_as_it_was,
                a_wrong_certificate_fails_at_once,
                a_failed_one_is_left_alone_until_a_query_comes_after_retry_at,
                one_trial_in_the_process,
                no_trial_starts_beside_a_probe,
                a_failed_trial_doubles_the_back_off_up_to_the_maximum,
                any_counted_fault_ends_a_trial,
                a_good_trial_makes_healthy,
                no_route_ends_a_trial_but_leaves_back_off_and_level,
                an_abandoned_trial_is_failed_again_and_frees_the_slot,
                a_late_answer_does_not_bring_a_failed_one_back,
                the_back_off_level_falls_by_one_a_healthy_minute,
                who_flaps_needs_two_good_trials,
                who_has_not_flapped_for_ten_minutes_needs_one_good_trial,
                a_change_of_network_does_not_make_flapping_forgotten,
                rise_is_never_lower_for_who_flaps,
                with_none_usable_the_query_is_the_trial_and_others_join_or_fail_fast,
                the_only_upstream_is_tried_again_within_a_second_of_demand,
                last_resorts_double_their_distance_up_to_a_maximum_and_start_anew_on_an_answer,
                the_back_off_is_short_when_all_go_wrong_at_once,
                one_beside_those_that_are_put_down_is_the_only_one,
                the_maximum_holds_for_the_short_back_off_too,
                faults_that_are_not_the_upstreams_never_change_its_state,
                stale_connections_do_not_end_a_trial,
                an_overloaded_server_rests_as_long_as_it_asks_from_1_to_300_seconds,
                a_wrong_url_is_a_hard_fault_from_the_second_time_on,
                incidents_are_remembered_while_others_follow,
                a_change_of_network_forgives_everybody_and_sends_no_probe,
        };
        Suite *s = suite_create("health");
        TCase *t = tcase_create("health");

        tcase_add_checked_fixture(t, two_upstreams, NULL);
        tcase_set_timeout(t, 60);
        for (size_t i = 0; i < ELEMENTS(tests); i++)
                tcase_add_test(t, tests[i]);
        suite_add_tcase(s, t);
        return run_suite(s);
}
