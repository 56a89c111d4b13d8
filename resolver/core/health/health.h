/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Health: the state machine of one upstream, and the rules that span all upstreams of the process (HEALTH.md, chapters
 * 2 and 3; tests/unit/core/health/health_model.py is its executable reference, and this code agrees with it event for
 * event). Events go in, states and requests come out. Pure: time is an argument, jitter comes from a seed, and there
 * are no allocations and no timers. Times are in microseconds.
 */

#include "core/base/random.h"
#include "core/health/failure.h"

typedef enum HealthState {
        HEALTH_UNKNOWN, /* optimistic: used, although nothing is known yet */
        HEALTH_HEALTHY,
        HEALTH_SUSPECT, /* used, ranked last, being probed */
        HEALTH_FAILED,  /* not used until a query arrives at or after retry_at */
        HEALTH_TRIAL,   /* one query or probe is under way to try it */
} HealthState;

typedef enum HealthAdmin {
        ADMIN_AUTO,
        ADMIN_UP,   /* always used, whatever happens; no probes */
        ADMIN_DOWN, /* never used; no probes */
} HealthAdmin;

typedef enum HealthMode {
        MODE_LAZY,   /* judged by real queries; probes only on suspicion */
        MODE_ACTIVE, /* in addition, a probe every ActiveIntervalSec= */
        MODE_NONE,   /* always used, in order; no probes */
} HealthMode;

