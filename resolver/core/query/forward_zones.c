/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/query/forward_zones.h"

#include <stdio.h>
#include <string.h>

#define REST (10 * USEC_PER_SEC) /* a failed server is asked after the others for this time */
#define NO_EDNS_TIME (15 * USEC_PER_MINUTE)
#define FAILURES_MAX 2 /* one lost packet is no failed server */

typedef struct Entry {
        const Domain *domain;
        Forward *forward;
} Entry;

struct Forwards {
        Forward **list;
        size_t n;
        Entry *entries; /* sorted by domain */
        size_t n_entries;
        uint32_t last_number;
};

/* --- life */

/* Without a server, no name can be resolved. */
static HealthState forward_first_state(const Forward *f)
{
        return f->n_servers > 0 ? HEALTH_UNKNOWN : HEALTH_FAILED;
}

static Forward *forwards_forward_new(Config *config, const ForwardConfig *fc, uint32_t number, uint64_t now)
{
        Forward *f = calloc(1, sizeof(*f) + fc->n_servers * sizeof(*f->servers));

        if (!f)
                return NULL;
        f->refs = 1;
        f->number = number;
        f->owner = config_ref(config);
        f->config = fc;
        f->n_servers = fc->n_servers;
        for (size_t i = 0; i < fc->n_servers; i++)
                f->servers[i].address = fc->servers[i];
        f->state = forward_first_state(f);
        f->changed_at = now;
        return f;
}

static void forwards_forward_unref(Forward *f)
{
        if (--f->refs > 0)
                return;
        config_unref(f->owner);
        free(f);
}

Forwards *forwards_free(Forwards *f)
{
        if (!f)
                return NULL;
        for (size_t i = 0; i < f->n; i++)
                forwards_forward_unref(f->list[i]);
        free(f->list);
        free(f->entries);
        free(f);
        return NULL;
}

static Forward *forwards_find_equal(const Forwards *before, const ForwardConfig *fc)
{
        for (size_t i = 0; before && i < before->n; i++)
                if (forward_config_equal(before->list[i]->config, fc))
                        return before->list[i];
        return NULL;
}

/* Any total order will do. */
static int forwards_compare(const void *a, const void *b)
{
        const Domain *d1 = ((const Entry *) a)->domain, *d2 = ((const Entry *) b)->domain;

        return d1->n != d2->n ? d1->n - d2->n : memcmp(d1->name, d2->name, d1->n);
}

static void forwards_add_entries(Forwards *f, Forward *forward)
{
        for (size_t i = 0; i < forward->config->n_domains; i++)
                f->entries[f->n_entries++] = (Entry) { .domain = &forward->config->domains[i], .forward = forward };
}

Forwards *forwards_new(Config *config, const Forwards *before, bool *ret_changed, uint64_t now)
{
        _cleanup_(forwards_freep) Forwards *f = calloc(1, sizeof(*f));
        size_t n_domains = 0;

        if (!f)
                return NULL;
        for (size_t i = 0; i < config->n_forwards; i++)
                n_domains += config->forwards[i].n_domains;
        f->list = calloc(config->n_forwards + 1, sizeof(*f->list));
        f->entries = calloc(n_domains + 1, sizeof(*f->entries));
        if (!f->list || !f->entries)
                return NULL;
        f->last_number = before ? before->last_number : 0;
        *ret_changed = config->n_forwards != (before ? before->n : 0);
        for (size_t i = 0; i < config->n_forwards; i++) {
                Forward *kept = forwards_find_equal(before, &config->forwards[i]);

                if (kept)
                        kept->refs++;
                else if (!(kept = forwards_forward_new(config, &config->forwards[i], ++f->last_number, now)))
                        return NULL;
                *ret_changed = *ret_changed || kept->owner == config;
                f->list[f->n++] = kept;
                forwards_add_entries(f, kept);
        }
        qsort(f->entries, f->n_entries, sizeof(*f->entries), forwards_compare);
        return take_pointer(f);
}

