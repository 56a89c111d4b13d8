/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* io/system/networkd_link: what systemd-networkd says about a link, and what becomes of it in the table of links. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../core/config/linked.h"
#include "../../run.h"
#include "io/system/networkd_link.h"

#define ADDRESS(octets) "\"Family\":2,\"Address\":[" octets "]"
#define DHCP ",\"ConfigSource\":\"DHCPv4\",\"ConfigProvider\":[10,7,0,1]"
#define MANAGED(members) \
        "{\"Index\":2,\"Name\":\"eth0\",\"Type\":\"ether\",\"AdministrativeState\":\"configured\"" members "}"

/* As 252 and 257 have it, but for members that are of no interest here. */
static const char whole[] = MANAGED(
        ",\"MTU\":1500,\"HardwareAddress\":[2,0,0,0,0,1],\"OnlineState\":null,"
        "\"DNS\":[{" ADDRESS(
                "192,0,2,77") ",\"Port\":5353,\"ServerName\":\"dns.example\",\"ConfigSource\":\"static\"},"
                              "{\"Family\":10,\"Address\":[254,128,0,0,0,0,0,0,0,0,0,0,0,0,0,1],\"ConfigSource\":\"static\"},"
                              "{" ADDRESS("10,7,0,1") DHCP
        "}],"
        "\"SearchDomains\":[{\"Domain\":\"static.test\",\"ConfigSource\":\"static\"},{\"Domain\":\"lan.test\"" DHCP
        "}],"
        "\"RouteDomains\":[{\"Domain\":\"route.test\",\"ConfigSource\":\"runtime\"}],"
        "\"DNSSECNegativeTrustAnchors\":[{\"DNSSECNegativeTrustAnchor\":\"foo.test\",\"ConfigSource\":\"static\"}],"
        "\"DNSSettings\":[{\"LLMNR\":\"no\",\"ConfigSource\":\"static\"},{\"MDNS\":\"resolve\"},{\"DNSOverTLS\":"
        "\"opportunistic\"},{\"DNSDefaultRoute\":true,\"ConfigSource\":\"static\"}],"
        "\"Routes\":[{\"LifetimeUSec\":18446744073709551615}]");

static LinkTable *t;

static void setup(void)
{
        t = link_table_new();
        ck_assert_ptr_nonnull(t);
}

static void teardown(void)
{
        t = link_table_free(t);
}

/* The servers and domains of link 2, "10.7.0.1:0 | lan.test ~corp.test"; "none" if it is not in the table. */
static const char *settings(void)
{
        static char text[1 << 16];
        char word[MAX(NAME_TEXT_MAX, ADDRESS_TEXT_MAX)];
        const Link *l = link_table_find(t, 2);
        size_t n = 0;

        if (!l)
                return "none";
        for (size_t i = 0; i < l->n_servers; i++) {
                address_to_text(&l->servers[i].address, word);
                n += (size_t) snprintf(text + n, sizeof(text) - n, "%s%s%s ", word, l->servers[i].name ? "#" : "",
                                       l->servers[i].name ?: "");
        }
        n += (size_t) snprintf(text + n, sizeof(text) - n, "|");
        for (size_t i = 0; i < l->n_domains; i++) {
                link_domain_to_text(&l->domains[i], word);
                n += (size_t) snprintf(text + n, sizeof(text) - n, " %s%s", l->domains[i].route_only ? "~" : "", word);
        }
        return text;
}

static void apply(const char *text, int result, const char *wanted)
{
        ck_assert_int_eq(networkd_link_apply(t, 2, text), result);
        ck_assert_str_eq(settings(), wanted);
}

START_TEST(servers_domains_and_modes_are_read)
{
        const Link *l;

        apply(whole, 1, "192.0.2.77:5353#dns.example [fe80::1]:0 10.7.0.1:0 | static.test lan.test ~route.test");
        l = link_table_find(t, 2);
        ck_assert_str_eq(l->name, "eth0");
        ck_assert_int_eq(l->source, LINK_SOURCE_NETWORKD);
        ck_assert_int_eq(l->default_route, LINK_DEFAULT_ROUTE_YES);
        ck_assert_str_eq(link_mode(l, LINK_LLMNR), "no");
        ck_assert_str_eq(link_mode(l, LINK_MDNS), "resolve");
        ck_assert_str_eq(link_mode(l, LINK_DNS_OVER_TLS), "opportunistic");
        ck_assert_str_eq(link_mode(l, LINK_DNSSEC), "");
        ck_assert_uint_eq(l->n_negative_trust_anchors, 1);
        ck_assert_str_eq(l->negative_trust_anchors[0], "foo.test");
        apply(whole, 0, "192.0.2.77:5353#dns.example [fe80::1]:0 10.7.0.1:0 | static.test lan.test ~route.test");
}
END_TEST

