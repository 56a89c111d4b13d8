/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of HEALTH.md for one upstream and for all of them, where connections and health meet: what is one incident,
 * which connection replaces which, and what the network, the clock and the administrator change.
 */

#include <string.h>

#include "core/upstream/upstream.h"
#include "played.h"
#include "run.h"

static const Health *health_of(size_t i)
{
        UpstreamInfo u;

        ck_assert(engine_upstream(e, i, &u));
        return u.health;
}

/* The extended error of the last answer. */
static int told(void)
{
        Message m;

        if (!answer || message_parse(&m, packet_bytes(answer)) != MESSAGE_OK || m.edns.options.n < 6 ||
            wire_read16(m.edns.options.p) != EDNS_OPTION_EDE)
                return EDE_NONE;
        return wire_read16(m.edns.options.p + 4);
}

/* --- incidents */

START_TEST(a_goaway_with_an_error_and_the_loss_after_it_are_one_incident)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        ask_next();
        ask_next();
        engine_goaway(e, connects[0].connection, FAILURE_GOAWAY_ERROR, now);
        act();
        pass(1 * MSEC);
        lose(0, FAILURE_CONNECTION_LOST);
        ck_assert_uint_eq(health_of(0)->consecutive, 1);
        ck_assert_int_eq(health_of(0)->state, HEALTH_HEALTHY);
        ready(n_connects - 1);
        respond_to(n_sends - 2, 2);
        respond_to(n_sends - 1, 3);
        ck_assert_uint_eq(n_answers, 3);
        ck_assert_uint_eq(n_servfails, 0);
}
END_TEST

START_TEST(P05_after_a_gateway_error_a_new_connection_is_tried_and_then_another_upstream)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
        warm_up();
        ask_next();
        respond_status(1, 421, 0);
        ck_assert_uint_eq(n_connects, 2);
        ck_assert_uint_eq(connects[1].upstream, connects[0].upstream);
        ready(1);
        ck_assert_uint_eq(sends[2].connection, connects[1].connection);
        respond_status(2, 421, 0);
        int other = attempt(1, PURPOSE_QUERY);
        ck_assert_int_ge(other, 0);
        ready((unsigned) other);
        ck_assert_uint_eq(sends[3].connection, connects[other].connection);
        respond_to(3, 2);
        ck_assert_uint_eq(n_answers, 2);
        ck_assert_uint_eq(n_servfails, 0);
}
END_TEST

START_TEST(a_probe_that_cannot_connect_counts_as_one_failure)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
        ask_next();
        lose(0, FAILURE_REFUSED);
        ck_assert_int_eq(health_of(0)->state, HEALTH_SUSPECT);
        ck_assert_int_eq(connects[1].purpose, PURPOSE_PROBE);
        pass(2500 * MSEC);
        ck_assert_uint_eq(health_of(0)->probe_failures, 1);
        ck_assert_int_eq(health_of(0)->reason, FAILURE_CONNECT_TIMEOUT);
        ck_assert_int_eq(attempt(0, PURPOSE_PROBE), 1);
        /* And nobody having asked in the last 5 s, there is no next one. */
        pass(60 * SEC);
        ck_assert_uint_eq(health_of(0)->probe_failures, 2);
}
END_TEST

/* The upstream responds to its last query, a probe, with this and no records. */
static void respond_to_probe(unsigned rcode)
{
        const uint8_t message[] = { 0, 0, 0x81, (uint8_t) (0x80 | rcode), 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1 };

        ck_assert_uint_eq(sends[n_sends - 1].number, 0);
        say_to(n_sends - 1, &HTTP_OK, BYTES(message, sizeof(message)));
}

/* Authoritative and filtering servers refuse it, and the path is fine. */
START_TEST(a_probe_that_is_answered_with_any_rcode_ends_a_suspicion)
{
        static const unsigned rcodes[] = { RCODE_NOERROR, RCODE_SERVFAIL, RCODE_NXDOMAIN, RCODE_REFUSED };

        for (size_t i = 0; i < ELEMENTS(rcodes); i++) {
                played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
                ask_next();
                lose(0, FAILURE_REFUSED);
                ck_assert_int_eq(health_of(0)->state, HEALTH_SUSPECT);
                ready((unsigned) attempt(0, PURPOSE_PROBE));
                respond_to_probe(rcodes[i]);
                ck_assert_int_eq(health_of(0)->state, HEALTH_HEALTHY);
                ck_assert_uint_eq(health_of(0)->probe_failures, 0);
        }
}
END_TEST

