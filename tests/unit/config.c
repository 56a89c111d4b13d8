/* core/config: texts in, a checked configuration and what is to be said about them out. */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/config.h"

#define QUAD9 "[Upstream quad9]\nURL=https://dns.quad9.net/dns-query\nAddress=9.9.9.9\n"

/* --- what came of it: the configuration, and its messages as lines "file:line: error: text" */

typedef struct Result {
        Config *config;
        unsigned errors;
        unsigned warnings;
        char said[16384];
} Result;

static Result result;

static void take_message(void *userdata, const ConfigMessage *m)
{
        Result *r = userdata;
        size_t n = strlen(r->said);
        bool error = m->severity == CONFIG_ERROR;

        ck_assert_ptr_nonnull(m->text);
        r->warnings += !error;
        snprintf(r->said + n, sizeof(r->said) - n, "%s:%u: %s: %s\n", m->file ?: "-", m->line,
                 error ? "error" : "warning", m->text);
}

static void read_texts(const ConfigText *texts, size_t n)
{
        config_unref(result.config);
        result = (Result) { 0 };
        result.config = config_parse(texts, n, take_message, &result, &result.errors);
        ck_assert_ptr_nonnull(result.config);
}

static void read_sized(const char *text, size_t n)
{
        ConfigText t = { .name = "a.conf", .text = text, .n = n };

        read_texts(&t, 1);
}

static void read_text(const char *text)
{
        read_sized(text, strlen(text));
}

/* A second file after the first. */
static void read_two(const char *a, const char *b)
{
        ConfigText t[] = { { .name = "a.conf", .text = a, .n = strlen(a) },
                           { .name = "b.conf", .text = b, .n = strlen(b) } };

        read_texts(t, 2);
}

static void teardown(void)
{
        result.config = config_unref(result.config);
}

#define said(text) \
        ck_assert_msg(strstr(result.said, text), "expected \"%s\" to be said; what was said:\n%s", text, result.said)
#define said_nothing() ck_assert_msg(!*result.said, "expected nothing to be said; what was said:\n%s", result.said)

static const UpstreamConfig *upstream(const char *name)
{
        for (size_t i = 0; i < result.config->n_upstreams; i++)
                if (strcmp(result.config->upstreams[i].name, name) == 0)
                        return &result.config->upstreams[i];
        ck_abort_msg("no upstream %s; what was said:\n%s", name, result.said);
}

static const char *address_text(const Address *a)
{
        static char text[ADDRESS_TEXT_MAX];

        address_to_text(a, text);
        return text;
}

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
        said("a.conf:5: error: [Cache] Size=1M # small: not a size, expected a size from 64K to 4G");
        ck_assert_uint_eq(result.config->cache_size, 8 << 20);
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
        said("a.conf:1: warning: Size= stands before the first section, ignoring");
        ck_assert_uint_eq(result.errors, 0);
}
END_TEST

START_TEST(a_section_does_not_reach_into_the_next_file)
{
        read_two(QUAD9 "[Cache]\n", "Size=1M\n");
        said("b.conf:1: warning: Size= stands before the first section");
        ck_assert_uint_eq(result.config->cache_size, 8 << 20);
}
END_TEST

START_TEST(unknown_sections_and_keys_warn_with_file_and_line)
{
        read_text(QUAD9 "Adress=1.1.1.1\n[Nonsense]\nA=b\n[cache]\n[ Cache ]\n[Cache]\nsize=1M\nRise=2\n");
        said("a.conf:4: warning: [Upstream quad9] unknown key Adress=, ignoring\n");
        said("a.conf:5: warning: unknown section [Nonsense], ignoring");
        said("a.conf:7: warning: unknown section [cache], ignoring");
        said("a.conf:8: warning: unknown section [ Cache ], ignoring");
        said("a.conf:10: warning: [Cache] unknown key size=, ignoring; there is Size= in [Cache]");
        said("a.conf:11: warning: [Cache] unknown key Rise=, ignoring; there is Rise= in [Health]");
        ck_assert_uint_eq(result.errors, 0);
        ck_assert_uint_eq(result.warnings, 6);
}
END_TEST

