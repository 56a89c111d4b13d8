/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * EDNS, towards clients and upstreams: two legs that share nothing but DO, rcodes and extended errors. Rows of
 * FAULTS.md 3.1 and C09; the table is in tests/README.md.
 */

#include "played.h"
#include "run.h"

static void query(unsigned size, uint32_t ttl, const void *options, size_t n)
{
        wire_begin(&w, DNS_RD, TYPE_A);
        wire_opt(&w, size, ttl, options, n);
}

/* The upstream's answer: one address, with an OPT. */
static void answer_with(unsigned flags, uint32_t ttl, const void *options, size_t n)
{
        wire_begin(&w, DNS_QR | DNS_RA | flags, TYPE_A);
        wire_a(&w, 300);
        wire_opt(&w, 1410, ttl, options, n);
        respond(0);
}

/* Whatever the client sends as options: it is asked, and none of them goes on. */
static void asked_without_options(void)
{
        ck_assert_msg(!ask(), "there is an answer at once");
        ck_assert_uint_eq(asked_message().edns.options.n, wire_read16(asked_message().edns.options.p + 2) + 4u);
        ck_assert_uint_eq(wire_read16(asked_message().edns.options.p), EDNS_OPTION_PADDING);
        wire_begin(&w, DNS_QR | RCODE_SERVFAIL, TYPE_A);
        respond(0);
        pass(400 * SEC); /* until that failure is forgotten */
}

START_TEST(RFC6891_an_opt_is_answered_with_one_and_none_with_none)
{
        for (unsigned kind = 0; kind < 4; kind++) {
                wire_begin(&w, DNS_RD, 1000 + kind);
                if (kind & 1)
                        wire_opt(&w, 1232, 0, "", 0);
                ck_assert(!ask());
                wire_begin(&w, DNS_QR, 1000 + kind);
                wire_record(&w, 0, HERE, 2, 1000 + kind, CLASS_IN, 300, "x", 1);
                if (kind & 2)
                        wire_opt(&w, 1410, 0, "", 0);
                respond(0);
                ck_assert_int_eq(got.edns.present, kind & 1);
                ck_assert_uint_eq(got.arcount, kind & 1);
        }
}
END_TEST

START_TEST(RFC6891_two_opts_are_formerr)
{
        query(1232, 0, "", 0);
        wire_opt(&w, 1232, 0, "", 0);
        ck_assert_uint_eq(rcode_at_once(TRANSPORT_UDP), RCODE_FORMERR);
        ck_assert(got.edns.present);
}
END_TEST

START_TEST(RFC6891_an_opt_whose_owner_is_not_the_root_is_formerr)
{
        wire_begin(&w, DNS_RD, TYPE_A);
        wire_record(&w, 2, HERE, 2, TYPE_OPT, 1232, 0, "", 0);
        ck_assert_uint_eq(rcode_at_once(TRANSPORT_UDP), RCODE_FORMERR);
        ck_assert(got.edns.present);
}
END_TEST

START_TEST(RFC6891_an_opt_in_another_section_is_formerr)
{
        for (unsigned section = 0; section < 2; section++) {
                wire_begin(&w, DNS_RD, TYPE_A);
                wire_record(&w, section, "", 1, TYPE_OPT, 1232, 0, "", 0);
                ck_assert_uint_eq(rcode_at_once(TRANSPORT_UDP), RCODE_FORMERR);
        }
}
END_TEST

START_TEST(RFC6891_every_version_but_0_is_badvers)
{
        for (unsigned version = 1; version < 256; version++) {
                query(1232, version << 16, "", 0);
                ck_assert_uint_eq(rcode_at_once(TRANSPORT_UDP), RCODE_BADVERS);
                ck_assert_uint_eq(got.edns.version, 0);
        }
}
END_TEST

START_TEST(RFC6891_a_size_below_512_counts_as_512)
{
        static const unsigned sizes[] = { 0, 1, 511, 512, 513 };
        static uint8_t rdata[600];

        for (unsigned i = 0; i < ELEMENTS(sizes); i++)
                for (unsigned octets = 512; octets <= 514; octets++) {
                        unsigned type = 1000 + i * 1000 + octets;

                        wire_begin(&w, DNS_RD, type);
                        wire_opt(&w, sizes[i], 0, "", 0);
                        ck_assert(!ask());
                        wire_begin(&w, DNS_QR, type);
                        wire_record(&w, 0, HERE, 2, type, CLASS_IN, 300, rdata, octets - 33 - 12 - 11);
                        respond(0);
                        ck_assert_int_eq(!!(got.flags & DNS_TC), octets > MAX(sizes[i], 512u));
                }
}
END_TEST

