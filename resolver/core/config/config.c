/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/config/config.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/config/config_parser.h"
#include "core/config/config_text.h"

/* --- what is said about it */

/* Takes away the last character, unless it is ASCII: its rest may have been cut off. */
static void config_mend_end(char *text, size_t n)
{
        size_t start = n;

        while (start > 0 && n - start < 4 && ((unsigned char) text[start - 1] & 0xc0) == 0x80)
                start--;
        if (start > 0 && (unsigned char) text[start - 1] >= 0xc0)
                text[start - 1] = 0;
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
        if (severity == CONFIG_ERROR)
                parser->errors++;
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

void config_refuse(ConfigParser *parser, const ConfigKey *k, const char *value, const char *reason)
{
        char shown[CONFIG_SHOWN_MAX];

        config_say(parser, CONFIG_ERROR, "[%s] %s=%s: %s, expected %s", parser->section, k->name,
                   config_shown(value, shown), reason, k->expected);
        if (k->vital && !parser->upstreams[parser->named].refused)
                parser->upstreams[parser->named].refused = k->name;
}

/* --- defaults, and upstreams while they are being read */

void config_set_defaults(Config *c)
{
        c->policy = POLICY_ORDERED;
        c->query_timeout = 4500 * USEC_PER_MSEC;
        c->hedge = HEDGE_ON_SUSPECT;
        c->padding = true;
        c->log_level = 6;
        c->cache = true;
        c->cache_size = 8 << 20;
        c->max_ttl = USEC_PER_DAY;
        c->negative_max_ttl = USEC_PER_HOUR;
        c->serve_stale = true;
        c->stale_max = USEC_PER_DAY;
        c->prefetch = false;
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
}

static void config_upstream_deinit(UpstreamConfig *u)
{
        config_clear_url(u);
        free(u->addresses);
        free(u->trust_anchors);
        free(u->pins);
}

void upstream_builder_deinit(UpstreamBuilder *u)
{
        config_upstream_deinit(&u->config);
}

static UpstreamBuilder *config_find_named(const ConfigParser *parser, const char *name)
{
        for (size_t i = 0; i < parser->n_upstreams; i++)
                if (strcmp(parser->upstreams[i].config.name, name) == 0)
                        return &parser->upstreams[i];
        return NULL;
}

/* A second file speaks of it. If it was a stand-in, its place is here, among those that were chosen. */
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

/* --- lines */

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

/* Sections of which there may be several, each with a name. */
static const struct {
        const char *kind;
        const char *one;
        unsigned max;
} named_sections[] = {
        { CONFIG_SECTION_UPSTREAM, "an upstream", CONFIG_UPSTREAMS_MAX },
        { CONFIG_SECTION_FORWARD, "a forward", CONFIG_FORWARDS_MAX },
};

/* The place of the one called `name` among its kind; SIZE_MAX if there are too many. */
static size_t config_find_place(ConfigParser *parser, const char *kind, const char *name)
{
        UpstreamBuilder *u;
        ForwardBuilder *f;

        if (strcmp(kind, CONFIG_SECTION_FORWARD) == 0) {
                f = config_find_forward(parser, name);
                return f ? (size_t) (f - parser->forwards) : SIZE_MAX;
        }
        u = config_find_upstream(parser, name);
        return u ? (size_t) (u - parser->upstreams) : SIZE_MAX;
}

static void config_take_named_section(ConfigParser *parser, size_t i, const char *name)
{
        const char *kind = named_sections[i].kind, *one = named_sections[i].one;
        size_t n = strlen(name), place;
        char shown[CONFIG_SHOWN_MAX];

        if (n == 0 || n > UPSTREAM_NAME_MAX || strspn(name, NAME_CHARACTERS) != n) {
                config_say(parser, CONFIG_ERROR,
                           "[%s %s]: not a name for %s, expected up to %d letters, digits, \"-\", \"_\" and \".\"",
                           kind, config_shown(name, shown), one, UPSTREAM_NAME_MAX);
                return;
        }
        place = config_find_place(parser, kind, name);
        if (place == SIZE_MAX) {
                config_say(parser, CONFIG_ERROR, "[%s %s]: one%s too many, expected up to %u", kind, name,
                           strchr(one, ' '), named_sections[i].max);
                return;
        }
        snprintf(parser->section, sizeof(parser->section), "%s %s", kind, name);
        parser->named = place;
        parser->kind = kind;
}

static void config_take_section(ConfigParser *parser, const char *name)
{
        char shown[CONFIG_SHOWN_MAX];

        parser->kind = NULL;
        snprintf(parser->section, sizeof(parser->section), "%s", name);
        for (size_t i = 0; i < ELEMENTS(named_sections); i++) {
                size_t n = strlen(named_sections[i].kind);

                if (strncmp(name, named_sections[i].kind, n) != 0 || (name[n] && !strchr(" \t", name[n])))
                        continue;
                config_take_named_section(parser, i, name + n + strspn(name + n, " \t"));
                return;
        }
        for (const ConfigKey *k = config_keys; k->name && !parser->kind; k++)
                if (strcmp(name, k->section) == 0)
                        parser->kind = k->section;
        if (!parser->kind && strncmp(name, "X-", 2) != 0)
                config_say(parser, CONFIG_WARNING, "unknown section [%s], ignoring", config_shown(name, shown));
}

/* A key that is not known: perhaps another was meant. */
static void config_say_unknown_key(ConfigParser *parser, const char *name)
{
        char shown[CONFIG_SHOWN_MAX];
        const ConfigKey *meant = NULL;

        for (const ConfigKey *k = config_keys; k->name; k++)
                if (strcasecmp(k->name, name) == 0 && (!meant || k->section == parser->kind))
                        meant = k;
        config_say(parser, CONFIG_WARNING, "[%s] unknown key %s=, ignoring%s%s%s%s%s", parser->section,
                   config_shown(name, shown), meant ? "; there is " : "", meant ? meant->name : "",
                   meant ? "= in [" : "", meant ? meant->section : "", meant ? "]" : "");
}

static void config_take_assignment(ConfigParser *parser, const char *name, const char *value)
{
        char shown[CONFIG_SHOWN_MAX];

        if (!parser->section[0]) {
                config_say(parser, CONFIG_WARNING, "%s= stands before the first section, ignoring",
                           config_shown(name, shown));
                return;
        }
        if (!parser->kind || strncmp(name, "X-", 2) == 0)
                return;
        for (const ConfigKey *k = config_keys; k->name; k++)
                if (strcmp(k->section, parser->kind) == 0 && strcmp(k->name, name) == 0) {
                        config_assign(parser, k, value);
                        return;
                }
        config_say_unknown_key(parser, name);
}

static void config_on_line(void *userdata, ConfigLine kind, unsigned line, char *name, char *value)
{
        ConfigParser *parser = userdata;

        parser->line = line;
        switch (kind) {
        case LINE_SECTION:
                config_take_section(parser, name);
                break;
        case LINE_ASSIGNMENT:
                config_take_assignment(parser, name, value);
                break;
        case LINE_BAD:
                config_say(parser, CONFIG_WARNING, "%s, ignoring", value);
                break;
        case LINE_BAD_SECTION:
                /* What follows belongs to none, least of all to the section before. */
                config_say(parser, CONFIG_ERROR, "%s, ignoring all up to the next section", value);
                snprintf(parser->section, sizeof(parser->section), "?");
                parser->kind = NULL;
                break;
        case LINE_FATAL:
                config_say(parser, CONFIG_ERROR, "%s", value);
                break;
        }
}

/* --- the whole: what can be told only when all has been read */

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

                /* Who listens everywhere listens on 127.0.0.1 and ::1, too. */
                if (address_is_unspecified(&l) && address_is_loopback(a) && l.port == a->port)
                        return true;
                if (address_same_host(&l, a) && l.port == a->port)
                        return true;
        }
        return false;
}

