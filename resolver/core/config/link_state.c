/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/config/link_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define HEADER "dohmouse links 1\n"
#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)
#define LINE_MAX_SIZE 1280

static uint64_t state_checksum(const char *text, size_t n)
{
        uint64_t hash = FNV_OFFSET;

        for (size_t i = 0; i < n; i++)
                hash = (hash ^ (uint8_t) text[i]) * FNV_PRIME;
        return hash;
}

/* --- writing */

typedef struct Text {
        char *p;
        size_t n, size;
        bool failed;
} Text;

static void _printf_(2, 3) state_put(Text *t, const char *format, ...)
{
        char line[LINE_MAX_SIZE], *grown;
        va_list list;
        int n;

        va_start(list, format);
        n = vsnprintf(line, sizeof(line), format, list);
        va_end(list);
        if (n < 0 || (size_t) n >= sizeof(line))
                t->failed = true;
        if (t->failed)
                return;
        if (t->n + (size_t) n + 1 > t->size) {
                t->size = 2 * (t->size + sizeof(line));
                grown = realloc(t->p, t->size);
                if (!grown) {
                        t->failed = true;
                        return;
                }
                t->p = grown;
        }
        memcpy(t->p + t->n, line, (size_t) n + 1);
        t->n += (size_t) n;
}

static const char *const mode_keys[LINK_MODES] = {
        [LINK_LLMNR] = "llmnr",
        [LINK_MDNS] = "mdns",
        [LINK_DNS_OVER_TLS] = "dns-over-tls",
        [LINK_DNSSEC] = "dnssec",
};

static void state_put_link(Text *t, const Link *l)
{
        char text[MAX(NAME_TEXT_MAX, ADDRESS_TEXT_MAX)];

        state_put(t, "link %d %s\n", l->ifindex, l->name);
        state_put(t, "source %s\n", link_source_name(l->source));
        for (size_t i = 0; i < l->n_servers; i++) {
                address_to_text(&l->servers[i].address, text);
                state_put(t, "server %s%s%s\n", text, l->servers[i].name ? " " : "", l->servers[i].name ?: "");
        }
        for (size_t i = 0; i < l->n_domains; i++) {
                link_domain_to_text(&l->domains[i], text);
                /* "~" at the beginning stands for a routing domain: one that is of the name is escaped. */
                state_put(t, "domain %s%s%s\n", l->domains[i].route_only ? "~" : "", *text == '~' ? "\\126" : "",
                          text + (*text == '~'));
        }
        if (l->default_route != LINK_DEFAULT_ROUTE_UNSET)
                state_put(t, "default-route %s\n", l->default_route == LINK_DEFAULT_ROUTE_YES ? "yes" : "no");
        for (LinkMode i = 0; i < LINK_MODES; i++)
                if (*link_mode(l, i))
                        state_put(t, "%s %s\n", mode_keys[i], link_mode(l, i));
        for (size_t i = 0; i < l->n_negative_trust_anchors; i++)
                state_put(t, "negative-trust-anchor %s\n", l->negative_trust_anchors[i]);
}

char *link_state_write(const LinkTable *t)
{
        Text text = { 0 };

        state_put(&text, HEADER);
        for (size_t i = 0; i < t->n; i++)
                if (!link_is_empty(t->links[i]))
                        state_put_link(&text, t->links[i]);
        if (!text.failed)
                state_put(&text, "end %016llx\n", (unsigned long long) state_checksum(text.p, text.n));
        if (text.failed)
                free(text.p);
        return text.failed ? NULL : text.p;
}

/* --- reading */

/* What of a link was read so far. */
typedef struct Reader {
        LinkTable *table;
        Link *link;
        LinkServer servers[LINK_SERVERS_MAX];
        LinkDomain *domains; /* LINK_DOMAINS_MAX */
        const char *anchors[LINK_DOMAINS_MAX];
        size_t n_servers, n_domains, n_anchors;
} Reader;

/* The link is complete. */
static bool state_finish_link(Reader *r)
{
        Link *l = r->link;
        bool good = !l || (link_set_servers(l, r->servers, r->n_servers) >= 0 &&
                           link_set_domains(l, r->domains, r->n_domains) >= 0 &&
                           link_set_negative_trust_anchors(l, r->anchors, r->n_anchors) >= 0);

        r->n_servers = r->n_domains = r->n_anchors = 0;
        r->link = NULL;
        return good;
}

