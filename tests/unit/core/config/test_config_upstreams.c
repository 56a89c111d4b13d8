/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/config/config: what the texts say of upstreams, in sections and in the one-line form, and when two
 * configurations are the same. */

#include "configured.h"
#include "run.h"

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
        static const char *const urls[] = {
                "http://a.test/",
                "a.test",
                "https:/a.test",
                "https://",
                "https:///p",
                "https://u:p@a.test/",
                "https://a.test/#f",
                "https://a..test/",
                "https://a.test./",
                "https://-a.test/",
                "https://a-.test/",
                "https://a b.test/",
                "https://\xc3\xbc.test/",
                "https://256.1.1.1/",
                "https://1.1/",
                "https://2606:4700::1111/",
                "https://a.test:4700::1111/",
                "https://[2606:4700::1111/",
                "https://[1.1.1.1]/",
                "https://[fe80::1%25eth0]/",
                "https://[::1]x/",
                "https://a.test:/",
                "https://a.test:0/",
                "https://a.test:65536/",
                "https://a.test:4x/",
                "https://a.test/a b",
                "https://a.test/%2",
                "https://a.test/%zz",
                "https://a.test/{?dns}x",
                "https://a.test/{dns}",
                "https://a.test/?a=b{?dns}",
        };

        for (size_t i = 0; i < ELEMENTS(urls); i++) {
                char text[256], expected[256];

                snprintf(text, sizeof(text), "[Upstream q]\nURL=%s\nAddress=192.0.2.1\n", urls[i]);
                snprintf(expected, sizeof(expected), "a.conf:2: error: [Upstream q] URL=%s:", urls[i]);
                read_text(text);
                said(expected);
                said_about("a.conf:1: error: [Upstream q] ", "URL=");
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
        said_about("a.conf:5: error: [Upstream a] ", "URL=");
        said_about("a.conf:7: error: [Upstream b] ", "Address=");
        ck_assert_uint_eq(result.config->n_upstreams, 1);
        ck_assert_uint_eq(result.errors, 2);
}
END_TEST

START_TEST(an_upstream_is_never_used_without_a_pin_that_was_refused)
{
        read_text(QUAD9 "PinSHA256=AAEC\n[Upstream b]\nURL=https://b.test/\nAddress=192.0.2.1\nTrustAnchors=ca.pem\n");
        said("a.conf:4: error: [Upstream quad9] PinSHA256=AAEC:");
        said_about("a.conf:1: error: [Upstream quad9] ", "PinSHA256=");
        said_about("a.conf:5: error: [Upstream b] ", "TrustAnchors=");
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
                said("a.conf:4: error: [Upstream quad9] PinSHA256=");
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
                ck_assert_uint_eq(result.errors, 1);
                ck_assert_uint_eq(result.warnings, 0);
                ck_assert_uint_eq(result.config->n_upstreams, 1);
        }
        read_text(QUAD9 "[Upstreams]\n");
        said_about("a.conf:4: error: ", "[Upstreams]");
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
        said_about("a.conf:193: error: ", "[Upstream u64]");
        said("DNS=192.0.2.1#https://v.test/:");
        ck_assert_uint_eq(result.config->n_upstreams, 64);
}
END_TEST

