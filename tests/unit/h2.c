/* io/h2, io/stream, io/tls_session, io/tls and io/verify against a server in processes of its own, over loopback. */

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <net/if.h>
#include <nghttp2/nghttp2.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "h2_server.h"
#include "io/h2.h"
#include "io/tls_parts.h"
#include "io/verify.h"

#define EXCHANGES_MAX 256
#define PATIENCE_MSEC 5000

/* --- what the linker puts between io and its libraries (--wrap) */

static int32_t first_stream; /* 0: as nghttp2 wants */
static time_t later;         /* seconds by which the clock is ahead */

int __real_nghttp2_session_client_new2(nghttp2_session **ret, const nghttp2_session_callbacks *callbacks,
                                       void *userdata, const nghttp2_option *options);
int __wrap_nghttp2_session_client_new2(nghttp2_session **ret, const nghttp2_session_callbacks *callbacks,
                                       void *userdata, const nghttp2_option *options);

int __wrap_nghttp2_session_client_new2(nghttp2_session **ret, const nghttp2_session_callbacks *callbacks,
                                       void *userdata, const nghttp2_option *options)
{
        int r = __real_nghttp2_session_client_new2(ret, callbacks, userdata, options);

        if (r == 0 && first_stream)
                nghttp2_session_set_next_stream_id(*ret, first_stream);
        return r;
}

static ssize_t send_error; /* of nghttp2, once */

ssize_t __real_nghttp2_session_mem_send(nghttp2_session *session, const uint8_t **ret);
ssize_t __wrap_nghttp2_session_mem_send(nghttp2_session *session, const uint8_t **ret);

ssize_t __wrap_nghttp2_session_mem_send(nghttp2_session *session, const uint8_t **ret)
{
        ssize_t r = send_error;

        send_error = 0;
        return r ? r : __real_nghttp2_session_mem_send(session, ret);
}

int __real_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
        int r = __real_clock_gettime(clock, ret);

        ret->tv_sec += later;
        return r;
}

/* --- an owner that writes everything down */

typedef struct Outcome {
        bool over;
        Fault fault;
        unsigned status;
        uint32_t age;
        size_t n;
        uint8_t octets[64]; /* the first of the body */
} Outcome;

typedef struct Client {
        UpstreamConfig config;
        Address address;
        Tls *tls;
        H2 *h2;
        H2Stats stats;
        bool established, ready, resumed, closed;
        char version[16];
        uint16_t local_port;
        unsigned received, goaways, max_streams_told, over, order[EXCHANGES_MAX];
        uint32_t max_streams;
        Fault goaway, fault;
        Outcome outcomes[EXCHANGES_MAX];
        bool inside_call; /* no event may come now */
        enum { CLOSE_NEVER, CLOSE_ESTABLISHED, CLOSE_READY, CLOSE_RECEIVED, CLOSE_RESPONSE, CLOSE_CLOSED } close_in;
        unsigned send_when_ready;
        uint64_t writes_when_ready, writes_when_settings;
} Client;

static uv_loop_t loop;

static void close_client(Client *c)
{
        c->inside_call = true;
        c->h2 = h2_close(c->h2);
        c->inside_call = false;
}

static void ask(Client *c, uint32_t exchange, bool ping)
{
        uint8_t message[29] = { 0,   0,   1,   0,   0,   1,   0, 0,   0,   0,   0,   0, 7, 'e',
                                'x', 'a', 'm', 'p', 'l', 'e', 4, 't', 'e', 's', 't', 0, 0, 1 };

        message[28] = (uint8_t) exchange;
        c->inside_call = true;
        ck_assert_int_eq(h2_send(c->h2, exchange, BYTES(message, sizeof(message)), ping), 0);
        c->inside_call = false;
}

static void flush(Client *c)
{
        c->inside_call = true;
        h2_flush(c->h2);
        c->inside_call = false;
}

static void on_established(void *userdata)
{
        Client *c = userdata;

        ck_assert(!c->inside_call && !c->established);
        c->established = true;
        if (c->close_in == CLOSE_ESTABLISHED)
                close_client(c);
}

static void on_ready(void *userdata, const H2Ready *ready)
{
        Client *c = userdata;

        ck_assert(!c->inside_call && c->established && !c->ready);
        c->ready = true;
        c->resumed = ready->resumed;
        c->writes_when_ready = c->stats.writes;
        c->local_port = ready->local_port;
        snprintf(c->version, sizeof(c->version), "%s", ready->tls_version);
        for (unsigned i = 0; i < c->send_when_ready; i++) {
                ask(c, i, false);
                flush(c);
        }
        if (c->close_in == CLOSE_READY)
                close_client(c);
}

static void on_received(void *userdata)
{
        Client *c = userdata;

        ck_assert(!c->inside_call && c->ready);
        c->received++;
        if (c->close_in == CLOSE_RECEIVED)
                close_client(c);
}

static void on_max_streams(void *userdata, uint32_t max)
{
        Client *c = userdata;

        ck_assert(!c->inside_call);
        c->max_streams = max;
        c->writes_when_settings = c->stats.writes;
        c->max_streams_told++;
}

static void on_goaway(void *userdata, Fault fault)
{
        Client *c = userdata;

        ck_assert(!c->inside_call);
        c->goaways++;
        c->goaway = fault;
}

static void on_outcome(Client *c, uint32_t exchange, Outcome outcome)
{
        ck_assert(!c->inside_call && c->ready && !c->closed);
        ck_assert_msg(!c->outcomes[exchange].over, "exchange %u has two outcomes", exchange);
        c->outcomes[exchange] = outcome;
        c->order[c->over++] = exchange;
        if (c->close_in == CLOSE_RESPONSE)
                close_client(c);
}

static void on_response(void *userdata, uint32_t exchange, const HttpResponse *response, Bytes body)
{
        Outcome o = { .over = true, .status = response->status, .age = response->age, .n = body.n };

        memcpy(o.octets, body.p ? body.p : o.octets, MIN(body.n, sizeof(o.octets)));
        on_outcome(userdata, exchange, o);
}

static void on_failed(void *userdata, uint32_t exchange, Fault fault)
{
        on_outcome(userdata, exchange, (Outcome) { .over = true, .fault = fault });
}

static void on_closed(void *userdata, Fault fault)
{
        Client *c = userdata;

        ck_assert(!c->inside_call && !c->closed);
        c->closed = true;
        c->fault = fault;
        if (c->close_in == CLOSE_CLOSED)
                close_client(c);
        c->h2 = NULL;
}

