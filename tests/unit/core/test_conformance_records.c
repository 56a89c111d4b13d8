/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records go through as they came, whatever their type: FAULTS.md 4.5 D26-D29 and the rows of its RFC table (3.1) on
 * transparency. Each answer is delivered fresh and out of the cache, over TCP, and compared octet for octet. The table
 * is in tests/README.md.
 */

#include "played.h"
#include "run.h"

/* `w`, an answer without OPT, is what the client gets: fresh, and after a second out of the cache, except for its TTLs.
 */
static void passes(void)
{
        static Wire said;
        Record r;

        said = w;
        for (unsigned round = 0; round < 2; round++) {
                wire_begin(&w, DNS_RD, wire_read16(said.data + 29));
                if (round == 0) {
                        ck_assert(!ask_over(TRANSPORT_TCP));
                        w = said;
                        respond(0);
                } else {
                        now += SEC;
                        ck_assert_msg(ask_over(TRANSPORT_TCP), "the cache does not have it");
                }
                ck_assert_uint_eq(answer->n, said.n);
                ck_assert_mem_eq(answer->data + 4, said.data + 4, 8);
                for (RecordWalk walk = RECORD_WALK(&got); record_next(&walk, &r);) {
                        ck_assert_uint_eq(r.ttl, wire_read32(said.data + r.ttl_offset) - round);
                        wire_write32(answer->data + r.ttl_offset, r.ttl + round);
                }
                ck_assert_mem_eq(answer->data + DNS_HEADER_SIZE, said.data + DNS_HEADER_SIZE, said.n - DNS_HEADER_SIZE);
        }
        played_start_plain();
}

static void answer_of(unsigned type)
{
        wire_begin(&w, DNS_QR | DNS_RD | DNS_RA, type);
}

START_TEST(RFC3597_records_of_unknown_types_pass_octet_for_octet)
{
        /* What looks like a pointer, a label that runs out, an OPT or a signature is none of that here. */
        static const struct {
                const char *octets;
                size_t n;
        } data[] = { { "", 0 },
                     { "\xc0\xff", 2 },
                     { "\xff"
                       "abc",
                       4 },
                     { "\0\0\x29\x10\0\0\0\0\0\0\0", 11 },
                     { "\0", 1 } };

        for (unsigned type = 66; type < 0xffff; type += type < 100 ? 1 : 611)
                for (unsigned i = 0; i < ELEMENTS(data); i++) {
                        if (type >= TYPE_TKEY && type <= TYPE_ANY)
                                continue;
                        answer_of(type);
                        wire_record(&w, 0, HERE, 2, type, CLASS_IN, 300, data[i].octets, data[i].n);
                        passes();
                }
}
END_TEST

START_TEST(RFC3597_records_of_unknown_classes_pass_octet_for_octet)
{
        answer_of(TYPE_A);
        wire_record(&w, 0, HERE, 2, TYPE_A, CLASS_IN, 300, "\1\2\3\4", 4);
        wire_record(&w, 2, HERE, 2, TYPE_A, 1234, 300, "not an address", 14);
        passes();
}
END_TEST

START_TEST(RFC9460_SVCB_and_HTTPS_pass_with_parameters_known_unknown_and_out_of_order)
{
        static const uint8_t service[] = "\0\1\0"                    /* priority 1, the owner itself */
                                         "\0\1\0\6\2h2\2h3"          /* alpn */
                                         "\0\3\0\2\1\xbb"            /* port */
                                         "\0\4\0\4\1\2\3\4"          /* ipv4hint */
                                         "\0\5\0\4ech!"              /* ech */
                                         "\0\7\0\20/dns-query{?dns}" /* dohpath */
                                         "\xfd\xe8\0\3\0\xc0\x0c"    /* a private key */
                                         "\0\1\0\1x";                /* out of order, and twice: not ours to judge */
        static const uint8_t alias[] = "\0\0\3svc\7example\3net";

        for (unsigned type = TYPE_SVCB; type <= TYPE_HTTPS; type++) {
                answer_of(type);
                wire_record(&w, 0, HERE, 2, type, CLASS_IN, 300, service, sizeof(service) - 1);
                wire_record(&w, 0, HERE, 2, type, CLASS_IN, 300, alias, sizeof(alias));
                passes();
        }
}
END_TEST

