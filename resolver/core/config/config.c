/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/config/config.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/config/config_parser.h"
#include "core/config/config_text.h"

/* --- lines */

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

/* The kinds of sections that have a name. */
static const struct {
        const char *kind;
        const char *one, *many;
        unsigned max;
} named_sections[] = {
        { CONFIG_SECTION_UPSTREAM, "an upstream", "upstreams", CONFIG_UPSTREAMS_MAX },
        { CONFIG_SECTION_FORWARD, "a forward", "forwards", CONFIG_FORWARDS_MAX },
};

/* The index of `name` among its kind; SIZE_MAX if there are too many. */
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
                config_say(
                        parser, CONFIG_ERROR,
                        "[%s %s]: not a valid name for %s, expected up to %d letters, digits, \"-\", \"_\" and \".\"",
                        kind, config_shown(name, shown), one, UPSTREAM_NAME_MAX);
                config_blame(parser, true);
                return;
        }
        place = config_find_place(parser, kind, name);
        if (place == SIZE_MAX) {
                config_say(parser, CONFIG_ERROR, "[%s %s]: too many %s, expected up to %u", kind, name,
                           named_sections[i].many, named_sections[i].max);
                config_blame(parser, true);
                return;
        }
        snprintf(parser->section, sizeof(parser->section), "%s %s", kind, name);
        parser->named = place;
        parser->kind = kind;
}

/*
 * A section that is unknown, but was certainly meant for dohmouse: with a warning alone, the default upstream would be
 * used instead of the one that it configures.
 */
static const char *config_section_meant(const char *name)
{
        static const struct {
                const char *prefix, *meant;
        } table[] = {
                { "Resolve", "[Resolver]" },
                { "DNS", "[Resolver]" },
                { "Upstream", "[Upstream NAME]" },
                { "Forward", "[Forward NAME]" },
        };

        name += strspn(name, " \t");
        for (size_t i = 0; i < ELEMENTS(table); i++)
                if (strncasecmp(name, table[i].prefix, strlen(table[i].prefix)) == 0)
                        return table[i].meant;
        return NULL;
}

static void config_say_unknown_section(ConfigParser *parser, const char *name)
{
        const char *meant = config_section_meant(name);
        char shown[CONFIG_SHOWN_MAX];

        if (!meant) {
                config_say(parser, CONFIG_WARNING, "unknown section [%s], ignoring", config_shown(name, shown));
                return;
        }
        config_say(parser, CONFIG_ERROR, "unknown section [%s], expected %s%s", config_shown(name, shown), meant,
                   strcmp(name, "Resolve") == 0 ? "; [Resolve] is a section of resolved.conf(5)" : "");
        config_blame(parser, true);
        parser->skipping = true;
}

static void config_take_section(ConfigParser *parser, const char *name)
{

        parser->kind = NULL;
        parser->skipping = false;
        snprintf(parser->section, sizeof(parser->section), "%s", name);
        for (size_t i = 0; i < ELEMENTS(named_sections); i++) {
                size_t n = strlen(named_sections[i].kind);

                if (strncmp(name, named_sections[i].kind, n) != 0 || (name[n] && !strchr(" \t", name[n])))
                        continue;
                config_take_named_section(parser, i, name + n + strspn(name + n, " \t"));
                parser->skipping = !parser->kind;
                return;
        }
        for (const ConfigKey *k = config_keys; k->name && !parser->kind; k++)
                if (strcmp(name, k->section) == 0)
                        parser->kind = k->section;
        if (!parser->kind && strncmp(name, "X-", 2) != 0)
                config_say_unknown_section(parser, name);
}

/* Keys that choose an upstream, wherever they stand and however they are written. */
static bool config_chooses_upstream(const char *name)
{
        static const char *const names[] = { "DNS",    "FallbackDNS", "URL",       "Address",
                                             "Server", "Servers",     "Upstreams", "Nameserver" };

        for (size_t i = 0; i < ELEMENTS(names); i++)
                if (strcasecmp(name, names[i]) == 0)
                        return true;
        return false;
}

