/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine between a client and an upstream that are played by the test: what each gets of the other. What RFCs say
 * of it is in test_conformance_*.c.
 */

#include "played.h"
#include "run.h"

START_TEST(C02_responses_and_fragments_of_queries_are_ignored)
{
        wire_begin(&w, DNS_QR, TYPE_A);
        ck_assert(!ask());
        w.n = 11;
        ck_assert(!ask());
        ck_assert_ptr_null(asked);
}
END_TEST

START_TEST(RFC8484_the_upstream_gets_id_0_lower_case_padding_and_no_options_of_the_client)
{
        wire_begin(&w, DNS_RD | DNS_AD | DNS_Z, TYPE_A);
        w.data[13] = 'W';
        wire_opt(&w, 1232, 0x8000,
                 "\0\x0a\0\x08"
                 "cccccccc\0\x08\0\7\0\1\x18\0\1\2\3",
                 23);
        ck_assert(!ask());
        ck_assert_int_eq(message_parse(&got, packet_bytes(asked)), MESSAGE_OK);
        ck_assert_uint_eq(got.id, 0);
        ck_assert_uint_eq(got.flags, DNS_RD);
        ck_assert_uint_eq(got.qname.p[1], 'w');
        ck_assert_uint_eq(asked->n % 128, 0);
        ck_assert(got.edns.dnssec_ok && got.edns.padding);
        for (Bytes o = got.edns.options; o.n; o = BYTES(o.p + 4 + wire_read16(o.p + 2), o.n - 4 - wire_read16(o.p + 2)))
                ck_assert_uint_eq(wire_read16(o.p), EDNS_OPTION_PADDING);
}
END_TEST

START_TEST(RFC1035_the_client_gets_its_id_and_spelling_back)
{
        wire_begin(&w, DNS_RD, TYPE_A);
        w.data[13] = 'W';
        ck_assert(!ask());
        wire_begin(&w, DNS_QR | DNS_RA | DNS_AD, TYPE_A);
        wire_a(&w, 300);
        wire_opt(&w, 1232, 0, "\0\x0c\0\2\0\0", 6);
        respond(100);
        ck_assert_uint_eq(got.id, 0x1234);
        ck_assert_uint_eq(got.qname.p[1], 'W');
        ck_assert(!got.edns.present && got.arcount == 0);
        ck_assert_msg(!(got.flags & DNS_AD), "AD of an upstream that nobody said to trust");
        ck_assert_msg(wire_read32(answer->data + got.question_end + 6) == 200, "Age is not taken from the TTL");
}
END_TEST

START_TEST(a_query_without_an_answer_is_servfail_with_an_extended_error_at_its_deadline)
{
        wire_begin(&w, DNS_RD, TYPE_A);
        wire_opt(&w, 1232, 0, "", 0);
        ck_assert(!ask());
        pass_until_answered(4500 * MSEC);
        ck_assert_ptr_nonnull(answer);
        ck_assert_uint_eq(message_rcode(&got), RCODE_SERVFAIL);
        ck_assert_uint_eq(wire_read16(got.edns.options.p), EDNS_OPTION_EDE);
}
END_TEST

START_TEST(U06_without_a_network_yet_a_query_waits_and_is_sent_when_a_route_appears)
{
        plays.refuses = FAILURE_NO_ROUTE;
        ck_assert_msg(!ask_type(TYPE_A), "answered although a network may appear");
        pass_until_answered(3 * SEC);
        ck_assert_msg(!answer, "answered before its deadline");
        plays.refuses = FAILURE_NONE;
        engine_network_changed(e, true, now);
        pass(0);
        respond_address();
        ck_assert_msg(answer && message_rcode(&got) == RCODE_NOERROR, "not sent when the route appeared");
}
END_TEST

START_TEST(U06_without_any_notice_of_the_route_a_waiting_query_is_sent_within_a_second)
{
        plays.refuses = FAILURE_NO_ROUTE;
        ck_assert(!ask_type(TYPE_A));
        pass_until_answered(3 * SEC);
        plays.refuses = FAILURE_NONE;
        pass_until_asked(SEC);
        respond_address();
        ck_assert(answer && message_rcode(&got) == RCODE_NOERROR);
}
END_TEST

