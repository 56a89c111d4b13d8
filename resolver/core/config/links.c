/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/config/links.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- words */

static const char *const source_names[] = {
        [LINK_SOURCE_RESOLVE1] = "resolve1",
        [LINK_SOURCE_NETWORKMANAGER] = "networkmanager",
        [LINK_SOURCE_NETWORKD] = "networkd",
};

const char *link_source_name(LinkSource s)
{
        return source_names[s];
}

bool link_source_from_name(const char *name, LinkSource *ret)
{
        for (size_t i = 0; i < ELEMENTS(source_names); i++)
                if (strcmp(source_names[i], name) == 0) {
                        *ret = (LinkSource) i;
                        return true;
                }
        return false;
}

/* The middle word differs, "no" and "yes" have the other names of a boolean. */
enum { MODE_DEFAULT, MODE_NO, MODE_BETWEEN, MODE_YES };

static const char *const mode_between[LINK_MODES] = {
        [LINK_LLMNR] = "resolve",
        [LINK_MDNS] = "resolve",
        [LINK_DNS_OVER_TLS] = "opportunistic",
        [LINK_DNSSEC] = "allow-downgrade",
};

static int link_mode_from_text(LinkMode mode, const char *text)
{
        static const char *const no[] = { "no", "n", "false", "f", "off", "0" };
        static const char *const yes[] = { "yes", "y", "true", "t", "on", "1" };

        if (!*text)
                return MODE_DEFAULT;
        if (strcmp(text, mode_between[mode]) == 0)
                return MODE_BETWEEN;
        for (size_t i = 0; i < ELEMENTS(no); i++) {
                if (strcasecmp(text, no[i]) == 0)
                        return MODE_NO;
                if (strcasecmp(text, yes[i]) == 0)
                        return MODE_YES;
        }
        return -EINVAL;
}

const char *link_mode(const Link *l, LinkMode mode)
{
        switch (l->modes[mode]) {
        case MODE_NO:
                return "no";
        case MODE_BETWEEN:
                return mode_between[mode];
        case MODE_YES:
                return "yes";
        default:
                return "";
        }
}

bool link_domain_from_text(const char *text, bool route_only, LinkDomain *ret)
{
        uint8_t name[DNS_NAME_MAX];
        size_t n = name_from_text(text, name);

        if (n == 0)
                return false;
        *ret = (LinkDomain) { .domain.n = (uint8_t) n, .route_only = route_only };
        name_lower(BYTES(name, n), ret->domain.name);
        return true;
}

void link_domain_to_text(const LinkDomain *d, char ret[NAME_TEXT_MAX])
{
        name_to_text(BYTES(d->domain.name, d->domain.n), ret);
}

/* --- life */

static void link_free_servers(LinkServer *servers, size_t n)
{
        for (size_t i = 0; i < n; i++)
                free(servers[i].name);
        free(servers);
}

static void link_free_texts(char **texts, size_t n)
{
        for (size_t i = 0; i < n; i++)
                free(texts[i]);
        free(texts);
}

static void link_free(Link *l)
{
        link_revert(l);
        free(l->prefixes);
        free(l);
}

LinkTable *link_table_new(void)
{
        return calloc(1, sizeof(LinkTable));
}

LinkTable *link_table_free(LinkTable *t)
{
        if (!t)
                return NULL;
        for (size_t i = 0; i < t->n; i++)
                link_free(t->links[i]);
        free(t->links);
        free(t);
        return NULL;
}

/* Returns where the link is, or would be. */
static size_t link_table_place(const LinkTable *t, int ifindex)
{
        size_t i = 0;

        while (i < t->n && t->links[i]->ifindex < ifindex)
                i++;
        return i;
}

Link *link_table_find(const LinkTable *t, int ifindex)
{
        size_t i = link_table_place(t, ifindex);

        return i < t->n && t->links[i]->ifindex == ifindex ? t->links[i] : NULL;
}

