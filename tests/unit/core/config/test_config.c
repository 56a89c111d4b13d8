/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/config/config: lines and values of texts in, a checked configuration and what is to be said about them out. */

#include "configured.h"
#include "run.h"

/* --- lines */

START_TEST(comments_blank_lines_and_blanks_do_not_count)
{
        read_text("\xef\xbb\xbf# comment\n\n  ; comment\n\t[Cache]  \n  Size \t =  1M  \n#Size=2M\n" QUAD9);
        said_nothing();
        ck_assert_uint_eq(result.config->cache_size, 1 << 20);
}
END_TEST

START_TEST(a_comment_after_a_value_is_part_of_the_value)
{
        read_text(QUAD9 "[Cache]\nSize=1M # small\n");
        said("a.conf:5: error: [Cache] Size=1M # small:");
        ck_assert_uint_eq(result.config->cache_size, 8 << 20);
        read_text(QUAD9 "Address=149.112.112.112 ; the other\n[Cache]\nSize=8X\n");
        said("a.conf:4: error: [Upstream quad9] Address=; the other:");
        said("a.conf:6: error: [Cache] Size=8X:");
        ck_assert_uint_eq(result.errors, 2);
        ck_assert_uint_eq(upstream("quad9")->n_addresses, 2);
}
END_TEST

START_TEST(a_backslash_continues_a_line_across_comments)
{
        read_text(
                "[Upstream quad9]\nURL=https://dns.quad9.net/dns-query\nAddress=9.9.9.9 \\\n# in between\n  ; and\n  2620:fe::fe\\\n149.112.112.112\n");
        said_nothing();
        ck_assert_uint_eq(upstream("quad9")->n_addresses, 3);
        ck_assert_str_eq(address_text(&upstream("quad9")->addresses[2]), "149.112.112.112:443");
}
END_TEST

START_TEST(a_continued_line_has_the_number_of_its_first)
{
        read_text(QUAD9 "\n[Cache]\nSize=\\\n\\\n8X\n[Health]\nRise=0\n");
        said("a.conf:6: error: [Cache] Size=8X:");
        said("a.conf:10: error: [Health] Rise=0:");
}
END_TEST

START_TEST(an_escaped_backslash_continues_nothing)
{
        read_text(QUAD9 "[Cache]\nX-Comment=a\\\\\nSize=1M\n");
        said_nothing();
        ck_assert_uint_eq(result.config->cache_size, 1 << 20);
}
END_TEST

START_TEST(a_comment_is_not_continued)
{
        read_text(QUAD9 "[Cache]\n# a \\\nSize=1M\n");
        ck_assert_uint_eq(result.config->cache_size, 1 << 20);
}
END_TEST

START_TEST(a_line_may_end_with_the_file)
{
        read_text(QUAD9 "[Cache]\nSize=1M \\");
        said_nothing();
        ck_assert_uint_eq(result.config->cache_size, 1 << 20);
        read_text(QUAD9 "[Cache]\nSize=2M");
        ck_assert_uint_eq(result.config->cache_size, 2 << 20);
}
END_TEST

START_TEST(all_ends_of_lines_are_taken_and_counted)
{
        read_text(
                "[Upstream q]\r\nURL=https://q.test/\rAddress=192.0.2.1\n\rMethod=\\\r\nGET\r\n\r\n[Cache]\r\nSize=x\r\n");
        said("a.conf:8: error: [Cache] Size=x:");
        ck_assert_int_eq(upstream("q")->method, METHOD_GET);
}
END_TEST

START_TEST(assignments_before_the_first_section_warn)
{
        read_text("Size=1M\n" QUAD9);
        said_about("a.conf:1: warning: ", "Size=");
        ck_assert_uint_eq(result.errors, 0);
}
END_TEST

START_TEST(a_section_does_not_reach_into_the_next_file)
{
        read_two(QUAD9 "[Cache]\n", "Size=1M\n");
        said_about("b.conf:1: warning: ", "Size=");
        ck_assert_uint_eq(result.config->cache_size, 8 << 20);
}
END_TEST

