#pragma once
/*
 * Upstream: one DoH server as the engine uses it: its health, its few connections, the queue before them, connecting
 * across its addresses (RFC 8305), and its probes and trials. A probe or trial always takes a new connection, carries a
 * waiting query if there is one, and its connection is adopted.
 */

#include "core/upstream/connection.h"
#include "core/base/smoothed_rtt.h"
#include "core/health/servfail_streak.h"

#define UPSTREAM_QUEUE_MAX \
        8192 /* exchanges waiting for a stream: as many as clients may wait, so that places alone are rationed */

/* Connecting: one at a time, over the addresses in turn, the next when the one before fails or lets us wait. */
typedef struct Connect {
        bool active;
        Purpose purpose;
        uint64_t started_at;
        uint64_t deadline;
        size_t tried;          /* addresses */
        bool established;      /* TCP came up on one of them */
        FailureReason failure; /* the most telling so far */
        Timer timer;
} Connect;

/* A probe or a trial: one at a time. */
typedef struct Check {
        bool active;
        Purpose purpose;
        bool suspicion; /* health asked for it, rather than the administrator or the active mode */
        uint64_t started_at;
        Exchange *exchange; /* NULL until the connection is there */
        uint64_t cookie;    /* engine_probe()'s; 0: none */
        Timer timer;
} Check;

struct Upstream {
        Engine *engine;
        uint32_t number;
        Config *owner; /* of config */
        const UpstreamConfig *config;
        bool retired; /* removed by a reload: finishes what it has */
        Health health;
        HealthState announced;
        HealthAdmin announced_admin;
        Rtt rtt;                        /* question to answer */
        Rtt path;                       /* the network's part */
        ServfailStreak servfail_streak; /* of SERVFAIL and REFUSED */
        uint64_t peer_idle;             /* the peer closes connections that idle as long; USEC_NEVER: not known */
        size_t first_address;           /* the one that worked last */
        List connections;
        List queue;
        size_t queued;
        Connect connect;
        Check check;
        Timer overflow;     /* a second connection, if the queue's head still waits */
        Timer active;       /* active mode's next probe, or the next probe of a suspicion with demand */
        uint64_t demand_at; /* the last query */
        uint64_t probe_at;  /* of a suspicion: not before; USEC_NEVER: none is due */
        uint64_t queries, failures, handshakes_full, handshakes_resumed, probes, races, races_won;
};

/* `admin`: the request that it begins with, known to whom it concerns. */
Upstream *upstream_new(Engine *e, Config *owner, const UpstreamConfig *config, HealthAdmin admin, uint64_t now);
/* Frees it with all it has; tells nobody. */
Upstream *upstream_free(Upstream *u);

/* Sends `x` or queues it; false if the queue is full, and then `x` is in no place. */
bool upstream_submit(Upstream *u, Exchange *x, uint64_t now);

/* A query was routed while this one is suspect: the next probe is due with demand only. */
void upstream_demand(Upstream *u, uint64_t now);

/* The administrator wants a probe, or a trial of a failed one, now; false if another is waited for already. */
bool upstream_probe(Upstream *u, uint64_t cookie, uint64_t now);

/* Starts a probe or trial, if none is under way. */
void upstream_check(Upstream *u, Purpose purpose, bool suspicion, uint64_t now);

/* Forgets the probe or trial without an outcome. */
void upstream_check_abandon(Upstream *u, uint64_t now);

/* Its connections may be dead or are being made: others are better off for the moment. */
bool upstream_doubtful(const Upstream *u, uint64_t now);

/* Nothing was heard of the upstream since `x` was sent, or it was not sent. */
bool upstream_unproven(const Exchange *x);

/* When a second upstream may be asked besides, and when an answer on a live path is overdue: usec after sending. */
uint64_t upstream_hedge_delay(const Upstream *u);
uint64_t upstream_answer_time(const Upstream *u);
/* How long silence is borne before it is looked into (HEALTH.md 3, stale_race). */
uint64_t upstream_stale_race(const Upstream *u);

/* Outcomes of exchanges, before their query hears of them. */
void upstream_answered(Upstream *u, Exchange *x, uint64_t now);
/* With what rcode a query was answered; `name` is a hash of its name. */
void upstream_rcode(Upstream *u, unsigned rcode, uint64_t name, uint64_t now);
void upstream_failed(Upstream *u, Exchange *x, FailureReason f, uint64_t retry_after, uint64_t now);
void upstream_late(Upstream *u, Exchange *x, uint64_t now);

/* Events of connections. */
void upstream_connection_ready(Upstream *u, Connection *c, uint64_t now);
void upstream_connection_silent(Upstream *u, Connection *c, uint64_t now);
void upstream_connection_alive(Upstream *u, Connection *c, uint64_t now);
void upstream_connection_gone(Upstream *u, Connection *c, FailureReason f, uint64_t now);
void upstream_connection_goaway(Upstream *u, Connection *c, FailureReason f, uint64_t now);
void upstream_connection_stranded(Upstream *u, Connection *c, uint64_t now);
/* A stream has become free, or a connection has gone: what waits is sent, or sent for. */
void upstream_advance(Upstream *u, uint64_t now);

/* An event that concerns no single exchange. */
void upstream_failure(Upstream *u, FailureReason f, uint64_t incident, bool connecting, uint64_t retry_after,
                      Purpose purpose, uint64_t now);

/* A new network: what was learned is forgotten, what was begun is begun again. */
void upstream_epoch(Upstream *u, bool resumed, uint64_t now);
/* Connects, though nobody waits for it; what connections of an older network there are give way to it. */
void upstream_preconnect(Upstream *u, uint64_t now);
void upstream_set_admin(Upstream *u, HealthAdmin admin, uint64_t now);
void upstream_disconnect(Upstream *u, uint64_t now);
void upstream_close_idle(Upstream *u, uint64_t now);
void upstream_retire(Upstream *u, uint64_t now);
/* Retired, and with nothing left to do. */
bool upstream_done(const Upstream *u);

/* Says a change of state or admin to whom it concerns. */
void upstream_announce(Upstream *u, Purpose purpose, uint64_t now);
