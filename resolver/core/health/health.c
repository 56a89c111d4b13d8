/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/health/health.h"

#include <string.h>

#define INTERCEPTION_TIME (5 * USEC_PER_SEC)

const HealthParameters health_defaults = {
        .fail_consecutive = 2,
        .ratio_percent = 50,
        .ratio_min = 8,
        .window = 60 * USEC_PER_SEC,
        .probe_max = 2,
        .probes_at_once = 2,
        .probe_gap = 500 * USEC_PER_MSEC,
        .backoff = 2 * USEC_PER_SEC,
        .backoff_max = 300 * USEC_PER_SEC,
        .jitter_percent = 20,
        .last_resort_gap = 800 * USEC_PER_MSEC,
        .last_resort_max = 800 * USEC_PER_MSEC,
        .backoff_correlated = 5 * USEC_PER_SEC,
        .rise = 1,
        .flap_trips = 3,
        .flap_window = 600 * USEC_PER_SEC,
        .flap_rise = 2,
        .decay = 60 * USEC_PER_SEC,
        .pool_grace = 10 * USEC_PER_SEC,
        .correlation = 5 * USEC_PER_SEC,
        .overload_default = 5 * USEC_PER_SEC,
        .overload_max = 300 * USEC_PER_SEC,
};

#define BACKOFF_DOUBLINGS 20

static int32_t health_draw(HealthGroup *g)
{
        return (int32_t) ((random_next(&g->random) >> 32) % (2 * HEALTH_JITTER_UNIT + 1)) - HEALTH_JITTER_UNIT;
}

/* Returns `usec`, give or take the jitter. */
static uint64_t health_spread(HealthGroup *g, uint64_t usec)
{
        uint64_t width = usec * g->parameters->jitter_percent / 100;

        return usec - width + width * (uint64_t) (HEALTH_JITTER_UNIT + g->draw(g)) / HEALTH_JITTER_UNIT;
}

void health_group_init(HealthGroup *g, const HealthParameters *p, uint64_t seed)
{
        *g = (HealthGroup) {
                .parameters = p,
                .last_resort_gap = p->last_resort_gap,
                .random = RANDOM_INIT(seed),
                .draw = health_draw,
        };
}

/* Forgets everything that was learned, except earlier trips; the configuration and the administrator's request stay. */
static void health_reset(Health *h, uint64_t now)
{
        Health fresh = {
                .group = h->group,
                .admin = h->admin,
                .mode = h->mode,
                .trips_n = h->trips_n,
                .trips_next = h->trips_next,
                .changed_at = now,
        };

        memcpy(fresh.trips, h->trips, sizeof(fresh.trips));
        *h = fresh;
}

void health_init(Health *h, HealthGroup *g, HealthMode mode, uint64_t now)
{
        *h = (Health) { .group = g, .mode = mode };
        health_reset(h, now);
}

/* True if no event changes its use. */
static bool health_fixed(const Health *h)
{
        return h->admin != ADMIN_AUTO || h->mode == MODE_NONE;
}

bool health_usable(const Health *h)
{
        if (h->admin != ADMIN_AUTO)
                return h->admin == ADMIN_UP;
        return h->state == HEALTH_UNKNOWN || h->state == HEALTH_HEALTHY || h->state == HEALTH_SUSPECT;
}

/* The changes of state in chapter 2 of HEALTH.md. Rows 23, 34 and 35 go through health_reset(). */
static bool health_may_become(HealthState from, HealthState to)
{
        static const unsigned to_states[] = {
                [HEALTH_UNKNOWN] = 1u << HEALTH_HEALTHY | 1u << HEALTH_SUSPECT | 1u << HEALTH_FAILED,
                [HEALTH_HEALTHY] = 1u << HEALTH_SUSPECT | 1u << HEALTH_FAILED,
                [HEALTH_SUSPECT] = 1u << HEALTH_HEALTHY | 1u << HEALTH_FAILED,
                [HEALTH_FAILED] = 1u << HEALTH_TRIAL,
                [HEALTH_TRIAL] = 1u << HEALTH_HEALTHY | 1u << HEALTH_FAILED,
        };

        return from == to || to_states[from] & 1u << to;
}

