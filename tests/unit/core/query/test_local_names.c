/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names that stay here: every zone and every switch, through the engine, whose upstream must hear of none of them. Each
 * row is a question and its whole answer in words.
 */

#include <stdio.h>
#include <string.h>

#include "core/query/local_names.h"
#include "played.h"
#include "run.h"

static const uint8_t seed[16] = "0123456789abcde";

static const char *with_local(const char *local)
{
        static char text[1024];

        snprintf(text, sizeof(text), UPSTREAM_A "[Local]\n%s\n", local);
        return text;
}

/* `file` and `own` are texts in the form of hosts(5), or NULL. */
static void start(const char *local, const char *file, const char *own)
{
        HostsReport report;
        Hosts *f = file ? hosts_new(BYTES(file, strlen(file)), seed, &report) : NULL;
        Hosts *o = own ? hosts_new(BYTES(own, strlen(own)), seed, &report) : NULL;

        played_start(with_local(local));
        engine_set_hosts(e, f, o);
        hosts_unref(f);
        hosts_unref(o);
}

static void put_question(const char *name, unsigned type, unsigned class, uint16_t flags)
{
        uint8_t wire[DNS_NAME_MAX];
        size_t n = name_from_text(name, wire);

        ck_assert_uint_gt(n, 0);
        wire_question(&w, flags, wire, n, type, class);
}

/* Asks what is in `w`. True if it was answered at once, and nothing was asked of the upstream. */
static bool answered_here(void)
{
        unsigned before = n_connects;
        bool answered = ask_over(TRANSPORT_TCP);

        ck_assert_msg(!answered || (!asked && n_connects == before),
                      "what is answered here is not asked of the upstream");
        return answered;
}

static const struct {
        uint16_t type;
        const char *name;
} types[] = {
        { TYPE_A, "A" },     { TYPE_NS, "NS" },    { TYPE_CNAME, "CNAME" }, { TYPE_SOA, "SOA" },
        { TYPE_PTR, "PTR" }, { 15, "MX" },         { TYPE_TXT, "TXT" },     { TYPE_AAAA, "AAAA" },
        { TYPE_DS, "DS" },   { 48, "DNSKEY" },     { TYPE_SVCB, "SVCB" },   { TYPE_HTTPS, "HTTPS" },
        { TYPE_ANY, "ANY" }, { 65280, "PRIVATE" },
};

static const char *type_name(uint16_t type)
{
        for (size_t i = 0; i < ELEMENTS(types); i++)
                if (types[i].type == type)
                        return types[i].name;
        ck_abort_msg("type %u is not in the table", type);
}

static uint16_t type_of(const char *name)
{
        for (size_t i = 0; i < ELEMENTS(types); i++)
                if (strcmp(types[i].name, name) == 0)
                        return types[i].type;
        ck_abort_msg("type %s is not in the table", name);
}

/* " A=192.0.2.1:60" or " / SOA=onion:60": type, section, what it says first, TTL. */
static size_t say_record(char *ret, size_t size, const Record *r)
{
        Address a = { .v6 = r->type == TYPE_AAAA };
        char text[NAME_TEXT_MAX];

        if (r->type == TYPE_A || r->type == TYPE_AAAA) {
                memcpy(a.octets, r->rdata.p, r->rdata.n);
                address_to_text(&a, text);
                /* Without the port, and the brackets of IPv6. */
                *strrchr(text, a.v6 ? ']' : ':') = 0;
        } else {
                name_to_text(BYTES(r->rdata.p, name_size(r->rdata)), text);
        }
        return (size_t) snprintf(ret, size, "%s %s=%s:%u", r->section == SECTION_AUTHORITY ? " /" : "",
                                 type_name(r->type), text + a.v6, r->ttl);
}

