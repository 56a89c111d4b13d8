/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <check.h>
#include <stdio.h>

#include "run.h"
#include "wire_builder.h"

static Wire w;
static Message m;

static MessageStatus parse(void)
{
        return message_parse(&m, wire_bytes(&w));
}

START_TEST(a_query_is_read)
{
        wire_begin(&w, DNS_RD | DNS_CD, TYPE_AAAA);
        wire_opt(&w, 1232, 0x8000, "", 0);
        ck_assert_int_eq(parse(), MESSAGE_OK);
        ck_assert_int_eq(m.id, 0x1234);
        ck_assert_int_eq(m.qtype, TYPE_AAAA);
        ck_assert_int_eq(m.qname.n, 17);
        ck_assert(m.edns.present && m.edns.dnssec_ok && m.edns.udp_size == 1232);
}
END_TEST

START_TEST(C01_fewer_than_12_octets_are_short)
{
        wire_begin(&w, 0, TYPE_A);
        for (w.n = 0; w.n < 12; w.n++)
                ck_assert_int_eq(parse(), MESSAGE_SHORT);
}
END_TEST

START_TEST(C04_D11_a_message_cut_at_any_offset_is_refused)
{
        size_t whole;

        wire_begin(&w, DNS_QR, TYPE_A);
        wire_a(&w, 300);
        wire_soa(&w, 60, 60);
        wire_opt(&w, 1232, 0, "\0\x0f\0\2\0\3", 6);
        whole = w.n;
        for (w.n = 12; w.n < whole; w.n++)
                ck_assert_msg(parse() == MESSAGE_MALFORMED, "cut at %zu of %zu octets", w.n, whole);
        ck_assert_int_eq(parse(), MESSAGE_OK);
}
END_TEST

START_TEST(D12_no_flipped_bit_leads_astray)
{
        size_t n;
        Record r;

        wire_begin(&w, DNS_QR, TYPE_A);
        wire_a(&w, 300);
        wire_record(&w, 0, HERE, 2, TYPE_CNAME, CLASS_IN, 9, "\1a\xc0\x10", 4);
        wire_soa(&w, 60, 60);
        wire_opt(&w, 1232, 0, "\0\x0c\0\4\0\0\0\0", 8);
        n = w.n * 8;
        for (size_t i = 0; i < n; i++) {
                w.data[i / 8] ^= (uint8_t) (1u << i % 8);
                if (parse() == MESSAGE_OK)
                        for (RecordWalk walk = RECORD_WALK(&m); record_next(&walk, &r);)
                                ck_assert_uint_le(r.end, w.n);
                w.data[i / 8] ^= (uint8_t) (1u << i % 8);
        }
}
END_TEST

static MessageStatus with_owner(const void *owner, size_t n)
{
        wire_begin(&w, DNS_QR, TYPE_A);
        wire_record(&w, 0, owner, n, TYPE_A, CLASS_IN, 1, "\1\2\3\4", 4);
        return parse();
}

START_TEST(D13_pointers_lead_backwards_to_names_only)
{
        ck_assert_int_eq(with_owner("\xc0\x0c", 2), MESSAGE_OK);
        ck_assert_int_eq(with_owner("\xc0\x10", 2), MESSAGE_OK);           /* to a label in the middle */
        ck_assert_int_eq(with_owner("\xc0\x21", 2), MESSAGE_MALFORMED);    /* to itself */
        ck_assert_int_eq(with_owner("\1a\xc0\x21", 4), MESSAGE_MALFORMED); /* to the name it ends */
        ck_assert_int_eq(with_owner("\xc0\x30", 2), MESSAGE_MALFORMED);    /* forwards */
        ck_assert_int_eq(with_owner("\xc0\x04", 2), MESSAGE_MALFORMED);    /* into the header */
        ck_assert_int_eq(with_owner("\xc0\x1d", 2), MESSAGE_MALFORMED);    /* to a type */
        ck_assert_int_eq(with_owner("\x40"
                                    "a\0",
                                    3),
                         MESSAGE_MALFORMED);
        ck_assert_int_eq(with_owner("\x80"
                                    "a\0",
                                    3),
                         MESSAGE_MALFORMED);
}
END_TEST

/* A text of one octet, the length of a label, then a record with a name that points there: as its owner, or in a CNAME.
 * What follows the text is that label. */
