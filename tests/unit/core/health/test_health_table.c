/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of HEALTH.md 2, row by row: health.c is brought into a row's state, meets its event, and must end up in
 * its next state with its effect. tests/unit/core/health/table-agrees-with-document compares numbers and states with
 * the document.
 */

#include "healthy.h"
#include "run.h"

#define AT 10 /* seconds: when the event happens */
#define MILLISECONDS(n) ((uint64_t) (n) * USEC_PER_MSEC)

typedef enum RowState {
        UNKNOWN,
        HEALTHY,
        SUSPECT_QUERY,
        SUSPECT_CONNECT,
        FAILED,
        TRIAL,
} RowState;

static const char *const row_state_names[] = { "UNKNOWN",          "HEALTHY", "SUSPECT(query)",
                                               "SUSPECT(connect)", "FAILED",  "TRIAL" };

static Health before;           /* h[0] just before the event */
static HealthRequest request;   /* what the event asked for */
static HealthDecision decision; /* where the event, a query, went */
static uint64_t next_probe;     /* what the end of a probe returned */
static bool started;            /* whether a trial started */

static RowState row_state(const Health *u)
{
        switch (u->state) {
        case HEALTH_UNKNOWN:
                return UNKNOWN;
        case HEALTH_HEALTHY:
                return HEALTHY;
        case HEALTH_SUSPECT:
                return u->suspect_connect ? SUSPECT_CONNECT : SUSPECT_QUERY;
        case HEALTH_FAILED:
                return FAILED;
        case HEALTH_TRIAL:
                return TRIAL;
        }
        ck_abort_msg("no state");
}

/* Two upstreams, the first of them in `state`, with its probe or trial under way if it has one. */
static void bring_to(RowState state)
{
        two_upstreams();
        switch (state) {
        case UNKNOWN:
                break;
        case HEALTHY:
                health_ok(&h[0], true, S(0));
                break;
        case SUSPECT_QUERY:
                failure(&h[0], 1, FAILURE_TIMEOUT);
                failure(&h[0], 2, FAILURE_TIMEOUT);
                break;
        case SUSPECT_CONNECT:
                failure(&h[0], 1, FAILURE_REFUSED);
                break;
        case FAILED:
                make_failed(&h[0], 1); /* retry_at is S(3) */
                break;
        case TRIAL:
                make_failed(&h[0], 1);
                query(4);
                break;
        }
        ck_assert_msg(row_state(&h[0]) == state, "prepared as %s", row_state_names[state]);
}

/* --- events */

static void ok_on_old_connection(void)
{
        health_ok(&h[0], false, S(AT));
}

static void ok_on_fresh_connection(void)
{
        health_ok(&h[0], true, S(AT));
}

static void first_incident(void)
{
        request = failure(&h[0], AT, FAILURE_TIMEOUT);
}

static void many_streams_of_one_incident(void)
{
        for (unsigned i = 0; i < 20; i++)
                request = health_failure(&h[0], FAILURE_CONNECTION_LOST, 7, false, 0, S(AT));
}

static void second_incident(void)
{
        failure(&h[0], AT - 1, FAILURE_TIMEOUT);
        request = failure(&h[0], AT, FAILURE_TIMEOUT);
}

static void second_incident_while_connecting(void)
{
        health_failure(&h[0], FAILURE_CONNECT_TIMEOUT, ++incident, true, 0, S(AT - 1));
        request = health_failure(&h[0], FAILURE_CONNECT_TIMEOUT, ++incident, true, 0, S(AT));
}

/* `bad` of eight samples within a minute, never two bad ones in a row; the last one is bad. */
static void samples(unsigned good, unsigned bad, double first)
{
        for (unsigned i = 0; i < good; i++) {
                health_ok(&h[0], false, S(first + i));
                if (i + 1 < bad)
                        failure(&h[0], first + i + 0.5, FAILURE_TIMEOUT);
        }
        request = failure(&h[0], AT, FAILURE_TIMEOUT);
}

