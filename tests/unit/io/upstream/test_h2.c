/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* io/upstream/h2: questions and answers, streams that fail, connections that end. */

#include <stdio.h>
#include <string.h>

#include "h2_client.h"

START_TEST(post_is_answered)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        client_connect(&c);
        wait_for(&c.over, 1, "outcomes");
        expect_answer(&c, 0);
        ck_assert_str_eq(c.version, "TLS1.3");
        ck_assert_uint_ne(c.local_port, 0);
        ck_assert_uint_ge(c.received, 1);
        ck_assert_str_eq(s.record->method, "POST");
        ck_assert_str_eq(s.record->name, "dns.test");
        ck_assert_str_eq(s.record->path, "/dns-query");
        ck_assert_str_eq(s.record->order, ":method,:scheme,:authority,:path,accept,content-type,content-length,");
        client_finish(&c, &s);
}
END_TEST

START_TEST(get_is_answered)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);

        c.config.method = METHOD_GET;
        c.send_when_ready = 3;
        client_connect(&c);
        wait_for(&c.over, 3, "outcomes");
        for (unsigned i = 0; i < 3; i++)
                expect_answer(&c, i);
        ck_assert_str_eq(s.record->method, "GET");
        ck_assert_str_eq(s.record->path, "/dns-query?dns=AAABAAABAAAAAAAAB2V4YW1wbGUEdGVzdAAAAQI");
        ck_assert_str_eq(s.record->order, ":method,:scheme,:authority,:path,accept,");
        client_finish(&c, &s);
}
END_TEST

START_TEST(get_keeps_the_query_of_the_url)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);
        char authority[32];

        c.config.method = METHOD_GET;
        c.config.path = (char *) "/q?key=1";
        c.send_when_ready = 1;
        client_connect(&c);
        wait_for(&c.over, 1, "outcomes");
        ck_assert_str_eq(s.record->path, "/q?key=1&dns=AAABAAABAAAAAAAAB2V4YW1wbGUEdGVzdAAAAQA");
        snprintf(authority, sizeof(authority), "dns.test:%u", s.port);
        ck_assert_str_eq(s.record->authority, authority);
        client_finish(&c, &s);
}
END_TEST

START_TEST(RFC8484_message_that_is_too_long_for_a_url_is_posted)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);
        uint8_t message[5000] = { 0 };

        c.config.method = METHOD_GET;
        client_connect(&c);
        wait_until(&c.ready, "ready");
        ck_assert_int_eq(client_send(&c, 0, BYTES(message, sizeof(message)), false), 0);
        client_flush(&c);
        wait_for(&c.over, 1, "outcomes");
        ck_assert_uint_eq(c.outcomes[0].failure, FAILURE_NONE);
        ck_assert_str_eq(s.record->method, "POST");
        ck_assert_str_eq(s.record->path, "/dns-query");
        client_finish(&c, &s);
}
END_TEST

START_TEST(hundred_streams_share_a_connection_and_keep_their_answers_apart)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_ANSWER_REVERSED, .hold = 100 });
        Client c = client_for(&s);

        c.send_when_ready = 100;
        client_connect(&c);
        wait_for(&c.over, 100, "outcomes");
        for (unsigned i = 0; i < 100; i++)
                expect_answer(&c, i);
        ck_assert_uint_eq(s.record->connections, 1);
        client_finish(&c, &s);
}
END_TEST

START_TEST(forty_five_large_answers_flow_at_once)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_ANSWER_REVERSED, .hold = 45, .body = 65535 });
        Client c = client_for(&s);

        c.send_when_ready = 45;
        client_connect(&c);
        wait_for(&c.over, 45, "outcomes");
        for (unsigned i = 0; i < 45; i++) {
                ck_assert_uint_eq(c.outcomes[i].failure, FAILURE_NONE);
                ck_assert_uint_eq(c.outcomes[i].n, 65535);
        }
        /* The windows are wide enough: hardly a WINDOW_UPDATE. */
        ck_assert_uint_lt(c.stats.writes, 12);
        client_finish(&c, &s);
}
END_TEST

