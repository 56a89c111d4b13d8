/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dbus/ctl/ctl_json and dbus/ctl/ctl_terminal: what they write.
 */

#include "ctl_json.h"

#include <check.h>
#include <string.h>

#include "ctl_terminal.h"
#include "run.h"

static char *text;
static size_t n;
static FILE *f;

static void setup(void)
{
        f = open_memstream(&text, &n);
}

static void teardown(void)
{
        fclose(f);
        free(text);
}

#define assert_written(expected)                  \
        do {                                      \
                fflush(f);                        \
                ck_assert_str_eq(text, expected); \
        } while (0)

START_TEST(short_is_one_line_and_the_order_is_kept)
{
        ck_assert(ctl_json_print(f, false,
                                 json_pack("{s:I, s:[], s:[b, n, {}]}", "z", (json_int_t) INT64_MAX, "b", "a", true)));
        assert_written("{\"z\":9223372036854775807,\"b\":[],\"a\":[true,null,{}]}\n");
}
END_TEST

START_TEST(pretty_is_indented)
{
        ck_assert(ctl_json_print(f, true, json_pack("{s:s, s:[i, i]}", "a", "b", "c", 1, 2)));
        assert_written(
                "{\n        \"a\": \"b\",\n        \"c\": [\n                1,\n                2\n        ]\n}\n");
}
END_TEST

START_TEST(no_bound_is_null)
{
        ck_assert(ctl_json_print(f, false, json_pack("[o, o]", ctl_json_number(UINT64_MAX), ctl_json_number(0))));
        assert_written("[null,0]\n");
}
END_TEST

START_TEST(what_cannot_be_made_or_written_is_an_error)
{
        FILE *full = fopen("/dev/full", "w");

        ck_assert(!ctl_json_print(f, false, NULL));
        ck_assert(!full || !ctl_json_print(full, false, json_pack("[i]", 1)));
        if (full)
                fclose(full);
}
END_TEST

static const struct {
        const char *value, *written;
} strings[] = {
        { "", "\"\"" },
        { "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
        { "\n\t\x1b\x7f", "\"\\n\\t\\u001B\x7f\"" },
        { "é€😀", "\"é€😀\"" },
        /* no UTF-8: alone, cut off, overlong, surrogate, beyond Unicode */
        { "a\xff"
          "b",
          "\"a�b\"" },
        { "\xc3", "\"�\"" },
        { "\xc0\x80", "\"��\"" },
        { "\xe0\x80\x80", "\"���\"" },
        { "\xed\xa0\x80", "\"���\"" },
        { "\xf4\x90\x80\x80", "\"����\"" },
        { "\xf0\x9f\x98", "\"���\"" },
};

START_TEST(strings_are_json_whatever_is_in_them)
{
        char line[64];

        ck_assert(ctl_json_print(f, false, ctl_json_text(strings[_i].value)));
        snprintf(line, sizeof(line), "%s\n", strings[_i].written);
        assert_written(line);
}
END_TEST

static const struct {
        uint64_t usec;
        const char *span, *delay;
} spans[] = {
        { 0, "0 us", "0 us" },
        { 850, "850 us", "850 us" },
        { 12345, "12.3 ms", "12.3 ms" },
        { 999999, "1000 ms", "1000 ms" },
        { 1250000, "1s", "1.25 s" },
        { 200 * USEC_PER_SEC, "3min 20s", "200 s" },
        { USEC_PER_HOUR + 5 * USEC_PER_SEC, "1h", "3605 s" },
        { 3 * USEC_PER_DAY + 4 * USEC_PER_HOUR + USEC_PER_MINUTE, "3d 4h", "273660 s" },
};

START_TEST(times_are_short)
{
        char buffer[SPAN_TEXT_MAX];

        ck_assert_str_eq(span_text(spans[_i].usec, buffer), spans[_i].span);
        ck_assert_str_eq(delay_text(spans[_i].usec, buffer), spans[_i].delay);
}
END_TEST

START_TEST(sizes_are_short)
{
        char buffer[SPAN_TEXT_MAX];

        ck_assert_str_eq(size_text(0, buffer), "0B");
        ck_assert_str_eq(size_text(1023, buffer), "1023B");
        ck_assert_str_eq(size_text(1536, buffer), "1.5K");
        ck_assert_str_eq(size_text(8 << 20, buffer), "8M");
        ck_assert_str_eq(size_text(UINT64_MAX, buffer), "16.0E");
}
END_TEST

int main(void)
{
        Suite *s = suite_create("json");
        TCase *t = tcase_create("json");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, short_is_one_line_and_the_order_is_kept);
        tcase_add_test(t, pretty_is_indented);
        tcase_add_test(t, no_bound_is_null);
        tcase_add_test(t, what_cannot_be_made_or_written_is_an_error);
        tcase_add_loop_test(t, strings_are_json_whatever_is_in_them, 0, ELEMENTS(strings));
        tcase_add_loop_test(t, times_are_short, 0, ELEMENTS(spans));
        tcase_add_test(t, sizes_are_short);
        suite_add_tcase(s, t);
        return run_suite(s);
}