/* The whole answer in words, "asked" if the upstream is. */
static const char *ask_for(const char *name, const char *type)
{
        static char all[8192];
        RecordWalk walk;
        size_t n;
        Record r;

        put_question(name, type_of(type), CLASS_IN, DNS_RD);
        if (!answered_here())
                return "asked";
        n = (size_t) snprintf(all, sizeof(all), "%s",
                              message_rcode(&got) == RCODE_NXDOMAIN  ? "NXDOMAIN"
                              : message_rcode(&got) == RCODE_NOERROR ? "NOERROR"
                                                                     : "?");
        walk = RECORD_WALK(&got);
        while (record_next(&walk, &r))
                n += say_record(all + n, sizeof(all) - n, &r);
        ck_assert_msg((got.flags & (DNS_QR | DNS_AA | DNS_TC | DNS_RA | DNS_AD)) == (DNS_QR | DNS_AA | DNS_RA),
                      "the answer for %s %s is one, authoritative, whole and not authenticated", name, type);
        return all;
}

static void gives(const char *name, const char *type, const char *expected)
{
        const char *is = ask_for(name, type);

        ck_assert_msg(strcmp(is, expected) == 0, "%s %s gives \"%s\", not \"%s\"", name, type, expected, is);
}

/* A SOA that denies is the last word of an answer. */
#define SOA(zone) " / SOA=" zone ":60"
#define ABSENT "NXDOMAIN" SOA(".")

START_TEST(RFC6761_localhost_and_all_names_below_it_have_the_loopback_addresses)
{
        static const char *const names[] = { "localhost", "LocalHost", "a.localhost", "b.a.localhost" };

        start("", NULL, NULL);
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                gives(names[i], "A", "NOERROR A=127.0.0.1:60");
                gives(names[i], "AAAA", "NOERROR AAAA=::1:60");
                gives(names[i], "ANY", "NOERROR A=127.0.0.1:60 AAAA=::1:60");
        }
        gives("localhost", "MX", "NOERROR" SOA("localhost"));
        gives("localhost", "HTTPS", "NOERROR" SOA("localhost"));
        gives("a.localhost", "TXT", "NOERROR" SOA("localhost"));
        gives("1.0.0.127.in-addr.arpa", "PTR", "NOERROR PTR=localhost:60");
        gives("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa", "PTR",
              "NOERROR PTR=localhost:60");
        gives("notlocalhost.test", "A", "asked");
        gives("localhost.test", "A", "asked");
}
END_TEST

START_TEST(RFC6761_the_hosts_file_cannot_redefine_localhost)
{
        start("", "192.0.2.66 localhost a.localhost\n", NULL);
        gives("localhost", "A", "NOERROR A=127.0.0.1:60");
        gives("a.localhost", "A", "NOERROR A=127.0.0.1:60");
}
END_TEST

START_TEST(RFC6761_RFC6762_RFC7686_RFC9476_special_use_top_level_domains_do_not_exist)
{
        static const struct {
                const char *name, *rfc;
        } rows[] = {
                { "invalid", "RFC6761" }, { "onion", "RFC7686" },  { "alt", "RFC9476" },
                { "local", "RFC6762" },   { "internal", "ICANN" },
        };
        static const char *const all_types[] = {
                "A", "AAAA", "MX", "TXT", "HTTPS", "NS", "DS", "SOA", "ANY", "PRIVATE"
        };

        start("SingleLabel=no", NULL, NULL);
        for (size_t i = 0; i < ELEMENTS(rows); i++)
                for (size_t k = 0; k < ELEMENTS(all_types); k++) {
                        char below[64], beside[64];

                        snprintf(below, sizeof(below), "a.B.%s", rows[i].name);
                        snprintf(beside, sizeof(beside), "%s.test", rows[i].name);
                        gives(rows[i].name, all_types[k], ABSENT);
                        gives(below, all_types[k], ABSENT);
                        gives(beside, all_types[k], "asked");
                }
}
END_TEST

START_TEST(RFC9462_resolver_arpa_has_no_data)
{
        start("", NULL, NULL);
        gives("_dns.resolver.arpa", "SVCB", "NOERROR" SOA("resolver.arpa"));
        gives("_dns.Resolver.ARPA", "A", "NOERROR" SOA("Resolver.ARPA"));
        gives("any.thing.resolver.arpa", "TXT", "NOERROR" SOA("resolver.arpa"));
        gives("resolver.arpa", "SVCB", "NOERROR" SOA("resolver.arpa"));
        gives("resolver.arpa", "SOA", "NOERROR SOA=resolver.arpa:60");
        gives("resolver.arpa", "DS", "asked");
        gives("arpa", "NS", "asked");
}
END_TEST