START_TEST(after_a_series_of_servfails_a_probe_needs_NOERROR_or_NXDOMAIN)
{
        static const struct {
                unsigned rcode, failures;
        } cases[] = { { RCODE_NOERROR, 0 }, { RCODE_NXDOMAIN, 0 }, { RCODE_SERVFAIL, 1 }, { RCODE_REFUSED, 1 } };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                played_start_by_hand(NO_CACHE UPSTREAM_A);
                warm_up();
                for (unsigned k = 0; k < 5; k++) {
                        ask_next();
                        wire_begin(&w, DNS_QR | DNS_RD | RCODE_SERVFAIL, TYPE_A);
                        write_number(last_number);
                        say();
                }
                ck_assert_int_ge(attempt(0, PURPOSE_PROBE), 0);
                ready((unsigned) attempt(0, PURPOSE_PROBE));
                respond_to_probe(cases[i].rcode);
                ck_assert_uint_eq(health_of(0)->consecutive, cases[i].failures);
        }
}
END_TEST

START_TEST(repeated_faults_do_not_advance_the_next_probe)
{
        unsigned answered = 1, probes;

        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        /* The only upstream answers each query with an error at once, and refuses the connections of probes. */
        for (unsigned i = 0; i < 40; i++) {
                int probe = attempt(0, PURPOSE_PROBE);

                ask_next();
                while (answered < n_sends)
                        respond_status(answered++, 500, 0);
                if (probe != attempt(0, PURPOSE_PROBE))
                        lose(attempt(0, PURPOSE_PROBE), FAILURE_REFUSED);
                pass(10 * MSEC);
        }
        ck_assert_int_eq(health_of(0)->state, HEALTH_SUSPECT);
        ck_assert_uint_eq(health_of(0)->probe_failures, 1);
        probes = health_of(0)->probe_failures;
        ask_next();
        pass(700 * MSEC);
        ck_assert_int_gt(attempt(0, PURPOSE_PROBE), 1);
        lose(attempt(0, PURPOSE_PROBE), FAILURE_REFUSED);
        ck_assert_uint_eq(health_of(0)->probe_failures, probes + 1);
}
END_TEST

START_TEST(a_client_that_joins_a_query_late_gets_new_attempts)
{
        unsigned done = 0;
        bool joined = false;

        played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
        ask_next();
        ready(0);
        engine_set_admin(e, connects[0].upstream, ADMIN_UP, now);
        engine_set_admin(e, connects[0].upstream + 1, ADMIN_UP, now);
        act();
        for (unsigned i = 0; i < 430 && n_servfails == 0; i++) {
                unsigned connected = n_connects;

                for (; done < n_sends; done++)
                        respond_status(done, 500, 0);
                pass(10 * MSEC);
                for (unsigned k = connected; k < n_connects; k++)
                        ready(k);
                if (n_sends >= 14 && !joined) {
                        joined = true;
                        last_number--;
                        ask_next();
                }
        }
        ck_assert(joined);
        ck_assert_uint_eq(n_servfails, 0);
        ck_assert(joined);
        ck_assert_uint_gt(n_sends, 16);
}
END_TEST

/* --- connections that give way */

START_TEST(a_connection_is_replaced_after_an_hour_without_losing_a_query)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        for (unsigned i = 0; i < 119; i++) {
                pass(30 * SEC);
                ask_next();
                respond_to(n_sends - 1, last_number);
        }
        ck_assert_uint_eq(n_connects, 1);
        pass(30 * SEC - 30 * MSEC);
        ask_next();
        ck_assert_msg(sends[n_sends - 1].connection == connects[0].connection, "an hour is not over");
        pass(40 * MSEC);
        ask_next();
        ck_assert_uint_eq(n_connects, 2);
        ck_assert_msg(n_closes == 0, "it finishes what it carries");
        respond_to(n_sends - 1, last_number - 1);
        ready(1);
        ck_assert_uint_eq(closes[0], connects[0].connection);
        respond_to(n_sends - 1, last_number);
        ck_assert_uint_eq(n_answers, last_number);
        ck_assert_uint_eq(n_servfails, 0);
}
END_TEST

