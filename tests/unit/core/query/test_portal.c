/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Portal=ask-link: behind a captive portal, the names of connectivity checks and those that their pages lead to are
 * asked of the servers of the link for five minutes, and no other names ever.
 */

#include <stdio.h>
#include <string.h>

#include "played.h"
#include "run.h"

#define ASK_LINK "[Resolver]\nPortal=ask-link\n"
#define CHECK "connectivity-check.ubuntu.com"
#define REDIRECT(url) "HTTP/1.1 302 Found\r\nLocation: " url "\r\n\r\n"

static void network_manager_says(ConnectivityState state, const char *check, const char *server)
{
        Connectivity c = { .state = state, .check = check };
        Address a;

        if (server) {
                ck_assert(address_from_text(server, 53, &a));
                c.servers = &a;
                c.n_servers = 1;
        }
        engine_set_connectivity(e, &c, now);
        act();
}

static const Health *health_of(size_t i)
{
        UpstreamInfo u;

        ck_assert(engine_upstream(e, i, &u));
        return u.health;
}

/* The network intercepts, and its server is 10.0.0.9. Upstreams present a wrong certificate. */
static void enter_portal(const char *text)
{
        played_start_by_hand(text);
        plays.refuses = FAILURE_CERTIFICATE_UNTRUSTED;
        network_manager_says(CONNECTIVITY_OTHER, NULL, "10.0.0.9");
        ask_name("first.example.org");
        ck_assert_int_eq(engine_network_state(e), NETWORK_PORTAL);
        ck_assert_uint_eq(n_do53, 0);
}

/* The server of the link answers the question of `q` with the portal's address, or another. */
static void link_says(const PlayedDo53 *q, const char *address, uint32_t ttl)
{
        Message m;
        Address a;

        ck_assert_int_eq(message_parse(&m, packet_bytes(q->message)), MESSAGE_OK);
        ck_assert(address_from_text(address, 0, &a));
        wire_question(&w, DNS_QR | DNS_RA, m.qname.p, m.qname.n, m.qtype, CLASS_IN);
        wire_write16(w.data, DO53_ID);
        wire_record(&w, 0, HERE, 2, TYPE_A, CLASS_IN, ttl, a.octets, 4);
        do53_say(q);
}

/* Asks for the name; returns true if the server of the link is asked. */
static bool goes_to_the_link(const char *name)
{
        unsigned before = n_do53;

        ask_name(name);
        if (n_do53 > before)
                ck_assert_uint_eq(do53_last()->server, 9);
        return n_do53 > before;
}

START_TEST(check_names_go_to_the_link_and_nothing_else_does)
{
        enter_portal(NO_CACHE ASK_LINK UPSTREAM_A);
        ck_assert(goes_to_the_link(CHECK));
        ck_assert(goes_to_the_link("NMcheck.GNOME.org"));
        ck_assert(goes_to_the_link("captive.apple.com"));
        ck_assert(!goes_to_the_link("www.ubuntu.com"));
        ck_assert(!goes_to_the_link("x." CHECK));
        ck_assert(!goes_to_the_link("apple.com"));
        ck_assert(!goes_to_the_link("."));
        ck_assert(!goes_to_the_link("portal.example"));
}
END_TEST

START_TEST(without_the_setting_nothing_goes_to_the_link)
{
        enter_portal(NO_CACHE UPSTREAM_A);
        ck_assert(!goes_to_the_link(CHECK));
        ck_assert_uint_eq(n_looks, 0);
}
END_TEST

START_TEST(without_a_portal_nothing_goes_to_the_link)
{
        played_start_by_hand(NO_CACHE ASK_LINK UPSTREAM_A);
        network_manager_says(CONNECTIVITY_OTHER, "http://check.test/", "10.0.0.9");
        ck_assert(!goes_to_the_link(CHECK));
        ck_assert(!goes_to_the_link("check.test"));
}
END_TEST

START_TEST(the_check_of_network_manager_is_asked_of_the_link)
{
        enter_portal(NO_CACHE ASK_LINK UPSTREAM_A);
        ck_assert(!goes_to_the_link("check.test"));
        network_manager_says(CONNECTIVITY_PORTAL, "http://check.test/nm", "10.0.0.9");
        ck_assert(goes_to_the_link("check.test"));
        network_manager_says(CONNECTIVITY_PORTAL, "http://other.test/nm", "10.0.0.9");
        ck_assert(goes_to_the_link("other.test"));
        ck_assert(!goes_to_the_link("check.test"));
}
END_TEST