START_TEST(what_is_not_there_any_more_is_reset)
{
        const Link *l;

        networkd_link_apply(t, 2, whole);
        apply(MANAGED(), 1, "|");
        l = link_table_find(t, 2);
        ck_assert_int_eq(l->default_route, LINK_DEFAULT_ROUTE_UNSET);
        ck_assert_str_eq(link_mode(l, LINK_LLMNR), "");
        ck_assert_uint_eq(l->n_negative_trust_anchors, 0);
        ck_assert_msg(!link_is_empty(l), "it is managed nevertheless");
        apply(MANAGED(), 0, "|");
}
END_TEST

START_TEST(only_managed_links_are_its_own)
{
        static const char *const states[] = { "pending", "initialized", "unmanaged" };
        char text[256];

        for (size_t i = 0; i < ELEMENTS(states); i++) {
                snprintf(text, sizeof(text), "{\"Name\":\"eth0\",\"AdministrativeState\":\"%s\"}", states[i]);
                apply(text, 0, "none");
                linked_push(t, 2, "eth0", "192.168.0.1", "lan");
                apply(text, 0, "192.168.0.1:0 | lan");
                ck_assert_int_eq(networkd_link_apply(t, 2, whole), 1);
                apply(text, 1, "none");
        }
        apply("{}", 0, "none");
        apply("{\"Name\":\"lo\",\"Type\":\"loopback\",\"AdministrativeState\":\"configured\"}", 0, "none");
}
END_TEST

START_TEST(a_link_that_it_manages_has_its_settings_in_place_of_those_that_were_pushed)
{
        link_set_mode(linked_push(t, 2, "eth0", "192.168.0.1", "pushed"), LINK_DNSSEC, "yes");
        apply(MANAGED(",\"DNS\":[{" ADDRESS("10,7,0,1") "}]"), 1, "10.7.0.1:0 |");
        ck_assert_str_eq(link_mode(link_table_find(t, 2), LINK_DNSSEC), "");
}
END_TEST

START_TEST(everything_is_a_domain_only_by_configuration)
{
        apply(MANAGED(",\"RouteDomains\":[{\"Domain\":\".\"" DHCP "},{\"Domain\":\".\"},{\"Domain\":\".\","
                      "\"ConfigSource\":\"NDisc\"}]"),
              1, "|");
        apply(MANAGED(",\"SearchDomains\":[{\"Domain\":\".\",\"ConfigSource\":\"static\"}]"), 0, "|");
        apply(MANAGED(",\"RouteDomains\":[{\"Domain\":\".\",\"ConfigSource\":\"static\"}]"), 1, "| ~.");
        apply(MANAGED(",\"RouteDomains\":[{\"Domain\":\".\",\"ConfigSource\":\"runtime\"}]"), 0, "| ~.");
}
END_TEST

START_TEST(entries_that_are_of_no_use_are_left_out)
{
        apply(MANAGED(",\"DNS\":[1,null,[],{},{\"Family\":2},{\"Family\":1,\"Address\":[10,7,0,1]},{" ADDRESS("10,7,0") "},{" ADDRESS("10,7,0,256") "},{" ADDRESS("10,7,0,-1") "},{" ADDRESS("10,7,0,\"1\"") "},{" ADDRESS(
                      "0,0,0,0") "},{" ADDRESS("224,0,0,1") "},{" ADDRESS("10,7,0,2") ",\"Port\":65536},{" ADDRESS("10,7,0,3") ",\"Port\":\"x\"},{" ADDRESS("10,7,0,4") ",\"ServerName\":\"not a name\"},{" ADDRESS("10,7,0,5") ",\"InterfaceIndex\":3},{" ADDRESS("10,7,0,6") ",\"InterfaceIndex\":2}]"),
              1, "10.7.0.6:0 |");
        apply(MANAGED(",\"SearchDomains\":[1,{\"Domain\":1},{\"Domain\":\"a..b\"},{\"Domain\":\"\"},"
                      "{\"Domain\":\"LAN.test.\"},{\"Domain\":\"lan.test\"}],\"RouteDomains\":{\"Domain\":\"x\"}"),
              1, "| lan.test");
        apply(MANAGED(",\"DNS\":{},\"DNSSettings\":[1,{\"LLMNR\":\"maybe\"},{\"DNSDefaultRoute\":1}],"
                      "\"DNSSECNegativeTrustAnchors\":[{}]"),
              1, "|");
        ck_assert_str_eq(link_mode(link_table_find(t, 2), LINK_LLMNR), "");
        ck_assert_int_eq(link_table_find(t, 2)->default_route, LINK_DEFAULT_ROUTE_UNSET);
}
END_TEST