static void health_set_state(Health *h, HealthState state, uint64_t now)
{
        must(health_may_become(h->state, state));
        if (h->state != state)
                h->changed_at = now;
        h->state = state;
        if (state == HEALTH_HEALTHY || state == HEALTH_UNKNOWN)
                h->reason = FAILURE_NONE;
}

/* True if every upstream that may be used failed recently and none succeeded, which is more likely a fault of the
 * network; or if there is only one, which nothing replaces. */
static bool health_correlated(const HealthGroup *g, uint64_t now)
{
        uint64_t since = usec_sub(now, g->parameters->correlation);
        size_t n = 0;

        for (size_t i = 0; i < g->n; i++)
                n += g->members[i]->admin != ADMIN_DOWN;
        if (n == 1)
                return true;
        for (size_t i = 0; i < g->n; i++) {
                const Health *h = g->members[i];

                if (h->admin == ADMIN_DOWN)
                        continue;
                if ((h->last_ok && h->last_ok >= since) || !h->last_failure || h->last_failure < since)
                        return false;
        }
        return true;
}

static unsigned health_rise_needed(const Health *h, uint64_t now)
{
        const HealthParameters *p = h->group->parameters;
        unsigned n = 0;

        for (unsigned i = 0; i < h->trips_n; i++)
                n += h->trips[i] > usec_sub(now, p->flap_window);
        return n >= p->flap_trips ? MAX(p->flap_rise, p->rise) : p->rise;
}

static void health_note_trip(Health *h, uint64_t now)
{
        h->trips[h->trips_next] = now;
        h->trips_next = (h->trips_next + 1) % HEALTH_TRIPS;
        h->trips_n = MIN(h->trips_n + 1, (unsigned) HEALTH_TRIPS);
}

/* Returns the back-off of `level`, from 1: it doubles with each level, up to a limit. */
static uint64_t health_backoff(const HealthGroup *g, unsigned level, uint64_t now)
{
        const HealthParameters *p = g->parameters;
        uint64_t cap = health_correlated(g, now) ? MIN(p->backoff_correlated, p->backoff_max) : p->backoff_max;
        unsigned doublings = MIN(level - 1, (unsigned) BACKOFF_DOUBLINGS);

        return p->backoff > cap >> doublings ? cap : p->backoff << doublings;
}

static void health_fail(Health *h, uint64_t now, FailureReason reason)
{
        HealthGroup *g = h->group;

        if (health_usable(h))
                health_note_trip(h, now);
        if (h->healthy_since) {
                uint64_t decayed = (now - h->healthy_since) / g->parameters->decay;

                h->level -= (unsigned) MIN(decayed, (uint64_t) h->level);
                h->healthy_since = 0;
        }
        h->level++;
        health_set_state(h, HEALTH_FAILED, now);
        h->reason = reason;
        h->probing = false;
        h->successes = 0;
        h->retry_at = now + health_spread(g, health_backoff(g, h->level, now));
}

static void health_recover(Health *h, uint64_t now)
{
        HealthGroup *g = h->group;

        health_set_state(h, HEALTH_HEALTHY, now);
        h->suspect_connect = false;
        h->consecutive = h->probe_failures = h->successes = h->config_failures = 0;
        h->ring_n = h->incidents_n = 0;
        h->probing = false;
        h->healthy_since = now;
        g->last_resort_gap = g->parameters->last_resort_gap;
        g->last_resort_at = 0;
}

static void health_push(Health *h, uint64_t now, bool bad)
{
        h->ring[h->ring_next].at = now;
        h->ring[h->ring_next].bad = bad;
        h->ring_next = (h->ring_next + 1) % HEALTH_RING;
        h->ring_n = MIN(h->ring_n + 1, (unsigned) HEALTH_RING);
}

/* True if too many of the samples within the window are bad. */
static bool health_too_many_bad(const Health *h, uint64_t now)
{
        const HealthParameters *p = h->group->parameters;
        uint64_t since = usec_sub(now, p->window);
        unsigned n = 0, bad = 0;

        for (unsigned i = 0; i < h->ring_n; i++) {
                unsigned k = (h->ring_next + HEALTH_RING - 1 - i) % HEALTH_RING;

                if (h->ring[k].at <= since)
                        break;
                n++;
                bad += h->ring[k].bad;
        }
        return n >= p->ratio_min && 100 * bad >= p->ratio_percent * n;
}

