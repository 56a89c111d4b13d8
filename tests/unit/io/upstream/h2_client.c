/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "h2_client.h"
#include "run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Milliseconds; under an emulator as much longer as check(3) waits. */
static unsigned patience(void)
{
        const char *multiplier = getenv("CK_TIMEOUT_MULTIPLIER");

        return 5000 * (multiplier ? MAX((unsigned) strtoul(multiplier, NULL, 10), 1u) : 1u);
}

const char *const versions[2] = { "NORMAL:-VERS-ALL:+VERS-TLS1.3", "NORMAL:-VERS-ALL:+VERS-TLS1.2" };

/* --- what the linker puts between io and its libraries (--wrap) */

int32_t first_stream; /* 0: as nghttp2 wants */
time_t later;         /* seconds by which the clock is ahead */

int __real_nghttp2_session_client_new3(nghttp2_session **ret, const nghttp2_session_callbacks *callbacks,
                                       void *userdata, const nghttp2_option *options, nghttp2_mem *mem);
int __wrap_nghttp2_session_client_new3(nghttp2_session **ret, const nghttp2_session_callbacks *callbacks,
                                       void *userdata, const nghttp2_option *options, nghttp2_mem *mem);

int __wrap_nghttp2_session_client_new3(nghttp2_session **ret, const nghttp2_session_callbacks *callbacks,
                                       void *userdata, const nghttp2_option *options, nghttp2_mem *mem)
{
        int r = __real_nghttp2_session_client_new3(ret, callbacks, userdata, options, mem);

        if (r == 0 && first_stream)
                nghttp2_session_set_next_stream_id(*ret, first_stream);
        return r;
}

ssize_t send_error; /* of nghttp2, once */

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

uv_loop_t loop;

void client_close(Client *c)
{
        c->inside_call = true;
        c->h2 = h2_close(c->h2);
        c->inside_call = false;
}

/* Sends a message, of which the connection keeps what it needs. */
int client_send(Client *c, uint32_t exchange, Bytes message, bool ping)
{
        Packet *p = packet_copy(message);
        int r = h2_send(c->h2, exchange, p, ping);

        packet_unref(p);
        return r;
}

static Bytes question(uint32_t exchange)
{
        static uint8_t message[29] = { 0,   0,   1,   0,   0,   1,   0, 0,   0,   0,   0,   0, 7, 'e',
                                       'x', 'a', 'm', 'p', 'l', 'e', 4, 't', 'e', 's', 't', 0, 0, 1 };

        message[28] = (uint8_t) exchange;
        return BYTES(message, sizeof(message));
}

void client_ask(Client *c, uint32_t exchange, bool ping)
{
        c->inside_call = true;
        ck_assert_int_eq(client_send(c, exchange, question(exchange), ping), 0);
        c->inside_call = false;
}

void client_flush(Client *c)
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
        if (c->close_in == CLOSE_ESTABLISHED) {
                client_close(c);
                return;
        }
        for (unsigned i = 0; i < c->offer; i++) {
                Packet *p = packet_copy(question(i));

                h2_offer(c->h2, i, p);
                packet_unref(p);
        }
        client_flush(c);
}

static void on_ready(void *userdata, const H2Ready *ready)
{
        Client *c = userdata;

        ck_assert(!c->inside_call && c->established && !c->ready);
        c->ready = true;
        c->handshake = ready->handshake;
        c->resumed = ready->handshake != HANDSHAKE_FULL;
        c->writes_when_ready = c->stats.writes;
        c->local_port = ready->local_port;
        snprintf(c->version, sizeof(c->version), "%s", ready->tls_version);
        for (unsigned i = 0; i < c->send_when_ready; i++) {
                client_ask(c, i, false);
                client_flush(c);
        }
        if (c->close_in == CLOSE_READY)
                client_close(c);
}

static void on_received(void *userdata)
{
        Client *c = userdata;

        ck_assert(!c->inside_call && c->ready);
        c->received++;
        if (c->close_in == CLOSE_RECEIVED)
                client_close(c);
}

static void on_max_streams(void *userdata, uint32_t max)
{
        Client *c = userdata;

        ck_assert(!c->inside_call);
        c->max_streams = max;
        c->writes_when_settings = c->stats.writes;
        c->max_streams_told++;
}

static void on_goaway(void *userdata, FailureReason failure)
{
        Client *c = userdata;

        ck_assert(!c->inside_call);
        c->goaways++;
        c->goaway = failure;
}

static void on_outcome(Client *c, uint32_t exchange, Outcome outcome)
{
        ck_assert(!c->inside_call && c->ready && !c->closed);
        ck_assert_msg(!c->outcomes[exchange].over, "exchange %u has two outcomes", exchange);
        c->outcomes[exchange] = outcome;
        c->order[c->over++] = exchange;
        if (c->close_in == CLOSE_RESPONSE)
                client_close(c);
}

static void on_response(void *userdata, uint32_t exchange, const HttpResponse *response, Bytes body)
{
        Outcome o = { .over = true, .status = response->status, .age = response->age, .n = body.n };

        memcpy(o.octets, body.p ? body.p : o.octets, MIN(body.n, sizeof(o.octets)));
        on_outcome(userdata, exchange, o);
}

