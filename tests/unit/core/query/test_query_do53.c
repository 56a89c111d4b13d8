/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Split DNS: names of some domains go to Do53 servers, and to nobody else; all others go to the upstreams, and to
 * nobody else.
 */

#include "played.h"
#include "run.h"

/* --- where a name goes */

START_TEST(names_of_a_forward_domain_go_to_its_server_and_no_other_names_do)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_name("www.example.com");
        ask_name("example.COM");
        ask_name("www.corp");
        ck_assert_uint_eq(n_do53, 3);
        ck_assert_uint_eq(n_sends, 0);
        ask_name("www.example.org");
        ask_name("notexample.com");
        ask_name("other.com");
        ck_assert_uint_eq(n_do53, 3);
        ck_assert_uint_eq(n_sends, 3);
        ck_assert_uint_eq(played_stats().forwarded, 3);
}
END_TEST

START_TEST(a_forward_section_can_have_home_network_names_but_not_localhost_or_nonexistent_ones)
{
        static const char *const here[] = {
                "localhost", "a.localhost", "b.invalid", "c.onion", "d.alt", "resolver.arpa"
        };
        static const char *const there[] = { "nas.home.arpa", "1.0.168.192.in-addr.arpa", "printer" };

        played_start(
                UPSTREAM_A
                "[Forward home]\nDomains=home.arpa 192.168.0.0/16 printer localhost invalid onion alt resolver.arpa\nDNS=10.0.0.1\n");
        for (size_t i = 0; i < ELEMENTS(here); i++)
                ask_name(here[i]);
        ck_assert_uint_eq(n_do53, 0);
        ck_assert_uint_eq(n_answers, ELEMENTS(here));
        for (size_t i = 0; i < ELEMENTS(there); i++)
                ask_name(there[i]);
        ck_assert_uint_eq(n_do53, ELEMENTS(there));
        ck_assert_uint_eq(n_answers, ELEMENTS(here));
        ck_assert_uint_eq(n_sends, 0);
}
END_TEST

/* --- the question */

START_TEST(RFC8467_the_question_is_not_padded_and_has_no_options_of_the_client)
{
        Message m;

        played_start(UPSTREAM_A FORWARD_CORP);
        wire_begin(&w, DNS_RD | DNS_AD | DNS_Z, TYPE_A);
        w.data[13] = 'W';
        wire_opt(&w, 4096, 0x8000,
                 "\0\x0a\0\x08"
                 "cccccccc\0\x08\0\7\0\1\x18\0\1\2\3",
                 23);
        ask();
        ck_assert_int_eq(message_parse(&m, packet_bytes(do53_last()->message)), MESSAGE_OK);
        ck_assert(do53_last()->transport == TRANSPORT_UDP);
        ck_assert_uint_eq(m.flags, DNS_RD);
        ck_assert_uint_eq(m.qname.p[1], 'w');
        ck_assert(m.edns.present && m.edns.dnssec_ok);
        ck_assert_uint_eq(m.edns.udp_size, 1232);
        ck_assert_uint_eq(m.edns.options.n, 0);
}
END_TEST

START_TEST(C12_RFC8945_a_signed_query_is_forwarded_unchanged)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        wire_begin(&w, DNS_RD, TYPE_A);
        wire_record(&w, 2, "\3key", 5, TYPE_TSIG, CLASS_ANY, 0, "0123456789abcdef", 16);
        ask();
        ck_assert_uint_eq(do53_last()->message->n, w.n);
        ck_assert_int_eq(memcmp(do53_last()->message->data + 2, w.data + 2, w.n - 2), 0);
        do53_begin(RCODE_FORMERR);
        do53_say(do53_last());
        pass(4500 * MSEC);
        ck_assert_uint_eq(n_answers, 1);
        ck_assert_uint_eq(message_rcode(&got), RCODE_FORMERR);
        ck_assert_uint_eq(do53_last()->message->n, DNS_HEADER_SIZE + sizeof(WWW) + 4 + 5 + 10 + 16);
}
END_TEST