/* --- where a name goes */

Forward *forwards_find(const Forwards *f, Bytes name)
{
        uint8_t lower[DNS_NAME_MAX];
        Domain suffix;
        const Entry key = { .domain = &suffix }, *found;

        if (!f || f->n_entries == 0 || name.n > sizeof(lower))
                return NULL;
        name_lower(name, lower);
        /* From the whole name towards the root, so that the longest domain is found first. The root is not a forward
         * zone. */
        for (size_t at = 0; at < name.n && lower[at]; at += 1 + (size_t) lower[at]) {
                suffix.n = (uint8_t) (name.n - at);
                memcpy(suffix.name, lower + at, suffix.n);
                found = bsearch(&key, f->entries, f->n_entries, sizeof(*f->entries), forwards_compare);
                if (found)
                        return found->forward;
        }
        return NULL;
}

const Forward *forwards_member(const Forwards *f, size_t i)
{
        return i < f->n ? f->list[i] : NULL;
}

/* --- changes of state */

/* The only function that changes the state of a forward. */
static void forward_set_state(Forward *f, HealthState state, const Address *server, Outbox *o, uint64_t now)
{
        Action *a;

        if (f->state == state)
                return;
        a = outbox_act(o, ACTION_FORWARD_STATE);
        if (a) {
                snprintf(a->forward.name, sizeof(a->forward.name), "%s", f->config->name);
                a->forward.from = f->state;
                a->forward.to = state;
                a->forward.reason = state == HEALTH_FAILED ? f->last_failure.reason : FAILURE_NONE;
                if (server)
                        a->forward.server = *server;
        }
        f->state = state;
        f->changed_at = now;
}

void forwards_forget(Forwards *f, Outbox *o, uint64_t now)
{
        for (size_t i = 0; i < f->n; i++) {
                Forward *forward = f->list[i];

                forward->good = 0;
                for (size_t k = 0; k < forward->n_servers; k++)
                        forward->servers[k] = (Do53Server) { .address = forward->servers[k].address };
                forward->last_failure.reason = FAILURE_NONE;
                forward_set_state(forward, forward_first_state(forward), NULL, o, now);
        }
}

void forwards_reset_statistics(Forwards *f)
{
        for (size_t i = 0; i < f->n; i++)
                f->list[i]->queries = f->list[i]->failures = 0;
}

void forward_count_query(Forward *f)
{
        f->queries++;
}

void forward_count_failure(Forward *f)
{
        f->failures++;
}

void forward_answered(Forward *f, Do53Server *s, bool refusal, Outbox *o, uint64_t now)
{
        s->state = HEALTH_HEALTHY;
        s->failures = 0;
        s->judged_at = now;
        s->resting_until = 0;
        if (!refusal)
                f->good = (size_t) (s - f->servers);
        forward_set_state(f, HEALTH_HEALTHY, &s->address, o, now);
}

static bool forward_all_failed(const Forward *f)
{
        for (size_t i = 0; i < f->n_servers; i++)
                if (f->servers[i].state != HEALTH_FAILED)
                        return false;
        return true;
}

void forward_server_failed(Forward *f, Do53Server *s, FailureReason reason, uint64_t asked_at, Outbox *o, uint64_t now)
{
        FailureClass class = failure_class(reason);

        f->last_failure.reason = reason;
        f->last_failure.server = s->address;
        f->last_failure.at = now;
        if (class == CLASS_LOCALNET)
                return;
        s->resting_until = now + REST;
        if (asked_at < s->judged_at)
                return;
        s->judged_at = now;
        if (++s->failures < FAILURES_MAX && class != CLASS_CONNECT_HARD)
                return;
        s->state = HEALTH_FAILED;
        if (forward_all_failed(f))
                forward_set_state(f, HEALTH_FAILED, &s->address, o, now);
}

void forward_server_lacks_edns(Do53Server *s, uint64_t now)
{
        if (s->no_edns_until <= now)
                s->no_edns_until = now + NO_EDNS_TIME;
}
