/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of names and addresses: what hosts(5) says, what block lists are like, and what is in the way of an
 * attacker. */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/base/address.h"
#include "core/dns/hosts_table.h"
#include "core/dns/message.h"
#include "run.h"

static const uint8_t key[16] = "0123456789abcde";
static HostsReport report;
static Hosts *h;

static void read_octets(const void *text, size_t n)
{
        hosts_unref(h);
        h = hosts_new(BYTES(text, n), key, &report);
        ck_assert_ptr_nonnull(h);
}

static void read_text(const char *text)
{
        read_octets(text, strlen(text));
}

static void forget(void)
{
        h = hosts_unref(h);
}

/* "192.0.2.1 2001:db8::1" for a name that has these in that order, "" for one without, NULL for one that is not there.
 */
static const char *addresses_of(const char *name)
{
        static char all[HOSTS_ADDRESSES_OF_NAME_MAX * ADDRESS_TEXT_MAX];
        uint8_t wire[DNS_NAME_MAX];
        size_t n = name_from_text(name, wire);
        HostsWalk w;
        Bytes b;

        ck_assert_uint_gt(n, 0);
        if (!hosts_find(h, BYTES(wire, n), &w))
                return NULL;
        all[0] = 0;
        while (hosts_next(&w, &b)) {
                Address a = { .v6 = b.n == 16 };
                char text[ADDRESS_TEXT_MAX];

                memcpy(a.octets, b.p, b.n);
                address_to_text(&a, text);
                /* Without the port, and the brackets of IPv6. */
                *strrchr(text, a.v6 ? ']' : ':') = 0;
                snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", *all ? " " : "", text + a.v6);
        }
        return all;
}

static void has(const char *name, const char *addresses)
{
        const char *got = addresses_of(name);

        ck_assert_msg(got && strcmp(got, addresses) == 0, "%s has \"%s\", not \"%s\"", name, addresses,
                      got ?: "(not there)");
}

static void has_not(const char *name)
{
        ck_assert_msg(!addresses_of(name), "%s is not there", name);
}

/* What an address is called; "" if nothing. */
static void is_called(const char *address, const char *name)
{
        char text[NAME_TEXT_MAX] = "";
        Address a;
        Bytes got;

        ck_assert(address_from_text(address, 0, &a));
        got = hosts_name(h, BYTES(a.octets, a.v6 ? 16 : 4));
        if (got.n)
                name_to_text(got, text);
        ck_assert_msg(strcmp(text, name) == 0, "%s is called \"%s\", not \"%s\"", address, name, text);
}

START_TEST(a_line_is_an_address_and_its_names)
{
        read_text("127.0.0.1 localhost\n"
                  "127.0.1.1\tpip.example.org\tpip\n"
                  "::1     ip6-localhost ip6-loopback\n"
                  "2001:db8::a pip.example.org\n");
        has("localhost", "127.0.0.1");
        has("pip", "127.0.1.1");
        has("pip.example.org", "127.0.1.1 2001:db8::a");
        has("ip6-loopback", "::1");
        has_not("example.org");
        has_not("x.pip");
        is_called("127.0.1.1", "pip.example.org");
        is_called("::1", "ip6-localhost");
        is_called("2001:db8::a", "pip.example.org");
        is_called("192.0.2.1", "");
        ck_assert_uint_eq(report.names, 5);
        ck_assert_uint_eq(report.bad_lines, 0);
}
END_TEST

START_TEST(comments_blank_lines_carriage_returns_and_a_missing_last_newline_do_no_harm)
{
        read_text(
                "# a comment\n\n   \t\n192.0.2.1 a.test # b.test\r\n  192.0.2.2   c.test   \r\n#192.0.2.3 d.test\n192.0.2.4 e.test#f.test");
        has("a.test", "192.0.2.1");
        has("c.test", "192.0.2.2");
        has("e.test", "192.0.2.4");
        has_not("b.test");
        has_not("d.test");
        has_not("f.test");
        ck_assert_uint_eq(report.bad_lines, 0);
        read_text("");
        has_not("a.test");
        is_called("192.0.2.1", "");
}
END_TEST

START_TEST(letters_fold_and_a_final_dot_says_nothing)
{
        read_text("192.0.2.1 WWW.Example.TEST.\n192.0.2.2 www.example.test\n");
        has("www.example.test", "192.0.2.1 192.0.2.2");
        has("wwW.EXAMPLE.test", "192.0.2.1 192.0.2.2");
        is_called("192.0.2.1", "www.example.test");
        ck_assert_uint_eq(report.names, 1);
}
END_TEST

