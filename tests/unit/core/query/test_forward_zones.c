/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Forward zones: which one a name belongs to, and what is known of their servers. */

#include <stdio.h>

#include "core/query/forward_zones.h"
#include "played.h"
#include "run.h"

#define FORWARD_ONE "[Forward one]\nDomains=one\nDNS=10.0.0.9\n"

/* --- where a name goes */

static const char *where(const Forwards *f, const char *name)
{
        uint8_t wire_name[DNS_NAME_MAX];
        size_t n = name_from_text(name, wire_name);
        const Forward *found = forwards_find(f, BYTES(wire_name, n));

        return found ? found->config->name : "-";
}

START_TEST(the_longest_domain_wins_label_by_label_in_any_case)
{
        Config *c = played_parse(UPSTREAM_A "[Forward a]\nDomains=Corp.Example 168.192.in-addr.arpa lan\nDNS=10.0.0.1\n"
                                            "[Forward b]\nDomains=lab.corp.example 10.0.0.0/8\nDNS=10.0.0.2\n");
        bool changed;
        Forwards *f = forwards_new(c, NULL, NULL, &changed, 0);

        config_unref(c);
        ck_assert(changed);
        ck_assert_str_eq(where(f, "corp.example"), "a");
        ck_assert_str_eq(where(f, "www.corp.example"), "a");
        ck_assert_str_eq(where(f, "WWW.cORP.eXAMPLE"), "a");
        ck_assert_str_eq(where(f, "lab.corp.example"), "b");
        ck_assert_str_eq(where(f, "x.y.lab.corp.example"), "b");
        ck_assert_str_eq(where(f, "notlab.corp.example"), "a");
        ck_assert_str_eq(where(f, "notcorp.example"), "-");
        ck_assert_str_eq(where(f, "x\\004corp.example"), "-");
        ck_assert_str_eq(where(f, "example"), "-");
        ck_assert_str_eq(where(f, "corp.example.com"), "-");
        ck_assert_str_eq(where(f, "."), "-");
        ck_assert_str_eq(where(f, "lan"), "a");
        ck_assert_str_eq(where(f, "1.2.168.192.in-addr.arpa"), "a");
        ck_assert_str_eq(where(f, "1.2.3.10.in-addr.arpa"), "b");
        forwards_free(f);
}
END_TEST

/* --- what is known of the servers */

static const Forward *zone(size_t i)
{
        const Forward *f = engine_forward(e, i);

        ck_assert_ptr_nonnull(f);
        return f;
}

/* The last report, which must be of this zone and state. */
static const PlayedForwardState *reported(const char *name, HealthState to)
{
        const PlayedForwardState *s = &forward_states[n_forward_states - 1];

        ck_assert_uint_gt(n_forward_states, 0);
        ck_assert_str_eq(s->name, name);
        ck_assert_int_eq(s->to, to);
        return s;
}

START_TEST(a_zone_is_unknown_until_a_server_answers)
{
        played_start(UPSTREAM_A FORWARD_ONE);
        ck_assert_int_eq(zone(0)->state, HEALTH_UNKNOWN);
        ask_name("www.one");
        ck_assert_uint_eq(n_forward_states, 0);
        now += 30 * MSEC;
        do53_say_address(do53_last());
        ck_assert_uint_eq(reported("one", HEALTH_HEALTHY)->server, 9);
        ck_assert_int_eq(zone(0)->state, HEALTH_HEALTHY);
        ck_assert_int_eq(zone(0)->servers[0].state, HEALTH_HEALTHY);
        ck_assert_uint_eq(zone(0)->changed_at, now);
        ck_assert_uint_eq(zone(0)->queries, 1);
        ck_assert_uint_eq(zone(0)->failures, 0);
        ck_assert_ptr_null(engine_forward(e, 1));
}
END_TEST