START_TEST(C12_RFC8945_the_answer_to_a_signed_query_passes_unchanged_except_for_the_id)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        for (unsigned is_signed = 0; is_signed < 2; is_signed++) {
                wire_begin(&w, DNS_RD | DNS_AD, TYPE_A);
                wire_record(&w, 2, "\3key", 5, TYPE_TSIG, CLASS_ANY, 0, "0123456789abcdef", 16);
                ask();
                do53_begin(DNS_AA | DNS_AD);
                wire_a(&w, 0x80000001);
                wire_opt(&w, 1410, 0, "\0\x03\0\1x", 5);
                if (is_signed)
                        wire_record(&w, 2, "\3key", 5, TYPE_TSIG, CLASS_ANY, 0, "fedcba9876543210", 16);
                do53_say(do53_last());
                ck_assert_uint_eq(n_answers, is_signed + 1);
                ck_assert_uint_eq(got.id, 0x1234);
                ck_assert_uint_eq(got.flags & DNS_AD, is_signed ? DNS_AD : 0);
                ck_assert_uint_eq(got.wire.n, w.n);
                ck_assert_mem_eq(got.wire.p + 4, w.data + 4, w.n - 4);
        }
}
END_TEST

/* --- the answer */

START_TEST(the_answer_reaches_the_client_and_the_socket_closes)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        do53_begin(DNS_AD);
        wire_a(&w, 300);
        do53_say(do53_last());
        ck_assert_uint_eq(n_answers, 1);
        ck_assert_uint_eq(got.id, 0x1234);
        ck_assert_uint_eq(got.ancount, 1);
        ck_assert(do53_last()->closed);
        ck_assert_msg(engine_next_time(e) == USEC_NEVER, "a timer is left");
}
END_TEST

START_TEST(RFC6840_ad_from_a_do53_server_is_cleared_even_if_upstreams_are_trusted)
{
        played_start("[Resolver]\nTrustAD=yes\n" UPSTREAM_A FORWARD_CORP);
        for (unsigned i = 0; i < 2; i++) {
                wire_begin(&w, DNS_RD | DNS_AD, TYPE_A);
                ask();
                if (i == 0) {
                        do53_begin(DNS_AD);
                        wire_a(&w, 300);
                        do53_say(do53_last());
                }
                ck_assert_uint_eq(n_answers, i + 1);
                ck_assert_msg(!(got.flags & DNS_AD), i ? "from the cache" : "fresh");
        }
        ck_assert_uint_eq(n_do53, 1);
}
END_TEST

START_TEST(RFC5452_responses_with_another_id_or_question_are_ignored_and_the_right_one_still_counts)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        do53_begin(0);
        wire_a(&w, 300);
        wire_write16(w.data, 78);
        do53_say(do53_last());
        do53_begin(0);
        w.data[13] = 'x';
        wire_a(&w, 300);
        do53_say(do53_last());
        wire_begin(&w, DNS_QR, TYPE_AAAA);
        wire_write16(w.data, 77);
        do53_say(do53_last());
        do53_begin(0);
        wire_write16(w.data + 2, DNS_RA);
        do53_say(do53_last());
        do53_begin(2 << DNS_OPCODE_SHIFT);
        do53_say(do53_last());
        w.n = 11;
        do53_say(do53_last());
        ck_assert_uint_eq(n_answers, 0);
        ck_assert_uint_eq(n_do53, 1);
        ck_assert(!do53_last()->closed);
        do53_say_address(do53_last());
        ck_assert_uint_eq(n_answers, 1);
        ck_assert_uint_eq(got.ancount, 1);
}
END_TEST

START_TEST(RFC5452_after_a_flood_of_wrong_responses_another_socket_is_used)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        do53_begin(0);
        wire_write16(w.data, 78);
        for (unsigned i = 0; i < 16; i++)
                do53_say(&do53[0]);
        ck_assert(do53[0].closed);
        ck_assert_uint_eq(n_do53, 2);
        do53_say_address(&do53[0]);
        ck_assert_msg(n_answers == 0, "an answer to the socket that was closed counts");
        do53_say_address(&do53[1]);
        ck_assert_uint_eq(n_answers, 1);
}
END_TEST

START_TEST(after_a_truncated_response_the_query_is_sent_over_tcp)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        do53_begin(DNS_TC);
        do53_say(do53_last());
        ck_assert_uint_eq(n_do53, 2);
        ck_assert(do53[0].closed && do53[1].transport == TRANSPORT_TCP);
        ck_assert_uint_eq(do53[1].server, do53[0].server);
        do53_say_address(do53_last());
        ck_assert_uint_eq(n_answers, 1);
        ck_assert_uint_eq(got.ancount, 1);
}
END_TEST