START_TEST(keys_and_sections_with_x_are_for_others)
{
        read_text(QUAD9 "X-Key=a\n[X-Other]\nKey=b\nnot a line\n");
        said("a.conf:7: warning: line is neither a section nor an assignment, ignoring");
        ck_assert_uint_eq(result.warnings, 1);
}
END_TEST

START_TEST(a_broken_section_takes_its_keys_with_it)
{
        read_text(QUAD9 "[Cache\nSize=1M\nURL=https://elsewhere.test/\n[]\nAddress=192.0.2.1\n");
        said("a.conf:4: error: section does not end in a bracket, ignoring all up to the next section");
        said("a.conf:7: error: section without a name");
        ck_assert_uint_eq(result.errors, 2);
        ck_assert_uint_eq(result.warnings, 0);
        ck_assert_str_eq(upstream("quad9")->url, "https://dns.quad9.net/dns-query");
        ck_assert_uint_eq(upstream("quad9")->n_addresses, 1);
}
END_TEST

START_TEST(lines_that_are_none_warn)
{
        read_text(QUAD9 "Method\n=GET\n");
        said("a.conf:4: warning: line is neither");
        said("a.conf:5: warning: line is neither");
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
                said("a.conf:5: warning: line is not in UTF-8, ignoring");
                ck_assert_uint_eq(result.config->max_ttl, USEC_PER_HOUR);
        }
}
END_TEST

START_TEST(a_nul_octet_ends_the_reading)
{
        static const char text[] = QUAD9 "[Cache]\nSi\0ze=1M\nSize=2M\n";

        read_sized(text, sizeof(text) - 1);
        said("a.conf:5: error: NUL octet");
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
        said("a.conf:5: error: line of more than 1 MiB");
        /* As much in two lines, of which the first goes on. */
        memcpy(text + head + 4000, "\\\n", 2);
        read_sized(text, size);
        said("a.conf:6: error: line of more than 1 MiB");
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
        ck_assert_int_eq(c->log_level, 6);
        ck_assert(c->cache && c->serve_stale && c->prefetch);
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
        ck_assert(c->local.hostname && c->local.localhost && c->local.invalid && c->local.onion && c->local.alt && c->local.resolver_arpa &&
                  c->local.local && c->local.internal && c->local.home_arpa && c->local.private_reverse && c->local.single_label);
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
        said("[Cache] Size=8X: not a size, expected a size from 64K to 4G\n");
        said("[Cache] MaxTTLSec=10d: out of range, expected a time span from 1s to 7d\n");
        said("[Resolver] Policy=Ordered: none of the choices, expected ordered or fastest\n");
        said("[Resolver] TrustAnchors=b: not an absolute path, expected the absolute path of a PEM file or a directory of them\n");
        ck_assert_uint_eq(result.errors, 4);
        ck_assert_uint_eq(result.config->cache_size, 1 << 20);
        ck_assert_uint_eq(result.config->max_ttl, USEC_PER_HOUR);
        ck_assert_int_eq(result.config->policy, POLICY_FASTEST);
        ck_assert_str_eq(result.config->trust_anchors, "/a");
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
        said("[Resolver] TrustAD=2: neither yes nor no, expected yes or no");
}
END_TEST

