/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Health: one upstream's state machine, and the rules that span all upstreams of the process (HEALTH.md, chapters 2 and
 * 3; tests/unit/core/health/health_model.py is its executable reference and this code agrees with it event for event).
 * Events in, state and wishes out. Pure: time is an argument, jitter comes from a seed, no allocation, no timers.
 */

#include "core/base/random.h"
#include "core/health/failure.h"

typedef enum HealthState {
        HEALTH_UNKNOWN, /* optimistic: used, nothing known yet */
        HEALTH_HEALTHY,
        HEALTH_SUSPECT, /* used, ranked last, being probed */
        HEALTH_FAILED,  /* not used until a query comes after retry_at */
        HEALTH_TRIAL,   /* one query or probe is trying it */
} HealthState;

typedef enum HealthAdmin {
        ADMIN_AUTO,
        ADMIN_UP,   /* as if HEALTHY, whatever happens; no probes */
        ADMIN_DOWN, /* never used; no probes */
} HealthAdmin;

typedef enum HealthMode {
        MODE_LAZY,   /* real queries tell; probes on suspicion only */
        MODE_ACTIVE, /* besides, a probe every ActiveIntervalSec= */
        MODE_NONE,   /* always used, in order; nothing is probed */
} HealthMode;

/* Figures of HEALTH.md, chapter 3. Times in usec. */
typedef struct HealthParameters {
        unsigned fail_consecutive;   /* 2 */
        unsigned ratio_percent;      /* 50 */
        unsigned ratio_min;          /* 8 samples */
        uint64_t window;             /* 60 s */
        unsigned probe_max;          /* 2 */
        unsigned probes_at_once;     /* 2: of all upstreams together, trials included */
        uint64_t probe_gap;          /* 500 ms, ±20 % */
        uint64_t backoff;            /* 2 s */
        uint64_t backoff_max;        /* 300 s */
        unsigned jitter_percent;     /* 20 */
        uint64_t last_resort_gap;    /* 800 ms; HEALTH.md has 1 s, doubled up to 5 s. But who has one upstream, and
                                        asks once a second, is to have an answer within a second of its return */
        uint64_t last_resort_max;    /* 800 ms */
        uint64_t backoff_correlated; /* 5 s: the back-off's cap when all go wrong at once, or there is one only */
        unsigned rise;               /* 1 */
        unsigned flap_trips;         /* 3 */
        uint64_t flap_window;        /* 600 s */
        unsigned flap_rise;          /* 2 */
        uint64_t decay;              /* 60 s */
        uint64_t pool_grace;         /* 10 s */
        uint64_t correlation;        /* 5 s */
        uint64_t overload_default;   /* 5 s */
        uint64_t overload_max;       /* 300 s */
} HealthParameters;

extern const HealthParameters health_defaults;

#define HEALTH_RING 32 /* samples */
#define HEALTH_TRIPS 8 /* trips remembered: flap_trips is not above it */

/* Incidents remembered, to count each once, until the state becomes HEALTHY or UNKNOWN: an event of an incident that so
 * many others of this upstream have followed counts anew. */
#define HEALTH_INCIDENTS 512

/* The jitter is drawn in parts of this. */
#define HEALTH_JITTER_UNIT 1000000

typedef struct Health Health;
typedef struct HealthGroup HealthGroup;

/* One upstream's. Read freely; changed by the functions below only. */
struct Health {
        HealthGroup *group;
        HealthState state;
        HealthAdmin admin;
        HealthMode mode;
        FailureReason reason; /* why it is SUSPECT or FAILED; FAILURE_NONE otherwise */
        bool suspect_connect; /* SUSPECT because of connecting: reuse does not mask it (row 7) */
        unsigned consecutive; /* counted incidents since the last OK */
        unsigned level;       /* back-off level */
        unsigned probe_failures;
        unsigned successes;                                     /* in this trial phase */
        unsigned config_failures;                               /* of class CONFIG since the last OK */
        bool probing;                                           /* a probe or trial is under way: single flight */
        uint64_t retry_at;                                      /* FAILED: not used before; usec */
        uint64_t changed_at;                                    /* last change of state; usec */
        uint64_t last_ok, last_failure, pool_ok, healthy_since; /* usec; 0: never */
        struct {
                uint64_t at;
                bool bad;
        } ring[HEALTH_RING];
        unsigned ring_n, ring_next;
        uint64_t trips[HEALTH_TRIPS];
        unsigned trips_n, trips_next;
        uint64_t incidents[HEALTH_INCIDENTS];
        unsigned incidents_n, incidents_next;
};

