/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/config/link_zones: which names go to the servers of which links, as [Links] has it. */

#include "core/config/link_zones.h"
#include "linked.h"
#include "run.h"

#define UPSTREAM "[Upstream a]\nURL=https://a.test/q\nAddress=192.0.2.1\n"

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

static void add(char *text, size_t size, const char *word)
{
        size_t n = strlen(text);

        snprintf(text + n, size - n, "%s%s", n && text[n - 1] != '\n' ? " " : "", word);
}

/* The zones that follow, one a line: "%wg0: corp.example | 10.8.0.1:53". "!" stands for names of a single label. */
static const char *zones(const char *configuration)
{
        static char text[1 << 14];
        char whole[2048], word[NAME_TEXT_MAX + ADDRESS_TEXT_MAX + 32];
        ConfigText c = { .name = "links.conf", .text = whole };
        unsigned errors;
        Config *config;
        LinkZones z;

        c.n = (size_t) snprintf(whole, sizeof(whole), UPSTREAM "%s", configuration);
        config = config_parse(&c, 1, NULL, NULL, &errors);
        ck_assert_uint_eq(errors, 0);
        ck_assert(link_zones_init(&z, config, t));
        text[0] = 0;
        for (size_t i = 0; i < z.n; i++) {
                snprintf(word, sizeof(word), "%s:", z.zones[i].name);
                add(text, sizeof(text), word);
                for (size_t k = 0; k < z.zones[i].n_domains; k++) {
                        name_to_text(BYTES(z.zones[i].domains[k].name, z.zones[i].domains[k].n), word);
                        add(text, sizeof(text), word);
                }
                if (z.zones[i].single_label)
                        add(text, sizeof(text), "!");
                add(text, sizeof(text), "|");
                for (size_t k = 0; k < z.zones[i].n_servers; k++) {
                        address_to_text(&z.zones[i].servers[k], word);
                        add(text, sizeof(text), word);
                        ck_assert_msg(z.zones[i].servers[k].interface[0], "a server is asked over its link");
                }
                add(text, sizeof(text), "\n");
                ck_assert(z.zones[i].links);
        }
        link_zones_deinit(&z);
        config_unref(config);
        return text;
}

/* Sets the networks of the link: "10.8.0.0/24". */
static void put_networks(Link *l, const char *text)
{
        AddressPrefix prefixes[8] = { 0 };
        char copy[256], *rest;
        size_t n = 0;

        snprintf(copy, sizeof(copy), "%s", text);
        for (char *p = strtok_r(copy, " ", &rest); p; p = strtok_r(NULL, " ", &rest), n++)
                ck_assert_ptr_null(address_prefix_from_text(p, &prefixes[n]));
        ck_assert_int_ge(link_set_prefixes(l, prefixes, n), 0);
}

#define expect(configuration, wanted) ck_assert_str_eq(zones(configuration), wanted)

START_TEST(the_domains_of_a_link_for_search_and_for_routing_are_forwarded_to_its_servers)
{
        linked_push(t, 3, "wg0", "10.8.0.1 10.8.0.2:5353 fe80::1", "Corp.Example ~lab");
        expect("", "%wg0: lab corp.example | 10.8.0.1:53 10.8.0.2:5353 [fe80::1%3]:53 \n");
}
END_TEST

START_TEST(a_link_without_servers_or_without_domains_gets_no_names)
{
        linked_push(t, 2, "eth0", "192.168.0.1", "");
        linked_push(t, 3, "wg0", "", "corp.example ~.");
        expect("", "");
}
END_TEST

START_TEST(dohmouse_itself_is_no_server_of_a_link)
{
        linked_push(t, 2, "eth0", "127.0.0.53", "corp.example");
        expect("", "");
        linked_push(t, 2, "eth0", "127.0.0.53 192.168.0.1", "corp.example");
        expect("", "%eth0: corp.example | 192.168.0.1:53 \n");
}
END_TEST

START_TEST(links_with_the_same_domain_share_a_zone_and_keep_their_other_domains_to_themselves)
{
        linked_push(t, 5, "tun0", "10.9.0.1", "~both tun");
        linked_push(t, 3, "wg0", "10.8.0.1", "wg both");
        expect("", "%wg0: wg | 10.8.0.1:53 \n"
                   "%tun0: tun | 10.9.0.1:53 \n"
                   "%wg0+tun0: both | 10.8.0.1:53 10.9.0.1:53 \n");
}
END_TEST

