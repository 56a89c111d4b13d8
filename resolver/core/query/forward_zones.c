/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/query/forward_zones.h"

#include <string.h>

typedef struct Entry {
        const Domain *domain;
        Forward *forward;
} Entry;

struct Forwards {
        Forward **list;
        size_t n;
        Entry *entries; /* sorted by domain */
        size_t n_entries;
};

/* --- life */

static Forward *forwards_forward_new(Config *config, const ForwardConfig *fc)
{
        Forward *f = calloc(1, sizeof(*f) + fc->n_servers * sizeof(*f->servers));

        if (!f)
                return NULL;
        f->refs = 1;
        f->owner = config_ref(config);
        f->config = fc;
        f->n_servers = fc->n_servers;
        for (size_t i = 0; i < fc->n_servers; i++)
                f->servers[i].address = fc->servers[i];
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

Forwards *forwards_new(Config *config, const Forwards *before, bool *ret_changed)
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
        *ret_changed = config->n_forwards != (before ? before->n : 0);
        for (size_t i = 0; i < config->n_forwards; i++) {
                Forward *kept = forwards_find_equal(before, &config->forwards[i]);

                if (kept)
                        kept->refs++;
                else if (!(kept = forwards_forward_new(config, &config->forwards[i])))
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

void forwards_forget(Forwards *f)
{
        for (size_t i = 0; i < f->n; i++) {
                Forward *forward = f->list[i];

                forward->good = 0;
                for (size_t k = 0; k < forward->n_servers; k++)
                        forward->servers[k].resting_until = forward->servers[k].no_edns_until = 0;
        }
}
