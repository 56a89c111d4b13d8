/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What clients may send, and what they get: FAULTS.md 4.7 C01-C16, and the rows of its RFC table (3.1) that are about
 * messages from clients. The table is in tests/README.md.
 */

#include "played.h"
#include "run.h"

/* A name of `n` octets on the wire, in labels of at most 63. */
static size_t long_name(uint8_t *ret, size_t n)
{
        size_t at = 0;

        while (n - at > 1) {
                size_t label = MIN(n - at - 2, (size_t) 63);

                ret[at] = (uint8_t) label;
                memset(ret + at + 1, 'x', label);
                at += 1 + label;
        }
        ret[at] = 0;
        return n;
}

START_TEST(RFC1035_names_of_255_octets_are_forwarded_and_of_256_are_format_errors)
{
        uint8_t name[300];

        wire_question(&w, DNS_RD, name, long_name(name, 255), TYPE_A, CLASS_IN);
        ck_assert(!ask());
        ck_assert_uint_eq(asked_message().qname.n, 255);
        wire_question(&w, DNS_RD, name, long_name(name, 256), TYPE_A, CLASS_IN);
        ck_assert_uint_eq(rcode_at_once(TRANSPORT_UDP), RCODE_FORMERR);
}
END_TEST

START_TEST(RFC1035_labels_of_63_octets_are_forwarded_and_of_64_are_format_errors)
{
        uint8_t name[70] = { 63 };

        memset(name + 1, 'x', 64);
        name[64] = 0;
        wire_question(&w, DNS_RD, name, 65, TYPE_A, CLASS_IN);
        ck_assert(!ask());
        ck_assert_uint_eq(asked_message().qname.n, 65);
        name[0] = 64;
        name[64] = 'x';
        name[65] = 0;
        wire_question(&w, DNS_RD, name, 66, TYPE_A, CLASS_IN);
        ck_assert_uint_eq(rcode_at_once(TRANSPORT_UDP), RCODE_FORMERR);
}
END_TEST

START_TEST(RFC1035_without_edns_an_answer_of_512_octets_is_whole_and_of_513_is_truncated)
{
        for (unsigned size = 512; size <= 513; size++) {
                uint8_t rdata[600];
                unsigned n = size - 33 - 12;

                memset(rdata, 'x', sizeof(rdata));
                wire_begin(&w, DNS_RD, size);
                ck_assert(!ask());
                wire_begin(&w, DNS_QR | DNS_RA, size);
                wire_record(&w, 0, HERE, 2, size, CLASS_IN, 300, rdata, n);
                respond(0);
                ck_assert_int_eq(!!(got.flags & DNS_TC), size == 513);
                ck_assert_uint_eq(answer->n, size == 513 ? 33 : 512);
        }
}
END_TEST

START_TEST(RFC2181_any_octets_make_a_label)
{
        static const uint8_t name[] = "\4\0.\\\xff\7\200\201\1\2 \"\n\1*";
        static const uint8_t idn[] = "\7b\xc3\xbc"
                                     "cher\4test";

        wire_question(&w, DNS_RD, name, sizeof(name), TYPE_A, CLASS_IN);
        ck_assert(!ask());
        ck_assert_uint_eq(asked_message().qname.n, sizeof(name));
        ck_assert_mem_eq(asked_message().qname.p, name, sizeof(name));
        wire_question(&w, DNS_RD, idn, sizeof(idn), TYPE_A, CLASS_IN);
        ck_assert(!ask());
        ck_assert_mem_eq(asked_message().qname.p, idn, sizeof(idn));
}
END_TEST

START_TEST(RFC1035_the_root_is_a_name)
{
        wire_question(&w, DNS_RD, "", 1, TYPE_NS, CLASS_IN);
        ck_assert(!ask());
        ck_assert_uint_eq(asked_message().qname.n, 1);
}
END_TEST

START_TEST(RFC4343_clients_with_another_case_share_query_and_cache_and_get_their_own_spelling)
{
        wire_begin(&w, DNS_RD, TYPE_A);
        ck_assert(!ask());
        wire_begin(&w, DNS_RD, TYPE_A);
        memcpy(w.data + 13, "wWw", 3);
        ck_assert(!ask_as(2, TRANSPORT_UDP));
        ck_assert_uint_eq(n_sends, 1);
        respond_address();
        ck_assert_uint_eq(n_answers, 2);
        ck_assert_mem_eq(got.qname.p, "\3wWw", 4);
        wire_begin(&w, DNS_RD, TYPE_A);
        memcpy(w.data + 13, "WWW", 3);
        ck_assert(ask());
        ck_assert_mem_eq(got.qname.p, "\3WWW", 4);
        ck_assert_uint_eq(n_sends, 1);
}
END_TEST