static const H2Events events = {
        .established = on_established,
        .ready = on_ready,
        .received = on_received,
        .max_streams = on_max_streams,
        .goaway = on_goaway,
        .response = on_response,
        .failed = on_failed,
        .closed = on_closed,
};

static Client client_for(const Server *s)
{
        Client c = {
                .config = {
                        .host = (char *) "dns.test",
                        .port = s->port,
                        .path = (char *) "/dns-query",
                        .trust_anchors = (char *) server_authority(),
                },
                .address = { .octets = { 127, 0, 0, 1 }, .port = s->port },
        };

        return c;
}

/* Starts over, with the same tickets. */
static void reconnect(Client *c)
{
        Fault fault;

        *c = (Client) {
                .config = c->config,
                .address = c->address,
                .tls = c->tls,
                .close_in = c->close_in,
                .send_when_ready = c->send_when_ready,
        };
        c->inside_call = true;
        c->h2 = h2_new(&loop, &c->config, &c->address, c->tls, &events, c, &c->stats, &fault);
        c->inside_call = false;
        ck_assert_ptr_nonnull(c->h2);
}

static void connect_client(Client *c)
{
        const char *error;

        c->tls = tls_new(&c->config, NULL, &error);
        ck_assert_ptr_nonnull(c->tls);
        reconnect(c);
}

static void on_impatient(uv_timer_t *timer)
{
        *(bool *) timer->data = true;
}

/* Runs the loop until `*what` is at least `n`. */
static void wait_for(const unsigned *what, unsigned n, const char *name)
{
        uv_timer_t timer;
        bool late = false;

        uv_timer_init(&loop, &timer);
        timer.data = &late;
        uv_timer_start(&timer, on_impatient, PATIENCE_MSEC, 0);
        while (*(const volatile unsigned *) what < n && !late)
                uv_run(&loop, UV_RUN_ONCE);
        ck_assert_msg(!late, "%s is still %u, not %u", name, *what, n);
        uv_close((uv_handle_t *) &timer, NULL);
        uv_run(&loop, UV_RUN_NOWAIT);
}

static void wait_until(const bool *what, const char *name)
{
        uv_timer_t timer;
        bool late = false;

        uv_timer_init(&loop, &timer);
        timer.data = &late;
        uv_timer_start(&timer, on_impatient, PATIENCE_MSEC, 0);
        while (!*(const volatile bool *) what && !late)
                uv_run(&loop, UV_RUN_ONCE);
        ck_assert_msg(!late, "waited in vain for %s", name);
        uv_close((uv_handle_t *) &timer, NULL);
        uv_run(&loop, UV_RUN_NOWAIT);
}

/* Until every handle is closed, as it must be. */
static void run_out(void)
{
        ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
        ck_assert(!uv_loop_alive(&loop));
}

static void wait_shared(const atomic_uint *what, unsigned n, const char *name)
{
        for (unsigned i = 0; i < PATIENCE_MSEC && *what < n; i++) {
                uv_run(&loop, UV_RUN_NOWAIT);
                usleep(1000);
        }
        ck_assert_msg(*what >= n, "the server saw %u %s, not %u", *what, name, n);
}

static void finish(Client *c, Server *s)
{
        if (c->h2)
                close_client(c);
        run_out();
        c->tls = tls_unref(c->tls);
        server_stop(s);
}

static void open_loop(void)
{
        signal(SIGPIPE, SIG_IGN);
        server_authority();
        ck_assert_int_eq(uv_loop_init(&loop), 0);
}

static void close_loop(void)
{
        ck_assert_int_eq(uv_loop_close(&loop), 0);
}

/* --- questions and answers */

static void expect_answer(const Client *c, unsigned exchange)
{
        const Outcome *o = &c->outcomes[exchange];

        ck_assert_msg(o->over, "exchange %u has no outcome", exchange);
        ck_assert_msg(o->fault == FAULT_NONE, "exchange %u failed: %s", exchange, fault_name(o->fault));
        ck_assert_uint_eq(o->status, 200);
        ck_assert_uint_eq(o->n, 29);
        ck_assert_uint_eq(o->octets[2], 0x81);
        ck_assert_msg(o->octets[28] == (uint8_t) exchange, "exchange %u has the answer of %u", exchange, o->octets[28]);
}

START_TEST(post_is_answered)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        connect_client(&c);
        wait_for(&c.over, 1, "outcomes");
        expect_answer(&c, 0);
        ck_assert_str_eq(c.version, "TLS1.3");
        ck_assert_uint_ne(c.local_port, 0);
        ck_assert_uint_ge(c.received, 1);
        ck_assert_str_eq(s.record->method, "POST");
        ck_assert_str_eq(s.record->name, "dns.test");
        ck_assert_str_eq(s.record->path, "/dns-query");
        ck_assert_str_eq(s.record->order, ":method,:scheme,:authority,:path,accept,content-type,content-length,");
        finish(&c, &s);
}
END_TEST

START_TEST(get_is_answered)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);

        c.config.method = METHOD_GET;
        c.send_when_ready = 3;
        connect_client(&c);
        wait_for(&c.over, 3, "outcomes");
        for (unsigned i = 0; i < 3; i++)
                expect_answer(&c, i);
        ck_assert_str_eq(s.record->method, "GET");
        ck_assert_str_eq(s.record->path, "/dns-query?dns=AAABAAABAAAAAAAAB2V4YW1wbGUEdGVzdAAAAQI");
        ck_assert_str_eq(s.record->order, ":method,:scheme,:authority,:path,accept,");
        finish(&c, &s);
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
        connect_client(&c);
        wait_for(&c.over, 1, "outcomes");
        ck_assert_str_eq(s.record->path, "/q?key=1&dns=AAABAAABAAAAAAAAB2V4YW1wbGUEdGVzdAAAAQA");
        snprintf(authority, sizeof(authority), "dns.test:%u", s.port);
        ck_assert_str_eq(s.record->authority, authority);
        finish(&c, &s);
}
END_TEST

START_TEST(hundred_streams_share_a_connection_and_keep_their_answers_apart)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_ANSWER_REVERSED, .hold = 100 });
        Client c = client_for(&s);

        c.send_when_ready = 100;
        connect_client(&c);
        wait_for(&c.over, 100, "outcomes");
        for (unsigned i = 0; i < 100; i++)
                expect_answer(&c, i);
        ck_assert_uint_eq(s.record->connections, 1);
        finish(&c, &s);
}
END_TEST

