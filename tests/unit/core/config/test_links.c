/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/config/links: what is accepted for a link, what is kept of it, and what is told of a change. */

#include <errno.h>

#include "linked.h"
#include "run.h"

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

START_TEST(links_are_found_by_ifindex_in_whatever_order_they_come)
{
        static const int order[] = { 7, 2, 900, 3 }, sorted[] = { 2, 3, 7, 900 };

        for (size_t i = 0; i < ELEMENTS(order); i++)
                ck_assert_ptr_nonnull(link_table_ensure(t, order[i], "x"));
        ck_assert_uint_eq(t->n, 4);
        for (size_t i = 0; i < 4; i++) {
                ck_assert_int_eq(t->links[i]->ifindex, sorted[i]);
                ck_assert_ptr_eq(link_table_find(t, sorted[i]), t->links[i]);
                ck_assert_ptr_eq(link_table_ensure(t, sorted[i], "y"), t->links[i]);
        }
        ck_assert_ptr_null(link_table_find(t, 4));
}
END_TEST

START_TEST(a_link_that_is_gone_tells_whether_it_had_settings)
{
        link_table_ensure(t, 2, "eth0");
        linked_push(t, 3, "wg0", "10.8.0.1", "");
        ck_assert(!link_table_remove(t, 2));
        ck_assert(link_table_remove(t, 3));
        ck_assert(!link_table_remove(t, 3));
        ck_assert_uint_eq(t->n, 0);
}
END_TEST

START_TEST(a_setter_tells_whether_anything_changed)
{
        static const char *const anchors[] = { "corp.example" };
        LinkServer s = { .name = (char *) "dns.example" };
        LinkDomain d;
        Link *l = link_table_ensure(t, 3, "wg0");

        ck_assert(address_from_text("10.8.0.1", 0, &s.address));
        ck_assert(link_domain_from_text("Corp.Example.", false, &d));
        for (int changes = 1; changes >= 0; changes--) {
                ck_assert_int_eq(link_set_servers(l, &s, 1), changes);
                ck_assert_int_eq(link_set_domains(l, &d, 1), changes);
                ck_assert_int_eq(link_set_default_route(l, LINK_DEFAULT_ROUTE_NO), changes);
                ck_assert_int_eq(link_set_mode(l, LINK_DNSSEC, "allow-downgrade"), changes);
                ck_assert_int_eq(link_set_negative_trust_anchors(l, anchors, 1), changes);
                ck_assert_int_eq(link_set_source(l, LINK_SOURCE_NETWORKD), changes);
                ck_assert_int_eq(link_set_interface(l, "wg1", true), changes);
        }
        s.name = (char *) "other.example";
        ck_assert_msg(link_set_servers(l, &s, 1) == 1, "another name of the server is a change");
        d.route_only = true;
        ck_assert_msg(link_set_domains(l, &d, 1) == 1, "that a domain is not for search any more is a change");
        ck_assert(link_revert(l));
        ck_assert(!link_revert(l));
        ck_assert(link_is_empty(l));
}
END_TEST

START_TEST(what_is_not_valid_changes_nothing)
{
        static const char *const bad[] = { "0.0.0.0", "224.0.0.1", "::", "ff02::1", "255.255.255.255" };
        static const char *const anchors[] = { "good.example", "a..b" };
        LinkServer servers[2] = { 0 };
        LinkDomain domains[2];
        Link *l = linked_push(t, 3, "wg0", "10.8.0.1", "corp.example");

        ck_assert(address_from_text("10.8.0.2", 0, &servers[0].address));
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                ck_assert(address_from_text(bad[i], 0, &servers[1].address));
                ck_assert_msg(link_set_servers(l, servers, 2) == -EINVAL, "%s is no server", bad[i]);
        }
        servers[1] = servers[0];
        servers[1].name = (char *) "a..b";
        ck_assert_int_eq(link_set_servers(l, servers, 2), -EINVAL);
        ck_assert(link_domain_from_text("lab", false, &domains[0]));
        ck_assert(link_domain_from_text(".", false, &domains[1]));
        ck_assert_msg(link_set_domains(l, domains, 2) == -EINVAL, "the root is not a search domain");
        ck_assert_int_eq(link_set_mode(l, LINK_LLMNR, "sometimes"), -EINVAL);
        ck_assert_int_eq(link_set_mode(l, LINK_LLMNR, "opportunistic"), -EINVAL);
        ck_assert_int_eq(link_set_negative_trust_anchors(l, anchors, 2), -EINVAL);
        ck_assert_uint_eq(l->n_servers, 1);
        ck_assert_uint_eq(l->n_domains, 1);
        ck_assert_uint_eq(l->n_negative_trust_anchors, 0);
        ck_assert_str_eq(link_mode(l, LINK_LLMNR), "");
        ck_assert(!link_domain_from_text("", true, &domains[0]));
        ck_assert(!link_domain_from_text("a..b", true, &domains[0]));
}
END_TEST