START_TEST(the_answer_waits_until_the_page_was_looked_at_and_its_host_is_then_known)
{
        enter_portal(NO_CACHE ASK_LINK UPSTREAM_A);
        ck_assert(!goes_to_the_link("portal.example"));
        ck_assert(goes_to_the_link(CHECK));
        n_answers = 0;
        link_says(do53_last(), "10.0.0.1", 3600);
        ck_assert_uint_eq(n_answers, 0);
        ck_assert_uint_eq(n_looks, 1);
        ck_assert_str_eq(looks[0].host, CHECK);
        ck_assert_str_eq(looks[0].target, "/");
        ck_assert_uint_eq(looks[0].address.port, 80);
        ck_assert_uint_eq(looks[0].address.octets[0], 10);
        show_page(0, REDIRECT("http://Portal.example/login?x=1"));
        ck_assert_uint_eq(n_answers, 1);
        ck_assert_uint_eq(n_addresses, 1);
        ck_assert(goes_to_the_link("portal.example"));
        ck_assert(!goes_to_the_link("www.portal.example"));
        ck_assert(!goes_to_the_link("example"));
        /* It leads to another host. */

        for (unsigned i = 0; i < n_do53; i++)
                if (!do53[i].closed)
                        link_says(&do53[i], "10.0.0.1", 1);
        ck_assert_uint_eq(n_looks, 2);
        ck_assert_str_eq(looks[1].host, "Portal.example");
        ck_assert_str_eq(looks[1].target, "/login?x=1");
        show_page(1, REDIRECT("https://login.provider.test/"));
        ck_assert(goes_to_the_link("login.provider.test"));
}
END_TEST

START_TEST(a_page_that_does_not_come_delays_the_answer_by_a_second)
{
        enter_portal(NO_CACHE ASK_LINK UPSTREAM_A);
        ck_assert(goes_to_the_link(CHECK));
        n_answers = 0;
        link_says(do53_last(), "10.0.0.1", 60);
        pass(900 * MSEC);
        ck_assert_uint_eq(n_answers, 0);
        pass(200 * MSEC);
        ck_assert_uint_eq(n_answers, 1);
        ck_assert_uint_eq(n_addresses, 1);
        /* Nor is it looked at again. */
        ck_assert(goes_to_the_link(CHECK));
        show_page(0, "");
        link_says(do53_last(), "10.0.0.1", 60);
        ck_assert_uint_eq(n_answers, 2);
        ck_assert_uint_eq(n_looks, 1);
}
END_TEST

START_TEST(an_address_that_a_page_leads_to_is_looked_at_for_where_that_leads)
{
        enter_portal(NO_CACHE ASK_LINK UPSTREAM_A);
        ck_assert(goes_to_the_link(CHECK));
        n_answers = 0;
        link_says(do53_last(), "10.0.0.1", 60);
        show_page(0, REDIRECT("http://10.0.0.7:8080/go"));
        ck_assert_uint_eq(n_answers, 0);
        ck_assert_uint_eq(n_looks, 2);
        ck_assert_uint_eq(looks[1].address.octets[3], 7);
        ck_assert_uint_eq(looks[1].address.port, 8080);
        show_page(1, REDIRECT("https://hotel.test/"));
        ck_assert_uint_eq(n_answers, 1);
        ck_assert(goes_to_the_link("hotel.test"));
}
END_TEST

START_TEST(pages_of_this_machine_are_not_looked_at)
{
        static const char *const addresses[] = { "127.0.0.1", "127.8.8.8", "0.0.0.0", "224.0.0.1", "255.255.255.255" };

        for (size_t i = 0; i < ELEMENTS(addresses); i++) {
                enter_portal(NO_CACHE ASK_LINK UPSTREAM_A);
                ck_assert(goes_to_the_link(CHECK));
                n_answers = 0;
                link_says(do53_last(), addresses[i], 60);
                ck_assert_uint_eq(n_looks, 0);
                ck_assert_uint_eq(n_answers, 1);
        }
        enter_portal(NO_CACHE ASK_LINK UPSTREAM_A);
        ck_assert(goes_to_the_link(CHECK));
        link_says(do53_last(), "10.0.0.1", 60);
        show_page(0, REDIRECT("http://127.0.0.1:631/"));
        ck_assert_uint_eq(n_looks, 1);
}
END_TEST

START_TEST(a_portal_cannot_have_more_than_eight_hosts)
{
        char redirect[128], name[32];

        enter_portal(NO_CACHE ASK_LINK UPSTREAM_A);
        ck_assert(goes_to_the_link(CHECK));
        for (unsigned i = 0; i < 9; i++) {
                link_says(do53_last(), "10.0.0.1", 60);
                snprintf(redirect, sizeof(redirect), REDIRECT("http://h%u.test/"), i);
                show_page(n_looks - 1, redirect);
                snprintf(name, sizeof(name), "h%u.test", i);
                ck_assert_int_eq(goes_to_the_link(name), i < 8);
        }
}
END_TEST