START_TEST(RFC4343_only_ascii_letters_fold)
{
        static const uint8_t low[] = "\2[\xe4", high[] = "\2{\xc4";

        wire_question(&w, DNS_RD, low, sizeof(low), TYPE_A, CLASS_IN);
        ck_assert(!ask());
        wire_question(&w, DNS_RD, high, sizeof(high), TYPE_A, CLASS_IN);
        ck_assert(!ask_as(2, TRANSPORT_UDP));
        ck_assert_uint_eq(n_sends, 2);
}
END_TEST

static bool never_forwarded(unsigned type)
{
        return type == 0 || type == TYPE_OPT || type == TYPE_TSIG || type == TYPE_AXFR || type == TYPE_IXFR;
}

START_TEST(RFC5625_C08_every_type_is_forwarded_except_those_that_ask_for_no_data)
{
        for (unsigned type = 0; type < 0x10000; type += type < 300 || type > 0xff00 ? 1 : 97) {
                wire_begin(&w, DNS_RD, type);
                if (ask()) {
                        ck_assert_msg(never_forwarded(type), "type %u was not forwarded", type);
                        continue;
                }
                ck_assert_uint_eq(asked_message().qtype, type);
                wire_begin(&w, DNS_QR | RCODE_SERVFAIL, type);
                respond(0);
        }
}
END_TEST

START_TEST(RFC5625_C06_every_class_is_forwarded)
{
        for (unsigned class = 0; class < 0x10000; class += class < 300 || class > 0xff00 ? 1 : 97) {
                wire_question(&w, DNS_RD, "\7version\4bind", 14, TYPE_TXT, class);
                ck_assert(!ask());
                ck_assert_uint_eq(asked_message().qclass, class);
                wire_write16(w.data + 2, DNS_QR | RCODE_REFUSED);
                respond(0);
        }
}
END_TEST

START_TEST(RFC5625_queries_with_unknown_flags_are_forwarded)
{
        static const unsigned flags[] = { DNS_AD, DNS_Z,  DNS_AA,
                                          DNS_TC, DNS_RA, DNS_Z | DNS_AD | DNS_TC | DNS_RA | DNS_AA,
                                          15 };

        for (unsigned i = 0; i < ELEMENTS(flags); i++) {
                wire_begin(&w, DNS_RD | flags[i], 1000 + i);
                ck_assert(!ask());
                ck_assert_uint_eq(asked_message().flags & (unsigned) ~(DNS_RD | DNS_CD), 0);
        }
}
END_TEST

START_TEST(RFC5625_a_query_without_rd_is_forwarded_without_it_and_cached_separately)
{
        wire_begin(&w, DNS_RD, TYPE_A);
        ck_assert(!ask());
        respond_address();
        wire_begin(&w, 0, TYPE_A);
        ck_assert_msg(!ask(), "answered from the cache, though the upstream might not");
        ck_assert(!(asked_message().flags & DNS_RD));
        wire_begin(&w, DNS_QR | RCODE_REFUSED, TYPE_A);
        respond(0);
        ck_assert_uint_eq(message_rcode(&got), RCODE_REFUSED);
        ck_assert(!(got.flags & DNS_RD));
        wire_begin(&w, DNS_RD, TYPE_A);
        ck_assert(ask());
        ck_assert_uint_eq(got.ancount, 1);
}
END_TEST

START_TEST(RFC4035_cd_and_do_are_forwarded_and_their_answers_cached_separately)
{
        for (unsigned kind = 0; kind < 4; kind++) {
                wire_begin(&w, DNS_RD | (kind & 1 ? DNS_CD : 0), TYPE_A);
                wire_opt(&w, 1232, kind & 2 ? 0x8000 : 0, "", 0);
                ck_assert_msg(!ask(), "the answer for other bits was taken");
                ck_assert_int_eq(!!(asked_message().flags & DNS_CD), kind & 1);
                ck_assert_int_eq(asked_message().edns.dnssec_ok, kind >> 1);
                wire_begin(&w, DNS_QR | DNS_RA, TYPE_A);
                for (unsigned i = 0; i <= kind; i++)
                        wire_a(&w, 300);
                respond(0);
                ck_assert_int_eq(!!(got.flags & DNS_CD), kind & 1);
        }
        for (unsigned kind = 0; kind < 4; kind++) {
                wire_begin(&w, DNS_RD | (kind & 1 ? DNS_CD : 0), TYPE_A);
                wire_opt(&w, 1232, kind & 2 ? 0x8000 : 0, "", 0);
                ck_assert(ask());
                ck_assert_uint_eq(got.ancount, kind + 1);
        }
}
END_TEST