START_TEST(unknown_sections_and_keys_warn_with_file_and_line)
{
        read_text(QUAD9 "Adr=1.1.1.1\n[Nonsense]\nA=b\n[cache]\n[ Cache ]\n[Cache]\nsize=1M\nRise=2\n");
        said_about("a.conf:4: warning: [Upstream quad9] ", "Adr=");
        said_about("a.conf:5: warning: ", "[Nonsense]");
        said_about("a.conf:7: warning: ", "[cache]");
        said_about("a.conf:8: warning: ", "[ Cache ]");
        said_about("a.conf:10: warning: [Cache] ", "Size=");
        said_about("a.conf:11: warning: [Cache] ", "[Health]");
        ck_assert_uint_eq(result.errors, 0);
        ck_assert_uint_eq(result.warnings, 6);
}
END_TEST

START_TEST(keys_and_sections_with_x_are_for_others)
{
        read_text(QUAD9 "X-Key=a\n[X-Other]\nKey=b\nnot a line\n");
        said("a.conf:7: warning: ");
        ck_assert_uint_eq(result.warnings, 1);
}
END_TEST

START_TEST(a_broken_section_takes_its_keys_with_it)
{
        read_text(QUAD9 "[Cache\nSize=1M\nURL=https://elsewhere.test/\n[]\nAddress=192.0.2.1\n");
        said("a.conf:4: error: ");
        said("a.conf:7: error: ");
        ck_assert_uint_eq(result.errors, 2);
        ck_assert_uint_eq(result.warnings, 0);
        ck_assert_str_eq(upstream("quad9")->url, "https://dns.quad9.net/dns-query");
        ck_assert_uint_eq(upstream("quad9")->n_addresses, 1);
}
END_TEST

START_TEST(lines_that_are_none_warn)
{
        read_text(QUAD9 "Method\n=GET\n");
        said("a.conf:4: warning: ");
        said("a.conf:5: warning: ");
}
END_TEST

START_TEST(only_utf8_is_read_but_for_comments)
{
        static const char *const bad[] = {
                "\xe4",         "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x80\x80\x80",
                "\xe0\x80\x80", "\xc3",     "\x80"
        };

        read_text("# \xfcmlaut\n" QUAD9 "[Cache]\nX-A=\xc3\xbc \xe2\x82\xac \xf0\x9f\x90\xad\n");
        said_nothing();
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                char text[256];

                snprintf(text, sizeof(text), QUAD9 "[Cache]\nSize=%s\nMaxTTLSec=1h\n", bad[i]);
                read_text(text);
                said("a.conf:5: warning: ");
                ck_assert_uint_eq(result.config->max_ttl, USEC_PER_HOUR);
        }
}
END_TEST

START_TEST(a_nul_octet_ends_the_reading)
{
        static const char text[] = QUAD9 "[Cache]\nSi\0ze=1M\nSize=2M\n";

        read_sized(text, sizeof(text) - 1);
        said("a.conf:5: error: ");
        ck_assert_uint_eq(result.config->cache_size, 8 << 20);
        ck_assert_uint_eq(result.config->n_upstreams, 1);
}
END_TEST

START_TEST(lines_have_an_end_at_a_mebibyte)
{
        size_t head = strlen(QUAD9 "[Cache]\nX-A="), size = head + (1 << 20) + 64;
        char *text = malloc(size);

        memset(text, 'a', size);
        memcpy(text, QUAD9 "[Cache]\nX-A=", head);
        read_sized(text, strlen(QUAD9 "[Cache]\n") + (1 << 20));
        said_nothing();
        read_sized(text, strlen(QUAD9 "[Cache]\n") + (1 << 20) + 1);
        said("a.conf:5: error: ");
        /* As much in two lines, of which the first goes on. */
        memcpy(text + head + 4000, "\\\n", 2);
        read_sized(text, size);
        said("a.conf:6: error: ");
        free(text);
}
END_TEST

/* --- values */

