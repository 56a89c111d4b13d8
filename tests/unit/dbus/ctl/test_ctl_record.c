/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dbus/ctl/ctl_record: records as text. What is expected is what dig prints.
 */

#include "ctl_record.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "ctl_names.h"
#include "run.h"

/* An answer with one record, "x.test" of `type` with `rdata`; names in it may point to "test" at 14 and to "x.test"
 * at 12. */
static char *print(unsigned type, const void *rdata, size_t n)
{
        static const uint8_t question[] = "\1x\4test\0\0\1\0\1";
        uint8_t wire[2048] = { 0 };
        size_t at = DNS_HEADER_SIZE;
        Message m;
        RecordWalk w;
        Record r;

        wire_write16(wire + 2, DNS_QR);
        wire_write16(wire + 4, 1);
        wire_write16(wire + 6, 1);
        memcpy(wire + at, question, sizeof(question) - 1);
        at += sizeof(question) - 1;
        wire_write16(wire + at, 0xc00c);
        wire_write16(wire + at + 2, type);
        wire_write16(wire + at + 4, CLASS_IN);
        wire_write32(wire + at + 6, 300);
        wire_write16(wire + at + 10, (unsigned) n);
        memcpy(wire + at + 12, rdata, n);
        ck_assert_int_eq(message_parse(&m, BYTES(wire, at + 12 + n)), MESSAGE_OK);
        w = RECORD_WALK(&m);
        ck_assert(record_next(&w, &r));
        return record_data(&m, &r);
}

static const struct {
        const char *type;
        const char *rdata;
        size_t n;
        const char *text;
} cases[] = {
#define CASE(type, rdata, text) { type, rdata, sizeof(rdata) - 1, text }
        CASE("A", "\xc0\0\2\1", "192.0.2.1"),
        CASE("AAAA", "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1", "2001:db8::1"),
        CASE("CNAME", "\1y\xc0\xe", "y.test."),
        CASE("NS", "\2ns\4test\0", "ns.test."),
        CASE("PTR", "\0", "."),
        CASE("DNAME", "\2a.\1\"\0", "a\\..\\\"."),
        CASE("SOA", "\2ns\xc0\xe\4root\xc0\xe\0\0\0\1\0\0\xe\x10\0\0\2\x58\0\1\x51\x80\0\0\0\x3c",
             "ns.test. root.test. 1 3600 600 86400 60"),
        CASE("MX", "\0\xa\4mail\xc0\xe", "10 mail.test."),
        CASE("TXT", "\5hello\0\6a\"b\\\x1b\xff", "\"hello\" \"\" \"a\\\"b\\\\\\027\\255\""),
        CASE("SRV", "\0\1\0\2\1\xbb\4host\4test\0", "1 2 443 host.test."),
        CASE("CAA", "\0\5issueca.test; policy=ev", "0 issue \"ca.test; policy=ev\""),
        CASE("CAA", "\x80\3tbsUnknown", "128 tbs \"Unknown\""),
        CASE("HTTPS", "\0\1\0\0\1\0\6\2h2\2h3\0\3\0\2\x20\xfb\0\4\0\4\xc0\0\2\1",
             "1 . alpn=\"h2,h3\" port=8443 ipv4hint=192.0.2.1"),
        CASE("HTTPS", "\0\0\4test\0", "0 test."),
        CASE("SVCB", "\0\1\3dns\4test\0\0\0\0\4\0\1\0\4\0\1\0\4\3a,b\0\2\0\0\0\5\0\2\1\2\0\7\0\x10/dns-query{?dns}",
             "1 dns.test. mandatory=alpn,ipv4hint alpn=\"a\\\\,b\" no-default-alpn ech=AQI= dohpath=\"/dns-query{?dns}\""),
        CASE("SVCB", "\0\1\0\xff\0\0\2\1\"", "1 . key65280=\"\\001\\\"\""),
        CASE("DS", "\x30\x39\xd\2\xab\xcd", "12345 13 2 abcd"),
        CASE("DNSKEY", "\1\1\3\xd\1\2\3\4", "257 3 13 AQIDBA=="),
        CASE("TLSA", "\3\1\1\xab", "3 1 1 ab"),
        CASE("RRSIG", "\0\1\xd\2\0\0\1\x2c\x65\x92\0\x80\x65\x90\xaf\0\x30\x39\4test\0\1\2\3",
             "A 13 2 300 20240101000000 20231231000000 12345 test. AQID"),
        CASE("NSEC", "\1y\4test\0\0\6\x40\1\0\0\0\3", "y.test. A MX RRSIG NSEC"),
        CASE("NAPTR", "\0\xa\0\x14\1S\7SIP+D2U\0\1_\4test\0", "10 20 \"S\" \"SIP+D2U\" \"\" _.test."),
        CASE("SSHFP", "\4\2\xab\xcd", "4 2 abcd"),

        /* not known, or not as it should be (RFC 3597 5) */
        CASE("TYPE65534", "\1\2\xff", "\\# 3 0102ff"),
        CASE("TYPE65534", "", "\\# 0"),
        CASE("A", "\xc0\0\2", "\\# 3 c00002"),
        CASE("A", "\xc0\0\2\1\0", "\\# 5 c000020100"),
        CASE("AAAA", "", "\\# 0"),
        CASE("TXT", "", "\\# 0"),
        CASE("DS", "\x30\x39\xd\2", "\\# 4 30390d02"),
        CASE("TXT", "\5hell", "\\# 5 0568656c6c"),
        CASE("SRV", "\0\1\0\2\1\xbb\xc0\xff", "\\# 8 0001000201bbc0ff"),
        CASE("CAA", "\0\xffissue", "\\# 7 00ff6973737565"),
        CASE("HTTPS", "\0\1\0\0\3\0\1\1", "\\# 8 0001000003000101"),
        CASE("HTTPS", "\0\1\0\0\4\0\5\xc0\0\2\1\1", "\\# 12 00010000040005c000020101"),
        CASE("HTTPS", "\0\1\0\0\1\0\xff", "\\# 7 000100000100ff"),
        CASE("NSEC", "\0\0\x21", "\\# 3 000021"),
};