START_TEST(bodies_that_take_too_much_memory_together_fail_and_others_go_on)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_ANSWER_REVERSED, .hold = 100, .body = 65535 });
        Client c = client_for(&s);
        unsigned answered = 0, refused = 0;

        c.send_when_ready = 100;
        client_connect(&c);
        wait_for(&c.over, 100, "outcomes");
        for (unsigned i = 0; i < 100; i++) {
                answered += c.outcomes[i].failure == FAILURE_NONE && c.outcomes[i].n == 65535;
                refused += c.outcomes[i].failure == FAILURE_RESOURCES;
        }
        ck_assert_uint_eq(answered + refused, 100);
        ck_assert_uint_ge(answered, 45);
        ck_assert_uint_gt(refused, 0);
        ck_assert(!c.closed);
        client_finish(&c, &s);
}
END_TEST

START_TEST(one_more_than_a_hundred_is_not_taken)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_SILENT });
        Client c = client_for(&s);

        c.send_when_ready = 100;
        client_connect(&c);
        wait_until(&c.ready, "ready");
        ck_assert_int_lt(client_send(&c, 200, BYTES("0123456789ab", 12), false), 0);
        client_finish(&c, &s);
}
END_TEST

START_TEST(what_is_asked_in_one_turn_is_one_record_and_one_write)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);
        uint64_t writes;
        unsigned records;

        c.send_when_ready = 1;
        client_connect(&c);
        wait_for(&c.over, 1, "outcomes");
        wait_for(&c.max_streams_told, 1, "SETTINGS");
        /* Our acknowledgement of its SETTINGS has arrived when an answer to a later question has. */
        client_ask(&c, 1, false);
        client_flush(&c);
        wait_for(&c.over, 2, "outcomes");

        writes = c.stats.writes;
        records = s.record->records;
        client_ask(&c, 2, true);
        client_ask(&c, 3, false);
        client_flush(&c);
        ck_assert_uint_eq(c.stats.writes - writes, 1);
        wait_for(&c.over, 4, "outcomes");
        ck_assert_uint_eq(s.record->records - records, 1);
        ck_assert_uint_eq(s.record->pings, 1);
        client_finish(&c, &s);
}
END_TEST

START_TEST(the_first_questions_go_out_with_the_end_of_the_handshake)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);

        c.send_when_ready = 3;
        client_connect(&c);
        wait_for(&c.max_streams_told, 1, "SETTINGS");
        wait_for(&c.over, 3, "outcomes");
        /* Finished, preface, SETTINGS and the questions in one write; all but Finished in one record. */
        ck_assert_uint_eq(c.writes_when_settings, c.writes_when_ready + 1);
        ck_assert_uint_eq(s.record->records_at_request, 1);
        client_finish(&c, &s);
}
END_TEST

/* BIND hangs up on a client that opens 51 streams before one of them has its question. */
START_TEST(each_question_of_a_burst_is_whole_before_the_next_begins)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_ANSWER_REVERSED, .hold = 100 });
        Client c = client_for(&s);

        c.send_when_ready = 100;
        client_connect(&c);
        wait_for(&c.over, 100, "outcomes");
        ck_assert_uint_eq(s.record->most_unfinished, 1);
        client_finish(&c, &s);
}
END_TEST

START_TEST(cancelled_exchange_has_no_outcome)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_ANSWER_REVERSED, .hold = 3 });
        Client c = client_for(&s);

        c.send_when_ready = 2;
        client_connect(&c);
        wait_until(&c.ready, "ready");
        wait_for(&c.max_streams_told, 1, "SETTINGS");
        h2_cancel(c.h2, 0);
        client_flush(&c);
        wait_shared(&s.record->cancels, 1, "RST_STREAM");
        client_ask(&c, 2, false);
        client_flush(&c);
        wait_for(&c.over, 2, "outcomes");
        ck_assert(!c.outcomes[0].over);
        expect_answer(&c, 1);
        expect_answer(&c, 2);
        client_finish(&c, &s);
}
END_TEST