/* All upstreams of the process, in configured order; borrowed, the owner keeps them alive and in place. */
struct HealthGroup {
        const HealthParameters *parameters;
        Health **members;
        size_t n;
        uint64_t last_resort_at; /* no last-resort trial before; usec */
        uint64_t last_resort_gap;
        Random random;                   /* for the jitter */
        int32_t (*draw)(HealthGroup *g); /* jitter, ±HEALTH_JITTER_UNIT; tests may put their own here */
};

void health_group_init(HealthGroup *g, const HealthParameters *p, uint64_t seed);
void health_init(Health *h, HealthGroup *g, HealthMode mode, uint64_t now);

/* What an event asks of the caller. */
typedef enum HealthRequest {
        HEALTH_REQUEST_NONE,
        HEALTH_REQUEST_PROBE,       /* start a probe now: it is marked as flying already */
        HEALTH_REQUEST_PROBE_LATER, /* a probe is wanted, but as many fly as may: at the next query */
} HealthRequest;

/* A well-formed answer came, whatever its rcode. `fresh`: over a connection made after the suspicion. */
void health_ok(Health *h, bool fresh, uint64_t now);

/*
 * A failure, of any class (failure_class()). `incident`: events of one incident have the same number, which is not 0
 * and not used for another; used for SOFT only. `connecting`: it happened while connecting. `retry_after`: for
 * OVERLOAD, usec, 0 if absent. CONFIG counts as CONNECT_HARD from the second on without an OK between, and always in
 * TRIAL.
 */
HealthRequest health_failure(Health *h, FailureReason f, uint64_t incident, bool connecting, uint64_t retry_after,
                             uint64_t now);

/* Marks a probe as flying; false if one is, or as many fly elsewhere as may. */
bool health_probe_start(Health *h);

/* A trial of a FAILED one without a query (active mode, the administrator): true if it is in TRIAL now. Not while
 * another upstream is, nor, if `due`, before retry_at. */
bool health_trial_start(Health *h, bool due, uint64_t now);

/* The probe or trial is given up without an outcome: a trial is FAILED again, as it was before. */
void health_probe_abandon(Health *h, uint64_t now);

/* The probe is over. Returns when the next may start if there is demand (row 9), or USEC_NEVER. `f` is FAILURE_NONE if
 * it went well. LOCALNET failures end the probe and count for nothing; TLS_VERIFY and OVERLOAD do what they do
 * elsewhere (rows 5 and 21, `retry_after` as for health_failure()). Without the state SUSPECT, the outcome has no
 * effect. */
uint64_t health_probe_done(Health *h, FailureReason f, uint64_t retry_after, uint64_t now);

/* The network changed, the machine resumed, the configuration was loaded anew: all members UNKNOWN (row 23). */
void health_epoch(HealthGroup *g, uint64_t now);

/* Sets the administrator's request; back to auto starts from UNKNOWN. */
void health_set_admin(Health *h, HealthAdmin admin, uint64_t now);

/* May ordinary queries go there (UNKNOWN, HEALTHY, SUSPECT, or forced up)? */
bool health_usable(const Health *h);

/* Where a query may go now. The only place where a FAILED upstream is tried again: demand, never a timer. */
typedef enum HealthRoute {
        ROUTE_NORMAL,      /* to the usable ones */
        ROUTE_LAST_RESORT, /* none usable: the query is the trial of `upstream`, now in TRIAL */
        ROUTE_JOIN,        /* none usable: a trial of `upstream` is flying, join it */
        ROUTE_FAIL_FAST,   /* none usable, no trial due */
} HealthRoute;

typedef struct HealthDecision {
        HealthRoute route;
        size_t upstream;   /* LAST_RESORT, JOIN: index into the group; NORMAL: the first by order, SUSPECT last */
        size_t background; /* a trial to start beside (row 13), now in TRIAL; SIZE_MAX: none */
} HealthDecision;

HealthDecision health_query(HealthGroup *g, uint64_t now);

/* The earliest time at which a FAILED member may be tried, for the client's extended error; USEC_NEVER if none is. */
uint64_t health_retry_at(const HealthGroup *g);

/* Has every member that may be used failed just now, for a wrong certificate or as a login is asked for (HEALTH.md 6)?
 * Then it is the network that is to blame. */
bool health_group_intercepted(const HealthGroup *g, uint64_t now);

/* The words of D-Bus and journal: "unknown" "healthy" "suspect" "failed" "trial"; "auto" "up" "down"; "lazy" "active"
 * "none". */
const char *health_state_name(HealthState s);
const char *health_admin_name(HealthAdmin a);
const char *health_mode_name(HealthMode m);