START_TEST(RFC8375_home_arpa_is_empty_and_its_DS_is_forwarded)
{
        start("", NULL, NULL);
        gives("home.arpa", "A", "NOERROR" SOA("home.arpa"));
        gives("home.arpa", "SOA", "NOERROR SOA=home.arpa:60");
        gives("home.arpa", "NS", "NOERROR NS=home.arpa:60");
        gives("home.arpa", "ANY", "NOERROR NS=home.arpa:60 SOA=home.arpa:60");
        gives("home.arpa", "DS", "asked");
        gives("nas.home.arpa", "A", "NXDOMAIN" SOA("home.arpa"));
        gives("a.nas.home.arpa", "DS", "NXDOMAIN" SOA("home.arpa"));
        gives("home.test", "A", "asked");
}
END_TEST

/* The registry of IANA: zones, one name in each, and one beside it. */
START_TEST(RFC6303_RFC7793_reverse_zones_of_private_addresses_are_empty)
{
#define EIGHT "8.7.6.5.4.3.2.1."
#define ZEROS_31 "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
        static const struct {
                const char *zone, *inside, *beside;
        } rows[] = {
                { "10.in-addr.arpa", "3.2.1.10.in-addr.arpa", "3.2.1.11.in-addr.arpa" },
                { "16.172.in-addr.arpa", "2.1.16.172.in-addr.arpa", "2.1.15.172.in-addr.arpa" },
                { "17.172.in-addr.arpa", "1.17.172.in-addr.arpa", "172.in-addr.arpa" },
                { "31.172.in-addr.arpa", "255.255.31.172.in-addr.arpa", "1.1.32.172.in-addr.arpa" },
                { "168.192.in-addr.arpa", "1.1.168.192.in-addr.arpa", "1.1.169.192.in-addr.arpa" },
                { "64.100.in-addr.arpa", "1.1.64.100.in-addr.arpa", "1.1.63.100.in-addr.arpa" },
                { "127.100.in-addr.arpa", "1.1.127.100.in-addr.arpa", "1.1.128.100.in-addr.arpa" },
                { "0.in-addr.arpa", "0.0.0.0.in-addr.arpa", "0.0.0.1.in-addr.arpa" },
                { "127.in-addr.arpa", "2.0.0.127.in-addr.arpa", "1.0.0.128.in-addr.arpa" },
                { "254.169.in-addr.arpa", "1.1.254.169.in-addr.arpa", "1.1.253.169.in-addr.arpa" },
                { "2.0.192.in-addr.arpa", "1.2.0.192.in-addr.arpa", "1.3.0.192.in-addr.arpa" },
                { "100.51.198.in-addr.arpa", "1.100.51.198.in-addr.arpa", "51.198.in-addr.arpa" },
                { "113.0.203.in-addr.arpa", "1.113.0.203.in-addr.arpa", "0.203.in-addr.arpa" },
                { "255.255.255.255.in-addr.arpa", "a.255.255.255.255.in-addr.arpa", "255.255.255.in-addr.arpa" },
                { "0." ZEROS_31 "ip6.arpa", "x.0." ZEROS_31 "ip6.arpa", "2." ZEROS_31 "ip6.arpa" },
                { "1." ZEROS_31 "ip6.arpa", "x.1." ZEROS_31 "ip6.arpa", ZEROS_31 "ip6.arpa" },
                { "d.f.ip6.arpa", EIGHT "d.f.ip6.arpa", EIGHT "c.f.ip6.arpa" },
                { "8.e.f.ip6.arpa", EIGHT "8.e.f.ip6.arpa", EIGHT "7.e.f.ip6.arpa" },
                { "9.e.f.ip6.arpa", EIGHT "9.E.F.ip6.arpa", "e.f.ip6.arpa" },
                { "a.e.f.ip6.arpa", EIGHT "A.e.f.ip6.arpa", "f.ip6.arpa" },
                { "b.e.f.ip6.arpa", EIGHT "b.e.f.ip6.arpa", EIGHT "c.e.f.ip6.arpa" },
                { "8.b.d.0.1.0.0.2.ip6.arpa", EIGHT "8.b.d.0.1.0.0.2.ip6.arpa", EIGHT "9.b.d.0.1.0.0.2.ip6.arpa" },
        };

        start("Localhost=no", NULL, NULL);
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                char expected[512];
                const char *is;

                snprintf(expected, sizeof(expected), "NOERROR SOA=%s:60", rows[i].zone);
                gives(rows[i].zone, "SOA", expected);
                snprintf(expected, sizeof(expected), "NOERROR NS=%s:60", rows[i].zone);
                gives(rows[i].zone, "NS", expected);
                snprintf(expected, sizeof(expected), "NOERROR / SOA=%s:60", rows[i].zone);
                gives(rows[i].zone, "PTR", expected);
                gives(rows[i].zone, "DS", "asked");
                snprintf(expected, sizeof(expected), "NXDOMAIN / SOA=%s:60", rows[i].zone);
                is = ask_for(rows[i].inside, "PTR");
                ck_assert_msg(strcasecmp(is, expected) == 0, "%s gives \"%s\", not \"%s\"", rows[i].inside, expected,
                              is);
                gives(rows[i].beside, "PTR", "asked");
        }
        gives("in-addr.arpa", "NS", "asked");
        gives("ip6.arpa", "NS", "asked");
        gives("3.2.1.010.in-addr.arpa", "PTR", "asked");
        gives("3.2.1.10a.in-addr.arpa", "PTR", "asked");
        gives("10.in-addr.test", "PTR", "asked");
        gives("8.8.8.8.in-addr.arpa", "PTR", "asked");
        /* RFC 2317: what is no octet may stand below, too. */
        gives("0/26.2.1.10.in-addr.arpa", "PTR", "NXDOMAIN" SOA("10.in-addr.arpa"));
        gives("_dns-sd._udp.0.1.168.192.in-addr.arpa", "PTR", "NXDOMAIN" SOA("168.192.in-addr.arpa"));
}
END_TEST

