/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* io/upstream/stream: connecting, and closing without an RST. */

#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "h2_client.h"

/* --- connecting */

START_TEST(refused_connection_is_told_from_the_loop)
{
        ck_assert_uint_eq(client_connect_to((Address) { .octets = { 127, 0, 0, 1 }, .port = 1 }), FAILURE_REFUSED);
}
END_TEST

START_TEST(connection_without_a_route_fails_at_once)
{
        /* Broadcast is no address for TCP, a link-local one without its link has no route. */
        ck_assert_int_eq(failure_class(client_connect_to((Address) { .octets = { 255, 255, 255, 255 }, .port = 1 })),
                         CLASS_LOCALNET);
        ck_assert_uint_eq(client_connect_to((Address) {
                                  .v6 = true, .octets = { 0xfe, 0x80, [15] = 1 }, .port = 1, .interface = "nosuch0" }),
                          FAILURE_NO_ROUTE);
}
END_TEST

START_TEST(lack_of_descriptors_is_a_local_fault)
{
        int fds[4096], n = 0;

        while (n < 4096 && (fds[n] = dup(0)) >= 0)
                n++;
        if (n < 4096) {
                UpstreamConfig config = { .host = (char *) "dns.test", .path = (char *) "/" };
                Tls *tls;
                const char *error;
                Address address = { .octets = { 127, 0, 0, 1 }, .port = 1 };
                H2Stats stats = { 0 };
                FailureReason failure;
                H2 *h;

                close(fds[--n]);
                config.trust_anchors = (char *) server_authority();
                tls = tls_new(&config, NULL, &error);
                fds[n] = dup(0);
                n++;
                h = h2_new(&loop, &config, &address, tls, &(H2Events) { 0 }, NULL, &stats, &failure);
                ck_assert_ptr_null(h);
                ck_assert_uint_eq(failure, FAILURE_RESOURCES);
                tls_unref(tls);
        }
        while (n > 0)
                close(fds[--n]);
}
END_TEST

/* --- closing */

START_TEST(close_says_goaway_and_close_notify_and_fin)
{
        Server s = server_start(&(ServerPlan) { .priority = versions[_i] });
        Client c = client_for(&s);
        uint64_t writes;

        c.send_when_ready = 1;
        client_connect(&c);
        wait_for(&c.over, 1, "outcomes");
        writes = c.stats.writes;
        client_close(&c);
        ck_assert_uint_eq(c.stats.writes - writes, 1);
        run_out();
        ck_assert_uint_eq(c.stats.opened, 1);
        ck_assert_uint_eq(c.stats.closed_clean, 1);
        ck_assert_uint_eq(c.stats.closed_forced, 0);
        wait_shared(&s.record->ends, 1, "FIN");
        ck_assert_uint_eq(s.record->goaways, 1);
        ck_assert_uint_eq(s.record->byes, 1);
        ck_assert_uint_eq(s.record->resets, 0);
        client_finish(&c, &s);
}
END_TEST

START_TEST(close_with_open_streams_is_clean)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_ANSWER_REVERSED, .hold = 50, .body = 65535 });
        Client c = client_for(&s);

        c.send_when_ready = 50;
        c.close_in = CLOSE_RESPONSE;
        client_connect(&c);
        wait_for(&c.over, 1, "outcomes");
        run_out();
        ck_assert_uint_eq(c.over, 1);
        ck_assert_uint_eq(c.stats.closed_clean, 1);
        wait_shared(&s.record->ends, 1, "FIN");
        ck_assert_uint_eq(s.record->resets, 0);
        client_finish(&c, &s);
}
END_TEST

