/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/config/config_parser.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "core/config/config_text.h"
#include "core/config/units.h"

/* --- plain values */

static const char *keys_parse_span(ConfigParser *parser, const ConfigKey *k, void *field, const char *value)
{
        uint64_t v;

        (void) parser;
        if (!parse_time_span(value, &v))
                return "not a time span";
        if (v < k->low || v > k->high)
                return "out of range";
        *(uint64_t *) field = v;
        return NULL;
}

static const char *keys_parse_octets(ConfigParser *parser, const ConfigKey *k, void *field, const char *value)
{
        uint64_t v;

        (void) parser;
        if (!parse_size(value, &v))
                return "not a size";
        if (v < k->low || v > k->high)
                return "out of range";
        *(uint64_t *) field = v;
        return NULL;
}

static const char *keys_parse_number(ConfigParser *parser, const ConfigKey *k, void *field, const char *value)
{
        size_t n = strspn(value, "0123456789");
        uint64_t v = 0;

        (void) parser;
        if (value[n])
                return "not a number";
        for (size_t i = 0; i < n; i++) {
                v = v * 10 + (uint64_t) (value[i] - '0');
                if (v > k->high)
                        return "out of range";
        }
        if (v < k->low)
                return "out of range";
        *(unsigned *) field = (unsigned) v;
        return NULL;
}

static const char *keys_parse_boolean(ConfigParser *parser, const ConfigKey *k, void *field, const char *value)
{
        static const char *const words[] = { "0", "no", "n", "false", "f", "off", "1", "yes", "y", "true", "t", "on" };

        (void) parser;
        (void) k;
        for (size_t i = 0; i < ELEMENTS(words); i++)
                if (strcasecmp(value, words[i]) == 0) {
                        *(bool *) field = i >= 6;
                        return NULL;
                }
        return "not a boolean";
}

static const char *keys_parse_choice(ConfigParser *parser, const ConfigKey *k, void *field, const char *value)
{
        (void) parser;
        for (int i = 0; k->words[i]; i++)
                if (strcmp(value, k->words[i]) == 0) {
                        *(int *) field = i;
                        return NULL;
                }
        return "not one of the choices";
}

/* --- text */

/* Where messages say that the path of a setting stands. */
static ConfigPlace *keys_place_of(ConfigParser *parser, const ConfigKey *k)
{
        if (strcmp(k->section, CONFIG_SECTION_UPSTREAM) == 0)
                return &parser->upstreams[parser->named].trust_anchors_at;
        return strcmp(k->section, CONFIG_SECTION_RESOLVER) == 0 ? &parser->trust_anchors_at : &parser->hosts_file_at;
}

static const char *keys_parse_path(ConfigParser *parser, const ConfigKey *k, void *field, const char *value)
{
        char *copy;

        if (*value != '/')
                return "not an absolute path";
        copy = strdup(value);
        if (!copy)
                return "out of memory";
        free(*(char **) field);
        *(char **) field = copy;
        *keys_place_of(parser, k) = (ConfigPlace) { .text = parser->text, .line = parser->line };
        return NULL;
}

/* A path, or "no", which is stored as "". */
static const char *keys_parse_path_or_no(ConfigParser *parser, const ConfigKey *k, void *field, const char *value)
{
        bool yes;

        if (*value == '/')
                return keys_parse_path(parser, k, field, value);
        if (keys_parse_boolean(parser, k, &yes, value) || yes)
                return "neither an absolute path nor no";
        free(*(char **) field);
        *(char **) field = strdup("");
        return *(char **) field ? NULL : "out of memory";
}

static void keys_clear_path(ConfigParser *parser, const ConfigKey *k, void *field)
{
        (void) parser;
        (void) k;
        free(*(char **) field);
        *(char **) field = NULL;
}

static const char *keys_parse_url(ConfigParser *parser, const ConfigKey *k, void *field, const char *value)
{
        (void) parser;
        (void) k;
        return config_parse_url(field, value);
}