START_TEST(limits_are_256_servers_and_1024_domains)
{
        LinkServer *servers = calloc(LINK_SERVERS_MAX + 1, sizeof(*servers));
        LinkDomain *domains = calloc(LINK_DOMAINS_MAX + 1, sizeof(*domains));
        Link *l = link_table_ensure(t, 3, "wg0");

        for (size_t i = 0; i <= LINK_SERVERS_MAX; i++)
                servers[i].address = (Address) { .octets = { 10, 0, (uint8_t) (i >> 8), (uint8_t) i + 1 } };
        for (size_t i = 0; i <= LINK_DOMAINS_MAX; i++) {
                char text[16];

                snprintf(text, sizeof(text), "d%zu.test", i);
                ck_assert(link_domain_from_text(text, true, &domains[i]));
        }
        ck_assert_int_eq(link_set_servers(l, servers, LINK_SERVERS_MAX + 1), -E2BIG);
        ck_assert_int_eq(link_set_domains(l, domains, LINK_DOMAINS_MAX + 1), -E2BIG);
        ck_assert(link_is_empty(l));
        ck_assert_int_eq(link_set_servers(l, servers, LINK_SERVERS_MAX), 1);
        ck_assert_int_eq(link_set_domains(l, domains, LINK_DOMAINS_MAX), 1);
        ck_assert_uint_eq(l->n_servers, LINK_SERVERS_MAX);
        ck_assert_uint_eq(l->n_domains, LINK_DOMAINS_MAX);
        free(servers);
        free(domains);
}
END_TEST

START_TEST(a_domain_that_comes_twice_is_there_once_and_for_search_if_it_was_so_once)
{
        Link *l = linked_push(t, 3, "wg0", "", "~corp.example lab CORP.example. ~lab");

        ck_assert_uint_eq(l->n_domains, 2);
        ck_assert(!l->domains[0].route_only);
        ck_assert(!l->domains[1].route_only);
}
END_TEST

START_TEST(modes_have_the_words_of_resolved_and_those_of_a_boolean)
{
        static const struct {
                LinkMode mode;
                const char *pushed, *told;
        } rows[] = {
                { LINK_LLMNR, "resolve", "resolve" },
                { LINK_MDNS, "true", "yes" },
                { LINK_DNS_OVER_TLS, "opportunistic", "opportunistic" },
                { LINK_DNSSEC, "off", "no" },
                { LINK_DNSSEC, "yes", "yes" },
                { LINK_DNSSEC, "", "" },
        };
        Link *l = link_table_ensure(t, 3, "wg0");

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                ck_assert_int_eq(link_set_mode(l, rows[i].mode, rows[i].pushed), 1);
                ck_assert_str_eq(link_mode(l, rows[i].mode), rows[i].told);
        }
}
END_TEST

START_TEST(a_link_has_a_default_route_unless_it_has_routing_domains_or_says_otherwise)
{
        Link *l = linked_push(t, 3, "wg0", "10.8.0.1", "");

        ck_assert(link_is_default_route(l));
        linked_push(t, 3, "wg0", "10.8.0.1", "corp.example");
        ck_assert(link_is_default_route(l));
        linked_push(t, 3, "wg0", "10.8.0.1", "corp.example ~lab");
        ck_assert(!link_is_default_route(l));
        link_set_default_route(l, LINK_DEFAULT_ROUTE_YES);
        ck_assert(link_is_default_route(l));
        linked_push(t, 3, "wg0", "10.8.0.1", "");
        link_set_default_route(l, LINK_DEFAULT_ROUTE_NO);
        ck_assert(!link_is_default_route(l));
}
END_TEST

START_TEST(a_source_has_a_name_that_leads_back_to_it)
{
        LinkSource s;

        for (LinkSource i = LINK_SOURCE_RESOLVE1; i <= LINK_SOURCE_NETWORKD; i++) {
                ck_assert(link_source_from_name(link_source_name(i), &s));
                ck_assert_int_eq(s, i);
        }
        ck_assert(!link_source_from_name("", &s));
}
END_TEST

int main(void)
{
        Suite *s = suite_create("links");
        TCase *tc = tcase_create("links");

        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_add_test(tc, links_are_found_by_ifindex_in_whatever_order_they_come);
        tcase_add_test(tc, a_link_that_is_gone_tells_whether_it_had_settings);
        tcase_add_test(tc, a_setter_tells_whether_anything_changed);
        tcase_add_test(tc, what_is_not_valid_changes_nothing);
        tcase_add_test(tc, limits_are_256_servers_and_1024_domains);
        tcase_add_test(tc, a_domain_that_comes_twice_is_there_once_and_for_search_if_it_was_so_once);
        tcase_add_test(tc, modes_have_the_words_of_resolved_and_those_of_a_boolean);
        tcase_add_test(tc, a_link_has_a_default_route_unless_it_has_routing_domains_or_says_otherwise);
        tcase_add_test(tc, a_source_has_a_name_that_leads_back_to_it);
        suite_add_tcase(s, tc);
        return run_suite(s);
}