START_TEST(after_five_minutes_it_is_over_and_does_not_begin_again_by_itself)
{
        enter_portal(NO_CACHE ASK_LINK UPSTREAM_A);
        pass(5 * USEC_PER_MINUTE - SEC);
        ck_assert(goes_to_the_link(CHECK));
        pass(2 * SEC);
        ck_assert(!goes_to_the_link(CHECK));
        network_manager_says(CONNECTIVITY_PORTAL, NULL, "10.0.0.9");
        ck_assert(!goes_to_the_link(CHECK));
        engine_resume(e, 3600 * SEC, now += 3600 * SEC);
        act();
        network_manager_says(CONNECTIVITY_PORTAL, NULL, "10.0.0.9");
        ck_assert(!goes_to_the_link(CHECK));
        ck_assert_uint_eq(n_openings, 1);
        /* The administrator says so. */
        played_reload(NO_CACHE ASK_LINK UPSTREAM_A);
        ck_assert(goes_to_the_link(CHECK));
        ck_assert_uint_eq(n_openings, 2);
}
END_TEST

START_TEST(an_answer_of_an_upstream_ends_it_and_forgets_the_hosts)
{
        enter_portal(NO_CACHE ASK_LINK UPSTREAM_A);
        ck_assert(goes_to_the_link(CHECK));
        link_says(do53_last(), "10.0.0.1", 60);
        show_page(0, REDIRECT("http://portal.example/"));
        plays.refuses = FAILURE_NONE;
        plays.connects = plays.answers = true;
        pass(5 * SEC);
        ask_name("www.example.org");
        pass(5 * SEC);
        ck_assert_int_eq(engine_network_state(e), NETWORK_ONLINE);
        ck_assert(!goes_to_the_link(CHECK));
        ck_assert(!goes_to_the_link("portal.example"));
}
END_TEST

START_TEST(another_network_has_other_servers_and_no_hosts_of_this_one)
{
        unsigned before;

        enter_portal(NO_CACHE ASK_LINK UPSTREAM_A);
        ck_assert(goes_to_the_link(CHECK));
        link_says(do53_last(), "10.0.0.1", 60);
        show_page(0, REDIRECT("http://portal.example/"));
        /* One is under way when the network changes: the server of before is not asked again. */
        ck_assert(goes_to_the_link("portal.example"));
        before = n_do53;
        plays.refuses = FAILURE_NONE;
        engine_network_changed(e, true, now);
        act();
        ck_assert_int_eq(engine_network_state(e), NETWORK_ONLINE);
        ask_name(CHECK);
        ck_assert_uint_eq(n_do53, before);
        network_manager_says(CONNECTIVITY_PORTAL, NULL, "10.0.0.9");
        ck_assert_int_eq(engine_network_state(e), NETWORK_PORTAL);
        ck_assert(goes_to_the_link("nmcheck.gnome.org"));
        ck_assert(!goes_to_the_link("portal.example"));
}
END_TEST

START_TEST(network_manager_alone_tells_unless_an_upstream_answers)
{
        played_start(NO_CACHE ASK_LINK UPSTREAM_A);
        network_manager_says(CONNECTIVITY_PORTAL, NULL, "10.0.0.9");
        ck_assert_int_eq(engine_network_state(e), NETWORK_PORTAL);
        network_manager_says(CONNECTIVITY_OTHER, NULL, "10.0.0.9");
        ck_assert_int_eq(engine_network_state(e), NETWORK_ONLINE);
        plays.answers = true;
        ask_name("www.example.org");
        network_manager_says(CONNECTIVITY_PORTAL, NULL, "10.0.0.9");
        ck_assert_int_eq(engine_network_state(e), NETWORK_ONLINE);
}
END_TEST

START_TEST(if_network_manager_tells_any_failure_of_all_upstreams_is_the_portal)
{
        played_start(NO_CACHE ASK_LINK UPSTREAM_A);
        plays.answers = true;
        ask_name("www.example.org");
        network_manager_says(CONNECTIVITY_PORTAL, NULL, "10.0.0.9");
        plays.answers = false;
        plays.refuses = FAILURE_REFUSED;
        engine_disconnect(e, connects[0].upstream, now);
        act();
        for (unsigned i = 0; i < 20 && engine_network_state(e) != NETWORK_PORTAL; i++) {
                ask_next();
                pass(SEC);
        }
        ck_assert_int_eq(engine_network_state(e), NETWORK_PORTAL);
}
END_TEST