START_TEST(RFC5625_C04_a_malformed_query_is_a_format_error_at_once)
{
        wire_begin(&w, DNS_RD, TYPE_A);
        wire_write16(w.data + 6, 1); /* a record that is not there */
        ck_assert_uint_eq(rcode_at_once(TRANSPORT_UDP), RCODE_FORMERR);
        wire_begin(&w, DNS_RD, TYPE_A);
        wire_write16(w.data + 10, 0xffff);
        ck_assert_uint_eq(rcode_at_once(TRANSPORT_UDP), RCODE_FORMERR);
        wire_begin(&w, DNS_RD, TYPE_A);
        wire_put(&w, "x", 1); /* more than it says */
        ck_assert_uint_eq(rcode_at_once(TRANSPORT_TCP), RCODE_FORMERR);
        wire_question(&w, DNS_RD, "\1a\xc0\x0c", 4, TYPE_A, CLASS_IN); /* a pointer in the question */
        ck_assert_uint_eq(rcode_at_once(TRANSPORT_UDP), RCODE_FORMERR);
        wire_question(&w, DNS_RD,
                      "\x41"
                      "a",
                      3, TYPE_A, CLASS_IN); /* an obsolete label type */
        ck_assert_uint_eq(rcode_at_once(TRANSPORT_UDP), RCODE_FORMERR);
        wire_begin(&w, DNS_RD, TYPE_A);
        w.n -= 1;
        ck_assert_uint_eq(rcode_at_once(TRANSPORT_UDP), RCODE_FORMERR);
        ck_assert_uint_eq(got.id, 0x1234);
        ck_assert(got.flags & DNS_RD);
}
END_TEST

START_TEST(RFC9619_C03_a_query_without_exactly_one_question_is_a_format_error)
{
        static const unsigned counts[] = { 0, 2, 3, 0xffff };

        for (unsigned i = 0; i < ELEMENTS(counts); i++) {
                wire_begin(&w, DNS_RD, TYPE_A);
                if (counts[i] == 0)
                        w.n = DNS_HEADER_SIZE;
                for (unsigned k = 1; k < MIN(counts[i], 3u); k++)
                        wire_put(&w, "\1a\0\0\1\0\1", 7);
                wire_write16(w.data + 4, counts[i]);
                ck_assert_uint_eq(rcode_at_once(TRANSPORT_UDP), RCODE_FORMERR);
        }
        /* RFC 7873 5.4 would have one without a question answered that has a cookie: only by servers that have cookies.
         */
        wire_begin(&w, DNS_RD, TYPE_A);
        w.n = DNS_HEADER_SIZE;
        wire_write16(w.data + 4, 0);
        wire_opt(&w, 1232, 0,
                 "\0\x0a\0\x08"
                 "cccccccc",
                 12);
        ck_assert_uint_eq(rcode_at_once(TRANSPORT_UDP), RCODE_FORMERR);
        ck_assert(got.edns.present);
}
END_TEST

static void not_implemented(unsigned opcode)
{
        static const unsigned flags[] = { 0, DNS_RD,
                                          DNS_RD | DNS_CD | DNS_AD | DNS_Z | DNS_RA | DNS_TC | DNS_AA | 0xf };
        unsigned of_opcode = opcode << DNS_OPCODE_SHIFT;

        for (Transport transport = TRANSPORT_UDP; transport <= TRANSPORT_TCP; transport++)
                for (size_t i = 0; i < ELEMENTS(flags); i++) {
                        wire_write16(w.data + HEADER_FLAGS, of_opcode | flags[i]);
                        ck_assert_uint_eq(rcode_at_once(transport), RCODE_NOTIMP);
                        ck_assert_uint_eq(got.flags, DNS_QR | of_opcode | (flags[i] & DNS_RD) | RCODE_NOTIMP);
                        ck_assert_uint_eq(got.id, 0x1234);
                }
}