static MessageStatus with_label_before(uint8_t label, unsigned type, const void *rdata, size_t n)
{
        wire_begin(&w, DNS_QR, TYPE_A);
        wire_record(&w, 0, HERE, 2, TYPE_TXT, CLASS_IN, 1, &label, 1);
        wire_record(&w, 0, type == TYPE_A ? "\xc0\x2d" : HERE, 2, type, CLASS_IN, 1, rdata, n);
        wire_record(&w, 0, HERE, 2, TYPE_A, CLASS_IN, 1, "\0\0\0\0", 4);
        return parse();
}

START_TEST(RFC9267_D13_what_a_pointer_leads_to_ends_before_the_name_with_the_pointer)
{
        ck_assert_int_eq(with_label_before(0, TYPE_A, "\1\2\3\0", 4), MESSAGE_OK);
        ck_assert_int_eq(with_label_before(1, TYPE_A, "\1\2\3\0", 4), MESSAGE_MALFORMED);  /* over the pointer */
        ck_assert_int_eq(with_label_before(15, TYPE_A, "\1\2\3\0", 4), MESSAGE_MALFORMED); /* over its fixed part */
        ck_assert_int_eq(with_label_before(0, TYPE_CNAME, "\xc0\x2d", 2), MESSAGE_OK);
        ck_assert_int_eq(with_label_before(12, TYPE_CNAME, "\xc0\x2d", 2), MESSAGE_MALFORMED);
        ck_assert_int_eq(with_label_before(26, TYPE_CNAME, "\xc0\x2d", 2), MESSAGE_MALFORMED); /* over the next one's */
}
END_TEST

START_TEST(RFC9267_D13_a_ttl_is_no_pointer)
{
        wire_begin(&w, DNS_QR, TYPE_A);
        wire_record(&w, 0, HERE, 2, TYPE_A, CLASS_IN, 0xc00c, "\1\2\3\4", 4);
        wire_record(&w, 0, "\xc0\x29", 2, TYPE_A, CLASS_IN, 1, "\1\2\3\4", 4);
        ck_assert_int_eq(wire_read16(w.data + 0x29), 0xc00c);
        ck_assert_int_eq(parse(), MESSAGE_MALFORMED);
}
END_TEST

START_TEST(C10_a_pointer_in_the_question_is_refused)
{
        wire_begin(&w, 0, TYPE_A);
        memcpy(w.data + 12, "\xc0\x0c", 2);
        ck_assert_int_eq(parse(), MESSAGE_MALFORMED);
        ck_assert_uint_eq(m.qname.n, 0);
}
END_TEST

START_TEST(D14_long_chains_of_pointers_use_up_a_budget)
{
        /* Each owner points to the one before: n records would cost n²/2 steps. */
        wire_begin(&w, DNS_QR, TYPE_A);
        wire_record(&w, 0, "\1a\xc0\x0c", 4, TYPE_A, CLASS_IN, 1, "", 0);
        for (unsigned i = 0, before = 33; i < 3000; i++) {
                uint8_t owner[4] = { 1, 'a', (uint8_t) (0xc0 | before >> 8), (uint8_t) before };
                unsigned at = (unsigned) w.n;

                if (i % 60 == 59)
                        owner[2] = 0xc0, owner[3] = 0x0c; /* names stay within 255 octets */
                wire_record(&w, 0, owner, 4, TYPE_A, CLASS_IN, 1, "", 0);
                before = at;
                if (at > 16000)
                        break;
        }
        ck_assert_int_eq(parse(), MESSAGE_MALFORMED);
}
END_TEST

START_TEST(D15_counts_that_lie_are_refused)
{
        wire_begin(&w, DNS_QR, TYPE_A);
        memset(w.data + 6, 0xff, 6);
        ck_assert_int_eq(parse(), MESSAGE_MALFORMED);
}
END_TEST

START_TEST(D16_rdata_beyond_the_end_is_refused)
{
        wire_begin(&w, DNS_QR, TYPE_A);
        wire_a(&w, 1);
        wire_write16(w.data + w.n - 6, 5);
        ck_assert_int_eq(parse(), MESSAGE_MALFORMED);
}
END_TEST

