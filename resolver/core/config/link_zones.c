/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/config/link_zones.h"

#include <stdio.h>
#include <string.h>

#include "core/config/config_parser.h"
#include "core/config/reverse_domains.h"

/* Shorter ones are not local, and longer ones are a single address, which is known here. */
#define REVERSE_BITS_MIN_V4 8
#define REVERSE_BITS_MIN_V6 16

static const Domain root = { .n = 1 };

/* A domain, and a link that wants it. */
typedef struct Claim {
        Domain domain;
        const Link *link;
} Claim;

typedef struct Builder {
        const Config *config;
        const Link **links; /* in use */
        size_t n_links;
        Claim *claims;
        size_t n_claims, size;
        LinkZones *zones;
} Builder;

static void zones_builder_deinit(Builder *b)
{
        free(b->links);
        free(b->claims);
}

/* --- servers */

static bool zones_read_server(const Config *config, const Link *l, size_t i, Address *ret)
{
        *ret = l->servers[i].address;
        if (!ret->port)
                ret->port = 53;
        if (config_is_loop(config, ret))
                return false;
        snprintf(ret->interface, sizeof(ret->interface), "%d", l->ifindex);
        return true;
}

static bool zones_have_server(const Config *config, const Link *l)
{
        Address a;

        for (size_t i = 0; i < l->n_servers; i++)
                if (zones_read_server(config, l, i, &a))
                        return true;
        return false;
}

/* --- claims */

static bool zones_claim(Builder *b, const Link *l, const Domain *d)
{
        if (b->n_claims == b->size) {
                size_t size = b->size ? 2 * b->size : 16;
                Claim *grown = reallocarray(b->claims, size, sizeof(*grown));

                if (!grown)
                        return false;
                b->claims = grown;
                b->size = size;
        }
        b->claims[b->n_claims++] = (Claim) { .domain = *d, .link = l };
        return true;
}

static bool zones_is_reverse_network(const AddressPrefix *p)
{
        unsigned low = p->address.v6 ? REVERSE_BITS_MIN_V6 : REVERSE_BITS_MIN_V4, high = p->address.v6 ? 128 : 32;

        return p->bits >= low && p->bits < high && !address_is_loopback(&p->address) &&
               !address_is_link_local(&p->address);
}

static bool zones_claim_reverse(Builder *b, const Link *l)
{
        Domain domains[REVERSE_DOMAINS_MAX];

        for (size_t i = 0; i < l->n_prefixes; i++) {
                size_t n = zones_is_reverse_network(&l->prefixes[i]) ? reverse_domains(&l->prefixes[i], domains) : 0;

                for (size_t k = 0; k < n; k++)
                        if (!zones_claim(b, l, &domains[k]))
                                return false;
        }
        return true;
}

static bool zones_claim_domains(Builder *b, const Link *l)
{
        for (size_t i = 0; i < l->n_domains; i++)
                if (l->domains[i].domain.n > 1 && !zones_claim(b, l, &l->domains[i].domain))
                        return false;
        return !b->config->links.reverse || zones_claim_reverse(b, l);
}

/* NetworkManager passes on what a DHCP server calls its domain, and with the name "~" that would be everything. */
static bool zones_may_have_all(const Builder *b, const Link *l)
{
        return b->config->links.default_route == LINKS_ALWAYS ||
               (b->config->links.default_route == LINKS_EXPLICIT &&
                (l->source != LINK_SOURCE_NETWORKMANAGER || l->tunnel));
}

static bool zones_wants_all(const Builder *b, const Link *l)
{
        for (size_t i = 0; i < l->n_domains; i++)
                if (l->domains[i].domain.n == 1)
                        return zones_may_have_all(b, l);
        return false;
}