START_TEST(the_zone_of_an_ipv6_address_is_passed_over)
{
        read_text("fe80::1%eth0 a.test\nfe80::2%2 b.test\n2001:db8::1%lo c.test\n");
        has("a.test", "fe80::1");
        has("b.test", "fe80::2");
        has("c.test", "2001:db8::1");
        ck_assert_uint_eq(report.bad_lines, 0);
}
END_TEST

START_TEST(the_same_pair_twice_is_one_and_the_first_line_gives_the_address_its_name)
{
        read_text("192.0.2.1 first.test second.test\n192.0.2.1 third.test first.test\n192.0.2.1 first.test\n");
        has("first.test", "192.0.2.1");
        has("third.test", "192.0.2.1");
        is_called("192.0.2.1", "first.test");
}
END_TEST

START_TEST(block_lists_are_answered_as_they_are_and_give_the_unspecified_address_no_name)
{
        read_text("0.0.0.0 0.0.0.0\n0.0.0.0 ads.test\n:: ads.test\n127.0.0.1 tracker.test\n");
        has("ads.test", "0.0.0.0 ::");
        has("tracker.test", "127.0.0.1");
        is_called("0.0.0.0", "");
        is_called("::", "");
}
END_TEST

START_TEST(what_is_no_address_or_no_name_is_left_out_counted_and_located)
{
        static const char *const bad[] = { "192.0.2 a.test",      "192.0.2.256 a.test",
                                           "192.0.2.01 a.test",   "192.0.2.1:53 a.test",
                                           "[::1] a.test",        "[::1]:53 a.test",
                                           "::g a.test",          "a.test 192.0.2.1",
                                           "192.0.2.1",           "::1%",
                                           "192.0.2.1 a..test",   "192.0.2.1 .",
                                           "192.0.2.1 .a",        "192.0.2.1 a\\.b",
                                           "192.0.2.1%lo a.test", "1.2.3.4.5.6.7.8 a.test" };

        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                char text[256];

                snprintf(text, sizeof(text), "192.0.2.9 before.test\n%s\n192.0.2.9 after.test\n", bad[i]);
                read_text(text);
                ck_assert_msg(report.bad_lines == 1 && report.first_bad == 2, "\"%s\" is bad, in line 2", bad[i]);
                ck_assert_uint_eq(report.names, 2);
                has("before.test", "192.0.2.9");
                has("after.test", "192.0.2.9");
                has_not("a.test");
        }
        read_text("x\ny\n192.0.2.1 a..b good.test c..d\n");
        has("good.test", "192.0.2.1");
        is_called("192.0.2.1", "good.test");
        ck_assert_uint_eq(report.bad_lines, 3);
        ck_assert_uint_eq(report.first_bad, 1);
}
END_TEST

START_TEST(names_and_labels_have_the_limits_of_the_wire)
{
        char label[65], name[300], text[700];

        memset(label, 'a', 64);
        label[64] = 0;
        snprintf(text, sizeof(text), "192.0.2.1 %s.test ok.test\n", label);
        read_text(text);
        ck_assert_uint_eq(report.bad_lines, 1);
        has("ok.test", "192.0.2.1");
        label[63] = 0;
        /* 3 * 64 + 61 + 1 and the root: 255 octets */
        snprintf(name, sizeof(name), "%s.%s.%s.%.61s", label, label, label, label);
        snprintf(text, sizeof(text), "192.0.2.1 %s %sa\n", name, name);
        read_text(text);
        has(name, "192.0.2.1");
        ck_assert_uint_eq(report.names, 1);
        ck_assert_uint_eq(report.bad_lines, 1);
}
END_TEST

START_TEST(octets_that_are_no_text_are_no_names)
{
        static const char text[] = "192.0.2.1 a\0b.test\n\0\0\n192.0.2.2 \xc3\xa4.test\n192.0.2.3 c.test\n";

        read_octets(text, sizeof(text) - 1);
        ck_assert_uint_eq(report.bad_lines, 2);
        has("\xc3\xa4.test", "192.0.2.2");
        has("c.test", "192.0.2.3");
}
END_TEST

START_TEST(a_name_has_at_most_64_addresses)
{
        static char text[65536];
        size_t n = 0;
        unsigned count = 0;
        HostsWalk w;
        Bytes b;

        for (unsigned i = 0; i < 100; i++)
                n += (size_t) snprintf(text + n, sizeof(text) - n, "192.0.2.%u many.test\n", i);
        read_text(text);
        ck_assert(report.too_many);
        ck_assert(hosts_find(h, BYTES("\4many\4test", 11), &w));
        while (hosts_next(&w, &b))
                ck_assert_uint_eq(b.p[3], count++);
        ck_assert_uint_eq(count, HOSTS_ADDRESSES_OF_NAME_MAX);
}
END_TEST

