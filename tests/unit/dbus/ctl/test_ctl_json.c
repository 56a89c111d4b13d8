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

START_TEST(commas_and_colons_come_by_themselves)
{
        Json j = JSON_INIT(f, false);

        json_object(&j, NULL);
        json_number(&j, "a", UINT64_MAX);
        json_array(&j, "b");
        json_end(&j);
        json_array(&j, "c");
        json_bool(&j, NULL, true);
        json_null(&j, NULL);
        json_object(&j, NULL);
        json_end(&j);
        json_end(&j);
        json_end(&j);
        assert_written("{\"a\":18446744073709551615,\"b\":[],\"c\":[true,null,{}]}\n");
}
END_TEST

START_TEST(pretty_is_indented)
{
        Json j = JSON_INIT(f, true);

        json_object(&j, NULL);
        json_string(&j, "a", "b");
        json_array(&j, "c");
        json_number(&j, NULL, 1);
        json_number(&j, NULL, 2);
        json_end(&j);
        json_end(&j);
        assert_written("{\n\t\"a\" : \"b\",\n\t\"c\" : [\n\t\t1,\n\t\t2\n\t]\n}\n");
}
END_TEST

static const struct {
        const char *value, *written;
} strings[] = {
        { "", "\"\"" },
        { "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
        { "\n\t\x1b\x7f", "\"\\u000a\\u0009\\u001b\\u007f\"" },
        { "é€😀", "\"é€😀\"" },
        /* no UTF-8: alone, cut off, overlong, surrogate, beyond Unicode */
        { "a\xff"
          "b",
          "\"a\\ufffdb\"" },
        { "\xc3", "\"\\ufffd\"" },
        { "\xc0\x80", "\"\\ufffd\\ufffd\"" },
        { "\xe0\x80\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
        { "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
        { "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
        { "\xf0\x9f\x98", "\"\\ufffd\\ufffd\\ufffd\"" },
};

START_TEST(strings_are_json_whatever_is_in_them)
{
        Json j = JSON_INIT(f, false);

        json_string(&j, NULL, strings[_i].value);
        assert_written(strings[_i].written);
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
        tcase_add_test(t, commas_and_colons_come_by_themselves);
        tcase_add_test(t, pretty_is_indented);
        tcase_add_loop_test(t, strings_are_json_whatever_is_in_them, 0, ELEMENTS(strings));
        tcase_add_loop_test(t, times_are_short, 0, ELEMENTS(spans));
        tcase_add_test(t, sizes_are_short);
        suite_add_tcase(s, t);
        return run_suite(s);
}