START_TEST(RFC6891_unknown_options_are_ignored_and_not_forwarded)
{
        for (unsigned code = 0; code < 0x10000; code += code < 40 || code > 0xfff0 ? 1 : 997) {
                uint8_t option[4 + 8] = { (uint8_t) (code >> 8), (uint8_t) code, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8 };

                query(1232, 0, option, sizeof(option));
                asked_without_options();
        }
}
END_TEST

START_TEST(RFC6891_unknown_flags_are_ignored_and_not_echoed)
{
        query(1232, 0xffff, "", 0);
        ck_assert(!ask());
        ck_assert(asked_message().edns.dnssec_ok);
        ck_assert_uint_eq(wire_read16(asked->data + asked_message().opt_offset + 7), 0x8000);
        answer_with(0, 0x7fff, "", 0);
        ck_assert_uint_eq(wire_read16(answer->data + got.opt_offset + 7), 0x8000);
}
END_TEST

START_TEST(RFC3225_do_is_echoed)
{
        for (unsigned dnssec = 0; dnssec < 2; dnssec++) {
                query(1232, dnssec ? 0x8000 : 0, "", 0);
                ck_assert(!ask());
                answer_with(0, dnssec ? 0 : 0x8000, "", 0);
                ck_assert_int_eq(got.edns.dnssec_ok, dnssec);
        }
}
END_TEST

START_TEST(RFC6891_a_badly_formed_option_is_formerr_with_an_opt)
{
        static const struct {
                const char *octets;
                size_t n;
        } bad[] = { { "x", 1 }, { "\0\3\0", 3 }, { "\0\3\0\1", 4 }, { "\0\3\0\2x", 5 }, { "\0\3\0\0\0\3\xff\xff", 8 } };

        for (unsigned i = 0; i < ELEMENTS(bad); i++) {
                query(1232, 0, bad[i].octets, bad[i].n);
                ck_assert_uint_eq(rcode_at_once(TRANSPORT_UDP), RCODE_FORMERR);
                ck_assert(got.edns.present);
                ck_assert_uint_eq(got.qtype, TYPE_A);
        }
}
END_TEST

START_TEST(RFC6891_64_options_are_accepted_and_300_are_formerr)
{
        static uint8_t options[300 * 4];

        for (unsigned i = 0; i < 300; i++)
                wire_write16(options + 4 * i, 65001);
        query(4096, 0, options, 64 * 4);
        asked_without_options();
        query(4096, 0, options, sizeof(options));
        ck_assert_uint_eq(rcode_at_once(TRANSPORT_UDP), RCODE_FORMERR);
}
END_TEST

START_TEST(RFC6891_the_opt_of_an_answer_is_never_cached)
{
        query(1232, 0x8000, "", 0);
        ck_assert(!ask());
        answer_with(0, 0x8000, "\0\x03\0\2ns\0\x0c\0\2\0\0", 12);
        ck_assert_uint_eq(got.edns.options.n, 0);
        ck_assert_uint_eq(got.edns.udp_size, 4096);
        query(512, 0x8000, "", 0);
        ck_assert(ask_over(TRANSPORT_TCP));
        ck_assert_uint_eq(got.edns.options.n, 0);
        ck_assert_uint_eq(got.edns.udp_size, 4096);
}
END_TEST

START_TEST(RFC6891_extended_rcodes_reach_clients_with_edns_and_are_servfail_for_others)
{
        static const unsigned rcodes[] = { 16, 22, 23, 24, 255, 256, 4095 };

        for (unsigned i = 0; i < ELEMENTS(rcodes); i++)
                for (unsigned edns = 0; edns < 2; edns++) {
                        played_start_plain();
                        wire_begin(&w, DNS_RD, TYPE_A);
                        if (edns)
                                wire_opt(&w, 1232, 0, "", 0);
                        ck_assert(!ask());
                        wire_begin(&w, DNS_QR | (rcodes[i] & 15), TYPE_A);
                        wire_opt(&w, 1232, rcodes[i] >> 4 << 24, "", 0);
                        respond(0);
                        ck_assert_uint_eq(message_rcode(&got), edns ? rcodes[i] : RCODE_SERVFAIL);
                }
}
END_TEST

START_TEST(RFC7871_client_subnet_is_not_forwarded)
{
        query(1232, 0, "\0\x08\0\7\0\1\x18\0\1\2\3", 11);
        asked_without_options();
}
END_TEST