START_TEST(RFC6303_the_SOA_has_the_form_of_section_3)
{
        static const uint8_t soa[] = "\2"
                                     "10\7in-addr\4arpa\0"
                                     "\6nobody\7invalid\0"
                                     "\0\0\0\1"
                                     "\0\0\x0e\x10"
                                     "\0\0\4\xb0"
                                     "\0\x09\x3a\x80"
                                     "\0\0\x2a\x30";
        RecordWalk walk;
        Record r;

        start("", NULL, NULL);
        gives("9.9.9.10.in-addr.arpa", "PTR", "NXDOMAIN" SOA("10.in-addr.arpa"));
        walk = RECORD_WALK(&got);
        ck_assert(record_next(&walk, &r));
        ck_assert_int_eq(r.section, SECTION_AUTHORITY);
        ck_assert_uint_eq(r.type, TYPE_SOA);
        ck_assert_uint_eq(r.class, CLASS_IN);
        ck_assert_mem_eq(got.wire.p + r.offset, soa, 17);
        ck_assert_uint_eq(r.rdata.n, sizeof(soa) - 1);
        ck_assert_mem_eq(r.rdata.p, soa, sizeof(soa) - 1);
        ck_assert(!record_next(&walk, &r));
}
END_TEST

START_TEST(RFC2308_local_negative_answers_can_be_cached)
{
        static const char *const names[] = { "a.invalid", "nas", "nas.home.arpa", "_dns.resolver.arpa",
                                             "1.0.0.10.in-addr.arpa" };
        uint32_t seconds;

        start("", NULL, NULL);
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                ask_for(names[i], "A");
                ck_assert_int_eq(message_lifetime(&got, &seconds), LIFETIME_NEGATIVE);
                ck_assert_uint_eq(seconds, LOCAL_ZONE_TTL);
        }
}
END_TEST

