/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * core/health/health: invariants that hold in any life, with all failures, modes and wishes of the administrator; what
 * the model knows is held against it by tests/unit/core/health/health-agrees-with-the-model.
 */

#include <check.h>

#include "core/health/health.h"
#include "run.h"

#define MEMBERS 4

static HealthParameters parameters;
static HealthGroup group;
static Health h[MEMBERS], *pointers[MEMBERS];
static uint64_t incident, life;
static unsigned seed, step;

static unsigned dice(unsigned sides)
{
        life = life * UINT64_C(6364136223846793005) + 1442695040888963407;
        return (unsigned) ((life >> 33) % sides);
}

static HealthDecision asked;

/* One event of any kind; the upstream that it was about. */
static Health *event(uint64_t now)
{
        Health *u = &h[dice((unsigned) group.n)];

        asked = (HealthDecision) { .upstream = SIZE_MAX, .background = SIZE_MAX };
        switch (dice(16)) {
        case 0 ... 3:
                asked = health_query(&group, now);
                break;
        case 4 ... 6:
                health_ok(u, dice(2), now);
                break;
        case 7 ... 10:
                health_failure(u, (FailureReason) dice(_FAILURE_MAX), incident += dice(2) + !incident, dice(2),
                               dice(2) * dice(1000) * USEC_PER_SEC, now);
                break;
        case 11:
                health_probe_start(u);
                break;
        case 12 ... 13:
                if (u->probing && u->state != HEALTH_TRIAL)
                        health_probe_done(u, (FailureReason) (dice(2) * dice(_FAILURE_MAX)), 0, now);
                break;
        case 14:
                if (dice(2))
                        health_trial_start(u, dice(2), now);
                else
                        health_probe_abandon(u, now);
                break;
        default:
                if (dice(20) == 0)
                        health_epoch(&group, now);
                else if (dice(4) == 0)
                        health_set_admin(u, (HealthAdmin) dice(3), now);
        }
        return u;
}

static void holds(bool condition, const Health *u, const char *what)
{
        /* ck_assert() writes to a file each time. */
        if (!condition)
                ck_abort_msg("seed %u, event %u, upstream %td, %s: it %s", seed, step, u - h,
                             health_state_name(u->state), what);
}

static void invariants_of(const Health *u, HealthState before, uint64_t now)
{
        bool fixed = u->admin != ADMIN_AUTO || u->mode == MODE_NONE;

        holds(u->state == before || u->changed_at == now, u, "says when it changed");
        holds(before != HEALTH_FAILED || u->state == HEALTH_FAILED || u->state == HEALTH_TRIAL ||
                      u->state == HEALTH_UNKNOWN,
              u, "leaves failed through a trial only, or is forgiven");
        holds(u->state != HEALTH_FAILED || u->retry_at <= now + 360 * USEC_PER_SEC, u, "waits for 360 s at most");
        holds((u->reason != FAILURE_NONE) ==
                      (u->state == HEALTH_SUSPECT || u->state == HEALTH_FAILED || u->state == HEALTH_TRIAL),
              u, "has a reason where one is due");
        holds(u->state != HEALTH_TRIAL || u->probing, u, "flies");
        holds(!fixed || !u->probing, u, "is not probed when it is fixed");
        holds(!fixed || u->state == HEALTH_UNKNOWN || u->state == HEALTH_HEALTHY, u, "does not fail when it is fixed");
        holds(u->admin == ADMIN_AUTO || health_usable(u) == (u->admin == ADMIN_UP), u,
              "is used as the administrator wants");
        holds(u->ring_n <= HEALTH_RING && u->trips_n <= HEALTH_TRIPS && u->incidents_n <= HEALTH_INCIDENTS, u,
              "stays within its rings");
}

static void invariants_of_query(void)
{
        bool usable = false;

        for (size_t i = 0; i < group.n; i++)
                usable = usable || health_usable(&h[i]);
        if (asked.background != SIZE_MAX)
                holds(h[asked.background].state == HEALTH_TRIAL && asked.route == ROUTE_NORMAL, &h[asked.background],
                      "is tried beside the query");
        if (asked.upstream == SIZE_MAX)
                holds(asked.route == ROUTE_FAIL_FAST && !usable, h, "and all others are unusable if it fails fast");
        else if (asked.route == ROUTE_NORMAL)
                holds(health_usable(&h[asked.upstream]), &h[asked.upstream], "gets a query");
        else
                holds(h[asked.upstream].state == HEALTH_TRIAL && !usable, &h[asked.upstream], "is the last resort");
}

static void begin(uint64_t now)
{
        life = seed;
        incident = 0;
        parameters = health_defaults;
        health_group_init(&group, &parameters, seed);
        group.members = pointers;
        group.n = 1 + dice(MEMBERS);
        for (size_t i = 0; i < group.n; i++) {
                pointers[i] = &h[i];
                health_init(&h[i], &group, dice(6) ? MODE_LAZY : dice(2) ? MODE_ACTIVE : MODE_NONE, now);
        }
}

START_TEST(invariants_hold_in_any_life)
{
        for (seed = 1; seed <= 5000; seed++) {
                uint64_t now = 1000 * USEC_PER_SEC;

                begin(now);
                for (step = 0; step < 1000; step++) {
                        HealthState before[MEMBERS];
                        const Health *u;
                        unsigned trials = 0, probes = 0;

                        for (size_t k = 0; k < group.n; k++)
                                before[k] = h[k].state;
                        now += dice(4) ? dice(USEC_PER_SEC) : dice(100 * USEC_PER_SEC);
                        u = event(now);
                        for (size_t k = 0; k < group.n; k++) {
                                invariants_of(&h[k], before[k], now);
                                trials += h[k].state == HEALTH_TRIAL;
                                probes += h[k].probing && h[k].state != HEALTH_TRIAL;
                        }
                        holds(trials <= 1, u, "is not the only trial in the process");
                        holds(probes <= parameters.probes_at_once, u, "is one of more than two probes in the process");
                        if (asked.upstream != SIZE_MAX || asked.background != SIZE_MAX ||
                            asked.route == ROUTE_FAIL_FAST)
                                invariants_of_query();
                }
        }
}
END_TEST

int main(void)
{
        Suite *s = suite_create("health_life");
        TCase *t = tcase_create("health_life");

        tcase_add_test(t, invariants_hold_in_any_life);
        tcase_set_timeout(t, 60);
        suite_add_tcase(s, t);
        return run_suite(s);
}