/* What keeps an upstream from being used, or NULL. */
static const char *config_finish_upstream(const Config *c, UpstreamBuilder *builder)
{
        static const char template[] = "{?dns}";
        UpstreamConfig *u = &builder->config;
        size_t n = u->url ? strlen(u->url) : 0;

        if (!u->url)
                return "URL= is missing";
        if (u->n_addresses == 0)
                return "Address= is missing, and nothing is resolved to resolve";
        if (u->method == METHOD_UNSET)
                u->method = n >= sizeof(template) && strcmp(u->url + n - (sizeof(template) - 1), template) == 0
                                    ? METHOD_GET
                                    : METHOD_POST;
        if (u->health == HEALTH_UNSET)
                u->health = c->health;
        for (size_t i = 0; i < u->n_addresses; i++) {
                if (u->addresses[i].port == 0)
                        u->addresses[i].port = u->port;
                if (config_is_loop(c, &u->addresses[i]))
                        return "its address is one that dohmouse itself listens on";
        }
        u->n_addresses = config_drop_duplicates(u->addresses, u->n_addresses);
        return NULL;
}

/* Names the upstream of a DNS= after its host: "dns.example", and "dns.example-2" if that is taken. */
static void config_name_one_line(ConfigParser *parser, UpstreamBuilder *u)
{
        char name[UPSTREAM_NAME_MAX + 1];
        size_t n = strnlen(u->config.host, UPSTREAM_NAME_MAX - 3);

        for (size_t i = 0; i < n; i++)
                name[i] = strchr(NAME_CHARACTERS, u->config.host[i]) ? u->config.host[i] : '-';
        name[n] = 0;
        for (unsigned i = 2; config_find_named(parser, name); i++)
                snprintf(name + n, sizeof(name) - n, "-%u", i);
        memcpy(u->config.name, name, sizeof(name));
}