START_TEST(if_network_manager_is_not_online_a_failure_of_all_upstreams_lets_it_get_to_its_page)
{
        played_start_by_hand(NO_CACHE ASK_LINK UPSTREAM_A);
        plays.refuses = FAILURE_CONNECT_RESET;
        network_manager_says(CONNECTIVITY_LIMITED, NULL, "10.0.0.9");
        ck_assert(!goes_to_the_link(CHECK));
        for (unsigned i = 0; i < 20 && health_of(0)->state != HEALTH_FAILED; i++) {
                ask_next();
                pass(SEC);
        }
        ck_assert(goes_to_the_link("captive.apple.com"));
        ck_assert(!goes_to_the_link("www.example.org"));
        ck_assert_int_eq(engine_network_state(e), NETWORK_ONLINE);
        network_manager_says(CONNECTIVITY_PORTAL, NULL, "10.0.0.9");
        ck_assert_int_eq(engine_network_state(e), NETWORK_PORTAL);
        ck_assert(goes_to_the_link("nmcheck.gnome.org"));
        ck_assert_uint_eq(n_openings, 1);
}
END_TEST

START_TEST(what_the_portal_answers_is_not_kept)
{
        enter_portal("[Cache]\nEnable=yes\n" ASK_LINK UPSTREAM_A);
        ck_assert(goes_to_the_link(CHECK));
        link_says(do53_last(), "10.0.0.1", 86400);
        show_page(0, "");
        {
                RecordWalk walk = RECORD_WALK(&got);
                Record r;

                ck_assert(record_next(&walk, &r));
                ck_assert_uint_le(r.ttl, 10);
        }
        ck_assert(goes_to_the_link(CHECK));
        plays.refuses = FAILURE_NONE;
        plays.connects = plays.answers = true;
        pass(5 * SEC);
        ask_name("www.example.org");
        pass(5 * SEC);
        ck_assert_int_eq(engine_network_state(e), NETWORK_ONLINE);
        n_sends = 0;
        ask_name(CHECK);
        ck_assert_uint_eq(n_sends, 1);
}
END_TEST

START_TEST(a_check_that_waits_when_the_portal_is_found_goes_to_the_link)
{
        played_start_by_hand(NO_CACHE ASK_LINK UPSTREAM_A);
        network_manager_says(CONNECTIVITY_OTHER, NULL, "10.0.0.9");
        ask_name(CHECK);
        ck_assert_uint_eq(n_do53, 0);
        lose(0, FAILURE_CERTIFICATE_UNTRUSTED);
        ck_assert_uint_eq(n_answers, 0);
        ck_assert_uint_eq(n_do53, 1);
        link_says(do53_last(), "10.0.0.1", 60);
        show_page(0, "");
        ck_assert_uint_eq(n_addresses, 1);
}
END_TEST

START_TEST(a_forward_section_comes_first)
{
        enter_portal(NO_CACHE ASK_LINK UPSTREAM_A "[Forward x]\nDomains=ubuntu.com\nDNS=10.0.0.1\n");
        ask_name(CHECK);
        ck_assert_uint_eq(do53_last()->server, 1);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("portal");
        TCase *t = tcase_create("portal");

        tcase_add_checked_fixture(t, NULL, played_stop);
        tcase_add_test(t, check_names_go_to_the_link_and_nothing_else_does);
        tcase_add_test(t, without_the_setting_nothing_goes_to_the_link);
        tcase_add_test(t, without_a_portal_nothing_goes_to_the_link);
        tcase_add_test(t, the_check_of_network_manager_is_asked_of_the_link);
        tcase_add_test(t, the_answer_waits_until_the_page_was_looked_at_and_its_host_is_then_known);
        tcase_add_test(t, a_page_that_does_not_come_delays_the_answer_by_a_second);
        tcase_add_test(t, an_address_that_a_page_leads_to_is_looked_at_for_where_that_leads);
        tcase_add_test(t, pages_of_this_machine_are_not_looked_at);
        tcase_add_test(t, a_portal_cannot_have_more_than_eight_hosts);
        tcase_add_test(t, after_five_minutes_it_is_over_and_does_not_begin_again_by_itself);
        tcase_add_test(t, an_answer_of_an_upstream_ends_it_and_forgets_the_hosts);
        tcase_add_test(t, another_network_has_other_servers_and_no_hosts_of_this_one);
        tcase_add_test(t, network_manager_alone_tells_unless_an_upstream_answers);
        tcase_add_test(t, if_network_manager_tells_any_failure_of_all_upstreams_is_the_portal);
        tcase_add_test(t, if_network_manager_is_not_online_a_failure_of_all_upstreams_lets_it_get_to_its_page);
        tcase_add_test(t, what_the_portal_answers_is_not_kept);
        tcase_add_test(t, a_check_that_waits_when_the_portal_is_found_goes_to_the_link);
        tcase_add_test(t, a_forward_section_comes_first);
        suite_add_tcase(s, t);
        return run_suite(s);
}
