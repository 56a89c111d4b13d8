/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What upstreams may answer, and what becomes of it: FAULTS.md 4.5 D01-D29, and the rows of its RFC table (3.1) on
 * matching answers and on DNS over HTTPS. A bad answer ends an attempt, not the wait: the next upstream is asked. The
 * table is in tests/README.md.
 */

#include "played.h"
#include "run.h"

static void start(void)
{
        played_start(PLAIN UPSTREAM_B);
}

static void query(void)
{
        wire_begin(&w, DNS_RD, TYPE_A);
        wire_opt(&w, 1232, 0, "", 0);
        ck_assert_msg(!ask(), "answered out of the cache");
        ck_assert_ptr_nonnull(asked);
}

static void good(void)
{
        wire_begin(&w, DNS_QR | DNS_RA, TYPE_A);
        wire_a(&w, 300);
}

/* The upstream says what is in `w`, by these fields: the client does not get it, nothing is kept of it, and another one
 * is asked, whose answer counts. */
static void refused_by(const HttpResponse *http, const char *what)
{
        unsigned before = n_sends;

        if (http->status == 200 && w.n >= 2 && wire_read16(w.data) == 0x1234)
                wire_write16(w.data, 0);
        ck_assert_msg(!say_to(n_sends - 1, http, wire_bytes(&w)), "%s: the client got it", what);
        ck_assert_msg(n_sends == before + 1, "%s: the other upstream was not asked", what);
        wire_begin(&w, DNS_QR | DNS_RA, TYPE_A);
        wire_record(&w, 0, HERE, 2, TYPE_A, CLASS_IN, 0, "\11\11\11\11", 4); /* TTL 0: not kept */
        respond(0);
        ck_assert_uint_eq(got.ancount, 1);
        wire_begin(&w, DNS_RD, TYPE_A);
        ck_assert_msg(!ask(), "%s: it is in the cache", what);
        start();
}

static void refused(const char *what)
{
        refused_by(&HTTP_OK, what);
}

START_TEST(D01_D02_RFC1035_a_response_shorter_than_a_question_is_rejected)
{
        for (unsigned n = 0; n < 33; n++) {
                query();
                wire_begin(&w, DNS_QR | DNS_RA, TYPE_A);
                w.n = n;
                refused("short");
        }
        query();
        wire_begin(&w, DNS_QR | DNS_RA, TYPE_A);
        wire_write16(w.data + 4, 0);
        w.n = DNS_HEADER_SIZE;
        refused("a header alone");
}
END_TEST

START_TEST(RFC5452_D03_a_query_is_rejected_as_a_response)
{
        query();
        good();
        w.data[2] &= 0x7f;
        refused("QR=0");
}
END_TEST

START_TEST(RFC5452_D04_a_response_with_another_opcode_is_rejected)
{
        for (unsigned opcode = 1; opcode < 16; opcode++) {
                query();
                good();
                w.data[2] |= (uint8_t) (opcode << 3);
                refused("opcode");
        }
}
END_TEST

START_TEST(RFC8484_D05_a_response_with_an_id_other_than_0_is_rejected)
{
        static const unsigned ids[] = { 1, 0x3412, 0xffff };

        for (unsigned i = 0; i < ELEMENTS(ids); i++) {
                query();
                good();
                wire_write16(w.data, ids[i]);
                refused("ID");
        }
        /* The client's own, which the upstream never saw. */
        query();
        good();
        ck_assert(!say_to(n_sends - 1, &HTTP_OK, wire_bytes(&w)));
}
END_TEST

START_TEST(RFC5452_D06_a_response_for_another_name_type_or_class_is_rejected)
{
        query();
        good();
        w.data[13] ^= 1;
        refused("name");
        query();
        good();
        wire_write16(w.data + 29, TYPE_AAAA);
        refused("type");
        query();
        good();
        wire_write16(w.data + 31, CLASS_CH);
        refused("class");
        query();
        wire_begin(&w, DNS_QR | DNS_RA, TYPE_A);
        w.n = DNS_HEADER_SIZE;
        wire_put(&w, "\7example\3com\0\0\1\0\1", 17);
        refused("the name above");
}
END_TEST

