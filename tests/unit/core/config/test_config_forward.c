/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/config/config_forward: [Forward NAME] sections in, domains and servers and what is to be said about them out. */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/config/config.h"
#include "line_about.h"
#include "run.h"

#define UPSTREAM "[Upstream a]\nURL=https://a.test/q\nAddress=192.0.2.1\n"

static Config *config;
static char said[4096];
static unsigned errors;

static void take_message(void *userdata, const ConfigMessage *m)
{
        size_t n = strlen(said);

        (void) userdata;
        snprintf(said + n, sizeof(said) - n, "%s:%u: %s\n", m->file ?: "-", m->line, m->text);
}

/* The first upstream takes three lines: `text` begins in line 4. */
static void read_text(const char *text)
{
        char whole[8192];
        ConfigText t = { .name = "a.conf", .text = whole };

        t.n = (size_t) snprintf(whole, sizeof(whole), UPSTREAM "%s", text);
        ck_assert_uint_lt(t.n, sizeof(whole));
        config_unref(config);
        said[0] = 0;
        config = config_parse(&t, 1, take_message, NULL, &errors);
}

static void teardown(void)
{
        config = config_unref(config);
}

#define expect(text) ck_assert_msg(strstr(said, text), "expected \"%s\" to be said; what was said:\n%s", text, said)
#define expect_about(start, word)                                                                                      \
        ck_assert_msg(has_line_about(said, start, word), "expected \"%s...%s\" to be said; what was said:\n%s", start, \
                      word, said)
#define expect_nothing() ck_assert_msg(!*said, "expected nothing to be said; what was said:\n%s", said)

/* The domains of the only forward, apart by blanks. */
static const char *domains(void)
{
        static char text[8192];
        size_t n = 0;

        ck_assert_uint_eq(config->n_forwards, 1);
        text[0] = 0;
        for (size_t i = 0; i < config->forwards[0].n_domains; i++) {
                char name[NAME_TEXT_MAX];

                name_to_text(BYTES(config->forwards[0].domains[i].name, config->forwards[0].domains[i].n), name);
                n += (size_t) snprintf(text + n, sizeof(text) - n, "%s%s", i ? " " : "", name);
        }
        return text;
}

static const char *server(size_t i)
{
        static char text[ADDRESS_TEXT_MAX];

        ck_assert_uint_lt(i, config->forwards[0].n_servers);
        address_to_text(&config->forwards[0].servers[i], text);
        return text;
}

START_TEST(a_forward_has_domains_and_servers)
{
        read_text(
                "[Forward corp]\nDomains=Corp.Example. lab\nDNS=10.8.0.1 10.8.0.2:5353 fd00::53 [fd00::53]:54 fe80::1%lo\nDomains=b.test b.TEST\n");
        expect_nothing();
        ck_assert_str_eq(config->forwards[0].name, "corp");
        ck_assert_str_eq(domains(), "corp.example lab b.test");
        ck_assert_uint_eq(config->forwards[0].n_servers, 5);
        ck_assert_str_eq(server(0), "10.8.0.1:53");
        ck_assert_str_eq(server(1), "10.8.0.2:5353");
        ck_assert_str_eq(server(2), "[fd00::53]:53");
        ck_assert_str_eq(server(3), "[fd00::53]:54");
        ck_assert_str_eq(server(4), "[fe80::1%lo]:53");
}
END_TEST

START_TEST(an_empty_assignment_empties_the_list)
{
        read_text("[Forward corp]\nDomains=a.test\nDNS=10.0.0.1\nDomains=\nDNS=\nDomains=b.test\nDNS=10.0.0.2\n");
        expect_nothing();
        ck_assert_str_eq(domains(), "b.test");
        ck_assert_uint_eq(config->forwards[0].n_servers, 1);
        ck_assert_str_eq(server(0), "10.0.0.2:53");
}
END_TEST