/* Everything else: for links that want it all, or else for those with a default route, if that counts. */
static bool zones_claim_root(Builder *b)
{
        bool claimed = false;

        for (size_t i = 0; i < b->n_links; i++)
                if (zones_wants_all(b, b->links[i])) {
                        if (!zones_claim(b, b->links[i], &root))
                                return false;
                        claimed = true;
                }
        for (size_t i = 0; i < b->n_links && !claimed && b->config->links.default_route == LINKS_ALWAYS; i++)
                if (link_is_default_route(b->links[i]) && !zones_claim(b, b->links[i], &root))
                        return false;
        return true;
}

/* --- zones */

static int zones_compare_claims(const void *a, const void *b)
{
        const Claim *c1 = a, *c2 = b;
        int order = c1->domain.n != c2->domain.n ? c1->domain.n - c2->domain.n
                                                 : memcmp(c1->domain.name, c2->domain.name, c1->domain.n);

        return order ? order : (c1->link->ifindex > c2->link->ifindex) - (c1->link->ifindex < c2->link->ifindex);
}

static void zones_name(ForwardConfig *zone, const Link *const *links, size_t n)
{
        size_t at = 0;

        for (size_t i = 0; i < n && at < sizeof(zone->name); i++)
                at += (size_t) snprintf(zone->name + at, sizeof(zone->name) - at, "%s%s", i ? "+" : "%",
                                        links[i]->name);
}

static bool zones_add_servers(const Builder *b, ForwardConfig *zone, const Link *const *links, size_t n)
{
        size_t share = MAX(FORWARD_SERVERS_MAX / n, (size_t) 1);

        zone->servers = calloc(FORWARD_SERVERS_MAX, sizeof(*zone->servers));
        if (!zone->servers)
                return false;
        for (size_t i = 0; i < n; i++) {
                size_t end = MIN(zone->n_servers + share, (size_t) FORWARD_SERVERS_MAX);

                for (size_t k = 0; k < links[i]->n_servers && zone->n_servers < end; k++)
                        if (zones_read_server(b->config, links[i], k, &zone->servers[zone->n_servers]))
                                zone->n_servers++;
        }
        zone->n_servers = config_drop_duplicates(zone->servers, zone->n_servers);
        return true;
}

static bool zones_have_same_servers(const ForwardConfig *a, const ForwardConfig *b)
{
        if (a->n_servers != b->n_servers)
                return false;
        for (size_t i = 0; i < a->n_servers; i++)
                if (!address_equal(&a->servers[i], &b->servers[i]))
                        return false;
        return true;
}

/* Returns the zone with the servers of these links, or NULL if out of memory. */
static ForwardConfig *zones_of_links(Builder *b, const Link *const *links, size_t n)
{
        ForwardConfig zone = { .links = true }, *grown;
        LinkZones *z = b->zones;

        if (!zones_add_servers(b, &zone, links, n)) {
                forward_config_deinit(&zone);
                return NULL;
        }
        for (size_t i = 0; i < z->n; i++)
                if (zones_have_same_servers(&z->zones[i], &zone)) {
                        forward_config_deinit(&zone);
                        return &z->zones[i];
                }
        grown = reallocarray(z->zones, z->n + 1, sizeof(*grown));
        if (!grown) {
                forward_config_deinit(&zone);
                return NULL;
        }
        zones_name(&zone, links, n);
        z->zones = grown;
        grown[z->n] = zone;
        return &grown[z->n++];
}

static bool zones_is_static(const Config *c, const Domain *d)
{
        for (size_t i = 0; i < c->n_forwards; i++)
                for (size_t k = 0; k < c->forwards[i].n_domains; k++)
                        if (c->forwards[i].domains[k].n == d->n &&
                            memcmp(c->forwards[i].domains[k].name, d->name, d->n) == 0)
                                return true;
        return false;
}

/* Returns the links that claim the domain at `at`, in `links`, and where the next domain is. */
static size_t zones_claimants(const Builder *b, size_t at, const Link **links, size_t *ret_next)
{
        const Domain *d = &b->claims[at].domain;
        size_t n = 0;

        for (; at < b->n_claims && b->claims[at].domain.n == d->n &&
               memcmp(b->claims[at].domain.name, d->name, d->n) == 0;
             at++)
                if (n == 0 || links[n - 1] != b->claims[at].link)
                        links[n++] = b->claims[at].link;
        *ret_next = at;
        return n;
}

