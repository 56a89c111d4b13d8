/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/config/link_state: what was pushed is there after a restart, whole or not at all. */

#include "core/config/link_state.h"
#include "linked.h"
#include "run.h"

static LinkTable *t, *again;

static void setup(void)
{
        t = link_table_new();
        again = link_table_new();
}

static void teardown(void)
{
        t = link_table_free(t);
        again = link_table_free(again);
}

static void push_all(void)
{
        static const char *const anchors[] = { "corp.example", "10.in-addr.arpa" };
        LinkServer named = { .name = (char *) "dns.example" };
        Link *l = linked_push(t, 7, "tun0", "10.8.0.1 10.8.0.2:5353 fe80::1", "corp.example ~lab a\\.b ~.");

        link_set_default_route(l, LINK_DEFAULT_ROUTE_YES);
        link_set_mode(l, LINK_LLMNR, "no");
        link_set_mode(l, LINK_DNSSEC, "allow-downgrade");
        ck_assert_int_eq(link_set_negative_trust_anchors(l, anchors, 2), 1);
        link_set_source(l, LINK_SOURCE_NETWORKMANAGER);
        l = linked_push(t, 3, "wg0", "", "");
        ck_assert(address_from_text("9.9.9.9", 853, &named.address));
        ck_assert_int_eq(link_set_servers(l, &named, 1), 1);
        link_set_default_route(l, LINK_DEFAULT_ROUTE_NO);
}

START_TEST(what_is_written_is_read_again)
{
        _cleanup_(freep) char *text = NULL, *twice = NULL;
        const Link *l;

        push_all();
        text = link_state_write(t);
        ck_assert(link_state_read(again, text));
        ck_assert_uint_eq(again->n, 2);
        l = link_table_find(again, 7);
        ck_assert_str_eq(l->name, "tun0");
        ck_assert_int_eq(l->source, LINK_SOURCE_NETWORKMANAGER);
        ck_assert_uint_eq(l->n_servers, 3);
        ck_assert_uint_eq(l->servers[0].address.port, 0);
        ck_assert_uint_eq(l->n_domains, 4);
        ck_assert(l->domains[1].route_only);
        ck_assert_str_eq(link_mode(l, LINK_DNSSEC), "allow-downgrade");
        ck_assert_str_eq(l->negative_trust_anchors[1], "10.in-addr.arpa");
        ck_assert_str_eq(link_table_find(again, 3)->servers[0].name, "dns.example");
        twice = link_state_write(again);
        ck_assert_str_eq(text, twice);
}
END_TEST

START_TEST(a_table_without_settings_is_read_as_one)
{
        _cleanup_(freep) char *text = NULL;

        link_table_ensure(t, 2, "eth0");
        text = link_state_write(t);
        ck_assert(link_state_read(again, text));
        ck_assert_uint_eq(again->n, 0);
}
END_TEST

START_TEST(a_domain_whose_name_begins_with_a_tilde_is_itself)
{
        static const char *const names[] = { "~", "~corp.example" };
        _cleanup_(freep) char *text = NULL;
        LinkDomain d[2];

        for (size_t i = 0; i < 2; i++)
                ck_assert(link_domain_from_text(names[i], i, &d[i]));
        link_set_domains(link_table_ensure(t, 3, "wg0"), d, 2);
        text = link_state_write(t);
        ck_assert(link_state_read(again, text));
        ck_assert_int_eq(link_set_domains(link_table_find(again, 3), d, 2), 0);
}
END_TEST

START_TEST(a_link_that_networkd_manages_is_one_after_a_restart)
{
        _cleanup_(freep) char *text = NULL;

        link_set_source(link_table_ensure(t, 2, "eth0"), LINK_SOURCE_NETWORKD);
        text = link_state_write(t);
        ck_assert(link_state_read(again, text));
        ck_assert_uint_eq(again->n, 1);
        ck_assert_int_eq(again->links[0]->source, LINK_SOURCE_NETWORKD);
}
END_TEST

START_TEST(a_text_that_is_not_whole_is_worth_nothing)
{
        _cleanup_(freep) char *text = NULL;
        size_t n;

        push_all();
        text = link_state_write(t);
        n = strlen(text);
        for (size_t i = 0; i < n; i++) {
                _cleanup_(freep) char *copy = strdup(text);

                copy[i] ^= 1;
                ck_assert_msg(!link_state_read(again, copy), "octet %zu differs, and nobody noticed", i);
                copy[i] = 0;
                ck_assert_msg(!link_state_read(again, copy), "%zu octets of %zu are read", i, n);
                ck_assert_uint_eq(again->n, 0);
        }
}
END_TEST

int main(void)
{
        Suite *s = suite_create("link_state");
        TCase *c = tcase_create("state");

        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, what_is_written_is_read_again);
        tcase_add_test(c, a_table_without_settings_is_read_as_one);
        tcase_add_test(c, a_domain_whose_name_begins_with_a_tilde_is_itself);
        tcase_add_test(c, a_link_that_networkd_manages_is_one_after_a_restart);
        tcase_add_test(c, a_text_that_is_not_whole_is_worth_nothing);
        suite_add_tcase(s, c);
        return run_suite(s);
}