static const struct {
        const char *prefix, *domains;
} prefixes[] = {
        { "10.0.0.0/8", "10.in-addr.arpa" },
        { "192.168.0.0/16", "168.192.in-addr.arpa" },
        { "192.0.2.0/24", "2.0.192.in-addr.arpa" },
        { "192.0.2.7/32", "7.2.0.192.in-addr.arpa" },
        { "192.168.64.0/18", NULL },
        { "172.16.0.0/14", "16.172.in-addr.arpa 17.172.in-addr.arpa 18.172.in-addr.arpa 19.172.in-addr.arpa" },
        { "fd00::/8", "d.f.ip6.arpa" },
        { "fc00::/7", "c.f.ip6.arpa d.f.ip6.arpa" },
        { "2001:db8::/32", "8.b.d.0.1.0.0.2.ip6.arpa" },
        { "2001:db8:30::/43", "2.0.0.8.b.d.0.1.0.0.2.ip6.arpa" },
        { "2001:db8:20::/43", "2.0.0.8.b.d.0.1.0.0.2.ip6.arpa 3.0.0.8.b.d.0.1.0.0.2.ip6.arpa" },
};

START_TEST(a_prefix_stands_for_the_reverse_names_of_its_addresses)
{
        for (size_t i = 0; i < ELEMENTS(prefixes); i++) {
                char text[128];

                snprintf(text, sizeof(text), "[Forward corp]\nDomains=%s\nDNS=10.0.0.1\n", prefixes[i].prefix);
                read_text(text);
                if (strcmp(prefixes[i].prefix, "2001:db8:30::/43") == 0) {
                        expect("[Forward corp] Domains=2001:db8:30::/43:");
                        continue;
                }
                expect_nothing();
                if (prefixes[i].domains)
                        ck_assert_str_eq(domains(), prefixes[i].domains);
                else
                        ck_assert_uint_eq(config->forwards[0].n_domains, 64);
        }
}
END_TEST

static const char *const bad_domains[] = { "~corp.example",        ".",          "*.corp.example", "a..b",
                                           "\xc3\xa4rzte.example", "10.0.0.1",   "fd00::1",        "10.0.0.0/0",
                                           "10.0.0.0/33",          "10.0.0.1/8", "10.0/8",         "[fd00::]/8",
                                           "10.0.0.0:53/8" };

START_TEST(what_is_no_domain_is_refused_with_its_line)
{
        for (size_t i = 0; i < ELEMENTS(bad_domains); i++) {
                char text[256];

                snprintf(text, sizeof(text), "[Forward corp]\nDomains=good.test %s\nDNS=10.0.0.1\n", bad_domains[i]);
                read_text(text);
                snprintf(text, sizeof(text), "a.conf:5: [Forward corp] Domains=%s:", bad_domains[i]);
                expect(text);
                ck_assert_str_eq(domains(), "good.test");
        }
}
END_TEST

START_TEST(RFC2317_a_name_may_have_a_slash)
{
        read_text("[Forward corp]\nDomains=0/25.2.0.192.in-addr.arpa\nDNS=10.0.0.1\n");
        expect_nothing();
        ck_assert_str_eq(domains(), "0/25.2.0.192.in-addr.arpa");
}
END_TEST

START_TEST(what_is_no_server_is_refused_with_its_line)
{
        read_text(
                "[Forward corp]\nDomains=corp.example\nDNS=10.0.0.1 dns.corp.example 0.0.0.0 10.0.0.1:0 224.0.0.1 fe80::1\n");
        expect("a.conf:6: [Forward corp] DNS=dns.corp.example:");
        expect("DNS=0.0.0.0:");
        expect("DNS=10.0.0.1:0:");
        expect("DNS=224.0.0.1:");
        expect("DNS=fe80::1:");
        ck_assert_uint_eq(errors, 5);
        ck_assert_uint_eq(config->forwards[0].n_servers, 1);
}
END_TEST

START_TEST(a_domain_belongs_to_one_forward)
{
        read_text(
                "[Forward a]\nDomains=x.test corp.example\nDNS=10.0.0.1\n[Forward b]\nDomains=CORP.example lab.corp.example\nDNS=10.0.0.2\n");
        expect_about("a.conf:7: [Forward b] Domains=corp.example:", "[Forward a]");
        ck_assert_uint_eq(errors, 1);
        ck_assert_uint_eq(config->n_forwards, 2);
        ck_assert_uint_eq(config->forwards[1].n_domains, 1);
}
END_TEST

