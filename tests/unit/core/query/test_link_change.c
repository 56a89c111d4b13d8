/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of links: they go to the servers of links and nowhere else, from the moment on that a link has them to the
 * moment that it has not. */

#include "config/linked.h"
#include "played.h"
#include "run.h"

static LinkTable *links;

static void setup(void)
{
        links = link_table_new();
}

static void teardown(void)
{
        played_stop();
        links = link_table_free(links);
}

/* Pushes, and the engine applies it. */
static Link *push(int ifindex, const char *name, const char *servers, const char *domains)
{
        Link *l = linked_push(links, ifindex, name, servers, domains);

        ck_assert_int_eq(engine_set_links(e, links, now), 0);
        act();
        return l;
}

static void remove_link(int ifindex)
{
        link_table_remove(links, ifindex);
        ck_assert_int_eq(engine_set_links(e, links, now), 0);
        act();
}

#define expect_asked(want_links, want_upstreams)                                                            \
        do {                                                                                                \
                ck_assert_msg(n_do53 == (want_links), "%u queries went to links, not %u", n_do53,           \
                              (unsigned) (want_links));                                                     \
                ck_assert_msg(n_sends == (want_upstreams), "%u queries went to upstreams, not %u", n_sends, \
                              (unsigned) (want_upstreams));                                                 \
        } while (0)

START_TEST(the_names_of_a_link_go_to_its_server_over_that_link_while_it_has_them)
{
        played_start(UPSTREAM_A);
        ask_name("www.example.com");
        expect_asked(0, 1);
        push(3, "wg0", "10.0.0.1", "~example.com");
        expect_asked(1, 1);
        ask_name("mail.example.com");
        ask_name("www.example.org");
        expect_asked(2, 2);
        remove_link(3);
        ask_name("ftp.example.com");
        ck_assert_uint_eq(do53[0].closed + do53[1].closed, 2);
        /* Both names in flight are asked for anew. */
        expect_asked(2, 5);
}
END_TEST

START_TEST(an_exit_node_has_all_names_except_those_that_stay_here_and_those_of_a_forward_section)
{
        static const char *const here[] = { "printer", "nas.local", "a.onion", "localhost" };

        played_start(UPSTREAM_A FORWARD_CORP);
        push(3, "wg0", "10.0.0.7", "~.");
        ask_name("www.example.org");
        ck_assert_uint_eq(do53_last()->server, 7);
        ask_name("www.example.com");
        ck_assert_uint_eq(do53_last()->server, 1);
        ask_name("host.internal");
        ask_name("1.0.0.10.in-addr.arpa");
        ck_assert_msg(do53_last()->server == 7, "names of the network behind the exit node go there");
        expect_asked(4, 0);
        n_answers = 0;
        for (size_t i = 0; i < ELEMENTS(here); i++)
                ask_name(here[i]);
        expect_asked(4, 0);
        ck_assert_uint_eq(n_answers, ELEMENTS(here));
}
END_TEST

START_TEST(names_that_stay_here_go_to_a_link_that_has_their_domain)
{
        played_start(UPSTREAM_A);
        push(2, "eth0", "10.0.0.1", "lan ~local ~168.192.in-addr.arpa");
        ask_name("lan");
        ask_name("printer.local");
        ask_name("1.0.168.192.in-addr.arpa");
        expect_asked(3, 0);
        ask_name("printer");
        expect_asked(3, 0);
        ck_assert_uint_eq(n_answers, 1);
}
END_TEST

START_TEST(single_labels_go_to_a_link_if_that_is_wanted)
{
        played_start("[Links]\nSingleLabel=yes\n" UPSTREAM_A);
        push(2, "eth0", "10.0.0.1", "");
        ask_name("printer");
        expect_asked(1, 0);
        ask_name("www.example.org");
        expect_asked(1, 1);
}
END_TEST

START_TEST(if_the_servers_of_a_link_do_not_answer_no_upstream_is_asked)
{
        played_start(UPSTREAM_A);
        push(3, "wg0", "10.0.0.1", "~example.com");
        ask_name("www.example.com");
        pass(5 * SEC);
        expect_servfail(EDE_NO_REACHABLE_AUTHORITY);
        ck_assert_uint_eq(n_sends, 0);
}
END_TEST

START_TEST(if_no_upstream_answers_no_link_is_asked)
{
        played_start(UPSTREAM_A);
        push(3, "wg0", "10.0.0.1", "~example.com");
        ask_name("www.example.org");
        pass(5 * SEC);
        ck_assert_uint_eq(n_servfails, 1);
        ck_assert_uint_eq(n_do53, 0);
}
END_TEST

START_TEST(an_answer_of_one_route_is_not_given_for_another_and_all_others_stay_cached)
{
        played_start(UPSTREAM_A);
        plays.answers = true;
        ask_name("www.example.com");
        ask_name("www.example.org");
        push(3, "wg0", "10.0.0.1", "~example.com");
        for (unsigned i = 0; i < 2; i++) {
                ask_name("www.example.com");
                ask_name("www.example.org");
                expect_asked(1, 2);
        }
        remove_link(3);
        ask_name("www.example.com");
        ask_name("www.example.org");
        expect_asked(1, 3);
        ck_assert_uint_eq(n_addresses, 8);
}
END_TEST

START_TEST(a_push_that_changes_nothing_disturbs_nothing)
{
        played_start(UPSTREAM_A);
        push(3, "wg0", "10.0.0.1", "~example.com");
        ask_name("www.example.com");
        push(2, "eth0", "10.0.0.2", "lan");
        push(3, "wg0", "10.0.0.1", "~example.com");
        ck_assert_uint_eq(n_do53, 1);
        ck_assert(!do53[0].closed);
        do53_say_address(&do53[0]);
        ck_assert_uint_eq(n_answers, 1);
}
END_TEST

