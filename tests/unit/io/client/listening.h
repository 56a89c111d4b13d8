/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Listening: a listener in a loop of the test's own, and queries that it handed on. A query is answered with its own
 * octets, at once if `answering`, else when the test says so. For udp.c and tcp.c; each includes it once.
 */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/dns/message.h"
#include "io/clock.h"
#include "io/client/listener.h"

#define QUERIES_MAX 200000
#define QUERY_SIZE 20

static uv_loop_t loop;
static uv_prepare_t prepare;
static Listener *listeners[2]; /* UDP, TCP */
static Address at;
static ListenerStats stats;
static ListenerLimits limits;
static bool answering;
static struct {
        Client client;
        uint16_t id;
} queries[QUERIES_MAX];
static size_t n_queries;
static size_t answer_size; /* octets; 0: as the query */

static void answer_to(const Client *client, Bytes octets)
{
        Packet *b = packet_new(MAX(answer_size, octets.n));
        PendingReply *reply;

        b->n = (uint32_t) MAX(answer_size, octets.n);
        memset(b->data, 0, b->n);
        memcpy(b->data, octets.p, octets.n);
        reply = pending_reply_of(b);
        listener_answer(client, reply);
        pending_reply_unref(reply);
}

/* Answers query number `i`. */
static void answer(size_t i)
{
        uint8_t octets[QUERY_SIZE] = { 0 };

        wire_write16(octets, queries[i].id);
        answer_to(&queries[i].client, BYTES(octets, sizeof(octets)));
}

static void on_query(void *userdata, const Client *client, Transport transport, Bytes query, uint64_t now)
{
        static uint64_t before;

        (void) userdata;
        (void) transport;
        ck_assert_uint_le(before, now);
        ck_assert_uint_le(now, clock_now());
        before = now;
        ck_assert_uint_lt(n_queries, QUERIES_MAX);
        queries[n_queries].client = *client;
        queries[n_queries++].id = query.n >= 2 ? wire_read16(query.p) : 0;
        if (answering)
                answer_to(client, query);
}

static void on_prepare(uv_prepare_t *p)
{
        (void) p;
        listener_flush_all();
}

static void start(void)
{
        uv_loop_init(&loop);
        uv_prepare_init(&loop, &prepare);
        uv_prepare_start(&prepare, on_prepare);
        limits = listener_limits_default;
        stats = (ListenerStats) { 0 };
        n_queries = answer_size = 0;
        answering = true;
        listeners[0] = listeners[1] = NULL;
}

static void stop(void)
{
        listener_free(listeners[0]);
        listener_free(listeners[1]);
        uv_close((uv_handle_t *) &prepare, NULL);
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_int_eq(uv_loop_close(&loop), 0);
}

static void listen_on(const char *text)
{

        ck_assert(address_from_text(text, 0, &at));
        ck_assert_int_eq(listener_new_bind(&loop, &at, &limits, &stats, on_query, NULL, listeners), 0);
        listener_address(listeners[0], &at);
}

static struct sockaddr_in port_at(const char *octets)
{
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(at.port) };

        memcpy(&a.sin_addr, octets, 4);
        return a;
}

static int client_at(const char *octets, int type)
{
        struct sockaddr_in a = port_at(octets);
        int size = 4 << 20, fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

        if (type == SOCK_DGRAM)
                setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
        ck_assert_int_eq(connect(fd, (struct sockaddr *) &a, sizeof(a)), 0);
        fcntl(fd, F_SETFL, O_NONBLOCK);
        return fd;
}

static int client(int type)
{
        return client_at("\x7f\0\0\1", type);
}

/* One turn of the loop, that waits for nothing. */
static void turn(void)
{
        uv_run(&loop, UV_RUN_NOWAIT);
}

/* Turns until it is so; a test that hangs is ended by the check library. */
#define until(condition) \
        do               \
                turn();  \
        while (!(condition))