START_TEST(RFC1035_names_in_MX_SOA_NS_PTR_and_CNAME_stay_compressed_or_not)
{
        answer_of(15);
        wire_record(&w, 0, HERE, 2, 15, CLASS_IN, 300, "\0\x0a\2mx\xc0\x10", 7);
        wire_record(&w, 0, HERE, 2, 15, CLASS_IN, 300, "\0\x14\4MAIL\7example\3net", 20);
        wire_record(&w, 1, "\xc0\x10", 2, TYPE_NS, CLASS_IN, 300, "\2ns\xc0\x10", 5);
        wire_record(&w, 2, "\xc0\x2f", 2, TYPE_A, CLASS_IN, 300, "\1\2\3\4", 4);
        passes();
        answer_of(TYPE_PTR);
        wire_record(&w, 0, HERE, 2, TYPE_PTR, CLASS_IN, 300, "\xc0\x0c", 2);
        passes();
}
END_TEST

START_TEST(RFC3597_names_in_SRV_NAPTR_and_later_types_are_only_octets)
{
        answer_of(33);
        wire_record(&w, 0, HERE, 2, 33, CLASS_IN, 300, "\0\1\0\2\0\x35\3sip\7example\3net", 23);
        wire_record(&w, 0, HERE, 2, 33, CLASS_IN, 300, "\0\1\0\2\0\x35\xc0\x0c", 8); /* RFC 2782 forbids, servers do */
        passes();
        answer_of(35);
        wire_record(&w, 0, HERE, 2, 35, CLASS_IN, 300, "\0\1\0\2\1s\7SIP+D2U\0\4_sip\4_udp\xc0\x10", 28);
        passes();
}
END_TEST

START_TEST(RFC6672_a_DNAME_its_signature_and_the_alias_made_of_it_pass)
{
        answer_of(TYPE_A);
        wire_record(&w, 0, "\xc0\x10", 2, 39, CLASS_IN, 300, "\7example\3net", 13);
        wire_record(&w, 0, HERE, 2, TYPE_CNAME, CLASS_IN, 300, "\3www\7example\3net", 17);
        wire_record(&w, 0, "\3www\7example\3net", 17, TYPE_A, CLASS_IN, 300, "\1\2\3\4", 4);
        passes();
}
END_TEST

START_TEST(RFC4034_signatures_and_denials_pass_in_all_sections)
{
        static uint8_t signature[18 + 13 + 256] = "\0\1\x08\3\0\0\1\x2c\x65\0\0\0\x64\0\0\0\x12\x34\7example\3com";

        for (size_t i = 31; i < sizeof(signature); i++)
                signature[i] = (uint8_t) (i * 37);
        answer_of(TYPE_A);
        wire_a(&w, 300);
        for (unsigned i = 0; i < 40; i++)
                wire_record(&w, 0, HERE, 2, TYPE_RRSIG, CLASS_IN, 300, signature, sizeof(signature));
        wire_record(&w, 1, HERE, 2, 47, CLASS_IN, 300, "\1b\7example\3com\0\0\7\x62\1\x80\x08\0\3\x80", 25);
        wire_record(&w, 1,
                    "\x20"
                    "0123456789abcdefghijklmnopqrstuv\xc0\x10",
                    35, 50, CLASS_IN, 300,
                    "\1\0\0\x0a\4\xaa\xbb\xcc\xdd\x14"
                    "01234567890123456789\0\1\x40",
                    33);
        wire_record(&w, 2, HERE, 2, 43, CLASS_IN, 300,
                    "\x12\x34\x08\2"
                    "0123456789abcdef0123456789abcdef",
                    36);
        passes();
}
END_TEST

START_TEST(D28_a_chain_of_100_aliases_and_a_loop_of_two_pass)
{
        unsigned owner = 12;

        answer_of(TYPE_A);
        for (unsigned i = 0; i < 100; i++) {
                uint8_t from[2] = { (uint8_t) (0xc0 | owner >> 8), (uint8_t) owner },
                        to[6] = { 3, 'a', (uint8_t) ('0' + i / 10), (uint8_t) ('0' + i % 10), 0xc0, 0x10 };

                owner = (unsigned) w.n + 12;
                wire_record(&w, 0, from, 2, TYPE_CNAME, CLASS_IN, 300, to, 6);
        }
        wire_record(&w, 0, (uint8_t[]) { (uint8_t) (0xc0 | owner >> 8), (uint8_t) owner }, 2, TYPE_A, CLASS_IN, 300,
                    "\1\2\3\4", 4);
        passes();
        answer_of(TYPE_CNAME);
        wire_record(&w, 0, HERE, 2, TYPE_CNAME, CLASS_IN, 300, "\1a\xc0\x10", 4);
        wire_record(&w, 0, "\1a\xc0\x10", 4, TYPE_CNAME, CLASS_IN, 300, HERE, 2);
        passes();
}
END_TEST