START_TEST(D17_names_end_at_255_octets_and_labels_at_63)
{
        uint8_t name[300] = { 0 };

        for (size_t i = 0; i < 4; i++) {
                name[64 * i] = 63;
                memset(name + 64 * i + 1, 'x', 63);
        }
        name[192] = 61;
        name[254] = 0;
        ck_assert_uint_eq(name_size(BYTES(name, 255)), 255);
        ck_assert_int_eq(with_owner(name, 255), MESSAGE_OK);
        name[192] = 62;
        name[254] = 'x';
        name[255] = 0;
        ck_assert_uint_eq(name_size(BYTES(name, 256)), 0);
        ck_assert_int_eq(with_owner(name, 256), MESSAGE_MALFORMED);
        ck_assert_int_eq(with_owner("\3a\0b", 5), MESSAGE_OK);
}
END_TEST

START_TEST(D18_octets_behind_the_last_record_are_refused)
{
        wire_begin(&w, DNS_QR, TYPE_A);
        wire_a(&w, 1);
        wire_put(&w, "x", 1);
        ck_assert_int_eq(parse(), MESSAGE_MALFORMED);
}
END_TEST

START_TEST(C09_D19_what_is_wrong_with_an_opt)
{
        static const uint8_t many[4 * 65];

        wire_begin(&w, 0, TYPE_A);
        wire_opt(&w, 512, 0, "", 0);
        wire_opt(&w, 512, 0, "", 0);
        ck_assert_int_eq(parse(), MESSAGE_BAD_EDNS);
        wire_begin(&w, 0, TYPE_A);
        wire_record(&w, 2, "\1a", 3, TYPE_OPT, 512, 0, "", 0);
        ck_assert_int_eq(parse(), MESSAGE_BAD_EDNS);
        wire_begin(&w, 0, TYPE_A);
        wire_record(&w, 0, "", 1, TYPE_OPT, 512, 0, "", 0);
        ck_assert_int_eq(parse(), MESSAGE_BAD_EDNS);
        wire_begin(&w, 0, TYPE_A);
        wire_opt(&w, 512, 0, "\0\1\0\5x", 5);
        ck_assert_int_eq(parse(), MESSAGE_BAD_EDNS);
        wire_begin(&w, 0, TYPE_A);
        wire_opt(&w, 512, 0, "\0\x0a\0\7ccccccc", 11);
        ck_assert_int_eq(parse(), MESSAGE_BAD_EDNS);
        wire_begin(&w, 0, TYPE_A);
        wire_opt(&w, 512, 0, many, 4 * 64);
        ck_assert_int_eq(parse(), MESSAGE_OK);
        wire_begin(&w, 0, TYPE_A);
        wire_opt(&w, 512, 0, many, 4 * 65);
        ck_assert_int_eq(parse(), MESSAGE_BAD_EDNS);
}
END_TEST

START_TEST(D19_an_opt_that_a_name_behind_it_ends_in_is_not_taken_away)
{
        uint8_t copy[512];

        wire_begin(&w, DNS_QR, TYPE_A);
        wire_a(&w, 300);
        /* The last three octets of its address are a label whose root label is the OPT's owner. */
        w.data[w.n - 3] = 2;
        wire_opt(&w, 1232, 0, "", 0);
        wire_record(&w, 2, (uint8_t[]) { 0xc0, (uint8_t) (w.n - 14) }, 2, TYPE_A, CLASS_IN, 300, "\1\2\3\4", 4);
        ck_assert_int_eq(message_parse(&m, wire_bytes(&w)), MESSAGE_OK);
        ck_assert(m.pointers_past_opt);
        ck_assert_uint_eq(message_strip(&m, copy), w.n);
}
END_TEST

START_TEST(message_without_its_opt_takes_the_room_that_it_was_said_to_take)
{
        static const char padding[] = "\0\14\0\10\0\0\0\0\0\0\0", ede[] = "\0\17\0\4\0\17no\0\14\0\0";
        uint8_t copy[512];
        size_t n;

        for (unsigned i = 0; i < 3; i++) {
                wire_begin(&w, DNS_QR, TYPE_A);
                wire_a(&w, 300);
                wire_opt(&w, 1232, 0, i == 1 ? padding : ede, i == 0 ? 0 : 12);
                ck_assert_int_eq(message_parse(&m, wire_bytes(&w)), MESSAGE_OK);
                n = message_stripped_size(&m);
                ck_assert_uint_eq(n, i == 2 ? w.n - 4 : m.opt_offset);
                memset(copy, 0xee, sizeof(copy));
                ck_assert_uint_eq(message_strip(&m, copy), n);
                for (size_t k = n; k < sizeof(copy); k++)
                        ck_assert_msg(copy[k] == 0xee, "octet %zu behind it is written", k - n);
        }
}
END_TEST