START_TEST(defaults_are_those_of_the_design)
{
        const Config *c;

        read_text(QUAD9);
        said_nothing();
        c = result.config;
        ck_assert_uint_eq(c->n_listen, 1);
        ck_assert_str_eq(address_text(&c->listen[0]), "127.0.0.53:53");
        ck_assert_int_eq(c->policy, POLICY_ORDERED);
        ck_assert_uint_eq(c->query_timeout, 4500 * USEC_PER_MSEC);
        ck_assert_int_eq(c->hedge, HEDGE_ON_SUSPECT);
        ck_assert(c->padding && !c->trust_ad && !c->trust_anchors);
        ck_assert_int_eq(c->resolve1, RESOLVE1_AUTO);
        ck_assert_int_eq(c->log_level, 6);
        ck_assert(c->cache && c->serve_stale && !c->prefetch && !c->persist);
        ck_assert_uint_eq(c->cache_size, 8 << 20);
        ck_assert_uint_eq(c->max_ttl, USEC_PER_DAY);
        ck_assert_uint_eq(c->negative_max_ttl, USEC_PER_HOUR);
        ck_assert_uint_eq(c->stale_max, USEC_PER_DAY);
        ck_assert_int_eq(c->health, MODE_LAZY);
        ck_assert_uint_eq(c->active_interval, 30 * USEC_PER_SEC);
        ck_assert_uint_eq(c->probe_timeout, 2500 * USEC_PER_MSEC);
        ck_assert_uint_eq(c->backoff, 2 * USEC_PER_SEC);
        ck_assert_uint_eq(c->backoff_max, 5 * USEC_PER_MINUTE);
        ck_assert_uint_eq(c->rise, 1);
        ck_assert_uint_eq(c->idle_max, USEC_PER_MINUTE);
        ck_assert_int_eq(c->preconnect, PRECONNECT_OFF);
        ck_assert_str_eq(c->local.hosts_file, "/etc/hosts");
        ck_assert(c->local.hostname && c->local.localhost && c->local.invalid && c->local.onion && c->local.alt &&
                  c->local.resolver_arpa && c->local.local && c->local.internal && c->local.home_arpa &&
                  c->local.private_reverse && c->local.single_label);
}
END_TEST

START_TEST(the_last_assignment_wins_and_an_empty_one_restores_the_default)
{
        read_two(
                QUAD9
                "[Cache]\nSize=1M\nSize=2M\nMaxTTLSec=1h\nEnable=no\n[Resolver]\nPolicy=fastest\nLogLevel=debug\nTrustAnchors=/a\n",
                "[Cache]\nMaxTTLSec=\nEnable=\n[Resolver]\nPolicy=\nLogLevel=\nTrustAnchors=\n");
        said_nothing();
        ck_assert_uint_eq(result.config->cache_size, 2 << 20);
        ck_assert_uint_eq(result.config->max_ttl, USEC_PER_DAY);
        ck_assert(result.config->cache);
        ck_assert_int_eq(result.config->policy, POLICY_ORDERED);
        ck_assert_int_eq(result.config->log_level, 6);
        ck_assert_ptr_null(result.config->trust_anchors);
}
END_TEST

START_TEST(a_refused_value_leaves_the_one_before)
{
        read_text(
                QUAD9
                "[Cache]\nSize=1M\nSize=8X\nMaxTTLSec=1h\nMaxTTLSec=10d\n[Resolver]\nPolicy=fastest\nPolicy=Ordered\nTrustAnchors=/a\nTrustAnchors=b\n");
        said("[Cache] Size=8X:");
        said("[Cache] MaxTTLSec=10d:");
        said("[Resolver] Policy=Ordered:");
        said("[Resolver] TrustAnchors=b:");
        ck_assert_uint_eq(result.errors, 4);
        ck_assert_uint_eq(result.config->cache_size, 1 << 20);
        ck_assert_uint_eq(result.config->max_ttl, USEC_PER_HOUR);
        ck_assert_int_eq(result.config->policy, POLICY_FASTEST);
        ck_assert_str_eq(result.config->trust_anchors, "/a");
}
END_TEST

START_TEST(clock_names_are_auto_none_or_a_list_of_names)
{
        read_text(QUAD9);
        ck_assert_ptr_null(result.config->clock_names);
        read_text(QUAD9 "[Resolver]\nClockNames=\n");
        ck_assert_str_eq(result.config->clock_names, "");
        read_two(QUAD9 "[Resolver]\nClockNames=a.example b.example\nClockServers=192.0.2.1\n",
                 "[Resolver]\nClockNames=c.example\nClockServers=[2001:db8::1]:5353\n");
        said_nothing();
        ck_assert_str_eq(result.config->clock_names, "a.example b.example c.example");
        ck_assert_str_eq(result.config->clock_servers, "192.0.2.1 [2001:db8::1]:5353");
        read_two(QUAD9 "[Resolver]\nClockNames=a.example\nClockServers=192.0.2.1\n",
                 "[Resolver]\nClockNames=auto\nClockServers=\n");
        said_nothing();
        ck_assert_ptr_null(result.config->clock_names);
        ck_assert_str_eq(result.config->clock_servers, "");
}
END_TEST