START_TEST(hundred_large_answers_flow_at_once)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_ANSWER_REVERSED, .hold = 100, .body = 65535 });
        Client c = client_for(&s);

        c.send_when_ready = 100;
        connect_client(&c);
        wait_for(&c.over, 100, "outcomes");
        for (unsigned i = 0; i < 100; i++) {
                ck_assert_uint_eq(c.outcomes[i].fault, FAULT_NONE);
                ck_assert_uint_eq(c.outcomes[i].n, 65535);
        }
        /* The windows are wide enough: hardly a WINDOW_UPDATE. */
        ck_assert_uint_lt(c.stats.writes, 12);
        finish(&c, &s);
}
END_TEST

START_TEST(one_more_than_a_hundred_is_not_taken)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_SILENT });
        Client c = client_for(&s);

        c.send_when_ready = 100;
        connect_client(&c);
        wait_until(&c.ready, "ready");
        ck_assert_int_lt(h2_send(c.h2, 200, BYTES("0123456789ab", 12), false), 0);
        finish(&c, &s);
}
END_TEST

START_TEST(what_is_asked_in_one_turn_is_one_record_and_one_write)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);
        uint64_t writes;
        unsigned records;

        c.send_when_ready = 1;
        connect_client(&c);
        wait_for(&c.over, 1, "outcomes");
        wait_for(&c.max_streams_told, 1, "SETTINGS");
        /* Our acknowledgement of its SETTINGS has arrived when an answer to a later question has. */
        ask(&c, 1, false);
        flush(&c);
        wait_for(&c.over, 2, "outcomes");

        writes = c.stats.writes;
        records = s.record->records;
        ask(&c, 2, true);
        ask(&c, 3, false);
        flush(&c);
        ck_assert_uint_eq(c.stats.writes - writes, 1);
        wait_for(&c.over, 4, "outcomes");
        ck_assert_uint_eq(s.record->records - records, 1);
        ck_assert_uint_eq(s.record->pings, 1);
        finish(&c, &s);
}
END_TEST

START_TEST(the_first_questions_go_out_with_the_end_of_the_handshake)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);

        c.send_when_ready = 3;
        connect_client(&c);
        wait_for(&c.max_streams_told, 1, "SETTINGS");
        wait_for(&c.over, 3, "outcomes");
        /* Finished, preface, SETTINGS and the questions in one write; all but Finished in one record. */
        ck_assert_uint_eq(c.writes_when_settings, c.writes_when_ready + 1);
        ck_assert_uint_eq(s.record->records_at_request, 1);
        finish(&c, &s);
}
END_TEST

START_TEST(cancelled_exchange_has_no_outcome)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_ANSWER_REVERSED, .hold = 3 });
        Client c = client_for(&s);

        c.send_when_ready = 2;
        connect_client(&c);
        wait_until(&c.ready, "ready");
        wait_for(&c.max_streams_told, 1, "SETTINGS");
        h2_cancel(c.h2, 0);
        flush(&c);
        wait_shared(&s.record->cancels, 1, "RST_STREAM");
        ask(&c, 2, false);
        flush(&c);
        wait_for(&c.over, 2, "outcomes");
        ck_assert(!c.outcomes[0].over);
        expect_answer(&c, 1);
        expect_answer(&c, 2);
        finish(&c, &s);
}
END_TEST

START_TEST(exchange_cancelled_before_it_is_written_is_not_written)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);

        connect_client(&c);
        wait_until(&c.ready, "ready");
        ask(&c, 0, false);
        h2_cancel(c.h2, 0);
        ask(&c, 1, false);
        flush(&c);
        wait_for(&c.over, 1, "outcomes");
        expect_answer(&c, 1);
        ck_assert(!c.outcomes[0].over);
        ck_assert_uint_eq(s.record->requests, 1);
        finish(&c, &s);
}
END_TEST

START_TEST(limit_of_streams_is_told)
{
        Server s = server_start(&(ServerPlan) { .max_streams = 7 });
        Client c = client_for(&s);

        connect_client(&c);
        wait_for(&c.max_streams_told, 1, "SETTINGS");
        ck_assert_uint_eq(c.max_streams, 7);
        finish(&c, &s);
}
END_TEST

START_TEST(limit_of_streams_is_never_above_our_own)
{
        Server s = server_start(&(ServerPlan) { .max_streams = 1000 });
        Client c = client_for(&s);

        connect_client(&c);
        wait_for(&c.max_streams_told, 1, "SETTINGS");
        ck_assert_uint_eq(c.max_streams, H2_STREAMS_MAX);
        finish(&c, &s);
}
END_TEST

START_TEST(lower_limit_of_streams_is_told)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_LESS_STREAMS, .hold = 1 });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        connect_client(&c);
        wait_for(&c.over, 1, "outcomes");
        wait_for(&c.max_streams_told, 2, "SETTINGS");
        ck_assert_uint_eq(c.max_streams, 1);
        finish(&c, &s);
}
END_TEST

START_TEST(cancelled_exchange_makes_room_in_the_same_turn)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_ANSWER_REVERSED, .hold = 101 });
        Client c = client_for(&s);

        c.send_when_ready = 100;
        connect_client(&c);
        wait_until(&c.ready, "ready");
        wait_shared(&s.record->requests, 100, "requests");
        h2_cancel(c.h2, 7);
        ask(&c, 100, false);
        flush(&c);
        wait_for(&c.over, 100, "outcomes");
        ck_assert(!c.outcomes[7].over);
        expect_answer(&c, 100);
        finish(&c, &s);
}
END_TEST

START_TEST(silent_server_is_waited_for)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_SILENT });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        connect_client(&c);
        wait_shared(&s.record->requests, 1, "requests");
        ck_assert_uint_eq(c.over, 0);
        ck_assert(!c.closed);
        finish(&c, &s);
}
END_TEST

/* --- streams that fail */

static void expect_failure(Script script, Fault fault)
{
        Server s = server_start(&(ServerPlan) { .script = script });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        connect_client(&c);
        wait_for(&c.over, 1, "outcomes");
        ck_assert_str_eq(fault_name(c.outcomes[0].fault), fault_name(fault));
        ck_assert_msg(!c.closed, "the connection is gone: %s", fault_name(c.fault));
        finish(&c, &s);
}

START_TEST(refused_stream_is_told_apart)
{
        expect_failure(SCRIPT_REFUSE, FAULT_REFUSED_STREAM);
}
END_TEST

START_TEST(reset_stream_leaves_the_connection)
{
        expect_failure(SCRIPT_RESET, FAULT_STREAM_RESET);
}
END_TEST

START_TEST(body_shorter_than_announced_fails)
{
        expect_failure(SCRIPT_SHORT_BODY, FAULT_BODY_SIZE);
}
END_TEST