/* An answer with an OPT, and a signature behind it. */
static void begin_signed(unsigned type)
{
        wire_begin(&w, DNS_QR, TYPE_A);
        wire_a(&w, 300);
        wire_opt(&w, 1232, 0, "", 0);
        wire_record(&w, 2, "\3key", 5, type, CLASS_ANY, 0, "\0\0signature", 11);
}

START_TEST(RFC8945_RFC2931_signatures_end_a_message_and_can_be_removed)
{
        size_t bare;
        Message without;

        for (unsigned type = TYPE_TSIG;; type = TYPE_SIG) {
                begin_signed(type);
                bare = w.n - 5 - RECORD_FIXED - 11;
                ck_assert_int_eq(parse(), MESSAGE_OK);
                ck_assert(m.signed_message && m.signature_offset == bare);
                without = message_without_signature(&m);
                ck_assert(!without.signed_message && without.wire.n == bare && without.arcount == 1);

                wire_record(&w, 2, "\3key", 5, TYPE_TSIG, CLASS_ANY, 0, "\0\0signature", 11);
                ck_assert_int_eq(parse(), MESSAGE_OK);
                without = message_without_signature(&m);
                ck_assert(without.wire.n == bare && without.arcount == 1);

                wire_record(&w, 2, HERE, 2, TYPE_A, CLASS_IN, 1, "\1\2\3\4", 4);
                ck_assert_msg(parse() == MESSAGE_MALFORMED, "a record behind type %u", type);
                begin_signed(type);
                wire_opt(&w, 1232, 0, "", 0);
                ck_assert_msg(parse() == MESSAGE_MALFORMED, "an OPT behind type %u", type);
                if (type == TYPE_SIG)
                        break;
        }
        for (unsigned section = 0; section < 2; section++) {
                wire_begin(&w, DNS_QR, TYPE_A);
                wire_record(&w, section, "\3key", 5, TYPE_TSIG, CLASS_ANY, 0, "\0\0signature", 11);
                ck_assert_msg(parse() == MESSAGE_MALFORMED, "a TSIG in section %u", section);
        }
        wire_begin(&w, DNS_QR, TYPE_SIG);
        wire_record(&w, 0, HERE, 2, TYPE_SIG, CLASS_IN, 1, "\0\0signature", 11);
        ck_assert(parse() == MESSAGE_OK && !m.signed_message);
}
END_TEST

START_TEST(RFC2308_a_negative_answer_lives_as_its_soa_says)
{
        uint32_t s;

        wire_begin(&w, DNS_QR | RCODE_NXDOMAIN, TYPE_A);
        ck_assert_int_eq(parse(), MESSAGE_OK);
        ck_assert_int_eq(message_lifetime(&m, &s), LIFETIME_NONE);
        wire_soa(&w, 900, 60);
        parse();
        ck_assert_int_eq(message_lifetime(&m, &s), LIFETIME_NEGATIVE);
        ck_assert_uint_eq(s, 60);
        wire_begin(&w, DNS_QR, TYPE_A);
        wire_soa(&w, 30, 60);
        parse();
        ck_assert_int_eq(message_lifetime(&m, &s), LIFETIME_NEGATIVE);
        ck_assert_uint_eq(s, 30);
}
END_TEST

START_TEST(RFC2181_a_ttl_with_its_top_bit_set_is_0)
{
        uint32_t s;

        wire_begin(&w, DNS_QR, TYPE_A);
        wire_a(&w, 0x80000000u);
        parse();
        ck_assert_int_eq(message_lifetime(&m, &s), LIFETIME_POSITIVE);
        ck_assert_uint_eq(s, 0);
}
END_TEST

