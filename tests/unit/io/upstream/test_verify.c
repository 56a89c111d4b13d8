/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* io/upstream/verify and the handshake of io/upstream/tls_session: who is let in. */

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "h2_client.h"
#include "io/upstream/trusted_time.h"
#include "io/upstream/verify.h"

#define DAY INT64_C(86400)

/* --- who is at the other end */

static void expect_refused(ServerPlan plan, FailureReason failure)
{
        Server s = server_start(&plan);
        Client c = client_for(&s);

        c.send_when_ready = 1;
        client_connect(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_msg(c.failure == failure, "failure is %s, not %s", failure_name(c.failure), failure_name(failure));
        ck_assert(c.established && !c.ready);
        run_out();
        ck_assert_uint_eq(c.stats.closed_clean, 1);
        ck_assert_uint_eq(s.record->requests, 0);
        wait_shared(&s.record->ends, 1, "FIN");
        ck_assert_uint_eq(s.record->resets, 0);
        client_finish(&c, &s);
}

START_TEST(certificate_for_another_name_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_OTHER_NAME, .priority = versions[_i] },
                       FAILURE_CERTIFICATE_NAME);
}
END_TEST

START_TEST(L08_certificate_with_a_common_name_only_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_COMMON_NAME, .priority = versions[_i] },
                       FAILURE_CERTIFICATE_NAME);
}
END_TEST

START_TEST(certificate_for_an_address_is_none_for_a_name)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_ADDRESS_ONLY, .priority = versions[_i] },
                       FAILURE_CERTIFICATE_NAME);
}
END_TEST

START_TEST(expired_certificate_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_EXPIRED, .priority = versions[_i] },
                       FAILURE_CERTIFICATE_EXPIRED);
}
END_TEST

START_TEST(certificate_of_tomorrow_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_NOT_YET_VALID, .priority = versions[_i] },
                       FAILURE_CERTIFICATE_NOT_YET_VALID);
}
END_TEST

static void expect_admitted(ServerPlan plan)
{
        Server s = server_start(&plan);
        Client c = client_for(&s);

        c.send_when_ready = 1;
        client_connect(&c);
        wait_for(&c.over, 1, "outcomes");
        expect_answer(&c, 0);
        client_finish(&c, &s);
}

START_TEST(K01_certificate_of_tomorrow_is_good_by_a_last_good_time_after_it)
{
        trusted_time_start(time(NULL) + 36 * DAY / 24);
        expect_admitted((ServerPlan) { .identity = IDENTITY_NOT_YET_VALID, .priority = versions[_i] });
}
END_TEST

START_TEST(K02_last_good_time_of_a_clock_that_was_ahead_locks_nobody_out)
{
        trusted_time_start(time(NULL) + 3650 * DAY);
        expect_admitted((ServerPlan) { .identity = IDENTITY_GOOD, .priority = versions[_i] });
        ck_assert_msg(trusted_time_last_good() <= time(NULL), "it is not forgotten");
}
END_TEST

START_TEST(L01_expired_certificate_is_refused_whatever_the_last_good_time)
{
        trusted_time_start(time(NULL) + (_i ? 3650 * DAY : -3650 * DAY));
        expect_refused((ServerPlan) { .identity = IDENTITY_EXPIRED }, FAILURE_CERTIFICATE_EXPIRED);
}
END_TEST

START_TEST(self_signed_certificate_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_SELF_SIGNED, .priority = versions[_i] },
                       FAILURE_CERTIFICATE_UNTRUSTED);
}
END_TEST

START_TEST(unknown_authority_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_UNKNOWN_AUTHORITY, .priority = versions[_i] },
                       FAILURE_CERTIFICATE_UNTRUSTED);
}
END_TEST

START_TEST(L10_certificate_for_clients_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_FOR_CLIENTS, .priority = versions[_i] },
                       FAILURE_CERTIFICATE_UNTRUSTED);
}
END_TEST

START_TEST(L11_weak_key_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_WEAK, .priority = versions[_i] }, FAILURE_CERTIFICATE_WEAK);
}
END_TEST

START_TEST(L11_signature_of_sha1_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_SHA1, .priority = versions[_i] }, FAILURE_CERTIFICATE_WEAK);
}
END_TEST

START_TEST(L12_malformed_staple_is_refused)
{
        expect_refused((ServerPlan) { .broken_staple = true, .priority = versions[_i] }, FAILURE_CERTIFICATE_UNTRUSTED);
}
END_TEST

