/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Played, the upstreams and Do53 servers: look at what the engine sends them, and respond. */

#include "core/engine.h"
#include "wire_builder.h"

typedef struct PlayedConnect {
        uint32_t connection, upstream;
        size_t address;
        Purpose purpose;
} PlayedConnect;

typedef struct PlayedSent {
        uint32_t connection, exchange, upstream;
        bool ping;
        unsigned number; /* of its name; 0 if it has none */
} PlayedSent;

typedef struct PlayedState {
        HealthState to;
        FailureReason reason;
} PlayedState;

typedef struct PlayedForwardState {
        char name[UPSTREAM_NAME_MAX + 1];
        HealthState to;
        FailureReason reason;
        unsigned server; /* last octet of its address */
} PlayedForwardState;

extern PlayedConnect connects[256];      /* connections that the engine opened */
extern PlayedSent sends[4096];           /* queries that it sent to upstreams */
extern uint32_t closes[256], pings[256]; /* connections that it closed, or sent a PING on */
extern PlayedState states[256];          /* state changes of upstreams that it reported */
extern unsigned n_connects, n_sends, n_closes, n_pings, n_states;
extern unsigned n_offers; /* queries that may be sent as early data */
extern Packet *asked;     /* the last query to an upstream since a client asked; NULL if there is none */

/* Returns `asked`, which must be there, parsed. */
Message asked_message(void);

/* Returns the first state change to SUSPECT or FAILED, or NULL. */
const PlayedState *first_fault(void);

/* Returns the index of the last connection to the upstream at position `upstream` of the configuration that was opened
 * for this purpose, or -1. */
int attempt(uint32_t upstream, Purpose purpose);

/* Connection `i` is established, and HTTP/2 is ready with a limit of 100 streams. */
void ready(unsigned i);

/* Connection `i` is lost, or cannot be established, for this reason. */
void lose(int i, FailureReason reason);

/* Octets arrive on connection `i`. */
void show_life(unsigned i);

/* Opens the first connection and answers one query on it, after played_start_by_hand(). */
void warm_up(void);

#define HTTP_OK                                                                      \
        (HttpResponse)                                                               \
        {                                                                            \
                .has_status = true, .status = 200, .has_type = true, .type_ok = true \
        }

/* The upstream responds to the last query with `w`, with ID 0; returns true if that answers the client. */
bool say(void);
bool say_by(const HttpResponse *http);

/* The same, and asserts that the client is answered: with `w`, `age` seconds old; with an address. */
void respond(uint32_t age);
void respond_address(void);

/* The upstream responds to query `i` with this message, its ID unchanged. */
bool say_to(unsigned i, const HttpResponse *http, Bytes body);

/* The upstream responds to query `i`, which must be for the name of this number: NOERROR without records. */
void respond_to(unsigned i, unsigned number);

/* The upstream responds to query `i` with an HTTP status and no message. */
void respond_status(unsigned i, unsigned status, uint32_t retry_after);

/* Query `i` fails for this reason, and its connection does not. */
void fail_sent(unsigned i, FailureReason reason);

/* --- Do53 servers */

/* A query to a Do53 server, with a socket of its own. */
typedef struct PlayedDo53 {
        uint32_t exchange;
        unsigned server; /* last octet of its address */
        Transport transport;
        bool closed;
        unsigned sent; /* how often */
        Packet *message;
} PlayedDo53;

extern PlayedDo53 do53[1024];
extern PlayedForwardState forward_states[64]; /* state changes of forward zones that the engine reported */
extern unsigned n_do53, n_forward_states;

/* Returns the last query, which must be there. */
PlayedDo53 *do53_last(void);

#define DO53_ID 77 /* of every query, as if io had chosen it */

/* Begins a response in `w`, with the ID of the query and no records. */
void do53_begin(unsigned flags);

/* The server responds: with `w`; with an address. */
void do53_say(const PlayedDo53 *q);
void do53_say_address(const PlayedDo53 *q);

/* The query cannot be sent, or an error comes back; its socket closes. */
void do53_fail(PlayedDo53 *q, FailureReason reason);

/* --- pages of a captive portal */

typedef struct PlayedLook {
        uint32_t look;
        Address address;
        char host[256], target[512];
} PlayedLook;

extern PlayedLook looks[64]; /* pages that the engine wants to look at */
extern unsigned n_looks;
extern unsigned n_openings; /* how often the servers of the link were opened to the names of a portal */

/* Page `i` begins like this. */
void show_page(unsigned i, const char *response);