START_TEST(a_query_in_flight_whose_link_gets_another_server_is_asked_anew)
{
        played_start(UPSTREAM_A);
        push(3, "wg0", "10.0.0.1", "~example.com");
        ask_name("www.example.com");
        push(3, "wg0", "10.0.0.2", "~example.com");
        ck_assert(do53[0].closed);
        ck_assert_uint_eq(do53_last()->server, 2);
        do53_say_address(&do53[0]);
        ck_assert_uint_eq(n_answers, 0);
        do53_say_address(do53_last());
        ck_assert_uint_eq(n_answers, 1);
}
END_TEST

START_TEST(a_reload_keeps_links_and_may_take_their_names)
{
        played_start(UPSTREAM_A);
        push(3, "wg0", "10.0.0.1", "~example.com");
        played_reload("[Resolver]\nPadding=no\n" UPSTREAM_A);
        ask_name("www.example.com");
        expect_asked(1, 0);
        played_reload("[Links]\nUse=no\n" UPSTREAM_A);
        expect_asked(1, 1);
        played_reload(UPSTREAM_A FORWARD_CORP);
        ck_assert_uint_eq(n_do53, 2);
        played_reload(UPSTREAM_A);
        ck_assert_uint_eq(n_do53, 3);
        ck_assert_uint_eq(do53_last()->server, 1);
}
END_TEST

/* --- links with the same domain */

static void deny(const PlayedDo53 *q, unsigned rcode)
{
        Message m;

        message_parse(&m, packet_bytes(q->message));
        do53_begin(rcode);
        wire_write16(w.data + w.n - 4, m.qtype);
        do53_say(q);
}

START_TEST(of_links_with_the_same_domain_one_that_knows_the_name_is_believed)
{
        played_start(UPSTREAM_A);
        push(3, "wg0", "10.0.0.1 10.0.0.2", "~example.com");
        push(4, "tun0", "10.0.0.3", "~example.com");
        ask_name("www.example.com");
        ck_assert_uint_eq(do53_last()->server, 1);
        deny(do53_last(), RCODE_NXDOMAIN);
        ck_assert_msg(n_answers == 0 && do53_last()->server == 3, "the other link is asked, not the same one again");
        do53_say_address(do53_last());
        ck_assert_uint_eq(message_rcode(&got), RCODE_NOERROR);
        ck_assert_uint_eq(got.ancount, 1);
}
END_TEST

START_TEST(if_no_link_knows_the_name_the_client_is_told_what_they_said)
{
        played_start(UPSTREAM_A);
        push(3, "wg0", "10.0.0.1", "~example.com");
        push(4, "tun0", "10.0.0.3", "~example.com");
        ask_name("www.example.com");
        deny(do53_last(), RCODE_NXDOMAIN);
        deny(do53_last(), RCODE_REFUSED);
        ck_assert_uint_eq(n_answers, 1);
        ck_assert_uint_eq(message_rcode(&got), RCODE_NXDOMAIN);
        ask_type(TYPE_AAAA);
        deny(do53_last(), RCODE_SERVFAIL);
        deny(do53_last(), RCODE_NXDOMAIN);
        ck_assert_uint_eq(n_answers, 2);
        ck_assert_uint_eq(message_rcode(&got), RCODE_NXDOMAIN);
        ask_type(TYPE_PTR);
        deny(do53_last(), RCODE_NXDOMAIN);
        pass(5 * SEC);
        ck_assert_uint_eq(n_answers, 3);
        ck_assert_uint_eq(message_rcode(&got), RCODE_NXDOMAIN);
}
END_TEST

START_TEST(one_link_that_does_not_know_the_name_is_certain)
{
        played_start(UPSTREAM_A);
        push(3, "wg0", "10.0.0.1 10.0.0.2", "~example.com");
        ask_name("www.example.com");
        deny(do53_last(), RCODE_NXDOMAIN);
        ck_assert_uint_eq(n_do53, 1);
        ck_assert_uint_eq(n_answers, 1);
        ck_assert_uint_eq(message_rcode(&got), RCODE_NXDOMAIN);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("link_change");
        TCase *c = tcase_create("links");

        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, the_names_of_a_link_go_to_its_server_over_that_link_while_it_has_them);
        tcase_add_test(c, an_exit_node_has_all_names_except_those_that_stay_here_and_those_of_a_forward_section);
        tcase_add_test(c, names_that_stay_here_go_to_a_link_that_has_their_domain);
        tcase_add_test(c, single_labels_go_to_a_link_if_that_is_wanted);
        tcase_add_test(c, if_the_servers_of_a_link_do_not_answer_no_upstream_is_asked);
        tcase_add_test(c, if_no_upstream_answers_no_link_is_asked);
        tcase_add_test(c, an_answer_of_one_route_is_not_given_for_another_and_all_others_stay_cached);
        tcase_add_test(c, a_push_that_changes_nothing_disturbs_nothing);
        tcase_add_test(c, a_query_in_flight_whose_link_gets_another_server_is_asked_anew);
        tcase_add_test(c, a_reload_keeps_links_and_may_take_their_names);
        tcase_add_test(c, of_links_with_the_same_domain_one_that_knows_the_name_is_believed);
        tcase_add_test(c, if_no_link_knows_the_name_the_client_is_told_what_they_said);
        tcase_add_test(c, one_link_that_does_not_know_the_name_is_certain);
        suite_add_tcase(s, c);
        return run_suite(s);
}