static void on_failed(void *userdata, uint32_t exchange, FailureReason failure)
{
        on_outcome(userdata, exchange, (Outcome) { .over = true, .failure = failure });
}

static void on_closed(void *userdata, FailureReason failure)
{
        Client *c = userdata;

        ck_assert(!c->inside_call && !c->closed);
        c->closed = true;
        c->failure = failure;
        if (c->close_in == CLOSE_CLOSED)
                client_close(c);
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

Client client_for(const Server *s)
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
void client_reconnect(Client *c)
{
        FailureReason failure;

        *c = (Client) {
                .config = c->config,
                .address = c->address,
                .tls = c->tls,
                .close_in = c->close_in,
                .send_when_ready = c->send_when_ready,
        };
        c->inside_call = true;
        c->h2 = h2_new(&loop, &c->config, &c->address, c->tls, &events, c, &c->stats, &failure);
        c->inside_call = false;
        ck_assert_ptr_nonnull(c->h2);
}

void client_connect(Client *c)
{
        const char *error;

        c->tls = tls_new(&c->config, NULL, &error);
        ck_assert_ptr_nonnull(c->tls);
        client_reconnect(c);
}

static void on_impatient(uv_timer_t *timer)
{
        *(bool *) timer->data = true;
}

/* Runs the loop until `*what` is at least `n`. */
void wait_for(const unsigned *what, unsigned n, const char *name)
{
        uv_timer_t timer;
        bool late = false;

        uv_timer_init(&loop, &timer);
        timer.data = &late;
        uv_timer_start(&timer, on_impatient, patience(), 0);
        while (*(const volatile unsigned *) what < n && !late)
                uv_run(&loop, UV_RUN_ONCE);
        ck_assert_msg(!late, "%s is still %u, not %u", name, *what, n);
        uv_close((uv_handle_t *) &timer, NULL);
        uv_run(&loop, UV_RUN_NOWAIT);
}

void wait_until(const bool *what, const char *name)
{
        uv_timer_t timer;
        bool late = false;

        uv_timer_init(&loop, &timer);
        timer.data = &late;
        uv_timer_start(&timer, on_impatient, patience(), 0);
        while (!*(const volatile bool *) what && !late)
                uv_run(&loop, UV_RUN_ONCE);
        ck_assert_msg(!late, "waited in vain for %s", name);
        uv_close((uv_handle_t *) &timer, NULL);
        uv_run(&loop, UV_RUN_NOWAIT);
}

/* Until every handle is closed, as it must be. */
void run_out(void)
{
        ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
        ck_assert(!uv_loop_alive(&loop));
}

void wait_shared(const atomic_uint *what, unsigned n, const char *name)
{
        for (unsigned i = 0; i < patience() && *what < n; i++) {
                uv_run(&loop, UV_RUN_NOWAIT);
                usleep(1000);
        }
        ck_assert_msg(*what >= n, "the server saw %u %s, not %u", *what, name, n);
}

void client_finish(Client *c, Server *s)
{
        if (c->h2)
                client_close(c);
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

void expect_answer(const Client *c, unsigned exchange)
{
        const Outcome *o = &c->outcomes[exchange];

        ck_assert_msg(o->over, "exchange %u has no outcome", exchange);
        ck_assert_msg(o->failure == FAILURE_NONE, "exchange %u failed: %s", exchange, failure_name(o->failure));
        ck_assert_uint_eq(o->status, 200);
        ck_assert_uint_eq(o->n, 29);
        ck_assert_uint_eq(o->octets[2], 0x81);
        ck_assert_msg(o->octets[28] == (uint8_t) exchange, "exchange %u has the answer of %u", exchange, o->octets[28]);
}

void client_connect_and_ask(Client *c)
{
        c->send_when_ready = 1;
        client_reconnect(c);
        wait_for(&c->over, 1, "outcomes");
        expect_answer(c, 0);
        client_close(c);
        run_out();
}

FailureReason client_connect_to(Address address)
{
        UpstreamConfig config = { .host = (char *) "dns.test",
                                  .path = (char *) "/",
                                  .trust_anchors = (char *) server_authority() };
        Client c = { .config = config, .address = address };
        const char *error;
        FailureReason failure;

        c.tls = tls_new(&c.config, NULL, &error);
        c.inside_call = true;
        c.h2 = h2_new(&loop, &c.config, &c.address, c.tls, &events, &c, &c.stats, &failure);
        c.inside_call = false;
        if (c.h2) {
                wait_until(&c.closed, "the end of the connection");
                failure = c.failure;
        }
        run_out();
        tls_unref(c.tls);
        ck_assert_uint_eq(c.stats.opened, 0);
        return failure;
}

TCase *client_case(Suite *s, const char *name)
{
        TCase *c = tcase_create(name);

        tcase_add_checked_fixture(c, open_loop, close_loop);
        tcase_set_timeout(c, 30);
        suite_add_tcase(s, c);
        return c;
}

int client_run(Suite *s)
{
        server_authority();
        return run_suite(s);
}