START_TEST(records_are_printed_as_dig_prints_them)
{
        uint16_t type;
        char *text;

        ck_assert(rr_type_from_text(cases[_i].type, &type));
        text = print(type, cases[_i].rdata, cases[_i].n);
        ck_assert_str_eq(text, cases[_i].text);
        free(text);
}
END_TEST

START_TEST(types_have_names_and_numbers)
{
        char text[RR_TYPE_TEXT_MAX];
        uint16_t type;

        ck_assert(rr_type_from_text("https", &type) && type == TYPE_HTTPS);
        ck_assert(rr_type_from_text("TYPE65", &type) && type == TYPE_HTTPS);
        ck_assert(rr_type_from_text("65", &type) && type == TYPE_HTTPS);
        ck_assert(rr_type_from_text("type65535", &type) && type == 65535);
        ck_assert(!rr_type_from_text("TYPE65536", &type));
        ck_assert(!rr_type_from_text("TYPE", &type));
        ck_assert(!rr_type_from_text("", &type));
        ck_assert(!rr_type_from_text("HTTP", &type));
        ck_assert(!rr_type_from_text("-1", &type));
        ck_assert_str_eq(rr_type_to_text(TYPE_HTTPS, text), "HTTPS");
        ck_assert_str_eq(rr_type_to_text(4711, text), "TYPE4711");
}
END_TEST

START_TEST(addresses_have_names_for_their_way_back)
{
        char name[REVERSE_NAME_MAX];

        ck_assert(reverse_name("192.0.2.1", name));
        ck_assert_str_eq(name, "1.2.0.192.in-addr.arpa");
        ck_assert(reverse_name("2001:db8::567:89ab", name));
        ck_assert_str_eq(name, "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
        ck_assert(!reverse_name("example.com", name));
        ck_assert(!reverse_name("", name));
}
END_TEST

START_TEST(extended_errors_are_all_found_and_printable)
{
        static const uint8_t wire[] = "\0\0\x81\x82\0\0\0\0\0\0\0\1"
                                      "\0\0\x29\4\xd0\0\0\0\0\0\x14"
                                      "\0\xf\0\4\0\x16\x1b["
                                      "\0\xc\0\2\0\0"
                                      "\0\xf\0\2\0\x17";
        unsigned code;
        char *text;
        Message m;

        ck_assert_int_eq(message_parse(&m, BYTES(wire, sizeof(wire) - 1)), MESSAGE_OK);
        ck_assert(message_extended_error(&m, 0, &code, &text));
        ck_assert_uint_eq(code, 22);
        ck_assert_str_eq(text, "\\027[");
        free(text);
        ck_assert(message_extended_error(&m, 1, &code, &text));
        ck_assert_uint_eq(code, 23);
        ck_assert_str_eq(text, "");
        free(text);
        ck_assert(!message_extended_error(&m, 2, &code, &text));
        ck_assert_str_eq(ede_name(22), "No Reachable Authority");
        ck_assert_ptr_null(ede_name(4711));
}
END_TEST

/* A name that is a million pointers, or leads out of the message, is none; one that is whole is told where it ends. */
START_TEST(names_are_expanded_within_their_message)
{
        static const uint8_t wire[] = "............\3www\4test\0\1a\xc0\x10\xc0\x19\xc0\xff\3ab";
        uint8_t name[DNS_NAME_MAX];
        char text[NAME_TEXT_MAX];
        size_t end = 0;
        Bytes w = BYTES(wire, sizeof(wire) - 1);

        ck_assert_uint_eq(name_expand(w, 12, name, &end), 10);
        ck_assert_uint_eq(end, 22);
        ck_assert_uint_eq(name_expand(w, 22, name, &end), 8);
        ck_assert_uint_eq(end, 26);
        name_to_text(BYTES(name, 8), text);
        ck_assert_str_eq(text, "a.test");
        ck_assert_uint_eq(name_expand(w, 26, name, &end), 0);
        ck_assert_uint_eq(name_expand(w, 28, name, &end), 0);
        ck_assert_uint_eq(name_expand(w, 30, name, &end), 0);
        ck_assert_uint_eq(name_expand(w, w.n, name, &end), 0);
        ck_assert_uint_eq(name_expand(BYTES(wire, 21), 12, name, &end), 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("record");
        TCase *t = tcase_create("record");

        tcase_add_loop_test(t, records_are_printed_as_dig_prints_them, 0, ELEMENTS(cases));
        tcase_add_test(t, types_have_names_and_numbers);
        tcase_add_test(t, addresses_have_names_for_their_way_back);
        tcase_add_test(t, extended_errors_are_all_found_and_printable);
        tcase_add_test(t, names_are_expanded_within_their_message);
        suite_add_tcase(s, t);
        return run_suite(s);
}