START_TEST(RFC1996_notify_is_not_implemented)
{
        wire_begin(&w, 0, TYPE_SOA);
        wire_soa(&w, 300, 60);
        not_implemented(4);
        ck_assert(!got.edns.present);
        wire_opt(&w, 1232, 0, "", 0);
        not_implemented(4);
        ck_assert(got.edns.present);
}
END_TEST

START_TEST(RFC2136_update_is_not_implemented)
{
        wire_begin(&w, 0, TYPE_SOA);
        wire_record(&w, 0, HERE, 2, TYPE_ANY, CLASS_ANY, 0, "", 0);
        wire_record(&w, 1, HERE, 2, TYPE_A, CLASS_IN, 300, "\1\2\3\4", 4);
        wire_record(&w, 1, HERE, 2, TYPE_A, CLASS_NONE, 0, "\1\2\3\4", 4);
        not_implemented(5);
}
END_TEST

START_TEST(RFC8490_stateful_operations_are_not_implemented)
{
        wire_begin(&w, 0, TYPE_A);
        wire_write16(w.data + 4, 0);
        w.n = DNS_HEADER_SIZE;
        wire_put(&w, "\0\1\0\x08\0\0\x3a\x98\0\0\x3a\x98", 12);
        not_implemented(6);
}
END_TEST

START_TEST(RFC6895_C05_obsolete_and_unassigned_opcodes_are_not_implemented)
{
        for (unsigned opcode = 1; opcode < 16; opcode++) {
                wire_begin(&w, 0, TYPE_A);
                not_implemented(opcode);
        }
}
END_TEST

START_TEST(RFC5936_C07_a_zone_transfer_is_not_implemented)
{
        for (Transport transport = TRANSPORT_UDP; transport <= TRANSPORT_TCP; transport++) {
                wire_begin(&w, 0, TYPE_AXFR);
                wire_opt(&w, 1232, 0, "", 0);
                ck_assert_uint_eq(rcode_at_once(transport), RCODE_NOTIMP);
                ck_assert_uint_eq(got.qtype, TYPE_AXFR);
                ck_assert_mem_eq(got.edns.options.p, "\0\x0f\0", 3);
                ck_assert_uint_eq(wire_read16(got.edns.options.p + 4), EDE_NOT_SUPPORTED);
        }
}
END_TEST

START_TEST(RFC1995_C07_an_incremental_transfer_is_not_implemented)
{
        for (Transport transport = TRANSPORT_UDP; transport <= TRANSPORT_TCP; transport++) {
                wire_begin(&w, 0, TYPE_IXFR);
                wire_soa(&w, 300, 60);
                ck_assert_uint_eq(rcode_at_once(transport), RCODE_NOTIMP);
                ck_assert_uint_eq(got.qtype, TYPE_IXFR);
        }
}
END_TEST

START_TEST(RFC6895_types_that_cannot_be_queried_are_format_errors)
{
        static const unsigned types[] = { 0, TYPE_OPT, TYPE_TSIG };

        for (unsigned i = 0; i < ELEMENTS(types); i++) {
                wire_begin(&w, DNS_RD, types[i]);
                ck_assert_uint_eq(rcode_at_once(TRANSPORT_UDP), RCODE_FORMERR);
                ck_assert_uint_eq(got.qtype, types[i]);
        }
}
END_TEST

START_TEST(RFC8482_any_is_answered_by_the_upstream_and_answers_no_other_query)
{
        wire_begin(&w, DNS_RD, TYPE_A);
        ck_assert(!ask());
        respond_address();
        wire_begin(&w, DNS_RD, TYPE_ANY);
        ck_assert_msg(!ask(), "made of the part that is in the cache");
        ck_assert_uint_eq(asked_message().qtype, TYPE_ANY);
        wire_begin(&w, DNS_QR | DNS_RA, TYPE_ANY);
        wire_record(&w, 0, HERE, 2, 13, CLASS_IN, 300, "\7RFC8482\0", 9);
        wire_record(&w, 0, HERE, 2, TYPE_AAAA, CLASS_IN, 300, "0123456789abcdef", 16);
        respond(0);
        ck_assert_uint_eq(got.ancount, 2);
        wire_begin(&w, DNS_RD, TYPE_AAAA);
        ck_assert_msg(!ask(), "taken out of an answer to ANY");
}
END_TEST

