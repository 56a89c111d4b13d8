#pragma once
/*
 * World: a laptop's hour from one seed: its clock, its dice, and the events to come. What lives in it: clients.h, servers.h; what must
 * hold at any moment: invariants.h. One struct for all of it, so that a life is one thing that is begun, played and dropped.
 */

#include "core/engine.h"
#include "core/message.h"
#include "core/upstream.h"

#define UPSTREAMS_MAX 3
#define CONNECTIONS_MAX 256
#define EVENTS_MAX 65536
#define QUERIES_MAX 20000

typedef enum Mood {                     /* of a server, or of the way to it */
        GOOD,
        REFUSING,
        BLACK_HOLE,                     /* nothing comes back, neither on old connections nor on new ones */
        FROZEN,                         /* connections that were open go dark, new ones work */
        STALLED_TLS,
        WRONG_CERTIFICATE,
        ERROR_500,
        OVERLOADED,                     /* 503 with Retry-After */
        REDIRECTING,
        GARBAGE,                        /* 200 with what is no answer */
        WRONG_ANSWER,
        GOING_AWAY,                     /* GOAWAY on whatever comes */
        RESETTING_STREAMS,
        REFUSING_STREAMS,
        DYING,                          /* connections are lost shortly after they are used */
        CLOSING_IDLE,                   /* FIN after some idle time */
        NO_STREAMS,
        ONE_STREAM,
        SWALLOWING,                     /* some requests are never answered, the connection lives */
        FAILING_HALF,                   /* a 500 for every second one */
        SLOW,
        _MOODS,
} Mood;

typedef struct Server {
        Mood mood;
        uint64_t rtt;
        unsigned answered;
} Server;

typedef struct Link {
        uint32_t number;                /* the engine's; 0: free */
        unsigned upstream;
        bool ready;
        bool dead;                      /* open, but nothing passes */
        uint64_t used_at;
        uint32_t generation;
} Link;

typedef enum EventType { EV_ESTABLISHED, EV_READY, EV_CLOSED, EV_RESPONSE, EV_PONG, EV_SETTINGS, EV_GOAWAY, EV_FAILED, EV_QUERY, EV_MOOD,
                         EV_ROAM, EV_SUSPEND, EV_OFFLINE, EV_ONLINE, EV_FLOOD, EV_RELOAD } EventType;

typedef struct Event {
        uint64_t at;
        uint64_t order;                 /* of making: ties are broken by it, so that a seed replays */
        EventType type;
        unsigned link;
        uint32_t generation;
        uint32_t exchange;
        Fault fault;
        unsigned status;
        uint32_t retry_after;
        Buffer *body;
} Event;

typedef struct Asked {
        uint64_t at;
        uint64_t deadline;
        uint16_t id;
        uint32_t name;
        bool edns, stream, done;
        unsigned cover;                 /* upstreams that were in order and in use at each moment of its life so far */
} Asked;

typedef struct World {
        uint64_t seed, random, now, order;
        Engine *engine;
        Config *config;
        unsigned n_upstreams;
        bool online;
        Server servers[UPSTREAMS_MAX];
        uint32_t numbers[UPSTREAMS_MAX];
        Link links[CONNECTIONS_MAX];
        Event *events;
        size_t n_events;
        Asked *asked;
        size_t n_asked, n_open;
        size_t first_open;              /* all before it have their answer */
        HealthState states[UPSTREAMS_MAX];
        uint64_t connects, connects_since;
        uint64_t answered, failed, uncovered_failed, worst;
        bool quiet;                     /* no more queries */
} World;

/* The next number of the seed's dice, and one below `n`. */
uint64_t world_draw(World *w);
uint64_t world_below(World *w, uint64_t n);

/* With --verbose: what happens, with the time. */
extern bool verbose;
void world_say(const World *w, const char *format, ...) _printf_(2, 3);

/* An invariant does not hold: says so, and how to replay it, and ends the process. */
void world_violated(const World *w, const char *format, ...) _printf_(2, 3) __attribute__((noreturn));

/* A new event after `delay` usec, to be filled in before the next one is made. Ties are broken by order of making. */
Event *world_schedule(World *w, uint64_t delay, EventType type);
/* Takes the earliest. There must be one. */
Event world_next_event(World *w);