START_TEST(H06_streams_above_a_lowered_limit_finish_and_no_new_ones_open)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        for (unsigned i = 0; i < 3; i++)
                ask_next();
        engine_max_streams(e, connects[0].connection, 1, now);
        act();
        ask_next();
        ck_assert_uint_eq(n_sends, 4);
        respond_to(1, 2);
        respond_to(2, 3);
        ck_assert_uint_eq(n_sends, 4);
        respond_to(3, 4);
        ck_assert_uint_eq(n_sends, 5);
        respond_to(4, 5);
        ck_assert_uint_eq(n_answers, 5);
        ck_assert_uint_eq(n_connects, 1);
}
END_TEST

START_TEST(H04_a_limit_of_one_stream_causes_a_second_connection_and_never_a_third)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        engine_max_streams(e, connects[0].connection, 1, now);
        for (unsigned i = 0; i < 10; i++)
                ask_next();
        pass(60 * MSEC);
        ck_assert_uint_eq(n_connects, 2);
        engine_established(e, connects[1].connection, now);
        engine_ready(e, connects[1].connection, false, now);
        engine_max_streams(e, connects[1].connection, 1, now);
        act();
        for (unsigned i = 0; i < 10; i++) {
                pass(19 * MSEC);
                respond_to(1 + i, 2 + i);
        }
        ck_assert_uint_eq(n_answers, 11);
        ck_assert_uint_eq(n_connects, 2);
}
END_TEST

START_TEST(lost_requests_release_their_streams_to_waiting_queries)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        for (unsigned i = 0; i < 100; i++)
                ask_next();
        pass(10 * MSEC);
        for (unsigned i = 0; i < 50; i++)
                respond_to(1 + i, 2 + i);
        for (unsigned i = 0; i < 50; i++)
                ask_next();
        pass(10 * MSEC);
        respond_to(150, 151);
        for (unsigned i = 0; i < 51; i++)
                ask_next();
        for (unsigned i = 0; i < 12; i++) {
                pass(90 * MSEC);
                show_life(0);
        }
        /* All streams are taken by what will never be answered, and half of that is overtaken, and overdue. */
        ck_assert_uint_ge(n_sends, 151 + 50);
        for (unsigned i = 0; i < 50; i++)
                respond_to(151 + i, sends[151 + i].number);
        ck_assert_uint_eq(n_answers, 1 + 50 + 1 + 50);
        ck_assert_uint_eq(n_servfails, 0);
}
END_TEST

/* Time passes in which the path to the upstream proves to be there. */
static void pass_alive(unsigned connect, unsigned tenths)
{
        while (tenths-- > 0) {
                pass(100 * MSEC);
                show_life(connect);
        }
}

START_TEST(waiting_for_a_slow_upstream_leaves_time_to_retry_the_first)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
        for (unsigned i = 0; i < 2; i++) {
                ask_next();
                ready(i);
                pass_alive(i, 4);
                respond_to(i, 1 + i);
                engine_set_admin(e, connects[0].upstream, i == 0 ? ADMIN_DOWN : ADMIN_AUTO, now);
                act();
        }
        ck_assert_uint_eq(n_answers, 2);
        ck_assert_uint_eq(n_closes, 1);
        /* Connecting to the first takes its 2.5 s; the second is asked after 1 s, would have 3 s, and never answers. */
        ask_next();
        ck_assert_uint_eq(connects[2].upstream, connects[0].upstream);
        pass_alive(1, 35);
        ck_assert_uint_eq(n_sends, 3);
        ck_assert_uint_eq(n_connects, 4);
        ck_assert_uint_eq(connects[3].upstream, connects[0].upstream);
        pass_alive(1, 3);
        ready(3);
        pass_alive(1, 4);
        respond_to(3, 3);
        ck_assert_uint_eq(n_answers, 3);
        ck_assert_uint_eq(n_servfails, 0);
}
END_TEST