static void keys_clear_url(ConfigParser *parser, const ConfigKey *k, void *field)
{
        (void) parser;
        (void) k;
        config_clear_url(field);
}

/* --- lists: words separated by blanks. An invalid word is reported and left out, the others are used */

#define WORD_MAX 1536
#define INTERFACE_PATTERN_MAX 64
#define CLOCK_NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

static void keys_each_word(ConfigParser *parser, const ConfigKey *k, void *target, const char *value,
                           const char *(*take)(ConfigParser *parser, void *target, const char *word))
{
        while (*(value += strspn(value, " \t"))) {
                size_t n = strcspn(value, " \t");
                char word[WORD_MAX];
                const char *wrong;

                /* Not a word each, but one comment. */
                if (*value == '#' || *value == ';') {
                        config_refuse(parser, k, value, "not valid after a value");
                        return;
                }
                if (n >= sizeof(word)) {
                        config_refuse(parser, k, value, "too long");
                } else {
                        memcpy(word, value, n);
                        word[n] = 0;
                        wrong = take(parser, target, word);
                        if (wrong)
                                config_refuse(parser, k, word, wrong);
                }
                value += n;
        }
}

const char *config_add_address(Address **list, size_t *n, size_t max, const Address *a)
{
        Address *grown;

        if (*n >= max)
                return "too many addresses";
        grown = reallocarray(*list, *n + 1, sizeof(*grown));
        if (!grown)
                return "out of memory";
        *list = grown;
        grown[(*n)++] = *a;
        return NULL;
}

static const char *keys_take_listen(ConfigParser *parser, void *target, const char *word)
{
        Config *c = target;
        Address a;

        if (!address_from_text(word, 53, &a))
                return "not an address";
        if (address_is_multicast(&a))
                return "a multicast address";
        if (address_is_link_local(&a) && !a.interface[0])
                return "a link-local address requires %INTERFACE";
        if (a.port == 0)
                config_say(parser, CONFIG_WARNING, "[%s] Listen=%s: port 0 selects a random port at each start",
                           parser->section, word);
        return config_add_address(&c->listen, &c->n_listen, CONFIG_LIST_MAX, &a);
}

static const char *keys_parse_listen(ConfigParser *parser, const ConfigKey *k, void *field, const char *value)
{
        (void) field;
        keys_each_word(parser, k, parser->config, value, keys_take_listen);
        return NULL;
}

static void keys_clear_listen(ConfigParser *parser, const ConfigKey *k, void *field)
{
        (void) k;
        (void) field;
        parser->config->n_listen = 0;
}

static const char *keys_add_prefix(Config *c, const char *text)
{
        AddressPrefix p, *grown;
        const char *wrong = address_prefix_from_text(text, &p);

        if (wrong)
                return wrong;
        if (c->n_allow_from >= CONFIG_LIST_MAX)
                return "too many prefixes";
        grown = reallocarray(c->allow_from, c->n_allow_from + 1, sizeof(*grown));
        if (!grown)
                return "out of memory";
        c->allow_from = grown;
        grown[c->n_allow_from++] = p;
        return NULL;
}

