#pragma once
/*
 * Connection: what the core knows of one TCP/TLS/HTTP/2 connection, and the rules for using it (HEALTH.md 4): idle ones
 * are watched and closed after a while; ones that may have died unnoticed are used with a PING and raced; ones that go
 * silent while something waits are found by their oldest waiting stream, which no later write can postpone.
 */

#include "core/upstream/exchange.h"
#include "core/base/timers.h"

typedef enum ConnectionState {
        CONNECTION_CONNECTING,
        CONNECTION_READY,
        CONNECTION_DRAINING, /* finishes what it carries, takes nothing new */
} ConnectionState;

struct Connection {
        uint32_t number;
        Upstream *upstream;
        ConnectionState state;
        size_t address;
        unsigned epoch;   /* the network's, when it was opened */
        bool established; /* TCP is up */
        bool settings;    /* the peer's came */
        bool silent;      /* a PING went unanswered: it is being replaced */
        bool relief;      /* it replaced a silent one, and has answered nothing yet: its own silence is a failure */
        bool doubtful;    /* was at risk when last used, and nothing was heard since */
        bool pinging;     /* a PING is out, and nothing was heard since */
        bool resumed;     /* its TLS session was */
        uint64_t opened_at;
        uint64_t ready_at;
        uint64_t received_at; /* the last octets */
        uint64_t idle_since;  /* where it carries nothing */
        uint64_t ping_at;
        unsigned resets;       /* streams reset in a row */
        uint64_t overtaken_at; /* something that was sent then was answered: what was sent before it is overtaken */
        uint32_t streams, max_streams;
        uint64_t incident; /* number of the last incident on it, and when that was */
        uint64_t incident_at;
        List exchanges; /* in the order in which they were sent */
        List in_upstream;
        Timer timer;
};

/* Starts connecting; NULL when out of memory. */
Connection *connection_new(Upstream *u, size_t address, Purpose purpose, uint64_t now);

/* Forgets it. What it carried must have been taken away. */
Connection *connection_free(Connection *c);

/* Asks io to close it, and forgets it. What it carried must have been taken away. */
Connection *connection_close(Connection *c);

/* Ready, heard of and not too old: worth sending on, now or once a stream is free. */
bool connection_good(const Connection *c, uint64_t now);

/* Good, and with room for one more exchange. */
bool connection_takes(const Connection *c, uint64_t now);

void connection_send(Connection *c, Exchange *x, uint64_t now);

/* One exchange less: x was taken away by its outcome. The connection may be gone afterwards. */
void connection_ended(Connection *c, uint64_t now);

void connection_heard(Connection *c, uint64_t now);

/* No new exchanges; closes once it carries none. */
void connection_drain(Connection *c, uint64_t now);

/* Asks at once whether it is still there: the network changed under what it carries. */
void connection_challenge(Connection *c, uint64_t now);

/* The number of the incident that a failure on `c` belongs to, of what was sent at `since`: all that was under way when
 * something went wrong is one. */
uint64_t connection_incident(Connection *c, uint64_t since, uint64_t now);
