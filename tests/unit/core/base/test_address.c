/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/base/address: numeric addresses, in and out. */

#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/base/address_prefix.h"
#include "run.h"

START_TEST(addresses_are_read_with_and_without_port)
{
        static const struct {
                const char *text, *expected; /* with port 7 if none is given */
        } cases[] = {
                { "127.0.0.53", "127.0.0.53:7" },
                { "127.0.0.53:53", "127.0.0.53:53" },
                { "::1", "[::1]:7" },
                { "[::1]", "[::1]:7" },
                { "[::1]:443", "[::1]:443" },
                { "2620:fe::fe", "[2620:fe::fe]:7" },
                { "[2620:FE:0:0::9]:8443", "[2620:fe::9]:8443" },
                { "fe80::1%eth0", "[fe80::1%eth0]:7" },
                { "[fe80::1%2]:53", "[fe80::1%2]:53" },
                { "::ffff:1.2.3.4", "[::ffff:102:304]:7" },
                { "1:2:3:4:5:6:7::", "[1:2:3:4:5:6:7:0]:7" },
                { "1.2.3.4:0", "1.2.3.4:0" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char text[ADDRESS_TEXT_MAX];
                Address a;

                ck_assert_msg(address_from_text(cases[i].text, 7, &a), "%s is an address", cases[i].text);
                address_to_text(&a, text);
                ck_assert_str_eq(text, cases[i].expected);
        }
}
END_TEST

START_TEST(what_is_no_address_is_refused)
{
        static const char *const cases[] = {
                "",
                ":",
                "::1:",
                ":1",
                "1",
                "1.2.3",
                "1.2.3.4.5",
                "1.2.3.256",
                "01.2.3.4",
                "1.2.3.4:",
                "1.2.3.4:65536",
                "1.2.3.4:-1",
                "1.2.3.4:+1",
                "1.2.3.4:5x",
                "[1.2.3.4]:5",
                "[::1",
                "::1]",
                "[::1]5",
                "[::1]:",
                "[::1]:65536",
                "1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:8:9",
                "1::2::3",
                "1:::2",
                ":::",
                "12345::",
                "g::",
                "::1.2.3",
                "1.2.3.4::",
                "dns.example",
                "2001:db8::1%eth0",
                "127.0.0.1%lo",
                "fe80::1%",
                "fe80::1%a/b",
                "fe80::1%.",
                "fe80::1%..",
                "fe80::1%a]b",
                "fe80::1%eth0:53",
                "fe80::1%0123456789abcdef",
                " 1.2.3.4",
                "1.2.3.4 ",
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Address a;

                ck_assert_msg(!address_from_text(cases[i], 7, &a), "\"%s\" is no address", cases[i]);
        }
}
END_TEST

static uint64_t next_random(uint64_t *state)
{
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state;
}

/* Short texts out of the characters that addresses are made of. */
START_TEST(addresses_are_what_inet_pton_says)
{
        static const char alphabet[] = "0125f::..:";
        uint64_t state = 53;
        unsigned good = 0;

        for (unsigned i = 0; i < 300000; i++) {
                char text[40];
                uint8_t expected[16] = { 0 };
                size_t n = 2 + next_random(&state) % 16;
                bool v6;
                Address a;

                for (size_t k = 0; k < n; k++)
                        text[k] = alphabet[next_random(&state) % (sizeof(alphabet) - 1)];
                text[n] = 0;
                /* With one colon it is an address and a port. */
                v6 = strchr(text, ':');
                if (v6 && !strchr(strchr(text, ':') + 1, ':'))
                        continue;
                if (inet_pton(v6 ? AF_INET6 : AF_INET, text, expected) == 1) {
                        ck_assert_msg(address_from_text(text, 0, &a), "%s is an address", text);
                        ck_assert_msg(a.v6 == v6 && memcmp(a.octets, expected, v6 ? 16 : 4) == 0, "%s is read well",
                                      text);
                        good++;
                } else {
                        ck_assert_msg(!address_from_text(text, 0, &a), "%s is no address", text);
                }
        }
        ck_assert_uint_gt(good, 1000);
}
END_TEST

/* RFC 5952. inet_ntop writes some addresses with dots at the end, which the RFC leaves open; those are passed over. */
START_TEST(addresses_are_written_as_inet_ntop_does)
{
        uint64_t state = 5952;

        for (unsigned i = 0; i < 100000; i++) {
                Address a = { .v6 = true, .port = 443 }, again;
                char text[ADDRESS_TEXT_MAX], expected[INET6_ADDRSTRLEN], whole[ADDRESS_TEXT_MAX];

                for (unsigned k = 0; k < 16; k += 2)
                        if (next_random(&state) % 2) {
                                a.octets[k] = (uint8_t) (next_random(&state) % 3 ? 0 : next_random(&state));
                                a.octets[k + 1] = (uint8_t) next_random(&state);
                        }
                address_to_text(&a, text);
                ck_assert_msg(address_from_text(text, 0, &again) && address_equal(&a, &again), "%s is read back", text);
                inet_ntop(AF_INET6, a.octets, expected, sizeof(expected));
                if (strchr(expected, '.'))
                        continue;
                snprintf(whole, sizeof(whole), "[%s]:443", expected);
                ck_assert_str_eq(text, whole);
        }
}
END_TEST

static Address address(const char *text)
{
        Address a;

        ck_assert(address_from_text(text, 53, &a));
        return a;
}

START_TEST(a_mapped_address_is_the_same_host_as_the_one_it_maps)
{
        Address mapped = address("::ffff:127.0.0.53"), plain = address("127.0.0.53"), other = address("127.0.0.1"),
                v6 = address("::1");

        ck_assert(address_same_host(&mapped, &plain));
        ck_assert(!address_same_host(&mapped, &other));
        ck_assert(!address_same_host(&v6, &other));
        ck_assert(!address_equal(&mapped, &plain));
}
END_TEST

START_TEST(addresses_are_known_by_their_kind)
{
        Address a;

        a = address("0.0.0.0"), ck_assert(address_is_unspecified(&a));
        a = address("::"), ck_assert(address_is_unspecified(&a));
        a = address("::ffff:0.0.0.0"), ck_assert(address_is_unspecified(&a));
        a = address("::1"), ck_assert(!address_is_unspecified(&a) && address_is_loopback(&a));
        a = address("127.1.2.3"), ck_assert(address_is_loopback(&a));
        a = address("128.0.0.1"), ck_assert(!address_is_loopback(&a) && !address_is_multicast(&a));
        a = address("224.0.0.251"), ck_assert(address_is_multicast(&a));
        a = address("255.255.255.255"), ck_assert(address_is_multicast(&a));
        a = address("ff02::fb"), ck_assert(address_is_multicast(&a));
        a = address("fe80::1"), ck_assert(!address_is_multicast(&a));
}
END_TEST

static bool has(const char *prefix, const char *text)
{
        Address a = address(text);
        AddressPrefix p;

        ck_assert_ptr_null(address_prefix_from_text(prefix, &p));
        return address_prefix_contains(&p, &a);
}

START_TEST(a_prefix_has_the_addresses_that_begin_with_its_bits)
{
        ck_assert(has("172.17.0.0/16", "172.17.255.1") && !has("172.17.0.0/16", "172.18.0.1"));
        ck_assert(has("10.0.0.128/25", "10.0.0.200") && !has("10.0.0.128/25", "10.0.0.127"));
        ck_assert(has("192.0.2.1", "192.0.2.1") && !has("192.0.2.1", "192.0.2.0"));
        ck_assert(has("0.0.0.0/0", "203.0.113.9") && !has("0.0.0.0/0", "2001:db8::1"));
        ck_assert(has("2001:db8::/33", "2001:db8:7fff::1") && !has("2001:db8::/33", "2001:db8:8000::1"));
        ck_assert(has("::/0", "2001:db8::1") && !has("::/0", "192.0.2.1"));
        /* A dual-stack socket sees IPv4 clients as mapped ones. */
        ck_assert(has("172.17.0.0/16", "::ffff:172.17.0.2") && !has("172.17.0.0/16", "::ffff:172.18.0.2"));
}
END_TEST

START_TEST(what_is_no_prefix_is_refused)
{
        static const char *const texts[] = { "",
                                             "10.0.0.0/",
                                             "10.0.0.0/33",
                                             "10.0.0.0/0x8",
                                             "10.0.0.1/8",
                                             "10/8",
                                             "::/129",
                                             "[fd00::]/8",
                                             "10.0.0.0:53/8",
                                             "fe80::%lo/64",
                                             "10.0.0.0/8/",
                                             "10.0.0.0/1000",
                                             "2001:db8::1/32",
                                             "host/8",
                                             "10.0.0.0/-8" };
        AddressPrefix p;

        for (size_t i = 0; i < ELEMENTS(texts); i++)
                ck_assert_msg(address_prefix_from_text(texts[i], &p), "\"%s\" is no prefix", texts[i]);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("address");
        TCase *t = tcase_create("address");

        tcase_add_test(t, addresses_are_read_with_and_without_port);
        tcase_add_test(t, what_is_no_address_is_refused);
        tcase_add_test(t, addresses_are_what_inet_pton_says);
        tcase_add_test(t, addresses_are_written_as_inet_ntop_does);
        tcase_add_test(t, a_mapped_address_is_the_same_host_as_the_one_it_maps);
        tcase_add_test(t, addresses_are_known_by_their_kind);
        tcase_add_test(t, a_prefix_has_the_addresses_that_begin_with_its_bits);
        tcase_add_test(t, what_is_no_prefix_is_refused);
        tcase_set_timeout(t, 30);
        suite_add_tcase(s, t);
        return run_suite(s);
}
