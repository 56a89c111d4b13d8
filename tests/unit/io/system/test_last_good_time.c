/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* io/system/last_good_time: what is kept from one run to the next, and when it is written. */

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/system/last_good_time.h"
#include "run.h"

#define TIME INT64_C(1800000000)
#define DAY INT64_C(86400)

static char directory[64], path[80];

static void setup(void)
{
        strcpy(directory, "/tmp/dohmouse-state-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(directory));
        snprintf(path, sizeof(path), "%s/clock", directory);
}

static void teardown(void)
{
        unlink(path);
        rmdir(directory);
}

static void write_file(const char *text)
{
        FILE *f = fopen(path, "w");

        ck_assert_ptr_nonnull(f);
        fputs(text, f);
        fclose(f);
}

/* What the next run reads. */
static int64_t kept(void)
{
        LastGoodTime t;
        int64_t saved;

        last_good_time_load(&t, directory);
        saved = t.saved;
        last_good_time_deinit(&t);
        return saved;
}

START_TEST(it_is_written_at_once_then_once_a_day_and_at_the_end)
{
        LastGoodTime t;

        last_good_time_load(&t, directory);
        ck_assert_int_eq(t.saved, 0);
        last_good_time_save(&t, 0, false);
        ck_assert_msg(access(path, F_OK) < 0, "written although no time is known to be good");
        last_good_time_save(&t, TIME, false);
        ck_assert_int_eq(kept(), TIME);
        last_good_time_save(&t, TIME + DAY - 1, false);
        ck_assert_int_eq(kept(), TIME);
        last_good_time_save(&t, TIME + DAY, false);
        ck_assert_int_eq(kept(), TIME + DAY);
        last_good_time_save(&t, TIME + DAY + 1, true);
        ck_assert_int_eq(kept(), TIME + DAY + 1);
        /* That of a clock that was ahead. */
        last_good_time_save(&t, TIME, false);
        ck_assert_int_eq(kept(), TIME);
        last_good_time_deinit(&t);
}
END_TEST

START_TEST(a_file_that_is_damaged_or_of_another_version_is_as_none)
{
        static const char *const damaged[] = { "",
                                               "18",
                                               "1800000000",
                                               "-5\n",
                                               "x\n",
                                               "18000000000000000000\n",
                                               "0\n",
                                               "1800000000 and more\n",
                                               "2 1800000000\n",
                                               "version 2\n1800000000\n" };

        write_file("1800000000\n");
        ck_assert_int_eq(kept(), TIME);
        for (size_t i = 0; i < ELEMENTS(damaged); i++) {
                write_file(damaged[i]);
                ck_assert_msg(kept() == 0, "taken for a time: %s", damaged[i]);
        }
}
END_TEST

START_TEST(without_a_state_directory_nothing_is_kept)
{
        LastGoodTime t;

        last_good_time_load(&t, NULL);
        last_good_time_save(&t, TIME, true);
        last_good_time_deinit(&t);
        last_good_time_load(&t, "/nonexistent");
        last_good_time_save(&t, TIME, true);
        last_good_time_deinit(&t);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("last good time");
        TCase *c = tcase_create("file");

        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, it_is_written_at_once_then_once_a_day_and_at_the_end);
        tcase_add_test(c, a_file_that_is_damaged_or_of_another_version_is_as_none);
        tcase_add_test(c, without_a_state_directory_nothing_is_kept);
        suite_add_tcase(s, c);
        return run_suite(s);
}