START_TEST(endless_body_is_cut_and_others_go_on)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_ENDLESS });
        Client c = client_for(&s);

        c.send_when_ready = 3;
        connect_client(&c);
        wait_for(&c.over, 3, "outcomes");
        ck_assert_uint_eq(c.outcomes[0].fault, FAULT_BODY_SIZE);
        expect_answer(&c, 1);
        expect_answer(&c, 2);
        ck_assert(!c.closed);
        finish(&c, &s);
}
END_TEST

static void expect_body(size_t n, Fault fault)
{
        Server s = server_start(&(ServerPlan) { .body = n });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        connect_client(&c);
        wait_for(&c.over, 1, "outcomes");
        ck_assert_uint_eq(c.outcomes[0].fault, fault);
        if (!fault)
                ck_assert_uint_eq(c.outcomes[0].n, n);
        finish(&c, &s);
}

START_TEST(body_of_65535_octets_is_whole_and_of_65536_is_not_taken)
{
        expect_body(65535, FAULT_NONE);
        expect_body(65536, FAULT_BODY_SIZE);
}
END_TEST

START_TEST(body_of_an_error_is_not_kept)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_ENDLESS, .status = 503 });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        connect_client(&c);
        wait_for(&c.over, 1, "outcomes");
        ck_assert_uint_eq(c.outcomes[0].fault, FAULT_NONE);
        ck_assert_uint_eq(c.outcomes[0].status, 503);
        ck_assert_uint_eq(c.outcomes[0].n, 0);
        ck_assert(!c.closed);
        finish(&c, &s);
}
END_TEST

START_TEST(interim_responses_are_passed_over)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_INTERIM, .hold = 1000 });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        connect_client(&c);
        wait_for(&c.over, 1, "outcomes");
        expect_answer(&c, 0);
        finish(&c, &s);
}
END_TEST

START_TEST(trailers_mean_nothing)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_TRAILERS });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        connect_client(&c);
        wait_for(&c.over, 1, "outcomes");
        expect_answer(&c, 0);
        ck_assert_uint_eq(c.outcomes[0].age, 0);
        finish(&c, &s);
}
END_TEST

/* --- connections that end */

START_TEST(goaway_is_told_and_streams_above_it_are_refused)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_GOAWAY, .hold = 3 });
        Client c = client_for(&s);

        c.send_when_ready = 3;
        connect_client(&c);
        wait_for(&c.over, 3, "outcomes");
        ck_assert_uint_eq(c.goaways, 1);
        ck_assert_uint_eq(c.goaway, FAULT_GOAWAY);
        expect_answer(&c, 0);
        ck_assert_uint_eq(c.outcomes[1].fault, FAULT_REFUSED_STREAM);
        ck_assert_uint_eq(c.outcomes[2].fault, FAULT_REFUSED_STREAM);
        if (c.h2)
                ck_assert_int_lt(h2_send(c.h2, 4, BYTES("0123456789ab", 12), false), 0);
        finish(&c, &s);
}
END_TEST

START_TEST(goaway_that_asks_for_calm_is_told_apart)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_CALM });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        connect_client(&c);
        wait_for(&c.goaways, 1, "GOAWAY");
        ck_assert_uint_eq(c.goaway, FAULT_GOAWAY_CALM);
        wait_for(&c.over, 1, "outcomes");
        expect_answer(&c, 0);
        finish(&c, &s);
}
END_TEST

static void expect_closed(ServerPlan plan, Fault fault)
{
        Server s = server_start(&plan);
        Client c = client_for(&s);

        c.send_when_ready = 2;
        connect_client(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_str_eq(fault_name(c.fault), fault_name(fault));
        for (unsigned i = 0; i < 2; i++)
                ck_assert(!c.outcomes[i].over);
        finish(&c, &s);
}

START_TEST(streams_are_lost_with_the_connection)
{
        expect_closed((ServerPlan) { .script = SCRIPT_DROP }, FAULT_CONNECTION_LOST);
        expect_closed((ServerPlan) { .script = SCRIPT_RST }, FAULT_CONNECTION_LOST);
}
END_TEST

START_TEST(connection_closed_behind_the_answer_is_idle)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_ANSWER_AND_CLOSE });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        connect_client(&c);
        wait_until(&c.closed, "the end of the connection");
        expect_answer(&c, 0);
        ck_assert_uint_eq(c.goaways, 1);
        ck_assert_uint_eq(c.fault, FAULT_IDLE_CLOSED);
        run_out();
        ck_assert_uint_eq(c.stats.closed_clean, 1);
        wait_shared(&s.record->ends, 1, "FIN");
        ck_assert_uint_eq(s.record->resets, 0);
        finish(&c, &s);
}
END_TEST

START_TEST(breach_of_http2_ends_the_connection)
{
        expect_closed((ServerPlan) { .script = SCRIPT_NOT_HTTP2 }, FAULT_PROTOCOL);
        expect_closed((ServerPlan) { .script = SCRIPT_HUGE_FIELDS }, FAULT_PROTOCOL);
}
END_TEST

START_TEST(flood_ends_the_connection)
{
        static const Script floods[] = { SCRIPT_PINGS, SCRIPT_UNKNOWN_FRAMES, SCRIPT_WINDOW_UPDATES,
                                         SCRIPT_EMPTY_DATA };

        expect_closed((ServerPlan) { .script = floods[_i] }, FAULT_PROTOCOL);
}
END_TEST

START_TEST(alert_after_the_handshake_is_told_apart)
{
        expect_closed((ServerPlan) { .script = SCRIPT_ALERT }, FAULT_TLS_ALERT);
}
END_TEST

START_TEST(numbers_of_streams_are_not_used_up)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);

        first_stream = INT32_MAX - 4 * H2_STREAMS_MAX;
        c.send_when_ready = 2;
        connect_client(&c);
        wait_for(&c.over, 2, "outcomes");
        expect_answer(&c, 0);
        expect_answer(&c, 1);
        ck_assert_uint_eq(c.goaways, 1);
        ck_assert_uint_eq(c.goaway, FAULT_GOAWAY);
        ck_assert_int_lt(h2_send(c.h2, 4, BYTES("0123456789ab", 12), false), 0);
        finish(&c, &s);
        first_stream = 0;
}
END_TEST

START_TEST(failure_inside_a_call_is_told_from_the_loop)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);

        connect_client(&c);
        wait_for(&c.max_streams_told, 1, "SETTINGS");
        ask(&c, 0, false);
        send_error = NGHTTP2_ERR_NOMEM;
        flush(&c);
        ck_assert(!c.closed);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_uint_eq(c.fault, FAULT_RESOURCES);
        finish(&c, &s);
}
END_TEST