START_TEST(no_upstream_at_all_is_an_error)
{
        read_texts(NULL, 0);
        said("-:0: error: ");
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
                said("error: [Upstream q] ");
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
        said("DNS=9.9.9.9:");
        said("DNS=x#https://q.test/:");
        said("DNS=9.9.9.9#http://q.test/:");
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
        said("-:0: error: ");
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

/* What may have been meant to choose an upstream, and was ignored or rejected: the default one must not be asked. */
static const struct {
        const char *text, *where;
} hiding[] = {
        { "[Resolver]\nDNS=9.9.9.9\n", "b.conf:2: [Resolver] DNS=9.9.9.9:" },
        { "[Resolver]\nDNS=9.9.9.9#http://a.test/\n", "b.conf:2: [Resolver] DNS=" },
        { "[Resolver]\nDns=192.0.2.1#https://a.test/\n", "b.conf:2: [Resolver]" },
        { "[Resolver]\nURL=https://a.test/\n", "b.conf:2: [Resolver]" },
        { "[Resolver]\nDNS 192.0.2.1#https://a.test/\n", "b.conf:2:" },
        { "[Resolver]\nDNS=\xfc\n", "b.conf:2:" },
        { "DNS=192.0.2.1#https://a.test/\n", "b.conf:1:" },
        { "[Resolve]\nDNS=192.0.2.1\n", "b.conf:1:" },
        { "[upstream a]\nURL=https://a.test/\n", "b.conf:1:" },
        { "[a]\nURL=https://a.test/\n", "b.conf:2: [a]" },
        { "[Upstream a/b]\nURL=https://a.test/\n", "b.conf:1: [Upstream a/b]:" },
        { "[Upstream a\nURL=https://a.test/\n", "b.conf:1:" },
        { "[Upstream a]\nURL=http://a.test/\n", "b.conf:2: [Upstream a] URL=http://a.test/:" },
        { "[Upstream a]\n", "b.conf:1: [Upstream a]" },
        { "[Upstream a]\nURL=https://a.test/\nAddress=a.test\n", "b.conf:3: [Upstream a] Address=a.test:" },
        { "[Forward a]\nDomains=*.corp.example\nDNS=192.0.2.1\n", "b.conf:2: [Forward a] Domains=*.corp.example:" },
        { "[Forward a b]\nDomains=corp.example\n", "b.conf:1: [Forward a b]:" },
};

START_TEST(a_default_upstream_is_no_stand_in_for_what_is_not_understood)
{
        read_two(STAND_IN, hiding[_i].text);
        ck_assert_msg(result.config->n_upstreams == 0, "no upstream for %s", hiding[_i].text);
        ck_assert_uint_ge(result.errors, 2);
        ck_assert_msg(result.config->unusable &&
                              strstr(result.config->unusable, hiding[_i].where) == result.config->unusable,
                      "\"%s\" begins with \"%s\"", result.config->unusable, hiding[_i].where);
        /* One that was chosen is used. */
        read_two(QUAD9, hiding[_i].text);
        ck_assert_uint_eq(result.config->n_upstreams, 1);
        ck_assert_ptr_null(result.config->unusable);
}
END_TEST

START_TEST(a_default_upstream_is_no_stand_in_for_what_cannot_be_read)
{
        ConfigText t[] = { { .name = "a.conf", .text = STAND_IN, .n = strlen(STAND_IN) },
                           { .name = "b\xc3\xbc.conf", .error = "Permission denied" } };

        read_texts(t, ELEMENTS(t));
        said("b\xc3\xbc.conf:0: error: ");
        said("-:0: error: ");
        ck_assert_uint_eq(result.config->n_upstreams, 0);
        ck_assert_str_eq(result.config->unusable, "b??.conf: Permission denied");
        ck_assert_uint_eq(result.errors, 2);
}
END_TEST

START_TEST(a_default_upstream_is_used_despite_errors_that_concern_others)
{
        read_two(STAND_IN, "[Cache]\nSize=8X\n[Nonsense]\nA=b\n[X-Other]\nURL=x\n[Health]\nMode\n");
        ck_assert_uint_eq(result.errors, 1);
        ck_assert_uint_eq(result.config->n_upstreams, 1);
}
END_TEST

START_TEST(a_misspelled_pin_is_not_taken_for_none)
{
        read_text(QUAD9 "pinsha256=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
        said_about("a.conf:4: error: [Upstream quad9] ", "pinsha256=");
        said_about("a.conf:1: error: [Upstream quad9] ", "PinSHA256=");
        ck_assert_uint_eq(result.config->n_upstreams, 0);
}
END_TEST

START_TEST(trust_anchors_of_all_that_are_rejected_are_not_replaced_by_the_systems)
{
        read_text("[Resolver]\nTrustAnchors=ca.pem\n" QUAD9
                  "[Upstream own]\nURL=https://o.test/\nAddress=192.0.2.1\nTrustAnchors=/ca.pem\n");
        said_about("a.conf:3: error: [Upstream quad9] ", "TrustAnchors=");
        ck_assert_uint_eq(result.config->n_upstreams, 1);
        ck_assert_str_eq(result.config->upstreams[0].name, "own");
}
END_TEST

START_TEST(two_upstreams_with_one_url_are_worth_a_hint)
{
        read_text(QUAD9 "[Upstream b]\nURL=https://dns.quad9.net/dns-query\nAddress=149.112.112.112\n");
        said_about("a.conf:4: warning: [Upstream b] ", "[Upstream quad9]");
        ck_assert_uint_eq(result.config->n_upstreams, 2);
        ck_assert_uint_eq(result.errors, 0);
}
END_TEST

START_TEST(files_that_settings_refer_to_are_listed_with_their_place)
{
        read_two("[Resolver]\nTrustAnchors=/a\n" QUAD9 "TrustAnchors=/b\n",
                 "[Resolver]\n\nTrustAnchors=/c\n[Local]\nHostsFile=/h\n");
        ck_assert_uint_eq(result.config->n_files, 3);
        for (size_t i = 0; i < 3; i++) {
                const ConfigFile *f = &result.config->files[i];
                char text[64];

                snprintf(text, sizeof(text), "%s %s %s:%u", f->section ?: "-", f->path, f->name, f->line);
                ck_assert_str_eq(text, i == 0 ? "- /c b.conf:3" : i == 1 ? "- /h b.conf:5" : "quad9 /b a.conf:6");
        }
        read_text(QUAD9);
        ck_assert_uint_eq(result.config->n_files, 1);
        ck_assert_str_eq(result.config->files[0].path, "/etc/hosts");
        ck_assert_ptr_null(result.config->files[0].name);
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

int main(void)
{
        Suite *s = suite_create("config_upstreams");
        TCase *t = tcase_create("upstreams");

        tcase_add_checked_fixture(t, NULL, teardown);
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
        tcase_add_loop_test(t, a_default_upstream_is_no_stand_in_for_what_is_not_understood, 0, (int) ELEMENTS(hiding));
        tcase_add_test(t, a_default_upstream_is_no_stand_in_for_what_cannot_be_read);
        tcase_add_test(t, a_default_upstream_is_used_despite_errors_that_concern_others);
        tcase_add_test(t, a_misspelled_pin_is_not_taken_for_none);
        tcase_add_test(t, trust_anchors_of_all_that_are_rejected_are_not_replaced_by_the_systems);
        tcase_add_test(t, two_upstreams_with_one_url_are_worth_a_hint);
        tcase_add_test(t, files_that_settings_refer_to_are_listed_with_their_place);
        tcase_add_test(t, a_change_of_an_upstream_is_seen);
        tcase_add_test(t, a_report_need_not_be_heard);
        suite_add_tcase(s, t);
        return run_suite(s);
}
