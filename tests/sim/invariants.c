#include "invariants.h"

#include "servers.h"

void invariants_take_state(World *w, const Action *a)
{
        unsigned u = servers_upstream(w, a->upstream);

        world_say(w, "upstream %u: %s -> %s (%s, %s)", u, health_state_name(a->state.from), health_state_name(a->state.to),
            fault_name(a->state.reason), purpose_name(a->state.purpose));
        if (a->state.from == HEALTH_FAILED && (a->state.to == HEALTH_HEALTHY || a->state.to == HEALTH_SUSPECT))
                world_violated(w, "upstream %u went from failed to %s without a trial", u, health_state_name(a->state.to));
        if ((a->state.to == HEALTH_SUSPECT || a->state.to == HEALTH_FAILED) && a->state.reason == FAULT_NONE)
                world_violated(w, "upstream %u is %s for no reason", u, health_state_name(a->state.to));
        w->states[u] = a->state.to;
}

void invariants_check(World *w)
{
        unsigned trials = 0;

        for (unsigned i = 0; i < w->n_upstreams; i++) {
                UpstreamInfo u;

                if (!engine_upstream(w->engine, i, &u))
                        world_violated(w, "upstream %u is gone", i);
                trials += u.health->state == HEALTH_TRIAL;
                if (u.health->state == HEALTH_FAILED && u.health->retry_at > w->now + 360 * USEC_PER_SEC)
                        world_violated(w, "upstream %u would be tried again in more than 360 s", i);
                if (u.connections > 8)
                        world_violated(w, "I6: %u connections to upstream %u", u.connections, i);
        }
        if (trials > 1)
                world_violated(w, "%u trials at once", trials);
        if (w->now - w->connects_since > 10 * USEC_PER_SEC) {
                w->connects = 0;
                w->connects_since = w->now;
        }
        if (w->connects > 400)
                world_violated(w, "I6: %llu connection attempts within 10 s", (unsigned long long) w->connects);
}

void invariants_check_end(World *w)
{
        EngineObjects o;
        bool active = w->config->health == MODE_ACTIVE;

        engine_objects(w->engine, &o);
        if (w->n_open)
                world_violated(w, "I1: %zu queries were never answered", w->n_open);
        if (o.queries || o.waiters || o.actions || (!active && (o.exchanges || o.connections)))
                world_violated(w, "I4: left over: %zu queries, %zu waiters, %zu exchanges, %zu connections, %zu actions", o.queries, o.waiters,
                         o.exchanges, o.connections, o.actions);
        if (!active && engine_next_time(w->engine) != USEC_NEVER)
                world_violated(w, "idle, yet a timer is set for %.3f s from now", (double) (engine_next_time(w->engine) - w->now) / 1e6);
}
