/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Outbox: connects the rooms below the engine with the outside. It holds the actions for io, the timers, the random
 * numbers, the counters, and the handle tables by which io refers to objects of core.
 *
 * It is also the way up. A finished exchange is queued in `outcomes`, and what a timer detects is queued in `notices`
 * as a Notice. engine_settle() drains both queues, so no function of core ever calls a function of a room above it.
 *
 * The engine owns the outbox; all other modules borrow it. Times are usec of CLOCK_BOOTTIME. Only outbox_init() and
 * outbox_act() can fail, both for lack of memory.
 */

#include "core/base/client.h"
#include "core/base/handle_table.h"
#include "core/base/histogram.h"
#include "core/base/list.h"
#include "core/base/packet.h"
#include "core/base/random.h"
#include "core/base/handshake.h"
#include "core/base/timers.h"
#include "core/config/config.h"
#include "core/dns/pending_reply.h"
#include "core/health/health.h"

/* The purpose of a connection or exchange: DOHMOUSE_PURPOSE= in the journal. */
typedef enum Purpose {
        PURPOSE_QUERY,
        PURPOSE_PROBE, /* checks a suspect upstream, or runs on request or in active mode */
        PURPOSE_TRIAL, /* tries a failed upstream again */
        PURPOSE_RACE,  /* replaces a silent connection */
} Purpose;

const char *purpose_name(Purpose p);

typedef enum NetworkState {
        NETWORK_ONLINE,
        NETWORK_OFFLINE, /* no default route, or the last connection attempt found no route; an answer ends it */
        NETWORK_PORTAL,  /* every upstream presents a wrong certificate or requires a login */
        NETWORK_CLOCK,   /* the clock of this machine is behind: no upstream can be used because of it */
} NetworkState;

const char *network_state_name(NetworkState s);

/* Where an answer comes from. */
typedef enum AnswerOrigin {
        ORIGIN_NONE,  /* an error of our own */
        ORIGIN_LOCAL, /* local names */
        ORIGIN_CACHE,
        ORIGIN_UPSTREAM,
        ORIGIN_FORWARD, /* a server of a forward zone */
        ORIGIN_LINK,    /* a server that a link has */
} AnswerOrigin;

const char *answer_origin_name(AnswerOrigin o);

/* How a query came by its answer. */
typedef struct AnswerRoute {
        AnswerOrigin origin;
        uint32_t server; /* handle of the upstream, or number of the forward: engine_server_name(). 0: none. That of a
                            forward without an answer, too */
        uint64_t took;   /* usec */
} AnswerRoute;

/* What others have found out about the network. */
typedef enum ConnectivityState {
        CONNECTIVITY_OTHER,   /* nothing, or that all is well */
        CONNECTIVITY_LIMITED, /* the Internet is not reached */
        CONNECTIVITY_PORTAL,
} ConnectivityState;

typedef enum ActionType {
        ACTION_ANSWER,  /* send `reply` to `client`; if NULL (out of memory), drop the client without an answer */
        ACTION_CONNECT, /* open `connection` to address number `address` of `upstream` */
        ACTION_OFFER,   /* `message` will be sent on `connection` as `exchange` once the handshakes are complete: it may
                           be   sent earlier, as early data */
        ACTION_SEND,    /* send `message` on `connection` as `exchange`, with a PING if `ping` */
        ACTION_PING,    /* send a PING on `connection` */
        ACTION_CANCEL,  /* reset the stream of `exchange` on `connection` */
        ACTION_DO53_SEND, /* send `message` to a Do53 server as `exchange`, from a new socket and with an unpredictable
                             ID (RFC 5452 9.2); for an existing exchange, from the same socket with the same ID */
        ACTION_DO53_CANCEL,    /* close the socket of `exchange`; never follows engine_do53_failed() */
        ACTION_CLOSE,          /* close `connection` cleanly; its further events are ignored */
        ACTION_FORGET_TICKETS, /* drop the TLS session tickets of `upstream`: the network changed */
        ACTION_UPSTREAM_GONE,  /* a reload removed `upstream`, and its last connection is closed */
        ACTION_STATE,          /* the state of an upstream changed: report it to journal and bus */
        ACTION_NETWORK,        /* the state of the network changed: report it to journal and bus */
        ACTION_PROBED,         /* the outcome of engine_probe() */
        ACTION_FORWARD_STATE,  /* the state of a forward zone changed: report it to journal and bus */
        ACTION_PORTAL_OPEN, /* the servers of the link may be asked for the names of the portal: report it to journal */
        ACTION_PORTAL_LOOK, /* get the page `target` of `host` at `address` by HTTP: engine_portal_page() */
} ActionType;