/* The parameters of HEALTH.md, chapter 3. Times are in usec. */
typedef struct HealthParameters {
        unsigned fail_consecutive;   /* 2 */
        unsigned ratio_percent;      /* 50 */
        unsigned ratio_min;          /* 8 samples */
        uint64_t window;             /* 60 s */
        unsigned probe_max;          /* 2 */
        unsigned probes_at_once;     /* 2: of all upstreams together; a trial counts, but may exceed it */
        uint64_t probe_gap;          /* 500 ms, ±20 % */
        uint64_t backoff;            /* 2 s */
        uint64_t backoff_max;        /* 300 s */
        unsigned jitter_percent;     /* 20 */
        uint64_t last_resort_gap;    /* 800 ms: with one upstream and one query a second, the first response comes
                                        within a second of the upstream's return */
        uint64_t last_resort_max;    /* 800 ms */
        uint64_t backoff_correlated; /* 5 s: the back-off's limit if all fail at once, or there is only one */
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

/* Incidents remembered, to count each once, until the state becomes HEALTHY or UNKNOWN. An incident that so many others
 * of the upstream have followed since counts again. */
#define HEALTH_INCIDENTS 512

/* The jitter is a fraction with this denominator. */
#define HEALTH_JITTER_UNIT 1000000

typedef struct Health Health;
typedef struct HealthGroup HealthGroup;

/* The health of one upstream. Only the functions below change it. */
struct Health {
        HealthGroup *group;
        HealthState state;
        HealthAdmin admin;
        HealthMode mode;
        FailureReason reason; /* why it is SUSPECT or FAILED; FAILURE_NONE otherwise */
        bool suspect_connect; /* SUSPECT(connect): reuse does not mask it (row 7) */
        unsigned consecutive; /* counted incidents since the last OK */
        unsigned level;       /* back-off level */
        unsigned probe_failures;
        unsigned successes;       /* in this trial phase */
        unsigned config_failures; /* of class CONFIG since the last OK */
        bool probing;             /* a probe or trial is under way; there is never more than one */
        uint64_t retry_at;        /* FAILED: not used before this; usec */
        uint64_t changed_at;      /* last change of state; usec */
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

/* All upstreams of the process, in configured order. The members are borrowed and stay at their addresses. */
struct HealthGroup {
        const HealthParameters *parameters;
        Health **members;
        size_t n;
        uint64_t last_resort_at; /* no last-resort trial before this; usec */
        uint64_t last_resort_gap;
        Random random;                   /* for the jitter */
        int32_t (*draw)(HealthGroup *g); /* jitter, ±HEALTH_JITTER_UNIT; tests set their own */
};

/* `p` is borrowed and outlives the group; any seed will do. */
void health_group_init(HealthGroup *g, const HealthParameters *p, uint64_t seed);
/* Starts in UNKNOWN. The caller adds it to the members of `g`. */
void health_init(Health *h, HealthGroup *g, HealthMode mode, uint64_t now);

/* What the caller has to do after an event. */
typedef enum HealthRequest {
        HEALTH_REQUEST_NONE,
        HEALTH_REQUEST_PROBE,       /* start a probe now; it already counts as under way */
        HEALTH_REQUEST_PROBE_LATER, /* start a probe with the next query: too many are under way now */
} HealthRequest;

/* A well-formed response arrived, whatever its rcode. `fresh`: over a connection made after the suspicion. */
void health_ok(Health *h, bool fresh, uint64_t now);

/*
 * A failure of any class (failure_class()) occurred. `incident`: the number of the incident, which is not 0, and which
 * all its events share; only for SOFT. `connecting`: it occurred while connecting. `retry_after`: only for OVERLOAD;
 * usec, 0 if absent. CONFIG counts as CONNECT_HARD from the second one on without an OK in between, and always in
 * TRIAL.
 */
HealthRequest health_failure(Health *h, FailureReason f, uint64_t incident, bool connecting, uint64_t retry_after,
                             uint64_t now);

/* Marks a probe as under way. False if one already is, or the limit is reached. */
bool health_probe_start(Health *h);

/* Begins a trial without a query (active mode, the administrator). False if it is not FAILED, while another upstream is
 * in TRIAL, or, with `due`, before retry_at. */
bool health_trial_start(Health *h, bool due, uint64_t now);

/* The probe or trial ended without an outcome: a trial becomes FAILED again, with retry_at and level unchanged. */
void health_probe_abandon(Health *h, uint64_t now);

/* The probe ended; `f` is FAILURE_NONE if it succeeded. Returns when the next one may start if there is demand (row 9),
 * or USEC_NEVER. A LOCALNET failure is not counted; TLS_VERIFY and OVERLOAD are rows 5 and 21, with `retry_after` as
 * for health_failure(). In any other state than SUSPECT the outcome has no effect. */
uint64_t health_probe_done(Health *h, FailureReason f, uint64_t retry_after, uint64_t now);

/* The network changed, the machine resumed, or the clock was set: all members become UNKNOWN (row 23). */
void health_epoch(HealthGroup *g, uint64_t now);

/* Sets the administrator's request; the state becomes UNKNOWN. */
void health_set_admin(Health *h, HealthAdmin admin, uint64_t now);

/* True if ordinary queries may use it: UNKNOWN, HEALTHY, SUSPECT, or set up. */
bool health_usable(const Health *h);

/* Where a query goes. Queries are what tries a FAILED upstream again, not timers. */
typedef enum HealthRoute {
        ROUTE_NORMAL,      /* to the usable upstreams */
        ROUTE_LAST_RESORT, /* none usable: the query is the trial of `upstream`, now in TRIAL */
        ROUTE_JOIN,        /* none usable: the query joins the trial of `upstream` */
        ROUTE_FAIL_FAST,   /* none usable, no trial due */
} HealthRoute;

typedef struct HealthDecision {
        HealthRoute route;
        size_t upstream;   /* LAST_RESORT, JOIN: index into the group; NORMAL: the first by order, SUSPECT last */
        size_t background; /* an upstream to try in addition (row 13), now in TRIAL; SIZE_MAX: none */
} HealthDecision;

/* Decides where a query goes, and begins the trial if that is what it is. */
HealthDecision health_query(HealthGroup *g, uint64_t now);

/* Returns the earliest retry_at of the FAILED members, for the client's extended error; USEC_NEVER without one. */
uint64_t health_retry_at(const HealthGroup *g);

/* True if any member is usable; if any is HEALTHY. */
bool health_group_usable(const HealthGroup *g);
bool health_group_healthy(const HealthGroup *g);

/* True if every member that may be used failed recently because of a wrong certificate or a login page: then the
 * network intercepts connections (HEALTH.md 6). */
bool health_group_intercepted(const HealthGroup *g, uint64_t now);

/* True if no member may be used, and the clock is to blame for one of them. */
bool health_group_blames_clock(const HealthGroup *g);

/* The words for D-Bus and the journal: "unknown" "healthy" "suspect" "failed" "trial"; "auto" "up" "down"; "lazy"
 * "active" "none". */
const char *health_state_name(HealthState s);
const char *health_admin_name(HealthAdmin a);
const char *health_mode_name(HealthMode m);