START_TEST(the_hosts_file_is_a_path_or_none)
{
        static const struct { const char *text, *is; } rows[] = {
                { "HostsFile=/a\n", "/a" }, { "HostsFile=no\n", "" }, { "HostsFile=False\n", "" }, { "HostsFile=no\nHostsFile=/b\n", "/b" },
                { "HostsFile=/a\nHostsFile=no\n", "" }, { "HostsFile=no\nHostsFile=\n", "/etc/hosts" }, { "HostsFile=/a\nHostsFile=\n", "/etc/hosts" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                char text[256];

                snprintf(text, sizeof(text), QUAD9 "[Local]\n%s", rows[i].text);
                read_text(text);
                said_nothing();
                ck_assert_str_eq(result.config->local.hosts_file, rows[i].is);
        }
        read_text(QUAD9 "[Local]\nHostsFile=/a\nHostsFile=hosts\nHostsFile=yes\n");
        said("[Local] HostsFile=hosts: neither an absolute path nor no, expected the absolute path of a file, or no\n");
        said("[Local] HostsFile=yes: neither an absolute path nor no");
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
        said("error: [Health] BackoffSec= is greater than BackoffMaxSec=, which counts for both");
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

START_TEST(a_bad_word_of_a_list_leaves_the_others)
{
        read_text(
                "[Resolver]\nListen=127.0.0.1 localhost 224.0.0.1\n[Upstream q]\nURL=https://q.test/\nAddress=192.0.2.1 q.test 0.0.0.0 192.0.2.2:0 192.0.2.3\n");
        said("a.conf:2: error: [Resolver] Listen=localhost: not an address, expected ADDRESS[:PORT], such as 127.0.0.53:53 or [::1]:53");
        said("a.conf:2: error: [Resolver] Listen=224.0.0.1: not an address to listen on");
        said("a.conf:5: error: [Upstream q] Address=q.test: not an address");
        said("a.conf:5: error: [Upstream q] Address=0.0.0.0: not the address of a server");
        said("a.conf:5: error: [Upstream q] Address=192.0.2.2:0: port 0 is none");
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
        said("Address=192.0.2.64: one address too many");
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
        said("\xc3\xbc...: not a size");
        said("MaxTTLSec=?[31m: not a time span");
        ck_assert_uint_lt(strlen(result.said), 600);
}
END_TEST

/* --- upstreams */

START_TEST(an_upstream_has_all_that_its_section_says)
{
        const UpstreamConfig *u;

        read_text(
                "[Health]\nMode=active\n[Upstream a-b_c.1]\nURL=https://dns.example:8443/q%2Fx?a=b\nAddress=192.0.2.1 [2001:db8::1]:444\n"
                "Method=GET\nTrustAnchors=/etc/ca.pem\nPinSHA256=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHiA=\nHealth=none\n");
        said_nothing();
        u = upstream("a-b_c.1");
        ck_assert_str_eq(u->url, "https://dns.example:8443/q%2Fx?a=b");
        ck_assert_str_eq(u->host, "dns.example");
        ck_assert_uint_eq(u->port, 8443);
        ck_assert_str_eq(u->path, "/q%2Fx?a=b");
        ck_assert_int_eq(u->method, METHOD_GET);
        ck_assert_str_eq(address_text(&u->addresses[0]), "192.0.2.1:8443");
        ck_assert_str_eq(address_text(&u->addresses[1]), "[2001:db8::1]:444");
        ck_assert_str_eq(u->trust_anchors, "/etc/ca.pem");
        ck_assert_uint_eq(u->n_pins, 2);
        ck_assert_uint_eq(u->pins[0][31], 31);
        ck_assert_uint_eq(u->pins[1][31], 32);
        ck_assert_int_eq(u->health, MODE_NONE);
}
END_TEST

START_TEST(an_upstream_inherits_health_that_is_set_later)
{
        read_two(QUAD9 "Health=none\n", "[Upstream quad9]\nHealth=\n[Health]\nMode=active\n");
        ck_assert_int_eq(upstream("quad9")->health, MODE_ACTIVE);
}
END_TEST

START_TEST(urls_are_taken_apart)
{
        static const struct {
                const char *url, *host, *path;
                unsigned port;
                Method method;
        } cases[] = {
                { "https://a.test", "a.test", "/", 443, METHOD_POST },
                { "https://a.test/", "a.test", "/", 443, METHOD_POST },
                { "https://a.test?x=y", "a.test", "/?x=y", 443, METHOD_POST },
                { "https://a.test/dns-query{?dns}", "a.test", "/dns-query", 443, METHOD_GET },
                { "https://a.test{?dns}", "a.test", "/", 443, METHOD_GET },
                { "HTTPS://A.test:1/p", "A.test", "/p", 1, METHOD_POST },
                { "https://1.1.1.1/dns-query", "1.1.1.1", "/dns-query", 443, METHOD_POST },
                { "https://[2606:4700::1111]/dns-query", "2606:4700::1111", "/dns-query", 443, METHOD_POST },
                { "https://[::1]:8443", "::1", "/", 8443, METHOD_POST },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char text[256];
                const UpstreamConfig *u;

                snprintf(text, sizeof(text), "[Upstream q]\nAddress=192.0.2.1\nURL=%s\n", cases[i].url);
                read_text(text);
                said_nothing();
                u = upstream("q");
                ck_assert_str_eq(u->url, cases[i].url);
                ck_assert_str_eq(u->host, cases[i].host);
                ck_assert_str_eq(u->path, cases[i].path);
                ck_assert_uint_eq(u->port, cases[i].port);
                ck_assert_uint_eq(u->addresses[0].port, cases[i].port);
                ck_assert_int_eq(u->method, cases[i].method);
        }
}
END_TEST

START_TEST(a_method_that_is_named_counts_before_the_one_of_the_url)
{
        read_text("[Upstream q]\nMethod=POST\nURL=https://q.test/{?dns}\nAddress=192.0.2.1\n");
        ck_assert_int_eq(upstream("q")->method, METHOD_POST);
        read_text("[Upstream q]\nURL=https://q.test/{?dns}\nURL=https://q.test/\nAddress=192.0.2.1\n");
        ck_assert_int_eq(upstream("q")->method, METHOD_POST);
        read_text("[Upstream q]\nMethod=POST\nURL=https://q.test/{?dns}\nAddress=192.0.2.1\nMethod=\n");
        ck_assert_int_eq(upstream("q")->method, METHOD_GET);
}
END_TEST

START_TEST(bad_urls_are_refused_with_the_reason)
{
        static const struct {
                const char *url, *reason;
        } cases[] = {
                { "http://a.test/", "http is not encrypted, expected https://HOST[:PORT]/PATH" },
                { "a.test", "not an https URL" },
                { "https:/a.test", "not an https URL" },
                { "https://", "not a host name" },
                { "https:///p", "not a host name" },
                { "https://u:p@a.test/", "a user or password has no place in it" },
                { "https://a.test/#f", "a fragment has no place in it" },
                { "https://a..test/", "not a host name" },
                { "https://a.test./", "not a host name" },
                { "https://-a.test/", "not a host name" },
                { "https://a-.test/", "not a host name" },
                { "https://a b.test/", "not a host name" },
                { "https://\xc3\xbc.test/", "not a host name" },
                { "https://256.1.1.1/", "not a host name" },
                { "https://1.1/", "not a host name" },
                { "https://2606:4700::1111/", "not a host name" },
                { "https://a.test:4700::1111/", "not a port" },
                { "https://[2606:4700::1111/", "the closing bracket" },
                { "https://[1.1.1.1]/", "not a host name or address" },
                { "https://[fe80::1%25eth0]/", "not a host name or address" },
                { "https://[::1]x/", "not a port" },
                { "https://a.test:/", "not a port from 1 to 65535" },
                { "https://a.test:0/", "not a port" },
                { "https://a.test:65536/", "not a port" },
                { "https://a.test:4x/", "not a port" },
                { "https://a.test/a b", "the path has characters that must be percent-encoded" },
                { "https://a.test/%2", "the path has characters that must be percent-encoded" },
                { "https://a.test/%zz", "the path has characters that must be percent-encoded" },
                { "https://a.test/{?dns}x", "the path has characters that must be percent-encoded" },
                { "https://a.test/{dns}", "the path has characters that must be percent-encoded" },
                { "https://a.test/?a=b{?dns}", "{?dns} begins a query, and there is one already" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char text[256], expected[256];

                snprintf(text, sizeof(text), "[Upstream q]\nURL=%s\nAddress=192.0.2.1\n", cases[i].url);
                snprintf(expected, sizeof(expected), "a.conf:2: error: [Upstream q] URL=%s: %s", cases[i].url,
                         cases[i].reason);
                read_text(text);
                said(expected);
                said("a.conf:1: error: [Upstream q] is left out, as its URL= was refused");
                ck_assert_uint_eq(result.config->n_upstreams, 0);
        }
}
END_TEST

START_TEST(sections_of_the_same_upstream_are_one)
{
        read_two(
                "[Upstream q]\nURL=https://q.test/\nAddress=192.0.2.1\n[Cache]\n[Upstream q]\nAddress=192.0.2.2\n",
                "[Upstream other]\nURL=https://o.test/\nAddress=192.0.2.9\n[Upstream   q]\nAddress=192.0.2.3 192.0.2.1:443\nMethod=GET\n");
        said_nothing();
        ck_assert_uint_eq(result.config->n_upstreams, 2);
        ck_assert_str_eq(result.config->upstreams[0].name, "q");
        ck_assert_uint_eq(upstream("q")->n_addresses, 3);
        ck_assert_int_eq(upstream("q")->method, METHOD_GET);
        read_two("[Upstream q]\nURL=https://q.test/\nAddress=192.0.2.1\n",
                 "[Upstream q]\nAddress=\nAddress=192.0.2.3\n");
        ck_assert_uint_eq(upstream("q")->n_addresses, 1);
        ck_assert_str_eq(address_text(&upstream("q")->addresses[0]), "192.0.2.3:443");
}
END_TEST

START_TEST(an_upstream_without_url_or_address_is_left_out)
{
        read_text(QUAD9 "\n[Upstream a]\nAddress=192.0.2.1\n[Upstream b]\nURL=https://b.test/\n");
        said("a.conf:5: error: [Upstream a] is left out: URL= is missing");
        said("a.conf:7: error: [Upstream b] is left out: Address= is missing, and nothing is resolved to resolve");
        ck_assert_uint_eq(result.config->n_upstreams, 1);
        ck_assert_uint_eq(result.errors, 2);
}
END_TEST

START_TEST(an_upstream_is_never_used_without_a_pin_that_was_refused)
{
        read_text(QUAD9 "PinSHA256=AAEC\n[Upstream b]\nURL=https://b.test/\nAddress=192.0.2.1\nTrustAnchors=ca.pem\n");
        said("a.conf:4: error: [Upstream quad9] PinSHA256=AAEC: not 32 octets in base64, expected SHA-256 digests of public keys, in base64");
        said("a.conf:1: error: [Upstream quad9] is left out, as its PinSHA256= was refused");
        said("a.conf:5: error: [Upstream b] is left out, as its TrustAnchors= was refused");
        ck_assert_uint_eq(result.config->n_upstreams, 0);
}
END_TEST

START_TEST(pins_are_base64_of_32_octets)
{
        static const char *const bad[] = {
                "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=",
                "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh-=", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
        };

        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                char text[256];

                snprintf(text, sizeof(text), QUAD9 "PinSHA256=%s\n", bad[i]);
                read_text(text);
                said("not 32 octets in base64");
        }
        read_text(QUAD9 "PinSHA256=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\nPinSHA256=\n");
        said_nothing();
        ck_assert_uint_eq(upstream("quad9")->n_pins, 0);
}
END_TEST

START_TEST(names_of_upstreams_are_checked)
{
        static const char *const bad[] = {
                "Upstream",
                "Upstream ",
                "Upstream a b",
                "Upstream a/b",
                "Upstream \xc3\xbc",
                "Upstream a ",
                "Upstream 1234567890123456789012345678901234567890123456789012345678901234"
        };

        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                char text[256];

                snprintf(text, sizeof(text), QUAD9 "[%s]\nURL=https://b.test/\nAddress=192.0.2.1\n", bad[i]);
                read_text(text);
                said("a.conf:4: error: [Upstream ");
                said("not a name for an upstream, expected up to 63 letters, digits, \"-\", \"_\" and \".\"");
                ck_assert_uint_eq(result.errors, 1);
                ck_assert_uint_eq(result.warnings, 0);
                ck_assert_uint_eq(result.config->n_upstreams, 1);
        }
        read_text(QUAD9 "[Upstreams]\n");
        said("warning: unknown section [Upstreams]");
}
END_TEST

START_TEST(the_number_of_upstreams_is_bounded)
{
        char text[8192] = "";

        for (unsigned i = 0; i < 65; i++)
                snprintf(text + strlen(text), sizeof(text) - strlen(text),
                         "[Upstream u%u]\nURL=https://u.test/\nAddress=192.0.2.1\n", i);
        strcat(text, "[Resolver]\nDNS=192.0.2.1#https://v.test/\n");
        read_text(text);
        said("a.conf:193: error: [Upstream u64]: one upstream too many, expected up to 64");
        said("DNS=192.0.2.1#https://v.test/: one upstream too many");
        ck_assert_uint_eq(result.config->n_upstreams, 64);
}
END_TEST

START_TEST(no_upstream_at_all_is_an_error)
{
        read_texts(NULL, 0);
        said("-:0: error: no upstream, expected a section [Upstream NAME] with URL= and Address=, or DNS= in [Resolver]");
        ck_assert_uint_eq(result.errors, 1);
        ck_assert_uint_eq(result.config->n_listen, 1);
}
END_TEST

START_TEST(an_upstream_that_is_ourselves_is_a_loop)
{
        static const char *const loops[][2] = {
                { "", "127.0.0.53:53" },
                { "", "[::ffff:127.0.0.53]:53" },
                { "[Resolver]\nListen=127.0.0.1:5353\n", "127.0.0.1:5353" },
                { "[Resolver]\nListen=0.0.0.0:5353\n", "127.0.0.1:5353" },
                { "[Resolver]\nListen=[::]:5353\n", "[::1]:5353" },
        };

        for (size_t i = 0; i < ELEMENTS(loops); i++) {
                char text[256];

                snprintf(text, sizeof(text), "%s[Upstream q]\nURL=https://q.test/\nAddress=%s\n", loops[i][0],
                         loops[i][1]);
                read_text(text);
                said("[Upstream q] is left out: its address is one that dohmouse itself listens on");
                ck_assert_uint_eq(result.config->n_upstreams, 0);
        }
        /* Another port of our own host is another server. */
        read_text("[Upstream q]\nURL=https://q.test/\nAddress=127.0.0.53\n");
        said_nothing();
}
END_TEST

/* --- DNS= */

START_TEST(the_one_line_form_is_a_whole_upstream)
{
        read_text(
                "[Resolver]\nDNS=9.9.9.9#https://dns.quad9.net/dns-query [2001:db8::1]:8443#https://[2001:db8::1]/q{?dns}\n");
        said_nothing();
        ck_assert_uint_eq(result.config->n_upstreams, 2);
        ck_assert_str_eq(upstream("dns.quad9.net")->url, "https://dns.quad9.net/dns-query");
        ck_assert_str_eq(address_text(&upstream("dns.quad9.net")->addresses[0]), "9.9.9.9:443");
        ck_assert_int_eq(upstream("2001-db8--1")->method, METHOD_GET);
        ck_assert_str_eq(address_text(&upstream("2001-db8--1")->addresses[0]), "[2001:db8::1]:8443");
}
END_TEST

START_TEST(the_same_url_again_is_another_address)
{
        read_text(
                "[Resolver]\nDNS=9.9.9.9#https://dns.quad9.net/dns-query\nDNS=149.112.112.112#https://dns.quad9.net/dns-query\n");
        ck_assert_uint_eq(result.config->n_upstreams, 1);
        ck_assert_uint_eq(upstream("dns.quad9.net")->n_addresses, 2);
}
END_TEST

START_TEST(names_of_one_line_upstreams_are_unique)
{
        read_text(
                "[Resolver]\nDNS=192.0.2.1#https://q.test/a 192.0.2.1#https://q.test/b\n[Upstream q.test-2]\nURL=https://c.test/\nAddress=192.0.2.3\n");
        said_nothing();
        ck_assert_uint_eq(result.config->n_upstreams, 3);
        ck_assert_str_eq(upstream("q.test")->path, "/a");
        ck_assert_str_eq(upstream("q.test-3")->path, "/b");
        ck_assert_str_eq(upstream("q.test-2")->host, "c.test");
}
END_TEST

START_TEST(names_of_one_line_upstreams_are_unique_after_colons_are_replaced)
{
        read_text("[Resolver]\nDNS=192.0.2.1#https://[2001:db8::1]/a 192.0.2.1#https://[2001:db8::1]/b\n");
        said_nothing();
        ck_assert_str_eq(upstream("2001-db8--1")->path, "/a");
        ck_assert_str_eq(upstream("2001-db8--1-2")->path, "/b");
}
END_TEST

START_TEST(an_empty_dns_resets_only_the_one_line_upstreams)
{
        read_two(QUAD9 "[Resolver]\nDNS=192.0.2.1#https://q.test/\n",
                 "[Resolver]\nDNS=\nDNS=192.0.2.2#https://r.test/\n");
        said_nothing();
        ck_assert_uint_eq(result.config->n_upstreams, 2);
        upstream("quad9");
        upstream("r.test");
}
END_TEST

START_TEST(a_bad_one_line_upstream_is_refused_with_the_reason)
{
        read_text(QUAD9 "[Resolver]\nDNS=9.9.9.9 x#https://q.test/ 9.9.9.9#http://q.test/ 1.1.1.1#https://q.test/\n");
        said("DNS=9.9.9.9: no \"#\" between address and URL, expected ADDRESS[:PORT]#https://HOST[:PORT]/PATH");
        said("DNS=x#https://q.test/: not an address");
        said("DNS=9.9.9.9#http://q.test/: http is not encrypted");
        ck_assert_uint_eq(result.errors, 3);
        ck_assert_uint_eq(result.config->n_upstreams, 2);
        ck_assert_uint_eq(upstream("q.test")->n_addresses, 1);
}
END_TEST

START_TEST(a_long_host_gives_a_valid_name)
{
        read_text(
                "[Resolver]\nDNS=192.0.2.1#https://a123456789.b123456789.c123456789.d123456789.e123456789.f123456789.g123456789.test/a "
                "192.0.2.1#https://a123456789.b123456789.c123456789.d123456789.e123456789.f123456789.g123456789.test/b\n");
        said_nothing();
        ck_assert_uint_eq(result.config->n_upstreams, 2);
        ck_assert_uint_eq(strlen(result.config->upstreams[0].name), 60);
        ck_assert_uint_eq(strlen(result.config->upstreams[1].name), 62);
}
END_TEST

/* --- Default= */

#define STAND_IN QUAD9 "Default=yes\n"

START_TEST(a_default_upstream_is_used_while_there_is_no_other)
{
        read_text(STAND_IN);
        said_nothing();
        upstream("quad9");
        read_two(STAND_IN, "[Cache]\nSize=1M\n");
        upstream("quad9");
}
END_TEST

START_TEST(a_default_upstream_makes_way_for_any_other)
{
        static const char *const others[] = { "[Upstream q]\nURL=https://q.test/\nAddress=192.0.2.1\n",
                                              "[Resolver]\nDNS=192.0.2.1#https://q.test/\n" };

        for (size_t i = 0; i < ELEMENTS(others); i++) {
                read_two(STAND_IN, others[i]);
                said_nothing();
                ck_assert_uint_eq(result.config->n_upstreams, 1);
                ck_assert_str_eq(result.config->upstreams[0].host, "q.test");
                read_two(others[i], STAND_IN);
                ck_assert_uint_eq(result.config->n_upstreams, 1);
        }
}
END_TEST

/* Somebody chose a server, and mistyped it: nobody else is to have his queries. */
START_TEST(a_default_upstream_is_no_stand_in_for_a_broken_one)
{
        read_two(STAND_IN, "[Upstream q]\nURL=http://q.test/\nAddress=192.0.2.1\n");
        ck_assert_uint_eq(result.config->n_upstreams, 0);
        said("error: no upstream");
}
END_TEST

START_TEST(a_default_upstream_that_another_file_names_is_chosen)
{
        read_two(STAND_IN, "[Upstream quad9]\nMethod=GET\n[Upstream q]\nURL=https://q.test/\nAddress=192.0.2.1\n");
        ck_assert_uint_eq(result.config->n_upstreams, 2);
        read_two(QUAD9 "[Upstream q]\nURL=https://q.test/\nAddress=192.0.2.1\n", STAND_IN);
        ck_assert_uint_eq(result.config->n_upstreams, 2);
}
END_TEST

START_TEST(a_default_upstream_has_the_place_where_it_was_chosen)
{
        static const char q[] = "[Upstream q]\nURL=https://q.test/\nAddress=192.0.2.1\n";
        ConfigText t[] = { { "0", STAND_IN, strlen(STAND_IN) },
                           { "1", q, sizeof(q) - 1 },
                           { "2", QUAD9 "Method=GET\n", strlen(QUAD9 "Method=GET\n") },
                           { "3", "[Upstream q]\nMethod=GET\n", 24 } };

        read_texts(t, ELEMENTS(t));
        said_nothing();
        ck_assert_uint_eq(result.config->n_upstreams, 2);
        ck_assert_str_eq(result.config->upstreams[0].name, "q");
        ck_assert_str_eq(result.config->upstreams[1].name, "quad9");
        ck_assert_uint_eq(result.config->upstreams[1].n_addresses, 1);
        ck_assert_int_eq(result.config->upstreams[1].method, METHOD_GET);
        ck_assert_int_eq(result.config->upstreams[0].method, METHOD_GET);
}
END_TEST

/* --- equality and life */

START_TEST(a_change_of_an_upstream_is_seen)
{
        static const char *const changes[] = { "URL=https://dns.quad9.net/other\n",
                                               "Address=192.0.2.1\n",
                                               "Method=GET\n",
                                               "TrustAnchors=/a\n",
                                               "PinSHA256=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
                                               "Health=none\n" };
        Config *before;

        read_text(QUAD9);
        before = config_ref(result.config);
        read_text("# moved\n" QUAD9 "Health=lazy\n");
        ck_assert(upstream_config_equal(&before->upstreams[0], upstream("quad9")));
        for (size_t i = 0; i < ELEMENTS(changes); i++) {
                char text[256];

                snprintf(text, sizeof(text), QUAD9 "%s", changes[i]);
                read_text(text);
                ck_assert_msg(!upstream_config_equal(&before->upstreams[0], upstream("quad9")), "%s is a change",
                              changes[i]);
        }
        config_unref(before);
}
END_TEST

START_TEST(a_report_need_not_be_heard)
{
        ConfigText t = { .name = "a", .text = "[Cache]\nSize=x\n", .n = 15 };
        unsigned errors;
        Config *c = config_parse(&t, 1, NULL, NULL, &errors);

        ck_assert_uint_eq(errors, 2);
        config_unref(c);
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
        tcase_add_test(t, a_bad_word_of_a_list_leaves_the_others);
        tcase_add_test(t, lists_are_bounded);
        tcase_add_test(t, messages_stay_short_and_printable);
        return t;
}

static TCase *upstreams_case(void)
{
        TCase *t = tcase_create("upstreams");

        tcase_add_test(t, an_upstream_has_all_that_its_section_says);
        tcase_add_test(t, an_upstream_inherits_health_that_is_set_later);
        tcase_add_test(t, urls_are_taken_apart);
        tcase_add_test(t, a_method_that_is_named_counts_before_the_one_of_the_url);
        tcase_add_test(t, bad_urls_are_refused_with_the_reason);
        tcase_add_test(t, sections_of_the_same_upstream_are_one);
        tcase_add_test(t, an_upstream_without_url_or_address_is_left_out);
        tcase_add_test(t, an_upstream_is_never_used_without_a_pin_that_was_refused);
        tcase_add_test(t, pins_are_base64_of_32_octets);
        tcase_add_test(t, names_of_upstreams_are_checked);
        tcase_add_test(t, the_number_of_upstreams_is_bounded);
        tcase_add_test(t, no_upstream_at_all_is_an_error);
        tcase_add_test(t, an_upstream_that_is_ourselves_is_a_loop);
        tcase_add_test(t, the_one_line_form_is_a_whole_upstream);
        tcase_add_test(t, the_same_url_again_is_another_address);
        tcase_add_test(t, names_of_one_line_upstreams_are_unique);
        tcase_add_test(t, names_of_one_line_upstreams_are_unique_after_colons_are_replaced);
        tcase_add_test(t, an_empty_dns_resets_only_the_one_line_upstreams);
        tcase_add_test(t, a_bad_one_line_upstream_is_refused_with_the_reason);
        tcase_add_test(t, a_long_host_gives_a_valid_name);
        tcase_add_test(t, a_default_upstream_is_used_while_there_is_no_other);
        tcase_add_test(t, a_default_upstream_makes_way_for_any_other);
        tcase_add_test(t, a_default_upstream_is_no_stand_in_for_a_broken_one);
        tcase_add_test(t, a_default_upstream_that_another_file_names_is_chosen);
        tcase_add_test(t, a_default_upstream_has_the_place_where_it_was_chosen);
        tcase_add_test(t, a_change_of_an_upstream_is_seen);
        tcase_add_test(t, a_report_need_not_be_heard);
        return t;
}

int main(void)
{
        TCase *cases[] = { lines_case(), values_case(), upstreams_case() };
        Suite *s = suite_create("config");
        SRunner *r;
        int failed;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                tcase_add_checked_fixture(cases[i], NULL, teardown);
                suite_add_tcase(s, cases[i]);
        }
        r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
