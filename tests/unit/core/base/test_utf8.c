/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/base/utf8: what is UTF-8, and what of it is safe to show. */

#include <check.h>
#include <string.h>

#include "core/base/utf8.h"
#include "run.h"

static Bytes bytes(const char *text)
{
        return BYTES(text, strlen(text));
}

START_TEST(RFC3629_the_first_and_last_characters_of_each_size_are_read)
{
        static const struct {
                const char *text;
                uint32_t character;
        } cases[] = {
                { "\x01", 1 },
                { "\x7f", 0x7f },
                { "\xc2\x80", 0x80 },
                { "\xdf\xbf", 0x7ff },
                { "\xe0\xa0\x80", 0x800 },
                { "\xed\x9f\xbf", 0xd7ff },
                { "\xee\x80\x80", 0xe000 },
                { "\xef\xbf\xbf", 0xffff },
                { "\xf0\x90\x80\x80", 0x10000 },
                { "\xf4\x8f\xbf\xbf", 0x10ffff },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                uint32_t c = 0;

                ck_assert_uint_eq(utf8_size(bytes(cases[i].text), &c), strlen(cases[i].text));
                ck_assert_uint_eq(c, cases[i].character);
        }
        ck_assert_uint_eq(utf8_size(BYTES("\0", 1), NULL), 1);
        ck_assert(utf8_valid(BYTES(NULL, 0)));
}
END_TEST

START_TEST(RFC3629_10_what_is_no_utf8_is_refused)
{
        static const char *const cases[] = {
                "\x80",         "\xbf",         "\xc0\x80",         "\xc1\xbf",         "\xe0\x80\x80",
                "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",     "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
                "\xc2",         "\xe2\x82",     "\xf4\x90\x80\x80", "\xf8\x88\x80\x80", "\xff",
                "\xc2\x41",     "\xe2\x82\x41", "\xf0\x9f\x98\x41", "a\xe2\x82",
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                ck_assert_msg(!utf8_valid(bytes(cases[i])), "case %zu is valid", i);
        /* A character that the end cuts off: what stands behind it does not count. */
        ck_assert(!utf8_valid(BYTES("\xc2\x80", 1)));
}
END_TEST

START_TEST(what_does_more_than_show_itself_is_not_printable)
{
        static const char *const bad[] = {
                "\t",       "\n",           "a\r",          "\x1b[31m",     "\x7f",         "\xc2\x80",     "\xc2\x9b",
                "\xd8\x9c", "\xe2\x80\x8e", "\xe2\x80\xa8", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa9", "no\xff",
        };

        for (size_t i = 0; i < ELEMENTS(bad); i++)
                ck_assert_msg(!utf8_printable(bytes(bad[i])), "case %zu is printable", i);
        ck_assert(!utf8_printable(BYTES("a\0b", 3)));
        ck_assert(utf8_printable(bytes("no \"data\" ~ \xc2\xa0 \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")));
}
END_TEST

int main(void)
{
        Suite *s = suite_create("utf8");
        TCase *t = tcase_create("utf8");

        tcase_add_test(t, RFC3629_the_first_and_last_characters_of_each_size_are_read);
        tcase_add_test(t, RFC3629_10_what_is_no_utf8_is_refused);
        tcase_add_test(t, what_does_more_than_show_itself_is_not_printable);
        suite_add_tcase(s, t);
        return run_suite(s);
}
