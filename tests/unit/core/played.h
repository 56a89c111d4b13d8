/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Played: runs an engine for a test, which plays its clients, upstreams, Do53 servers and clock. Connections are ready
 * at once, and PINGs and probes are answered, unless the test changes `plays`. What the engine does is recorded in
 * arrays, in order. Indexes into them count from 0, and a test may set a counter back to 0.
 */

#include <check.h>

#include "core/engine.h"
#include "core/dns/reply.h"
#include "played_client.h"
#include "played_upstream.h"
#include "wire_builder.h"

#define MSEC USEC_PER_MSEC
#define SEC USEC_PER_SEC

#define UPSTREAM_A "[Upstream a]\nURL=https://a.test/q\nAddress=192.0.2.1\n"
#define UPSTREAM_B "[Upstream b]\nURL=https://b.test/q\nAddress=192.0.2.2\n"
#define NO_CACHE "[Cache]\nEnable=no\n"
#define FORWARD_CORP "[Forward corp]\nDomains=example.com corp\nDNS=10.0.0.1 10.0.0.2\n"
/* One upstream, which also gets the names of one label. */
#define PLAIN "[Local]\nSingleLabel=no\n" UPSTREAM_A

/* --- the engine and its clock */

extern Engine *e;
extern uint64_t now;
extern const uint8_t played_seed[16]; /* the engine's */

/* Starts an engine with exactly this configuration; one that runs already is stopped. */
void played_start(const char *text);
void played_stop(void);

/* Starts an engine with the configuration PLAIN. */
void played_start_plain(void);

/* Starts an engine and clears `plays`, so that nothing happens unless the test does it. */
void played_start_by_hand(const char *text);

/* Starts an engine; returns false if the configuration has errors or memory is short. */
bool played_try_start(const char *text);

/* Returns NULL if the text has errors or memory is short. */
Config *played_parse(const char *text);

/* Replaces the whole configuration. */
void played_reload(const char *text);

/* The engine's counters. */
EngineStats played_engine_stats(void);
#define played_stats() (played_engine_stats().counters)

/* Takes the engine's actions, records them and does what `plays` says. Only tests that call an engine function
 * themselves need this. */
void act(void);

/* Runs the engine at its next timer; returns false if no timer expires up to `until`. */
bool step(uint64_t until);

/* Lets this much time pass. */
void pass(uint64_t usec);

/* Let time pass until a client gets an answer, or an upstream gets a query, but at most this much. */
void pass_until_answered(uint64_t usec);
void pass_until_asked(uint64_t usec);

/* What happens by itself. played_start() sets `connects`, `pings` and `probes` only. */
typedef struct Plays {
        bool connects;         /* connections are ready at once */
        FailureReason refuses; /* connections fail at once for this reason, unless it is FAILURE_NONE */
        bool pings;            /* PINGs are answered */
        bool probes;           /* probes are answered and not recorded */
        bool answers;          /* upstreams and Do53 servers answer every query with an address */
} Plays;

extern Plays plays;