START_TEST(close_is_safe_inside_every_event)
{
        for (int in = CLOSE_ESTABLISHED; in <= CLOSE_CLOSED; in++) {
                Server s = server_start(&(ServerPlan) { .script = in == CLOSE_CLOSED ? SCRIPT_DROP : SCRIPT_ANSWER });
                Client c = client_for(&s);

                c.send_when_ready = in == CLOSE_ESTABLISHED ? 0 : 2;
                c.close_in = in;
                client_connect(&c);
                run_out();
                ck_assert_ptr_null(c.h2);
                ck_assert_uint_eq(c.stats.closed_clean, 1);
                ck_assert_uint_eq(c.stats.closed_forced, 0);
                wait_shared(&s.record->ends, 1, "FIN");
                ck_assert_uint_eq(s.record->resets, 0);
                client_finish(&c, &s);
        }
}
END_TEST

START_TEST(close_before_tcp_is_up_sends_nothing)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);

        client_connect(&c);
        client_close(&c);
        run_out();
        ck_assert(!c.established && !c.closed);
        ck_assert_uint_eq(c.stats.opened, 0);
        client_finish(&c, &s);
}
END_TEST

START_TEST(close_in_mid_handshake_is_clean)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_SILENT_HANDSHAKE });
        Client c = client_for(&s);

        client_connect(&c);
        wait_until(&c.established, "TCP");
        wait_shared(&s.record->connections, 1, "connections");
        client_close(&c);
        run_out();
        ck_assert_uint_eq(c.stats.closed_clean, 1);
        wait_shared(&s.record->ends, 1, "FIN");
        ck_assert_uint_eq(s.record->resets, 0);
        client_finish(&c, &s);
}
END_TEST

START_TEST(deaf_peer_is_given_up_after_a_second)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_DEAF });
        Client c = client_for(&s);
        uint64_t start;

        client_connect(&c);
        wait_until(&c.ready, "ready");
        uv_update_time(&loop);
        start = uv_now(&loop);
        client_close(&c);
        run_out();
        ck_assert_uint_ge(uv_now(&loop) - start, STREAM_LINGER_MSEC);
        ck_assert_uint_lt(uv_now(&loop) - start, 2 * STREAM_LINGER_MSEC);
        ck_assert_uint_eq(c.stats.closed_forced, 1);
        client_finish(&c, &s);
}
END_TEST

START_TEST(deaf_peer_takes_what_it_takes_and_is_given_up)
{
        static const uint8_t message[65535];
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_DEAF });
        Client c = client_for(&s);

        client_connect(&c);
        wait_until(&c.ready, "ready");
        for (unsigned i = 0; i < 100; i++)
                ck_assert_int_eq(client_send(&c, i, BYTES(message, sizeof(message)), true), 0);
        client_flush(&c);
        /* Its window is what it can make us hold: 65535 octets. */
        ck_assert_uint_lt(c.stats.octets_out, 80000);
        client_close(&c);
        run_out();
        ck_assert_uint_eq(c.stats.closed_forced, 1);
        client_finish(&c, &s);
}
END_TEST

/* Resets sent by this network namespace: the second last but one of the Tcp: figures. */
static unsigned long resets_sent(void)
{
        FILE *f = fopen("/proc/self/net/snmp", "re");
        char names[1024], figures[1024], *name, *figure, *more_names, *more_figures;
        unsigned long resets = 0;

        ck_assert_ptr_nonnull(f);
        while (fgets(names, sizeof(names), f) && fgets(figures, sizeof(figures), f)) {
                if (strncmp(names, "Tcp:", 4) != 0)
                        continue;
                name = strtok_r(names, " ", &more_names);
                figure = strtok_r(figures, " ", &more_figures);
                for (; name && figure;
                     name = strtok_r(NULL, " ", &more_names), figure = strtok_r(NULL, " ", &more_figures)) {
                        if (strcmp(name, "OutRsts") == 0)
                                resets = strtoul(figure, NULL, 10);
                }
        }
        fclose(f);
        return resets;
}

static bool enter_network_of_our_own(void)
{
        struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
        int fd, r;

        if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
                return false;
        fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        r = ioctl(fd, SIOCSIFFLAGS, &lo);
        close(fd);
        return r >= 0;
}

