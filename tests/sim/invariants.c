/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "invariants.h"

#include "servers.h"

#define CONNECTIONS_AT_ONCE 8 /* to one upstream: one, overflow, a race, and those that finish what they have */
#define CONNECTS                                                                                                      \
        400 /* within 10 s: three servers, and twenty queries a second that are tried again; one more for each that a \
               flood brings */
#define STEPS 5000 /* at one moment: a flood's answers come in about a thousand */
/* A query is demand until its deadline, perhaps sent once more just before it; and a suspicion is probed for 5 s after.
 */
#define REST (13 * USEC_PER_SEC)

/* Does it tell against an upstream? A probe or trial has a connection of its own, so that nothing but our own network
 * excuses it. */
static bool counted(FailureReason f, Purpose purpose)
{
        switch (failure_class(f)) {
        case CLASS_OK:
        case CLASS_LOCALNET:
                return false;
        case CLASS_STALE:
        case CLASS_NO_FAULT:
                return purpose == PURPOSE_PROBE || purpose == PURPOSE_TRIAL;
        default:
                return true;
        }
}

void invariants_take_state(World *w, const Action *a)
{
        unsigned s = servers_of_upstream(w, a->upstream);

        world_say(w, "upstream %u: %s -> %s (%s, %s)", s, health_state_name(a->state.from),
                  health_state_name(a->state.to), failure_name(a->state.reason), purpose_name(a->state.purpose));
        if (a->state.from == HEALTH_FAILED && (a->state.to == HEALTH_HEALTHY || a->state.to == HEALTH_SUSPECT))
                world_violated(w, "upstream %u went from failed to %s without a trial", s,
                               health_state_name(a->state.to));
        if ((a->state.to == HEALTH_SUSPECT || a->state.to == HEALTH_FAILED) &&
            !counted(a->state.reason, a->state.purpose))
                world_violated(w, "upstream %u is %s for no reason of its own: %s", s, health_state_name(a->state.to),
                               failure_text(a->state.reason));
}

static bool any_active(const World *w)
{
        UpstreamInfo u;

        for (unsigned i = 0; engine_upstream(w->engine, i, &u); i++)
                if (u.health->mode == MODE_ACTIVE && u.health->admin == ADMIN_AUTO)
                        return true;
        return false;
}

static bool is_fixed(const World *w, uint32_t number)
{
        UpstreamInfo u;

        for (unsigned i = 0; engine_upstream(w->engine, i, &u); i++)
                if (u.number == number)
                        return u.health->mode == MODE_NONE || u.health->admin == ADMIN_UP;
        return false;
}

void invariants_take_connect(World *w, const Action *a)
{
        if (!w->n_open && w->now - w->demand_at > REST && !any_active(w))
                world_violated(w, "a connection is made, and nobody asked for anything in the last %llu s",
                               (unsigned long long) (REST / USEC_PER_SEC));
        /* Without a route connect() fails at once and sends nothing: it may be asked as often as there are queries. And
         * so may what the administrator wants to be used whatever happens. */
        w->connects += w->online && !is_fixed(w, a->upstream);
        if (w->now - w->connects_since > 10 * USEC_PER_SEC) {
                w->connects = 0;
                w->asked_before = w->n_asked - w->n_open;
                w->connects_since = w->now;
        }
        if (w->connects > CONNECTS + w->n_asked - w->asked_before)
                world_violated(w, "I6: %llu connection attempts within 10 s", (unsigned long long) w->connects);
}

static void check_upstream(const World *w, unsigned i, const UpstreamInfo *u)
{
        const Health *h = u->health;

        if (h->state == HEALTH_FAILED && h->retry_at > w->now + 360 * USEC_PER_SEC)
                world_violated(w, "upstream %u would be tried again in more than 360 s", i);
        if (h->state == HEALTH_TRIAL && !h->probing)
                world_violated(w, "upstream %u is in a trial that nobody flies", i);
        if (u->connections > CONNECTIONS_AT_ONCE)
                world_violated(w, "I6: %u connections to upstream %u", u->connections, i);
}

void invariants_check(World *w)
{
        unsigned trials = 0, i;
        EngineStats stats;
        UpstreamInfo u;

        for (i = 0; engine_upstream(w->engine, i, &u); i++) {
                check_upstream(w, i, &u);
                trials += u.health->state == HEALTH_TRIAL;
        }
        if (i != w->n_listed)
                world_violated(w, "there are %u upstreams, and %u are configured", i, w->n_listed);
        if (trials > 1)
                world_violated(w, "%u trials at once", trials);
        if (w->now != w->stepped_at)
                w->steps = 0;
        w->stepped_at = w->now;
        if (++w->steps > STEPS)
                world_violated(w, "I6: %d steps, and the clock did not move", STEPS);
        engine_stats(w->engine, &stats);
        if (stats.cache.bytes > w->config->cache_size)
                world_violated(w, "I4: the cache is larger than it may be");
}

void invariants_check_epoch(World *w)
{
        UpstreamInfo u;

        for (unsigned i = 0; engine_upstream(w->engine, i, &u); i++)
                if (u.health->state != HEALTH_UNKNOWN && u.health->state != HEALTH_TRIAL)
                        world_violated(w, "upstream %u is %s in a new network", i, health_state_name(u.health->state));
}

void invariants_check_end(World *w)
{
        EngineObjects o;
        bool active = any_active(w);
        UpstreamInfo u;

        engine_objects(w->engine, &o);
        if (w->n_open)
                world_violated(w, "I1: %zu queries were never answered", w->n_open);
        for (unsigned i = 0; i < PROBES_MAX; i++)
                if (w->probes[i].cookie)
                        world_violated(w, "probe %llu never had an outcome", (unsigned long long) w->probes[i].cookie);
        if (o.queries || o.pending || o.actions || o.upstreams != w->n_listed ||
            (!active && (o.exchanges || o.connections)))
                world_violated(
                        w,
                        "I4: left over: %zu queries, %zu pending, %zu exchanges, %zu connections, %zu upstreams, %zu actions",
                        o.queries, o.pending, o.exchanges, o.connections, o.upstreams, o.actions);
        if (active)
                return;
        for (unsigned i = 0; engine_upstream(w->engine, i, &u); i++)
                if (u.health->probing)
                        world_violated(w, "upstream %u is being probed, it believes", i);
        if (engine_next_time(w->engine) != USEC_NEVER)
                world_violated(w, "idle, yet a timer is set for %.3f s from now",
                               (double) (engine_next_time(w->engine) - w->now) / 1e6);
}