START_TEST(C12_RFC5625_a_signed_query_and_its_answer_pass_unchanged_except_for_the_id)
{
        static Wire signed_query;

        for (unsigned type = TYPE_TSIG;; type = TYPE_SIG) {
                wire_begin(&w, DNS_RD | DNS_AD, TYPE_A);
                w.data[13] = 'W';
                wire_opt(&w, 1232, 0,
                         "\0\x0a\0\x08"
                         "cccccccc",
                         12);
                wire_record(&w, 2, "\3key", 5, type, CLASS_ANY, 0,
                            "\0\0"
                            "0123456789abcdef",
                            18);
                signed_query = w;
                ck_assert_msg(!ask(), "answered out of the cache");
                ck_assert_uint_eq(asked->n, w.n);
                ck_assert_uint_eq(wire_read16(asked->data), 0);
                ck_assert_mem_eq(asked->data + 2, w.data + 2, w.n - 2);

                wire_begin(&w, DNS_QR | DNS_RA | DNS_AD, TYPE_A);
                w.data[13] = 'W';
                wire_a(&w, 0x80000001);
                wire_opt(&w, 1410, 0, "\0\x0c\0\2\0\0", 6);
                wire_record(&w, 2, "\3key", 5, type, CLASS_ANY, 0,
                            "\0\0"
                            "fedcba9876543210",
                            18);
                respond(100);
                ck_assert_uint_eq(got.id, 0x1234);
                ck_assert_uint_eq(answer->n, w.n);
                ck_assert_mem_eq(answer->data + 2, w.data + 2, w.n - 2);

                w = signed_query;
                ck_assert_msg(!ask(), "kept in the cache");
                w = signed_query;
                ck_assert_msg(!ask_as(2, TRANSPORT_UDP) && asked, "joined another's question");
                if (type == TYPE_SIG)
                        break;
        }
}
END_TEST

START_TEST(RFC8945_the_answer_to_an_unsigned_query_loses_its_signature)
{
        for (unsigned type = TYPE_TSIG;; type = TYPE_SIG) {
                for (unsigned opts = 0; opts < 4; opts++) {
                        RecordWalk walk;
                        Record r;

                        wire_begin(&w, DNS_RD, TYPE_A);
                        if (opts & 1)
                                wire_opt(&w, 1232, 0, "", 0);
                        ck_assert_msg(!ask(), "a signed answer was cached");
                        wire_begin(&w, DNS_QR | DNS_RA, TYPE_A);
                        wire_a(&w, 300);
                        if (opts & 2)
                                wire_opt(&w, 1410, 0, "", 0);
                        wire_record(&w, 2, "\3key", 5, type, CLASS_ANY, 0, "\0\0signature", 11);
                        respond(0);
                        ck_assert(!got.signed_message);
                        ck_assert_uint_eq(got.ancount, 1);
                        ck_assert_uint_eq(got.arcount, opts & 1);
                        walk = RECORD_WALK(&got);
                        while (record_next(&walk, &r))
                                ck_assert_uint_ne(r.type, type);
                }
                if (type == TYPE_SIG)
                        break;
        }
}
END_TEST

START_TEST(RFC8945_a_signed_answer_too_large_for_udp_is_truncated)
{
        wire_begin(&w, DNS_RD, TYPE_A);
        wire_record(&w, 2, "\3key", 5, TYPE_TSIG, CLASS_ANY, 0, "0123456789abcdef", 16);
        ck_assert(!ask());
        wire_begin(&w, DNS_QR | DNS_RA, TYPE_A);
        for (unsigned i = 0; i < 40; i++)
                wire_a(&w, 300);
        wire_record(&w, 2, "\3key", 5, TYPE_TSIG, CLASS_ANY, 0, "0123456789abcdef", 16);
        respond(0);
        ck_assert(got.flags & DNS_TC);
        ck_assert_uint_le(answer->n, 512);
        ck_assert_uint_eq(got.ancount, 0);

        /* One that would fit without its signature. */
        wire_begin(&w, DNS_RD, TYPE_A);
        wire_record(&w, 2, "\3key", 5, TYPE_TSIG, CLASS_ANY, 0, "0123456789abcdef", 16);
        ck_assert(!ask());
        wire_begin(&w, DNS_QR | DNS_RA, TYPE_A);
        for (unsigned i = 0; i < 29; i++)
                wire_a(&w, 300);
        wire_record(&w, 2, "\3key", 5, TYPE_TSIG, CLASS_ANY, 0, "0123456789abcdef", 16);
        respond(0);
        ck_assert(got.flags & DNS_TC);
        ck_assert_uint_eq(got.ancount, 0);
}
END_TEST