/* Writes `count` entries to a member, each with a number of its own. */
static void many(FILE *f, const char *member, const char *before, char between, const char *after, unsigned count)
{
        fprintf(f, ",\"%s\":[", member);
        for (unsigned i = 0; i < count; i++)
                fprintf(f, "%s{%s%u%c%u%s}", i ? "," : "", before, i / 256, between, i % 256, after);
        fprintf(f, "]");
}

START_TEST(more_than_a_link_can_have_is_left_out)
{
        _cleanup_(freep) char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        fprintf(f, "{\"AdministrativeState\":\"configured\"");
        many(f, "DNS", "\"Family\":2,\"Address\":[10,7,", ',', "]", LINK_SERVERS_MAX + 1);
        many(f, "SearchDomains", "\"Domain\":\"s", '-', ".test\"", LINK_DOMAINS_MAX - 1);
        many(f, "RouteDomains", "\"Domain\":\"r", '-', ".test\"", 3000);
        many(f, "DNSSECNegativeTrustAnchors", "\"DNSSECNegativeTrustAnchor\":\"n", '-', ".test\"",
             LINK_DOMAINS_MAX + 1);
        fprintf(f, "}");
        fclose(f);
        ck_assert_int_eq(networkd_link_apply(t, 2, text), 1);
        ck_assert_uint_eq(link_table_find(t, 2)->n_servers, LINK_SERVERS_MAX);
        ck_assert_uint_eq(link_table_find(t, 2)->n_domains, LINK_DOMAINS_MAX);
        ck_assert_uint_eq(link_table_find(t, 2)->n_negative_trust_anchors, LINK_DOMAINS_MAX);
}
END_TEST

START_TEST(a_text_that_cannot_be_read_changes_nothing)
{
        static const char *const texts[] = { "", "null", "[]", "{", "{}{}", "{\"AdministrativeState\":\"\xff\"}" };
        _cleanup_(freep) char *deep = calloc(1, 100001);

        networkd_link_apply(t, 2, MANAGED(",\"DNS\":[{" ADDRESS("10,7,0,1") "}]"));
        for (size_t i = 0; i < ELEMENTS(texts); i++)
                apply(texts[i], -EBADMSG, "10.7.0.1:0 |");
        for (size_t i = 1; i < sizeof(whole) - 1; i++) {
                _cleanup_(freep) char *cut = strndup(whole, i);

                apply(cut, -EBADMSG, "10.7.0.1:0 |");
        }
        memset(deep, '[', 100000);
        apply(deep, -EBADMSG, "10.7.0.1:0 |");
}
END_TEST

int main(void)
{
        Suite *s = suite_create("networkd_link");
        TCase *c = tcase_create("link");

        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, servers_domains_and_modes_are_read);
        tcase_add_test(c, what_is_not_there_any_more_is_reset);
        tcase_add_test(c, only_managed_links_are_its_own);
        tcase_add_test(c, a_link_that_it_manages_has_its_settings_in_place_of_those_that_were_pushed);
        tcase_add_test(c, everything_is_a_domain_only_by_configuration);
        tcase_add_test(c, entries_that_are_of_no_use_are_left_out);
        tcase_add_test(c, more_than_a_link_can_have_is_left_out);
        tcase_add_test(c, a_text_that_cannot_be_read_changes_nothing);
        suite_add_tcase(s, c);
        return run_suite(s);
}