START_TEST(RFC5001_nsid_is_not_forwarded)
{
        query(1232, 0, "\0\3\0\0", 4);
        asked_without_options();
}
END_TEST

START_TEST(RFC7901_chain_is_not_forwarded)
{
        query(1232, 0x8000, "\0\x0d\0\1\0", 5);
        asked_without_options();
}
END_TEST

START_TEST(RFC9567_a_reporting_channel_does_not_reach_the_client)
{
        query(1232, 0, "", 0);
        ck_assert(!ask());
        answer_with(0, 0, "\0\x12\0\7\5agent\0", 11);
        ck_assert_uint_eq(got.edns.options.n, 0);
}
END_TEST

START_TEST(RFC7873_a_cookie_is_ignored_and_one_of_invalid_size_is_formerr)
{
        for (unsigned n = 0; n <= 48; n++) {
                uint8_t option[4 + 48] = { 0, 10, 0, (uint8_t) n };

                memset(option + 4, 'c', n);
                query(1232, 0, option, 4 + n);
                if (n == 8 || (n >= 16 && n <= 40)) {
                        ck_assert_msg(!ask(), "%u octets", n);
                        ck_assert_uint_eq(
                                count_options(&(Message[]) { asked_message() } -> edns, EDNS_OPTION_COOKIE), 0);
                        wire_begin(&w, DNS_QR | RCODE_SERVFAIL, TYPE_A);
                        respond(0);
                        ck_assert_uint_eq(count_options(&got.edns, EDNS_OPTION_COOKIE), 0);
                        pass(400 * SEC);
                } else {
                        ck_assert_uint_eq(rcode_at_once(TRANSPORT_UDP), RCODE_FORMERR);
                        ck_assert(got.edns.present);
                }
        }
}
END_TEST

START_TEST(RFC7828_keepalive_is_answered_with_the_idle_time_over_tcp_only)
{
        for (Transport transport = TRANSPORT_UDP; transport <= TRANSPORT_TCP; transport++)
                for (unsigned wanted = 0; wanted < 2; wanted++) {
                        query(1232, 0, "\0\x0b\0\0", wanted ? 4 : 0);
                        if (!ask_over(transport))
                                answer_with(0, 0, "", 0);
                        ck_assert_uint_eq(count_options(&got.edns, EDNS_OPTION_KEEPALIVE),
                                          transport == TRANSPORT_TCP && wanted);
                        if (transport == TRANSPORT_TCP && wanted)
                                ck_assert_mem_eq(got.edns.options.p, "\0\x0b\0\2\1\x2c", 6); /* 30 s in tenths */
                }
}
END_TEST

START_TEST(RFC8467_queries_upstream_are_multiples_of_128_octets_and_padded_with_zeros)
{
        wire_begin(&w, DNS_RD, TYPE_A);
        ck_assert(!ask());
        wire_begin(&w, DNS_QR, TYPE_A);
        wire_a(&w, 300);
        respond(0);
        for (unsigned label = 1; label <= 63; label++) {
                static const uint8_t zeros[128];
                Message m;

                wire_begin(&w, DNS_RD, TYPE_A);
                w.n = DNS_HEADER_SIZE;
                wire_put(&w, &(uint8_t) { (uint8_t) label }, 1);
                memset(w.data + w.n, 'x', label);
                w.n += label;
                wire_put(&w, "\0\0\1\0\1", 5);
                ck_assert(!ask());
                m = asked_message();
                ck_assert_uint_eq(asked->n % 128, 0);
                ck_assert_uint_eq(wire_read16(m.edns.options.p), EDNS_OPTION_PADDING);
                ck_assert_mem_eq(m.edns.options.p + 4, zeros, m.edns.options.n - 4);
        }
}
END_TEST

START_TEST(RFC7830_queries_are_not_padded_with_padding_turned_off)
{
        played_start(PLAIN "[Resolver]\nPadding=no\n");
        query(1232, 0, "\0\x0c\0\4\0\0\0\0", 8);
        ck_assert(!ask());
        ck_assert_uint_eq(asked_message().edns.options.n, 0);
}
END_TEST

START_TEST(RFC7830_padding_of_any_content_is_accepted_and_never_reaches_clients)
{
        query(1232, 0, "\0\x0c\0\4\1\2\3\4", 8);
        ck_assert(!ask());
        answer_with(0, 0, "\0\x0c\0\5\xff\xfe\xfd\xfc\xfb", 9);
        ck_assert(!got.edns.padding);
        query(1232, 0, "\0\x0c\0\0", 4);
        ck_assert(ask_over(TRANSPORT_TCP));
        ck_assert(!got.edns.padding);
}
END_TEST