static void half_of_eight_samples(void)
{
        samples(4, 4, 1);
}

static void fewer_than_half_of_eight_samples(void)
{
        samples(5, 3, 1);
}

static void half_of_eight_samples_one_too_old(void)
{
        samples(4, 4, AT - 60);
}

static void refused(void)
{
        request = failure(&h[0], AT, FAILURE_REFUSED);
}

static void wrong_certificate(void)
{
        request = failure(&h[0], AT, FAILURE_CERTIFICATE_NAME);
}

static void probe_shows_wrong_certificate(void)
{
        next_probe = health_probe_done(&h[0], FAILURE_CERTIFICATE_NAME, 0, S(AT));
}

static void probe_succeeds(void)
{
        next_probe = health_probe_done(&h[0], FAILURE_NONE, 0, S(AT));
}

static void probe_fails(void)
{
        next_probe = health_probe_done(&h[0], FAILURE_CONNECT_TIMEOUT, 0, S(AT));
}

static void second_probe_fails(void)
{
        health_probe_done(&h[0], FAILURE_CONNECT_TIMEOUT, 0, S(AT - 1));
        ck_assert(health_probe_start(&h[0]));
        probe_fails();
}

static void second_probe_fails_10_s_after_pooled_ok(void)
{
        health_ok(&h[0], false, S(AT - 10));
        second_probe_fails();
}

static void second_probe_fails_more_than_10_s_after_pooled_ok(void)
{
        health_ok(&h[0], false, S(AT - 10) - 1);
        second_probe_fails();
}

static void probe_meets_no_route(void)
{
        next_probe = health_probe_done(&h[0], FAILURE_NO_ROUTE, 0, S(AT));
}

static void query_before_retry_at(void)
{
        decision = health_query(&group, h[0].retry_at - 1);
}

static void query_at_retry_at(void)
{
        decision = health_query(&group, h[0].retry_at);
}

static void query_beside_a_probe(void)
{
        failure(&h[1], AT, FAILURE_REFUSED);
        decision = query(AT);
}

/* The other one has failed, too, and may be tried later than this one. */
static void query_as_last_resort(void)
{
        make_failed(&h[1], 1.5);
        decision = query(2);
}

/* The last resort was the other one, and failed; the spacing, 0.8 s, is over. */
static void query_after_the_spacing(void)
{
        failure(&h[1], 0.9, FAILURE_CERTIFICATE_NAME);
        h[1].retry_at = S(2);
        decision = query(2);
        goes_to(decision, ROUTE_LAST_RESORT, 1, SIZE_MAX);
        failure(&h[1], 2.1, FAILURE_TIMEOUT);
        decision = health_query(&group, S(2) + MILLISECONDS(800));
}

static void query_within_the_spacing(void)
{
        failure(&h[1], 0.9, FAILURE_CERTIFICATE_NAME);
        h[1].retry_at = S(2);
        goes_to(query(2), ROUTE_LAST_RESORT, 1, SIZE_MAX);
        failure(&h[1], 2.1, FAILURE_TIMEOUT);
        decision = health_query(&group, S(2) + MILLISECONDS(800) - 1);
}

static void query_while_the_other_is_in_trial(void)
{
        make_failed(&h[1], 0.5);
        goes_to(query(2), ROUTE_LAST_RESORT, 1, SIZE_MAX);
        decision = query(4);
}

static void third_trip_and_ok(void)
{
        two_upstreams();
        for (double at = 1; at < 3; at++) {
                make_failed(&h[0], at);
                ck_assert(health_trial_start(&h[0], false, S(at)));
                health_ok(&h[0], true, S(at));
        }
        make_failed(&h[0], 3);
        ck_assert(health_trial_start(&h[0], false, S(4)));
        before = h[0];
        ok_on_fresh_connection();
}

static void second_ok_after_third_trip(void)
{
        third_trip_and_ok();
        ck_assert(health_trial_start(&h[0], true, S(AT)));
        ok_on_fresh_connection();
}

