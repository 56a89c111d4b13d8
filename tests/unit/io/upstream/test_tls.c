/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* io/upstream/tls: session tickets. */

#include "h2_client.h"

/* --- tickets */

START_TEST(second_connection_is_resumed_and_a_ticket_is_used_once)
{
        Server s = server_start(&(ServerPlan) { .priority = versions[_i] });
        Client c = client_for(&s);
        const char *error;
        TlsTicket ticket;
        unsigned n;

        c.tls = tls_new(&c.config, NULL, &error);
        client_connect_and_ask(&c);
        ck_assert(!c.resumed);
        n = tls_tickets(c.tls);
        ck_assert_uint_ge(n, 1);
        ck_assert_uint_le(n, TLS_TICKETS_MAX);
        client_connect_and_ask(&c);
        ck_assert(c.resumed);
        ck_assert_uint_eq(s.record->resumed, 1);

        while (tls_take_ticket(c.tls, &ticket))
                tls_wipe_ticket(&ticket.data);
        client_connect_and_ask(&c);
        ck_assert(!c.resumed);
        client_finish(&c, &s);
}
END_TEST

START_TEST(ticket_is_gone_once_it_was_tried)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);
        const char *error;
        unsigned n;

        c.tls = tls_new(&c.config, NULL, &error);
        client_connect_and_ask(&c);
        n = tls_tickets(c.tls);
        c.send_when_ready = 0;
        c.close_in = CLOSE_READY;
        client_reconnect(&c);
        wait_until(&c.ready, "ready");
        ck_assert(c.resumed);
        ck_assert_uint_eq(tls_tickets(c.tls), n - 1);
        client_finish(&c, &s);
}
END_TEST

START_TEST(ticket_is_kept_while_tcp_does_not_come_up)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);
        const char *error;
        unsigned n;

        c.tls = tls_new(&c.config, NULL, &error);
        client_connect_and_ask(&c);
        n = tls_tickets(c.tls);
        c.address.port = 1;
        client_reconnect(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_uint_eq(c.failure, FAILURE_REFUSED);
        ck_assert_uint_eq(tls_tickets(c.tls), n);
        client_finish(&c, &s);
}
END_TEST

START_TEST(L31_ticket_is_forgotten_after_an_hour)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);
        const char *error;

        c.tls = tls_new(&c.config, NULL, &error);
        client_connect_and_ask(&c);
        ck_assert_uint_ge(tls_tickets(c.tls), 1);
        later = 3600;
        c.send_when_ready = 0;
        client_reconnect(&c);
        wait_until(&c.ready, "ready");
        ck_assert(!c.resumed);
        later = 0;
        client_finish(&c, &s);
}
END_TEST

START_TEST(four_tickets_are_kept_the_newest_first)
{
        UpstreamConfig config = { .trust_anchors = (char *) server_authority() };
        const char *error;
        Tls *t = tls_new(&config, NULL, &error);
        TlsTicket ticket;

        for (unsigned i = 0; i < 7; i++) {
                gnutls_datum_t data = { .data = gnutls_malloc(1), .size = 1 };

                data.data[0] = (unsigned char) i;
                tls_keep_ticket(t, data, 0);
        }
        ck_assert_uint_eq(tls_tickets(t), TLS_TICKETS_MAX);
        for (unsigned i = 6; i >= 3; i--) {
                ck_assert(tls_take_ticket(t, &ticket));
                ck_assert_uint_eq(ticket.data.data[0], i);
                tls_wipe_ticket(&ticket.data);
        }
        ck_assert(!tls_take_ticket(t, &ticket));
        tls_unref(t);
}
END_TEST

START_TEST(forgotten_tickets_are_gone_and_old_connections_bring_none)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);
        const char *error;

        c.tls = tls_new(&c.config, NULL, &error);
        client_connect_and_ask(&c);
        ck_assert_uint_ge(tls_tickets(c.tls), 1);
        tls_forget_tickets(c.tls);
        ck_assert_uint_eq(tls_tickets(c.tls), 0);

        client_reconnect(&c);
        wait_until(&c.established, "TCP");
        tls_forget_tickets(c.tls);
        wait_for(&c.over, 1, "outcomes");
        ck_assert(!c.resumed);
        ck_assert_uint_eq(tls_tickets(c.tls), 0);
        client_finish(&c, &s);
}
END_TEST

START_TEST(ticket_the_server_does_not_know_costs_a_full_handshake_only)
{
        Server s = server_start(&(ServerPlan) { .priority = versions[_i] });
        Server other = server_start(&(ServerPlan) { .priority = versions[_i] });
        Client c = client_for(&s);
        const char *error;

        c.tls = tls_new(&c.config, NULL, &error);
        client_connect_and_ask(&c);
        c.address.port = other.port;
        client_connect_and_ask(&c);
        ck_assert(!c.resumed);
        server_stop(&other);
        client_finish(&c, &s);
}
END_TEST

START_TEST(resumed_peer_is_verified_again)
{
        Server s = server_start(&(ServerPlan) { .priority = versions[_i] });
        Client c = client_for(&s);
        const char *error;

        c.tls = tls_new(&c.config, NULL, &error);
        client_connect_and_ask(&c);
        /* The same ticket, for somebody whom the certificate does not name. */
        c.config.host = (char *) "elsewhere.test";
        client_reconnect(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_uint_eq(c.failure, FAILURE_CERTIFICATE_NAME);
        ck_assert(!c.ready);
        ck_assert_uint_eq(s.record->requests, 1);
        client_finish(&c, &s);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("tls");
        TCase *tickets = client_case(s, "tickets");

        tcase_add_loop_test(tickets, second_connection_is_resumed_and_a_ticket_is_used_once, 0, ELEMENTS(versions));
        tcase_add_test(tickets, ticket_is_gone_once_it_was_tried);
        tcase_add_test(tickets, ticket_is_kept_while_tcp_does_not_come_up);
        tcase_add_test(tickets, forgotten_tickets_are_gone_and_old_connections_bring_none);
        tcase_add_loop_test(tickets, ticket_the_server_does_not_know_costs_a_full_handshake_only, 0,
                            ELEMENTS(versions));
        tcase_add_loop_test(tickets, resumed_peer_is_verified_again, 0, ELEMENTS(versions));
        tcase_add_test(tickets, L31_ticket_is_forgotten_after_an_hour);
        tcase_add_test(tickets, four_tickets_are_kept_the_newest_first);
        return client_run(s);
}