/* An unknown key. If a key that matters for privacy was meant, it is an error: ignored, it would be as if it were not
 * there. */
static void config_say_unknown_key(ConfigParser *parser, const char *name)
{
        char shown[CONFIG_SHOWN_MAX];
        const ConfigKey *meant = NULL;
        bool vital, hides;

        for (const ConfigKey *k = config_keys; k->name; k++)
                if (strcasecmp(k->name, name) == 0 && (!meant || k->section == parser->kind))
                        meant = k;
        vital = meant && meant->vital && strcmp(meant->section, parser->kind) == 0;
        hides = strcmp(parser->kind, CONFIG_SECTION_RESOLVER) == 0 && config_chooses_upstream(name);
        config_say(parser, vital || hides ? CONFIG_ERROR : CONFIG_WARNING, "[%s] unknown key %s=%s%s%s%s%s%s",
                   parser->section, config_shown(name, shown), vital || hides ? "" : ", ignoring",
                   meant ? "; there is " : "", meant ? meant->name : "", meant ? "= in [" : "",
                   meant ? meant->section : "", meant ? "]" : "");
        if (vital || hides)
                config_blame(parser, hides);
        if (vital && strcmp(parser->kind, CONFIG_SECTION_UPSTREAM) == 0)
                parser->upstreams[parser->named].refused = meant->name;
        else if (vital)
                parser->trust_anchors_refused = true;
}

/* An assignment that belongs to no section that we know. */
static void config_say_stray(ConfigParser *parser, const char *name)
{
        bool outside = !parser->section[0], hides = config_chooses_upstream(name);
        char shown[CONFIG_SHOWN_MAX], section[CONFIG_SHOWN_MAX];

        if (outside)
                config_say(parser, hides ? CONFIG_ERROR : CONFIG_WARNING, "%s= is outside of any section%s",
                           config_shown(name, shown), hides ? "" : ", ignoring");
        else if (hides)
                config_say(parser, CONFIG_ERROR,
                           "[%s] %s= is in an unknown section, expected [Resolver] or [Upstream NAME]",
                           config_shown(parser->section, section), config_shown(name, shown));
        if (hides)
                config_blame(parser, true);
}

static void config_take_assignment(ConfigParser *parser, const char *name, const char *value)
{
        if (strncmp(name, "X-", 2) == 0 || strncmp(parser->section, "X-", 2) == 0)
                return;
        if (!parser->kind) {
                if (!parser->skipping)
                        config_say_stray(parser, name);
                return;
        }
        for (const ConfigKey *k = config_keys; k->name; k++)
                if (strcmp(k->section, parser->kind) == 0 && strcmp(k->name, name) == 0) {
                        config_assign(parser, k, value);
                        return;
                }
        config_say_unknown_key(parser, name);
}

/* The section was rejected with an error, so that its keys need none. */
static void config_skip_section(ConfigParser *parser)
{
        snprintf(parser->section, sizeof(parser->section), "?");
        parser->kind = NULL;
        parser->skipping = true;
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
                /* In [Resolver], it may have been DNS=. */
                if (parser->kind && strcmp(parser->kind, CONFIG_SECTION_RESOLVER) == 0) {
                        config_say(parser, CONFIG_ERROR, "%s", value);
                        config_blame(parser, true);
                } else
                        config_say(parser, CONFIG_WARNING, "%s, ignoring", value);
                break;
        case LINE_BAD_SECTION:
                /* What follows belongs to no section, least of all to the one before. */
                config_say(parser, CONFIG_ERROR, "%s, ignoring everything up to the next section", value);
                config_blame(parser, true);
                config_skip_section(parser);
                break;
        case LINE_FATAL:
                config_say(parser, CONFIG_ERROR, "%s", value);
                config_blame(parser, true);
                break;
        }
}

