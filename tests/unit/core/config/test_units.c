/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/config/units: time spans and sizes. tests/config/like-systemd holds the spans against `systemd-analyze
 * timespan`. */

#include <check.h>

#include "core/config/units.h"
#include "run.h"

START_TEST(time_spans_are_those_of_systemd_time)
{
        static const struct {
                const char *text;
                uint64_t usec;
        } cases[] = {
                { "2", 2 * USEC_PER_SEC },
                { "0", 0 },
                { "4500ms", 4500 * USEC_PER_MSEC },
                { " 1min 30s ", 90 * USEC_PER_SEC },
                { "1min30s", 90 * USEC_PER_SEC },
                { "2 h", 2 * USEC_PER_HOUR },
                { "1.5s", 1500 * USEC_PER_MSEC },
                { ".5s", 500 * USEC_PER_MSEC },
                { "1 2", 3 * USEC_PER_SEC },
                { "12.34 .56", 12900 * USEC_PER_MSEC },
                { "7us 7usec 7\xc2\xb5s 7\xce\xbcs", 28 },
                { "1msec 1ms", 2 * USEC_PER_MSEC },
                { "1seconds 1second 1sec 1s", 4 * USEC_PER_SEC },
                { "1minutes 1minute 1min 1m", 4 * USEC_PER_MINUTE },
                { "1hours 1hour 1hr 1h", 4 * USEC_PER_HOUR },
                { "1days 1day 1d", 3 * USEC_PER_DAY },
                { "1weeks 1week 1w", 21 * USEC_PER_DAY },
                { "1months 1month 1M", 3 * UINT64_C(2629800) * USEC_PER_SEC },
                { "1years 1year 1y", 3 * UINT64_C(31557600) * USEC_PER_SEC },
                { "infinity", USEC_NEVER },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                uint64_t v = 1;

                ck_assert_msg(parse_time_span(cases[i].text, &v), "\"%s\" is a time span", cases[i].text);
                ck_assert_msg(v == cases[i].usec, "\"%s\" is %ju usec, not %ju", cases[i].text,
                              (uintmax_t) cases[i].usec, (uintmax_t) v);
        }
}
END_TEST

START_TEST(what_is_no_time_span_is_refused)
{
        static const char *const cases[] = { "",
                                             " ",
                                             "s",
                                             "-1",
                                             "-0",
                                             "1x",
                                             "5mins",
                                             "12.34.56",
                                             "3.",
                                             "3.s",
                                             "3. 1",
                                             ".",
                                             "1ss",
                                             "infinity 1",
                                             "infinitys",
                                             "never",
                                             "18446744073709551615us",
                                             "18446744073709551616us",
                                             "600000y",
                                             "1,5s",
                                             "0x10",
                                             "1e3" };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                uint64_t v;

                ck_assert_msg(!parse_time_span(cases[i], &v), "\"%s\" is no time span", cases[i]);
        }
}
END_TEST

START_TEST(sizes_are_octets_to_the_base_of_1024)
{
        static const struct {
                const char *text;
                uint64_t octets;
        } cases[] = {
                { "0", 0 },
                { "8M", 8 << 20 },
                { "64K", 64 << 10 },
                { "1.5K", 1536 },
                { "0.1G", 107374182 },
                { "1024", 1024 },
                { "7B", 7 },
                { " 2 G ", UINT64_C(2) << 30 },
                { "1M 512K", 1536 << 10 },
                { "1G1M1K1", (1 << 30) + (1 << 20) + (1 << 10) + 1 },
                { "10.M", 10 << 20 },
                { "1T", UINT64_C(1) << 40 },
                { "1P", UINT64_C(1) << 50 },
                { "15E", UINT64_C(15) << 60 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                uint64_t v = 1;

                ck_assert_msg(parse_size(cases[i].text, &v), "\"%s\" is a size", cases[i].text);
                ck_assert_msg(v == cases[i].octets, "\"%s\" is %ju octets, not %ju", cases[i].text,
                              (uintmax_t) cases[i].octets, (uintmax_t) v);
        }
}
END_TEST

START_TEST(what_is_no_size_is_refused)
{
        static const char *const cases[] = { "",
                                             " ",
                                             "M",
                                             "-1",
                                             "+1",
                                             "8X",
                                             "8MB",
                                             "8m",
                                             "512K 1M",
                                             "1M 1M",
                                             ".5M",
                                             "16E",
                                             "18446744073709551616",
                                             "infinity",
                                             "1M x",
                                             "0x10" };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                uint64_t v;

                ck_assert_msg(!parse_size(cases[i], &v), "\"%s\" is no size", cases[i]);
        }
}
END_TEST

int main(void)
{
        Suite *s = suite_create("span");
        TCase *t = tcase_create("span");

        tcase_add_test(t, time_spans_are_those_of_systemd_time);
        tcase_add_test(t, what_is_no_time_span_is_refused);
        tcase_add_test(t, sizes_are_octets_to_the_base_of_1024);
        tcase_add_test(t, what_is_no_size_is_refused);
        suite_add_tcase(s, t);
        return run_suite(s);
}
