/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/health/health beyond the model: the administrator, modes, figures and words. */

#include "healthy.h"
#include "run.h"

/* --- the administrator, and modes */

START_TEST(who_is_put_down_is_never_used_or_probed)
{
        health_set_admin(&h[0], ADMIN_DOWN, S(1));
        ck_assert(!health_usable(&h[0]) && !health_probe_start(&h[0]) && !health_trial_start(&h[0], false, S(2)));
        goes_to(query(2), ROUTE_NORMAL, 1, SIZE_MAX);
        health_ok(&h[0], true, S(3));
        failure(&h[0], 3, FAILURE_CERTIFICATE_NAME);
        is_state(&h[0], HEALTH_UNKNOWN);
        health_set_admin(&h[1], ADMIN_DOWN, S(4));
        goes_to(query(1000), ROUTE_FAIL_FAST, SIZE_MAX, SIZE_MAX);
        ck_assert_uint_eq(health_retry_at(&group), USEC_NEVER);
}
END_TEST

START_TEST(who_is_put_up_is_used_whatever_happens)
{
        health_set_admin(&h[0], ADMIN_UP, S(1));
        for (FailureReason f = FAILURE_NONE; f < _FAILURE_MAX; f++)
                for (unsigned i = 0; i < 3; i++)
                        ck_assert(failure(&h[0], 2, f) == HEALTH_REQUEST_NONE);
        ck_assert(health_usable(&h[0]) && !health_probe_start(&h[0]));
        goes_to(query(3), ROUTE_NORMAL, 0, SIZE_MAX);
}
END_TEST

START_TEST(back_to_auto_starts_from_unknown_without_a_stray_probe)
{
        static const HealthAdmin wishes[] = { ADMIN_UP, ADMIN_DOWN };

        for (size_t i = 0; i < ELEMENTS(wishes); i++) {
                two_upstreams();
                failure(&h[0], 1, FAILURE_REFUSED);
                ck_assert(h[0].probing);
                health_set_admin(&h[0], wishes[i], S(2));
                ck_assert(!h[0].probing);
                health_set_admin(&h[0], ADMIN_AUTO, S(3));
                is_state(&h[0], HEALTH_UNKNOWN);
                ck_assert(!h[0].probing && h[0].level == 0 && h[0].changed_at == S(3) && health_usable(&h[0]));
                health_probe_done(&h[0], FAILURE_REFUSED, 0, S(4));
                is_state(&h[0], HEALTH_UNKNOWN);
                ck_assert(failure(&h[0], 5, FAILURE_REFUSED) == HEALTH_REQUEST_PROBE);
        }
}
END_TEST

START_TEST(putting_a_trial_down_frees_the_slot)
{
        upstreams(3, MODE_LAZY);
        make_failed(&h[0], 1);
        make_failed(&h[1], 1);
        goes_to(query(100), ROUTE_NORMAL, 2, 0);
        health_set_admin(&h[0], ADMIN_DOWN, S(101));
        goes_to(query(102), ROUTE_NORMAL, 2, 1);
}
END_TEST

START_TEST(the_same_wish_again_changes_nothing)
{
        failure(&h[0], 1, FAILURE_REFUSED);
        health_set_admin(&h[0], ADMIN_AUTO, S(2));
        is_state(&h[0], HEALTH_SUSPECT);
        ck_assert(h[0].probing);
}
END_TEST

START_TEST(in_mode_none_nothing_is_probed_and_all_are_used)
{
        upstreams(2, MODE_NONE);
        for (FailureReason f = FAILURE_NONE; f < _FAILURE_MAX; f++)
                for (unsigned i = 0; i < 3; i++)
                        ck_assert(failure(&h[0], 2, f) == HEALTH_REQUEST_NONE);
        is_state(&h[0], HEALTH_UNKNOWN);
        ck_assert(!health_probe_start(&h[0]) && !health_trial_start(&h[0], false, S(3)));
        goes_to(query(3), ROUTE_NORMAL, 0, SIZE_MAX);
        health_ok(&h[0], false, S(4));
        is_state(&h[0], HEALTH_HEALTHY);
}
END_TEST

START_TEST(in_active_mode_a_trial_waits_until_it_is_due)
{
        upstreams(2, MODE_ACTIVE);
        ck_assert(!health_trial_start(&h[0], true, S(1)));
        make_failed(&h[0], 1);
        ck_assert(!health_trial_start(&h[0], true, S(2.9)));
        is_state(&h[0], HEALTH_FAILED);
        ck_assert(health_trial_start(&h[0], true, S(3)));
        is_state(&h[0], HEALTH_TRIAL);
        ck_assert(!health_trial_start(&h[0], false, S(3)));
}
END_TEST

