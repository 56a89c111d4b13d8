/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* io/upstream/trusted_time: by which time certificates are judged, and what becomes the last good time. */

#include <config.h>

#include <check.h>
#include <time.h>

#include "io/upstream/trusted_time.h"
#include "run.h"

#define DAY INT64_C(86400)
#define BUILD ((int64_t) BUILD_EPOCH)

static int64_t wall_clock;

int __real_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
        if (clock != CLOCK_REALTIME)
                return __real_clock_gettime(clock, ret);
        *ret = (struct timespec) { .tv_sec = (time_t) wall_clock };
        return 0;
}

START_TEST(K01_the_time_is_the_latest_of_clock_build_date_and_last_good_time)
{
        trusted_time_start(0);
        wall_clock = 0;
        ck_assert_int_eq(trusted_time(), BUILD);
        wall_clock = BUILD + 2 * DAY;
        ck_assert_int_eq(trusted_time(), BUILD + 2 * DAY);
        trusted_time_start(BUILD + 5 * DAY);
        ck_assert_int_eq(trusted_time(), BUILD + 5 * DAY);
        wall_clock = BUILD + 6 * DAY;
        ck_assert_int_eq(trusted_time(), BUILD + 6 * DAY);
}
END_TEST

START_TEST(K01_only_a_time_of_the_clock_at_which_a_certificate_was_verified_is_good)
{
        trusted_time_start(0);
        wall_clock = BUILD + 2 * DAY;
        ck_assert_int_eq(trusted_time(), wall_clock);
        ck_assert_msg(trusted_time_last_good() == 0, "good without a certificate");
        trusted_time_verified();
        ck_assert_int_eq(trusted_time_last_good(), wall_clock);
        wall_clock = 1000;
        trusted_time_verified();
        ck_assert_msg(trusted_time_last_good() == BUILD + 2 * DAY, "the clock did not decide");
}
END_TEST

START_TEST(K02_a_last_good_time_of_a_clock_that_was_ahead_gives_way_to_the_clock)
{
        trusted_time_start(BUILD + 1000 * DAY);
        wall_clock = BUILD + 10 * DAY;
        ck_assert_msg(trusted_time_doubt(), "the clock is plausible, and is not believed");
        ck_assert_int_eq(trusted_time(), wall_clock);
        trusted_time_refused();
        ck_assert_msg(trusted_time() == BUILD + 1000 * DAY, "forgotten although the certificate was refused");
        ck_assert(trusted_time_doubt());
        trusted_time_verified();
        ck_assert_int_eq(trusted_time_last_good(), wall_clock);
        ck_assert_int_eq(trusted_time(), wall_clock);
}
END_TEST

START_TEST(L01_a_clock_behind_the_build_date_makes_no_expired_certificate_valid)
{
        trusted_time_start(BUILD + 10 * DAY);
        wall_clock = BUILD - 1;
        ck_assert(!trusted_time_doubt());
        ck_assert_int_eq(trusted_time(), BUILD + 10 * DAY);
        wall_clock = BUILD + 11 * DAY;
        ck_assert_msg(!trusted_time_doubt(), "it is the clock that says so");
}
END_TEST

int main(void)
{
        Suite *s = suite_create("trusted time");
        TCase *c = tcase_create("time");

        tcase_add_test(c, K01_the_time_is_the_latest_of_clock_build_date_and_last_good_time);
        tcase_add_test(c, K01_only_a_time_of_the_clock_at_which_a_certificate_was_verified_is_good);
        tcase_add_test(c, K02_a_last_good_time_of_a_clock_that_was_ahead_gives_way_to_the_clock);
        tcase_add_test(c, L01_a_clock_behind_the_build_date_makes_no_expired_certificate_valid);
        suite_add_tcase(s, c);
        return run_suite(s);
}
