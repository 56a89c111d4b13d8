/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/config/config_parser.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/config_text.h"

/* Removes the last character unless it is ASCII, because it may have been cut off. */
static void config_mend_end(char *text, size_t n)
{
        size_t start = n;

        while (start > 0 && n - start < 4 && ((unsigned char) text[start - 1] & 0xc0) == 0x80)
                start--;
        if (start > 0 && (unsigned char) text[start - 1] >= 0xc0)
                text[start - 1] = 0;
}

static void config_keep_error(ConfigParser *parser, const ConfigMessage *m)
{
        char line[16] = "";

        if (m->line)
                snprintf(line, sizeof(line), "%u:", m->line);
        snprintf(parser->last_error, sizeof(parser->last_error), "%s%s%s%s%s", m->file ?: "", m->file ? ":" : "", line,
                 m->file ? " " : "", m->text);
}

void config_blame(ConfigParser *parser, bool hides)
{
        if (!parser->blamed)
                parser->blamed = strdup(parser->last_error);
        parser->hides = parser->hides || hides;
}

void config_say(ConfigParser *parser, ConfigSeverity severity, const char *format, ...)
{
        char text[1024];
        ConfigMessage m = { .severity = severity,
                            .file = parser->text ? parser->text->name : NULL,
                            .line = parser->line,
                            .text = text };
        va_list ap;

        va_start(ap, format);
        if (vsnprintf(text, sizeof(text), format, ap) >= (int) sizeof(text))
                config_mend_end(text, sizeof(text) - 1);
        va_end(ap);
        if (severity == CONFIG_ERROR) {
                parser->errors++;
                config_keep_error(parser, &m);
        }
        if (parser->report)
                parser->report(parser->userdata, &m);
}

const char *config_shown(const char *text, char ret[CONFIG_SHOWN_MAX])
{
        static const char more[] = "...";
        size_t n = strnlen(text, CONFIG_SHOWN_MAX - 1);

        memcpy(ret, text, n);
        ret[n] = 0;
        if (text[n]) {
                n -= sizeof(more) - 1;
                ret[n] = 0;
                config_mend_end(ret, n);
                memcpy(ret + strlen(ret), more, sizeof(more));
        }
        for (char *p = ret; *p; p++)
                if (iscntrl((unsigned char) *p))
                        *p = '?';
        return ret;
}

/* Does it look as if a comment were to follow the value? */
static bool config_has_comment(const char *value)
{
        for (const char *p = value; (p = strpbrk(p, "#;")); p++)
                if (p == value || p[-1] == ' ' || p[-1] == '\t')
                        return true;
        return false;
}

void config_refuse(ConfigParser *parser, const ConfigKey *k, const char *value, const char *reason)
{
        bool upstream = strcmp(k->section, CONFIG_SECTION_UPSTREAM) == 0;
        bool forward = strcmp(k->section, CONFIG_SECTION_FORWARD) == 0;
        char shown[CONFIG_SHOWN_MAX];

        config_say(parser, CONFIG_ERROR, "[%s] %s=%s: %s, expected %s%s", parser->section, k->name,
                   config_shown(value, shown), reason, k->expected,
                   config_has_comment(value) ? "; a comment must be on a line of its own" : "");
        if (upstream || forward || k->upstreams)
                config_blame(parser, forward || k->upstreams);
        if (upstream && k->vital && !parser->upstreams[parser->named].refused)
                parser->upstreams[parser->named].refused = k->name;
        if (!upstream && k->vital)
                parser->trust_anchors_refused = true;
}

/* --- defaults, and the builders of upstreams */