/* --- what can be checked only once everything has been read */

/* Returns NULL, or why the upstream cannot be used. */
static const char *config_finish_upstream(const ConfigParser *parser, UpstreamBuilder *builder)
{
        static const char template[] = "{?dns}";
        const Config *c = parser->config;
        UpstreamConfig *u = &builder->config;
        size_t n = u->url ? strlen(u->url) : 0;

        if (!u->url)
                return "URL= is missing";
        if (u->n_addresses == 0)
                return "Address= is missing; it is required, because the host name in URL= is never resolved";
        if (parser->trust_anchors_refused && !u->trust_anchors && !c->trust_anchors)
                return "TrustAnchors= in [Resolver] was rejected";
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
                        return "dohmouse itself listens on its address";
        }
        u->n_addresses = config_drop_duplicates(u->addresses, u->n_addresses);
        return NULL;
}

/* Names an upstream from DNS= after its host: "dns.example", or "dns.example-2" if that is taken. */
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

/* An upstream with Default= is used only if nobody has chosen one: by another upstream, or by naming this one in
 * another file. */
static bool config_is_stand_in(const UpstreamBuilder *u)
{
        return u->is_default && !u->elsewhere;
}

/* Two upstreams with one URL fail together, and make it look as if there were a second one. */
static void config_warn_of_twin(ConfigParser *parser, const UpstreamConfig *u)
{
        const Config *c = parser->config;

        for (size_t i = 0; i < c->n_upstreams; i++)
                if (strcmp(c->upstreams[i].url, u->url) == 0) {
                        config_say(parser, CONFIG_WARNING,
                                   "[Upstream %s] has the same URL= as [Upstream %s]; to use several addresses of one "
                                   "server, list them in Address= of one section",
                                   u->name, c->upstreams[i].name);
                        return;
                }
}

static void config_add_file(ConfigParser *parser, ConfigFileKind kind, const char *section, const char *path,
                            const ConfigPlace *at)
{
        Config *c = parser->config;
        ConfigFile *grown = reallocarray(c->files, c->n_files + 1, sizeof(*grown));

        if (!grown)
                return;
        c->files = grown;
        grown[c->n_files++] = (ConfigFile) {
                .kind = kind,
                .path = path,
                .section = section,
                .name = at->text ? strdup(at->text->name) : NULL,
                .line = at->line,
        };
}

/* Returns why the upstream is left out, or NULL: then the configuration has it. */
static const char *config_take_upstream(ConfigParser *parser, UpstreamBuilder *u)
{
        Config *c = parser->config;
        const char *wrong = c->upstreams ? config_finish_upstream(parser, u) : "out of memory";

        if (wrong)
                return wrong;
        config_warn_of_twin(parser, &u->config);
        c->upstreams[c->n_upstreams] = u->config;
        if (u->config.trust_anchors)
                config_add_file(parser, CONFIG_FILE_TRUST_ANCHORS, c->upstreams[c->n_upstreams].name,
                                u->config.trust_anchors, &u->trust_anchors_at);
        c->n_upstreams++;
        return NULL;
}

/* Says that there is no upstream, and remembers why. */
static void config_say_unusable(ConfigParser *parser, bool withheld)
{
        parser->text = NULL;
        parser->line = 0;
        if (withheld)
                config_say(parser, CONFIG_ERROR,
                           "no upstream: the default upstream is not used, because an error may hide another one");
        else
                config_say(parser, CONFIG_ERROR,
                           "no upstream, expected a section [Upstream NAME] with URL= and Address=, "
                           "or DNS= in [Resolver]");
        parser->config->unusable = parser->blamed ? take_pointer(parser->blamed) : strdup(parser->last_error);
        /* It goes to clients, cut to size, so that each byte has to stand for itself. */
        for (char *p = parser->config->unusable; p && *p; p++)
                if (*p < ' ' || *p > '~')
                        *p = '?';
}