static bool zones_make(Builder *b)
{
        _cleanup_(freep) const Link **links = calloc(b->n_links + 1, sizeof(const Link *));
        size_t n, next;

        if (!links)
                return false;
        for (size_t at = 0; at < b->n_claims; at = next) {
                ForwardConfig *zone;
                Domain *grown;

                n = zones_claimants(b, at, links, &next);
                if (zones_is_static(b->config, &b->claims[at].domain))
                        continue;
                zone = zones_of_links(b, links, n);
                grown = zone ? reallocarray(zone->domains, zone->n_domains + 1, sizeof(*grown)) : NULL;
                if (!grown)
                        return false;
                zone->domains = grown;
                grown[zone->n_domains++] = b->claims[at].domain;
        }
        return true;
}

static bool zones_make_single_label(Builder *b)
{
        _cleanup_(freep) const Link **links = calloc(b->n_links + 1, sizeof(const Link *));
        ForwardConfig *zone;
        size_t n = 0;

        if (!links)
                return false;
        for (size_t i = 0; i < b->n_links; i++)
                if (link_is_default_route(b->links[i]))
                        links[n++] = b->links[i];
        if (n == 0)
                return true;
        zone = zones_of_links(b, links, n);
        if (zone)
                zone->single_label = true;
        return zone;
}

static bool zones_use_link(const Config *config, const Link *l)
{
        return links_config_uses(&config->links, l->name) && zones_have_server(config, l);
}

static bool zones_choose_links(Builder *b, const LinkTable *links)
{
        b->links = calloc(links->n + 1, sizeof(const Link *));
        if (!b->links)
                return false;
        for (size_t i = 0; i < links->n; i++)
                if (zones_use_link(b->config, links->links[i]))
                        b->links[b->n_links++] = links->links[i];
        return true;
}

bool link_zones_init(LinkZones *z, const Config *config, const LinkTable *links)
{
        _cleanup_(zones_builder_deinit) Builder b = { .config = config, .zones = z };

        *z = (LinkZones) { 0 };
        if (!links)
                return true;
        if (!zones_choose_links(&b, links))
                return false;
        for (size_t i = 0; i < b.n_links; i++)
                if (!zones_claim_domains(&b, b.links[i]))
                        return false;
        if (!zones_claim_root(&b))
                return false;
        if (b.n_claims)
                qsort(b.claims, b.n_claims, sizeof(*b.claims), zones_compare_claims);
        return zones_make(&b) && (!config->links.single_label || zones_make_single_label(&b));
}

void link_zones_deinit(LinkZones *z)
{
        for (size_t i = 0; i < z->n; i++)
                forward_config_deinit(&z->zones[i]);
        free(z->zones);
        *z = (LinkZones) { 0 };
}

/* --- search domains */

static bool zones_has_word(const char *words, const char *word)
{
        size_t n = strlen(word);

        for (const char *p = words; (p = strstr(p, word)); p++)
                if ((p == words || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
                        return true;
        return false;
}

void link_search_domains(const Config *config, const LinkTable *links, char ret[LINK_SEARCH_MAX])
{
        size_t n = 0;

        ret[0] = 0;
        for (size_t i = 0; i < links->n; i++) {
                const Link *l = links->links[i];

                for (size_t k = 0; k < l->n_domains && zones_use_link(config, l); k++) {
                        char text[NAME_TEXT_MAX];

                        link_domain_to_text(&l->domains[k], text);
                        if (l->domains[k].route_only || text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] ||
                            zones_has_word(ret, text) || n + 1 + strlen(text) >= LINK_SEARCH_MAX)
                                continue;
                        n += (size_t) snprintf(ret + n, LINK_SEARCH_MAX - n, "%s%s", n ? " " : "", text);
                }
        }
}