Link *link_table_ensure(LinkTable *t, int ifindex, const char *name)
{
        Link *l = link_table_find(t, ifindex), **grown;
        size_t at;

        if (l)
                return l;
        grown = reallocarray(t->links, t->n + 1, sizeof(*grown));
        if (!grown)
                return NULL;
        t->links = grown;
        l = calloc(1, sizeof(*l));
        if (!l)
                return NULL;
        l->ifindex = ifindex;
        snprintf(l->name, sizeof(l->name), "%s", name);
        at = link_table_place(t, ifindex);
        memmove(grown + at + 1, grown + at, (t->n - at) * sizeof(*grown));
        grown[at] = l;
        t->n++;
        return l;
}

bool link_table_remove(LinkTable *t, int ifindex)
{
        size_t at = link_table_place(t, ifindex);
        bool empty;

        if (at >= t->n || t->links[at]->ifindex != ifindex)
                return false;
        empty = link_is_empty(t->links[at]);
        link_free(t->links[at]);
        t->n--;
        memmove(t->links + at, t->links + at + 1, (t->n - at) * sizeof(*t->links));
        return !empty;
}

/* --- what is known about the interface */

int link_set_interface(Link *l, const char *name, bool tunnel)
{
        bool changed = l->tunnel != tunnel || strcmp(l->name, name) != 0;

        snprintf(l->name, sizeof(l->name), "%s", name);
        l->tunnel = tunnel;
        return changed;
}

