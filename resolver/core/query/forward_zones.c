/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/query/forward_zones.h"

#include <stdio.h>
#include <string.h>

#include "core/config/link_zones.h"

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
        Forward *all, *single_label; /* NULL: none */
        uint32_t last_number;
};

/* --- life */

/* Without a server, no name can be resolved. */
static HealthState forward_first_state(const Forward *f)
{
        return f->n_servers > 0 ? HEALTH_UNKNOWN : HEALTH_FAILED;
}

static Forward *forwards_forward_new(const ForwardConfig *fc, uint32_t number, uint64_t now)
{
        Forward *f = calloc(1, sizeof(*f) + fc->n_servers * sizeof(*f->servers));

        if (!f || !(f->config = forward_config_copy(fc))) {
                free(f);
                return NULL;
        }
        f->refs = 1;
        f->number = number;
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
        forward_config_free(f->config);
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

Forward *forward_new_of_portal(const Address *servers, size_t n, uint64_t now)
{
        ForwardConfig c = { .servers = (Address *) servers, .n_servers = n };

        return forwards_forward_new(&c, 0, now);
}

Forward *forward_free_of_portal(Forward *f)
{
        if (f)
                forwards_forward_unref(f);
        return NULL;
}

bool forward_is_of_portal(const Forward *f)
{
        return f->number == 0;
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
        for (size_t i = 0; i < forward->config->n_domains; i++) {
                const Domain *d = &forward->config->domains[i];

                if (d->n > 1)
                        f->entries[f->n_entries++] = (Entry) { .domain = d, .forward = forward };
                else
                        f->all = forward;
        }
        if (forward->config->single_label)
                f->single_label = forward;
}

/* Adds forwards, those of `before` if they are unchanged. Returns false if out of memory. */
static bool forwards_add(Forwards *f, const ForwardConfig *configs, size_t n, const Forwards *before, bool *changed,
                         uint64_t now)
{
        for (size_t i = 0; i < n; i++) {
                Forward *kept = forwards_find_equal(before, &configs[i]);

                *changed = *changed || !kept;
                if (kept)
                        kept->refs++;
                else if (!(kept = forwards_forward_new(&configs[i], ++f->last_number, now)))
                        return false;
                f->list[f->n++] = kept;
                forwards_add_entries(f, kept);
        }
        return true;
}

static size_t forwards_count_domains(const ForwardConfig *configs, size_t n)
{
        size_t count = 0;

        for (size_t i = 0; i < n; i++)
                count += configs[i].n_domains;
        return count;
}

Forwards *forwards_new(const Config *config, const LinkTable *links, const Forwards *before, bool *ret_changed,
                       uint64_t now)
{
        _cleanup_(forwards_freep) Forwards *f = calloc(1, sizeof(*f));
        _cleanup_(link_zones_deinit) LinkZones z = { 0 };
        size_t n, n_domains;

        if (!f || !link_zones_init(&z, config, links))
                return NULL;
        n = config->n_forwards + z.n;
        n_domains = forwards_count_domains(config->forwards, config->n_forwards) + forwards_count_domains(z.zones, z.n);
        f->list = calloc(n + 1, sizeof(*f->list));
        f->entries = calloc(n_domains + 1, sizeof(*f->entries));
        if (!f->list || !f->entries)
                return NULL;
        f->last_number = before ? before->last_number : 0;
        *ret_changed = n != (before ? before->n : 0);
        if (!forwards_add(f, config->forwards, config->n_forwards, before, ret_changed, now) ||
            !forwards_add(f, z.zones, z.n, before, ret_changed, now))
                return NULL;
        qsort(f->entries, f->n_entries, sizeof(*f->entries), forwards_compare);
        return take_pointer(f);
}

/* --- where a name goes */

static Forward *forwards_find_entry(const Forwards *f, Bytes name)
{
        uint8_t lower[DNS_NAME_MAX];
        Domain suffix;
        const Entry key = { .domain = &suffix }, *found;

        name_lower(name, lower);
        /* From the whole name towards the root, so that the longest domain is found first. */
        for (size_t at = 0; at < name.n && lower[at]; at += 1 + (size_t) lower[at]) {
                suffix.n = (uint8_t) (name.n - at);
                memcpy(suffix.name, lower + at, suffix.n);
                found = bsearch(&key, f->entries, f->n_entries, sizeof(*f->entries), forwards_compare);
                if (found)
                        return found->forward;
        }
        return NULL;
}

/* Returns the forward with the longest domain other than the root, or NULL. */
static Forward *forwards_find_domain(const Forwards *f, Bytes name)
{
        return f->n_entries > 0 && name.n <= DNS_NAME_MAX ? forwards_find_entry(f, name) : NULL;
}

static bool forwards_is_single_label(Bytes name)
{
        return name.n > 1 && name.n == (size_t) name.p[0] + 2;
}

Forward *forwards_find(const Forwards *f, Bytes name)
{
        Forward *found = f ? forwards_find_domain(f, name) : NULL;

        if (found || !f)
                return found;
        return f->single_label && forwards_is_single_label(name) ? f->single_label : f->all;
}

ForwardMatch forwards_match(const Forwards *f, Bytes name)
{
        if (!f)
                return FORWARD_NONE;
        if (forwards_find_domain(f, name) || (f->single_label && forwards_is_single_label(name)))
                return FORWARD_DOMAIN;
        return f->all ? FORWARD_ALL : FORWARD_NONE;
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
        a = forward_is_of_portal(f) ? NULL : outbox_act(o, ACTION_FORWARD_STATE);
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