void config_set_defaults(Config *c)
{
        c->policy = POLICY_ORDERED;
        c->query_timeout = 4500 * USEC_PER_MSEC;
        c->hedge = HEDGE_ON_SUSPECT;
        c->padding = true;
        c->resolve1 = RESOLVE1_AUTO;
        c->early_data = true;
        c->log_level = 6;
        c->cache = true;
        c->cache_size = 8 << 20;
        c->max_ttl = USEC_PER_DAY;
        c->negative_max_ttl = USEC_PER_HOUR;
        c->serve_stale = true;
        c->stale_max = USEC_PER_DAY;
        c->prefetch = false;
        c->persist = false;
        c->health = MODE_LAZY;
        c->active_interval = 30 * USEC_PER_SEC;
        c->probe_timeout = 2500 * USEC_PER_MSEC;
        c->backoff = 2 * USEC_PER_SEC;
        c->backoff_max = 5 * USEC_PER_MINUTE;
        c->rise = 1;
        c->idle_max = 60 * USEC_PER_SEC;
        c->preconnect = PRECONNECT_OFF;
        c->local = (LocalConfig) {
                .hostname = true,
                .localhost = true,
                .invalid = true,
                .onion = true,
                .alt = true,
                .resolver_arpa = true,
                .local = true,
                .internal = true,
                .home_arpa = true,
                .private_reverse = true,
                .single_label = true,
        };
        c->links = (LinksConfig) { .use = LINKS_YES, .default_route = LINKS_EXPLICIT, .reverse = true };
}

void upstream_config_deinit(UpstreamConfig *u)
{
        config_clear_url(u);
        free(u->addresses);
        free(u->trust_anchors);
        free(u->pins);
}

void upstream_builder_deinit(UpstreamBuilder *u)
{
        upstream_config_deinit(&u->config);
}

UpstreamBuilder *config_find_named(const ConfigParser *parser, const char *name)
{
        for (size_t i = 0; i < parser->n_upstreams; i++)
                if (strcmp(parser->upstreams[i].config.name, name) == 0)
                        return &parser->upstreams[i];
        return NULL;
}

/* Another file names it. If it was a default upstream, its place is here, among those that were chosen. */
static UpstreamBuilder *config_choose(ConfigParser *parser, UpstreamBuilder *u)
{
        UpstreamBuilder chosen = *u, *last = &parser->upstreams[parser->n_upstreams - 1];

        chosen.elsewhere = true;
        if (!u->is_default) {
                *u = chosen;
                return u;
        }
        chosen.text = parser->text;
        chosen.line = parser->line;
        memmove(u, u + 1, (size_t) (last - u) * sizeof(*u));
        *last = chosen;
        return last;
}

UpstreamBuilder *config_find_upstream(ConfigParser *parser, const char *name)
{
        UpstreamBuilder *u = name ? config_find_named(parser, name) : NULL, *grown;

        if (u)
                return u->text == parser->text || u->elsewhere ? u : config_choose(parser, u);
        if (parser->n_upstreams >= CONFIG_UPSTREAMS_MAX)
                return NULL;
        grown = reallocarray(parser->upstreams, parser->n_upstreams + 1, sizeof(*grown));
        if (!grown)
                return NULL;
        parser->upstreams = grown;
        u = &grown[parser->n_upstreams++];
        *u = (UpstreamBuilder) {
                .config = { .method = METHOD_UNSET, .health = HEALTH_UNSET },
                .one_line = !name,
                .text = parser->text,
                .line = parser->line,
        };
        if (name)
                snprintf(u->config.name, sizeof(u->config.name), "%s", name);
        return u;
}

/* --- addresses */

size_t config_drop_duplicates(Address *a, size_t n)
{
        size_t kept = 0;

        for (size_t i = 0; i < n; i++) {
                size_t k = 0;

                while (k < kept && !address_equal(&a[i], &a[k]))
                        k++;
                if (k == kept)
                        a[kept++] = a[i];
        }
        return kept;
}

bool config_is_loop(const Config *c, const Address *a)
{
        for (size_t i = 0; i < c->n_listen; i++) {
                Address l = c->listen[i];

                /* The unspecified address includes 127.0.0.1 and ::1. */
                if (address_is_unspecified(&l) && address_is_loopback(a) && l.port == a->port)
                        return true;
                if (address_same_host(&l, a) && l.port == a->port)
                        return true;
        }
        return false;
}