START_TEST(RFC5452_D06_D09_an_answer_is_for_its_question_in_any_case)
{
        static Wire q;
        Message question;

        wire_begin(&q, DNS_RD, TYPE_A);
        message_parse(&question, wire_bytes(&q));
        wire_begin(&w, DNS_QR, TYPE_A);
        w.data[13] = 'W';
        parse();
        ck_assert(message_answers(&m, &question));
        w.data[13] = 'x';
        ck_assert(!message_answers(&m, &question));
        wire_begin(&w, DNS_QR, TYPE_AAAA);
        parse();
        ck_assert(!message_answers(&m, &question));
        wire_begin(&w, 0, TYPE_A);
        parse();
        ck_assert(!message_answers(&m, &question));
}
END_TEST

START_TEST(names_go_to_text_and_back)
{
        static const char *const good[] = { "a", "www.example.com", "a\\.b.c", "x\\000y", "xn--bcher-kva.example" };
        static const char *const bad[] = { "", "..", "a..b", ".a", "\\", "\\25", "\\256" };
        char text[NAME_TEXT_MAX];
        uint8_t name[DNS_NAME_MAX];
        size_t n;

        for (size_t i = 0; i < ELEMENTS(good); i++) {
                n = name_from_text(good[i], name);
                ck_assert_uint_gt(n, 0);
                name_to_text(BYTES(name, n), text);
                ck_assert_str_eq(text, good[i]);
        }
        for (size_t i = 0; i < ELEMENTS(bad); i++)
                ck_assert_msg(name_from_text(bad[i], name) == 0, "\"%s\" is a name", bad[i]);
        ck_assert_uint_eq(name_from_text("a.", name), 3);
        ck_assert_uint_eq(name_from_text(".", name), 1);
}
END_TEST

START_TEST(a_name_is_under_its_suffixes_label_by_label)
{
        ck_assert(name_under(BYTES("\3www\2ex\0", 8), BYTES("\2EX\0", 4)));
        ck_assert(name_under(BYTES("\2ex\0", 4), BYTES("\2ex\0", 4)));
        ck_assert(!name_under(BYTES("\3xex\0", 5), BYTES("\2ex\0", 4)));
        ck_assert(name_under(BYTES("\2ex\0", 4), BYTES("\0", 1)));
}
END_TEST

int main(void)
{
        Suite *s = suite_create("message");
        TCase *c = tcase_create("message");

        tcase_add_test(c, a_query_is_read);
        tcase_add_test(c, C01_fewer_than_12_octets_are_short);
        tcase_add_test(c, C04_D11_a_message_cut_at_any_offset_is_refused);
        tcase_add_test(c, D12_no_flipped_bit_leads_astray);
        tcase_add_test(c, D13_pointers_lead_backwards_to_names_only);
        tcase_add_test(c, RFC9267_D13_what_a_pointer_leads_to_ends_before_the_name_with_the_pointer);
        tcase_add_test(c, RFC9267_D13_a_ttl_is_no_pointer);
        tcase_add_test(c, C10_a_pointer_in_the_question_is_refused);
        tcase_add_test(c, D14_long_chains_of_pointers_use_up_a_budget);
        tcase_add_test(c, D15_counts_that_lie_are_refused);
        tcase_add_test(c, D16_rdata_beyond_the_end_is_refused);
        tcase_add_test(c, D17_names_end_at_255_octets_and_labels_at_63);
        tcase_add_test(c, D18_octets_behind_the_last_record_are_refused);
        tcase_add_test(c, C09_D19_what_is_wrong_with_an_opt);
        tcase_add_test(c, D19_an_opt_that_a_name_behind_it_ends_in_is_not_taken_away);
        tcase_add_test(c, message_without_its_opt_takes_the_room_that_it_was_said_to_take);
        tcase_add_test(c, RFC8945_RFC2931_signatures_end_a_message_and_can_be_removed);
        tcase_add_test(c, RFC2308_a_negative_answer_lives_as_its_soa_says);
        tcase_add_test(c, RFC2181_a_ttl_with_its_top_bit_set_is_0);
        tcase_add_test(c, RFC5452_D06_D09_an_answer_is_for_its_question_in_any_case);
        tcase_add_test(c, names_go_to_text_and_back);
        tcase_add_test(c, a_name_is_under_its_suffixes_label_by_label);
        suite_add_tcase(s, c);
        return run_suite(s);
}