START_TEST(C13_100_times_the_same_query_of_the_same_client_is_one_question_and_100_answers)
{
        for (unsigned i = 0; i < 100; i++) {
                wire_begin(&w, DNS_RD, TYPE_A);
                ck_assert(!ask());
        }
        ck_assert_uint_eq(n_sends, 1);
        respond_address();
        ck_assert_uint_eq(n_answers, 100);
}
END_TEST

START_TEST(C14_the_same_id_for_two_questions_gets_two_answers)
{
        wire_begin(&w, DNS_RD, TYPE_A);
        ck_assert(!ask());
        wire_begin(&w, DNS_RD, TYPE_TXT);
        ck_assert(!ask());
        wire_begin(&w, DNS_QR | DNS_RA, TYPE_TXT);
        wire_record(&w, 0, HERE, 2, TYPE_TXT, CLASS_IN, 300, "\1t", 2);
        respond(0);
        ck_assert_uint_eq(got.qtype, TYPE_TXT);
        wire_begin(&w, DNS_QR | DNS_RA, TYPE_A);
        wire_write16(w.data, 0);
        wire_a(&w, 300);
        ck_assert(say_to(0, &HTTP_OK, wire_bytes(&w)));
        ck_assert_uint_eq(got.qtype, TYPE_A);
        ck_assert_uint_eq(n_answers, 2);
}
END_TEST

START_TEST(C16_an_answer_too_large_for_udp_is_truncated_to_question_and_opt_and_whole_over_tcp)
{
        static const unsigned sizes[] = { 512, 1232, 4096 };

        for (unsigned i = 0; i < ELEMENTS(sizes); i++) {
                for (unsigned octets = sizes[i]; octets <= sizes[i] + 1; octets++) {
                        static uint8_t rdata[5000];

                        wire_begin(&w, DNS_RD, 1000 + octets);
                        wire_opt(&w, sizes[i], 0, "", 0);
                        ck_assert(!ask());
                        wire_begin(&w, DNS_QR | DNS_RA, 1000 + octets);
                        wire_record(&w, 0, HERE, 2, 1000 + octets, CLASS_IN, 300, rdata, octets - 33 - 12 - 11);
                        respond(0);
                        ck_assert_int_eq(!!(got.flags & DNS_TC), octets > sizes[i]);
                        ck_assert_uint_eq(got.ancount, octets <= sizes[i]);
                        ck_assert_uint_eq(answer->n, octets > sizes[i] ? 33 + 11 : octets);
                        wire_begin(&w, DNS_RD, 1000 + octets);
                        wire_opt(&w, sizes[i], 0, "", 0);
                        ck_assert(ask_over(TRANSPORT_TCP));
                        ck_assert(!(got.flags & DNS_TC));
                        ck_assert_uint_eq(got.ancount, 1);
                }
        }
}
END_TEST

START_TEST(RFC5625_answers_of_4096_octets_go_over_udp_and_no_larger_ones)
{
        static uint8_t rdata[5000];

        for (unsigned octets = 4096; octets <= 4097; octets++) {
                wire_begin(&w, DNS_RD, octets);
                wire_opt(&w, 65535, 0, "", 0);
                ck_assert(!ask());
                wire_begin(&w, DNS_QR | DNS_RA, octets);
                wire_record(&w, 0, HERE, 2, octets, CLASS_IN, 300, rdata, octets - 33 - 12 - 11);
                respond(0);
                ck_assert_int_eq(!!(got.flags & DNS_TC), octets > 4096);
        }
}
END_TEST

START_TEST(RFC6840_ad_is_passed_on_only_if_the_upstream_is_trusted_and_the_client_asks_for_it)
{
        for (unsigned kind = 0; kind < 8; kind++) {
                bool trusted = kind & 4, wanted = kind & 3;
                played_start(trusted ? PLAIN "[Resolver]\nTrustAD=yes\n" : PLAIN);
                wire_begin(&w, DNS_RD | (kind & 1 ? DNS_AD : 0), TYPE_A);
                wire_opt(&w, 1232, kind & 2 ? 0x8000 : 0, "", 0);
                ck_assert(!ask());
                ck_assert_int_eq(!!(asked_message().flags & DNS_AD), trusted);
                wire_begin(&w, DNS_QR | DNS_RA | DNS_AD, TYPE_A);
                wire_a(&w, 300);
                respond(0);
                ck_assert_int_eq(!!(got.flags & DNS_AD), trusted && wanted);
        }
}
END_TEST

