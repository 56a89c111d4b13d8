/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The fields of an Upstream, for upstream_queue.c, upstream_health.c and upstream.c, and for readers in the
 * UpstreamSet, the queries and the engine. The three are layered in this order: each calls only those before it. Times
 * are usec of CLOCK_BOOTTIME.
 */

#include "core/health/servfail_streak.h"
#include "core/upstream/connecting.h"
#include "core/upstream/probe.h"

struct Upstream {
        UpstreamCommon *common;
        uint32_t handle;
        Config *owner; /* holds `config`; a reference */
        const UpstreamConfig *config;
        bool retired; /* removed by a reload: finishes its exchanges */
        Health health;
        FailureDetail detail; /* of the last HTTP response without an answer */
        HealthState announced;
        HealthAdmin announced_admin;
        SmoothedRtt rtt; /* from sending a query to its answer */
        ServfailStreak servfail_streak;
        ConnectionPool pool;
        ExchangeList queue;
        Connecting connecting;
        Probe probe;
        Timer overflow;     /* opens a second connection if the head of the queue is still waiting */
        Timer active;       /* next probe of active mode, or of a suspect upstream in use */
        uint64_t demand_at; /* time of the last query */
        uint64_t probe_at;  /* earliest next probe while suspect; USEC_NEVER: none planned */
        uint64_t failures, handshakes_full, handshakes_resumed, handshakes_early, probes, races, races_won;
};