START_TEST(exchange_cancelled_before_it_is_written_is_not_written)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);

        client_connect(&c);
        wait_until(&c.ready, "ready");
        client_ask(&c, 0, false);
        h2_cancel(c.h2, 0);
        client_ask(&c, 1, false);
        client_flush(&c);
        wait_for(&c.over, 1, "outcomes");
        expect_answer(&c, 1);
        ck_assert(!c.outcomes[0].over);
        ck_assert_uint_eq(s.record->requests, 1);
        client_finish(&c, &s);
}
END_TEST

START_TEST(limit_of_streams_is_told)
{
        Server s = server_start(&(ServerPlan) { .max_streams = 7 });
        Client c = client_for(&s);

        client_connect(&c);
        wait_for(&c.max_streams_told, 1, "SETTINGS");
        ck_assert_uint_eq(c.max_streams, 7);
        client_finish(&c, &s);
}
END_TEST

START_TEST(limit_of_streams_is_never_above_our_own)
{
        Server s = server_start(&(ServerPlan) { .max_streams = 1000 });
        Client c = client_for(&s);

        client_connect(&c);
        wait_for(&c.max_streams_told, 1, "SETTINGS");
        ck_assert_uint_eq(c.max_streams, H2_STREAMS_MAX);
        client_finish(&c, &s);
}
END_TEST

START_TEST(lower_limit_of_streams_is_told)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_LESS_STREAMS, .hold = 1 });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        client_connect(&c);
        wait_for(&c.over, 1, "outcomes");
        wait_for(&c.max_streams_told, 2, "SETTINGS");
        ck_assert_uint_eq(c.max_streams, 1);
        client_finish(&c, &s);
}
END_TEST

START_TEST(cancelled_exchange_makes_room_in_the_same_turn)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_ANSWER_REVERSED, .hold = 101 });
        Client c = client_for(&s);

        c.send_when_ready = 100;
        client_connect(&c);
        wait_until(&c.ready, "ready");
        wait_shared(&s.record->requests, 100, "requests");
        h2_cancel(c.h2, 7);
        client_ask(&c, 100, false);
        client_flush(&c);
        wait_for(&c.over, 100, "outcomes");
        ck_assert(!c.outcomes[7].over);
        expect_answer(&c, 100);
        client_finish(&c, &s);
}
END_TEST

START_TEST(silent_server_is_waited_for)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_SILENT });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        client_connect(&c);
        wait_shared(&s.record->requests, 1, "requests");
        ck_assert_uint_eq(c.over, 0);
        ck_assert(!c.closed);
        client_finish(&c, &s);
}
END_TEST

/* --- streams that fail */

static void expect_failure(Script script, FailureReason failure)
{
        Server s = server_start(&(ServerPlan) { .script = script });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        client_connect(&c);
        wait_for(&c.over, 1, "outcomes");
        ck_assert_str_eq(failure_name(c.outcomes[0].failure), failure_name(failure));
        ck_assert_msg(!c.closed, "the connection is gone: %s", failure_name(c.failure));
        client_finish(&c, &s);
}

START_TEST(refused_stream_is_told_apart)
{
        expect_failure(SCRIPT_REFUSE, FAILURE_REFUSED_STREAM);
}
END_TEST

START_TEST(reset_stream_leaves_the_connection)
{
        expect_failure(SCRIPT_RESET, FAILURE_STREAM_RESET);
}
END_TEST

START_TEST(body_shorter_than_announced_fails)
{
        expect_failure(SCRIPT_SHORT_BODY, FAILURE_BODY_SIZE);
}
END_TEST

