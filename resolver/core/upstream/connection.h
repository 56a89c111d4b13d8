/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Connection: one TCP, TLS and HTTP/2 connection (RFC 9113) as core sees it, and the rules for its use (HEALTH.md 4).
 * An idle connection is closed after a while. A connection that may have died unnoticed is used with a PING, and raced
 * if it stays silent. Silence is measured from the oldest pending stream, so later writes do not postpone its
 * detection.
 *
 * ConnectionPool: the connections of one upstream, and what they have learned about the path to it. The upstream owns
 * the pool, the pool owns the connections.
 *
 * A connection never calls the modules above it. Its timer posts a Notice; everything else is a return value. Times are
 * usec of CLOCK_BOOTTIME.
 */

#include "core/base/smoothed_rtt.h"
#include "core/upstream/exchange.h"
#include "core/upstream/upstream_common.h"

typedef struct ConnectionPool {
        UpstreamCommon *common;
        uint32_t upstream;            /* handle of the upstream */
        const UpstreamConfig *config; /* part of `owner` */
        Config *owner;
        SmoothedRtt path;         /* round trip of the network path */
        uint64_t peer_idle;       /* the peer closes connections that are idle for this long; USEC_NEVER: unknown */
        uint64_t queries;         /* DNS messages sent */
        uint32_t first_flight;    /* exchanges that a connection may carry before its first answer; halved when a
                                     connection is lost with more */
        bool fails_without_burst; /* a connection failed before its first answer although no burst was to blame, and
                                     none has answered since */
        List connections;         /* oldest first */
} ConnectionPool;

typedef enum ConnectionState {
        CONNECTION_CONNECTING,
        CONNECTION_READY,
        CONNECTION_DRAINING, /* finishes its exchanges, accepts no new ones */
} ConnectionState;

/* Whether the peer responds. */
typedef enum ConnectionLiveness {
        CONNECTION_HEARD,  /* heard since the last PING */
        CONNECTION_PINGED, /* a PING was sent, and nothing was received since */
        CONNECTION_SILENT, /* the PING was not answered: the connection is being replaced */
} ConnectionLiveness;

/* Only the functions below change it. */
struct Connection {
        uint32_t handle;
        ConnectionPool *pool;
        ConnectionState state;
        ConnectionLiveness liveness;
        bool at_risk;   /* was at risk when last used, and nothing was received since */
        bool unproven;  /* replaced a silent connection and has not answered yet: if it goes silent, too, that is a
                           failure */
        bool settings;  /* SETTINGS of the peer have arrived */
        bool answered;  /* the peer has answered: first_flight no longer applies, only its SETTINGS */
        bool resumed;   /* the TLS session was resumed */
        bool early;     /* the peer accepted early data */
        size_t address; /* index into the addresses of the configuration */
        unsigned epoch; /* epoch of the network when it was opened */
        uint64_t opened_at;
        uint64_t ready_at;
        uint64_t received_at; /* the last octets arrived */
        uint64_t idle_since;  /* valid if there are no exchanges */
        uint64_t pinged_at;
        unsigned resets;       /* streams reset in a row, without an answer between */
        uint64_t overtaken_at; /* latest sending time of an answered exchange: exchanges sent earlier are overtaken */
        uint32_t max_streams;
        uint64_t incident; /* number and time of the last incident */
        uint64_t incident_at;
        ExchangeList exchanges; /* one per stream, in the order of sending */
        List in_pool;
        Timer timer;
        Notice notice; /* NOTICE_CONNECTION_* */
};

/* Starts to connect to address number `address`. Returns NULL if out of memory. */
Connection *connection_new(ConnectionPool *pool, size_t address, Purpose purpose, uint64_t now);

/* Frees the connection without telling io. It must have no exchanges. Accepts NULL, and returns NULL. */
Connection *connection_free(Connection *c);

/* Asks io to close the connection, and frees it. It must have no exchanges. */
void connection_close(Connection *c);

/* Changes the state: forward only, from CONNECTING through READY to DRAINING. No other function does. */
void connection_set_state(Connection *c, ConnectionState state);

/* Returns true if the connection is READY, not silent and not too old: usable now or when a stream becomes free. */
bool connection_good(const Connection *c, uint64_t now);

/* Returns true if the connection is good and has a free stream. */
bool connection_takes(const Connection *c, uint64_t now);

/* Sends `x`. If out of memory, ends `x` (exchange_post). */
void connection_send(Connection *c, Exchange *x, uint64_t now);

/* Asks io to reset the stream of `x`. `x` stays in the list of exchanges. */
void connection_cancel(Connection *c, const Exchange *x);

/* Removes `x`, which has its outcome, from the connection. Closes and frees the connection if it is draining or
 * silent and has no further exchanges. */
void connection_release(Connection *c, Exchange *x, uint64_t now);

/* Tells io that `x` will be sent once the connection is READY, so that it may be sent as early data. `x` stays in its
 * queue. */
void connection_offer(Connection *c, Exchange *x);

/* Returns true if `x` was sent as early data, so that its time of sending is unknown. */
bool connection_sent_early(const Connection *c, const Exchange *x);

/* Makes the connection READY: the handshakes are complete. */
void connection_ready(Connection *c, Handshake handshake, uint64_t now);

/* Notes that the connection replaces a silent one. */
void connection_set_unproven(Connection *c);

/* Handles the SETTINGS of the peer. */
void connection_set_max_streams(Connection *c, uint32_t max);

/* Notes that octets arrived. Returns true if the connection was silent; the caller then handles that and arms the
 * connection (connection_arm). */
bool connection_heard(Connection *c, uint64_t now);

/* Notes that `x` was answered. */
void connection_answered(Connection *c, const Exchange *x);

/* Notes that a stream was reset. Returns false if too many were reset in a row and the connection must be abandoned. */
bool connection_reset(Connection *c);

/* Makes a READY connection DRAINING. Returns true if it had no exchanges, and was closed and freed. */
bool connection_drain(Connection *c);

/* Sends a PING if the connection carries exchanges: the network changed, and the connection may be dead. */
void connection_challenge(Connection *c, uint64_t now);

/* Sets the timer to the next check for silence, or to the end of the idle time. */
void connection_arm(Connection *c);

/* Learns the idle time of the peer, which is closing the connection. */
void connection_learn_idle(const Connection *c, uint64_t now);

/* Returns the number of the incident (HEALTH.md 1) that a failure of an exchange sent at `since` belongs to. All
 * exchanges in flight when something fails belong to one incident. */
uint64_t connection_incident(Connection *c, uint64_t since, uint64_t now);

/* Handles the loss of a connection before its first answer. If it carried more than one exchange, the server may
 * have taken them for an attack (HEALTH.md 3, first flight): reduces first_flight of the pool, and returns true.
 * Once a connection has failed in another way, that stops until one answers. */
bool connection_lost_in_first_flight(const Connection *c, FailureReason reason);

/* Returns true if the loss of the connection is not the peer's failure: it was at risk, silent, or opened in another
 * epoch. */
bool connection_is_stale(const Connection *c);

/* --- pool */

void pool_init(ConnectionPool *p, UpstreamCommon *common, const UpstreamConfig *config, Config *owner);

/* Forgets what was learned about the path: the network changed. */
void pool_forget(ConnectionPool *p);

void pool_reset_statistics(ConnectionPool *p);

/* Returns true if a connection is silent, and thus being replaced. */
bool pool_any_silent(const ConnectionPool *p);

/* Returns the time of silence before a PING, and again before a race (HEALTH.md 3, stale_race), in usec. */
uint64_t pool_stale_race(const ConnectionPool *p);