START_TEST(RFC5452_D07_D08_a_response_without_or_with_two_questions_is_rejected)
{
        query();
        wire_begin(&w, DNS_QR | DNS_RA, TYPE_A);
        wire_write16(w.data + 4, 0);
        w.n = DNS_HEADER_SIZE;
        wire_record(&w, 0, WWW, sizeof(WWW), TYPE_A, CLASS_IN, 300, "\1\2\3\4", 4);
        refused("no question");
        query();
        wire_begin(&w, DNS_QR | DNS_RA, TYPE_A);
        wire_write16(w.data + 4, 2);
        wire_put(&w, WWW "\0\1\0\1", 21);
        refused("two questions");
}
END_TEST

START_TEST(RFC4343_D09_a_question_in_another_case_matches_and_the_client_gets_its_own)
{
        wire_begin(&w, DNS_RD, TYPE_A);
        memcpy(w.data + 13, "wwW", 3);
        ck_assert(!ask());
        good();
        memcpy(w.data + 13, "Www", 3);
        respond(0);
        ck_assert_mem_eq(got.qname.p, "\3wwW\7example", 12);
        ck_assert_uint_eq(got.ancount, 1);
}
END_TEST

START_TEST(RFC2181_D10_a_truncated_response_over_https_is_rejected)
{
        query();
        wire_begin(&w, DNS_QR | DNS_RA | DNS_TC, TYPE_A);
        wire_a(&w, 300);
        refused("TC");
}
END_TEST

static void with_owner(const void *owner, size_t n)
{
        query();
        good();
        wire_record(&w, 0, owner, n, TYPE_A, CLASS_IN, 300, "\1\2\3\4", 4);
}

START_TEST(RFC9267_D13_invalid_compression_pointers_are_rejected)
{
        with_owner("\xc0\x31", 2);
        refused("a pointer to itself");
        with_owner("\1a\xc0\x31", 4);
        refused("a name that ends in itself");
        with_owner("\xc0\x40", 2);
        refused("forwards");
        with_owner("\xc0\x04", 2);
        refused("into the header");
        with_owner("\xc0\x1d", 2);
        refused("to a type");
        with_owner("\xff\xff", 2);
        refused("far away");
        with_owner("\x40"
                   "a",
                   3);
        refused("label type 01");
        with_owner("\x80"
                   "a",
                   3);
        refused("label type 10");
}
END_TEST

START_TEST(RFC9267_D14_a_long_chain_of_compression_pointers_is_rejected)
{
        unsigned before = 12;

        query();
        good();
        for (unsigned i = 0; i < 3000 && w.n < 16000; i++) {
                uint8_t owner[2] = { (uint8_t) (0xc0 | before >> 8), (uint8_t) before };

                before = (unsigned) w.n;
                wire_record(&w, 0, owner, 2, TYPE_A, CLASS_IN, 300, "\1\2\3\4", 4);
        }
        refused("3,000 names, each a pointer to the one before");
}
END_TEST

START_TEST(RFC9267_D15_D16_wrong_counts_and_lengths_are_rejected)
{
        query();
        good();
        memset(w.data + 6, 0xff, 6);
        refused("65,535 records");
        query();
        wire_begin(&w, DNS_QR, TYPE_A);
        memset(w.data + 6, 0xff, 6);
        w.n = DNS_HEADER_SIZE;
        refused("65,535 records in 12 octets");
        query();
        good();
        wire_write16(w.data + w.n - 6, 5);
        refused("RDLENGTH beyond the end");
        query();
        good();
        wire_a(&w, 300);
        wire_write16(w.data + w.n - 6 - 16, 10);
        refused("RDLENGTH into the next record");
        query();
        good();
        wire_record(&w, 0, HERE, 2, TYPE_CNAME, CLASS_IN, 300,
                    "\1a\xc0\x0c"
                    "x",
                    5);
        refused("octets behind the name of an alias");
        query();
        good();
        wire_record(&w, 0, HERE, 2, 15, CLASS_IN, 300,
                    "\0\1\3"
                    "abcdef",
                    6);
        refused("a name that runs out of its record");
}
END_TEST