/* --- the network */

START_TEST(without_preconnect_a_network_change_opens_no_connection)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
        engine_network_changed(e, true, now);
        pass(SEC);
        ck_assert_uint_eq(n_connects, 0);
}
END_TEST

START_TEST(preconnect_opens_one_connection_to_the_first_upstream_and_closes_the_old_one)
{
        played_start_by_hand("[Health]\nPreconnect=on-network-up\n" NO_CACHE UPSTREAM_A UPSTREAM_B);
        engine_network_changed(e, false, now);
        pass(SEC);
        ck_assert_uint_eq(n_connects, 0);
        engine_set_admin(e, 1, ADMIN_AUTO, now);
        engine_network_changed(e, true, now);
        act();
        ck_assert_uint_eq(n_connects, 1);
        ready(0);
        ck_assert_uint_eq(n_sends, 0);
        engine_network_changed(e, true, now);
        act();
        ck_assert_uint_eq(n_connects, 2);
        ck_assert_uint_eq(connects[1].upstream, connects[0].upstream);
        ready(1);
        ck_assert_uint_eq(n_closes, 1);
        ck_assert_uint_eq(closes[0], connects[0].connection);
        ask_next();
        ck_assert_uint_eq(sends[0].connection, connects[1].connection);
        ck_assert(!sends[0].ping);
        respond_to(0, 1);
        pass(61 * SEC);
        ck_assert_uint_eq(n_closes, 2);
        ck_assert(engine_next_time(e) == USEC_NEVER);
}
END_TEST

START_TEST(a_network_change_resets_health_and_learned_idle_timeouts)
{
        UpstreamInfo u;

        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        pass(5 * SEC);
        lose(0, FAILURE_IDLE_CLOSED);
        ask_next();
        lose(1, FAILURE_CERTIFICATE_NAME);
        engine_upstream(e, 0, &u);
        ck_assert_uint_eq(u.peer_idle, 5 * SEC);
        ck_assert(!health_usable(u.health));
        engine_network_changed(e, true, now);
        engine_upstream(e, 0, &u);
        ck_assert_uint_eq(u.peer_idle, 0);
        ck_assert_int_eq(u.health->state, HEALTH_UNKNOWN);
}
END_TEST

START_TEST(T14_queries_on_a_connection_whose_local_address_is_gone_are_sent_again_at_once)
{
        UpstreamInfo u;

        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        ask_next();
        ask_next();
        engine_network_changed(e, true, now);
        engine_address_gone(e, connects[0].connection, now);
        act();
        ck_assert_uint_eq(n_closes, 1);
        ck_assert_uint_eq(closes[0], connects[0].connection);
        ck_assert_uint_eq(n_connects, 2);
        ck_assert_int_eq(connects[1].purpose, PURPOSE_QUERY);
        ready(1);
        ck_assert_uint_eq(n_sends, 5);
        respond_to(3, 2);
        respond_to(4, 3);
        ck_assert_uint_eq(n_answers, 3);
        ck_assert_uint_eq(n_servfails, 0);
        engine_upstream(e, 0, &u);
        ck_assert_uint_eq(u.failures, 0);
        ck_assert_uint_eq(u.races, 0);
}
END_TEST

START_TEST(T14_an_idle_connection_whose_local_address_is_gone_is_closed_and_not_replaced)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        engine_network_changed(e, true, now);
        engine_address_gone(e, connects[0].connection, now);
        act();
        ck_assert_uint_eq(n_closes, 1);
        ck_assert_uint_eq(n_connects, 1);
        ck_assert(engine_next_time(e) == USEC_NEVER);
        engine_address_gone(e, connects[0].connection, now);
        ask_next();
        ready(1);
        ck_assert(!sends[1].ping);
        respond_to(1, 2);
        ck_assert_uint_eq(n_answers, 2);
}
END_TEST

