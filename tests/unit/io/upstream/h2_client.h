/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * An owner of connections that writes down what they tell, and what its tests have in common: the programs h2, verify,
 * tls and stream, each against tests/unit/io/upstream/h2_server.h.
 */

#include <check.h>
#include <nghttp2/nghttp2.h>
#include <time.h>

#include "h2_server.h"
#include "io/upstream/h2.h"
#include "io/upstream/tls_internal.h"

#define EXCHANGES_MAX 256

extern uv_loop_t loop;

/* What the linker puts between io and its libraries (--wrap). */
extern int32_t first_stream; /* 0: as nghttp2 wants */
extern ssize_t send_error;   /* of nghttp2_session_mem_send, once */
extern time_t later;         /* seconds by which the clock is ahead */

/* Priorities of a server of TLS 1.3 and of one of 1.2: for loop tests. */
extern const char *const versions[2];

typedef struct Outcome {
        bool over;
        FailureReason failure;
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
        Handshake handshake;
        unsigned offer; /* exchanges to offer as early data */
        char version[16];
        uint16_t local_port;
        unsigned received, goaways, max_streams_told, over, order[EXCHANGES_MAX];
        uint32_t max_streams;
        FailureReason goaway, failure;
        Outcome outcomes[EXCHANGES_MAX];
        bool inside_call; /* no event may come now */
        enum { CLOSE_NEVER, CLOSE_ESTABLISHED, CLOSE_READY, CLOSE_RECEIVED, CLOSE_RESPONSE, CLOSE_CLOSED } close_in;
        unsigned send_when_ready;
        uint64_t writes_when_ready, writes_when_settings;
} Client;

/* A client of `s`, without a connection. */
Client client_for(const Server *s);
/* With trust and tickets of its own. */
void client_connect(Client *c);
/* Starts over, with the same tickets. */
void client_reconnect(Client *c);
/* One question after the other on a connection that is opened and closed for it. */
void client_connect_and_ask(Client *c);
int client_send(Client *c, uint32_t exchange, Bytes message, bool ping);
void client_ask(Client *c, uint32_t exchange, bool ping);
void client_flush(Client *c);
void client_close(Client *c);
/* Closes what is open, and stops the server. */
void client_finish(Client *c, Server *s);
/* Connects to where nobody is. */
FailureReason client_connect_to(Address address);

void expect_answer(const Client *c, unsigned exchange);

/* Run the loop until `*what` is at least `n`, true, or at least `n` in the server's record; and until every handle is
 * closed. */
void wait_for(const unsigned *what, unsigned n, const char *name);
void wait_until(const bool *what, const char *name);
void wait_shared(const atomic_uint *what, unsigned n, const char *name);
void run_out(void);

/* A test case with a loop. */
TCase *client_case(Suite *s, const char *name);
int client_run(Suite *s);