START_TEST(endless_body_is_cut_and_others_go_on)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_ENDLESS });
        Client c = client_for(&s);

        c.send_when_ready = 3;
        client_connect(&c);
        wait_for(&c.over, 3, "outcomes");
        ck_assert_uint_eq(c.outcomes[0].failure, FAILURE_BODY_SIZE);
        expect_answer(&c, 1);
        expect_answer(&c, 2);
        ck_assert(!c.closed);
        client_finish(&c, &s);
}
END_TEST

static void expect_body(size_t n, FailureReason failure)
{
        Server s = server_start(&(ServerPlan) { .body = n });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        client_connect(&c);
        wait_for(&c.over, 1, "outcomes");
        ck_assert_uint_eq(c.outcomes[0].failure, failure);
        if (!failure)
                ck_assert_uint_eq(c.outcomes[0].n, n);
        client_finish(&c, &s);
}

START_TEST(body_of_65535_octets_is_whole_and_of_65536_is_not_taken)
{
        expect_body(65535, FAILURE_NONE);
        expect_body(65536, FAILURE_BODY_SIZE);
}
END_TEST

START_TEST(RFC8484_body_of_any_2xx_is_kept)
{
        Server s = server_start(&(ServerPlan) { .body = 100, .status = 203 });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        client_connect(&c);
        wait_for(&c.over, 1, "outcomes");
        ck_assert_uint_eq(c.outcomes[0].failure, FAILURE_NONE);
        ck_assert_uint_eq(c.outcomes[0].status, 203);
        ck_assert_uint_eq(c.outcomes[0].n, 100);
        client_finish(&c, &s);
}
END_TEST

START_TEST(body_of_an_error_is_not_kept)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_ENDLESS, .status = 503 });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        client_connect(&c);
        wait_for(&c.over, 1, "outcomes");
        ck_assert_uint_eq(c.outcomes[0].failure, FAILURE_NONE);
        ck_assert_uint_eq(c.outcomes[0].status, 503);
        ck_assert_uint_eq(c.outcomes[0].n, 0);
        ck_assert(!c.closed);
        client_finish(&c, &s);
}
END_TEST

START_TEST(interim_responses_are_passed_over)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_INTERIM, .hold = 1000 });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        client_connect(&c);
        wait_for(&c.over, 1, "outcomes");
        expect_answer(&c, 0);
        client_finish(&c, &s);
}
END_TEST

START_TEST(trailers_mean_nothing)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_TRAILERS });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        client_connect(&c);
        wait_for(&c.over, 1, "outcomes");
        expect_answer(&c, 0);
        ck_assert_uint_eq(c.outcomes[0].age, 0);
        client_finish(&c, &s);
}
END_TEST

/* --- connections that end */

START_TEST(goaway_is_told_and_streams_above_it_are_refused)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_GOAWAY, .hold = 3 });
        Client c = client_for(&s);

        c.send_when_ready = 3;
        client_connect(&c);
        wait_for(&c.over, 3, "outcomes");
        ck_assert_uint_eq(c.goaways, 1);
        ck_assert_uint_eq(c.goaway, FAILURE_GOAWAY);
        expect_answer(&c, 0);
        ck_assert_uint_eq(c.outcomes[1].failure, FAILURE_REFUSED_STREAM);
        ck_assert_uint_eq(c.outcomes[2].failure, FAILURE_REFUSED_STREAM);
        if (c.h2)
                ck_assert_int_lt(client_send(&c, 4, BYTES("0123456789ab", 12), false), 0);
        client_finish(&c, &s);
}
END_TEST

START_TEST(goaway_that_asks_for_calm_is_told_apart)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_CALM });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        client_connect(&c);
        wait_for(&c.goaways, 1, "GOAWAY");
        ck_assert_uint_eq(c.goaway, FAILURE_GOAWAY_CALM);
        wait_for(&c.over, 1, "outcomes");
        expect_answer(&c, 0);
        client_finish(&c, &s);
}
END_TEST

