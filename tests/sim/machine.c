/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine.h"

#include "invariants.h"
#include "servers.h"

static void maybe_lose_connections(World *w)
{
        if (!world_below(w, 2))
                return;
        for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
                w->connections[i].dead = true;
        w->lost_at = w->now;
}

static void come_up(World *w)
{
        if (w->config->preconnect == PRECONNECT_ON_NETWORK_UP)
                w->demand_at = w->now;
        engine_network_changed(w->engine, true, w->now);
        invariants_check_epoch(w);
}

void machine_roam(World *w)
{
        world_say(w, "roam");
        maybe_lose_connections(w);
        come_up(w);
        /* What passes nothing any more may do so because our address is another one now. */
        if (world_below(w, 2))
                for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
                        if (w->connections[i].number && w->connections[i].dead)
                                engine_address_gone(w->engine, w->connections[i].number, w->now);
}

/* All that is to come comes later, and clients do not see the time pass. */
static void sleep_for(World *w, uint64_t slept)
{
        w->now += slept;
        w->until += slept;
        w->demand_at += slept;
        w->trouble_at += slept;
        w->connects_since += slept;
        for (size_t i = 0; i < w->n_events; i++)
                w->events[i].at += slept;
        for (size_t i = w->first_open; i < w->n_asked; i++)
                if (!w->asked[i].done) {
                        w->asked[i].at += slept;
                        w->asked[i].deadline += slept;
                }
        for (unsigned i = 0; i < PROBES_MAX; i++)
                w->probes[i].deadline += slept;
}

void machine_suspend(World *w)
{
        uint64_t slept = (3 + world_below(w, 4 * 3600)) * USEC_PER_SEC;

        world_say(w, "suspend for %llu s", (unsigned long long) (slept / USEC_PER_SEC));
        if (world_below(w, 2)) {
                engine_sleep(w->engine, w->now);
                world_carry_out(w);
        }
        sleep_for(w, slept);
        maybe_lose_connections(w);
        engine_resume(w->engine, slept, w->now);
        invariants_check_epoch(w);
}

void machine_offline(World *w)
{
        world_say(w, "offline");
        w->online = false;
        if (world_below(w, 2))
                engine_network_changed(w->engine, false, w->now);
}

void machine_online(World *w)
{
        world_say(w, "online");
        w->online = true;
        come_up(w);
}

void machine_sleepless(World *w)
{
        world_say(w, "no sleep");
        engine_sleep(w->engine, w->now);
}

void machine_clock_set(World *w)
{
        world_say(w, "the clock is set");
        engine_clock_set(w->engine, w->now);
}