START_TEST(single_label_names_of_hosts_are_answered_locally)
{
        static const char *const of_hosts[] = { "A", "AAAA", "SVCB", "HTTPS" };
        static const char *const of_domains[] = { "NS", "DS", "SOA", "DNSKEY", "TXT", "ANY" };

        start("", "192.0.2.1 nas\n", NULL);
        for (size_t i = 0; i < ELEMENTS(of_hosts); i++) {
                gives("printer", of_hosts[i], ABSENT);
                gives("com", of_hosts[i], ABSENT);
                gives("printer.test", of_hosts[i], "asked");
                gives(".", of_hosts[i], "asked");
        }
        for (size_t i = 0; i < ELEMENTS(of_domains); i++) {
                gives("com", of_domains[i], "asked");
                gives(".", of_domains[i], "asked");
        }
        gives("nas", "A", "NOERROR A=192.0.2.1:0");
        gives("nas", "HTTPS", "NOERROR / SOA=nas:0");
        gives("nas", "NS", "NOERROR / SOA=nas:0");
}
END_TEST

START_TEST(the_hosts_file_is_answered_forward_and_backward)
{
        start("",
              "192.0.2.1 a.example.test a\n2001:db8::1 a.example.test\n10.0.0.1 nas.home.arpa\n0.0.0.0 ads.test\n127.0.0.1 tor.onion\n",
              NULL);
        gives("a.example.test", "A", "NOERROR A=192.0.2.1:0");
        gives("A.EXAMPLE.test", "AAAA", "NOERROR AAAA=2001:db8::1:0");
        gives("a.example.test", "ANY", "NOERROR A=192.0.2.1:0 AAAA=2001:db8::1:0");
        gives("a.example.test", "MX", "NOERROR / SOA=a.example.test:0");
        gives("a", "AAAA", "NOERROR / SOA=a:0");
        gives("x.a.example.test", "A", "asked");
        gives("example.test", "A", "asked");
        gives("nas.home.arpa", "A", "NOERROR A=10.0.0.1:0");
        gives("ads.test", "A", "NOERROR A=0.0.0.0:0");
        gives("ads.test", "AAAA", "NOERROR / SOA=ads.test:0");
        gives("tor.onion", "A", "NOERROR A=127.0.0.1:0");
        gives("1.2.0.192.in-addr.arpa", "PTR", "NOERROR PTR=a.example.test:0");
        gives("1.2.0.192.in-addr.arpa", "ANY", "NOERROR PTR=a.example.test:0");
        gives("1.2.0.192.in-addr.arpa", "TXT", "NOERROR / SOA=1.2.0.192.in-addr.arpa:0");
        gives("x.1.2.0.192.in-addr.arpa", "PTR", "NXDOMAIN" SOA("2.0.192.in-addr.arpa"));
        gives("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6.arpa", "PTR",
              "NOERROR PTR=a.example.test:0");
        gives("1.0.0.10.in-addr.arpa", "PTR", "NOERROR PTR=nas.home.arpa:0");
        gives("2.0.0.10.in-addr.arpa", "PTR", "NXDOMAIN" SOA("10.in-addr.arpa"));
        gives("0.0.0.0.in-addr.arpa", "PTR", "NXDOMAIN" SOA("0.in-addr.arpa"));
}
END_TEST

START_TEST(the_hostname_is_answered_unless_the_hosts_file_has_it)
{
        const char *own = "192.0.2.7 me.example.test me\n2001:db8::7 me.example.test me\n";

        start("", NULL, own);
        gives("me", "A", "NOERROR A=192.0.2.7:0");
        gives("me.example.test", "AAAA", "NOERROR AAAA=2001:db8::7:0");
        gives("7.2.0.192.in-addr.arpa", "PTR", "NOERROR PTR=me.example.test:0");
        start("", "127.0.1.1 me\n192.0.2.7 other.test\n", own);
        gives("me", "A", "NOERROR A=127.0.1.1:0");
        gives("me", "AAAA", "NOERROR / SOA=me:0");
        gives("me.example.test", "A", "NOERROR A=192.0.2.7:0");
        gives("7.2.0.192.in-addr.arpa", "PTR", "NOERROR PTR=other.test:0");
        gives("1.1.0.127.in-addr.arpa", "PTR", "NOERROR PTR=me:0");
}
END_TEST