static void wrong_url(void)
{
        request = failure(&h[0], AT, FAILURE_HTTP_CONFIG);
}

static void wrong_url_twice(void)
{
        wrong_url();
        wrong_url();
}

static void no_route(void)
{
        request = failure(&h[0], AT, FAILURE_NO_ROUTE);
}

static void stale(void)
{
        request = failure(&h[0], AT, FAILURE_SILENT);
}

static void goaway(void)
{
        request = failure(&h[0], AT, FAILURE_GOAWAY);
}

static void overload(void)
{
        request = health_failure(&h[0], FAILURE_HTTP_OVERLOAD, ++incident, false, 30 * USEC_PER_SEC, S(AT));
}

static void epoch(void)
{
        health_epoch(&group, S(AT));
}

static void trial_abandoned(void)
{
        health_probe_abandon(&h[0], S(AT));
}

static void active_interval(void)
{
        h[0].mode = before.mode = MODE_ACTIVE;
        ck_assert(health_probe_start(&h[0]));
        next_probe = health_probe_done(&h[0], FAILURE_TIMEOUT, 0, S(AT));
}

static void active_interval_at_retry_at(void)
{
        h[0].mode = MODE_ACTIVE;
        ck_assert(!health_trial_start(&h[0], true, h[0].retry_at - 1));
        started = health_trial_start(&h[0], true, h[0].retry_at);
}

static void probe_asked_for(void)
{
        started = health_trial_start(&h[0], false, S(1.1));
}

static void failures_in_mode_none(void)
{
        static const FailureReason failures[] = { FAILURE_TIMEOUT, FAILURE_REFUSED, FAILURE_CERTIFICATE_NAME,
                                                  FAILURE_HTTP_OVERLOAD, FAILURE_HTTP_CONFIG };

        h[0].mode = before.mode = MODE_NONE;
        for (size_t i = 0; i < 3 * ELEMENTS(failures); i++)
                ck_assert(failure(&h[0], AT, failures[i % ELEMENTS(failures)]) == HEALTH_REQUEST_NONE);
        ck_assert(!health_probe_start(&h[0]));
}

static void set_up(void)
{
        health_set_admin(&h[0], ADMIN_UP, S(AT));
}

static void set_down(void)
{
        health_set_admin(&h[0], ADMIN_DOWN, S(AT));
}

static void set_back_to_auto(void)
{
        set_down();
        health_set_admin(&h[0], ADMIN_AUTO, S(AT));
}

/* --- effects */

static void nothing_changed(void)
{
        ck_assert(health_equal(&before, &h[0]));
        ck_assert(request == HEALTH_REQUEST_NONE);
}

static void recovered(void)
{
        ck_assert(h[0].reason == FAILURE_NONE && !h[0].probing && h[0].consecutive == 0 && h[0].ring_n == 0);
        ck_assert(h[0].changed_at == S(AT) && h[0].healthy_since == S(AT));
        ck_assert(group.last_resort_at == 0 && group.last_resort_gap == MILLISECONDS(800));
}

static void one_incident_counted(void)
{
        ck_assert_uint_eq(h[0].consecutive, 1);
        ck_assert(request == HEALTH_REQUEST_NONE && !h[0].probing);
}

static void probe_wanted(void)
{
        ck_assert(request == HEALTH_REQUEST_PROBE && h[0].probing && h[0].reason != FAILURE_NONE &&
                  health_usable(&h[0]));
}

static void backs_off(void)
{
        ck_assert_uint_eq(h[0].level, before.level + 1);
        ck_assert_uint_eq(h[0].retry_at, S(AT) + (2 * USEC_PER_SEC << before.level));
        ck_assert(!h[0].probing && !health_usable(&h[0]) && request == HEALTH_REQUEST_NONE);
}

static void probe_failed_and_back_off(void)
{
        ck_assert_uint_eq(next_probe, USEC_NEVER);
        backs_off();
}