START_TEST(wrong_certificates_everywhere_are_a_portal_until_an_answer_comes)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
        ask_next();
        lose(0, FAILURE_CERTIFICATE_UNTRUSTED);
        ck_assert_int_eq(engine_network_state(e), NETWORK_ONLINE);
        lose(1, FAILURE_CERTIFICATE_NAME);
        ck_assert_int_eq(engine_network_state(e), NETWORK_PORTAL);
        pass(5 * SEC);
        ask_next();
        pass(5 * SEC);
        ck_assert_uint_eq(n_servfails, 2);
        ck_assert_int_eq(told(), EDE_NO_REACHABLE_AUTHORITY);
        ask_next();
        ready(n_connects - 1);
        ck_assert_int_eq(engine_network_state(e), NETWORK_PORTAL);
        respond_to(n_sends - 1, 3);
        ck_assert_int_eq(engine_network_state(e), NETWORK_ONLINE);
}
END_TEST

START_TEST(a_login_page_found_by_probes_is_a_portal_too)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        ask_next();
        ready(0);
        for (unsigned i = 0; i < 60 && health_of(0)->state != HEALTH_FAILED; i++) {
                unsigned connected = n_connects, sent = n_sends;

                if (sent)
                        respond_status(sent - 1, 511, 0);
                pass(100 * MSEC);
                if (n_connects > connected)
                        ready(n_connects - 1);
        }
        ck_assert_int_eq(health_of(0)->state, HEALTH_FAILED);
        ck_assert_int_eq(health_of(0)->reason, FAILURE_HTTP_PORTAL);
        ck_assert_int_eq(engine_network_state(e), NETWORK_PORTAL);
}
END_TEST

/* --- the clock and the administrator */

START_TEST(setting_the_clock_makes_certificates_be_checked_again)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        ask_next();
        lose(0, FAILURE_CERTIFICATE_NOT_YET_VALID);
        ck_assert_msg(health_of(0)->state == HEALTH_TRIAL, "the query is the trial");
        engine_clock_set(e, now);
        act();
        ck_assert_int_eq(health_of(0)->state, HEALTH_UNKNOWN);
        ck_assert(!health_of(0)->probing);
        ready(n_connects - 1);
        respond_to(n_sends - 1, last_number);
        ck_assert_int_eq(health_of(0)->state, HEALTH_HEALTHY);
}
END_TEST

START_TEST(setting_the_clock_ends_a_trial_and_later_faults_count_as_usual)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A);
        ask_next();
        lose(0, FAILURE_CERTIFICATE_NOT_YET_VALID);
        ck_assert_int_eq(health_of(0)->state, HEALTH_TRIAL);
        engine_clock_set(e, now);
        act();
        lose((int) n_connects - 1, FAILURE_REFUSED);
        ck_assert_int_eq(health_of(0)->state, HEALTH_SUSPECT);
        ck_assert_int_eq(health_of(0)->reason, FAILURE_REFUSED);
        ck_assert_int_ge(attempt(0, PURPOSE_PROBE), 0);
}
END_TEST

START_TEST(setting_an_unchanged_administrative_state_keeps_the_probe)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
        ask_next();
        lose(0, FAILURE_REFUSED);
        ck_assert(health_of(0)->probing);
        unsigned closed_before = n_closes;
        engine_set_admin(e, connects[0].upstream, ADMIN_AUTO, now);
        act();
        ck_assert(health_of(0)->probing);
        ck_assert_uint_eq(closed_before, n_closes);
}
END_TEST

/* --- reasons */

START_TEST(every_failure_reason_has_a_unique_name_and_text)
{
        for (int f = FAILURE_NONE + 1; f < _FAILURE_MAX; f++) {
                const char *name = failure_name((FailureReason) f);

                ck_assert_ptr_nonnull(name);
                ck_assert_uint_gt(strlen(name), 0);
                ck_assert_uint_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(name));
                ck_assert_uint_gt(strlen(failure_text((FailureReason) f)), 0);
                for (int g = FAILURE_NONE + 1; g < f; g++) {
                        ck_assert_str_ne(name, failure_name((FailureReason) g));
                        ck_assert_str_ne(failure_text((FailureReason) f), failure_text((FailureReason) g));
                }
        }
}
END_TEST

/* What an upstream may say that is no answer, and what the reason is then. Bodies are of the question `.` NS unless
 * they are no message. */