/* An upstream with Default= stands in while nobody has chosen any: by another upstream, or by naming this one in a
 * second file. */
static bool config_is_stand_in(const UpstreamBuilder *u)
{
        return u->is_default && !u->elsewhere;
}

static void config_take_upstreams(ConfigParser *parser)
{
        Config *c = parser->config;
        bool chosen = false;

        for (size_t i = 0; i < parser->n_upstreams; i++)
                chosen = chosen || !config_is_stand_in(&parser->upstreams[i]);
        c->upstreams = calloc(parser->n_upstreams + 1, sizeof(*c->upstreams));
        for (size_t i = 0; i < parser->n_upstreams; i++) {
                UpstreamBuilder *u = &parser->upstreams[i];
                const char *wrong;

                if (u->one_line)
                        config_name_one_line(parser, u);
                parser->text = u->text;
                parser->line = u->line;
                if (chosen && config_is_stand_in(u)) {
                        upstream_builder_deinit(u);
                        continue;
                }
                if (u->refused) {
                        config_say(parser, CONFIG_ERROR, "[Upstream %s] is left out, as its %s= was refused",
                                   u->config.name, u->refused);
                        upstream_builder_deinit(u);
                        continue;
                }
                wrong = c->upstreams ? config_finish_upstream(c, u) : "out of memory";
                if (wrong) {
                        config_say(parser, CONFIG_ERROR, "[Upstream %s] is left out: %s", u->config.name, wrong);
                        upstream_builder_deinit(u);
                        continue;
                }
                c->upstreams[c->n_upstreams++] = u->config;
        }
        free(parser->upstreams);
        parser->text = NULL;
        parser->line = 0;
        if (c->n_upstreams == 0)
                config_say(parser, CONFIG_ERROR,
                           "no upstream, expected a section [Upstream NAME] with URL= and Address=, "
                           "or DNS= in [Resolver]");
}

static void config_finish(ConfigParser *parser)
{
        Config *c = parser->config;

        parser->text = NULL;
        parser->line = 0;
        if (c->n_listen == 0) {
                c->listen = c->listen ?: malloc(sizeof(*c->listen));
                if (c->listen && address_from_text("127.0.0.53", 53, c->listen))
                        c->n_listen = 1;
        }
        if (!c->local.hosts_file)
                c->local.hosts_file = strdup("/etc/hosts");
        c->n_listen = config_drop_duplicates(c->listen, c->n_listen);
        if (c->backoff > c->backoff_max) {
                config_say(parser, CONFIG_ERROR,
                           "[Health] BackoffSec= is greater than BackoffMaxSec=, which counts for both");
                c->backoff = c->backoff_max;
        }
        config_take_forwards(parser);
        config_take_upstreams(parser);
}

Config *config_parse(const ConfigText *texts, size_t n, ConfigReport report, void *userdata, unsigned *ret_errors)
{
        Config *c = calloc(1, sizeof(*c));
        ConfigParser parser = { .config = c, .report = report, .userdata = userdata };

        if (!c)
                return NULL;
        c->refs = 1;
        config_set_defaults(c);
        for (size_t i = 0; i < n; i++) {
                parser.text = &texts[i];
                parser.line = 0;
                parser.section[0] = 0;
                parser.kind = NULL;
                config_read_lines(texts[i].text, texts[i].n, config_on_line, &parser);
        }
        config_finish(&parser);
        *ret_errors = parser.errors;
        return c;
}

/* --- life */

Config *config_ref(Config *c)
{
        c->refs++;
        return c;
}

Config *config_unref(Config *c)
{
        if (!c || --c->refs > 0)
                return NULL;
        for (size_t i = 0; i < c->n_upstreams; i++)
                config_upstream_deinit(&c->upstreams[i]);
        for (size_t i = 0; i < c->n_forwards; i++)
                forward_config_deinit(&c->forwards[i]);
        free(c->upstreams);
        free(c->forwards);
        free(c->listen);
        free(c->trust_anchors);
        free(c->local.hosts_file);
        free(c);
        return NULL;
}

static bool config_same_text(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}

bool upstream_config_equal(const UpstreamConfig *a, const UpstreamConfig *b)
{
        if (strcmp(a->name, b->name) != 0 || !config_same_text(a->url, b->url) || a->method != b->method ||
            a->health != b->health || !config_same_text(a->trust_anchors, b->trust_anchors) ||
            a->n_addresses != b->n_addresses || a->n_pins != b->n_pins)
                return false;
        for (size_t i = 0; i < a->n_addresses; i++)
                if (!address_equal(&a->addresses[i], &b->addresses[i]))
                        return false;
        return a->n_pins == 0 || memcmp(a->pins, b->pins, a->n_pins * PIN_SIZE) == 0;
}