START_TEST(renegotiation_ends_the_connection)
{
        expect_closed((ServerPlan) { .script = SCRIPT_RENEGOTIATE, .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2" },
                      FAULT_PROTOCOL);
}
END_TEST

START_TEST(key_update_goes_unnoticed)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_KEY_UPDATE, .hold = 1 });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        connect_client(&c);
        wait_for(&c.over, 1, "outcomes");
        expect_answer(&c, 0);
        finish(&c, &s);
}
END_TEST

START_TEST(flood_of_key_updates_ends_the_connection)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_KEY_UPDATE, .hold = 1000 });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        connect_client(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_uint_eq(c.fault, FAULT_PROTOCOL);
        finish(&c, &s);
}
END_TEST

/* --- who is at the other end */

static void expect_refused(ServerPlan plan, Fault fault)
{
        Server s = server_start(&plan);
        Client c = client_for(&s);

        c.send_when_ready = 1;
        connect_client(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_msg(c.fault == fault, "fault is %s, not %s", fault_name(c.fault), fault_name(fault));
        ck_assert(c.established && !c.ready);
        run_out();
        ck_assert_uint_eq(c.stats.closed_clean, 1);
        ck_assert_uint_eq(s.record->requests, 0);
        wait_shared(&s.record->ends, 1, "FIN");
        ck_assert_uint_eq(s.record->resets, 0);
        finish(&c, &s);
}

static const struct {
        const char *version;
} versions[] = { { "NORMAL:-VERS-ALL:+VERS-TLS1.3" }, { "NORMAL:-VERS-ALL:+VERS-TLS1.2" } };

START_TEST(certificate_for_another_name_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_OTHER_NAME, .priority = versions[_i].version },
                       FAULT_CERTIFICATE_NAME);
}
END_TEST

START_TEST(certificate_with_a_common_name_only_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_COMMON_NAME, .priority = versions[_i].version },
                       FAULT_CERTIFICATE_NAME);
}
END_TEST

START_TEST(certificate_for_an_address_is_none_for_a_name)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_ADDRESS_ONLY, .priority = versions[_i].version },
                       FAULT_CERTIFICATE_NAME);
}
END_TEST

START_TEST(expired_certificate_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_EXPIRED, .priority = versions[_i].version },
                       FAULT_CERTIFICATE_EXPIRED);
}
END_TEST

START_TEST(certificate_of_tomorrow_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_NOT_YET_VALID, .priority = versions[_i].version },
                       FAULT_CERTIFICATE_NOT_YET_VALID);
}
END_TEST

START_TEST(self_signed_certificate_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_SELF_SIGNED, .priority = versions[_i].version },
                       FAULT_CERTIFICATE_UNTRUSTED);
}
END_TEST

START_TEST(unknown_authority_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_UNKNOWN_AUTHORITY, .priority = versions[_i].version },
                       FAULT_CERTIFICATE_UNTRUSTED);
}
END_TEST

START_TEST(certificate_for_clients_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_FOR_CLIENTS, .priority = versions[_i].version },
                       FAULT_CERTIFICATE_UNTRUSTED);
}
END_TEST

START_TEST(weak_key_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_WEAK, .priority = versions[_i].version },
                       FAULT_CERTIFICATE_WEAK);
}
END_TEST

START_TEST(signature_of_sha1_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_SHA1, .priority = versions[_i].version },
                       FAULT_CERTIFICATE_WEAK);
}
END_TEST

START_TEST(malformed_staple_is_refused)
{
        expect_refused((ServerPlan) { .broken_staple = true, .priority = versions[_i].version },
                       FAULT_CERTIFICATE_UNTRUSTED);
}
END_TEST

START_TEST(missing_intermediate_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_NO_INTERMEDIATE, .priority = versions[_i].version },
                       FAULT_CERTIFICATE_UNTRUSTED);
}
END_TEST

START_TEST(name_outside_of_the_authoritys_constraint_is_refused)
{
        expect_refused((ServerPlan) { .identity = IDENTITY_OUTSIDE_CONSTRAINT, .priority = versions[_i].version },
                       FAULT_CERTIFICATE_UNTRUSTED);
}
END_TEST

static void expect_accepted(ServerPlan plan)
{
        Server s = server_start(&plan);
        Client c = client_for(&s);

        c.send_when_ready = 1;
        connect_client(&c);
        wait_for(&c.over, 1, "outcomes");
        expect_answer(&c, 0);
        finish(&c, &s);
}

START_TEST(intermediate_that_is_sent_along_is_good)
{
        expect_accepted((ServerPlan) { .identity = IDENTITY_INTERMEDIATE, .priority = versions[_i].version });
}
END_TEST

START_TEST(name_among_many_is_found)
{
        expect_accepted((ServerPlan) { .identity = IDENTITY_MANY_NAMES, .priority = versions[_i].version });
}
END_TEST

START_TEST(server_that_wants_another_group_is_obliged)
{
        expect_accepted((ServerPlan) { .priority = "NORMAL:-GROUP-ALL:+GROUP-SECP521R1" });
}
END_TEST

START_TEST(server_that_asks_for_a_certificate_gets_none)
{
        expect_accepted((ServerPlan) { .ask_certificate = true, .priority = versions[_i].version });
}
END_TEST

START_TEST(server_without_h2_is_refused)
{
        expect_refused((ServerPlan) { .alpn = "", .priority = versions[_i].version }, FAULT_NO_H2);
        expect_refused((ServerPlan) { .alpn = "http/1.1", .priority = versions[_i].version }, FAULT_NO_H2);
}
END_TEST

