/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * World: some minutes of a laptop's life from one seed: its clock, its dice, and the events to come. What lives in it:
 * clients.h, servers.h, machine.h, administrator.h; what must hold at any moment: invariants.h. One struct for all of
 * it, so that a life is one thing that is begun, played and dropped.
 */

#include "core/engine.h"
#include "core/dns/message.h"
#include "trace.h"

#define SERVERS_MAX 3
#define NUMBERS_MAX 64
#define CONNECTIONS_MAX 256
#define EVENTS_MAX 65536
#define QUERIES_MAX 20000
#define PROBES_MAX 64
#define NAMES_AGAIN 50 /* names from 0 on that are asked for again and again; all others once */

typedef enum ServerBehaviour { /* of a server, or of the way to it */
                               GOOD,
                               REFUSING,   /* the endpoint says no: RST, TLS alert, no h2 */
                               BLACK_HOLE, /* nothing comes back, neither on old connections nor on new ones */
                               FROZEN,     /* connections that were open go dark, new ones work */
                               STALLED_TLS,
                               WRONG_CERTIFICATE,
                               ERROR_500,
                               OVERLOADED,    /* 503 or 429, with or without Retry-After */
                               MISCONFIGURED, /* 302, 404 and their like */
                               PORTAL,        /* 511 */
                               GARBAGE,       /* 200 with what is no answer */
                               WRONG_ANSWER,
                               TRUNCATING,     /* TC over HTTPS */
                               SERVFAILING,    /* an answer like any other */
                               REFUSING_NAMES, /* rcode REFUSED: likewise */
                               GOING_AWAY,     /* GOAWAY on whatever comes */
                               RESETTING_STREAMS,
                               REFUSING_STREAMS,
                               DYING,        /* connections are lost shortly after they are used */
                               CLOSING_IDLE, /* FIN after some idle time */
                               NO_STREAMS,   /* MAX_CONCURRENT_STREAMS: said on open connections as well */
                               ONE_STREAM,
                               SWALLOWING,   /* some requests are never answered, the connection lives */
                               FAILING_HALF, /* a 500 for every second one */
                               SLOW,
                               _SERVER_BEHAVIOURS,
} ServerBehaviour;

typedef struct Server {
        ServerBehaviour behaviour;
        uint64_t rtt;
        unsigned answered;
        unsigned generation; /* of its URL: another one is another upstream */
} Server;

typedef enum LinkBehaviour { /* of the servers of a link */
                             LINK_GOOD,
                             LINK_SILENT,
                             LINK_LOSSY,
                             LINK_REFUSING,
                             LINK_SERVFAILING,
                             LINK_DENYING, /* no name exists */
                             _LINK_BEHAVIOURS,
} LinkBehaviour;

#define LINKS_MAX 2

typedef struct SimLink {
        unsigned n_servers;
        bool has[4]; /* what was pushed: sim_links.c */
        LinkBehaviour behaviour;
} SimLink;

typedef struct SimConnection {
        uint32_t number; /* the engine's; 0: free */
        unsigned server;
        bool ready;
        bool dead; /* open, but nothing passes */
        uint64_t used_at;
        uint32_t generation;
} SimConnection;

typedef enum EventType {
        EV_ESTABLISHED,
        EV_READY,
        EV_CLOSED,
        EV_RESPONSE,
        EV_PONG,
        EV_SETTINGS,
        EV_GOAWAY,
        EV_FAILED,
        EV_QUERY,
        EV_FLOOD,
        EV_BEHAVIOUR,
        EV_ROAM,
        EV_SUSPEND,
        EV_OFFLINE,
        EV_ONLINE,
        EV_ADMINISTRATOR,
        EV_LINK,
        EV_DO53,
        EV_DO53_FAILED,
} EventType;

typedef struct Event {
        uint64_t at;
        uint64_t order; /* of making: ties are broken by it, so that a seed replays */
        EventType type;
        unsigned connection;
        uint32_t generation;
        uint32_t exchange;
        FailureReason failure;
        unsigned status;
        uint32_t retry_after; /* seconds; 0: none */
        Packet *body;
} Event;

typedef struct Asked {
        uint64_t at;
        uint64_t deadline;
        uint16_t id;
        uint32_t name;
        bool edns, done;
        Transport transport;
        bool calm;      /* all has been well for a while when it came, and it is not one of many */
        unsigned cover; /* servers that were in order and in use at each moment of its life so far */
} Asked;

typedef struct Probe {   /* that the administrator waits for */
        uint64_t cookie; /* 0: free */
        uint64_t deadline;
} Probe;

typedef struct World {
        Trace trace;
        uint64_t seed, random, now, order;
        uint64_t until; /* the end of what is being played: life, or the rest after it */
        Engine *engine;
        Config *config;
        unsigned n_servers;
        Server servers[SERVERS_MAX];
        unsigned listed[SERVERS_MAX]; /* servers in the configuration, in its order */
        unsigned n_listed;
        struct {
                uint32_t number; /* the engine's, of an upstream; 0: free */
                unsigned server;
        } numbers[NUMBERS_MAX];
        bool online;
        LinkTable *links;
        SimLink sim_links[LINKS_MAX];
        SimConnection connections[CONNECTIONS_MAX];
        Event *events; /* a heap */
        size_t n_events;
        Asked *asked;
        size_t n_asked, n_open;
        size_t first_open; /* all before it have their answer */
        Probe probes[PROBES_MAX];
        uint64_t cookie;
        uint64_t failed_at[NAMES_AGAIN]; /* by name: when it last failed */
        uint64_t trouble_at;             /* when a server was last not in order */
        uint64_t lost_at;                /* connections died under what waited: servers think about that twice */
        uint64_t demand_at;              /* when somebody last asked for something */
        uint64_t connects, connects_since;
        size_t asked_before;        /* of n_asked: those that had their answer then */
        uint64_t stepped_at, steps; /* without the clock moving */
        uint64_t answered, failed, worst;
        bool quiet; /* no more queries */
} World;

/* The next number of the seed's dice, and one below `n`. */
uint64_t world_draw(World *w);
uint64_t world_below(World *w, uint64_t n);

/* With --verbose: what happens, with the time. */
extern bool verbose;
void world_say(const World *w, const char *format, ...) _printf_(2, 3);

/* An invariant does not hold: says so, and how to replay it, and ends the process. */
void world_violated(const World *w, const char *format, ...) _printf_(2, 3) __attribute__((noreturn));

/* A new event after `delay` usec, to be filled in before the next one is made. */
Event *world_schedule(World *w, uint64_t delay, EventType type);
/* Takes the earliest. There must be one. */
Event world_next_event(World *w);

/* Does what the engine wants done, until it wants nothing more. */
void world_carry_out(World *w);
