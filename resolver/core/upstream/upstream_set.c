/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/upstream/upstream_set.h"

#include <string.h>

void upstream_set_init(UpstreamSet *s, Outbox *o, const uint8_t hash_key[16])
{
        *s = (UpstreamSet) { .common = { .outbox = o } };
        memcpy(s->common.hash_key, hash_key, sizeof(s->common.hash_key));
        s->parameters = health_defaults;
        health_group_init(&s->common.health, &s->parameters, random_between(&o->random, 1, UINT64_MAX - 1));
}

void upstream_set_deinit(UpstreamSet *s)
{
        for (size_t i = 0; i < s->n; i++)
                upstream_free(s->members[i]);
        for (size_t i = 0; i < s->n_retired; i++)
                upstream_free(s->retired[i]);
        free(s->members);
        free(s->healths);
        free(s->retired);
        *s = (UpstreamSet) { 0 };
}

/* --- reload */

/* Returns the administrator's setting for the upstream of that name. */
static HealthAdmin upstream_set_admin_of(const UpstreamSet *s, const char *name)
{
        for (size_t i = 0; i < s->n; i++)
                if (strcmp(s->members[i]->config->name, name) == 0)
                        return s->members[i]->health.admin;
        return ADMIN_AUTO;
}

/* Returns the existing upstream with the same configuration, or a new one. Returns NULL if out of memory. */
static Upstream *upstream_set_make(UpstreamSet *s, Config *config, const UpstreamConfig *uc, uint64_t now)
{
        for (size_t i = 0; i < s->n; i++)
                if (upstream_config_equal(s->members[i]->config, uc))
                        return s->members[i];
        return upstream_new(&s->common, config, uc, upstream_set_admin_of(s, uc->name), now);
}

bool upstream_set_prepare(UpstreamSet *s, Config *config, UpstreamSetChange *ret, uint64_t now)
{
        size_t n = MAX(config->n_upstreams, (size_t) 1);
        UpstreamSetChange c = {
                .members = calloc(n, sizeof(*c.members)),
                .healths = calloc(n, sizeof(*c.healths)),
                .retired = calloc(s->n_retired + s->n + 1, sizeof(*c.retired)),
                .config = config,
        };
        const Config *before = s->common.config;
        bool complete = c.members && c.healths && c.retired;
        size_t made = 0;

        s->common.config = config;
        for (; complete && made < config->n_upstreams; made++) {
                c.members[made] = upstream_set_make(s, config, &config->upstreams[made], now);
                if (!c.members[made])
                        break;
        }
        if (complete && made == config->n_upstreams) {
                *ret = c;
                return true;
        }
        s->common.config = before;
        while (made-- > 0)
                if (c.members[made]->owner == config)
                        upstream_free(c.members[made]);
        free(c.members);
        free(c.healths);
        free(c.retired);
        return false;
}

static bool upstream_set_keeps(const UpstreamSetChange *c, const Upstream *u)
{
        for (size_t i = 0; i < c->config->n_upstreams; i++)
                if (c->members[i] == u)
                        return true;
        return false;
}

bool upstream_set_apply(UpstreamSet *s, UpstreamSetChange *c, uint64_t now)
{
        bool changed = c->config->n_upstreams != s->n;

        s->parameters.backoff = c->config->backoff;
        s->parameters.backoff_max = c->config->backoff_max;
        s->parameters.rise = c->config->rise;
        if (s->n_retired)
                memcpy(c->retired, s->retired, s->n_retired * sizeof(*c->retired));
        free(s->retired);
        s->retired = take_pointer(c->retired);
        for (size_t i = 0; i < s->n; i++) {
                if (upstream_set_keeps(c, s->members[i]))
                        continue;
                s->retired[s->n_retired++] = s->members[i];
                changed = true;
        }
        free(s->members);
        free(s->healths);
        s->members = take_pointer(c->members);
        s->healths = take_pointer(c->healths);
        s->n = c->config->n_upstreams;
        s->preferred = 0;
        for (size_t i = 0; i < s->n; i++)
                s->healths[i] = &s->members[i]->health;
        s->common.health.members = s->healths;
        s->common.health.n = s->n;
        for (size_t i = 0; i < s->n_retired; i++)
                upstream_retire(s->retired[i], now);
        return changed;
}

void upstream_set_bury(UpstreamSet *s)
{
        for (size_t i = 0; i < s->n_retired;) {
                Upstream *u = s->retired[i];
                Action *a;

                if (!upstream_done(u)) {
                        i++;
                        continue;
                }
                a = outbox_act(s->common.outbox, ACTION_UPSTREAM_GONE);
                if (a)
                        a->upstream = u->handle;
                upstream_free(u);
                s->retired[i] = s->retired[--s->n_retired];
        }
}

void upstream_set_take_notices(UpstreamSet *s, uint64_t now)
{
        Notice *n;

        while ((n = outbox_next_notice(s->common.outbox)))
                upstream_on_notice(n, now);
}

/* --- for queries */

Upstream *upstream_set_member(const UpstreamSet *s, size_t i)
{
        return i < s->n ? s->members[i] : NULL;
}

bool upstream_set_usable(const UpstreamSet *s)
{
        return health_group_usable(&s->common.health);
}

Upstream *upstream_set_select(UpstreamSet *s, bool (*excluded)(const Upstream *u, const void *userdata),
                              const void *userdata, bool fresh, uint64_t now)
{
        Candidate candidates[CONFIG_UPSTREAMS_MAX];
        size_t n = MIN(s->n, ELEMENTS(candidates));
        size_t best;

        for (size_t i = 0; i < n; i++) {
                const Upstream *u = s->members[i];

                candidates[i] = (Candidate) {
                        .usable = health_usable(&u->health) && !excluded(u, userdata),
                        .suspect = u->health.state == HEALTH_SUSPECT,
                        .doubtful = upstream_doubtful(u, now),
                        .cost = smoothed_rtt_bound(&u->rtt),
                };
        }
        best = select_upstream(candidates, n, s->common.config->policy, s->preferred);
        if (best == SIZE_MAX)
                return NULL;
        if (fresh)
                s->preferred = best;
        return s->members[best];
}

/* --- the machine */

void upstream_set_epoch(UpstreamSet *s, bool resumed, uint64_t now)
{
        s->common.epoch++;
        health_epoch(&s->common.health, now);
        for (size_t i = 0; i < s->n; i++)
                upstream_epoch(s->members[i], resumed, now);
        for (size_t i = 0; i < s->n_retired; i++)
                upstream_epoch(s->retired[i], resumed, now);
}

void upstream_set_preconnect(UpstreamSet *s, uint64_t now)
{
        for (size_t i = 0; i < s->n; i++)
                if (health_usable(&s->members[i]->health)) {
                        upstream_preconnect(s->members[i], now);
                        return;
                }
}

void upstream_set_close_idle(UpstreamSet *s)
{
        for (size_t i = 0; i < s->n; i++)
                upstream_close_idle(s->members[i]);
}

void upstream_set_clock_set(UpstreamSet *s, uint64_t now)
{
        bool doubted = false;

        for (size_t i = 0; i < s->n; i++)
                doubted = doubted || failure_class(s->members[i]->health.reason) == CLASS_TLS_VERIFY;
        if (!doubted)
                return;
        for (size_t i = 0; i < s->n; i++)
                upstream_abandon_probe(s->members[i], now);
        health_epoch(&s->common.health, now);
        for (size_t i = 0; i < s->n; i++)
                upstream_state_changed(s->members[i], PURPOSE_QUERY, now);
}
