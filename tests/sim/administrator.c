/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "administrator.h"

#include <stdio.h>

#include "machine.h"
#include "servers.h"

static const char *one_of(World *w, const char *const *words, unsigned n)
{
        return words[world_below(w, n)];
}

/* Which servers are in it: all in order, or some in any order, but one at least. */
static void list_servers(World *w, bool all)
{
        w->n_listed = 0;
        while (!w->n_listed)
                for (unsigned i = 0; i < w->n_servers; i++) {
                        unsigned at = all ? w->n_listed : (unsigned) world_below(w, w->n_listed + 1);

                        if (!all && world_below(w, 3) == 0)
                                continue;
                        for (unsigned k = w->n_listed++; k > at; k--)
                                w->listed[k] = w->listed[k - 1];
                        w->listed[at] = i;
                }
}

Config *administrator_configure(World *w, bool all)
{
        static const char *const hedges[] = { "on-suspect", "always", "no" },
                                 *const policies[] = { "ordered", "fastest" }, *const yes_or_no[] = { "yes", "no" },
                                 *const modes[] = { "lazy", "lazy", "lazy", "lazy", "active", "none" },
                                 *const preconnects[] = { "off", "off", "on-network-up" };
        const char *hedge = one_of(w, hedges, 3), *policy = one_of(w, policies, 2), *cache = one_of(w, yes_or_no, 2),
                   *stale = one_of(w, yes_or_no, 2), *mode = one_of(w, modes, 6),
                   *preconnect = one_of(w, preconnects, 3);
        unsigned idle_max = (unsigned) world_below(w, 90), rise = 1 + (unsigned) world_below(w, 2), errors;
        char text[2048];
        ConfigText t = { .name = "sim", .text = text };
        int n;

        n = snprintf(
                text, sizeof(text),
                "[Resolver]\nHedge=%s\nPolicy=%s\n[Cache]\nEnable=%s\nServeStale=%s\n[Health]\nMode=%s\nIdleMaxSec=%u\nRise=%u\n"
                "Preconnect=%s\n",
                hedge, policy, cache, stale, mode, idle_max, rise, preconnect);
        list_servers(w, all);
        for (unsigned i = 0; i < w->n_listed; i++) {
                unsigned s = w->listed[i];

                n += snprintf(text + n, sizeof(text) - (size_t) n,
                              "[Upstream u%u]\nURL=https://u%u.test/dns-query/%u\nAddress=192.0.2.%u%s\n", s, s,
                              w->servers[s].generation, s + 1, s % 2 ? " 2001:db8::1" : "");
        }
        t.n = (size_t) n;
        return config_parse(&t, 1, NULL, NULL, &errors);
}

void administrator_learn_numbers(World *w)
{
        UpstreamInfo u;

        for (unsigned i = 0; engine_upstream(w->engine, i, &u); i++) {
                unsigned k = 0, free = NUMBERS_MAX;

                for (k = 0; k < NUMBERS_MAX && w->numbers[k].number != u.number; k++)
                        if (!w->numbers[k].number)
                                free = k;
                if (k < NUMBERS_MAX)
                        continue;
                if (free == NUMBERS_MAX)
                        world_violated(w, "I4: more than %d upstreams are there at once", NUMBERS_MAX);
                w->numbers[free].number = u.number;
                w->numbers[free].server = w->listed[i];
        }
}

static void reload(World *w)
{
        Config *c;

        if (world_below(w, 3) == 0)
                w->servers[world_below(w, w->n_servers)].generation++;
        c = administrator_configure(w, false);
        world_say(w, "reload, with %u upstreams", w->n_listed);
        if (!c || engine_reload(w->engine, c, w->now) < 0)
                world_violated(w, "reload failed");
        config_unref(w->config);
        w->config = c;
        administrator_learn_numbers(w);
}

static void probe(World *w, uint32_t number)
{
        Probe *p = w->probes;

        while (p->cookie)
                if (++p == w->probes + PROBES_MAX)
                        world_violated(w, "more than %d probes are without an outcome", PROBES_MAX);
        if (!engine_probe(w->engine, number, ++w->cookie, w->now))
                return;
        world_say(w, "probe %llu of %u", (unsigned long long) w->cookie, servers_of_upstream(w, number));
        *p = (Probe) { .cookie = w->cookie, .deadline = w->now + w->config->probe_timeout };
        w->demand_at = w->now;
}

void administrator_take_outcome(World *w, const Action *a)
{
        for (Probe *p = w->probes; p < w->probes + PROBES_MAX; p++) {
                if (p->cookie != a->probed.cookie)
                        continue;
                if (w->now > p->deadline)
                        world_violated(w, "probe %llu took %.3f s too long", (unsigned long long) p->cookie,
                                       (double) (w->now - p->deadline) / 1e6);
                world_say(w, "probe %llu: %s", (unsigned long long) p->cookie, failure_text(a->probed.failure));
                p->cookie = 0;
                return;
        }
        world_violated(w, "a probe has two outcomes, or nobody asked for it");
}

static void set_admin(World *w, uint32_t number)
{
        HealthAdmin admin = world_below(w, 3) ? ADMIN_AUTO : (HealthAdmin) world_below(w, 3);

        world_say(w, "set %u to %s", servers_of_upstream(w, number), health_admin_name(admin));
        engine_set_admin(w->engine, number, admin, w->now);
}

static void disconnect(World *w, uint32_t number)
{
        world_say(w, "disconnect %u", servers_of_upstream(w, number));
        engine_disconnect(w->engine, number, w->now);
        w->demand_at = w->now;
}

void administrator_act(World *w)
{
        UpstreamInfo u;

        engine_upstream(w->engine, (size_t) world_below(w, w->n_listed), &u);
        switch (world_below(w, 8)) {
        case 0:
                reload(w);
                break;
        case 1 ... 2:
                probe(w, u.number);
                break;
        case 3 ... 4:
                set_admin(w, u.number);
                break;
        case 5:
                disconnect(w, u.number);
                break;
        case 6:
                world_say(w, "flush");
                engine_flush_cache(w->engine);
                break;
        case 7:
                if (world_below(w, 2))
                        machine_sleepless(w);
                else
                        machine_clock_set(w);
                break;
        }
}
