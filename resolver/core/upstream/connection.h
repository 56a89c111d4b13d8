/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Connection: what the core knows of one TCP/TLS/HTTP/2 connection, and the rules for using it (HEALTH.md 4): idle ones
 * are watched and closed after a while; ones that may have died unnoticed are used with a PING and raced; ones that go
 * silent while something waits are found by their oldest waiting stream, which no later write can postpone.
 *
 * ConnectionPool: the connections of one upstream, and what they have learned together of the way there.
 *
 * A connection calls nobody above it. What its timer finds out it posts as a Notice; all else its functions return.
 */

#include "core/base/smoothed_rtt.h"
#include "core/upstream/exchange.h"
#include "core/upstream/upstream_common.h"

typedef struct ConnectionPool {
        UpstreamCommon *common;
        uint32_t upstream;            /* its handle */
        const UpstreamConfig *config; /* the upstream's; of `owner` */
        Config *owner;
        SmoothedRtt path;      /* the network's part of a round trip */
        uint64_t peer_idle;    /* usec; the peer closes connections that idle as long; USEC_NEVER: not known */
        uint64_t queries;      /* DNS messages sent */
        uint32_t first_flight; /* what a connection may carry before its first answer; halved when one is lost so */
        List connections;      /* oldest first */
} ConnectionPool;

typedef enum ConnectionState {
        CONNECTION_CONNECTING,
        CONNECTION_READY,
        CONNECTION_DRAINING, /* finishes what it carries, takes nothing new */
} ConnectionState;

/* Is the peer there? */
typedef enum ConnectionLiveness {
        CONNECTION_HEARD,  /* nothing speaks against it */
        CONNECTION_PINGED, /* a PING is out, and nothing was heard since */
        CONNECTION_SILENT, /* that went unanswered: it is being replaced */
} ConnectionLiveness;

struct Connection {
        uint32_t handle;
        ConnectionPool *pool;
        ConnectionState state;
        ConnectionLiveness liveness;
        bool at_risk;   /* it was when last used, and nothing was heard since */
        bool unproven;  /* it replaced a silent one, and has answered nothing yet: its own silence is a failure */
        bool settings;  /* the peer's came */
        bool answered;  /* the peer has answered something: from now on it takes what its SETTINGS say */
        bool resumed;   /* its TLS session was */
        size_t address; /* number in the upstream's configuration */
        unsigned epoch; /* the network's, when it was opened */
        uint64_t opened_at;
        uint64_t ready_at;
        uint64_t received_at; /* the last octets */
        uint64_t idle_since;  /* where it carries nothing */
        uint64_t pinged_at;
        unsigned resets;       /* streams reset in a row */
        uint64_t overtaken_at; /* something that was sent then was answered: what was sent before it is overtaken */
        uint32_t max_streams;
        uint64_t incident; /* number of the last incident on it, and when that was */
        uint64_t incident_at;
        ExchangeList exchanges; /* one a stream, in the order in which they were sent */
        List in_pool;
        Timer timer;
        Notice notice; /* of type NOTICE_CONNECTION_* */
};

/* Starts connecting to address number `address`; NULL when out of memory. */
Connection *connection_new(ConnectionPool *pool, size_t address, Purpose purpose, uint64_t now);

/* Forgets it. What it carried must have been taken away. NULL is fine; always returns NULL. */
Connection *connection_free(Connection *c);

/* Asks io to close it, and forgets it. What it carried must have been taken away. */
void connection_close(Connection *c);

/* The only way in which the state changes: forward, from CONNECTING over READY to DRAINING. */
void connection_set_state(Connection *c, ConnectionState state);

/* READY, heard of and not too old: worth sending on, now or once a stream is free. */
bool connection_good(const Connection *c, uint64_t now);

/* Good, and with room for one more exchange. */
bool connection_takes(const Connection *c, uint64_t now);

/* Sends `x`; where there is no memory, `x` is over (exchange_post). */
void connection_send(Connection *c, Exchange *x, uint64_t now);

/* Calls `x`, which it carries, off: io resets its stream. It stays where it is. */
void connection_cancel(Connection *c, const Exchange *x);

/* `x`, which it carried, has its outcome, and stands in no list now. The connection closes, and is gone, where that was
 * the last thing that kept it. */
void connection_release(Connection *c, Exchange *x, uint64_t now);

/* The handshakes are done: from now on it can be used. */
void connection_ready(Connection *c, bool resumed, uint64_t now);

/* Octets came. Returns true if it had been silent, and then the caller arms it, once he has seen what follows of that.
 */
bool connection_heard(Connection *c, uint64_t now);

/* `x`, which it carries, was answered. */
void connection_answered(Connection *c, const Exchange *x);

/* A stream was reset; false once so many were in a row that the connection is to be given up. */
bool connection_reset(Connection *c);

/* No new exchanges; closes, and is gone, where it carries none: then returns true. */
bool connection_drain(Connection *c);

/* Asks at once whether it is still there: the network changed under what it carries. */
void connection_challenge(Connection *c, uint64_t now);

/* Sets its one timer anew: the next look at its silence, or its idle close. */
void connection_arm(Connection *c);

/* The peer is about to close it: if it was idle, learns after which time the peer does so. */
void connection_learn_idle(const Connection *c, uint64_t now);

/* The number of the incident that a failure on `c` belongs to, of what was sent at `since`: all that was under way when
 * something went wrong is one. */
uint64_t connection_incident(Connection *c, uint64_t since, uint64_t now);

/* It was lost before its first answer, under more than one request: servers that take that for an attack hang up
 * (HEALTH.md 3, first flight). True if fewer at once may do better, and then the pool sends fewer from now on. */
bool connection_lost_in_first_flight(const Connection *c);

/* If it is lost now, is that no fault of the peer's? It was at risk, silent, or of another network. */
bool connection_is_stale(const Connection *c);

/* --- pool */

void pool_init(ConnectionPool *p, UpstreamCommon *common, const UpstreamConfig *config, Config *owner);

/* Another network: what was learned of the way is forgotten. */
void pool_forget(ConnectionPool *p);

/* Is one of them silent? Then connecting is for its sake. */
bool pool_any_silent(const ConnectionPool *p);

/* How long silence is borne before it is looked into (HEALTH.md 3, stale_race), usec. */
uint64_t pool_stale_race(const ConnectionPool *p);