static void config_take_upstreams(ConfigParser *parser)
{
        bool chosen = false, withheld = false;
        Config *c = parser->config;

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
                if (config_is_stand_in(u) && (chosen || parser->hides)) {
                        withheld = !chosen;
                        upstream_builder_deinit(u);
                        continue;
                }
                wrong = u->refused ? u->refused : config_take_upstream(parser, u);
                if (!wrong)
                        continue;
                config_say(parser, CONFIG_ERROR,
                           u->refused ? "[Upstream %s] is left out, because its %s= was rejected"
                                      : "[Upstream %s] is left out: %s",
                           u->config.name, wrong);
                config_blame(parser, false);
                upstream_builder_deinit(u);
        }
        free(parser->upstreams);
        if (c->n_upstreams == 0)
                config_say_unusable(parser, withheld);
        parser->text = NULL;
        parser->line = 0;
}

static void config_finish(ConfigParser *parser)
{
        Config *c = parser->config;

        parser->text = NULL;
        parser->line = 0;
        if (!parser->allow_from_given)
                config_allow_local_networks(parser);
        if (c->n_listen == 0) {
                c->listen = c->listen ?: malloc(sizeof(*c->listen));
                if (c->listen && address_from_text("127.0.0.53", 53, c->listen))
                        c->n_listen = 1;
        }
        if (!c->local.hosts_file) {
                c->local.hosts_file = strdup("/etc/hosts");
                parser->hosts_file_at = (ConfigPlace) { 0 };
        }
        c->n_listen = config_drop_duplicates(c->listen, c->n_listen);
        if (c->backoff > c->backoff_max) {
                config_say(parser, CONFIG_ERROR,
                           "[Health] BackoffSec= is greater than BackoffMaxSec=, which is used for both");
                c->backoff = c->backoff_max;
        }
        if (c->trust_anchors)
                config_add_file(parser, CONFIG_FILE_TRUST_ANCHORS, NULL, c->trust_anchors, &parser->trust_anchors_at);
        if (c->local.hosts_file && *c->local.hosts_file)
                config_add_file(parser, CONFIG_FILE_HOSTS, NULL, c->local.hosts_file, &parser->hosts_file_at);
        config_take_forwards(parser);
        config_take_upstreams(parser);
}

static void config_read_text(ConfigParser *parser, const ConfigText *text)
{
        parser->text = text;
        parser->line = 0;
        parser->section[0] = 0;
        parser->kind = NULL;
        parser->skipping = false;
        if (!text->error) {
                config_read_lines(text->text, text->n, config_on_line, parser);
                return;
        }
        config_say(parser, CONFIG_ERROR, "%s", text->error);
        config_blame(parser, true);
}

Config *config_parse(const ConfigText *texts, size_t n, ConfigReport report, void *userdata, unsigned *ret_errors)
{
        Config *c = calloc(1, sizeof(*c));
        ConfigParser parser = { .config = c, .report = report, .userdata = userdata };

        if (!c)
                return NULL;
        c->refs = 1;
        config_set_defaults(c);
        for (size_t i = 0; i < n; i++)
                config_read_text(&parser, &texts[i]);
        config_finish(&parser);
        free(parser.blamed);
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
                upstream_config_deinit(&c->upstreams[i]);
        for (size_t i = 0; i < c->n_forwards; i++)
                forward_config_deinit(&c->forwards[i]);
        for (size_t i = 0; i < c->n_files; i++)
                free(c->files[i].name);
        free(c->upstreams);
        free(c->forwards);
        free(c->listen);
        free(c->allow_from);
        free(c->trust_anchors);
        free(c->clock_names);
        free(c->clock_servers);
        free(c->local.hosts_file);
        links_config_deinit(&c->links);
        free(c->files);
        free(c->unusable);
        free(c);
        return NULL;
}

static bool config_same_text(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}

const char *config_unusable(const Config *c)
{
        return c->n_upstreams > 0 ? NULL : c->unusable ?: "no upstream";
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