START_TEST(L07_missing_intermediate_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_NO_INTERMEDIATE, .priority = versions[_i] },
                       FAILURE_CERTIFICATE_UNTRUSTED);
}
END_TEST

START_TEST(L09_name_outside_of_the_authoritys_constraint_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_OUTSIDE_CONSTRAINT, .priority = versions[_i] },
                       FAILURE_CERTIFICATE_UNTRUSTED);
}
END_TEST

static void expect_accepted(ServerPlan plan)
{
        Server s = server_start(&plan);
        Client c = client_for(&s);

        c.send_when_ready = 1;
        client_connect(&c);
        wait_for(&c.over, 1, "outcomes");
        expect_answer(&c, 0);
        client_finish(&c, &s);
}

START_TEST(intermediate_that_is_sent_along_is_good)
{
        expect_accepted((ServerPlan) { .identity = IDENTITY_INTERMEDIATE, .priority = versions[_i] });
}
END_TEST

START_TEST(L35_name_among_many_is_found)
{
        expect_accepted((ServerPlan) { .identity = IDENTITY_MANY_NAMES, .priority = versions[_i] });
}
END_TEST

START_TEST(server_that_wants_another_group_is_obliged)
{
        expect_accepted((ServerPlan) { .priority = "NORMAL:-GROUP-ALL:+GROUP-SECP521R1" });
}
END_TEST

START_TEST(server_that_asks_for_a_certificate_gets_none)
{
        expect_accepted((ServerPlan) { .ask_certificate = true, .priority = versions[_i] });
}
END_TEST

START_TEST(server_without_h2_is_refused)
{
        expect_refused((ServerPlan) { .alpn = "", .priority = versions[_i] }, FAILURE_NO_H2);
        expect_refused((ServerPlan) { .alpn = "http/1.1", .priority = versions[_i] }, FAILURE_NO_H2);
}
END_TEST