static void usable_but_suspect(void)
{
        ck_assert_uint_eq(h[0].consecutive, 0);
        ck_assert(health_usable(&h[0]) && h[0].reason == FAILURE_REFUSED && h[0].probing);
}

static void next_probe_in_half_a_second(void)
{
        ck_assert_uint_eq(next_probe, S(AT) + MILLISECONDS(500));
        ck_assert(!h[0].probing && h[0].probe_failures == 1);
}

static void further_probes(void)
{
        ck_assert_uint_eq(next_probe, S(AT) + MILLISECONDS(500));
        ck_assert(!h[0].probing && health_usable(&h[0]));
}

static void goes_to_the_other(void)
{
        goes_to(decision, ROUTE_NORMAL, 1, SIZE_MAX);
}

static void tried_in_the_background(void)
{
        goes_to(decision, ROUTE_NORMAL, 1, 0);
        ck_assert(h[0].probing && !health_usable(&h[0]));
}

static void is_the_trial(void)
{
        goes_to(decision, ROUTE_LAST_RESORT, 0, SIZE_MAX);
        ck_assert(h[0].probing);
}

static void joins_the_other(void)
{
        goes_to(decision, ROUTE_JOIN, 1, SIZE_MAX);
}

static void fails_fast(void)
{
        goes_to(decision, ROUTE_FAIL_FAST, SIZE_MAX, SIZE_MAX);
}

static void tried_again_with_the_next_query(void)
{
        ck_assert(h[0].retry_at == S(AT) && h[0].level == before.level && !h[0].probing);
        goes_to(query(AT), ROUTE_NORMAL, 1, 0);
}

static void failed_as_before(void)
{
        ck_assert(h[0].retry_at == before.retry_at && h[0].level == before.level && !h[0].probing);
        ck_assert_int_eq(h[0].reason, FAILURE_CERTIFICATE_NAME);
}

static void rests_as_long_as_asked(void)
{
        ck_assert(h[0].retry_at == S(AT + 30) && h[0].level == before.level && h[0].reason == FAILURE_HTTP_OVERLOAD);
}

static void forgiven(void)
{
        ck_assert(h[0].level == 0 && h[0].ring_n == 0 && h[0].retry_at == 0 && h[0].reason == FAILURE_NONE);
        ck_assert(!h[0].probing && h[0].trips_n == before.trips_n);
}

static void not_counted(void)
{
        ck_assert(h[0].level == before.level && h[0].retry_at == before.retry_at && !health_usable(&h[0]));
}

static void good_sample(void)
{
        ck_assert(h[0].consecutive == 0 && h[0].ring_n == before.ring_n + 1 && !h[0].ring[before.ring_next].bad);
}

static void good_sample_after_an_incident(void)
{
        ck_assert(h[0].consecutive == 0 && h[0].ring_n == 2);
}

static void ok_after_an_incident(void)
{
        failure(&h[0], AT - 1, FAILURE_TIMEOUT);
        ok_on_old_connection();
}

static void one_probe_is_enough(void)
{
        ck_assert(request == HEALTH_REQUEST_NONE && h[0].probing);
}

static void another_probe_wanted(void)
{
        ck_assert(request == HEALTH_REQUEST_PROBE && h[0].probing && h[0].reason == FAILURE_REFUSED);
}

static void refused_without_a_probe_under_way(void)
{
        h[0].probing = false;
        refused();
}

static void first_wrong_url_counts_for_nothing(void)
{
        ck_assert(request == HEALTH_REQUEST_NONE && h[0].last_failure == 0 && h[0].consecutive == 0 &&
                  h[0].reason == FAILURE_NONE);
}

static void probe_not_counted(void)
{
        ck_assert_uint_eq(next_probe, S(AT) + MILLISECONDS(500));
        ck_assert(h[0].probe_failures == 0 && h[0].reason == before.reason && !h[0].probing);
}

static void left_to_the_caller(void)
{
        ck_assert_uint_eq(next_probe, USEC_NEVER);
        nothing_changed();
}