START_TEST(over_tcp_a_wrong_response_ends_the_attempt)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        do53_begin(DNS_TC);
        do53_say(do53_last());
        do53_begin(0);
        wire_write16(w.data, 78);
        do53_say(do53_last());
        ck_assert_uint_eq(n_do53, 3);
        ck_assert_uint_eq(do53_last()->server, 2);
        ck_assert(do53[1].closed);
}
END_TEST

START_TEST(after_a_truncated_or_malformed_response_over_tcp_the_next_server_is_queried)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        do53_begin(DNS_TC);
        do53_say(do53_last());
        do53_say(do53_last());
        ck_assert_uint_eq(n_do53, 3);
        ck_assert_uint_eq(do53_last()->server, 2);
        do53_begin(0);
        wire_a(&w, 300);
        w.n -= 2;
        do53_say(do53_last());
        expect_servfail(EDE_NO_REACHABLE_AUTHORITY);
}
END_TEST

START_TEST(RFC6891_a_server_without_edns_is_queried_without_it_from_then_on)
{
        Message m;

        for (unsigned way = 0; way < 3; way++) {
                played_start(UPSTREAM_A "[Cache]\nEnable=no\n" FORWARD_CORP);
                ask_type(TYPE_A);
                do53_begin(way == 1 ? RCODE_NOTIMP : RCODE_FORMERR);
                if (way == 2) {
                        /* The header alone. */
                        wire_write16(w.data + 4, 0);
                        w.n = DNS_HEADER_SIZE;
                }
                do53_say(do53_last());
                ck_assert_uint_eq(n_do53, 2);
                ck_assert_uint_eq(do53_last()->server, 1);
                message_parse(&m, packet_bytes(do53_last()->message));
                ck_assert(!m.edns.present);
                do53_say_address(do53_last());
                ck_assert_uint_eq(n_answers, 1);
                ck_assert_uint_eq(message_rcode(&got), RCODE_NOERROR);
                ask_type(TYPE_A);
                message_parse(&m, packet_bytes(do53_last()->message));
                ck_assert_msg(!m.edns.present, "the OPT is tried each time");
        }
}
END_TEST

START_TEST(RFC6891_formerr_without_edns_is_delivered_after_a_few_attempts)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        for (unsigned i = 0; i < 4 && !n_answers; i++) {
                do53_begin(RCODE_FORMERR);
                do53_say(do53_last());
        }
        ck_assert_uint_eq(n_do53, 4);
        ck_assert_uint_eq(n_answers, 1);
        ck_assert_uint_eq(message_rcode(&got), RCODE_FORMERR);
}
END_TEST

START_TEST(after_servfail_or_refused_one_other_server_is_queried_before_it_is_delivered)
{
        for (unsigned rcode = RCODE_SERVFAIL; rcode <= RCODE_REFUSED; rcode += RCODE_REFUSED - RCODE_SERVFAIL) {
                played_start(UPSTREAM_A "[Forward corp]\nDomains=example.com\nDNS=10.0.0.1 10.0.0.2 10.0.0.3\n");
                ask_type(TYPE_A);
                do53_begin(rcode);
                do53_say(do53_last());
                ck_assert_uint_eq(n_answers, 0);
                ck_assert_uint_eq(do53_last()->server, 2);
                do53_begin(rcode);
                do53_say(do53_last());
                ck_assert_uint_eq(n_do53, 2);
                ck_assert_uint_eq(n_answers, 1);
                ck_assert_uint_eq(message_rcode(&got), rcode);
        }
}
END_TEST

START_TEST(a_refusal_is_delivered_if_the_next_server_does_not_answer)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        do53_begin(RCODE_REFUSED);
        do53_say(do53_last());
        pass(3 * SEC);
        ck_assert_uint_eq(n_answers, 1);
        ck_assert_uint_eq(message_rcode(&got), RCODE_REFUSED);
}
END_TEST

/* --- servers that fail */

START_TEST(after_a_timeout_the_next_server_is_queried_and_comes_first_from_then_on)
{
        played_start(UPSTREAM_A "[Cache]\nEnable=no\n" FORWARD_CORP);
        ask_type(TYPE_A);
        ck_assert_uint_eq(do53_last()->server, 1);
        pass(SEC);
        ck_assert_uint_eq(n_do53, 2);
        ck_assert_uint_eq(do53_last()->server, 2);
        ck_assert_msg(!do53[0].closed, "the first may still answer");
        do53_say_address(do53_last());
        ck_assert_uint_eq(n_answers, 1);
        ck_assert(do53[0].closed && do53[1].closed);
        ask_type(TYPE_A);
        ck_assert_uint_eq(do53_last()->server, 2);
}
END_TEST