START_TEST(old_versions_and_ciphers_are_refused)
{
        expect_refused((ServerPlan) { .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0" }, FAILURE_TLS_VERSION);
        expect_refused(
                (ServerPlan) { .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA:-CIPHER-ALL:+AES-128-CBC" },
                FAILURE_TLS_VERSION);
}
END_TEST

START_TEST(what_is_not_tls_is_refused)
{
        expect_refused((ServerPlan) { .script = SCRIPT_NOT_TLS }, FAILURE_TLS_GARBAGE);
        expect_refused((ServerPlan) { .script = SCRIPT_CLOSE_AT_ONCE }, FAILURE_CONNECT_RESET);
}
END_TEST

START_TEST(L04_address_in_the_url_needs_the_address_in_the_certificate)
{
        Server s = server_start(&(ServerPlan) { .identity = IDENTITY_ADDRESS_ONLY });
        Client c = client_for(&s);

        c.config.host = (char *) "127.0.0.1";
        c.send_when_ready = 1;
        client_connect(&c);
        wait_for(&c.over, 1, "outcomes");
        expect_answer(&c, 0);
        ck_assert_str_eq(s.record->name, "");
        client_close(&c);

        c.config.host = (char *) "127.0.0.2";
        client_reconnect(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_uint_eq(c.failure, FAILURE_CERTIFICATE_NAME);
        client_finish(&c, &s);
}
END_TEST

START_TEST(pins_are_for_the_server_or_its_authority)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);
        uint8_t pins[2][PIN_SIZE] = { { 0 } };
        const struct {
                const uint8_t *pin;
                bool good;
        } cases[] = {
                { server_pin(IDENTITY_GOOD), true },
                { server_authority_pin(), true },
                { server_pin(IDENTITY_EXPIRED), false },
        };

        c.config.pins = pins;
        c.config.n_pins = 2;
        client_connect(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_uint_eq(c.failure, FAILURE_CERTIFICATE_PIN);
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                memcpy(pins[1], cases[i].pin, PIN_SIZE);
                client_reconnect(&c);
                wait_until(cases[i].good ? &c.ready : &c.closed, "the outcome");
                if (!cases[i].good)
                        ck_assert_uint_eq(c.failure, FAILURE_CERTIFICATE_PIN);
                if (c.h2)
                        client_close(&c);
                run_out();
        }
        client_finish(&c, &s);
}
END_TEST

START_TEST(pin_of_an_authority_that_signed_nothing_is_no_pin)
{
        Server s = server_start(&(ServerPlan) { .identity = IDENTITY_STRAY, .priority = versions[_i] });
        Client c = client_for(&s);
        uint8_t pins[1][PIN_SIZE];

        client_connect(&c);
        wait_until(&c.ready, "ready, without a pin");
        client_close(&c);
        run_out();
        tls_forget_tickets(c.tls);

        memcpy(pins[0], server_stranger_pin(), PIN_SIZE);
        c.config.pins = pins;
        c.config.n_pins = 1;
        client_reconnect(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_uint_eq(c.failure, FAILURE_CERTIFICATE_PIN);
        client_finish(&c, &s);
}
END_TEST

START_TEST(names_match_as_in_rfc_9525)
{
        static const struct {
                const char *name;
                const char *host;
                bool match;
        } cases[] = {
                { "dns.test", "dns.test", true },
                { "DNS.Test", "dns.tEST", true },
                { "dns.test", "dns.test.", true },
                { "dns.test", "xdns.test", false },
                { "dns.test", "dns.tes", false },
                { "*.wild.test", "a.wild.test", true },
                { "*.wild.test", "wild.test", false },
                { "*.wild.test", ".wild.test", false },
                { "*.wild.test", "a.b.wild.test", false },
                { "a*.wild.test", "ab.wild.test", false },
                { "*a.wild.test", "ba.wild.test", false },
                { "b.*.test", "b.wild.test", false },
                { "*.test", "dns.test", false },
                { "*", "test", false },
                { "*.", "test.", false },
                { "", "", false },
                { "", "dns.test", false },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                ck_assert_msg(verify_name(BYTES(cases[i].name, strlen(cases[i].name)), cases[i].host) == cases[i].match,
                              "%s for %s", cases[i].name, cases[i].host);
        ck_assert(!verify_name(BYTES("dns.test\0.evil", 14), "dns.test"));
}
END_TEST

START_TEST(L37_store_that_cannot_be_read_fails_closed)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);
        const char *error = NULL;

        c.config.trust_anchors = (char *) "/nonexistent/ca.pem";
        c.tls = tls_new(&c.config, NULL, &error);
        ck_assert_ptr_nonnull(c.tls);
        ck_assert_str_eq(error, "/nonexistent/ca.pem: No such file or directory");
        client_reconnect(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_uint_eq(c.failure, FAILURE_TRUST_STORE);
        client_finish(&c, &s);
}
END_TEST

START_TEST(L37_store_without_an_authority_fails_closed)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);
        const char *error = NULL;

        c.config.trust_anchors = (char *) "/dev/null";
        c.tls = tls_new(&c.config, NULL, &error);
        ck_assert_ptr_nonnull(error);
        client_reconnect(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_uint_eq(c.failure, FAILURE_TRUST_STORE);
        client_finish(&c, &s);
}
END_TEST

START_TEST(L37_upstreams_share_a_store_until_it_changes)
{
        char path[] = "/tmp/dohmouse-store-XXXXXX";
        UpstreamConfig config = { .trust_anchors = path };
        const char *error;
        char pem[8192];
        Tls *a, *b, *c;
        ssize_t n;
        int fd;

        fd = open(server_authority(), O_RDONLY);
        n = read(fd, pem, sizeof(pem));
        close(fd);
        fd = mkstemp(path);
        ck_assert_int_eq(write(fd, pem, (size_t) n), n);
        a = tls_new(&config, NULL, &error);
        b = tls_new(&config, NULL, &error);
        ck_assert_ptr_eq(tls_credentials(a), tls_credentials(b));
        ck_assert_int_eq(write(fd, pem, (size_t) n), n);
        c = tls_new(&config, NULL, &error);
        ck_assert_ptr_ne(tls_credentials(a), tls_credentials(c));
        tls_unref(a);
        tls_unref(b);
        tls_unref(c);
        close(fd);
        unlink(path);
}
END_TEST

/* Writes a store of `before`, the authority of the servers, and `after`, and a name for it into `path`. */
static void write_store(char *path, const char *before, const char *after)
{
        int fd, from = open(server_authority(), O_RDONLY);
        char pem[8192];
        ssize_t n = read(from, pem, sizeof(pem));

        close(from);
        fd = mkstemp(path);
        ck_assert_int_eq(write(fd, before, strlen(before)), (ssize_t) strlen(before));
        ck_assert_int_eq(write(fd, pem, (size_t) n), n);
        ck_assert_int_eq(write(fd, after, strlen(after)), (ssize_t) strlen(after));
        close(fd);
}

/* Of any of these, only the frame of a certificate is read before it is needed. */
#define OTHER_PEM "-----BEGIN X509 CERTIFICATE-----\nMBIwEAIAMAAwADAAMAACAAIAAgA=\n-----END X509 CERTIFICATE-----\n"

START_TEST(L37_authority_is_found_among_others_and_text)
{
        const char *error;
        char path[] = "/tmp/dohmouse-store-XXXXXX";
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);

        write_store(path, "Some text\n-----BEGIN NOTHING-----\n" OTHER_PEM OTHER_PEM, "\n" OTHER_PEM "the end");
        c.config.trust_anchors = path;
        c.tls = tls_new(&c.config, NULL, &error);
        client_connect_and_ask(&c);
        client_finish(&c, &s);
        unlink(path);
}
END_TEST

START_TEST(L37_store_with_a_damaged_certificate_fails_closed)
{
        static const char *const damaged[] = {
                "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",     /* an empty sequence */
                "-----BEGIN CERTIFICATE-----\nMIQ=\n-----END CERTIFICATE-----\n",     /* a length without its octets */
                "-----BEGIN CERTIFICATE-----\nMIT/////\n-----END CERTIFICATE-----\n", /* more than there is */
                "-----BEGIN CERTIFICATE-----\nMBIwEA",                                /* no end */
        };
        char path[] = "/tmp/dohmouse-store-XXXXXX";
        UpstreamConfig config = { .trust_anchors = path };
        const char *error = NULL;
        Tls *t;

        write_store(path, "", damaged[_i]);
        t = tls_new(&config, NULL, &error);
        ck_assert_ptr_nonnull(error);
        ck_assert(!tls_is_usable(t));
        tls_unref(t);
        unlink(path);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("verify");
        TCase *identity = client_case(s, "identity");

        tcase_add_loop_test(identity, certificate_for_another_name_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, L08_certificate_with_a_common_name_only_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, certificate_for_an_address_is_none_for_a_name, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, expired_certificate_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, certificate_of_tomorrow_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, K01_certificate_of_tomorrow_is_good_by_a_last_good_time_after_it, 0,
                            ELEMENTS(versions));
        tcase_add_loop_test(identity, K02_last_good_time_of_a_clock_that_was_ahead_locks_nobody_out, 0,
                            ELEMENTS(versions));
        tcase_add_loop_test(identity, L01_expired_certificate_is_refused_whatever_the_last_good_time, 0, 2);
        tcase_add_loop_test(identity, self_signed_certificate_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, unknown_authority_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, L10_certificate_for_clients_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, L11_weak_key_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, server_without_h2_is_refused, 0, ELEMENTS(versions));
        tcase_add_test(identity, old_versions_and_ciphers_are_refused);
        tcase_add_test(identity, what_is_not_tls_is_refused);
        tcase_add_test(identity, L04_address_in_the_url_needs_the_address_in_the_certificate);
        tcase_add_test(identity, pins_are_for_the_server_or_its_authority);
        tcase_add_loop_test(identity, pin_of_an_authority_that_signed_nothing_is_no_pin, 0, ELEMENTS(versions));
        tcase_add_test(identity, names_match_as_in_rfc_9525);
        tcase_add_test(identity, L37_store_that_cannot_be_read_fails_closed);
        tcase_add_test(identity, L37_store_without_an_authority_fails_closed);
        tcase_add_test(identity, L37_upstreams_share_a_store_until_it_changes);
        tcase_add_test(identity, L37_authority_is_found_among_others_and_text);
        tcase_add_loop_test(identity, L37_store_with_a_damaged_certificate_fails_closed, 0, 4);
        tcase_add_loop_test(identity, L11_signature_of_sha1_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, L12_malformed_staple_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, L07_missing_intermediate_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, L09_name_outside_of_the_authoritys_constraint_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, intermediate_that_is_sent_along_is_good, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, L35_name_among_many_is_found, 0, ELEMENTS(versions));
        tcase_add_test(identity, server_that_wants_another_group_is_obliged);
        tcase_add_loop_test(identity, server_that_asks_for_a_certificate_gets_none, 0, ELEMENTS(versions));
        return client_run(s);
}
