/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Healthy: some upstreams whose health the test plays; figures are seconds, and there is no jitter. */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/health/health.h"

#define MEMBERS 4
#define S(seconds) ((uint64_t) (1000e6 + (seconds) * 1e6)) /* some time after boot */

static HealthParameters parameters;
static HealthGroup group;
static Health h[MEMBERS], *pointers[MEMBERS];
static uint64_t incident;

static inline int32_t no_jitter(_unused_ HealthGroup *g)
{
        return 0;
}

static inline void upstreams(size_t n, HealthMode mode)
{
        parameters = health_defaults;
        health_group_init(&group, &parameters, 42);
        group.draw = no_jitter;
        group.members = pointers;
        group.n = n;
        for (size_t i = 0; i < n; i++) {
                pointers[i] = &h[i];
                health_init(&h[i], &group, mode, S(0));
        }
}

static inline void two_upstreams(void)
{
        upstreams(2, MODE_LAZY);
}

/* A failure of its own incident. */
static inline HealthRequest failure(Health *u, double at, FailureReason f)
{
        return health_failure(u, f, ++incident, false, 0, S(at));
}

static inline HealthDecision query(double at)
{
        return health_query(&group, S(at));
}

/* Compares all fields, but not the padding between them. */
static inline bool health_equal(const Health *a, const Health *b)
{
        for (size_t i = 0; i < HEALTH_RING; i++)
                if (a->ring[i].at != b->ring[i].at || a->ring[i].bad != b->ring[i].bad)
                        return false;
        return a->group == b->group && a->state == b->state && a->admin == b->admin && a->mode == b->mode &&
               a->reason == b->reason && a->suspect_connect == b->suspect_connect && a->consecutive == b->consecutive &&
               a->level == b->level && a->probe_failures == b->probe_failures && a->successes == b->successes &&
               a->config_failures == b->config_failures && a->probing == b->probing && a->retry_at == b->retry_at &&
               a->changed_at == b->changed_at && a->last_ok == b->last_ok && a->last_failure == b->last_failure &&
               a->pool_ok == b->pool_ok && a->healthy_since == b->healthy_since && a->ring_n == b->ring_n &&
               a->ring_next == b->ring_next && memcmp(a->trips, b->trips, sizeof(a->trips)) == 0 &&
               a->trips_n == b->trips_n && a->trips_next == b->trips_next &&
               memcmp(a->incidents, b->incidents, sizeof(a->incidents)) == 0 && a->incidents_n == b->incidents_n &&
               a->incidents_next == b->incidents_next;
}

static inline void is_state(const Health *u, HealthState state)
{
        ck_assert_msg(u->state == state, "upstream %td is to be %s, and is %s", u - h, health_state_name(state),
                      health_state_name(u->state));
}

static inline void goes_to(HealthDecision d, HealthRoute route, size_t upstream, size_t background)
{
        ck_assert_msg(d.route == route && d.upstream == upstream && d.background == background,
                      "a query is to go way %d to %zd, beside it a trial of %zd; but goes way %d to %zd, beside it %zd",
                      route, upstream, background, d.route, d.upstream, d.background);
}

/* Brings it to FAILED by a wrong certificate, which needs no more. */
static inline void make_failed(Health *u, double at)
{
        failure(u, at, FAILURE_CERTIFICATE_NAME);
        is_state(u, HEALTH_FAILED);
}