static void trial_without_a_query(void)
{
        ck_assert(started && h[0].probing && h[0].level == before.level);
}

static void only_used(void)
{
        nothing_changed();
        goes_to(query(AT), ROUTE_NORMAL, 0, SIZE_MAX);
}

static void stays_whatever_happens(void)
{
        HealthAdmin admin = h[0].admin;

        for (unsigned i = 0; i < 3; i++)
                ck_assert(failure(&h[0], AT + 1, FAILURE_REFUSED) == HEALTH_REQUEST_NONE);
        health_ok(&h[0], true, S(AT + 2));
        ck_assert(row_state(&h[0]) == UNKNOWN && health_usable(&h[0]) == (admin == ADMIN_UP) &&
                  !health_probe_start(&h[0]));
}

static void counted_again(void)
{
        ck_assert(failure(&h[0], AT + 1, FAILURE_REFUSED) == HEALTH_REQUEST_PROBE);
}

/* --- the table */

typedef struct Row {
        unsigned number; /* in HEALTH.md 2 */
        RowState from;
        void (*event)(void);
        RowState to;
        void (*effect)(void);
} Row;

/* clang-format off */
static const Row table[] = {
        { 1, UNKNOWN, ok_on_old_connection, HEALTHY, recovered },
        { 1, UNKNOWN, ok_on_fresh_connection, HEALTHY, recovered },
        { 2, UNKNOWN, first_incident, UNKNOWN, one_incident_counted },
        { 2, HEALTHY, first_incident, HEALTHY, one_incident_counted },
        { 2, UNKNOWN, many_streams_of_one_incident, UNKNOWN, one_incident_counted },
        { 2, HEALTHY, fewer_than_half_of_eight_samples, HEALTHY, one_incident_counted },
        { 2, HEALTHY, half_of_eight_samples_one_too_old, HEALTHY, one_incident_counted },
        { 3, UNKNOWN, second_incident, SUSPECT_QUERY, probe_wanted },
        { 3, HEALTHY, second_incident, SUSPECT_QUERY, probe_wanted },
        { 3, HEALTHY, half_of_eight_samples, SUSPECT_QUERY, probe_wanted },
        { 4, UNKNOWN, refused, SUSPECT_CONNECT, probe_wanted },
        { 4, HEALTHY, refused, SUSPECT_CONNECT, probe_wanted },
        { 4, UNKNOWN, wrong_url_twice, SUSPECT_CONNECT, probe_wanted },
        { 5, UNKNOWN, wrong_certificate, FAILED, backs_off },
        { 5, HEALTHY, wrong_certificate, FAILED, backs_off },
        { 5, SUSPECT_QUERY, wrong_certificate, FAILED, backs_off },
        { 5, SUSPECT_CONNECT, wrong_certificate, FAILED, backs_off },
        { 5, SUSPECT_CONNECT, probe_shows_wrong_certificate, FAILED, probe_failed_and_back_off },
        { 5, TRIAL, wrong_certificate, FAILED, backs_off },
        { 6, SUSPECT_QUERY, ok_on_old_connection, HEALTHY, recovered },
        { 6, SUSPECT_QUERY, ok_on_fresh_connection, HEALTHY, recovered },
        { 7, SUSPECT_CONNECT, ok_on_old_connection, SUSPECT_CONNECT, usable_but_suspect },
        { 8, SUSPECT_QUERY, probe_succeeds, HEALTHY, recovered },
        { 8, SUSPECT_CONNECT, probe_succeeds, HEALTHY, recovered },
        { 8, SUSPECT_CONNECT, ok_on_fresh_connection, HEALTHY, recovered },
        { 9, SUSPECT_QUERY, probe_fails, SUSPECT_QUERY, next_probe_in_half_a_second },
        { 9, SUSPECT_CONNECT, probe_fails, SUSPECT_CONNECT, next_probe_in_half_a_second },
        { 10, SUSPECT_QUERY, second_probe_fails, FAILED, probe_failed_and_back_off },
        { 10, SUSPECT_CONNECT, second_probe_fails, FAILED, probe_failed_and_back_off },
        { 10, SUSPECT_CONNECT, second_probe_fails_more_than_10_s_after_pooled_ok, FAILED, probe_failed_and_back_off },
        { 11, SUSPECT_CONNECT, second_probe_fails_10_s_after_pooled_ok, SUSPECT_CONNECT, further_probes },
        { 12, FAILED, query_before_retry_at, FAILED, goes_to_the_other },
        { 12, FAILED, query_beside_a_probe, FAILED, goes_to_the_other },
        { 13, FAILED, query_at_retry_at, TRIAL, tried_in_the_background },
        { 14, FAILED, query_as_last_resort, TRIAL, is_the_trial },
        { 14, FAILED, query_after_the_spacing, TRIAL, is_the_trial },
        { 15, FAILED, query_while_the_other_is_in_trial, FAILED, joins_the_other },
        { 16, FAILED, query_within_the_spacing, FAILED, fails_fast },
        { 17, TRIAL, ok_on_fresh_connection, HEALTHY, recovered },
        { 17, TRIAL, ok_on_old_connection, HEALTHY, recovered },
        { 17, TRIAL, second_ok_after_third_trip, HEALTHY, recovered },
        { 18, TRIAL, third_trip_and_ok, FAILED, tried_again_with_the_next_query },
        { 19, TRIAL, first_incident, FAILED, backs_off },
        { 19, TRIAL, refused, FAILED, backs_off },
        { 19, TRIAL, wrong_url, FAILED, backs_off },
        { 20, TRIAL, no_route, FAILED, failed_as_before },
        { 21, UNKNOWN, overload, FAILED, rests_as_long_as_asked },
        { 21, HEALTHY, overload, FAILED, rests_as_long_as_asked },
        { 21, SUSPECT_QUERY, overload, FAILED, rests_as_long_as_asked },
        { 21, SUSPECT_CONNECT, overload, FAILED, rests_as_long_as_asked },
        { 21, FAILED, overload, FAILED, rests_as_long_as_asked },
        { 21, TRIAL, overload, FAILED, rests_as_long_as_asked },
        { 22, UNKNOWN, no_route, UNKNOWN, nothing_changed },
        { 22, HEALTHY, no_route, HEALTHY, nothing_changed },
        { 22, SUSPECT_QUERY, no_route, SUSPECT_QUERY, nothing_changed },
        { 22, SUSPECT_CONNECT, no_route, SUSPECT_CONNECT, nothing_changed },
        { 22, FAILED, no_route, FAILED, nothing_changed },
        { 22, UNKNOWN, stale, UNKNOWN, nothing_changed },
        { 22, HEALTHY, stale, HEALTHY, nothing_changed },
        { 22, SUSPECT_QUERY, stale, SUSPECT_QUERY, nothing_changed },
        { 22, FAILED, stale, FAILED, nothing_changed },
        { 22, TRIAL, stale, TRIAL, nothing_changed },
        { 22, UNKNOWN, goaway, UNKNOWN, nothing_changed },
        { 22, HEALTHY, goaway, HEALTHY, nothing_changed },
        { 22, SUSPECT_CONNECT, goaway, SUSPECT_CONNECT, nothing_changed },
        { 22, FAILED, goaway, FAILED, nothing_changed },
        { 22, TRIAL, goaway, TRIAL, nothing_changed },
        { 23, UNKNOWN, epoch, UNKNOWN, forgiven },
        { 23, HEALTHY, epoch, UNKNOWN, forgiven },
        { 23, SUSPECT_QUERY, epoch, UNKNOWN, forgiven },
        { 23, SUSPECT_CONNECT, epoch, UNKNOWN, forgiven },
        { 23, FAILED, epoch, UNKNOWN, forgiven },
        { 23, TRIAL, epoch, UNKNOWN, forgiven },
        { 24, FAILED, ok_on_old_connection, FAILED, not_counted },
        { 24, FAILED, ok_on_fresh_connection, FAILED, not_counted },
        { 25, HEALTHY, ok_on_old_connection, HEALTHY, good_sample },
        { 25, HEALTHY, ok_after_an_incident, HEALTHY, good_sample_after_an_incident },
        { 26, SUSPECT_QUERY, refused, SUSPECT_QUERY, one_probe_is_enough },
        { 26, SUSPECT_CONNECT, first_incident, SUSPECT_CONNECT, one_probe_is_enough },
        { 26, SUSPECT_QUERY, refused_without_a_probe_under_way, SUSPECT_QUERY, another_probe_wanted },
        { 26, SUSPECT_CONNECT, refused_without_a_probe_under_way, SUSPECT_CONNECT, another_probe_wanted },
        { 27, UNKNOWN, wrong_url, UNKNOWN, first_wrong_url_counts_for_nothing },
        { 27, HEALTHY, wrong_url, HEALTHY, first_wrong_url_counts_for_nothing },
        { 28, SUSPECT_QUERY, probe_meets_no_route, SUSPECT_QUERY, probe_not_counted },
        { 28, SUSPECT_CONNECT, probe_meets_no_route, SUSPECT_CONNECT, probe_not_counted },
        { 29, TRIAL, trial_abandoned, FAILED, failed_as_before },
        { 30, UNKNOWN, active_interval, UNKNOWN, left_to_the_caller },
        { 30, HEALTHY, active_interval, HEALTHY, left_to_the_caller },
        { 31, FAILED, active_interval_at_retry_at, TRIAL, trial_without_a_query },
        { 32, FAILED, probe_asked_for, TRIAL, trial_without_a_query },
        { 33, UNKNOWN, failures_in_mode_none, UNKNOWN, only_used },
        { 33, HEALTHY, failures_in_mode_none, HEALTHY, only_used },
        { 34, UNKNOWN, set_up, UNKNOWN, stays_whatever_happens },
        { 34, HEALTHY, set_down, UNKNOWN, stays_whatever_happens },
        { 34, SUSPECT_QUERY, set_up, UNKNOWN, stays_whatever_happens },
        { 34, SUSPECT_CONNECT, set_down, UNKNOWN, stays_whatever_happens },
        { 34, FAILED, set_up, UNKNOWN, stays_whatever_happens },
        { 34, TRIAL, set_down, UNKNOWN, stays_whatever_happens },
        { 35, UNKNOWN, set_back_to_auto, UNKNOWN, counted_again },
};
/* clang-format on */