START_TEST(a_name_with_64_addresses_has_them_all_in_one_answer)
{
        char text[65536] = "";
        size_t n = 0;

        for (unsigned i = 0; i < 70; i++)
                n += (size_t) snprintf(text + n, sizeof(text) - n, "192.0.2.%u many.test\n2001:db8::%x many.test\n", i,
                                       i + 1);
        start("", text, NULL);
        ask_for("many.test", "A");
        ck_assert_uint_eq(got.ancount, 32);
        ask_for("many.test", "ANY");
        ck_assert_uint_eq(got.ancount, HOSTS_ADDRESSES_OF_NAME_MAX);
}
END_TEST

START_TEST(a_new_hosts_table_applies_from_the_next_query_on)
{
        HostsReport report;
        Hosts *h = hosts_new(BYTES("192.0.2.2 a.test\n", 17), seed, &report);

        start("", "192.0.2.1 a.test\n", "192.0.2.3 me\n");
        gives("a.test", "A", "NOERROR A=192.0.2.1:0");
        engine_set_hosts(e, h, NULL);
        hosts_unref(h);
        gives("a.test", "A", "NOERROR A=192.0.2.2:0");
        gives("me", "A", ABSENT);
        engine_set_hosts(e, NULL, NULL);
        gives("a.test", "A", "asked");
}
END_TEST

/* Each key in its own, all others being on; a second switch that would catch the name too is off. */
START_TEST(every_local_zone_has_an_option_that_a_reload_applies)
{
        static const struct {
                const char *key, *name, *type, *other;
        } rows[] = {
                { "Localhost", "localhost", "A", "SingleLabel=no" },
                { "Localhost", "a.localhost", "AAAA", "" },
                { "Localhost", "1.0.0.127.in-addr.arpa", "PTR", "PrivateReverse=no" },
                { "Invalid", "a.invalid", "A", "" },
                { "Onion", "a.onion", "A", "" },
                { "Alt", "a.alt", "A", "" },
                { "ResolverArpa", "_dns.resolver.arpa", "SVCB", "" },
                { "Local", "tv.local", "A", "" },
                { "Internal", "a.internal", "A", "" },
                { "HomeArpa", "nas.home.arpa", "A", "" },
                { "PrivateReverse", "9.1.168.192.in-addr.arpa", "PTR", "" },
                { "PrivateReverse", "2.0.0.127.in-addr.arpa", "PTR", "" },
                { "SingleLabel", "printer", "A", "" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                char text[128];

                start(rows[i].other, NULL, NULL);
                ck_assert_msg(strcmp(ask_for(rows[i].name, rows[i].type), "asked") != 0, "%s stays here", rows[i].name);
                snprintf(text, sizeof(text), "%s=no\n%s", rows[i].key, rows[i].other);
                played_reload(with_local(text));
                gives(rows[i].name, rows[i].type, "asked");
        }
}
END_TEST

/* The order that admit.c keeps with [Forward]. */
START_TEST(a_forward_section_overrides_local_zones_except_those_that_exist_nowhere_else)
{
        static const struct {
                const char *name, *type;
                bool gives_way;
        } rows[] = {
                { "localhost", "A", false },
                { "1.0.0.127.in-addr.arpa", "PTR", false },
                { "known.test", "A", false },
                { "1.1.168.192.in-addr.arpa", "PTR", false },
                { "me", "A", false },
                { "a.invalid", "A", false },
                { "a.onion", "A", false },
                { "a.alt", "A", false },
                { "_dns.resolver.arpa", "SVCB", false },
                { "tv.local", "A", true },
                { "a.internal", "A", true },
                { "nas.home.arpa", "A", true },
                { "2.1.168.192.in-addr.arpa", "PTR", true },
                { "printer", "A", true },
        };
        Config *c = played_parse(with_local(""));
        HostsReport report;
        Hosts *file = hosts_new(BYTES("192.168.1.1 known.test\n", 23), seed, &report),
              *own = hosts_new(BYTES("192.0.2.1 me\n", 13), seed, &report);
        LocalNames names = { .config = &c->local, .file = file, .own = own };
        static LocalReply reply;
        Message m;

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                put_question(rows[i].name, type_of(rows[i].type), CLASS_IN, DNS_RD);
                ck_assert_int_eq(message_parse(&m, wire_bytes(&w)), MESSAGE_OK);
                ck_assert_msg(local_answer(&names, &m, FORWARD_NONE, &reply), "%s stays here", rows[i].name);
                ck_assert_msg(local_answer(&names, &m, FORWARD_DOMAIN, &reply) != rows[i].gives_way,
                              "%s gives way to [Forward]: %s", rows[i].name, rows[i].gives_way ? "yes" : "no");
        }
        hosts_unref(file);
        hosts_unref(own);
        config_unref(c);
}
END_TEST

