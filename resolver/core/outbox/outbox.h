/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Outbox: what the floors below the engine share to reach the outside: the actions for io, the timers, the random
 * numbers, the counters, and the handles by which io names what it was told of. And the way up: an exchange that is
 * over stands in `outcomes`, what a timer found out below is a Notice in `notices`, until the floor that owns the
 * matter takes them, at one place (engine_settle). So nothing below ever calls what stands above it.
 *
 * Owned by the engine, borrowed by everybody else. No function here fails but outbox_act().
 */

#include "core/base/client.h"
#include "core/base/handle_table.h"
#include "core/base/histogram.h"
#include "core/base/list.h"
#include "core/base/packet.h"
#include "core/base/random.h"
#include "core/base/timers.h"
#include "core/config/config.h"
#include "core/dns/pending_reply.h"
#include "core/health/health.h"

/* Why something goes to an upstream: DOHMOUSE_PURPOSE= in the journal. */
typedef enum Purpose {
        PURPOSE_QUERY,
        PURPOSE_PROBE, /* the upstream is suspect, or an administrator or active mode asks */
        PURPOSE_TRIAL, /* the upstream has failed and is tried again */
        PURPOSE_RACE,  /* the connection in use went silent */
} Purpose;

const char *purpose_name(Purpose p);

typedef enum NetworkState {
        NETWORK_ONLINE,
        NETWORK_OFFLINE, /* no default route, or the last connection attempt found none; an answer ends it */
        NETWORK_PORTAL,  /* every upstream shows a wrong certificate or asks for a login */
} NetworkState;

const char *network_state_name(NetworkState s);

typedef enum ActionType {
        ACTION_ANSWER,    /* send `reply` to `client`; NULL, when out of memory: let it go without */
        ACTION_CONNECT,   /* open `connection` to `upstream`, address number `address` of its configuration */
        ACTION_SEND,      /* `message` on `connection`, as `exchange`; with a PING if `ping` */
        ACTION_PING,      /* on `connection` */
        ACTION_CANCEL,    /* `exchange` on `connection` is not wanted any longer */
        ACTION_DO53_SEND, /* ask `message` of a Do53 server, as `exchange`, from a socket of its own and with an ID that
                           nobody can guess; for an exchange that is there already, the same again from the same socket
                         */
        ACTION_DO53_CANCEL,    /* that `exchange` is over: its socket closes. Not said after engine_do53_failed() */
        ACTION_CLOSE,          /* close `connection` cleanly; no event of it is wanted any longer */
        ACTION_FORGET_TICKETS, /* of `upstream`: the network changed */
        ACTION_UPSTREAM_GONE,  /* `upstream` was removed by a reload, and its last connection is closed */
        ACTION_STATE,          /* an upstream changed state: for journal and bus */
        ACTION_NETWORK,        /* the network's state changed: for journal and bus */
        ACTION_PROBED,         /* engine_probe() has its outcome */
} ActionType;

typedef struct Action {
        ActionType type;
        uint32_t upstream; /* its number */
        uint32_t connection;
        uint32_t exchange;
        union {
                struct {
                        Client client;
                        PendingReply *reply; /* take a reference to send it later */
                        Packet *message;     /* the reply as it is; not over TCP: io writes it when it can be sent */
                } answer;
                struct {
                        size_t address;
                        Purpose purpose;
                        const UpstreamConfig *config; /* lives as long as `owner` */
                        Config *owner;                /* take a reference to keep it */
                } connect;
                struct {
                        Packet *message;
                        bool ping;
                } send;
                struct {
                        Address server;
                        Transport transport;
                        Packet *message; /* its ID is 0 */
                } do53;
                struct {
                        const char *name; /* lives until ACTION_UPSTREAM_GONE */
                        HealthState from, to;
                        HealthAdmin admin, admin_before;
                        FailureReason reason;
                        FailureDetail detail; /* of an HTTP response */
                        Purpose purpose;      /* what brought it to light */
                        uint64_t retry_at;    /* usec; only where `to` is FAILED */
                } state;
                NetworkState network;
                struct {
                        uint64_t cookie;
                        FailureReason failure; /* FAILURE_NONE: it went well */
                        uint64_t took;         /* usec */
                        bool resumed;          /* TLS was resumed */
                } probed;
        };
} Action;

/* What is counted of queries; CLOCK_BOOTTIME usec in the histogram. */
typedef struct Counters {
        uint64_t queries;  /* well-formed ones of clients */
        uint64_t rejected; /* answered FORMERR, NOTIMP, BADVERS or REFUSED */
        uint64_t ignored;  /* not answered at all */
        uint64_t local;    /* answered by this machine itself: [Local] */
        uint64_t joined;   /* shared an attempt that was under way */
        uint64_t answered; /* out of an upstream's answer, cached or not */
        uint64_t failed;   /* answered SERVFAIL by ourselves */
        uint64_t stale;    /* answered out of the cache after the TTL */
        uint64_t timeouts; /* of `failed`: at the deadline */
        uint64_t attempts; /* DNS messages sent upstream for clients */
        uint64_t retries;  /* of those: not the first for their query */
        uint64_t hedges;   /* of those: while another was still waiting */
        uint64_t prefetches;
        uint64_t forwarded;      /* questions that went to Do53 servers */
        uint64_t forward_failed; /* of `failed`: those */
        Histogram latency;       /* from question to answer, upstream's answers only */
} Counters;

/* What somebody below has to tell the floor above. Embedded in whom it concerns, and posted at most once at a time. */
typedef enum NoticeType {
        NOTICE_CONNECTION_SILENT, /* a PING went unanswered; in a Connection */
        NOTICE_CONNECTION_GONE,   /* it broke a rule of HTTP/2; in a Connection */
        NOTICE_CONNECTING_FAILED, /* no connection could even be begun; in a Connecting */
} NoticeType;

typedef struct Notice {
        NoticeType type;
        FailureReason reason;
        List in_outbox;
} Notice;

typedef struct Outbox {
        Action *actions; /* a ring */
        size_t actions_first, actions_n, actions_size;
        Packet *lent; /* what the action taken last points to */
        PendingReply *lent_reply;
        Timers timers;
        Random random;
        HandleTable connections, exchanges, upstreams, do53_exchanges;
        NetworkState network;
        Counters counters;
        List outcomes; /* exchanges that are over: upstream/exchange.h */
        List notices;
} Outbox;

/* `seed`: for the random numbers. False when out of memory; outbox_deinit() is right all the same. */
bool outbox_init(Outbox *o, uint64_t seed);
/* Drops the actions that were not taken. */
void outbox_deinit(Outbox *o);

/* A new action at the end of the queue, all zeros but its type; NULL when out of memory. */
Action *outbox_act(Outbox *o, ActionType type);

/* The next action; false if there is none. What it points to lives until the next call. */
bool outbox_next_action(Outbox *o, Action *ret);

/* These take over the reference. NULL, when out of memory: the client is let go without an answer. */
void outbox_answer(Outbox *o, const Client *client, Packet *message);
void outbox_answer_later(Outbox *o, const Client *client, PendingReply *reply);

/* Tells of a change, once. */
void outbox_set_network(Outbox *o, NetworkState state);

/* Posts a notice, unless it is posted already. */
void outbox_post(Outbox *o, Notice *n, NoticeType type, FailureReason reason);

/* The next notice, taken off the queue; NULL if there is none. */
Notice *outbox_next_notice(Outbox *o);