START_TEST(when_all_servers_of_a_zone_have_failed_that_is_reported_once_and_so_is_the_first_answer)
{
        played_start(UPSTREAM_A NO_CACHE FORWARD_CORP FORWARD_ONE);
        for (unsigned i = 0; i < 3; i++) {
                ask_type(TYPE_A);
                pass(7 * SEC);
        }
        ck_assert_uint_eq(n_servfails, 3);
        ck_assert_uint_eq(n_forward_states, 1);
        ck_assert_int_eq(reported("corp", HEALTH_FAILED)->reason, FAILURE_TIMEOUT);
        ck_assert_int_eq(zone(0)->last_failure.reason, FAILURE_TIMEOUT);
        ck_assert_uint_ge(zone(0)->last_failure.at, now - 7 * SEC);
        ck_assert_uint_eq(zone(0)->queries, 3);
        ck_assert_uint_eq(zone(0)->failures, 3);
        ck_assert_int_eq(zone(1)->state, HEALTH_UNKNOWN);
        ask_type(TYPE_A);
        do53_say_address(do53_last());
        ck_assert_uint_eq(n_forward_states, 2);
        reported("corp", HEALTH_HEALTHY);
        ck_assert_msg(zone(0)->last_failure.reason == FAILURE_TIMEOUT, "the last failure is forgotten");
        ck_assert_msg(engine_next_time(e) == USEC_NEVER, "a timer is left");
}
END_TEST

START_TEST(a_zone_has_not_failed_while_one_server_answers)
{
        played_start(UPSTREAM_A NO_CACHE FORWARD_CORP);
        for (unsigned i = 0; i < 4; i++) {
                ask_type(TYPE_A);
                /* The first server is silent, and asked last for ten seconds then. */
                if (do53_last()->server == 1)
                        pass(1 * SEC);
                ck_assert_uint_eq(do53_last()->server, 2);
                do53_say_address(do53_last());
                pass(11 * SEC);
        }
        ck_assert_uint_eq(n_answers, 4);
        ck_assert_uint_eq(n_forward_states, 1);
        reported("corp", HEALTH_HEALTHY);
        ck_assert_uint_eq(zone(0)->good, 1);
        ck_assert_int_eq(zone(0)->servers[1].state, HEALTH_HEALTHY);
}
END_TEST

START_TEST(refused_by_all_its_servers_a_zone_has_failed_at_once)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        do53_fail(&do53[0], FAILURE_REFUSED);
        ck_assert_int_eq(zone(0)->servers[0].state, HEALTH_FAILED);
        ck_assert_int_eq(zone(0)->state, HEALTH_UNKNOWN);
        do53_fail(&do53[1], FAILURE_REFUSED);
        ck_assert_int_eq(reported("corp", HEALTH_FAILED)->reason, FAILURE_REFUSED);
        ck_assert_uint_eq(reported("corp", HEALTH_FAILED)->server, 2);
        ck_assert_uint_eq(zone(0)->failures, 1);
}
END_TEST

START_TEST(lost_packets_one_at_a_time_are_not_a_failed_zone)
{
        played_start(UPSTREAM_A NO_CACHE FORWARD_ONE);
        for (unsigned i = 0; i < 3; i++) {
                ask_name("www.one");
                pass(1500 * MSEC);
                ck_assert_uint_ge(do53[2 * i].sent, 2);
                do53_say_address(&do53[2 * i]);
        }
        ck_assert_uint_eq(n_answers, 3);
        ck_assert_uint_eq(n_forward_states, 1);
        reported("one", HEALTH_HEALTHY);
}
END_TEST

START_TEST(a_burst_of_lost_packets_counts_once)
{
        played_start(UPSTREAM_A NO_CACHE FORWARD_ONE);
        for (unsigned i = 0; i < 20; i++) {
                char name[16];

                snprintf(name, sizeof(name), "n%u.one", i);
                ask_name(name);
                now += MSEC;
        }
        pass(1500 * MSEC);
        ck_assert_int_eq(zone(0)->state, HEALTH_UNKNOWN);
        pass(2 * SEC);
        ck_assert_int_eq(zone(0)->state, HEALTH_FAILED);
        ck_assert_uint_eq(n_forward_states, 1);
}
END_TEST

START_TEST(a_name_that_is_slow_does_not_fail_a_server_that_answers_others)
{
        played_start(UPSTREAM_A NO_CACHE FORWARD_ONE);
        ask_name("slow.one");
        for (unsigned i = 0; i < 40; i++) {
                pass(110 * MSEC);
                ask_name("quick.one");
                do53_say_address(do53_last());
        }
        pass(10 * SEC);
        ck_assert_uint_eq(n_servfails, 1);
        ck_assert_uint_eq(n_forward_states, 1);
        reported("one", HEALTH_HEALTHY);
}
END_TEST