START_TEST(U06_without_a_network_a_query_fails_at_its_deadline)
{
        uint64_t since = now;

        plays.refuses = FAILURE_NO_ROUTE;
        ck_assert(!ask_type(TYPE_A));
        pass_until_answered(5 * SEC);
        ck_assert_uint_eq(now, since + 4500 * MSEC);
        ck_assert_uint_eq(extended_error(), EDE_NETWORK_ERROR);
        ck_assert_msg(n_states == 0, "somebody is blamed for it");
}
END_TEST

START_TEST(U06_after_a_resume_a_query_waits_for_the_network_too)
{
        ck_assert(!ask_type(TYPE_A));
        respond_address();
        engine_resume(e, 3600 * SEC, now);
        act();
        lose((int) n_connects - 1, FAILURE_CONNECTION_LOST);
        plays.refuses = FAILURE_NO_ROUTE;
        ck_assert(!ask_type(TYPE_AAAA));
}
END_TEST

START_TEST(T11_a_minute_after_the_start_a_query_without_a_route_is_answered_with_network_error_at_once)
{
        now += 61 * SEC;
        plays.refuses = FAILURE_NO_ROUTE;
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(extended_error(), EDE_NETWORK_ERROR);
        ck_assert_msg(n_states == 0, "somebody is blamed for it");
        ck_assert_int_eq(engine_network_state(e), NETWORK_OFFLINE);
}
END_TEST

START_TEST(a_cached_answer_needs_no_upstream_and_its_ttl_counts_down)
{
        wire_begin(&w, DNS_RD, TYPE_A);
        ck_assert(!ask());
        respond_address();
        now += 100 * SEC;
        wire_begin(&w, DNS_RD, TYPE_A);
        ck_assert(ask());
        ck_assert_ptr_null(asked);
        ck_assert_uint_eq(wire_read32(answer->data + got.question_end + 6), 200);
}
END_TEST

START_TEST(RFC2308_a_cached_nxdomain_answers_for_all_types_of_the_name)
{
        wire_begin(&w, DNS_RD, TYPE_A);
        ck_assert(!ask());
        wire_begin(&w, DNS_QR | DNS_RA | RCODE_NXDOMAIN, TYPE_A);
        wire_soa(&w, 300, 60);
        respond(0);
        wire_begin(&w, DNS_RD, TYPE_AAAA);
        ck_assert(ask());
        ck_assert_uint_eq(message_rcode(&got), RCODE_NXDOMAIN);
        ck_assert_uint_eq(got.qtype, TYPE_AAAA);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("engine");
        TCase *c = tcase_create("clients");

        tcase_add_checked_fixture(c, played_start_plain, played_stop);
        tcase_add_test(c, C02_responses_and_fragments_of_queries_are_ignored);
        tcase_add_test(c, RFC8484_the_upstream_gets_id_0_lower_case_padding_and_no_options_of_the_client);
        tcase_add_test(c, RFC1035_the_client_gets_its_id_and_spelling_back);
        tcase_add_test(c, a_query_without_an_answer_is_servfail_with_an_extended_error_at_its_deadline);
        tcase_add_test(c, T11_a_minute_after_the_start_a_query_without_a_route_is_answered_with_network_error_at_once);
        tcase_add_test(c, U06_without_a_network_yet_a_query_waits_and_is_sent_when_a_route_appears);
        tcase_add_test(c, U06_without_any_notice_of_the_route_a_waiting_query_is_sent_within_a_second);
        tcase_add_test(c, U06_without_a_network_a_query_fails_at_its_deadline);
        tcase_add_test(c, U06_after_a_resume_a_query_waits_for_the_network_too);
        tcase_add_test(c, a_cached_answer_needs_no_upstream_and_its_ttl_counts_down);
        tcase_add_test(c, RFC2308_a_cached_nxdomain_answers_for_all_types_of_the_name);
        suite_add_tcase(s, c);
        return run_suite(s);
}