static bool state_begin_link(Reader *r, char *value)
{
        char *name = strchr(value, ' ');
        long ifindex = strtol(value, NULL, 10);

        if (!state_finish_link(r) || !name || ifindex <= 0 || ifindex > INT32_MAX || !name[1] ||
            strlen(name + 1) >= LINK_NAME_SIZE || link_table_find(r->table, (int) ifindex))
                return false;
        r->link = link_table_ensure(r->table, (int) ifindex, name + 1);
        return r->link;
}

static bool state_read_server(Reader *r, char *value)
{
        char *name = strchr(value, ' ');
        LinkServer *s = &r->servers[r->n_servers];

        if (r->n_servers >= LINK_SERVERS_MAX)
                return false;
        r->n_servers++;
        if (name)
                *name++ = 0;
        s->name = name;
        return address_from_text(value, 0, &s->address);
}

static bool state_read_domain(Reader *r, const char *value)
{
        bool route_only = *value == '~';

        if (r->n_domains == LINK_DOMAINS_MAX ||
            !link_domain_from_text(value + route_only, route_only, &r->domains[r->n_domains]))
                return false;
        r->n_domains++;
        return true;
}

static bool state_read_default_route(Reader *r, const char *value)
{
        bool yes = strcmp(value, "yes") == 0;

        link_set_default_route(r->link, yes ? LINK_DEFAULT_ROUTE_YES : LINK_DEFAULT_ROUTE_NO);
        return yes || strcmp(value, "no") == 0;
}

static bool state_read_anchor(Reader *r, char *value)
{
        if (r->n_anchors == LINK_DOMAINS_MAX)
                return false;
        r->anchors[r->n_anchors++] = value;
        return true;
}

static bool state_read_setting(Reader *r, const char *key, char *value)
{
        LinkSource source;

        if (strcmp(key, "link") == 0)
                return state_begin_link(r, value);
        if (!r->link)
                return false;
        if (strcmp(key, "source") == 0)
                return link_source_from_name(value, &source) && link_set_source(r->link, source) >= 0;
        if (strcmp(key, "server") == 0)
                return state_read_server(r, value);
        if (strcmp(key, "domain") == 0)
                return state_read_domain(r, value);
        if (strcmp(key, "default-route") == 0)
                return state_read_default_route(r, value);
        if (strcmp(key, "negative-trust-anchor") == 0)
                return state_read_anchor(r, value);
        for (LinkMode i = 0; i < LINK_MODES; i++)
                if (strcmp(key, mode_keys[i]) == 0)
                        return link_set_mode(r->link, i, value) >= 0;
        return false;
}

/* Reads the lines between header and end, and destroys them. */
static bool state_read_lines(Reader *r, char *text)
{
        char *line, *value, *rest = text;

        while ((line = strsep(&rest, "\n")) && (*line || rest)) {
                value = strchr(line, ' ');
                if (!value)
                        return false;
                *value++ = 0;
                if (!state_read_setting(r, line, value))
                        return false;
        }
        return state_finish_link(r);
}

/* Returns a copy of the lines between header and end, or NULL if the text is not whole. */
static char *state_unwrap(const char *text)
{
        size_t n = strlen(text), header = sizeof(HEADER) - 1;
        char end[32];
        int size;

        if (n < header || memcmp(text, HEADER, header) != 0)
                return NULL;
        size = snprintf(end, sizeof(end), "end %016llx\n", 0ull);
        if (n < header + (size_t) size)
                return NULL;
        n -= (size_t) size;
        snprintf(end, sizeof(end), "end %016llx\n", (unsigned long long) state_checksum(text, n));
        return strcmp(text + n, end) == 0 ? strndup(text + header, n - header) : NULL;
}

bool link_state_read(LinkTable *t, const char *text)
{
        _cleanup_(freep) char *lines = state_unwrap(text);
        _cleanup_(freep) Reader *r = lines ? calloc(1, sizeof(*r)) : NULL;
        bool good;

        if (!r || !(r->domains = calloc(LINK_DOMAINS_MAX, sizeof(*r->domains))))
                return false;
        r->table = t;
        good = state_read_lines(r, lines);
        free(r->domains);
        while (!good && t->n)
                link_table_remove(t, t->links[0]->ifindex);
        return good;
}