START_TEST(old_versions_and_ciphers_are_refused)
{
        expect_refused((ServerPlan) { .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0" }, FAULT_TLS_VERSION);
        expect_refused(
                (ServerPlan) { .priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA:-CIPHER-ALL:+AES-128-CBC" },
                FAULT_TLS_VERSION);
}
END_TEST

START_TEST(what_is_not_tls_is_refused)
{
        expect_refused((ServerPlan) { .script = SCRIPT_NOT_TLS }, FAULT_TLS_GARBAGE);
        expect_refused((ServerPlan) { .script = SCRIPT_CLOSE_AT_ONCE }, FAULT_CONNECT_RESET);
}
END_TEST

START_TEST(address_in_the_url_needs_the_address_in_the_certificate)
{
        Server s = server_start(&(ServerPlan) { .identity = IDENTITY_ADDRESS_ONLY });
        Client c = client_for(&s);

        c.config.host = (char *) "127.0.0.1";
        c.send_when_ready = 1;
        connect_client(&c);
        wait_for(&c.over, 1, "outcomes");
        expect_answer(&c, 0);
        ck_assert_str_eq(s.record->name, "");
        close_client(&c);

        c.config.host = (char *) "127.0.0.2";
        reconnect(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_uint_eq(c.fault, FAULT_CERTIFICATE_NAME);
        finish(&c, &s);
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
        connect_client(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_uint_eq(c.fault, FAULT_CERTIFICATE_PIN);
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                memcpy(pins[1], cases[i].pin, PIN_SIZE);
                reconnect(&c);
                wait_until(cases[i].good ? &c.ready : &c.closed, "the outcome");
                if (!cases[i].good)
                        ck_assert_uint_eq(c.fault, FAULT_CERTIFICATE_PIN);
                if (c.h2)
                        close_client(&c);
                run_out();
        }
        finish(&c, &s);
}
END_TEST

START_TEST(pin_of_an_authority_that_signed_nothing_is_no_pin)
{
        Server s = server_start(&(ServerPlan) { .identity = IDENTITY_STRAY, .priority = versions[_i].version });
        Client c = client_for(&s);
        uint8_t pins[1][PIN_SIZE];

        connect_client(&c);
        wait_until(&c.ready, "ready, without a pin");
        close_client(&c);
        run_out();
        tls_forget_tickets(c.tls);

        memcpy(pins[0], server_stranger_pin(), PIN_SIZE);
        c.config.pins = pins;
        c.config.n_pins = 1;
        reconnect(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_uint_eq(c.fault, FAULT_CERTIFICATE_PIN);
        finish(&c, &s);
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

START_TEST(store_that_cannot_be_read_fails_closed)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);
        const char *error = NULL;

        c.config.trust_anchors = (char *) "/nonexistent/ca.pem";
        c.tls = tls_new(&c.config, NULL, &error);
        ck_assert_ptr_nonnull(c.tls);
        ck_assert_str_eq(error, "/nonexistent/ca.pem: No such file or directory");
        reconnect(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_uint_eq(c.fault, FAULT_TRUST_STORE);
        finish(&c, &s);
}
END_TEST

START_TEST(store_without_an_authority_fails_closed)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);
        const char *error = NULL;

        c.config.trust_anchors = (char *) "/dev/null";
        c.tls = tls_new(&c.config, NULL, &error);
        ck_assert_ptr_nonnull(error);
        reconnect(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_uint_eq(c.fault, FAULT_TRUST_STORE);
        finish(&c, &s);
}
END_TEST

START_TEST(upstreams_share_a_store_until_it_changes)
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

/* --- tickets */

static void connect_and_ask(Client *c)
{
        c->send_when_ready = 1;
        reconnect(c);
        wait_for(&c->over, 1, "outcomes");
        expect_answer(c, 0);
        close_client(c);
        run_out();
}

START_TEST(second_connection_is_resumed_and_a_ticket_is_used_once)
{
        Server s = server_start(&(ServerPlan) { .priority = versions[_i].version });
        Client c = client_for(&s);
        const char *error;
        gnutls_datum_t ticket;
        unsigned n;

        c.tls = tls_new(&c.config, NULL, &error);
        connect_and_ask(&c);
        ck_assert(!c.resumed);
        n = tls_tickets(c.tls);
        ck_assert_uint_ge(n, 1);
        ck_assert_uint_le(n, TLS_TICKETS_MAX);
        connect_and_ask(&c);
        ck_assert(c.resumed);
        ck_assert_uint_eq(s.record->resumed, 1);

        while (tls_take_ticket(c.tls, &ticket))
                tls_wipe_ticket(&ticket);
        connect_and_ask(&c);
        ck_assert(!c.resumed);
        finish(&c, &s);
}
END_TEST

START_TEST(ticket_is_gone_once_it_was_tried)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);
        const char *error;
        unsigned n;

        c.tls = tls_new(&c.config, NULL, &error);
        connect_and_ask(&c);
        n = tls_tickets(c.tls);
        c.send_when_ready = 0;
        c.close_in = CLOSE_READY;
        reconnect(&c);
        wait_until(&c.ready, "ready");
        ck_assert(c.resumed);
        ck_assert_uint_eq(tls_tickets(c.tls), n - 1);
        finish(&c, &s);
}
END_TEST

START_TEST(ticket_is_kept_while_tcp_does_not_come_up)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);
        const char *error;
        unsigned n;

        c.tls = tls_new(&c.config, NULL, &error);
        connect_and_ask(&c);
        n = tls_tickets(c.tls);
        c.address.port = 1;
        reconnect(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_uint_eq(c.fault, FAULT_REFUSED);
        ck_assert_uint_eq(tls_tickets(c.tls), n);
        finish(&c, &s);
}
END_TEST

START_TEST(ticket_is_forgotten_after_an_hour)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);
        const char *error;

        c.tls = tls_new(&c.config, NULL, &error);
        connect_and_ask(&c);
        ck_assert_uint_ge(tls_tickets(c.tls), 1);
        later = 3600;
        c.send_when_ready = 0;
        reconnect(&c);
        wait_until(&c.ready, "ready");
        ck_assert(!c.resumed);
        later = 0;
        finish(&c, &s);
}
END_TEST

