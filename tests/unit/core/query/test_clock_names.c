/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/query/clock_names: which names are asked without encryption while the clock is behind, and until when. */

#include "played.h"
#include "run.h"

#define NTP "www.example.com" /* the name in the answers that are played */
#define NAMES "192.0.2.7 WWW.example.com"
#define SERVERS "10.0.0.1 127.0.0.53"

/* The only upstream has a certificate that is not valid yet, and a client asks for `name`. */
static void ask_with_clock_behind(const char *name)
{
        played_start(UPSTREAM_A);
        plays.refuses = FAILURE_CERTIFICATE_NOT_YET_VALID;
        ask_name(name);
        ck_assert_int_eq(engine_network_state(e), NETWORK_CLOCK);
}

static bool tell(const char *names, const char *servers)
{
        bool used = engine_set_clock_names(e, names, servers, now);

        act();
        return used;
}

static void set_clock(void)
{
        plays.refuses = FAILURE_NONE;
        engine_clock_set(e, now);
        act();
}

START_TEST(K01_the_query_that_finds_the_clock_behind_is_asked_of_a_do53_server)
{
        ask_with_clock_behind(NTP);
        ck_assert_msg(!answer, "answered before the names were told");
        ck_assert(tell(NAMES, SERVERS));
        ck_assert_uint_eq(n_do53, 1);
        ck_assert_uint_eq(do53_last()->server, 1);
        do53_say_address(do53_last());
        ck_assert_ptr_nonnull(answer);
        ck_assert_uint_eq(message_rcode(&got), RCODE_NOERROR);
        ask_name(NTP);
        ck_assert_msg(answer || n_do53 == 2, "a later query goes elsewhere");
}
END_TEST

START_TEST(K01_no_other_name_and_no_other_type_leaves_unencrypted)
{
        static const char *const others[] = { "example.com", "x.www.example.com", "ntp.example.com" };

        ask_with_clock_behind("first.example.com");
        ck_assert(tell(NAMES, SERVERS));
        pass(5 * SEC);
        ck_assert_msg(n_servfails == 1, "verification is off");
        for (size_t i = 0; i < ELEMENTS(others); i++) {
                ask_name(others[i]);
                pass(5 * SEC);
                ck_assert_uint_eq(message_rcode(&got), RCODE_SERVFAIL);
        }
        wire_begin(&w, DNS_RD, TYPE_MX);
        ask();
        pass(5 * SEC);
        ck_assert_uint_eq(n_do53, 0);
        ck_assert_uint_eq(n_sends, 0);
}
END_TEST

START_TEST(K01_when_the_clock_is_set_the_names_are_asked_of_the_upstreams_again)
{
        ask_with_clock_behind(NTP);
        ck_assert(tell(NAMES, SERVERS));
        do53_say_address(do53_last());
        ck_assert_ptr_nonnull(answer);
        set_clock();
        ck_assert_int_eq(engine_network_state(e), NETWORK_ONLINE);
        n_do53 = 0;
        ask_name(NTP);
        ck_assert_msg(!answer, "the answer of a server that nobody has verified is used on");
        ck_assert_uint_eq(n_do53, 0);
        ck_assert_uint_eq(n_sends, 1);
}
END_TEST

START_TEST(K01_a_query_under_way_goes_over_to_the_upstreams_when_the_clock_is_set)
{
        ask_with_clock_behind(NTP);
        ck_assert(tell(NAMES, SERVERS));
        set_clock();
        ck_assert_msg(do53_last()->closed, "the socket stays open");
        ck_assert_uint_eq(n_sends, 1);
        ck_assert_ptr_null(answer);
}
END_TEST

START_TEST(K01_without_names_or_servers_the_query_fails_as_others_do)
{
        static const struct {
                const char *names, *servers;
        } cases[] = {
                { "", SERVERS }, { NAMES, "" }, { NAMES, "127.0.0.53" }, { "192.0.2.7", SERVERS }, { ".", SERVERS }
        };

        ask_with_clock_behind(NTP);
        ck_assert(!tell(cases[_i].names, cases[_i].servers));
        pass(5 * SEC);
        ck_assert_uint_eq(n_do53, 0);
        ck_assert_uint_eq(message_rcode(&got), RCODE_SERVFAIL);
        ck_assert_uint_eq(extended_error(), EDE_NO_REACHABLE_AUTHORITY);
}
END_TEST

START_TEST(K01_io_that_tells_nothing_delays_a_failure_by_less_than_a_second)
{
        ask_with_clock_behind(NTP);
        pass_until_answered(SEC);
        ck_assert_uint_eq(message_rcode(&got), RCODE_SERVFAIL);
}
END_TEST

START_TEST(names_are_taken_only_while_the_clock_is_behind)
{
        played_start(UPSTREAM_A);
        ck_assert(!tell(NAMES, SERVERS));
        ask_name(NTP);
        ck_assert_uint_eq(n_do53, 0);
        ck_assert_uint_eq(n_sends, 1);
}
END_TEST

START_TEST(K05_a_certificate_that_nobody_can_explain_is_a_portal_and_no_name_is_asked_unencrypted)
{
        played_start(UPSTREAM_A UPSTREAM_B);
        plays.refuses = FAILURE_CERTIFICATE_UNTRUSTED;
        ask_name(NTP);
        ck_assert_int_eq(engine_network_state(e), NETWORK_PORTAL);
        ck_assert(!tell(NAMES, SERVERS));
        ck_assert_uint_eq(n_do53, 0);
}
END_TEST

START_TEST(K01_the_clock_is_behind_only_if_no_upstream_can_be_used)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
        ask_next();
        lose(0, FAILURE_CERTIFICATE_NOT_YET_VALID);
        ck_assert_int_eq(engine_network_state(e), NETWORK_ONLINE);
        lose(1, FAILURE_CERTIFICATE_UNTRUSTED);
        ck_assert_int_eq(engine_network_state(e), NETWORK_CLOCK);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("clock names");
        TCase *c = tcase_create("clock");

        tcase_add_checked_fixture(c, NULL, played_stop);
        tcase_add_test(c, K01_the_query_that_finds_the_clock_behind_is_asked_of_a_do53_server);
        tcase_add_test(c, K01_no_other_name_and_no_other_type_leaves_unencrypted);
        tcase_add_test(c, K01_when_the_clock_is_set_the_names_are_asked_of_the_upstreams_again);
        tcase_add_test(c, K01_a_query_under_way_goes_over_to_the_upstreams_when_the_clock_is_set);
        tcase_add_loop_test(c, K01_without_names_or_servers_the_query_fails_as_others_do, 0, 5);
        tcase_add_test(c, K01_io_that_tells_nothing_delays_a_failure_by_less_than_a_second);
        tcase_add_test(c, names_are_taken_only_while_the_clock_is_behind);
        tcase_add_test(c, K05_a_certificate_that_nobody_can_explain_is_a_portal_and_no_name_is_asked_unencrypted);
        tcase_add_test(c, K01_the_clock_is_behind_only_if_no_upstream_can_be_used);
        suite_add_tcase(s, c);
        return run_suite(s);
}