START_TEST(RFC8914_extended_errors_with_their_text_reach_clients_with_edns_only)
{
        for (unsigned edns = 0; edns < 2; edns++) {
                played_start_plain();
                wire_begin(&w, DNS_RD, TYPE_A);
                if (edns)
                        wire_opt(&w, 1232, 0, "", 0);
                ck_assert(!ask());
                wire_begin(&w, DNS_QR | RCODE_SERVFAIL, TYPE_A);
                wire_opt(&w, 1232, 0, "\0\x0f\0\7\0\6bogus\0\x0f\0\2\xff\xff", 17);
                respond(0);
                ck_assert_uint_eq(message_rcode(&got), RCODE_SERVFAIL);
                ck_assert_int_eq(got.edns.present, edns);
                if (edns)
                        ck_assert_mem_eq(got.edns.options.p, "\0\x0f\0\7\0\6bogus\0\x0f\0\2\xff\xff", 17);
        }
}
END_TEST

START_TEST(RFC8914_text_that_is_not_printable_utf8_is_removed)
{
        static const struct {
                const char *text;
                size_t n, passed;
        } cases[] = {
                { "", 0, 0 },
                { "caf\xc3\xa9", 5, 5 },
                { "bogus\0", 6, 5 }, /* a NUL at the end is cut off */
                { "bogus\0\0", 7, 5 },
                { "\0", 1, 0 },
                { "bo\0gus", 6, 0 },
                { "bogus\n", 6, 0 },
                { "\x1b[31mred", 8, 0 },
                { "\xc2\x9b"
                  "31mred",
                  8, 0 },
                { "del\x7f", 4, 0 },
                { "latin \xe9", 7, 0 },
                { "half \xc3", 6, 0 },
                { "\xe2\x80\xae reversed", 12, 0 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                uint8_t options[64] = { 0, EDNS_OPTION_EDE, 0, (uint8_t) (2 + cases[i].n), 0, 6 };

                memcpy(options + 6, cases[i].text, cases[i].n);
                for (unsigned cached = 0; cached < 2; cached++) {
                        wire_begin(&w, DNS_RD, (unsigned) (1000 + i));
                        wire_opt(&w, 1232, 0, "", 0);
                        ck_assert_int_eq(ask(), cached);
                        if (!cached) {
                                wire_begin(&w, DNS_QR, (unsigned) (1000 + i));
                                wire_record(&w, 0, HERE, 2, (unsigned) (1000 + i), CLASS_IN, 300, "x", 1);
                                wire_opt(&w, 1232, 0, options, 6 + cases[i].n);
                                respond(0);
                        }
                        ck_assert_uint_eq(got.edns.options.n, 6 + cases[i].passed);
                        ck_assert_uint_eq(wire_read16(got.edns.options.p + 2), 2 + cases[i].passed);
                        ck_assert_uint_eq(wire_read16(got.edns.options.p + 4), 6);
                        ck_assert_int_eq(memcmp(got.edns.options.p + 6, cases[i].text, cases[i].passed), 0);
                }
        }
}
END_TEST

START_TEST(RFC8914_an_extended_error_is_dropped_before_records_are)
{
        static uint8_t rdata[512], options[4 + 2 + 200];
        unsigned room = 512 - 33 - 12 - 11;

        memcpy(options, "\0\x0f\0\xca\0\6", 6);
        memset(options + 6, 'x', 200);
        wire_begin(&w, DNS_RD, 1000);
        wire_opt(&w, 512, 0, "", 0);
        ck_assert(!ask());
        wire_begin(&w, DNS_QR, 1000);
        wire_record(&w, 0, HERE, 2, 1000, CLASS_IN, 300, rdata, room);
        wire_opt(&w, 1232, 0, options, sizeof(options));
        respond(0);
        ck_assert(!(got.flags & DNS_TC));
        ck_assert_uint_eq(got.ancount, 1);
        ck_assert_uint_eq(got.edns.options.n, 0);
}
END_TEST

/* What an upstream sends is not to cost us more than that, nor fill what is made for it. */
START_TEST(RFC8914_at_most_four_extended_errors_of_512_octets_are_passed_on)
{
        static uint8_t options[20 * (4 + 600)];
        static const size_t sizes[] = { 513, 512, 600, 2, 512, 512, 512, 512, 512, 512, 512, 512, 512, 512 };
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTS(sizes); i++, n += 4 + sizes[i - 1]) {
                wire_write16(options + n, EDNS_OPTION_EDE);
                wire_write16(options + n + 2, (unsigned) sizes[i]);
                memset(options + n + 4, 'x', sizes[i]);
        }
        wire_begin(&w, DNS_RD, TYPE_A);
        wire_opt(&w, 4096, 0, "", 0);
        ck_assert(!ask());
        wire_begin(&w, DNS_QR | RCODE_SERVFAIL, TYPE_A);
        wire_opt(&w, 1232, 0, options, n);
        respond(0);
        ck_assert_uint_eq(count_options(&got.edns, EDNS_OPTION_EDE), 4);
        ck_assert_uint_eq(got.edns.options.n, 4 * 4 + 512 + 2 + 512 + 512);
}
END_TEST