START_TEST(a_forward_section_precedes_a_link_with_the_same_domain)
{
        linked_push(t, 3, "wg0", "10.8.0.1", "corp.example lab.corp.example");
        expect("[Forward corp]\nDomains=CORP.example\nDNS=10.0.0.1\n", "%wg0: lab.corp.example | 10.8.0.1:53 \n");
}
END_TEST

START_TEST(use_selects_links_by_name)
{
        linked_push(t, 2, "eth0", "192.168.0.1", "lan");
        linked_push(t, 3, "wg0", "10.8.0.1", "wg");
        linked_push(t, 4, "wg1", "10.9.0.1", "wg1");
        expect("[Links]\nUse=no\n", "");
        expect("[Links]\nUse=wg*\n", "%wg0: wg | 10.8.0.1:53 \n%wg1: wg1 | 10.9.0.1:53 \n");
        expect("[Links]\nUse=wg1 eth?\n", "%eth0: lan | 192.168.0.1:53 \n%wg1: wg1 | 10.9.0.1:53 \n");
        expect("[Links]\nUse=wg1\nUse=wg0\n", "%wg0: wg | 10.8.0.1:53 \n%wg1: wg1 | 10.9.0.1:53 \n");
        expect("[Links]\nUse=no\nUse=\n",
               "%wg0: wg | 10.8.0.1:53 \n%eth0: lan | 192.168.0.1:53 \n%wg1: wg1 | 10.9.0.1:53 \n");
}
END_TEST

/* --- all names */

START_TEST(all_names_go_to_the_links_that_were_given_them_and_never_by_a_default_route_alone)
{
        Link *l = linked_push(t, 2, "eth0", "192.168.0.1", "");

        link_set_default_route(l, LINK_DEFAULT_ROUTE_YES);
        expect("", "");
        expect("[Links]\nDefaultRoute=always\n", "%eth0: . | 192.168.0.1:53 \n");
        linked_push(t, 3, "wg0", "10.8.0.1", "~.");
        expect("", "%wg0: . | 10.8.0.1:53 \n");
        expect("[Links]\nDefaultRoute=never\n", "");
        expect("[Links]\nDefaultRoute=always\n", "%wg0: . | 10.8.0.1:53 \n");
        linked_push(t, 4, "tun0", "10.9.0.1", "~.");
        expect("", "%wg0+tun0: . | 10.8.0.1:53 10.9.0.1:53 \n");
}
END_TEST

START_TEST(a_link_with_routing_domains_is_no_default_route)
{
        linked_push(t, 2, "eth0", "192.168.0.1", "~lan");
        expect("[Links]\nDefaultRoute=always\n", "%eth0: lan | 192.168.0.1:53 \n");
        linked_push(t, 2, "eth0", "192.168.0.1", "lan");
        expect("[Links]\nDefaultRoute=always\n", "%eth0: . lan | 192.168.0.1:53 \n");
}
END_TEST

START_TEST(a_dhcp_server_cannot_take_all_names_by_way_of_networkmanager)
{
        Link *l = linked_push(t, 2, "wlan0", "192.168.0.1", "~.");

        link_set_source(l, LINK_SOURCE_NETWORKMANAGER);
        expect("", "");
        expect("[Links]\nDefaultRoute=always\n", "%wlan0: . | 192.168.0.1:53 \n");
        link_set_interface(l, "wg0", true);
        expect("", "%wg0: . | 192.168.0.1:53 \n");
}
END_TEST

/* --- single labels */

START_TEST(single_labels_go_to_links_with_a_default_route_if_that_is_wanted)
{
        linked_push(t, 2, "eth0", "192.168.0.1", "lan");
        linked_push(t, 3, "wg0", "10.8.0.1", "~corp");
        expect("", "%eth0: lan | 192.168.0.1:53 \n%wg0: corp | 10.8.0.1:53 \n");
        expect("[Links]\nSingleLabel=yes\n", "%eth0: lan ! | 192.168.0.1:53 \n%wg0: corp | 10.8.0.1:53 \n");
        linked_push(t, 2, "eth0", "192.168.0.1", "");
        expect("[Links]\nSingleLabel=yes\n", "%wg0: corp | 10.8.0.1:53 \n%eth0: ! | 192.168.0.1:53 \n");
}
END_TEST

/* --- reverse names */

START_TEST(the_reverse_names_of_the_networks_of_a_link_go_to_it)
{
        Link *l = linked_push(t, 2, "eth0", "192.168.0.1", "");

        put_networks(l, "192.168.4.0/23 2001:db8:1:2::/64");
        expect("", "%eth0: 4.168.192.in-addr.arpa 5.168.192.in-addr.arpa 2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa | "
                   "192.168.0.1:53 \n");
        expect("[Links]\nReverse=no\n", "");
}
END_TEST