START_TEST(an_address_that_a_name_has_no_room_for_is_not_called_by_that_name)
{
        static char text[65536];
        size_t n = 0;

        for (unsigned i = 0; i <= HOSTS_ADDRESSES_OF_NAME_MAX; i++)
                n += (size_t) snprintf(text + n, sizeof(text) - n, "192.0.2.%u many.test\n", i);
        read_text(text);
        ck_assert(report.too_many);
        ck_assert_uint_eq(hosts_name(h, BYTES("\xc0\0\2\x3f", 4)).n, 11);
        ck_assert_uint_eq(hosts_name(h, BYTES("\xc0\0\2\x40", 4)).n, 0);
        snprintf(text + n, sizeof(text) - n, "192.0.2.%u many.test one.test\n", HOSTS_ADDRESSES_OF_NAME_MAX);
        read_text(text);
        ck_assert_mem_eq(hosts_name(h, BYTES("\xc0\0\2\x40", 4)).p, "\3one\4test", 10);
}
END_TEST

START_TEST(a_text_that_is_too_long_is_refused)
{
        uint8_t *text = calloc(1, HOSTS_TEXT_MAX + 1);

        memset(text, '\n', HOSTS_TEXT_MAX + 1);
        ck_assert_ptr_null(hosts_new(BYTES(text, HOSTS_TEXT_MAX + 1), key, &report));
        read_octets(text, HOSTS_TEXT_MAX);
        free(text);
}
END_TEST

START_TEST(more_names_than_there_is_room_for_are_left_out)
{
        size_t size = HOSTS_TEXT_MAX, n = 0, i = 0;
        char *text = malloc(size), name[32];

        while (n + 32 < size && i < HOSTS_NAMES_MAX + 1000)
                n += (size_t) snprintf(text + n, size - n, "0.0.0.0 n%zu.test\n", i++);
        ck_assert_uint_eq(i, HOSTS_NAMES_MAX + 1000);
        read_octets(text, n);
        ck_assert(report.too_many);
        ck_assert_uint_eq(report.names, HOSTS_NAMES_MAX);
        ck_assert_uint_eq(report.bad_lines, 0);
        snprintf(name, sizeof(name), "n%u.test", HOSTS_NAMES_MAX - 1);
        has(name, "0.0.0.0");
        snprintf(name, sizeof(name), "n%u.test", HOSTS_NAMES_MAX);
        has_not(name);
        free(text);
}
END_TEST

START_TEST(a_table_lives_as_long_as_somebody_holds_it_and_none_is_an_empty_one)
{
        HostsWalk w;
        Bytes b;

        read_text("192.0.2.1 a.test\n");
        hosts_ref(h);
        hosts_unref(h);
        has("a.test", "192.0.2.1");
        ck_assert_ptr_null(hosts_ref(NULL));
        ck_assert_ptr_null(hosts_unref(NULL));
        ck_assert(!hosts_find(NULL, BYTES("\1a\4test", 8), &w));
        b = hosts_name(NULL, BYTES("\300\0\2\1", 4));
        ck_assert_uint_eq(b.n, 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("hosts");
        TCase *t = tcase_create("hosts");

        tcase_add_checked_fixture(t, NULL, forget);
        tcase_set_timeout(t, 60);
        tcase_add_test(t, a_line_is_an_address_and_its_names);
        tcase_add_test(t, comments_blank_lines_carriage_returns_and_a_missing_last_newline_do_no_harm);
        tcase_add_test(t, letters_fold_and_a_final_dot_says_nothing);
        tcase_add_test(t, the_zone_of_an_ipv6_address_is_passed_over);
        tcase_add_test(t, the_same_pair_twice_is_one_and_the_first_line_gives_the_address_its_name);
        tcase_add_test(t, block_lists_are_answered_as_they_are_and_give_the_unspecified_address_no_name);
        tcase_add_test(t, what_is_no_address_or_no_name_is_left_out_counted_and_located);
        tcase_add_test(t, names_and_labels_have_the_limits_of_the_wire);
        tcase_add_test(t, octets_that_are_no_text_are_no_names);
        tcase_add_test(t, a_name_has_at_most_64_addresses);
        tcase_add_test(t, an_address_that_a_name_has_no_room_for_is_not_called_by_that_name);
        tcase_add_test(t, a_text_that_is_too_long_is_refused);
        tcase_add_test(t, more_names_than_there_is_room_for_are_left_out);
        tcase_add_test(t, a_table_lives_as_long_as_somebody_holds_it_and_none_is_an_empty_one);
        suite_add_tcase(s, t);
        return run_suite(s);
}