START_TEST(a_server_that_timed_out_is_queried_after_untried_ones)
{
        played_start(UPSTREAM_A
                     "[Cache]\nEnable=no\n[Forward corp]\nDomains=example.com\nDNS=10.0.0.1 10.0.0.2 10.0.0.3\n");
        ask_type(TYPE_A);
        pass(SEC);
        do53_say_address(do53_last());
        ask_type(TYPE_A);
        ck_assert_uint_eq(do53_last()->server, 2);
        do53_fail(do53_last(), FAILURE_REFUSED);
        ck_assert_uint_eq(do53_last()->server, 3);
        do53_say_address(do53_last());
        now += 11 * SEC;
        ask_type(TYPE_A);
        do53_fail(do53_last(), FAILURE_REFUSED);
        ck_assert_msg(do53_last()->server == 1, "it rests for ever");
}
END_TEST

START_TEST(once_no_client_waits_no_other_server_is_queried)
{
        for (unsigned refused = 0; refused < 2; refused++) {
                unsigned sent = 0, after = 0;

                played_start("[Resolver]\nQueryTimeoutSec=500ms\n" UPSTREAM_A
                             "[Forward corp]\nDomains=example.com\nDNS=10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4\n");
                ask_type(TYPE_A);
                pass(550 * MSEC);
                ck_assert_uint_eq(n_answers, 1);
                ck_assert_uint_eq(n_do53, 3);
                for (unsigned i = 0; i < n_do53; i++)
                        sent += do53[i].sent;
                if (refused) {
                        do53_begin(RCODE_REFUSED);
                        do53_say(&do53[0]);
                } else {
                        do53_fail(&do53[0], FAILURE_REFUSED);
                }
                pass(3 * SEC);
                for (unsigned i = 0; i < n_do53; i++)
                        after += do53[i].sent;
                ck_assert_uint_eq(after, sent);
        }
}
END_TEST

START_TEST(a_late_answer_of_the_first_server_still_counts)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        pass(1500 * MSEC);
        ck_assert_uint_eq(n_do53, 2);
        do53_say_address(&do53[0]);
        ck_assert_uint_eq(n_answers, 1);
        ck_assert(do53[1].closed);
        ask_name("other.example.com");
        ck_assert_msg(do53_last()->server == 1, "it still rests though it has answered");
}
END_TEST

START_TEST(a_single_server_is_queried_again_from_the_same_socket)
{
        played_start(UPSTREAM_A "[Forward corp]\nDomains=example.com\nDNS=10.0.0.1\n");
        ask_type(TYPE_A);
        pass(SEC);
        ck_assert_uint_eq(do53[0].sent, 2);
        pass(2 * SEC);
        ck_assert_uint_eq(do53[0].sent, 3);
        do53_say_address(&do53[0]);
        ck_assert_uint_eq(n_answers, 1);
}
END_TEST

static bool asks_with_opt(unsigned i)
{
        Message m;

        ck_assert_int_eq(message_parse(&m, packet_bytes(do53[i].message)), MESSAGE_OK);
        return m.edns.present;
}

START_TEST(a_server_that_ignores_queries_with_an_opt_is_asked_without_one_and_remembered)
{
        played_start(UPSTREAM_A "[Forward corp]\nDomains=example.com\nDNS=10.0.0.1\n");
        ask_type(TYPE_A);
        ck_assert(asks_with_opt(0));
        pass(SEC);
        ck_assert_uint_eq(n_do53, 2);
        ck_assert(!asks_with_opt(1));
        do53_say_address(&do53[1]);
        ck_assert_uint_eq(n_answers, 1);
        ck_assert(do53[0].closed);
        ask_name("other.example.com");
        ck_assert_msg(!asks_with_opt(2), "it is asked with an OPT again");
        do53_say_address(&do53[2]);
        now += 16 * 60 * SEC;
        ask_name("later.example.com");
        ck_assert_msg(asks_with_opt(3), "EDNS is never tried again");
}
END_TEST

START_TEST(one_lost_query_does_not_make_a_server_one_without_edns)
{
        played_start(UPSTREAM_A "[Forward corp]\nDomains=example.com\nDNS=10.0.0.1\n");
        ask_type(TYPE_A);
        pass(SEC);
        do53_say_address(&do53[0]);
        ask_name("other.example.com");
        ck_assert(asks_with_opt(2));
}
END_TEST