START_TEST(RFC8914_failures_of_our_own_have_an_extended_error)
{
        query(1232, 0, "", 0);
        ck_assert(!ask());
        for (unsigned i = 0; !answer && i < 100; i++)
                pass(100 * MSEC);
        ck_assert_uint_eq(message_rcode(&got), RCODE_SERVFAIL);
        ck_assert_uint_eq(wire_read16(got.edns.options.p + 4), EDE_NO_REACHABLE_AUTHORITY);
        played_start_plain();
        query(1232, 0, "", 0);
        ck_assert(!ask());
        wire_begin(&w, DNS_QR | RCODE_SERVFAIL, TYPE_A);
        respond(0);
        query(1232, 0, "", 0);
        ck_assert(ask());
        ck_assert_uint_eq(wire_read16(got.edns.options.p + 4), EDE_CACHED_ERROR);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("conformance_edns");
        TCase *c = tcase_create("edns");

        tcase_add_checked_fixture(c, played_start_plain, played_stop);
        tcase_add_test(c, RFC6891_an_opt_is_answered_with_one_and_none_with_none);
        tcase_add_test(c, RFC6891_two_opts_are_formerr);
        tcase_add_test(c, RFC6891_an_opt_whose_owner_is_not_the_root_is_formerr);
        tcase_add_test(c, RFC6891_an_opt_in_another_section_is_formerr);
        tcase_add_test(c, RFC6891_every_version_but_0_is_badvers);
        tcase_add_test(c, RFC6891_a_size_below_512_counts_as_512);
        tcase_add_test(c, RFC6891_unknown_options_are_ignored_and_not_forwarded);
        tcase_add_test(c, RFC6891_unknown_flags_are_ignored_and_not_echoed);
        tcase_add_test(c, RFC3225_do_is_echoed);
        tcase_add_test(c, RFC6891_a_badly_formed_option_is_formerr_with_an_opt);
        tcase_add_test(c, RFC6891_64_options_are_accepted_and_300_are_formerr);
        tcase_add_test(c, RFC6891_the_opt_of_an_answer_is_never_cached);
        tcase_add_test(c, RFC6891_extended_rcodes_reach_clients_with_edns_and_are_servfail_for_others);
        tcase_add_test(c, RFC7871_client_subnet_is_not_forwarded);
        tcase_add_test(c, RFC5001_nsid_is_not_forwarded);
        tcase_add_test(c, RFC7901_chain_is_not_forwarded);
        tcase_add_test(c, RFC9567_a_reporting_channel_does_not_reach_the_client);
        tcase_add_test(c, RFC7873_a_cookie_is_ignored_and_one_of_invalid_size_is_formerr);
        tcase_add_test(c, RFC7828_keepalive_is_answered_with_the_idle_time_over_tcp_only);
        tcase_add_test(c, RFC8467_queries_upstream_are_multiples_of_128_octets_and_padded_with_zeros);
        tcase_add_test(c, RFC7830_queries_are_not_padded_with_padding_turned_off);
        tcase_add_test(c, RFC7830_padding_of_any_content_is_accepted_and_never_reaches_clients);
        tcase_add_test(c, RFC8914_extended_errors_with_their_text_reach_clients_with_edns_only);
        tcase_add_test(c, RFC8914_text_that_is_not_printable_utf8_is_removed);
        tcase_add_test(c, RFC8914_an_extended_error_is_dropped_before_records_are);
        tcase_add_test(c, RFC8914_at_most_four_extended_errors_of_512_octets_are_passed_on);
        tcase_add_test(c, RFC8914_failures_of_our_own_have_an_extended_error);
        suite_add_tcase(s, c);
        return run_suite(s);
}