typedef struct Action {
        ActionType type;
        uint32_t upstream; /* handle */
        uint32_t connection;
        uint32_t exchange;
        union {
                struct {
                        Client client;
                        AnswerRoute route;
                        PendingReply *reply; /* borrowed; take a reference to keep it */
                        Packet *message; /* the written reply; NULL over TCP, where io writes it when it can be sent */
                } answer;
                struct {
                        size_t address;
                        Purpose purpose;
                        const UpstreamConfig *config; /* part of `owner` */
                        Config *owner;                /* borrowed; take a reference to keep it */
                } connect;
                struct {
                        Packet *message;
                        bool ping;
                } send;
                struct {
                        Address server;
                        Transport transport;
                        Packet *message; /* with an ID of 0 */
                } do53;
                struct {
                        const char *name; /* lives until ACTION_UPSTREAM_GONE */
                        HealthState from, to;
                        HealthAdmin admin, admin_before;
                        FailureReason reason;
                        FailureDetail detail; /* of the HTTP response, if `reason` is about one */
                        Purpose purpose;      /* of the connection or exchange that revealed the state */
                        uint64_t retry_at;    /* usec; only if `to` is HEALTH_FAILED */
                } state;
                struct {
                        char name[UPSTREAM_NAME_MAX + 1];
                        HealthState from, to;
                        FailureReason reason; /* the last failure, if `to` is HEALTH_FAILED */
                        Address server;       /* that failed last, or answered */
                } forward;
                NetworkState network;
                struct {
                        uint64_t cookie;
                        FailureReason failure; /* FAILURE_NONE on success */
                        uint64_t took;         /* usec */
                        bool resumed;          /* the TLS session was resumed */
                } probed;
                struct {
                        uint32_t look;
                        Address address;
                        const char *host, *target; /* of the URL; borrowed as `send.message` */
                } portal;
        };
} Action;

/* Counts of queries. */
typedef struct Counters {
        uint64_t queries;        /* well-formed queries from clients */
        uint64_t rejected;       /* answered with FORMERR, NOTIMP, BADVERS or SERVFAIL before becoming a query */
        uint64_t ignored;        /* not answered */
        uint64_t local;          /* answered locally: [Local] */
        uint64_t joined;         /* joined a query in flight */
        uint64_t answered;       /* answered with an upstream's answer, cached or not */
        uint64_t failed;         /* answered with our own SERVFAIL */
        uint64_t stale;          /* answered from the cache after the TTL expired (RFC 8767) */
        uint64_t timeouts;       /* of `failed`: at the deadline */
        uint64_t attempts;       /* DNS messages sent upstream for clients */
        uint64_t retries;        /* of `attempts`: not the first of their query */
        uint64_t hedges;         /* of `attempts`: while an earlier one was still pending */
        uint64_t prefetches;     /* refreshes of cached answers ahead of expiry */
        uint64_t forwarded;      /* queries sent to Do53 servers */
        uint64_t forward_failed; /* of `failed`: queries of a forward zone */
        Histogram latency;       /* usec from query to answer, of `answered` */
} Counters;

/* A message to the floor above. It is embedded in the object that posts it, and queued at most once. */
typedef enum NoticeType {
        NOTICE_CONNECTION_SILENT, /* a PING was not answered; embedded in a Connection */
        NOTICE_CONNECTION_GONE,   /* the peer violated HTTP/2; embedded in a Connection */
        NOTICE_CONNECTING_FAILED, /* no memory for a connection; embedded in a Connecting */
} NoticeType;

typedef struct Notice {
        NoticeType type;
        FailureReason reason;
        List in_outbox;
} Notice;

typedef struct Outbox {
        Action *actions; /* ring buffer */
        size_t actions_first, actions_n, actions_size;
        Packet *lent;             /* the packet of the last action taken */
        PendingReply *lent_reply; /* the reply of the last action taken */
        Timers timers;
        Random random;
        HandleTable connections, exchanges, upstreams, do53_exchanges;
        NetworkState network;
        uint64_t network_awaited_until; /* the machine may be about to get a network; usec */
        ConnectivityState connectivity; /* as told by engine_set_connectivity() */
        Counters counters;
        List outcomes; /* finished exchanges: upstream/exchange.h */
        List notices;
} Outbox;

/* Initializes the outbox; `seed` seeds the random numbers. Returns false if out of memory; outbox_deinit() is required
 * in either case. */
bool outbox_init(Outbox *o, uint64_t seed);
/* Frees the outbox and drops the actions that were not taken. */
void outbox_deinit(Outbox *o);

/* Appends a new action, zeroed except for its type. Returns NULL if out of memory. */
Action *outbox_act(Outbox *o, ActionType type);

/* Takes the next action. Returns false if there is none. Its pointers are valid until the next call. */
bool outbox_next_action(Outbox *o, Action *ret);

/* Answer `client`. These take ownership of `message` and `reply`; if it is NULL (out of memory), the client gets no
 * answer. */
void outbox_answer(Outbox *o, const Client *client, AnswerRoute route, Packet *message);
void outbox_answer_later(Outbox *o, const Client *client, AnswerRoute route, PendingReply *reply);

/* Changes the state of the network, and reports it if it is a new one. */
void outbox_set_network(Outbox *o, NetworkState state);

/* The daemon was started or the machine resumed: for a minute, a missing route is expected to appear. */
void outbox_await_network(Outbox *o, uint64_t now);
/* A server was reached: from now on, a missing route is a network that is down. */
void outbox_network_reached(Outbox *o);

/* Queues `n`, unless it is queued already. */
void outbox_post(Outbox *o, Notice *n, NoticeType type, FailureReason reason);

/* Removes the next notice from the queue and returns it, or NULL if there is none. */
Notice *outbox_next_notice(Outbox *o);