static void expect_closed(ServerPlan plan, FailureReason failure)
{
        Server s = server_start(&plan);
        Client c = client_for(&s);

        c.send_when_ready = 2;
        client_connect(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_str_eq(failure_name(c.failure), failure_name(failure));
        for (unsigned i = 0; i < 2; i++)
                ck_assert(!c.outcomes[i].over);
        client_finish(&c, &s);
}

START_TEST(streams_are_lost_with_the_connection)
{
        expect_closed((ServerPlan) { .script = SCRIPT_DROP }, FAILURE_CONNECTION_LOST);
        expect_closed((ServerPlan) { .script = SCRIPT_RST }, FAILURE_CONNECTION_LOST);
}
END_TEST

START_TEST(connection_closed_behind_the_answer_is_idle)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_ANSWER_AND_CLOSE });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        client_connect(&c);
        wait_until(&c.closed, "the end of the connection");
        expect_answer(&c, 0);
        ck_assert_uint_eq(c.goaways, 1);
        ck_assert_uint_eq(c.failure, FAILURE_IDLE_CLOSED);
        run_out();
        ck_assert_uint_eq(c.stats.closed_clean, 1);
        wait_shared(&s.record->ends, 1, "FIN");
        ck_assert_uint_eq(s.record->resets, 0);
        client_finish(&c, &s);
}
END_TEST

START_TEST(breach_of_http2_ends_the_connection)
{
        expect_closed((ServerPlan) { .script = SCRIPT_NOT_HTTP2 }, FAILURE_PROTOCOL);
        expect_closed((ServerPlan) { .script = SCRIPT_HUGE_FIELDS }, FAILURE_PROTOCOL);
}
END_TEST

START_TEST(flood_ends_the_connection)
{
        static const Script floods[] = { SCRIPT_PINGS, SCRIPT_UNKNOWN_FRAMES, SCRIPT_WINDOW_UPDATES,
                                         SCRIPT_EMPTY_DATA };

        expect_closed((ServerPlan) { .script = floods[_i] }, FAILURE_PROTOCOL);
}
END_TEST

/* --- what the peer is told of its breach of HTTP/2 */

