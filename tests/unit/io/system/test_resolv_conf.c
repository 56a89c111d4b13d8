/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* io/system/resolv_conf: the search domains of the stub file, and the file for containers. */

#include <check.h>
#include <stdlib.h>

#include "io/system/resolv_conf.h"
#include "run.h"

#define HEAD "# about\nnameserver 127.0.0.53\noptions edns0\n"

START_TEST(domains_of_links_replace_the_root_and_follow_those_of_the_file)
{
        static const char *const rows[][3] = {
                { HEAD "search .\n", "", HEAD "search .\n" },
                { HEAD "search .\n", "lan corp.example", HEAD "search lan corp.example\n" },
                { HEAD "search own.example\n", "", HEAD "search own.example\n" },
                { HEAD "search own.example\n", "lan", HEAD "search own.example lan\n" },
                { "search own.example\n" HEAD, "lan", HEAD "search own.example lan\n" },
                { HEAD "search a\nsearch\tb", "", HEAD "search b\n" },
                { HEAD "# search c\nsearching d", "", HEAD "# search c\nsearching d\nsearch .\n" },
                { "", "lan", "search lan\n" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(freep) char *text = resolv_conf_with_search(rows[i][0], rows[i][1]);

                ck_assert_str_eq(text, rows[i][2]);
        }
}
END_TEST

#define WRITTEN \
        "# Written by dohmouse for containers, which cannot reach 127.0.0.53. Do not edit it; see dohmoused(8).\n"
#define UNENCRYPTED                                                                                                       \
        "# dohmouse listens on no address that they can reach, so these are the DNS servers of the network, if it names " \
        "any.\n# They are queried without encryption.\n"

START_TEST(containers_are_told_of_addresses_that_they_can_reach)
{
        static const char *const rows[][4] = {
                { HEAD "search .\n", "127.0.0.53:53 172.17.0.1:53 ", "10.0.0.1:53",
                  WRITTEN "nameserver 172.17.0.1\noptions edns0\n" },
                { HEAD "search lan\n", "[fd00::1]:53 10.1.0.1:5353 0.0.0.0:53 10.2.0.1:53 [fe80::1%eth0]:53 ", "",
                  WRITTEN "nameserver fd00::1\nnameserver 10.2.0.1\noptions edns0\nsearch lan\n" },
                { "search .\n", "127.0.0.53:53 [::1]:53 ", "10.0.0.1:53 [fe80::1%eth0]:53 10.0.0.1 10.0.0.2:53",
                  WRITTEN UNENCRYPTED "nameserver 10.0.0.1\nnameserver 10.0.0.2\n" },
                { "search .\n", "", "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4",
                  WRITTEN UNENCRYPTED "nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\n" },
                { "search .\n", "127.0.0.53:53", "", WRITTEN UNENCRYPTED },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(freep) char *text = resolv_conf_for_containers(rows[i][0], rows[i][1], rows[i][2]);

                ck_assert_str_eq(text, rows[i][3]);
        }
}
END_TEST

int main(void)
{
        Suite *s = suite_create("resolv_conf");
        TCase *c = tcase_create("search");

        tcase_add_test(c, domains_of_links_replace_the_root_and_follow_those_of_the_file);
        tcase_add_test(c, containers_are_told_of_addresses_that_they_can_reach);
        suite_add_tcase(s, c);
        return run_suite(s);
}