START_TEST(four_tickets_are_kept_the_newest_first)
{
        UpstreamConfig config = { .trust_anchors = (char *) server_authority() };
        const char *error;
        Tls *t = tls_new(&config, NULL, &error);
        gnutls_datum_t ticket;

        for (unsigned i = 0; i < 7; i++) {
                gnutls_datum_t data = { .data = gnutls_malloc(1), .size = 1 };

                data.data[0] = (unsigned char) i;
                tls_keep_ticket(t, data);
        }
        ck_assert_uint_eq(tls_tickets(t), TLS_TICKETS_MAX);
        for (unsigned i = 6; i >= 3; i--) {
                ck_assert(tls_take_ticket(t, &ticket));
                ck_assert_uint_eq(ticket.data[0], i);
                tls_wipe_ticket(&ticket);
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
        connect_and_ask(&c);
        ck_assert_uint_ge(tls_tickets(c.tls), 1);
        tls_forget_tickets(c.tls);
        ck_assert_uint_eq(tls_tickets(c.tls), 0);

        reconnect(&c);
        wait_until(&c.established, "TCP");
        tls_forget_tickets(c.tls);
        wait_for(&c.over, 1, "outcomes");
        ck_assert(!c.resumed);
        ck_assert_uint_eq(tls_tickets(c.tls), 0);
        finish(&c, &s);
}
END_TEST

START_TEST(ticket_the_server_does_not_know_costs_a_full_handshake_only)
{
        Server s = server_start(&(ServerPlan) { .priority = versions[_i].version });
        Server other = server_start(&(ServerPlan) { .priority = versions[_i].version });
        Client c = client_for(&s);
        const char *error;

        c.tls = tls_new(&c.config, NULL, &error);
        connect_and_ask(&c);
        c.address.port = other.port;
        connect_and_ask(&c);
        ck_assert(!c.resumed);
        server_stop(&other);
        finish(&c, &s);
}
END_TEST

START_TEST(resumed_peer_is_verified_again)
{
        Server s = server_start(&(ServerPlan) { .priority = versions[_i].version });
        Client c = client_for(&s);
        const char *error;

        c.tls = tls_new(&c.config, NULL, &error);
        connect_and_ask(&c);
        /* The same ticket, for somebody whom the certificate does not name. */
        c.config.host = (char *) "elsewhere.test";
        reconnect(&c);
        wait_until(&c.closed, "the end of the connection");
        ck_assert_uint_eq(c.fault, FAULT_CERTIFICATE_NAME);
        ck_assert(!c.ready);
        ck_assert_uint_eq(s.record->requests, 1);
        finish(&c, &s);
}
END_TEST

/* --- connecting */

static Fault connect_to(Address address)
{
        UpstreamConfig config = { .host = (char *) "dns.test",
                                  .path = (char *) "/",
                                  .trust_anchors = (char *) server_authority() };
        Client c = { .config = config, .address = address };
        const char *error;
        Fault fault;

        c.tls = tls_new(&c.config, NULL, &error);
        c.inside_call = true;
        c.h2 = h2_new(&loop, &c.config, &c.address, c.tls, &events, &c, &c.stats, &fault);
        c.inside_call = false;
        if (c.h2) {
                wait_until(&c.closed, "the end of the connection");
                fault = c.fault;
        }
        run_out();
        tls_unref(c.tls);
        ck_assert_uint_eq(c.stats.opened, 0);
        return fault;
}

START_TEST(refused_connection_is_told_from_the_loop)
{
        ck_assert_uint_eq(connect_to((Address) { .octets = { 127, 0, 0, 1 }, .port = 1 }), FAULT_REFUSED);
}
END_TEST

START_TEST(connection_without_a_route_fails_at_once)
{
        /* Broadcast is no address for TCP, a link-local one without its link has no route. */
        ck_assert_int_eq(fault_class(connect_to((Address) { .octets = { 255, 255, 255, 255 }, .port = 1 })),
                         CLASS_LOCALNET);
        ck_assert_uint_eq(connect_to((Address) {
                                  .v6 = true, .octets = { 0xfe, 0x80, [15] = 1 }, .port = 1, .interface = "nosuch0" }),
                          FAULT_NO_ROUTE);
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
                Fault fault;
                H2 *h;

                close(fds[--n]);
                config.trust_anchors = (char *) server_authority();
                tls = tls_new(&config, NULL, &error);
                fds[n] = dup(0);
                n++;
                h = h2_new(&loop, &config, &address, tls, &events, NULL, &stats, &fault);
                ck_assert_ptr_null(h);
                ck_assert_uint_eq(fault, FAULT_RESOURCES);
                tls_unref(tls);
        }
        while (n > 0)
                close(fds[--n]);
}
END_TEST

/* --- closing */

START_TEST(close_says_goaway_and_close_notify_and_fin)
{
        Server s = server_start(&(ServerPlan) { .priority = versions[_i].version });
        Client c = client_for(&s);
        uint64_t writes;

        c.send_when_ready = 1;
        connect_client(&c);
        wait_for(&c.over, 1, "outcomes");
        writes = c.stats.writes;
        close_client(&c);
        ck_assert_uint_eq(c.stats.writes - writes, 1);
        run_out();
        ck_assert_uint_eq(c.stats.opened, 1);
        ck_assert_uint_eq(c.stats.closed_clean, 1);
        ck_assert_uint_eq(c.stats.closed_forced, 0);
        wait_shared(&s.record->ends, 1, "FIN");
        ck_assert_uint_eq(s.record->goaways, 1);
        ck_assert_uint_eq(s.record->byes, 1);
        ck_assert_uint_eq(s.record->resets, 0);
        finish(&c, &s);
}
END_TEST

START_TEST(close_with_open_streams_is_clean)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_ANSWER_REVERSED, .hold = 50, .body = 65535 });
        Client c = client_for(&s);

        c.send_when_ready = 50;
        c.close_in = CLOSE_RESPONSE;
        connect_client(&c);
        wait_for(&c.over, 1, "outcomes");
        run_out();
        ck_assert_uint_eq(c.over, 1);
        ck_assert_uint_eq(c.stats.closed_clean, 1);
        wait_shared(&s.record->ends, 1, "FIN");
        ck_assert_uint_eq(s.record->resets, 0);
        finish(&c, &s);
}
END_TEST

START_TEST(close_is_safe_inside_every_event)
{
        for (int in = CLOSE_ESTABLISHED; in <= CLOSE_CLOSED; in++) {
                Server s = server_start(&(ServerPlan) { .script = in == CLOSE_CLOSED ? SCRIPT_DROP : SCRIPT_ANSWER });
                Client c = client_for(&s);

                c.send_when_ready = in == CLOSE_ESTABLISHED ? 0 : 2;
                c.close_in = in;
                connect_client(&c);
                run_out();
                ck_assert_ptr_null(c.h2);
                ck_assert_uint_eq(c.stats.closed_clean, 1);
                ck_assert_uint_eq(c.stats.closed_forced, 0);
                wait_shared(&s.record->ends, 1, "FIN");
                ck_assert_uint_eq(s.record->resets, 0);
                finish(&c, &s);
        }
}
END_TEST

START_TEST(close_before_tcp_is_up_sends_nothing)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);

        connect_client(&c);
        close_client(&c);
        run_out();
        ck_assert(!c.established && !c.closed);
        ck_assert_uint_eq(c.stats.opened, 0);
        finish(&c, &s);
}
END_TEST

START_TEST(close_in_mid_handshake_is_clean)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_SILENT_HANDSHAKE });
        Client c = client_for(&s);

        connect_client(&c);
        wait_until(&c.established, "TCP");
        wait_shared(&s.record->connections, 1, "connections");
        close_client(&c);
        run_out();
        ck_assert_uint_eq(c.stats.closed_clean, 1);
        wait_shared(&s.record->ends, 1, "FIN");
        ck_assert_uint_eq(s.record->resets, 0);
        finish(&c, &s);
}
END_TEST