/* The words are those of IPAddressAllow= in systemd.resource-control(5), and "private". */
static const char *keys_take_allow_from(ConfigParser *parser, void *target, const char *word)
{
        static const struct {
                const char *word, *prefixes[4];
        } words[] = {
                { "any", { "0.0.0.0/0", "::/0" } },
                { "link-local", { "169.254.0.0/16", "fe80::/64" } },
                { "localhost", { "127.0.0.0/8", "::1/128" } },
                { "private", { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7" } },
        };
        const char *wrong = NULL;

        parser->allow_from_given = true;
        for (size_t i = 0; i < ELEMENTS(words); i++)
                if (strcmp(words[i].word, word) == 0) {
                        for (size_t k = 0; k < ELEMENTS(words[i].prefixes) && words[i].prefixes[k] && !wrong; k++)
                                wrong = keys_add_prefix(target, words[i].prefixes[k]);
                        return wrong;
                }
        return keys_add_prefix(target, word);
}

static const char *keys_parse_allow_from(ConfigParser *parser, const ConfigKey *k, void *field, const char *value)
{
        (void) field;
        keys_each_word(parser, k, parser->config, value, keys_take_allow_from);
        return NULL;
}

static void keys_clear_allow_from(ConfigParser *parser, const ConfigKey *k, void *field)
{
        (void) k;
        (void) field;
        parser->allow_from_given = true;
        parser->config->n_allow_from = 0;
}

void config_allow_local_networks(ConfigParser *parser)
{
        keys_take_allow_from(parser, parser->config, "link-local");
        keys_take_allow_from(parser, parser->config, "private");
}

/* The address of a server; `port`, which may be 0, if it has none. */
static const char *keys_read_server(const char *word, uint16_t port, Address *ret)
{
        Address again;

        if (!address_from_text(word, port, ret))
                return "not an address";
        /* A port of 0 that was specified, not omitted. */
        if (ret->port == 0 && (!address_from_text(word, 1, &again) || again.port == 0))
                return "port 0 is not allowed";
        if (address_is_unspecified(ret) || address_is_multicast(ret))
                return "not a unicast address";
        if (address_is_link_local(ret) && !ret->interface[0])
                return "a link-local address requires %INTERFACE";
        return NULL;
}

static const char *keys_take_server(ConfigParser *parser, void *target, const char *word)
{
        UpstreamConfig *u = target;
        const char *wrong;
        Address a;

        (void) parser;
        wrong = keys_read_server(word, 0, &a);
        return wrong ? wrong : config_add_address(&u->addresses, &u->n_addresses, CONFIG_LIST_MAX, &a);
}

static const char *keys_parse_servers(ConfigParser *parser, const ConfigKey *k, void *field, const char *value)
{
        keys_each_word(parser, k, field, value, keys_take_server);
        return NULL;
}

static void keys_clear_servers(ConfigParser *parser, const ConfigKey *k, void *field)
{
        UpstreamConfig *u = field;

        (void) parser;
        (void) k;
        u->n_addresses = 0;
}

static const char *keys_take_pin(ConfigParser *parser, void *target, const char *word)
{
        UpstreamConfig *u = target;
        uint8_t pin[PIN_SIZE], (*grown)[PIN_SIZE];

        (void) parser;
        if (!config_parse_base64(word, pin, sizeof(pin)))
                return "not 32 bytes in base64";
        if (u->n_pins >= CONFIG_LIST_MAX)
                return "too many digests";
        grown = reallocarray(u->pins, u->n_pins + 1, sizeof(*grown));
        if (!grown)
                return "out of memory";
        u->pins = grown;
        memcpy(u->pins[u->n_pins++], pin, sizeof(pin));
        return NULL;
}

static const char *keys_parse_pins(ConfigParser *parser, const ConfigKey *k, void *field, const char *value)
{
        keys_each_word(parser, k, field, value, keys_take_pin);
        return NULL;
}

static void keys_clear_pins(ConfigParser *parser, const ConfigKey *k, void *field)
{
        UpstreamConfig *u = field;

        (void) parser;
        (void) k;
        u->n_pins = 0;
}

static const char *keys_take_domain(ConfigParser *parser, void *target, const char *word)
{
        (void) parser;
        return config_add_domains(target, word);
}

static const char *keys_parse_domains(ConfigParser *parser, const ConfigKey *k, void *field, const char *value)
{
        keys_each_word(parser, k, field, value, keys_take_domain);
        return NULL;
}

static void keys_clear_domains(ConfigParser *parser, const ConfigKey *k, void *field)
{
        ForwardConfig *f = field;

        (void) parser;
        (void) k;
        f->n_domains = 0;
}

static const char *keys_take_do53_server(ConfigParser *parser, void *target, const char *word)
{
        ForwardConfig *f = target;
        const char *wrong;
        Address a;

        (void) parser;
        wrong = keys_read_server(word, 53, &a);
        return wrong ? wrong : config_add_address(&f->servers, &f->n_servers, FORWARD_SERVERS_MAX, &a);
}

static const char *keys_parse_plain_servers(ConfigParser *parser, const ConfigKey *k, void *field, const char *value)
{
        keys_each_word(parser, k, field, value, keys_take_do53_server);
        return NULL;
}

static void keys_clear_plain_servers(ConfigParser *parser, const ConfigKey *k, void *field)
{
        ForwardConfig *f = field;

        (void) parser;
        (void) k;
        f->n_servers = 0;
}

/* yes, no, or names of interfaces. An invalid name leaves fewer links in use, not all. */
static const char *keys_take_interface(ConfigParser *parser, void *target, const char *word)
{
        LinksConfig *c = target;
        char **grown;
        bool yes;

        if (!keys_parse_boolean(parser, NULL, &yes, word)) {
                c->use = yes ? LINKS_YES : LINKS_NO;
                return NULL;
        }
        c->use = LINKS_LISTED;
        if (strlen(word) >= INTERFACE_PATTERN_MAX || strchr(word, '/'))
                return "not the name of an interface";
        if (c->n_interfaces >= CONFIG_LIST_MAX)
                return "too many interfaces";
        grown = reallocarray(c->interfaces, c->n_interfaces + 1, sizeof(*grown));
        if (!grown)
                return "out of memory";
        c->interfaces = grown;
        grown[c->n_interfaces] = strdup(word);
        if (!grown[c->n_interfaces])
                return "out of memory";
        c->n_interfaces++;
        return NULL;
}

static const char *keys_parse_interfaces(ConfigParser *parser, const ConfigKey *k, void *field, const char *value)
{
        keys_each_word(parser, k, field, value, keys_take_interface);
        return NULL;
}

static void keys_clear_interfaces(ConfigParser *parser, const ConfigKey *k, void *field)
{
        LinksConfig *c = field;

        (void) parser;
        (void) k;
        links_config_deinit(c);
        c->interfaces = NULL;
        c->n_interfaces = 0;
        c->use = LINKS_YES;
}

void links_config_deinit(LinksConfig *c)
{
        for (size_t i = 0; i < c->n_interfaces; i++)
                free(c->interfaces[i]);
        free(c->interfaces);
}

bool links_config_uses(const LinksConfig *c, const char *interface)
{
        for (size_t i = 0; c->use == LINKS_LISTED && i < c->n_interfaces; i++)
                if (fnmatch(c->interfaces[i], interface, 0) == 0)
                        return true;
        return c->use == LINKS_YES;
}

/* Lists that are kept as text, for core/query/clock_names.h. */
static const char *keys_append(char **text, const char *word)
{
        char *before = *text, *after;
        size_t n = before ? strlen(before) : 0, size = n + strlen(word) + 2;

        after = malloc(size);
        if (!after)
                return "out of memory";
        snprintf(after, size, "%s%s%s", n > 0 ? before : "", n > 0 ? " " : "", word);
        free(before);
        *text = after;
        return NULL;
}

static const char *keys_take_clock_name(ConfigParser *parser, void *target, const char *word)
{
        uint8_t name[DNS_NAME_MAX];
        Address a;

        (void) parser;
        if (address_from_text(word, 0, &a))
                return "an address needs no name";
        if (word[strspn(word, CLOCK_NAME_CHARACTERS)] || name_from_text(word, name) <= 1)
                return "not a name in ASCII";
        return keys_append(target, word);
}

static const char *keys_take_clock_server(ConfigParser *parser, void *target, const char *word)
{
        const char *wrong;
        Address a;

        (void) parser;
        wrong = keys_read_server(word, 53, &a);
        return wrong ? wrong : keys_append(target, word);
}

/* Words that are all invalid are none: no others are used in place of them. */
static const char *keys_parse_clock_names(ConfigParser *parser, const ConfigKey *k, void *field, const char *value)
{
        if (strcmp(value, "auto") == 0) {
                keys_clear_path(parser, k, field);
                return NULL;
        }
        keys_each_word(parser, k, field, value, keys_take_clock_name);
        return *(char **) field ? NULL : keys_append(field, "");
}

static const char *keys_parse_clock_servers(ConfigParser *parser, const ConfigKey *k, void *field, const char *value)
{
        keys_each_word(parser, k, field, value, keys_take_clock_server);
        return NULL;
}

static void keys_clear_clock_list(ConfigParser *parser, const ConfigKey *k, void *field)
{
        keys_clear_path(parser, k, field);
        keys_append(field, "");
}

/* "ADDRESS[:PORT]#URL" configures an upstream. The same URL again adds an address to it. */
static const char *keys_take_dns(ConfigParser *parser, void *target, const char *word)
{
        _cleanup_(freep) char *address = NULL;
        const char *hash = strchr(word, '#'), *wrong;
        UpstreamBuilder *u = NULL;

        (void) target;
        if (!hash)
                return "no \"#\" between address and URL";
        address = strndup(word, (size_t) (hash - word));
        if (!address)
                return "out of memory";
        for (size_t i = 0; i < parser->n_upstreams && !u; i++)
                if (parser->upstreams[i].one_line && strcmp(parser->upstreams[i].config.url, hash + 1) == 0)
                        u = &parser->upstreams[i];
        if (u)
                return keys_take_server(parser, &u->config, address);
        u = config_find_upstream(parser, NULL);
        if (!u)
                return "too many upstreams";
        wrong = config_parse_url(&u->config, hash + 1);
        if (!wrong)
                wrong = keys_take_server(parser, &u->config, address);
        if (wrong) {
                upstream_builder_deinit(u);
                parser->n_upstreams--;
        }
        return wrong;
}

static const char *keys_parse_dns(ConfigParser *parser, const ConfigKey *k, void *field, const char *value)
{
        (void) field;
        keys_each_word(parser, k, NULL, value, keys_take_dns);
        return NULL;
}

static void keys_clear_dns(ConfigParser *parser, const ConfigKey *k, void *field)
{
        size_t kept = 0;

        (void) k;
        (void) field;
        for (size_t i = 0; i < parser->n_upstreams; i++)
                if (parser->upstreams[i].one_line)
                        upstream_builder_deinit(&parser->upstreams[i]);
                else
                        parser->upstreams[kept++] = parser->upstreams[i];
        parser->n_upstreams = kept;
}

/* --- the keys: each has a row here, and one in dohmouse.conf(5) */

static const ConfigType type_span = { .parse = keys_parse_span, .size = sizeof(uint64_t) };
static const ConfigType type_octets = { .parse = keys_parse_octets, .size = sizeof(uint64_t) };
static const ConfigType type_number = { .parse = keys_parse_number, .size = sizeof(unsigned) };
static const ConfigType type_boolean = { .parse = keys_parse_boolean, .size = sizeof(bool) };
static const ConfigType type_choice = { .parse = keys_parse_choice, .size = sizeof(int) };
static const ConfigType type_path = { .parse = keys_parse_path, .clear = keys_clear_path };
static const ConfigType type_path_or_no = { .parse = keys_parse_path_or_no, .clear = keys_clear_path };
static const ConfigType type_url = { .parse = keys_parse_url, .clear = keys_clear_url };
static const ConfigType type_listen = { .parse = keys_parse_listen, .clear = keys_clear_listen };
static const ConfigType type_allow_from = { .parse = keys_parse_allow_from, .clear = keys_clear_allow_from };
static const ConfigType type_servers = { .parse = keys_parse_servers, .clear = keys_clear_servers };
static const ConfigType type_pins = { .parse = keys_parse_pins, .clear = keys_clear_pins };
static const ConfigType type_domains = { .parse = keys_parse_domains, .clear = keys_clear_domains };
static const ConfigType type_plain_servers = { .parse = keys_parse_plain_servers, .clear = keys_clear_plain_servers };
static const ConfigType type_interfaces = { .parse = keys_parse_interfaces, .clear = keys_clear_interfaces };
static const ConfigType type_clock_names = { .parse = keys_parse_clock_names, .clear = keys_clear_clock_list };
static const ConfigType type_clock_servers = { .parse = keys_parse_clock_servers, .clear = keys_clear_clock_list };
static const ConfigType type_dns = { .parse = keys_parse_dns, .clear = keys_clear_dns };

_Static_assert(sizeof(Policy) == sizeof(int) && sizeof(Hedge) == sizeof(int) && sizeof(PortalMode) == sizeof(int) &&
                       sizeof(Method) == sizeof(int) && sizeof(HealthMode) == sizeof(int) &&
                       sizeof(Resolve1Mode) == sizeof(int) && sizeof(Preconnect) == sizeof(int) &&
                       sizeof(LinksDefaultRoute) == sizeof(int),
               "a choice is stored as an int");

static const char *const policy_words[] = { "ordered", "fastest", NULL };
static const char *const hedge_words[] = { "on-suspect", "always", "no", NULL };
static const char *const portal_words[] = { "no", "ask-link", NULL };
static const char *const method_words[] = { "POST", "GET", NULL };
static const char *const mode_words[] = { "lazy", "active", "none", NULL };
static const char *const resolve1_words[] = { "no", "yes", "auto", NULL };
static const char *const preconnect_words[] = { "off", "on-network-up", NULL };
static const char *const default_route_words[] = { "explicit", "never", "always", NULL };
static const char *const level_words[] = {
        "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug", NULL
};

const char *log_level_name(int level)
{
        return level_words[CLAMP(level, 0, 7)];
}

int log_level_from_name(const char *name)
{
        for (int i = 0; level_words[i]; i++)
                if (strcmp(level_words[i], name) == 0)
                        return i;
        return -1;
}

#define GLOBAL(field) offsetof(Config, field)
#define UPSTREAM(field) offsetof(UpstreamBuilder, field)
#define FORWARD(field) offsetof(ForwardBuilder, field)
#define YES_OR_NO "yes or no"
#define SPAN(range) "a time span " range
#define MODE "lazy, active or none"
#define PEM "the absolute path of a PEM file or of a directory of PEM files"

const ConfigKey config_keys[] = {
        { "Resolver", "Listen", &type_listen, .expected = "ADDRESS[:PORT], such as 127.0.0.53:53 or [::1]:53" },
        { "Resolver", "AllowFrom", &type_allow_from,
          .expected = "address prefixes, such as 172.17.0.0/16, or any, link-local, localhost or private" },
        { "Resolver", "DNS", &type_dns,
          .expected = "ADDRESS[:PORT]#https://HOST[:PORT]/PATH, such as 9.9.9.9#https://dns.quad9.net/dns-query",
          .upstreams = true },
        { "Resolver", "Policy", &type_choice, GLOBAL(policy), .words = policy_words, .expected = "ordered or fastest" },
        { "Resolver", "QueryTimeoutSec", &type_span, GLOBAL(query_timeout), 500 * USEC_PER_MSEC, USEC_PER_MINUTE,
          .expected = SPAN("from 500ms to 1min") },
        { "Resolver", "Hedge", &type_choice, GLOBAL(hedge), .words = hedge_words,
          .expected = "on-suspect, always or no" },
        { "Resolver", "Portal", &type_choice, GLOBAL(portal), .words = portal_words, .expected = "no or ask-link" },
        { "Resolver", "Padding", &type_boolean, GLOBAL(padding), .expected = YES_OR_NO },
        { "Resolver", "EarlyData", &type_boolean, GLOBAL(early_data), .expected = YES_OR_NO },
        { "Resolver", "TrustAD", &type_boolean, GLOBAL(trust_ad), .expected = YES_OR_NO },
        { "Resolver", "TrustAnchors", &type_path, GLOBAL(trust_anchors), .expected = PEM, .vital = true },
        { "Resolver", "ClockNames", &type_clock_names, GLOBAL(clock_names),
          .expected = "auto, or names such as pool.ntp.org" },
        { "Resolver", "ClockServers", &type_clock_servers, GLOBAL(clock_servers),
          .expected = "ADDRESS[:PORT], such as 192.168.1.1 or [fd00::53]:5353" },
        { "Resolver", "Resolve1", &type_choice, GLOBAL(resolve1), .words = resolve1_words,
          .expected = "yes, no or auto" },
        { "Resolver", "LogLevel", &type_choice, GLOBAL(log_level), .words = level_words,
          .expected = "emerg, alert, crit, err, warning, notice, info or debug" },

        { "Cache", "Enable", &type_boolean, GLOBAL(cache), .expected = YES_OR_NO },
        { "Cache", "Size", &type_octets, GLOBAL(cache_size), 64 << 10, UINT64_C(4) << 30,
          .expected = "a size from 64K to 4G" },
        { "Cache", "MaxTTLSec", &type_span, GLOBAL(max_ttl), USEC_PER_SEC, 7 * USEC_PER_DAY,
          .expected = SPAN("from 1s to 7d") },
        { "Cache", "NegativeMaxTTLSec", &type_span, GLOBAL(negative_max_ttl), USEC_PER_SEC, USEC_PER_DAY,
          .expected = SPAN("from 1s to 1d") },
        { "Cache", "ServeStale", &type_boolean, GLOBAL(serve_stale), .expected = YES_OR_NO },
        { "Cache", "StaleMaxSec", &type_span, GLOBAL(stale_max), 0, 7 * USEC_PER_DAY,
          .expected = SPAN("from 0 to 7d") },
        { "Cache", "Prefetch", &type_boolean, GLOBAL(prefetch), .expected = YES_OR_NO },
        { "Cache", "Persist", &type_boolean, GLOBAL(persist), .expected = YES_OR_NO },

        { "Health", "Mode", &type_choice, GLOBAL(health), .words = mode_words, .expected = MODE },
        { "Health", "ActiveIntervalSec", &type_span, GLOBAL(active_interval), USEC_PER_SEC, USEC_PER_DAY,
          .expected = SPAN("from 1s to 1d") },
        { "Health", "ProbeTimeoutSec", &type_span, GLOBAL(probe_timeout), 100 * USEC_PER_MSEC, 30 * USEC_PER_SEC,
          .expected = SPAN("from 100ms to 30s") },
        { "Health", "BackoffSec", &type_span, GLOBAL(backoff), 100 * USEC_PER_MSEC, USEC_PER_MINUTE,
          .expected = SPAN("from 100ms to 1min") },
        { "Health", "BackoffMaxSec", &type_span, GLOBAL(backoff_max), USEC_PER_SEC, USEC_PER_HOUR,
          .expected = SPAN("from 1s to 1h") },
        { "Health", "Rise", &type_number, GLOBAL(rise), 1, 10, .expected = "a number from 1 to 10" },
        { "Health", "IdleMaxSec", &type_span, GLOBAL(idle_max), 0, USEC_PER_HOUR, .expected = SPAN("from 0 to 1h") },
        { "Health", "Preconnect", &type_choice, GLOBAL(preconnect), .words = preconnect_words,
          .expected = "off or on-network-up" },

        { "Local", "HostsFile", &type_path_or_no, GLOBAL(local.hosts_file),
          .expected = "the absolute path of a file, or no" },
        { "Local", "Hostname", &type_boolean, GLOBAL(local.hostname), .expected = YES_OR_NO },
        { "Local", "Localhost", &type_boolean, GLOBAL(local.localhost), .expected = YES_OR_NO },
        { "Local", "Invalid", &type_boolean, GLOBAL(local.invalid), .expected = YES_OR_NO },
        { "Local", "Onion", &type_boolean, GLOBAL(local.onion), .expected = YES_OR_NO },
        { "Local", "Alt", &type_boolean, GLOBAL(local.alt), .expected = YES_OR_NO },
        { "Local", "ResolverArpa", &type_boolean, GLOBAL(local.resolver_arpa), .expected = YES_OR_NO },
        { "Local", "Local", &type_boolean, GLOBAL(local.local), .expected = YES_OR_NO },
        { "Local", "Internal", &type_boolean, GLOBAL(local.internal), .expected = YES_OR_NO },
        { "Local", "HomeArpa", &type_boolean, GLOBAL(local.home_arpa), .expected = YES_OR_NO },
        { "Local", "PrivateReverse", &type_boolean, GLOBAL(local.private_reverse), .expected = YES_OR_NO },
        { "Local", "SingleLabel", &type_boolean, GLOBAL(local.single_label), .expected = YES_OR_NO },

        { "Links", "Use", &type_interfaces, GLOBAL(links),
          .expected = "yes, no, or names of interfaces such as wg0 or tun*" },
        { "Links", "DefaultRoute", &type_choice, GLOBAL(links.default_route), .words = default_route_words,
          .expected = "explicit, never or always" },
        { "Links", "SingleLabel", &type_boolean, GLOBAL(links.single_label), .expected = YES_OR_NO },
        { "Links", "Reverse", &type_boolean, GLOBAL(links.reverse), .expected = YES_OR_NO },

        { "Upstream", "URL", &type_url, UPSTREAM(config),
          .expected = "https://HOST[:PORT]/PATH, with {?dns} at its end for GET", .vital = true },
        { "Upstream", "Address", &type_servers, UPSTREAM(config),
          .expected = "ADDRESS[:PORT], such as 9.9.9.9 or [2620:fe::fe]:443" },
        { "Upstream", "Method", &type_choice, UPSTREAM(config.method), .words = method_words,
          .expected = "POST or GET" },
        { "Upstream", "TrustAnchors", &type_path, UPSTREAM(config.trust_anchors), .expected = PEM, .vital = true },
        { "Upstream", "PinSHA256", &type_pins, UPSTREAM(config),
          .expected = "SHA-256 digests of public keys, in base64", .vital = true },
        { "Upstream", "Health", &type_choice, UPSTREAM(config.health), .words = mode_words, .expected = MODE },
        { "Upstream", "Default", &type_boolean, UPSTREAM(is_default), .expected = YES_OR_NO },

        { "Forward", "Domains", &type_domains, FORWARD(config),
          .expected = "names, such as corp.example, or address prefixes, such as 192.168.0.0/16" },
        { "Forward", "DNS", &type_plain_servers, FORWARD(config),
          .expected = "ADDRESS[:PORT], such as 10.8.0.1 or [fd00::53]:5353" },
        { 0 },
};

/* The struct that has the fields of the current section. */
static char *keys_owner_of(ConfigParser *parser, const ConfigKey *k)
{
        if (strcmp(k->section, CONFIG_SECTION_UPSTREAM) == 0)
                return (char *) &parser->upstreams[parser->named];
        if (strcmp(k->section, CONFIG_SECTION_FORWARD) == 0)
                return (char *) &parser->forwards[parser->named];
        return (char *) parser->config;
}

void config_assign(ConfigParser *parser, const ConfigKey *k, const char *value)
{
        static const UpstreamBuilder upstream_default = { .config = { .method = METHOD_UNSET,
                                                                      .health = HEALTH_UNSET } };
        bool of_upstream = strcmp(k->section, CONFIG_SECTION_UPSTREAM) == 0;
        char *field = keys_owner_of(parser, k) + k->offset;
        Config fresh = { 0 };
        const char *wrong;

        if (*value) {
                wrong = k->type->parse(parser, k, field, value);
                if (wrong)
                        config_refuse(parser, k, value, wrong);
        } else if (k->type->clear) {
                k->type->clear(parser, k, field);
        } else {
                config_set_defaults(&fresh);
                memcpy(field, (of_upstream ? (const char *) &upstream_default : (const char *) &fresh) + k->offset,
                       k->type->size);
        }
}