static void expect_told(const char *what, ServerPlan plan, uint32_t code)
{
        Server s = server_start(&plan);
        Client c = client_for(&s);

        c.send_when_ready = 1;
        client_connect(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_str_eq(failure_name(c.failure), failure_name(FAILURE_PROTOCOL));
        wait_shared(&s.record->goaways, 1, "GOAWAY");
        ck_assert_msg(s.record->goaway_code == code, "%s is called %s, not %s", what,
                      nghttp2_http2_strerror(s.record->goaway_code), nghttp2_http2_strerror(code));
        run_out();
        ck_assert_uint_eq(s.record->goaways, 1);
        client_finish(&c, &s);
}

#define FRAMES(text) (const uint8_t *) (text), sizeof(text) - 1

static const struct {
        const char *what;
        const uint8_t *octets;
        size_t n;
        uint32_t code;
} breaches[] = {
        { "a connection window above 2^31-1", FRAMES("\0\0\4\x8\0\0\0\0\0\x7f\xff\xff\xff"),
          NGHTTP2_FLOW_CONTROL_ERROR },
        { "an initial window above 2^31-1", FRAMES("\0\0\6\4\0\0\0\0\0\0\4\x80\0\0\0"), NGHTTP2_FLOW_CONTROL_ERROR },
        { "an increment of 0", FRAMES("\0\0\4\x8\0\0\0\0\0\0\0\0\0"), NGHTTP2_PROTOCOL_ERROR },
        { "DATA on the connection", FRAMES("\0\0\1\0\0\0\0\0\0x"), NGHTTP2_PROTOCOL_ERROR },
        { "DATA on a stream that nobody opened", FRAMES("\0\0\1\0\0\0\0\0\x7fx"), NGHTTP2_PROTOCOL_ERROR },
        { "a CONTINUATION of nothing", FRAMES("\0\0\0\x9\4\0\0\0\1"), NGHTTP2_PROTOCOL_ERROR },
        { "PUSH_PROMISE", FRAMES("\0\0\5\5\4\0\0\0\1\0\0\0\2\x88"), NGHTTP2_PROTOCOL_ERROR },
        { "a maximum frame size below 2^14", FRAMES("\0\0\6\4\0\0\0\0\0\0\5\0\0\0\1"), NGHTTP2_PROTOCOL_ERROR },
        { "RST_STREAM of a stream that nobody opened", FRAMES("\0\0\4\3\0\0\0\0\x7f\0\0\0\0"), NGHTTP2_PROTOCOL_ERROR },
        { "GOAWAY on a stream", FRAMES("\0\0\x8\7\0\0\0\0\1\0\0\0\0\0\0\0\0"), NGHTTP2_PROTOCOL_ERROR },
        { "a PING of 7 octets", FRAMES("\0\0\7\6\0\0\0\0\0pingpin"), NGHTTP2_FRAME_SIZE_ERROR },
        { "SETTINGS of 5 octets", FRAMES("\0\0\5\4\0\0\0\0\0\0\4\0\0\0"), NGHTTP2_FRAME_SIZE_ERROR },
        { "an acknowledgement with SETTINGS", FRAMES("\0\0\6\4\1\0\0\0\0\0\4\0\0\0\1"), NGHTTP2_FRAME_SIZE_ERROR },
        { "a frame above the maximum size", FRAMES("\0\x40\1\0\0\0\0\0\1"), NGHTTP2_FRAME_SIZE_ERROR },
        { "a field that no table has", FRAMES("\0\0\1\1\4\0\0\0\1\x80"), NGHTTP2_COMPRESSION_ERROR },
};

START_TEST(RFC9113_5_4_1_peer_is_told_its_error)
{
        expect_told(breaches[_i].what,
                    (ServerPlan) { .script = SCRIPT_BREACH, .octets = breaches[_i].octets, .n_octets = breaches[_i].n },
                    breaches[_i].code);
}
END_TEST

START_TEST(RFC9113_10_5_peer_that_floods_is_told_so)
{
        static const Script floods[] = { SCRIPT_PINGS, SCRIPT_UNKNOWN_FRAMES, SCRIPT_WINDOW_UPDATES, SCRIPT_EMPTY_DATA,
                                         SCRIPT_HUGE_FIELDS };

        expect_told("a flood", (ServerPlan) { .script = floods[_i] }, NGHTTP2_ENHANCE_YOUR_CALM);
}
END_TEST

START_TEST(alert_after_the_handshake_is_told_apart)
{
        expect_closed((ServerPlan) { .script = SCRIPT_ALERT }, FAILURE_TLS_ALERT);
}
END_TEST

START_TEST(H30_numbers_of_streams_are_not_used_up)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);

        first_stream = INT32_MAX - 4 * H2_STREAMS_MAX;
        c.send_when_ready = 2;
        client_connect(&c);
        wait_for(&c.over, 2, "outcomes");
        expect_answer(&c, 0);
        expect_answer(&c, 1);
        ck_assert_uint_eq(c.goaways, 1);
        ck_assert_uint_eq(c.goaway, FAILURE_GOAWAY);
        ck_assert_int_lt(client_send(&c, 4, BYTES("0123456789ab", 12), false), 0);
        client_finish(&c, &s);
        first_stream = 0;
}
END_TEST

START_TEST(failure_inside_a_call_is_told_from_the_loop)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);

        client_connect(&c);
        wait_for(&c.max_streams_told, 1, "SETTINGS");
        client_ask(&c, 0, false);
        send_error = NGHTTP2_ERR_NOMEM;
        client_flush(&c);
        ck_assert(!c.closed);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_uint_eq(c.failure, FAILURE_RESOURCES);
        client_finish(&c, &s);
}
END_TEST

START_TEST(renegotiation_ends_the_connection)
{
        expect_closed((ServerPlan) { .script = SCRIPT_RENEGOTIATE, .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2" },
                      FAILURE_PROTOCOL);
}
END_TEST

START_TEST(key_update_goes_unnoticed)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_KEY_UPDATE, .hold = 1 });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        client_connect(&c);
        wait_for(&c.over, 1, "outcomes");
        expect_answer(&c, 0);
        client_finish(&c, &s);
}
END_TEST