START_TEST(D29_RFC7766_TXT_of_64_KiB_passes_whole)
{
        static uint8_t text[65535];

        for (size_t i = 0; i < sizeof(text); i++)
                text[i] = (uint8_t) (i % 256 ? i * 7 : 255);
        answer_of(TYPE_TXT);
        wire_record(&w, 0, HERE, 2, TYPE_TXT, CLASS_IN, 300, text, 65535 - w.n - 12);
        ck_assert_uint_eq(w.n, 65535);
        passes();
        answer_of(TYPE_TXT);
        for (unsigned i = 0; i < 255; i++)
                wire_record(&w, 0, HERE, 2, TYPE_TXT, CLASS_IN, 300, text, 240);
        passes();
}
END_TEST

START_TEST(RFC2181_a_record_set_with_different_ttls_lives_as_long_as_the_shortest)
{
        answer_of(TYPE_A);
        wire_a(&w, 300);
        wire_a(&w, 60);
        passes();
        wire_begin(&w, DNS_RD, TYPE_A);
        ck_assert(!ask());
        answer_of(TYPE_A);
        wire_a(&w, 300);
        wire_a(&w, 60);
        respond(0);
        now += 61 * SEC;
        wire_begin(&w, DNS_RD, TYPE_A);
        ck_assert(!ask());
}
END_TEST

START_TEST(RFC2181_a_ttl_with_its_top_bit_set_is_0_to_the_client)
{
        wire_begin(&w, DNS_RD, TYPE_A);
        ck_assert(!ask());
        answer_of(TYPE_A);
        wire_a(&w, 0xffffffff);
        respond(0);
        ck_assert_uint_eq(wire_read32(answer->data + got.question_end + 6), 0);
        wire_begin(&w, DNS_RD, TYPE_A);
        ck_assert_msg(!ask(), "kept in the cache");
}
END_TEST

START_TEST(RFC2308_a_denial_passes_with_its_soa)
{
        answer_of(TYPE_A);
        wire_soa(&w, 300, 60);
        passes();
        answer_of(TYPE_A);
        w.data[3] |= RCODE_NXDOMAIN;
        wire_record(&w, 0, HERE, 2, TYPE_CNAME, CLASS_IN, 300, "\1a\xc0\x10", 4);
        wire_soa(&w, 300, 60);
        passes();
}
END_TEST

int main(void)
{
        Suite *s = suite_create("conformance_records");
        TCase *c = tcase_create("records");

        tcase_add_checked_fixture(c, played_start_plain, played_stop);
        tcase_add_test(c, RFC3597_records_of_unknown_types_pass_octet_for_octet);
        tcase_add_test(c, RFC3597_records_of_unknown_classes_pass_octet_for_octet);
        tcase_add_test(c, RFC9460_SVCB_and_HTTPS_pass_with_parameters_known_unknown_and_out_of_order);
        tcase_add_test(c, RFC1035_names_in_MX_SOA_NS_PTR_and_CNAME_stay_compressed_or_not);
        tcase_add_test(c, RFC3597_names_in_SRV_NAPTR_and_later_types_are_only_octets);
        tcase_add_test(c, RFC6672_a_DNAME_its_signature_and_the_alias_made_of_it_pass);
        tcase_add_test(c, RFC4034_signatures_and_denials_pass_in_all_sections);
        tcase_add_test(c, D28_a_chain_of_100_aliases_and_a_loop_of_two_pass);
        tcase_add_test(c, D29_RFC7766_TXT_of_64_KiB_passes_whole);
        tcase_add_test(c, RFC2181_a_record_set_with_different_ttls_lives_as_long_as_the_shortest);
        tcase_add_test(c, RFC2181_a_ttl_with_its_top_bit_set_is_0_to_the_client);
        tcase_add_test(c, RFC2308_a_denial_passes_with_its_soa);
        suite_add_tcase(s, c);
        return run_suite(s);
}