START_TEST(nobody_sends_a_reset)
{
        static const struct {
                ServerPlan plan;
                unsigned ask;
                int close_in;
        } lives[] = {
                { { .script = SCRIPT_ANSWER }, 1, CLOSE_RESPONSE },
                { { .script = SCRIPT_ANSWER, .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2" }, 1, CLOSE_RESPONSE },
                { { .script = SCRIPT_ANSWER_REVERSED, .hold = 50, .body = 65535 }, 50, CLOSE_RESPONSE },
                { { .script = SCRIPT_ANSWER }, 10, CLOSE_READY },
                { { .script = SCRIPT_ANSWER }, 0, CLOSE_ESTABLISHED },
                { { .script = SCRIPT_ENDLESS }, 1, CLOSE_RESPONSE },
                { { .script = SCRIPT_ANSWER_AND_CLOSE }, 1, CLOSE_NEVER },
                { { .script = SCRIPT_ANSWER_AND_VANISH }, 1, CLOSE_NEVER },
                { { .script = SCRIPT_DROP }, 1, CLOSE_NEVER },
                { { .script = SCRIPT_NOT_HTTP2 }, 1, CLOSE_NEVER },
                { { .script = SCRIPT_HUGE_FIELDS }, 1, CLOSE_NEVER },
                { { .script = SCRIPT_NOT_TLS }, 1, CLOSE_NEVER },
                { { .identity = IDENTITY_EXPIRED }, 1, CLOSE_NEVER },
                { { .alpn = "" }, 1, CLOSE_NEVER },
        };

        if (!enter_network_of_our_own()) {
                fputs("No network namespace to be had: resets are not counted.\n", stderr);
                return;
        }
        for (size_t i = 0; i < ELEMENTS(lives); i++) {
                Server s = server_start(&lives[i].plan);
                Client c = client_for(&s);

                c.send_when_ready = lives[i].ask;
                c.close_in = lives[i].close_in;
                client_connect(&c);
                run_out();
                wait_shared(&s.record->ends, 1, "FIN");
                ck_assert_uint_eq(c.stats.closed_clean, 1);
                ck_assert_msg(resets_sent() == 0, "%lu resets in life %zu", resets_sent(), i);
                client_finish(&c, &s);
        }
        /* The figure does count. */
        ck_assert_uint_eq(client_connect_to((Address) { .octets = { 127, 0, 0, 1 }, .port = 1 }), FAILURE_REFUSED);
        ck_assert_uint_eq(resets_sent(), 1);
}
END_TEST

START_TEST(idle_connection_keeps_no_timer_and_does_not_wake)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        client_connect(&c);
        wait_for(&c.over, 1, "outcomes");
        wait_for(&c.max_streams_told, 1, "SETTINGS");
        for (unsigned i = 0; i < 20; i++) {
                uv_run(&loop, UV_RUN_NOWAIT);
                usleep(1000);
        }
        ck_assert_int_eq(uv_backend_timeout(&loop), -1);
        client_finish(&c, &s);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("stream");
        TCase *connecting = client_case(s, "connecting"), *closing = client_case(s, "closing");

        tcase_add_test(connecting, refused_connection_is_told_from_the_loop);
        tcase_add_test(connecting, connection_without_a_route_fails_at_once);
        tcase_add_test(connecting, lack_of_descriptors_is_a_local_fault);
        tcase_add_loop_test(closing, close_says_goaway_and_close_notify_and_fin, 0, ELEMENTS(versions));
        tcase_add_test(closing, close_with_open_streams_is_clean);
        tcase_add_test(closing, close_is_safe_inside_every_event);
        tcase_add_test(closing, close_before_tcp_is_up_sends_nothing);
        tcase_add_test(closing, close_in_mid_handshake_is_clean);
        tcase_add_test(closing, deaf_peer_is_given_up_after_a_second);
        tcase_add_test(closing, idle_connection_keeps_no_timer_and_does_not_wake);
        tcase_add_test(closing, deaf_peer_takes_what_it_takes_and_is_given_up);
        tcase_add_test(closing, nobody_sends_a_reset);
        return client_run(s);
}