int link_set_prefixes(Link *l, const AddressPrefix *prefixes, size_t n)
{
        AddressPrefix *copy;
        bool same;

        n = MIN(n, (size_t) LINK_PREFIXES_MAX);
        same = l->n_prefixes == n;
        for (size_t i = 0; same && i < n; i++)
                same = l->prefixes[i].bits == prefixes[i].bits &&
                       address_equal(&l->prefixes[i].address, &prefixes[i].address);
        if (same)
                return 0;
        copy = calloc(n + 1, sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        memcpy(copy, prefixes, n * sizeof(*copy));
        free(l->prefixes);
        l->prefixes = copy;
        l->n_prefixes = n;
        return 1;
}

/* --- settings */

int link_set_source(Link *l, LinkSource s)
{
        bool changed = l->source != s;

        l->source = s;
        return changed;
}

static bool link_same_text(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}

/* A name in printable characters. */
static bool link_name_is_valid(const char *text)
{
        uint8_t name[DNS_NAME_MAX];

        for (const char *p = text; *p; p++)
                if (*p <= ' ' || *p > '~')
                        return false;
        return name_from_text(text, name) > 0;
}

bool link_server_is_valid(const LinkServer *s)
{
        return !address_is_unspecified(&s->address) && !address_is_multicast(&s->address) && !s->address.interface[0] &&
               (!s->name || link_name_is_valid(s->name));
}

static bool link_has_servers(const Link *l, const LinkServer *servers, size_t n)
{
        if (l->n_servers != n)
                return false;
        for (size_t i = 0; i < n; i++)
                if (!address_equal(&l->servers[i].address, &servers[i].address) ||
                    !link_same_text(l->servers[i].name, servers[i].name))
                        return false;
        return true;
}

int link_set_servers(Link *l, const LinkServer *servers, size_t n)
{
        LinkServer *copy;

        if (n > LINK_SERVERS_MAX)
                return -E2BIG;
        for (size_t i = 0; i < n; i++)
                if (!link_server_is_valid(&servers[i]))
                        return -EINVAL;
        if (link_has_servers(l, servers, n))
                return 0;
        copy = calloc(n + 1, sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                copy[i].address = servers[i].address;
                copy[i].name = servers[i].name ? strdup(servers[i].name) : NULL;
                if (servers[i].name && !copy[i].name) {
                        link_free_servers(copy, n);
                        return -ENOMEM;
                }
        }
        link_free_servers(l->servers, l->n_servers);
        l->servers = copy;
        l->n_servers = n;
        return 1;
}

static LinkDomain *link_find_domain(LinkDomain *domains, size_t n, const Domain *d)
{
        for (size_t i = 0; i < n; i++)
                if (domains[i].domain.n == d->n && memcmp(domains[i].domain.name, d->name, d->n) == 0)
                        return &domains[i];
        return NULL;
}

static bool link_has_domains(const Link *l, const LinkDomain *domains, size_t n)
{
        if (l->n_domains != n)
                return false;
        for (size_t i = 0; i < n; i++)
                if (l->domains[i].route_only != domains[i].route_only ||
                    !link_find_domain(&l->domains[i], 1, &domains[i].domain))
                        return false;
        return true;
}

int link_set_domains(Link *l, const LinkDomain *domains, size_t n)
{
        _cleanup_(freep) LinkDomain *copy = NULL;
        size_t kept = 0;

        if (n > LINK_DOMAINS_MAX)
                return -E2BIG;
        copy = calloc(n + 1, sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                LinkDomain *known = link_find_domain(copy, kept, &domains[i].domain);

                if (domains[i].domain.n <= 1 && !domains[i].route_only)
                        return -EINVAL;
                if (known)
                        known->route_only = known->route_only && domains[i].route_only;
                else
                        copy[kept++] = domains[i];
        }
        if (link_has_domains(l, copy, kept))
                return 0;
        free(l->domains);
        l->domains = take_pointer(copy);
        l->n_domains = kept;
        return 1;
}

int link_set_default_route(Link *l, LinkDefaultRoute v)
{
        bool changed = l->default_route != v;

        l->default_route = v;
        return changed;
}

int link_set_mode(Link *l, LinkMode mode, const char *value)
{
        int v = link_mode_from_text(mode, value);
        bool changed = v != l->modes[mode];

        if (v < 0)
                return v;
        l->modes[mode] = v;
        return changed;
}

static bool link_has_anchors(const Link *l, const char *const *names, size_t n)
{
        if (l->n_negative_trust_anchors != n)
                return false;
        for (size_t i = 0; i < n; i++)
                if (strcmp(l->negative_trust_anchors[i], names[i]) != 0)
                        return false;
        return true;
}

int link_set_negative_trust_anchors(Link *l, const char *const *names, size_t n)
{
        char **copy;

        if (n > LINK_DOMAINS_MAX)
                return -E2BIG;
        for (size_t i = 0; i < n; i++)
                if (!link_name_is_valid(names[i]))
                        return -EINVAL;
        if (link_has_anchors(l, names, n))
                return 0;
        copy = calloc(n + 1, sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                copy[i] = strdup(names[i]);
                if (!copy[i]) {
                        link_free_texts(copy, i);
                        return -ENOMEM;
                }
        }
        link_free_texts(l->negative_trust_anchors, l->n_negative_trust_anchors);
        l->negative_trust_anchors = copy;
        l->n_negative_trust_anchors = n;
        return 1;
}

bool link_is_empty(const Link *l)
{
        for (size_t i = 0; i < LINK_MODES; i++)
                if (l->modes[i] != MODE_DEFAULT)
                        return false;
        return l->n_servers == 0 && l->n_domains == 0 && l->default_route == LINK_DEFAULT_ROUTE_UNSET &&
               l->n_negative_trust_anchors == 0 && l->source != LINK_SOURCE_NETWORKD;
}

bool link_revert(Link *l)
{
        bool empty = link_is_empty(l);

        link_free_servers(l->servers, l->n_servers);
        free(l->domains);
        link_free_texts(l->negative_trust_anchors, l->n_negative_trust_anchors);
        l->servers = NULL;
        l->domains = NULL;
        l->negative_trust_anchors = NULL;
        l->n_servers = l->n_domains = l->n_negative_trust_anchors = 0;
        l->default_route = LINK_DEFAULT_ROUTE_UNSET;
        l->source = LINK_SOURCE_RESOLVE1;
        for (size_t i = 0; i < LINK_MODES; i++)
                l->modes[i] = MODE_DEFAULT;
        return !empty;
}

bool link_is_default_route(const Link *l)
{
        if (l->default_route != LINK_DEFAULT_ROUTE_UNSET)
                return l->default_route == LINK_DEFAULT_ROUTE_YES;
        for (size_t i = 0; i < l->n_domains; i++)
                if (l->domains[i].route_only)
                        return false;
        return true;
}

bool link_shows_default_route(const Link *l)
{
        return l->n_servers ? link_is_default_route(l) : l->default_route == LINK_DEFAULT_ROUTE_YES;
}