START_TEST(when_a_server_is_unreachable_the_next_is_queried_at_once)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        do53_fail(&do53[0], FAILURE_REFUSED);
        ck_assert_uint_eq(do53_last()->server, 2);
        do53_say_address(do53_last());
        ck_assert_uint_eq(n_answers, 1);
}
END_TEST

START_TEST(with_all_servers_dead_a_query_is_servfail_and_no_upstream_is_queried)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        pass(4500 * MSEC);
        expect_servfail(EDE_NO_REACHABLE_AUTHORITY);
        ck_assert_uint_eq(n_sends, 0);
        ck_assert_uint_eq(n_connects, 0);
        for (unsigned i = 0; i < 2; i++)
                ck_assert_msg(do53[i].sent >= 2 && do53[i].sent <= 3, "server %u: %u", do53[i].server, do53[i].sent);
        ck_assert_uint_le(n_do53, 4);
        ck_assert_uint_eq(played_stats().forward_failed, 1);
        pass(3 * SEC);
        for (unsigned i = 0; i < n_do53; i++)
                ck_assert_msg(do53[i].closed, "a socket is open when nobody waits any longer");
        ck_assert_uint_eq(engine_next_time(e), USEC_NEVER);
}
END_TEST

START_TEST(without_a_route_to_any_server_a_query_is_a_network_error_at_once)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        now += 61 * SEC; /* no network is awaited any longer */
        ask_type(TYPE_A);
        for (unsigned i = 0; i < 2; i++) {
                do53_fail(&do53[i], FAILURE_NO_ROUTE);
        }
        expect_servfail(EDE_NETWORK_ERROR);
        ck_assert_uint_eq(n_sends, 0);
        ck_assert_msg(engine_network_state(e) == NETWORK_ONLINE, "it is not the upstreams' network that is gone");
}
END_TEST

START_TEST(U06_without_a_network_yet_a_query_waits_and_is_sent_when_a_route_appears)
{
        played_start(UPSTREAM_A FORWARD_CORP);
        ask_type(TYPE_A);
        for (unsigned i = 0; i < n_do53; i++)
                do53_fail(&do53[i], FAILURE_NO_ROUTE);
        ck_assert_ptr_null(answer);
        ck_assert_msg(engine_next_time(e) > now, "asked again without a pause");
        n_do53 = 0;
        engine_network_changed(e, true, now);
        act();
        ck_assert_msg(n_do53 == 1, "not sent when the route appeared");
        do53_fail(&do53[0], FAILURE_NO_ROUTE);
        do53_fail(&do53[1], FAILURE_NO_ROUTE);
        n_do53 = 0;
        pass_until_asked(SEC);
        ck_assert_msg(n_do53 == 1, "not sent again without a notice of the network");
}
END_TEST

START_TEST(a_dead_upstream_neither_sends_queries_to_do53_servers_nor_fails_theirs)
{
        UpstreamInfo u;
        unsigned before;

        played_start(UPSTREAM_A FORWARD_CORP);
        plays.refuses = FAILURE_REFUSED;
        for (unsigned i = 0; i < 20; i++) {
                wire_begin(&w, DNS_RD, TYPE_A);
                w.data[13] = (uint8_t) ('a' + i);
                w.data[17] = 'E' + 1; /* wwX.fxample.com */
                ask();
                ck_assert_uint_eq(n_do53, 0);
                now += SEC;
        }
        ck_assert(engine_upstream(e, 0, &u));
        ck_assert_int_eq(u.health->state, HEALTH_FAILED);
        before = n_answers;
        ask_type(TYPE_A);
        ck_assert_uint_eq(n_do53, 1);
        do53_say_address(do53_last());
        ck_assert_uint_eq(n_answers, before + 1);
        ck_assert_uint_eq(message_rcode(&got), RCODE_NOERROR);
}
END_TEST

START_TEST(dead_do53_servers_do_not_affect_the_health_of_upstreams)
{
        UpstreamInfo u;
        unsigned failed = 0;

        played_start(UPSTREAM_A FORWARD_CORP);
        for (unsigned i = 0; i < 20; i++) {
                ask_type(TYPE_A);
                while (failed < n_do53)
                        do53_fail(&do53[failed++], FAILURE_REFUSED);
                expect_servfail(EDE_NO_REACHABLE_AUTHORITY);
                now += 10 * SEC;
        }
        ck_assert(engine_upstream(e, 0, &u));
        ck_assert_int_eq(u.health->state, HEALTH_UNKNOWN);
        ck_assert_uint_eq(u.failures, 0);
}
END_TEST