START_TEST(flood_of_key_updates_ends_the_connection)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_KEY_UPDATE, .hold = 1000 });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        client_connect(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_uint_eq(c.failure, FAILURE_PROTOCOL);
        client_finish(&c, &s);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("h2");
        TCase *questions = client_case(s, "questions"), *streams = client_case(s, "streams"),
              *ends = client_case(s, "ends");

        tcase_add_test(questions, post_is_answered);
        tcase_add_test(questions, get_is_answered);
        tcase_add_test(questions, get_keeps_the_query_of_the_url);
        tcase_add_test(questions, RFC8484_message_that_is_too_long_for_a_url_is_posted);
        tcase_add_test(questions, hundred_streams_share_a_connection_and_keep_their_answers_apart);
        tcase_add_test(questions, forty_five_large_answers_flow_at_once);
        tcase_add_test(questions, bodies_that_take_too_much_memory_together_fail_and_others_go_on);
        tcase_add_test(questions, one_more_than_a_hundred_is_not_taken);
        tcase_add_test(questions, what_is_asked_in_one_turn_is_one_record_and_one_write);
        tcase_add_test(questions, each_question_of_a_burst_is_whole_before_the_next_begins);
        tcase_add_test(questions, the_first_questions_go_out_with_the_end_of_the_handshake);
        tcase_add_test(questions, cancelled_exchange_has_no_outcome);
        tcase_add_test(questions, exchange_cancelled_before_it_is_written_is_not_written);
        tcase_add_test(questions, limit_of_streams_is_told);
        tcase_add_test(questions, limit_of_streams_is_never_above_our_own);
        tcase_add_test(questions, silent_server_is_waited_for);
        tcase_add_test(questions, lower_limit_of_streams_is_told);
        tcase_add_test(questions, cancelled_exchange_makes_room_in_the_same_turn);
        tcase_add_test(streams, refused_stream_is_told_apart);
        tcase_add_test(streams, reset_stream_leaves_the_connection);
        tcase_add_test(streams, body_shorter_than_announced_fails);
        tcase_add_test(streams, endless_body_is_cut_and_others_go_on);
        tcase_add_test(streams, body_of_65535_octets_is_whole_and_of_65536_is_not_taken);
        tcase_add_test(streams, RFC8484_body_of_any_2xx_is_kept);
        tcase_add_test(streams, body_of_an_error_is_not_kept);
        tcase_add_test(streams, interim_responses_are_passed_over);
        tcase_add_test(streams, trailers_mean_nothing);
        tcase_add_test(ends, goaway_is_told_and_streams_above_it_are_refused);
        tcase_add_test(ends, goaway_that_asks_for_calm_is_told_apart);
        tcase_add_test(ends, streams_are_lost_with_the_connection);
        tcase_add_test(ends, connection_closed_behind_the_answer_is_idle);
        tcase_add_test(ends, breach_of_http2_ends_the_connection);
        tcase_add_test(ends, failure_inside_a_call_is_told_from_the_loop);
        tcase_add_test(ends, renegotiation_ends_the_connection);
        tcase_add_test(ends, key_update_goes_unnoticed);
        tcase_add_test(ends, flood_of_key_updates_ends_the_connection);
        tcase_add_test(ends, alert_after_the_handshake_is_told_apart);
        tcase_add_test(ends, H30_numbers_of_streams_are_not_used_up);
        tcase_add_loop_test(ends, flood_ends_the_connection, 0, 4);
        tcase_add_loop_test(ends, RFC9113_5_4_1_peer_is_told_its_error, 0, ELEMENTS(breaches));
        tcase_add_loop_test(ends, RFC9113_10_5_peer_that_floods_is_told_so, 0, 5);
        return client_run(s);
}