/* --- figures and words */

START_TEST(retry_at_is_the_earliest_of_the_failed)
{
        upstreams(3, MODE_LAZY);
        ck_assert_uint_eq(health_retry_at(&group), USEC_NEVER);
        make_failed(&h[1], 2);
        make_failed(&h[2], 1);
        ck_assert_uint_eq(health_retry_at(&group), h[2].retry_at);
}
END_TEST

START_TEST(jitter_is_spread_over_its_whole_width_and_not_beyond)
{
        uint64_t least = UINT64_MAX, most = 0;
        double sum = 0;

        for (uint64_t seed = 0; seed < 20000; seed++) {
                two_upstreams();
                health_group_init(&group, &parameters, seed * UINT64_C(0x9e3779b97f4a7c15));
                group.members = pointers;
                group.n = 2;
                make_failed(&h[0], 1);
                least = MIN(least, h[0].retry_at - S(1));
                most = MAX(most, h[0].retry_at - S(1));
                sum += (double) (h[0].retry_at - S(1));
        }
        ck_assert_msg(least >= 1600000 && least < 1601000 && most <= 2400000 && most > 2399000,
                      "2 s ± 20 %% is from %ju to %ju usec", (uintmax_t) least, (uintmax_t) most);
        ck_assert_msg(sum / 20000 > 1990000 && sum / 20000 < 2010000, "on average 2 s, not %g usec", sum / 20000);
}
END_TEST

START_TEST(words_are_those_of_the_manual)
{
        ck_assert_str_eq(health_state_name(HEALTH_UNKNOWN), "unknown");
        ck_assert_str_eq(health_state_name(HEALTH_HEALTHY), "healthy");
        ck_assert_str_eq(health_state_name(HEALTH_SUSPECT), "suspect");
        ck_assert_str_eq(health_state_name(HEALTH_FAILED), "failed");
        ck_assert_str_eq(health_state_name(HEALTH_TRIAL), "trial");
        ck_assert_str_eq(health_admin_name(ADMIN_AUTO), "auto");
        ck_assert_str_eq(health_admin_name(ADMIN_UP), "up");
        ck_assert_str_eq(health_admin_name(ADMIN_DOWN), "down");
        ck_assert_str_eq(health_mode_name(MODE_LAZY), "lazy");
        ck_assert_str_eq(health_mode_name(MODE_ACTIVE), "active");
        ck_assert_str_eq(health_mode_name(MODE_NONE), "none");
}
END_TEST

START_TEST(every_fault_has_a_name_of_its_own_and_words)
{
        for (FailureReason f = FAILURE_NONE + 1; f < _FAILURE_MAX; f++) {
                ck_assert_msg(failure_name(f) && *failure_name(f) && failure_text(f) && *failure_text(f),
                              "failure %d has words", f);
                ck_assert_msg(strspn(failure_name(f), "abcdefghijklmnopqrstuvwxyz0123456789-") ==
                                      strlen(failure_name(f)),
                              "\"%s\"", failure_name(f));
                ck_assert_msg(failure_class(f) != CLASS_OK, "%s is a failure", failure_name(f));
                for (FailureReason g = FAILURE_NONE; g < f; g++)
                        ck_assert_str_ne(failure_name(f), failure_name(g));
        }
        ck_assert_str_eq(failure_name(FAILURE_NONE), "");
}
END_TEST

int main(void)
{
        const TTest *tests[] = {
                who_is_put_down_is_never_used_or_probed,
                who_is_put_up_is_used_whatever_happens,
                back_to_auto_starts_from_unknown_without_a_stray_probe,
                putting_a_trial_down_frees_the_slot,
                the_same_wish_again_changes_nothing,
                in_mode_none_nothing_is_probed_and_all_are_used,
                in_active_mode_a_trial_waits_until_it_is_due,
                retry_at_is_the_earliest_of_the_failed,
                jitter_is_spread_over_its_whole_width_and_not_beyond,
                words_are_those_of_the_manual,
                every_fault_has_a_name_of_its_own_and_words,
        };
        Suite *s = suite_create("health_admin");
        TCase *t = tcase_create("health");

        tcase_add_checked_fixture(t, two_upstreams, NULL);
        tcase_set_timeout(t, 60);
        for (size_t i = 0; i < ELEMENTS(tests); i++)
                tcase_add_test(t, tests[i]);
        suite_add_tcase(s, t);
        return run_suite(s);
}