START_TEST(above_512_forwarded_queries_more_are_servfail_at_once)
{
        played_start("[Resolver]\nQueryTimeoutSec=4s\n" UPSTREAM_A FORWARD_CORP);
        for (unsigned i = 0; i < 600; i++) {
                unsigned sent = n_do53;

                wire_begin(&w, DNS_RD, TYPE_A);
                w.data[13] = (uint8_t) ('a' + i / 26);
                w.data[14] = (uint8_t) ('a' + i % 26);
                wire_opt(&w, 1232, 0, "", 0);
                if (ask_as(i + 1, TRANSPORT_UDP))
                        expect_servfail(EDE_OTHER);
                sent = n_do53 - sent;
                ck_assert_uint_eq(n_queries, i + 1);
                ck_assert_msg(sent + n_answers == 1 + (i < 512 ? 0 : i - 512), "query %u", i);
                ck_assert_uint_eq(sent, i < 512);
        }
        ck_assert_uint_eq(n_answers, 600 - 512);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("forward");
        TCase *c = tcase_create("forward");

        tcase_add_checked_fixture(c, NULL, played_stop);
        tcase_add_test(c, names_of_a_forward_domain_go_to_its_server_and_no_other_names_do);
        tcase_add_test(c, a_forward_section_can_have_home_network_names_but_not_localhost_or_nonexistent_ones);
        tcase_add_test(c, RFC8467_the_question_is_not_padded_and_has_no_options_of_the_client);
        tcase_add_test(c, the_answer_reaches_the_client_and_the_socket_closes);
        tcase_add_test(c, RFC6840_ad_from_a_do53_server_is_cleared_even_if_upstreams_are_trusted);
        tcase_add_test(c, RFC5452_responses_with_another_id_or_question_are_ignored_and_the_right_one_still_counts);
        tcase_add_test(c, RFC5452_after_a_flood_of_wrong_responses_another_socket_is_used);
        tcase_add_test(c, after_a_truncated_response_the_query_is_sent_over_tcp);
        tcase_add_test(c, over_tcp_a_wrong_response_ends_the_attempt);
        tcase_add_test(c, after_a_truncated_or_malformed_response_over_tcp_the_next_server_is_queried);
        tcase_add_test(c, RFC6891_a_server_without_edns_is_queried_without_it_from_then_on);
        tcase_add_test(c, RFC6891_formerr_without_edns_is_delivered_after_a_few_attempts);
        tcase_add_test(c, after_servfail_or_refused_one_other_server_is_queried_before_it_is_delivered);
        tcase_add_test(c, a_refusal_is_delivered_if_the_next_server_does_not_answer);
        tcase_add_test(c, after_a_timeout_the_next_server_is_queried_and_comes_first_from_then_on);
        tcase_add_test(c, a_server_that_timed_out_is_queried_after_untried_ones);
        tcase_add_test(c, once_no_client_waits_no_other_server_is_queried);
        tcase_add_test(c, a_late_answer_of_the_first_server_still_counts);
        tcase_add_test(c, a_single_server_is_queried_again_from_the_same_socket);
        tcase_add_test(c, a_server_that_ignores_queries_with_an_opt_is_asked_without_one_and_remembered);
        tcase_add_test(c, one_lost_query_does_not_make_a_server_one_without_edns);
        tcase_add_test(c, when_a_server_is_unreachable_the_next_is_queried_at_once);
        tcase_add_test(c, with_all_servers_dead_a_query_is_servfail_and_no_upstream_is_queried);
        tcase_add_test(c, without_a_route_to_any_server_a_query_is_a_network_error_at_once);
        tcase_add_test(c, U06_without_a_network_yet_a_query_waits_and_is_sent_when_a_route_appears);
        tcase_add_test(c, a_dead_upstream_neither_sends_queries_to_do53_servers_nor_fails_theirs);
        tcase_add_test(c, dead_do53_servers_do_not_affect_the_health_of_upstreams);
        tcase_add_test(c, above_512_forwarded_queries_more_are_servfail_at_once);
        tcase_add_test(c, C12_RFC8945_a_signed_query_is_forwarded_unchanged);
        tcase_add_test(c, C12_RFC8945_the_answer_to_a_signed_query_passes_unchanged_except_for_the_id);
        suite_add_tcase(s, c);
        return run_suite(s);
}
