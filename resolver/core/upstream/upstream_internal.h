/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What an upstream consists of: for upstream.c, upstream_health.c and upstream_queue.c, and for the UpstreamSet, which
 * looks at it. The three stand on one another in this order: the queue calls nobody up here, health calls the queue.
 */

#include "core/health/servfail_streak.h"
#include "core/upstream/connecting.h"
#include "core/upstream/probe.h"

struct Upstream {
        UpstreamCommon *common;
        uint32_t handle;
        Config *owner; /* of config */
        const UpstreamConfig *config;
        bool retired; /* removed by a reload: finishes what it has */
        Health health;
        FailureDetail detail; /* of the last response that was no answer */
        HealthState announced;
        HealthAdmin announced_admin;
        SmoothedRtt rtt; /* question to answer */
        ServfailStreak servfail_streak;
        ConnectionPool pool;
        ExchangeList queue;
        Connecting connecting;
        Probe probe;
        Timer overflow;     /* a second connection, if the queue's head still waits */
        Timer active;       /* active mode's next probe, or the next probe of a suspicion with demand */
        uint64_t demand_at; /* the last query */
        uint64_t probe_at;  /* of a suspicion: not before; USEC_NEVER: none is due */
        uint64_t failures, handshakes_full, handshakes_resumed, probes, races, races_won;
};