START_TEST(RFC9267_D17_names_and_labels_over_their_limits_are_rejected)
{
        uint8_t name[300];

        for (size_t i = 0; i < 256; i += 64) {
                name[i] = 63;
                memset(name + i + 1, 'x', 63);
        }
        name[192] = 62;
        name[255] = 0;
        with_owner(name, 256);
        refused("256 octets");
        name[0] = 64;
        name[65] = 0;
        with_owner(name, 66);
        refused("a label of 64");
        /* 240 octets before a pointer to a name of 17 */
        name[0] = 63;
        name[192] = 47;
        memcpy(name + 240, "\xc0\x0c", 2);
        with_owner(name, 242);
        refused("256 octets by a pointer");
}
END_TEST

START_TEST(RFC2181_D17_names_at_their_limits_and_of_any_octets_pass)
{
        uint8_t name[300];

        for (size_t i = 0; i < 256; i += 64) {
                name[i] = 63;
                memset(name + i + 1, 0, 63);
        }
        name[192] = 61;
        name[254] = 0;
        with_owner(name, 255);
        respond(0);
        ck_assert_uint_eq(got.ancount, 2);
        start();
        with_owner("\3.\0\xff\1\\", 7);
        respond(0);
        ck_assert_uint_eq(got.ancount, 2);
        ck_assert_mem_eq(answer->data + 49, "\3.\0\xff\1\\", 7);
}
END_TEST

START_TEST(RFC9267_D18_octets_after_the_last_record_are_rejected)
{
        query();
        good();
        wire_put(&w, "x", 1);
        refused("one octet more");
        query();
        good();
        wire_a(&w, 300);
        w.data[7]--;
        refused("one record more");
}
END_TEST

START_TEST(RFC6891_D19_an_invalid_opt_is_rejected)
{
        static uint8_t options[4 * 1000];

        query();
        good();
        wire_opt(&w, 1232, 0, "", 0);
        wire_opt(&w, 1232, 0, "", 0);
        refused("two OPTs");
        query();
        good();
        wire_record(&w, 2, HERE, 2, TYPE_OPT, 1232, 0, "", 0);
        refused("not the root's");
        query();
        good();
        wire_record(&w, 0, "", 1, TYPE_OPT, 1232, 0, "", 0);
        refused("in the answer section");
        query();
        good();
        wire_opt(&w, 1232, 0, "\0\3\0\2x", 5);
        refused("an option that overruns");
        query();
        good();
        wire_opt(&w, 1232, 0, options, sizeof(options));
        refused("1,000 options");
}
END_TEST

START_TEST(RFC6891_D19_records_after_the_opt_are_passed_on)
{
        query();
        good();
        wire_opt(&w, 1232, 0, "\0\x0c\0\2\0\0", 6);
        wire_record(&w, 2, HERE, 2, TYPE_AAAA, CLASS_IN, 300, "0123456789abcdef", 16);
        respond(0);
        ck_assert_uint_eq(got.arcount, 2);
}
END_TEST

START_TEST(RFC8484_D20_D22_D23_D24_any_rcode_is_an_answer_and_delivered_unchanged)
{
        for (unsigned rcode = 0; rcode < 16; rcode++) {
                if (rcode == RCODE_REFUSED)
                        continue;
                query();
                wire_begin(&w, DNS_QR | DNS_RA | rcode, TYPE_A);
                wire_soa(&w, 300, 60);
                respond(0);
                ck_assert_uint_eq(message_rcode(&got), rcode);
                ck_assert_uint_eq(got.nscount, 1);
                ck_assert_uint_eq(n_sends, 1);
                start();
        }
}
END_TEST