/* True if the incident is new. */
static bool health_note_incident(Health *h, uint64_t incident)
{
        for (unsigned i = 0; i < h->incidents_n; i++)
                if (h->incidents[(h->incidents_next + HEALTH_INCIDENTS - 1 - i) % HEALTH_INCIDENTS] == incident)
                        return false;
        h->incidents[h->incidents_next] = incident;
        h->incidents_next = (h->incidents_next + 1) % HEALTH_INCIDENTS;
        h->incidents_n = MIN(h->incidents_n + 1, (unsigned) HEALTH_INCIDENTS);
        return true;
}

void health_ok(Health *h, bool fresh, uint64_t now)
{
        if (h->admin != ADMIN_AUTO)
                return;
        h->last_ok = now;
        h->config_failures = 0;
        if (!fresh)
                h->pool_ok = now;
        switch (h->state) {
        case HEALTH_TRIAL:
                h->successes++;
                h->probing = false;
                if (h->successes >= health_rise_needed(h, now)) {
                        health_recover(h, now);
                        break;
                }
                health_set_state(h, HEALTH_FAILED, now);
                h->retry_at = now;
                break;
        case HEALTH_FAILED:
                break;
        case HEALTH_SUSPECT:
                if (h->suspect_connect && !fresh)
                        h->consecutive = 0;
                else
                        health_recover(h, now);
                break;
        case HEALTH_UNKNOWN:
                health_recover(h, now);
                break;
        case HEALTH_HEALTHY:
                h->consecutive = 0;
                health_push(h, now, false);
                break;
        }
}

/* Counts the probes and the trial under way. A trial may start although the limit of probes is reached. */
static unsigned health_probes_flying(const HealthGroup *g)
{
        unsigned n = 0, trials = 0;

        for (size_t i = 0; i < g->n; i++) {
                n += g->members[i]->probing;
                trials += g->members[i]->state == HEALTH_TRIAL;
        }
        must(trials <= 1 && n <= g->parameters->probes_at_once + trials);
        return n;
}

bool health_probe_start(Health *h)
{
        if (h->probing || health_fixed(h) || health_probes_flying(h->group) >= h->group->parameters->probes_at_once)
                return false;
        h->probing = true;
        return true;
}

void health_probe_abandon(Health *h, uint64_t now)
{
        h->probing = false;
        if (h->state == HEALTH_TRIAL)
                health_set_state(h, HEALTH_FAILED, now);
}

static HealthRequest health_suspect(Health *h, uint64_t now, FailureReason f, bool connecting)
{
        if (h->state != HEALTH_SUSPECT) {
                health_set_state(h, HEALTH_SUSPECT, now);
                h->suspect_connect = connecting;
                h->probe_failures = 0;
        }
        h->reason = f;
        if (h->probing)
                return HEALTH_REQUEST_NONE;
        return health_probe_start(h) ? HEALTH_REQUEST_PROBE : HEALTH_REQUEST_PROBE_LATER;
}

static HealthRequest health_soft(Health *h, uint64_t now, FailureReason f, uint64_t incident, bool connecting)
{
        if (!health_note_incident(h, incident))
                return HEALTH_REQUEST_NONE;
        h->last_failure = now;
        if (h->state == HEALTH_TRIAL)
                health_fail(h, now, f);
        if (h->state == HEALTH_FAILED)
                return HEALTH_REQUEST_NONE;
        h->consecutive++;
        health_push(h, now, true);
        if (h->state == HEALTH_SUSPECT || h->consecutive >= h->group->parameters->fail_consecutive ||
            health_too_many_bad(h, now))
                return health_suspect(h, now, f, connecting);
        return HEALTH_REQUEST_NONE;
}