START_TEST(a_server_that_answers_servfail_has_not_failed)
{
        played_start(UPSTREAM_A "[Forward one]\nDomains=example.com\nDNS=10.0.0.9\n");
        ask_type(TYPE_A);
        do53_begin(RCODE_SERVFAIL);
        do53_say(do53_last());
        reported("one", HEALTH_HEALTHY);
}
END_TEST

START_TEST(without_a_route_a_zone_has_not_failed_but_the_failure_is_known)
{
        played_start(UPSTREAM_A FORWARD_ONE);
        now += 61 * SEC; /* no network is awaited any longer */
        for (unsigned i = 0; i < 3; i++) {
                ask_name("www.one");
                do53_fail(do53_last(), FAILURE_NO_ROUTE);
        }
        ck_assert_uint_eq(n_servfails, 3);
        ck_assert_uint_eq(n_forward_states, 0);
        ck_assert_int_eq(zone(0)->last_failure.reason, FAILURE_NO_ROUTE);
}
END_TEST

START_TEST(another_network_makes_a_zone_unknown)
{
        played_start(UPSTREAM_A NO_CACHE FORWARD_ONE);
        ask_name("www.one");
        do53_fail(do53_last(), FAILURE_REFUSED);
        reported("one", HEALTH_FAILED);
        engine_network_changed(e, true, now);
        act();
        reported("one", HEALTH_UNKNOWN);
        ck_assert_int_eq(zone(0)->servers[0].state, HEALTH_UNKNOWN);
        ck_assert_int_eq(zone(0)->last_failure.reason, FAILURE_NONE);
}
END_TEST

START_TEST(a_reload_keeps_what_is_known_of_a_zone_that_does_not_change)
{
        uint32_t one, corp;

        played_start(UPSTREAM_A FORWARD_ONE FORWARD_CORP);
        ask_name("www.one");
        do53_fail(do53_last(), FAILURE_REFUSED);
        one = zone(0)->number;
        corp = zone(1)->number;
        played_reload(UPSTREAM_A "[Forward corp]\nDomains=example.com\nDNS=10.0.0.3\n" FORWARD_ONE);
        ck_assert_uint_eq(zone(1)->number, one);
        ck_assert_int_eq(zone(1)->state, HEALTH_FAILED);
        ck_assert_uint_ne(zone(0)->number, one);
        ck_assert_uint_ne(zone(0)->number, corp);
        ck_assert_uint_eq(n_forward_states, 1);
        engine_reset_statistics(e);
        ck_assert_uint_eq(zone(1)->queries + zone(1)->failures, 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("forward_zones");
        TCase *c = tcase_create("forward");

        tcase_add_checked_fixture(c, NULL, played_stop);
        tcase_add_test(c, the_longest_domain_wins_label_by_label_in_any_case);
        tcase_add_test(c, a_zone_is_unknown_until_a_server_answers);
        tcase_add_test(c, when_all_servers_of_a_zone_have_failed_that_is_reported_once_and_so_is_the_first_answer);
        tcase_add_test(c, a_zone_has_not_failed_while_one_server_answers);
        tcase_add_test(c, refused_by_all_its_servers_a_zone_has_failed_at_once);
        tcase_add_test(c, lost_packets_one_at_a_time_are_not_a_failed_zone);
        tcase_add_test(c, a_burst_of_lost_packets_counts_once);
        tcase_add_test(c, a_name_that_is_slow_does_not_fail_a_server_that_answers_others);
        tcase_add_test(c, a_server_that_answers_servfail_has_not_failed);
        tcase_add_test(c, without_a_route_a_zone_has_not_failed_but_the_failure_is_known);
        tcase_add_test(c, another_network_makes_a_zone_unknown);
        tcase_add_test(c, a_reload_keeps_what_is_known_of_a_zone_that_does_not_change);
        suite_add_tcase(s, c);
        return run_suite(s);
}