START_TEST(local_names_leave_the_machine_in_no_class)
{
        static const unsigned classes[] = { CLASS_IN, CLASS_ANY, CLASS_CH, CLASS_HS, CLASS_NONE, 2, 65280 };
        static const char *const names[] = { "localhost",      "nas",           "a.onion",
                                             "a.invalid",      "a.local",       "a.internal",
                                             "a.home.arpa",    "resolver.arpa", "printer",
                                             "10.in-addr.arpa" };

        start("", "192.0.2.1 nas\n", NULL);
        for (size_t i = 0; i < ELEMENTS(classes); i++) {
                bool in = classes[i] == CLASS_IN || classes[i] == CLASS_ANY;

                for (size_t k = 0; k < ELEMENTS(names); k++) {
                        put_question(names[k], TYPE_A, classes[i], DNS_RD);
                        ck_assert_msg(answered_here(), "%s of class %u left the machine", names[k], classes[i]);
                        ck_assert_msg((message_rcode(&got) == RCODE_REFUSED) != in, "%s of class %u: rcode %u",
                                      names[k], classes[i], message_rcode(&got));
                }
                put_question("www.test", TYPE_A, classes[i], DNS_RD);
                ck_assert_msg(!answered_here(), "www.test of class %u was not forwarded", classes[i]);
        }
}
END_TEST

START_TEST(queries_without_RD_or_signed_or_with_DO_are_answered_locally_too)
{
        start("", NULL, NULL);
        put_question("a.onion", TYPE_A, CLASS_IN, 0);
        ck_assert(answered_here());
        put_question("a.onion", TYPE_A, CLASS_IN, DNS_RD);
        wire_record(&w, 2, "\3key", 5, TYPE_TSIG, CLASS_ANY, 0, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 17);
        ck_assert(answered_here());
        put_question("localhost", TYPE_A, CLASS_IN, DNS_RD | DNS_CD);
        wire_opt(&w, 1232, 0x8000, "", 0);
        ck_assert(answered_here());
        ck_assert(got.edns.present && got.edns.dnssec_ok);
        ck_assert_uint_eq(got.flags & (DNS_AA | DNS_AD | DNS_CD), DNS_AA | DNS_CD);
        ck_assert_uint_eq(got.ancount, 1);
}
END_TEST

START_TEST(RFC8914_a_local_negative_answer_names_the_option_responsible)
{
        static const struct {
                const char *name;
                unsigned type;
                const char *key;
        } rows[] = {
                { "printer", TYPE_A, "SingleLabel=" },
                { "a.onion", TYPE_A, "Onion=" },
                { "9.0.0.10.in-addr.arpa", TYPE_PTR, "PrivateReverse=" },
                { "known.test", TYPE_TXT, "HostsFile=" },
                { "me", TYPE_TXT, "Hostname=" },
                { "localhost", TYPE_TXT, "Localhost=" },
                { "known.test", TYPE_A, NULL },
                { "localhost", TYPE_A, NULL },
        };

        start("", "192.0.2.1 known.test\n", "192.0.2.1 me\n");
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Bytes o;

                put_question(rows[i].name, rows[i].type, CLASS_IN, DNS_RD);
                wire_opt(&w, 1232, 0, "", 0);
                ck_assert(answered_here());
                o = got.edns.options;
                if (!rows[i].key) {
                        ck_assert_uint_eq(o.n, 0);
                        continue;
                }
                ck_assert_uint_gt(o.n, 6);
                ck_assert_uint_eq(wire_read16(o.p), EDNS_OPTION_EDE);
                ck_assert_uint_eq(wire_read16(o.p + 4), EDE_OTHER);
                ck_assert_msg(memmem(o.p + 6, o.n - 6, rows[i].key, strlen(rows[i].key)), "%s: \"%.*s\" names %s",
                              rows[i].name, (int) o.n - 6, (const char *) o.p + 6, rows[i].key);
        }
}
END_TEST