static HealthRequest health_hard(Health *h, uint64_t now, FailureReason f)
{
        h->last_failure = now;
        if (h->state == HEALTH_TRIAL || failure_class(f) == CLASS_TLS_VERIFY) {
                health_fail(h, now, f);
                return HEALTH_REQUEST_NONE;
        }
        return h->state == HEALTH_FAILED ? HEALTH_REQUEST_NONE : health_suspect(h, now, f, true);
}

static void health_overload(Health *h, uint64_t now, FailureReason f, uint64_t retry_after)
{
        const HealthParameters *p = h->group->parameters;
        unsigned level = h->level;

        health_fail(h, now, f);
        h->level = level;
        h->retry_at = now + (retry_after ? CLAMP(retry_after, USEC_PER_SEC, p->overload_max) : p->overload_default);
}

HealthRequest health_failure(Health *h, FailureReason f, uint64_t incident, bool connecting, uint64_t retry_after,
                             uint64_t now)
{
        if (health_fixed(h))
                return HEALTH_REQUEST_NONE;
        switch (failure_class(f)) {
        case CLASS_SOFT:
                return health_soft(h, now, f, incident, connecting);
        case CLASS_CONFIG:
                if (h->state != HEALTH_TRIAL && h->config_failures++ == 0)
                        return HEALTH_REQUEST_NONE;
                return health_hard(h, now, f);
        case CLASS_CONNECT_HARD:
        case CLASS_TLS_VERIFY:
                return health_hard(h, now, f);
        case CLASS_OVERLOAD:
                health_overload(h, now, f, retry_after);
                return HEALTH_REQUEST_NONE;
        case CLASS_LOCALNET:
                if (h->state == HEALTH_TRIAL)
                        health_probe_abandon(h, now);
                return HEALTH_REQUEST_NONE;
        case CLASS_OK:
        case CLASS_STALE:
        case CLASS_NO_FAULT:
                return HEALTH_REQUEST_NONE;
        }
        return HEALTH_REQUEST_NONE;
}

/* The caller has checked that no other upstream is in TRIAL. */
static void health_start_trial(Health *h, uint64_t now)
{
        health_set_state(h, HEALTH_TRIAL, now);
        h->probing = true;
        must(health_probes_flying(h->group) > 0);
}

bool health_trial_start(Health *h, bool due, uint64_t now)
{
        const HealthGroup *g = h->group;

        if (h->state != HEALTH_FAILED || health_fixed(h) || (due && now < h->retry_at))
                return false;
        for (size_t i = 0; i < g->n; i++)
                if (g->members[i]->state == HEALTH_TRIAL)
                        return false;
        health_start_trial(h, now);
        return true;
}

uint64_t health_probe_done(Health *h, FailureReason f, uint64_t retry_after, uint64_t now)
{
        const HealthParameters *p = h->group->parameters;

        h->probing = false;
        if (h->state != HEALTH_SUSPECT || health_fixed(h))
                return USEC_NEVER;
        switch (failure_class(f)) {
        case CLASS_OK:
                h->last_ok = now;
                health_recover(h, now);
                return USEC_NEVER;
        case CLASS_OVERLOAD:
                health_overload(h, now, f, retry_after);
                return USEC_NEVER;
        case CLASS_LOCALNET:
                break;
        case CLASS_TLS_VERIFY:
                health_hard(h, now, f);
                return USEC_NEVER;
        case CLASS_STALE: /* its connection was new, so nothing excuses it */
        case CLASS_CONNECT_HARD:
        case CLASS_SOFT:
        case CLASS_CONFIG:
        case CLASS_NO_FAULT:
                h->reason = f;
                h->last_failure = now;
                h->probe_failures++;
                if (h->probe_failures >= p->probe_max && (!h->pool_ok || now - h->pool_ok > p->pool_grace)) {
                        health_fail(h, now, f);
                        return USEC_NEVER;
                }
                break;
        }
        return now + health_spread(h->group, p->probe_gap);
}

void health_epoch(HealthGroup *g, uint64_t now)
{
        for (size_t i = 0; i < g->n; i++)
                health_reset(g->members[i], now);
        g->last_resort_at = 0;
        g->last_resort_gap = g->parameters->last_resort_gap;
}