START_TEST(clock_names_that_are_all_invalid_are_none)
{
        read_text(QUAD9 "[Resolver]\nClockNames=192.0.2.1 *.example . b\"d\nClockServers=ns.example 224.0.0.1\n");
        said("[Resolver] ClockNames=192.0.2.1:");
        said("[Resolver] ClockNames=*.example:");
        said("[Resolver] ClockServers=ns.example:");
        said("[Resolver] ClockServers=224.0.0.1:");
        ck_assert_uint_eq(result.errors, 6);
        ck_assert_str_eq(result.config->clock_names, "");
        ck_assert_ptr_null(result.config->clock_servers);
}
END_TEST

START_TEST(booleans_are_those_of_systemd)
{
        static const char *const yes[] = { "1", "yes", "y", "true", "t", "on", "YES", "On" };
        static const char *const no[] = { "0", "no", "n", "false", "f", "off", "No", "FALSE" };

        for (size_t i = 0; i < ELEMENTS(yes); i++) {
                char text[256];

                snprintf(text, sizeof(text), QUAD9 "[Resolver]\nTrustAD=%s\nPadding=%s\n", yes[i], no[i]);
                read_text(text);
                said_nothing();
                ck_assert(result.config->trust_ad && !result.config->padding);
        }
        read_text(QUAD9 "[Resolver]\nTrustAD=2\n");
        said("[Resolver] TrustAD=2:");
}
END_TEST