START_TEST(each_row_of_the_table_leads_to_its_state_and_has_its_effect)
{
        const Row *row = &table[_i];

        bring_to(row->from);
        request = HEALTH_REQUEST_NONE;
        next_probe = USEC_NEVER;
        before = h[0];
        row->event();
        ck_assert_msg(row_state(&h[0]) == row->to, "HEALTH.md 2, row %u (entry %d): from %s to %s, not to %s",
                      row->number, _i, row_state_names[row->from], row_state_names[row->to],
                      row_state_names[row_state(&h[0])]);
        printf("row %u, entry %d: the effect\n", row->number, _i);
        row->effect();
}
END_TEST

START_TEST(second_incident_while_connecting_is_not_masked_by_reuse)
{
        bring_to(UNKNOWN);
        second_incident_while_connecting();
        ck_assert_msg(row_state(&h[0]) == SUSPECT_CONNECT, "HEALTH.md 2, row 3: SUSPECT(connect)");
        probe_wanted();
}
END_TEST

int main(void)
{
        Suite *s = suite_create("health table");
        TCase *tc = tcase_create("rows");

        tcase_add_loop_test(tc, each_row_of_the_table_leads_to_its_state_and_has_its_effect, 0, ELEMENTS(table));
        tcase_add_test(tc, second_incident_while_connecting_is_not_masked_by_reuse);
        suite_add_tcase(s, tc);
        return run_suite(s);
}