START_TEST(deaf_peer_is_given_up_after_a_second)
{
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_DEAF });
        Client c = client_for(&s);
        uint64_t start;

        connect_client(&c);
        wait_until(&c.ready, "ready");
        uv_update_time(&loop);
        start = uv_now(&loop);
        close_client(&c);
        run_out();
        ck_assert_uint_ge(uv_now(&loop) - start, STREAM_LINGER_MSEC);
        ck_assert_uint_lt(uv_now(&loop) - start, 2 * STREAM_LINGER_MSEC);
        ck_assert_uint_eq(c.stats.closed_forced, 1);
        finish(&c, &s);
}
END_TEST

START_TEST(deaf_peer_takes_what_it_takes_and_is_given_up)
{
        static const uint8_t message[65535];
        Server s = server_start(&(ServerPlan) { .script = SCRIPT_DEAF });
        Client c = client_for(&s);

        connect_client(&c);
        wait_until(&c.ready, "ready");
        for (unsigned i = 0; i < 100; i++)
                ck_assert_int_eq(h2_send(c.h2, i, BYTES(message, sizeof(message)), true), 0);
        flush(&c);
        /* Its window is what it can make us hold: 65535 octets. */
        ck_assert_uint_lt(c.stats.octets_out, 80000);
        close_client(&c);
        run_out();
        ck_assert_uint_eq(c.stats.closed_forced, 1);
        finish(&c, &s);
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

        if (!enter_network_of_our_own())
                return;
        for (size_t i = 0; i < ELEMENTS(lives); i++) {
                Server s = server_start(&lives[i].plan);
                Client c = client_for(&s);

                c.send_when_ready = lives[i].ask;
                c.close_in = lives[i].close_in;
                connect_client(&c);
                run_out();
                wait_shared(&s.record->ends, 1, "FIN");
                ck_assert_uint_eq(c.stats.closed_clean, 1);
                ck_assert_msg(resets_sent() == 0, "%lu resets in life %zu", resets_sent(), i);
                finish(&c, &s);
        }
        /* The figure does count. */
        ck_assert_uint_eq(connect_to((Address) { .octets = { 127, 0, 0, 1 }, .port = 1 }), FAULT_REFUSED);
        ck_assert_uint_eq(resets_sent(), 1);
}
END_TEST

START_TEST(idle_connection_keeps_no_timer_and_does_not_wake)
{
        Server s = server_start(&(ServerPlan) { 0 });
        Client c = client_for(&s);

        c.send_when_ready = 1;
        connect_client(&c);
        wait_for(&c.over, 1, "outcomes");
        wait_for(&c.max_streams_told, 1, "SETTINGS");
        for (unsigned i = 0; i < 20; i++) {
                uv_run(&loop, UV_RUN_NOWAIT);
                usleep(1000);
        }
        ck_assert_int_eq(uv_backend_timeout(&loop), -1);
        finish(&c, &s);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("h2");
        TCase *questions = tcase_create("questions"), *streams = tcase_create("streams"), *ends = tcase_create("ends"),
              *identity = tcase_create("identity"), *tickets = tcase_create("tickets"),
              *connecting = tcase_create("connecting"), *closing = tcase_create("closing");
        TCase *all[] = { questions, streams, ends, identity, tickets, connecting, closing };

        for (size_t i = 0; i < ELEMENTS(all); i++) {
                tcase_add_checked_fixture(all[i], open_loop, close_loop);
                tcase_set_timeout(all[i], 30);
                suite_add_tcase(s, all[i]);
        }
        tcase_add_test(questions, post_is_answered);
        tcase_add_test(questions, get_is_answered);
        tcase_add_test(questions, get_keeps_the_query_of_the_url);
        tcase_add_test(questions, hundred_streams_share_a_connection_and_keep_their_answers_apart);
        tcase_add_test(questions, hundred_large_answers_flow_at_once);
        tcase_add_test(questions, one_more_than_a_hundred_is_not_taken);
        tcase_add_test(questions, what_is_asked_in_one_turn_is_one_record_and_one_write);
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
        tcase_add_test(ends, numbers_of_streams_are_not_used_up);
        tcase_add_loop_test(ends, flood_ends_the_connection, 0, 4);

        tcase_add_loop_test(identity, certificate_for_another_name_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, certificate_with_a_common_name_only_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, certificate_for_an_address_is_none_for_a_name, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, expired_certificate_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, certificate_of_tomorrow_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, self_signed_certificate_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, unknown_authority_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, certificate_for_clients_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, weak_key_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, server_without_h2_is_refused, 0, ELEMENTS(versions));
        tcase_add_test(identity, old_versions_and_ciphers_are_refused);
        tcase_add_test(identity, what_is_not_tls_is_refused);
        tcase_add_test(identity, address_in_the_url_needs_the_address_in_the_certificate);
        tcase_add_test(identity, pins_are_for_the_server_or_its_authority);
        tcase_add_loop_test(identity, pin_of_an_authority_that_signed_nothing_is_no_pin, 0, ELEMENTS(versions));
        tcase_add_test(identity, names_match_as_in_rfc_9525);
        tcase_add_test(identity, store_that_cannot_be_read_fails_closed);
        tcase_add_test(identity, store_without_an_authority_fails_closed);
        tcase_add_test(identity, upstreams_share_a_store_until_it_changes);
        tcase_add_loop_test(identity, signature_of_sha1_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, malformed_staple_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, missing_intermediate_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, name_outside_of_the_authoritys_constraint_is_refused, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, intermediate_that_is_sent_along_is_good, 0, ELEMENTS(versions));
        tcase_add_loop_test(identity, name_among_many_is_found, 0, ELEMENTS(versions));
        tcase_add_test(identity, server_that_wants_another_group_is_obliged);
        tcase_add_loop_test(identity, server_that_asks_for_a_certificate_gets_none, 0, ELEMENTS(versions));

        tcase_add_loop_test(tickets, second_connection_is_resumed_and_a_ticket_is_used_once, 0, ELEMENTS(versions));
        tcase_add_test(tickets, ticket_is_gone_once_it_was_tried);
        tcase_add_test(tickets, ticket_is_kept_while_tcp_does_not_come_up);
        tcase_add_test(tickets, forgotten_tickets_are_gone_and_old_connections_bring_none);
        tcase_add_loop_test(tickets, ticket_the_server_does_not_know_costs_a_full_handshake_only, 0,
                            ELEMENTS(versions));
        tcase_add_loop_test(tickets, resumed_peer_is_verified_again, 0, ELEMENTS(versions));
        tcase_add_test(tickets, ticket_is_forgotten_after_an_hour);
        tcase_add_test(tickets, four_tickets_are_kept_the_newest_first);

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
        return s;
}

int main(void)
{
        SRunner *runner;
        int failed;

        server_authority();
        runner = srunner_create(suite());
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}