START_TEST(the_hosts_file_is_a_path_or_none)
{
        static const struct {
                const char *text, *is;
        } rows[] = {
                { "HostsFile=/a\n", "/a" },
                { "HostsFile=no\n", "" },
                { "HostsFile=False\n", "" },
                { "HostsFile=no\nHostsFile=/b\n", "/b" },
                { "HostsFile=/a\nHostsFile=no\n", "" },
                { "HostsFile=no\nHostsFile=\n", "/etc/hosts" },
                { "HostsFile=/a\nHostsFile=\n", "/etc/hosts" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                char text[256];

                snprintf(text, sizeof(text), QUAD9 "[Local]\n%s", rows[i].text);
                read_text(text);
                said_nothing();
                ck_assert_str_eq(result.config->local.hosts_file, rows[i].is);
        }
        read_text(QUAD9 "[Local]\nHostsFile=/a\nHostsFile=hosts\nHostsFile=yes\n");
        said("[Local] HostsFile=hosts:");
        said("[Local] HostsFile=yes:");
        ck_assert_uint_eq(result.errors, 2);
        ck_assert_str_eq(result.config->local.hosts_file, "/a");
}
END_TEST

START_TEST(ranges_hold_at_both_ends)
{
        read_text(
                QUAD9
                "[Health]\nRise=1\nRise=10\nIdleMaxSec=0\nIdleMaxSec=1h\n[Cache]\nSize=64K\nSize=4G\nStaleMaxSec=0\n");
        said_nothing();
        read_text(
                QUAD9
                "[Health]\nRise=0\nRise=11\nRise=4294967297\nRise=-1\nRise=1.5\nIdleMaxSec=3601\nIdleMaxSec=infinity\n[Cache]\nSize=65535\nSize=4294967297\n");
        ck_assert_uint_eq(result.errors, 9);
        ck_assert_uint_eq(result.config->rise, 1);
}
END_TEST

START_TEST(a_backoff_above_its_maximum_is_an_error)
{
        read_text(QUAD9 "[Health]\nBackoffSec=30s\nBackoffMaxSec=10s\n");
        said_about("error: [Health] BackoffSec=", "BackoffMaxSec=");
        ck_assert_uint_eq(result.config->backoff, 10 * USEC_PER_SEC);
}
END_TEST

START_TEST(listen_is_a_list)
{
        read_two(QUAD9 "[Resolver]\nListen=127.0.0.1 [::1]:5353\nListen=127.0.0.1:53\n",
                 "[Resolver]\nListen=127.0.0.2:1053\n");
        said_nothing();
        ck_assert_uint_eq(result.config->n_listen, 3);
        ck_assert_str_eq(address_text(&result.config->listen[2]), "127.0.0.2:1053");
        read_two(QUAD9 "[Resolver]\nListen=127.0.0.1\n", "[Resolver]\nListen=\nListen=127.0.0.2\n");
        ck_assert_uint_eq(result.config->n_listen, 1);
        ck_assert_str_eq(address_text(&result.config->listen[0]), "127.0.0.2:53");
        read_two(QUAD9 "[Resolver]\nListen=127.0.0.1\n", "[Resolver]\nListen=\n");
        ck_assert_str_eq(address_text(&result.config->listen[0]), "127.0.0.53:53");
}
END_TEST

START_TEST(addresses_that_no_client_can_ask_are_worth_a_hint)
{
        read_text(QUAD9 "[Resolver]\nListen=fe80::1 [fe80::1]:53 [fe80::1%lo]:53 127.0.0.1:0\n");
        said("a.conf:5: error: [Resolver] Listen=fe80::1:");
        said("a.conf:5: error: [Resolver] Listen=[fe80::1]:53:");
        said("a.conf:5: warning: [Resolver] Listen=127.0.0.1:0:");
        ck_assert_uint_eq(result.errors, 2);
        ck_assert_uint_eq(result.config->n_listen, 2);
}
END_TEST

static bool may_query(const char *text)
{
        Address a;

        ck_assert(address_from_text(text, 0, &a));
        for (size_t i = 0; i < result.config->n_allow_from; i++)
                if (address_prefix_contains(&result.config->allow_from[i], &a))
                        return true;
        return false;
}

START_TEST(allow_from_is_a_list_of_prefixes_and_words)
{
        read_two(QUAD9 "[Resolver]\nAllowFrom=172.17.0.0/16 fd00:1::/32\n", "[Resolver]\nAllowFrom=192.0.2.1\n");
        said_nothing();
        ck_assert(may_query("172.17.0.2") && may_query("fd00:1::2") && may_query("192.0.2.1"));
        ck_assert(!may_query("172.18.0.2") && !may_query("fd00:2::2"));
        read_text(QUAD9 "[Resolver]\nAllowFrom=any\nAllowFrom=\nAllowFrom=private link-local localhost\n");
        ck_assert(may_query("192.168.1.9") && may_query("10.1.1.1") && may_query("172.31.0.1") && may_query("fd00::1"));
        ck_assert(may_query("169.254.3.3") && may_query("fe80::3") && may_query("127.0.0.9") && may_query("::1"));
        ck_assert(!may_query("172.32.0.1") && !may_query("192.0.2.1") && !may_query("2001:db8::1"));
        read_text(QUAD9 "[Resolver]\nAllowFrom=any\n");
        ck_assert(may_query("192.0.2.1") && may_query("2001:db8::1"));
        read_text(QUAD9 "[Resolver]\nAllowFrom=everybody 10.0.0.0/8 10.0.0.1/8\n");
        said("a.conf:5: error: [Resolver] AllowFrom=everybody:");
        said("a.conf:5: error: [Resolver] AllowFrom=10.0.0.1/8:");
        ck_assert_uint_eq(result.config->n_allow_from, 1);
}
END_TEST

START_TEST(private_networks_may_query_unless_others_are_named)
{
        read_text(QUAD9 "[Resolver]\nListen=172.17.0.1\n");
        said_nothing();
        ck_assert(may_query("172.17.0.2") && may_query("fd00::2") && may_query("fe80::2") && !may_query("192.0.2.1"));
        read_text(QUAD9 "[Resolver]\nAllowFrom=192.0.2.0/24\n");
        ck_assert(may_query("192.0.2.1") && !may_query("172.17.0.2"));
        read_text(QUAD9 "[Resolver]\nAllowFrom=\n");
        ck_assert(!may_query("172.17.0.2"));
}
END_TEST

START_TEST(a_bad_word_of_a_list_leaves_the_others)
{
        read_text(
                "[Resolver]\nListen=127.0.0.1 localhost 224.0.0.1\n[Upstream q]\nURL=https://q.test/\nAddress=192.0.2.1 q.test 0.0.0.0 192.0.2.2:0 192.0.2.3\n");
        said("a.conf:2: error: [Resolver] Listen=localhost:");
        said("a.conf:2: error: [Resolver] Listen=224.0.0.1:");
        said("a.conf:5: error: [Upstream q] Address=q.test:");
        said("a.conf:5: error: [Upstream q] Address=0.0.0.0:");
        said("a.conf:5: error: [Upstream q] Address=192.0.2.2:0:");
        ck_assert_uint_eq(result.errors, 5);
        ck_assert_uint_eq(upstream("q")->n_addresses, 2);
        ck_assert_uint_eq(result.config->n_listen, 1);
}
END_TEST

START_TEST(lists_are_bounded)
{
        char text[4096] = "[Upstream q]\nURL=https://q.test/\nAddress=";

        for (unsigned i = 0; i < 65; i++)
                snprintf(text + strlen(text), sizeof(text) - strlen(text), "192.0.2.%u ", i);
        read_text(text);
        said("Address=192.0.2.64:");
        ck_assert_uint_eq(upstream("q")->n_addresses, 64);
}
END_TEST

START_TEST(messages_stay_short_and_printable)
{
        char text[4096] = QUAD9 "[Cache]\nSize=";

        for (unsigned i = 0; i < 1000; i++)
                strcat(text, "\xc3\xbc");
        strcat(text, "\nMaxTTLSec=\x1b[31m\n");
        read_text(text);
        said("\xc3\xbc...: ");
        said("MaxTTLSec=?[31m: ");
        ck_assert_uint_lt(strlen(result.said), 600);
}
END_TEST

static TCase *lines_case(void)
{
        TCase *t = tcase_create("lines");

        tcase_add_test(t, comments_blank_lines_and_blanks_do_not_count);
        tcase_add_test(t, a_comment_after_a_value_is_part_of_the_value);
        tcase_add_test(t, a_backslash_continues_a_line_across_comments);
        tcase_add_test(t, a_continued_line_has_the_number_of_its_first);
        tcase_add_test(t, an_escaped_backslash_continues_nothing);
        tcase_add_test(t, a_comment_is_not_continued);
        tcase_add_test(t, a_line_may_end_with_the_file);
        tcase_add_test(t, all_ends_of_lines_are_taken_and_counted);
        tcase_add_test(t, assignments_before_the_first_section_warn);
        tcase_add_test(t, a_section_does_not_reach_into_the_next_file);
        tcase_add_test(t, unknown_sections_and_keys_warn_with_file_and_line);
        tcase_add_test(t, keys_and_sections_with_x_are_for_others);
        tcase_add_test(t, a_broken_section_takes_its_keys_with_it);
        tcase_add_test(t, lines_that_are_none_warn);
        tcase_add_test(t, only_utf8_is_read_but_for_comments);
        tcase_add_test(t, a_nul_octet_ends_the_reading);
        tcase_add_test(t, lines_have_an_end_at_a_mebibyte);
        return t;
}

static TCase *values_case(void)
{
        TCase *t = tcase_create("values");

        tcase_add_test(t, defaults_are_those_of_the_design);
        tcase_add_test(t, the_last_assignment_wins_and_an_empty_one_restores_the_default);
        tcase_add_test(t, a_refused_value_leaves_the_one_before);
        tcase_add_test(t, booleans_are_those_of_systemd);
        tcase_add_test(t, the_hosts_file_is_a_path_or_none);
        tcase_add_test(t, ranges_hold_at_both_ends);
        tcase_add_test(t, a_backoff_above_its_maximum_is_an_error);
        tcase_add_test(t, listen_is_a_list);
        tcase_add_test(t, allow_from_is_a_list_of_prefixes_and_words);
        tcase_add_test(t, private_networks_may_query_unless_others_are_named);
        tcase_add_test(t, addresses_that_no_client_can_ask_are_worth_a_hint);
        tcase_add_test(t, a_bad_word_of_a_list_leaves_the_others);
        tcase_add_test(t, lists_are_bounded);
        tcase_add_test(t, clock_names_are_auto_none_or_a_list_of_names);
        tcase_add_test(t, clock_names_that_are_all_invalid_are_none);
        tcase_add_test(t, messages_stay_short_and_printable);
        return t;
}

int main(void)
{
        TCase *cases[] = { lines_case(), values_case() };
        Suite *s = suite_create("config");

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                tcase_add_checked_fixture(cases[i], NULL, teardown);
                suite_add_tcase(s, cases[i]);
        }
        return run_suite(s);
}