START_TEST(RFC1035_ra_is_set_and_aa_is_copied_from_the_upstream)
{
        for (unsigned aa = 0; aa < 2; aa++) {
                wire_begin(&w, DNS_RD, 1000 + aa);
                ck_assert(!ask());
                wire_begin(&w, DNS_QR | (aa ? DNS_AA : 0) | DNS_Z, 1000 + aa);
                wire_record(&w, 0, HERE, 2, 1000 + aa, CLASS_IN, 300, "x", 1);
                respond(0);
                ck_assert_uint_eq(got.flags, DNS_QR | DNS_RD | DNS_RA | (aa ? DNS_AA : 0));
        }
}
END_TEST

int main(void)
{
        Suite *s = suite_create("conformance_client");
        TCase *c = tcase_create("client");

        tcase_add_checked_fixture(c, played_start_plain, played_stop);
        tcase_add_test(c, RFC1035_names_of_255_octets_are_forwarded_and_of_256_are_format_errors);
        tcase_add_test(c, RFC1035_labels_of_63_octets_are_forwarded_and_of_64_are_format_errors);
        tcase_add_test(c, RFC1035_without_edns_an_answer_of_512_octets_is_whole_and_of_513_is_truncated);
        tcase_add_test(c, RFC2181_any_octets_make_a_label);
        tcase_add_test(c, RFC1035_the_root_is_a_name);
        tcase_add_test(c, RFC4343_clients_with_another_case_share_query_and_cache_and_get_their_own_spelling);
        tcase_add_test(c, RFC4343_only_ascii_letters_fold);
        tcase_add_test(c, RFC5625_C08_every_type_is_forwarded_except_those_that_ask_for_no_data);
        tcase_add_test(c, RFC5625_C06_every_class_is_forwarded);
        tcase_add_test(c, RFC5625_queries_with_unknown_flags_are_forwarded);
        tcase_add_test(c, RFC5625_a_query_without_rd_is_forwarded_without_it_and_cached_separately);
        tcase_add_test(c, RFC4035_cd_and_do_are_forwarded_and_their_answers_cached_separately);
        tcase_add_test(c, RFC5625_C04_a_malformed_query_is_a_format_error_at_once);
        tcase_add_test(c, RFC9619_C03_a_query_without_exactly_one_question_is_a_format_error);
        tcase_add_test(c, RFC1996_notify_is_not_implemented);
        tcase_add_test(c, RFC2136_update_is_not_implemented);
        tcase_add_test(c, RFC8490_stateful_operations_are_not_implemented);
        tcase_add_test(c, RFC6895_C05_obsolete_and_unassigned_opcodes_are_not_implemented);
        tcase_add_test(c, RFC5936_C07_a_zone_transfer_is_not_implemented);
        tcase_add_test(c, RFC1995_C07_an_incremental_transfer_is_not_implemented);
        tcase_add_test(c, RFC6895_types_that_cannot_be_queried_are_format_errors);
        tcase_add_test(c, RFC8482_any_is_answered_by_the_upstream_and_answers_no_other_query);
        tcase_add_test(c, C12_RFC5625_a_signed_query_and_its_answer_pass_unchanged_except_for_the_id);
        tcase_add_test(c, RFC8945_the_answer_to_an_unsigned_query_loses_its_signature);
        tcase_add_test(c, RFC8945_a_signed_answer_too_large_for_udp_is_truncated);
        tcase_add_test(c, C13_100_times_the_same_query_of_the_same_client_is_one_question_and_100_answers);
        tcase_add_test(c, C14_the_same_id_for_two_questions_gets_two_answers);
        tcase_add_test(c, C16_an_answer_too_large_for_udp_is_truncated_to_question_and_opt_and_whole_over_tcp);
        tcase_add_test(c, RFC5625_answers_of_4096_octets_go_over_udp_and_no_larger_ones);
        tcase_add_test(c, RFC6840_ad_is_passed_on_only_if_the_upstream_is_trusted_and_the_client_asks_for_it);
        tcase_add_test(c, RFC1035_ra_is_set_and_aa_is_copied_from_the_upstream);
        suite_add_tcase(s, c);
        return run_suite(s);
}