void health_set_admin(Health *h, HealthAdmin admin, uint64_t now)
{
        if (h->admin == admin)
                return;
        h->admin = admin;
        health_reset(h, now);
}

/* In addition to the query, one upstream that is due is tried, unless a probe is under way. */
static HealthDecision health_normal(HealthGroup *g, size_t first, uint64_t now)
{
        HealthDecision d = { .route = ROUTE_NORMAL, .upstream = first, .background = SIZE_MAX };

        for (size_t i = 0; i < g->n && !health_probes_flying(g); i++)
                if (health_trial_start(g->members[i], true, now)) {
                        d.background = i;
                        break;
                }
        return d;
}

HealthDecision health_query(HealthGroup *g, uint64_t now)
{
        HealthDecision d = { .route = ROUTE_FAIL_FAST, .upstream = SIZE_MAX, .background = SIZE_MAX };
        size_t first = SIZE_MAX, suspect_first = SIZE_MAX, failed = SIZE_MAX;

        for (size_t i = g->n; i-- > 0;) {
                const Health *h = g->members[i];

                if (health_usable(h))
                        *(h->state == HEALTH_SUSPECT ? &suspect_first : &first) = i;
                else if (h->state == HEALTH_TRIAL) {
                        d.route = ROUTE_JOIN;
                        d.upstream = i;
                } else if (h->state == HEALTH_FAILED &&
                           (failed == SIZE_MAX || h->retry_at <= g->members[failed]->retry_at))
                        failed = i;
        }
        if (first != SIZE_MAX || suspect_first != SIZE_MAX)
                return health_normal(g, first != SIZE_MAX ? first : suspect_first, now);
        if (d.route == ROUTE_JOIN || failed == SIZE_MAX)
                return d;
        if (now < g->members[failed]->retry_at && now < g->last_resort_at)
                return d;
        health_start_trial(g->members[failed], now);
        g->last_resort_at = now + health_spread(g, g->last_resort_gap);
        g->last_resort_gap = MIN(g->last_resort_gap * 2, g->parameters->last_resort_max);
        d.route = ROUTE_LAST_RESORT;
        d.upstream = failed;
        return d;
}

uint64_t health_retry_at(const HealthGroup *g)
{
        uint64_t at = USEC_NEVER;

        for (size_t i = 0; i < g->n; i++)
                if (g->members[i]->state == HEALTH_FAILED)
                        at = MIN(at, g->members[i]->retry_at);
        return at;
}

bool health_group_usable(const HealthGroup *g)
{
        for (size_t i = 0; i < g->n; i++)
                if (health_usable(g->members[i]))
                        return true;
        return false;
}

bool health_group_healthy(const HealthGroup *g)
{
        for (size_t i = 0; i < g->n; i++)
                if (g->members[i]->state == HEALTH_HEALTHY)
                        return true;
        return false;
}

bool health_group_intercepted(const HealthGroup *g, uint64_t now)
{
        size_t n = 0;

        for (size_t i = 0; i < g->n; i++) {
                const Health *h = g->members[i];

                if (h->admin == ADMIN_DOWN)
                        continue;
                if (h->state != HEALTH_FAILED || now - h->changed_at > INTERCEPTION_TIME ||
                    (failure_class(h->reason) != CLASS_TLS_VERIFY && h->reason != FAILURE_HTTP_PORTAL))
                        return false;
                n++;
        }
        return n > 0;
}

bool health_group_blames_clock(const HealthGroup *g)
{
        bool blamed = false;

        for (size_t i = 0; i < g->n; i++) {
                const Health *h = g->members[i];

                if (health_usable(h))
                        return false;
                blamed = blamed || (h->admin == ADMIN_AUTO && failure_blames_clock(h->reason));
        }
        return blamed;
}

const char *health_state_name(HealthState s)
{
        static const char *const names[] = { "unknown", "healthy", "suspect", "failed", "trial" };

        return names[s];
}

const char *health_admin_name(HealthAdmin a)
{
        static const char *const names[] = { "auto", "up", "down" };

        return names[a];
}

const char *health_mode_name(HealthMode m)
{
        static const char *const names[] = { "lazy", "active", "none" };

        return names[m];
}
