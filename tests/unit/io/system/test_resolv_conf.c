/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* io/system/resolv_conf: the search domains of the stub file. */

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

int main(void)
{
        Suite *s = suite_create("resolv_conf");
        TCase *c = tcase_create("search");

        tcase_add_test(c, domains_of_links_replace_the_root_and_follow_those_of_the_file);
        suite_add_tcase(s, c);
        return run_suite(s);
}