START_TEST(T16_we_do_not_ask_ourselves)
{
        read_text("[Forward corp]\nDomains=corp.example\nDNS=127.0.0.53 10.0.0.1\n");
        expect("a.conf:4: [Forward corp] DNS=127.0.0.53:53:");
        ck_assert_uint_eq(config->forwards[0].n_servers, 1);
        read_text("[Forward corp]\nDomains=corp.example\nDNS=[::1]:5353 127.0.0.53\n[Resolver]\nListen=[::]:5353\n");
        expect("a.conf:4: [Forward corp] DNS=[::1]:5353:");
        ck_assert_uint_eq(config->forwards[0].n_servers, 1);
}
END_TEST

START_TEST(domains_without_a_server_are_still_not_for_others)
{
        read_text("[Forward corp]\nDomains=corp.example\n");
        expect_about("a.conf:4: [Forward corp] ", "DNS=");
        ck_assert_uint_eq(errors, 1);
        ck_assert_str_eq(domains(), "corp.example");
        ck_assert_uint_eq(config->forwards[0].n_servers, 0);
}
END_TEST

START_TEST(servers_without_a_domain_are_left_out)
{
        read_text("[Forward corp]\nDNS=10.0.0.1\n");
        expect_about("a.conf:4: [Forward corp] ", "Domains=");
        ck_assert_uint_eq(errors, 1);
        ck_assert_uint_eq(config->n_forwards, 0);
}
END_TEST

START_TEST(a_forward_has_a_name_and_no_other_keys)
{
        read_text(
                "[Forward]\nDomains=a.test\n[Forward b d]\n[Forward b@d]\n[Forwards]\n[Forward good]\nDomains=a.test\nDNS=10.0.0.1\nURL=x\n");
        expect("a.conf:4: [Forward ]");
        expect("a.conf:6: [Forward b d]");
        expect("a.conf:7: [Forward b@d]");
        expect_about("a.conf:8: ", "[Forwards]");
        expect_about("a.conf:12: [Forward good] ", "URL=");
        ck_assert_uint_eq(config->n_forwards, 1);
}
END_TEST

START_TEST(there_is_a_most_of_everything)
{
        static char text[65536];
        size_t n = 0;
        ConfigText t = { .name = "a.conf", .text = text };

        for (unsigned i = 0; i < 65; i++)
                n += (size_t) snprintf(text + n, sizeof(text) - n, "[Forward f%u]\nDomains=d%u.test\nDNS=10.0.0.1\n", i,
                                       i);
        n += (size_t) snprintf(text + n, sizeof(text) - n, "[Forward f0]\n");
        for (unsigned i = 0; i < 16; i++)
                n += (size_t) snprintf(text + n, sizeof(text) - n, "DNS=10.0.1.%u\n", i);
        for (unsigned i = 0; i < 512; i++)
                n += (size_t) snprintf(text + n, sizeof(text) - n, "Domains=e%u.test\n", i);
        t.n = n;
        said[0] = 0;
        config = config_parse(&t, 1, take_message, NULL, &errors);
        expect("[Forward f64]");
        expect("DNS=10.0.1.15:");
        expect("Domains=e511.test:");
        ck_assert_uint_eq(config->n_forwards, 64);
        ck_assert_uint_eq(config->forwards[0].n_servers, 16);
        ck_assert_uint_eq(config->forwards[0].n_domains, 512);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("config_forward");
        TCase *t = tcase_create("config_forward");

        tcase_add_checked_fixture(t, NULL, teardown);
        tcase_add_test(t, a_forward_has_domains_and_servers);
        tcase_add_test(t, an_empty_assignment_empties_the_list);
        tcase_add_test(t, a_prefix_stands_for_the_reverse_names_of_its_addresses);
        tcase_add_test(t, what_is_no_domain_is_refused_with_its_line);
        tcase_add_test(t, RFC2317_a_name_may_have_a_slash);
        tcase_add_test(t, what_is_no_server_is_refused_with_its_line);
        tcase_add_test(t, a_domain_belongs_to_one_forward);
        tcase_add_test(t, T16_we_do_not_ask_ourselves);
        tcase_add_test(t, domains_without_a_server_are_still_not_for_others);
        tcase_add_test(t, servers_without_a_domain_are_left_out);
        tcase_add_test(t, a_forward_has_a_name_and_no_other_keys);
        tcase_add_test(t, there_is_a_most_of_everything);
        suite_add_tcase(s, t);
        return run_suite(s);
}