static const struct {
        unsigned status;
        bool no_type, encoded;
        enum { WHOLE, EMPTY, SCRAP, NOISE, ELSEWHERE, CUT } body;
        FailureReason failure;
} rejects[] = {
        { .status = 301, .failure = FAILURE_HTTP_REDIRECT },
        { .status = 400, .failure = FAILURE_HTTP_CONFIG },
        { .status = 404, .failure = FAILURE_HTTP_CONFIG },
        { .status = 415, .failure = FAILURE_HTTP_CONFIG },
        { .status = 429, .failure = FAILURE_HTTP_OVERLOAD },
        { .status = 503, .failure = FAILURE_HTTP_OVERLOAD },
        { .status = 421, .failure = FAILURE_HTTP_RETRY },
        { .status = 502, .failure = FAILURE_HTTP_RETRY },
        { .status = 500, .failure = FAILURE_HTTP_SERVER },
        { .status = 0, .failure = FAILURE_HTTP_SERVER },
        { .status = 511, .failure = FAILURE_HTTP_PORTAL },
        { .status = 200, .no_type = true, .failure = FAILURE_CONTENT_TYPE },
        { .status = 200, .encoded = true, .failure = FAILURE_CONTENT_ENCODING },
        { .status = 200, .body = EMPTY, .failure = FAILURE_BODY_SIZE },
        { .status = 200, .body = SCRAP, .failure = FAILURE_BODY_SIZE },
        { .status = 200, .body = NOISE, .failure = FAILURE_MALFORMED },
        { .status = 200, .body = ELSEWHERE, .failure = FAILURE_MISMATCH },
        { .status = 200, .body = CUT, .failure = FAILURE_TRUNCATED },
};

static void reject(unsigned i, unsigned kind)
{
        HttpResponse http = {
                .has_status = rejects[kind].status > 0,
                .status = rejects[kind].status,
                .has_type = true,
                .type_ok = !rejects[kind].no_type,
                .encoded = rejects[kind].encoded,
        };

        wire_begin(&w, DNS_QR | DNS_RD | (rejects[kind].body == CUT ? DNS_TC : 0),
                   rejects[kind].body == ELSEWHERE ? TYPE_SOA : TYPE_A);
        write_number(sends[i].number);
        wire_write16(w.data, 0);
        w.n = rejects[kind].body == EMPTY ? 0 : rejects[kind].body == SCRAP ? 11 : w.n;
        if (rejects[kind].body == NOISE)
                memset(w.data, 0xff, w.n);
        say_to(i, &http, wire_bytes(&w));
}

/* Of two incidents, which make it suspect at least; the second is on another connection where the first ended that. */
START_TEST(a_rejected_response_is_the_reason_of_the_state_change)
{
        unsigned kind = (unsigned) _i;

        played_start_by_hand(NO_CACHE UPSTREAM_A);
        warm_up();
        for (unsigned i = 0; i < 20 && !first_fault(); i++) {
                ask_next();
                if (n_connects > 1)
                        ready(n_connects - 1);
                reject(n_sends - 1, kind);
                pass(10 * MSEC);
        }
        ck_assert_ptr_nonnull(first_fault());
        ck_assert_msg(first_fault()->reason == rejects[kind].failure, "%u: it says %s", rejects[kind].status,
                      failure_name(first_fault()->reason));
}
END_TEST

/* What is said of connecting, verified or not. */
static const FailureReason connecting[] = {
        FAILURE_REFUSED,
        FAILURE_UNREACHABLE,
        FAILURE_CONNECT_RESET,
        FAILURE_TLS_ALERT,
        FAILURE_TLS_GARBAGE,
        FAILURE_TLS_VERSION,
        FAILURE_NO_H2,
        FAILURE_CERTIFICATE_EXPIRED,
        FAILURE_CERTIFICATE_NOT_YET_VALID,
        FAILURE_CERTIFICATE_NAME,
        FAILURE_CERTIFICATE_UNTRUSTED,
        FAILURE_CERTIFICATE_WEAK,
        FAILURE_CERTIFICATE_REVOKED,
        FAILURE_CERTIFICATE_PIN,
};