START_TEST(a_single_address_half_the_internet_and_what_is_on_every_link_are_no_networks)
{
        Link *l = linked_push(t, 2, "eth0", "192.168.0.1", "");

        put_networks(l, "10.8.0.2/32 fd00::1/128 fe80::/64 127.0.0.0/8 0.0.0.0/1 2000::/3");
        expect("", "");
}
END_TEST

START_TEST(two_links_in_one_network_are_both_asked_for_its_reverse_names)
{
        put_networks(linked_push(t, 2, "eth0", "192.168.0.1", ""), "192.168.0.0/24 192.168.0.0/24");
        put_networks(linked_push(t, 3, "wlan0", "192.168.0.1", ""), "192.168.0.0/24");
        expect("", "%eth0+wlan0: 0.168.192.in-addr.arpa | 192.168.0.1:53 192.168.0.1:53 \n");
}
END_TEST

/* --- search domains */

START_TEST(search_domains_are_those_of_links_in_use_once_each_and_in_characters_of_host_names)
{
        static const char *const rows[][2] = {
                { UPSTREAM, "lan b.example corp.example" },
                { UPSTREAM "[Links]\nUse=wg*\n", "corp.example lan" },
                { UPSTREAM "[Links]\nUse=no\n", "" },
        };

        linked_push(t, 2, "eth0", "192.168.0.1", "lan b.example ~routed a\\032nameserver");
        linked_push(t, 3, "wg0", "10.8.0.1", "corp.example lan ~.");
        linked_push(t, 4, "tun0", "", "none.example");
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                ConfigText c = { .name = "links.conf", .text = rows[i][0], .n = strlen(rows[i][0]) };
                char search[LINK_SEARCH_MAX];
                unsigned errors;
                Config *config = config_parse(&c, 1, NULL, NULL, &errors);

                link_search_domains(config, t, search);
                ck_assert_str_eq(search, rows[i][1]);
                config_unref(config);
        }
}
END_TEST

/* --- limits */

START_TEST(of_many_servers_the_first_ones_are_asked_and_each_link_has_its_share)
{
        LinkServer *servers = calloc(LINK_SERVERS_MAX, sizeof(*servers));
        size_t n = 0;

        for (size_t i = 0; i < LINK_SERVERS_MAX; i++)
                servers[i].address = (Address) { .octets = { 10, 0, 0, (uint8_t) i }, .port = 53 };
        link_set_servers(linked_push(t, 2, "eth0", "", "both"), servers + 1, LINK_SERVERS_MAX - 1);
        link_set_servers(linked_push(t, 3, "wg0", "", "both"), servers + 1, LINK_SERVERS_MAX - 1);
        for (const char *p = zones(""); (p = strstr(p, ":53")); p++)
                n++;
        ck_assert_uint_eq(n, FORWARD_SERVERS_MAX);
        ck_assert_ptr_nonnull(strstr(zones(""), "10.0.0.8:53 10.0.0.1:53"));
        free(servers);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("link_zones");
        TCase *c = tcase_create("zones");

        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, the_domains_of_a_link_for_search_and_for_routing_are_forwarded_to_its_servers);
        tcase_add_test(c, a_link_without_servers_or_without_domains_gets_no_names);
        tcase_add_test(c, dohmouse_itself_is_no_server_of_a_link);
        tcase_add_test(c, links_with_the_same_domain_share_a_zone_and_keep_their_other_domains_to_themselves);
        tcase_add_test(c, a_forward_section_precedes_a_link_with_the_same_domain);
        tcase_add_test(c, use_selects_links_by_name);
        tcase_add_test(c, all_names_go_to_the_links_that_were_given_them_and_never_by_a_default_route_alone);
        tcase_add_test(c, a_link_with_routing_domains_is_no_default_route);
        tcase_add_test(c, a_dhcp_server_cannot_take_all_names_by_way_of_networkmanager);
        tcase_add_test(c, single_labels_go_to_links_with_a_default_route_if_that_is_wanted);
        tcase_add_test(c, the_reverse_names_of_the_networks_of_a_link_go_to_it);
        tcase_add_test(c, a_single_address_half_the_internet_and_what_is_on_every_link_are_no_networks);
        tcase_add_test(c, two_links_in_one_network_are_both_asked_for_its_reverse_names);
        tcase_add_test(c, search_domains_are_those_of_links_in_use_once_each_and_in_characters_of_host_names);
        tcase_add_test(c, of_many_servers_the_first_ones_are_asked_and_each_link_has_its_share);
        suite_add_tcase(s, c);
        return run_suite(s);
}