START_TEST(the_longest_possible_names_are_answered)
{
        char name[300];
        size_t n = 0;

        /* 255 octets at most: many labels, and long ones */
        for (int i = 0; i < 123; i++)
                n += (size_t) snprintf(name + n, sizeof(name) - n, "a.");
        snprintf(name + n, sizeof(name) - n, "onion");
        start("", NULL, NULL);
        gives(name, "A", ABSENT);
        n = 0;
        for (int i = 0; i < 122; i++)
                n += (size_t) snprintf(name + n, sizeof(name) - n, "%d.", i % 10);
        snprintf(name + n, sizeof(name) - n, "ip6.arpa");
        gives(name, "PTR", "asked");
        for (int i = 0; i < 126; i++)
                memcpy(name + 2 * i, "a.", 2);
        snprintf(name + 252, sizeof(name) - 252, "a");
        gives(name, "A", "asked");
        memset(name, 'a', sizeof(name));
        name[63] = name[127] = name[191] = '.';
        snprintf(name + 192, sizeof(name) - 192, "%053d.invalid", 0);
        gives(name, "PTR", ABSENT);
}
END_TEST

START_TEST(local_answers_are_counted_and_count_as_queries)
{
        start("", "192.0.2.1 a.test\n", NULL);
        gives("localhost", "A", "NOERROR A=127.0.0.1:60");
        gives("a.test", "A", "NOERROR A=192.0.2.1:0");
        gives("x.onion", "A", ABSENT);
        gives("www.example.test", "A", "asked");
        ck_assert_uint_eq(played_stats().queries, 4);
        ck_assert_uint_eq(played_stats().local, 3);
        ck_assert_uint_eq(played_stats().answered + played_stats().failed, 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("local");
        TCase *t = tcase_create("local");

        tcase_add_checked_fixture(t, NULL, played_stop);
        tcase_add_test(t, RFC6761_localhost_and_all_names_below_it_have_the_loopback_addresses);
        tcase_add_test(t, RFC6761_the_hosts_file_cannot_redefine_localhost);
        tcase_add_test(t, RFC6761_RFC6762_RFC7686_RFC9476_special_use_top_level_domains_do_not_exist);
        tcase_add_test(t, RFC9462_resolver_arpa_has_no_data);
        tcase_add_test(t, RFC8375_home_arpa_is_empty_and_its_DS_is_forwarded);
        tcase_add_test(t, RFC6303_RFC7793_reverse_zones_of_private_addresses_are_empty);
        tcase_add_test(t, RFC6303_the_SOA_has_the_form_of_section_3);
        tcase_add_test(t, RFC2308_local_negative_answers_can_be_cached);
        tcase_add_test(t, single_label_names_of_hosts_are_answered_locally);
        tcase_add_test(t, the_hosts_file_is_answered_forward_and_backward);
        tcase_add_test(t, the_hostname_is_answered_unless_the_hosts_file_has_it);
        tcase_add_test(t, a_name_with_64_addresses_has_them_all_in_one_answer);
        tcase_add_test(t, a_new_hosts_table_applies_from_the_next_query_on);
        tcase_add_test(t, every_local_zone_has_an_option_that_a_reload_applies);
        tcase_add_test(t, a_forward_section_overrides_local_zones_except_those_that_exist_nowhere_else);
        tcase_add_test(t, local_names_leave_the_machine_in_no_class);
        tcase_add_test(t, queries_without_RD_or_signed_or_with_DO_are_answered_locally_too);
        tcase_add_test(t, RFC8914_a_local_negative_answer_names_the_option_responsible);
        tcase_add_test(t, the_longest_possible_names_are_answered);
        tcase_add_test(t, local_answers_are_counted_and_count_as_queries);
        suite_add_tcase(s, t);
        return run_suite(s);
}