START_TEST(D21_after_refused_one_other_upstream_is_queried_before_it_is_delivered)
{
        query();
        wire_begin(&w, DNS_QR | RCODE_REFUSED, TYPE_A);
        ck_assert_msg(!say(), "the other upstream was not asked");
        ck_assert_uint_eq(n_sends, 2);
        good();
        respond(0);
        ck_assert_uint_eq(message_rcode(&got), RCODE_NOERROR);
        start();
        query();
        wire_begin(&w, DNS_QR | RCODE_REFUSED, TYPE_A);
        ck_assert(!say());
        wire_begin(&w, DNS_QR | RCODE_REFUSED, TYPE_A);
        wire_opt(&w, 1232, 0, "\0\x0f\0\2\0\x12", 6);
        respond(0);
        ck_assert_uint_eq(message_rcode(&got), RCODE_REFUSED);
        ck_assert_uint_eq(n_sends, 2);
        played_start_plain();
        query();
        wire_begin(&w, DNS_QR | RCODE_REFUSED, TYPE_A);
        respond(0);
        ck_assert_uint_eq(message_rcode(&got), RCODE_REFUSED);
}
END_TEST

START_TEST(RFC2181_D27_records_of_other_names_are_delivered_and_answer_no_other_question)
{
        query();
        good();
        wire_record(&w, 0, "\4bank\3com", 10, TYPE_A, CLASS_IN, 300, "\6\6\6\6", 4);
        wire_record(&w, 2, "\4bank\3com", 10, TYPE_A, CLASS_IN, 300, "\6\6\6\6", 4);
        respond(0);
        ck_assert_uint_eq(got.ancount, 2);
        ck_assert_uint_eq(got.arcount, 2);
        wire_begin(&w, DNS_RD, TYPE_A);
        w.n = DNS_HEADER_SIZE;
        wire_put(&w, "\4bank\3com\0\0\1\0\1", 14);
        ck_assert_msg(!ask(), "smuggled into the cache");
}
END_TEST

START_TEST(RFC8484_any_2xx_with_a_message_is_an_answer_and_no_other_status_is)
{
        for (unsigned status = 100; status < 1000; status++) {
                HttpResponse http = HTTP_OK;

                http.status = status;
                query();
                good();
                if (status / 100 == 2) {
                        ck_assert_msg(say_by(&http), "%u", status);
                        start();
                } else
                        refused_by(&http, "status");
        }
}
END_TEST

START_TEST(RFC8484_only_complete_unencoded_dns_messages_are_accepted)
{
        HttpResponse http = HTTP_OK;

        http.type_ok = false;
        query();
        good();
        refused_by(&http, "Content-Type");
        http = HTTP_OK;
        http.encoded = true;
        query();
        good();
        refused_by(&http, "Content-Encoding");
        http = HTTP_OK;
        http.has_length = true;
        http.length = 48;
        query();
        good();
        refused_by(&http, "Content-Length");
}
END_TEST

START_TEST(RFC8484_age_is_subtracted_from_ttls_and_max_age_ends_the_life)
{
        HttpResponse http = HTTP_OK;

        http.has_age = http.has_max_age = true;
        http.age = 100;
        http.max_age = 130;
        query();
        good();
        ck_assert(say_by(&http));
        ck_assert_uint_eq(wire_read32(answer->data + got.question_end + 6), 200);
        now += 29 * SEC;
        wire_begin(&w, DNS_RD, TYPE_A);
        ck_assert_msg(ask(), "130 s less 100 s of age are not over");
        ck_assert_uint_eq(wire_read32(answer->data + got.question_end + 6), 171);
        now += 2 * SEC;
        wire_begin(&w, DNS_RD, TYPE_A);
        ck_assert_msg(!ask(), "older than max-age");
}
END_TEST