START_TEST(a_failed_connection_attempt_is_the_reason_of_the_state_change)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
        for (unsigned i = 0; i < 4 && !first_fault(); i++) {
                unsigned n = n_connects;

                ask_next();
                for (unsigned k = n; k < n_connects && !first_fault(); k++)
                        if (connects[k].upstream == connects[0].upstream)
                                lose(k, connecting[_i]);
                pass(10 * MSEC);
        }
        ck_assert_ptr_nonnull(first_fault());
        ck_assert_msg(first_fault()->reason == connecting[_i], "it says %s", failure_name(first_fault()->reason));
}
END_TEST

START_TEST(unreadable_trust_anchors_are_neither_a_fault_of_the_upstream_nor_a_portal)
{
        played_start_by_hand(NO_CACHE UPSTREAM_A UPSTREAM_B);
        for (unsigned i = 0; i < 4; i++) {
                unsigned n = n_connects;

                ask_next();
                ck_assert_uint_gt(n_connects, n);
                for (unsigned k = n; k < n_connects; k++)
                        lose(k, FAILURE_TRUST_STORE);
                pass(10 * MSEC);
        }
        ck_assert_ptr_null(first_fault());
        ck_assert_int_eq(engine_network_state(e), NETWORK_ONLINE);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("upstreams");
        TCase *c = tcase_create("upstreams");

        tcase_add_checked_fixture(c, NULL, played_stop);
        tcase_add_test(c, unreadable_trust_anchors_are_neither_a_fault_of_the_upstream_nor_a_portal);
        tcase_add_test(c, a_goaway_with_an_error_and_the_loss_after_it_are_one_incident);
        tcase_add_test(c, P05_after_a_gateway_error_a_new_connection_is_tried_and_then_another_upstream);
        tcase_add_test(c, a_probe_that_cannot_connect_counts_as_one_failure);
        tcase_add_test(c, a_probe_that_is_answered_with_any_rcode_ends_a_suspicion);
        tcase_add_test(c, after_a_series_of_servfails_a_probe_needs_NOERROR_or_NXDOMAIN);
        tcase_add_test(c, repeated_faults_do_not_advance_the_next_probe);
        tcase_add_test(c, a_client_that_joins_a_query_late_gets_new_attempts);
        tcase_add_test(c, a_connection_is_replaced_after_an_hour_without_losing_a_query);
        tcase_add_test(c, H06_streams_above_a_lowered_limit_finish_and_no_new_ones_open);
        tcase_add_test(c, H04_a_limit_of_one_stream_causes_a_second_connection_and_never_a_third);
        tcase_add_test(c, lost_requests_release_their_streams_to_waiting_queries);
        tcase_add_test(c, waiting_for_a_slow_upstream_leaves_time_to_retry_the_first);
        tcase_add_test(c, without_preconnect_a_network_change_opens_no_connection);
        tcase_add_test(c, preconnect_opens_one_connection_to_the_first_upstream_and_closes_the_old_one);
        tcase_add_test(c, a_network_change_resets_health_and_learned_idle_timeouts);
        tcase_add_test(c, T14_queries_on_a_connection_whose_local_address_is_gone_are_sent_again_at_once);
        tcase_add_test(c, T14_an_idle_connection_whose_local_address_is_gone_is_closed_and_not_replaced);
        tcase_add_test(c, wrong_certificates_everywhere_are_a_portal_until_an_answer_comes);
        tcase_add_test(c, a_login_page_found_by_probes_is_a_portal_too);
        tcase_add_test(c, setting_the_clock_makes_certificates_be_checked_again);
        tcase_add_test(c, setting_the_clock_ends_a_trial_and_later_faults_count_as_usual);
        tcase_add_test(c, setting_an_unchanged_administrative_state_keeps_the_probe);
        tcase_add_test(c, every_failure_reason_has_a_unique_name_and_text);
        tcase_add_loop_test(c, a_rejected_response_is_the_reason_of_the_state_change, 0, (int) ELEMENTS(rejects));
        tcase_add_loop_test(c, a_failed_connection_attempt_is_the_reason_of_the_state_change, 0,
                            (int) ELEMENTS(connecting));
        suite_add_tcase(s, c);
        return run_suite(s);
}