START_TEST(RFC8484_an_age_above_the_ttl_makes_it_0_and_nothing_is_cached)
{
        query();
        good();
        respond(301);
        ck_assert_uint_eq(wire_read32(answer->data + got.question_end + 6), 0);
        query();
}
END_TEST

/* "TuDoor": draft-li-dnsop-response-preprocessing */
START_TEST(TUDOOR_bad_responses_end_attempts_and_the_query_waits_until_its_deadline)
{
        uint64_t asked_at = now;
        unsigned bad = 0;

        query();
        while (!answer && now < asked_at + 5 * SEC) {
                unsigned before = n_sends;

                wire_begin(&w, DNS_QR, TYPE_AAAA);
                if (asked)
                        ck_assert_msg(!say() || message_rcode(&got) == RCODE_SERVFAIL, "a bad answer was delivered");
                asked = n_sends == before ? packet_unref(asked) : asked;
                bad++;
                pass(50 * MSEC);
        }
        ck_assert_ptr_nonnull(answer);
        ck_assert_uint_eq(message_rcode(&got), RCODE_SERVFAIL);
        ck_assert_uint_gt(bad, 1);
        ck_assert_uint_eq(n_answers, 1);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("conformance_upstream");
        TCase *c = tcase_create("upstream");

        tcase_add_checked_fixture(c, start, played_stop);
        tcase_add_test(c, D01_D02_RFC1035_a_response_shorter_than_a_question_is_rejected);
        tcase_add_test(c, RFC5452_D03_a_query_is_rejected_as_a_response);
        tcase_add_test(c, RFC5452_D04_a_response_with_another_opcode_is_rejected);
        tcase_add_test(c, RFC8484_D05_a_response_with_an_id_other_than_0_is_rejected);
        tcase_add_test(c, RFC5452_D06_a_response_for_another_name_type_or_class_is_rejected);
        tcase_add_test(c, RFC5452_D07_D08_a_response_without_or_with_two_questions_is_rejected);
        tcase_add_test(c, RFC4343_D09_a_question_in_another_case_matches_and_the_client_gets_its_own);
        tcase_add_test(c, RFC2181_D10_a_truncated_response_over_https_is_rejected);
        tcase_add_test(c, RFC9267_D13_invalid_compression_pointers_are_rejected);
        tcase_add_test(c, RFC9267_D14_a_long_chain_of_compression_pointers_is_rejected);
        tcase_add_test(c, RFC9267_D15_D16_wrong_counts_and_lengths_are_rejected);
        tcase_add_test(c, RFC9267_D17_names_and_labels_over_their_limits_are_rejected);
        tcase_add_test(c, RFC2181_D17_names_at_their_limits_and_of_any_octets_pass);
        tcase_add_test(c, RFC9267_D18_octets_after_the_last_record_are_rejected);
        tcase_add_test(c, RFC6891_D19_an_invalid_opt_is_rejected);
        tcase_add_test(c, RFC6891_D19_records_after_the_opt_are_passed_on);
        tcase_add_test(c, RFC8484_D20_D22_D23_D24_any_rcode_is_an_answer_and_delivered_unchanged);
        tcase_add_test(c, D21_after_refused_one_other_upstream_is_queried_before_it_is_delivered);
        tcase_add_test(c, RFC2181_D27_records_of_other_names_are_delivered_and_answer_no_other_question);
        tcase_add_test(c, RFC8484_any_2xx_with_a_message_is_an_answer_and_no_other_status_is);
        tcase_add_test(c, RFC8484_only_complete_unencoded_dns_messages_are_accepted);
        tcase_add_test(c, RFC8484_age_is_subtracted_from_ttls_and_max_age_ends_the_life);
        tcase_add_test(c, RFC8484_an_age_above_the_ttl_makes_it_0_and_nothing_is_cached);
        tcase_add_test(c, TUDOOR_bad_responses_end_attempts_and_the_query_waits_until_its_deadline);
        suite_add_tcase(s, c);
        return run_suite(s);
}
