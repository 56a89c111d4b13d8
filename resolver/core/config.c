#include "core/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/config_text.h"

#define UPSTREAMS_MAX 64
#define LIST_MAX 64             /* addresses or pins of one upstream, addresses to listen on */

/* --- what is being read */

typedef struct Draft {
        Config *config;
        ConfigReport report;
        void *userdata;
        unsigned errors;
        const ConfigText *text;         /* and the line in it */
        unsigned line;
        char section[UPSTREAM_NAME_MAX + 16];
        UpstreamConfig *upstream;       /* where the section is one */
        bool ignored;                   /* the section is unknown */
} Draft;

static void say(Draft *d, ConfigSeverity severity, const char *format, ...) _printf_(3, 4);
static void say(Draft *d, ConfigSeverity severity, const char *format, ...)
{
        char text[512];
        ConfigMessage m = { .severity = severity, .file = d->text ? d->text->name : NULL, .line = d->line, .text = text };
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        if (severity == CONFIG_ERROR)
                d->errors++;
        if (d->report)
                d->report(d->userdata, &m);
}

/* --- values: each parser stores into `field`; an empty value restores the default. It returns what would be right, or NULL if all is well */

typedef struct Key Key;
typedef const char *(*Parser)(Draft *d, const Key *k, void *field, const char *value);

struct Key {
        const char *name;
        Parser parse;
        size_t offset;
        uint64_t low, high;             /* of numbers: usec, octets, or as they are */
        const char *expected;
};

static const char *parse_span(Draft *d, const Key *k, void *field, const char *value)
{
        uint64_t v;

        (void) d;
        if (!parse_time_span(value, &v) || v < k->low || v > k->high)
                return k->expected;
        *(uint64_t *) field = v;
        return NULL;
}

static const char *parse_octets(Draft *d, const Key *k, void *field, const char *value)
{
        uint64_t v;

        (void) d;
        if (!parse_size(value, &v) || v < k->low || v > k->high)
                return k->expected;
        *(uint64_t *) field = v;
        return NULL;
}

static const char *parse_boolean(Draft *d, const Key *k, void *field, const char *value)
{
        static const char *const words[] = { "0", "no", "n", "false", "f", "off", "1", "yes", "y", "true", "t", "on" };

        (void) d;
        for (size_t i = 0; i < ELEMENTS(words); i++)
                if (strcasecmp(value, words[i]) == 0) {
                        *(bool *) field = i >= 6;
                        return NULL;
                }
        return k->expected;
}

static const char *parse_word(const char *const words[], size_t n, const char *expected, int *field, const char *value)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(value, words[i]) == 0) {
                        *field = (int) i;
                        return NULL;
                }
        return expected;
}

#define DEFINE_WORDS(function, ...)                                                                     \
        static const char *function(Draft *d, const Key *k, void *field, const char *value)            \
        {                                                                                               \
                static const char *const words[] = { __VA_ARGS__ };                                     \
                (void) d;                                                                               \
                return parse_word(words, ELEMENTS(words), k->expected, field, value);                   \
        }

DEFINE_WORDS(parse_policy, "ordered", "fastest")
DEFINE_WORDS(parse_hedge, "on-suspect", "always", "no")
DEFINE_WORDS(parse_mode, "lazy", "active", "none")
DEFINE_WORDS(parse_method, "POST", "GET")
DEFINE_WORDS(parse_level, "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")

static const char *parse_number(Draft *d, const Key *k, void *field, const char *value)
{
        uint64_t v = 0;

        (void) d;
        if (!*value || strspn(value, "0123456789") != strlen(value) || strlen(value) > 9)
                return k->expected;
        for (; *value; value++)
                v = v * 10 + (uint64_t) (*value - '0');
        if (v < k->low || v > k->high)
                return k->expected;
        *(unsigned *) field = (unsigned) v;
        return NULL;
}

static const char *parse_path(Draft *d, const Key *k, void *field, const char *value)
{
        char *copy;

        (void) d;
        if (*value && *value != '/')
                return k->expected;
        copy = *value ? strdup(value) : NULL;
        free(*(char **) field);
        *(char **) field = copy;
        return NULL;
}

/* Calls `each` with the words of a list; an empty list empties what was there, by `clear`. */
static const char *parse_list(const Key *k, const char *value, void *target, bool (*each)(void *target, const char *word))
{
        char word[512];

        while (*(value += strspn(value, " \t"))) {
                size_t n = strcspn(value, " \t");

                if (n >= sizeof(word))
                        return k->expected;
                memcpy(word, value, n);
                word[n] = 0;
                if (!each(target, word))
                        return k->expected;
                value += n;
        }
        return NULL;
}

static bool add_address(Address **list, size_t *n, const Address *a)
{
        Address *grown;

        if (*n >= LIST_MAX)
                return false;
        grown = reallocarray(*list, *n + 1, sizeof(*grown));
        if (!grown)
                return false;
        *list = grown;
        grown[(*n)++] = *a;
        return true;
}

static bool each_listen(void *target, const char *word)
{
        Config *c = target;
        Address a;

        return address_from_text(word, 53, &a) && add_address(&c->listen, &c->n_listen, &a);
}

static const char *parse_listen(Draft *d, const Key *k, void *field, const char *value)
{
        (void) field;
        if (!*value)
                d->config->n_listen = 0;
        return parse_list(k, value, d->config, each_listen);
}

static bool each_address(void *target, const char *word)
{
        UpstreamConfig *u = target;
        Address a;

        /* Port 0 stands for that of the URL, which may follow. */
        return address_from_text(word, 0, &a) && add_address(&u->addresses, &u->n_addresses, &a);
}

static const char *parse_addresses(Draft *d, const Key *k, void *field, const char *value)
{
        (void) field;
        if (!*value)
                d->upstream->n_addresses = 0;
        return parse_list(k, value, d->upstream, each_address);
}

static bool each_pin(void *target, const char *word)
{
        UpstreamConfig *u = target;
        uint8_t pin[PIN_SIZE];
        uint8_t(*grown)[PIN_SIZE];

        if (!config_parse_base64(word, pin, sizeof(pin)) || u->n_pins >= LIST_MAX)
                return false;
        grown = reallocarray(u->pins, u->n_pins + 1, sizeof(*grown));
        if (!grown)
                return false;
        u->pins = grown;
        memcpy(u->pins[u->n_pins++], pin, sizeof(pin));
        return true;
}

static const char *parse_pins(Draft *d, const Key *k, void *field, const char *value)
{
        (void) field;
        if (!*value)
                d->upstream->n_pins = 0;
        return parse_list(k, value, d->upstream, each_pin);
}

static const char *parse_url(Draft *d, const Key *k, void *field, const char *value)
{
        (void) k;
        (void) field;
        if (!*value) {
                config_clear_url(d->upstream);
                return NULL;
        }
        return config_parse_url(d->upstream, value);
}

static const char *parse_dns(Draft *d, const Key *k, void *field, const char *value);

/* --- the keys: one row each, and one in dohmouse.conf(5) */

#define RESOLVER(field) offsetof(Config, field)
#define UPSTREAM(field) offsetof(UpstreamConfig, field)
#define SPAN_EXPECTED(range) "expected a time span " range ", such as 500ms, 30s or 5min"
#define BOOLEAN_EXPECTED "expected yes or no"

static const Key resolver_keys[] = {
        { "Listen", parse_listen, 0, 0, 0, "expected addresses with optional port, such as 127.0.0.53:53 or [::1]:53" },
        { "Policy", parse_policy, RESOLVER(policy), 0, 0, "expected ordered or fastest" },
        { "QueryTimeoutSec", parse_span, RESOLVER(query_timeout), 500 * USEC_PER_MSEC, USEC_PER_MINUTE, SPAN_EXPECTED("from 500ms to 1min") },
        { "Hedge", parse_hedge, RESOLVER(hedge), 0, 0, "expected on-suspect, always or no" },
        { "Padding", parse_boolean, RESOLVER(padding), 0, 0, BOOLEAN_EXPECTED },
        { "TrustAD", parse_boolean, RESOLVER(trust_ad), 0, 0, BOOLEAN_EXPECTED },
        { "TrustAnchors", parse_path, RESOLVER(trust_anchors), 0, 0, "expected the absolute path of a PEM file" },
        { "LogLevel", parse_level, RESOLVER(log_level), 0, 0, "expected emerg, alert, crit, err, warning, notice, info or debug" },
        { "DNS", parse_dns, 0, 0, 0, "expected ADDRESS[:PORT]#https://HOST/PATH" },
        { 0 },
};

static const Key cache_keys[] = {
        { "Enable", parse_boolean, RESOLVER(cache), 0, 0, BOOLEAN_EXPECTED },
        { "Size", parse_octets, RESOLVER(cache_size), 64 << 10, UINT64_C(4) << 30, "expected a size from 64K to 4G" },
        { "MaxTTLSec", parse_span, RESOLVER(max_ttl), USEC_PER_SEC, 7 * USEC_PER_DAY, SPAN_EXPECTED("from 1s to 7d") },
        { "NegativeMaxTTLSec", parse_span, RESOLVER(negative_max_ttl), USEC_PER_SEC, USEC_PER_DAY, SPAN_EXPECTED("from 1s to 1d") },
        { "ServeStale", parse_boolean, RESOLVER(serve_stale), 0, 0, BOOLEAN_EXPECTED },
        { "StaleMaxSec", parse_span, RESOLVER(stale_max), 0, 7 * USEC_PER_DAY, SPAN_EXPECTED("up to 7d") },
        { "Prefetch", parse_boolean, RESOLVER(prefetch), 0, 0, BOOLEAN_EXPECTED },
        { 0 },
};

static const Key health_keys[] = {
        { "Mode", parse_mode, RESOLVER(health), 0, 0, "expected lazy, active or none" },
        { "ActiveIntervalSec", parse_span, RESOLVER(active_interval), USEC_PER_SEC, USEC_PER_DAY, SPAN_EXPECTED("from 1s to 1d") },
        { "ProbeTimeoutSec", parse_span, RESOLVER(probe_timeout), 100 * USEC_PER_MSEC, 30 * USEC_PER_SEC, SPAN_EXPECTED("from 100ms to 30s") },
        { "BackoffSec", parse_span, RESOLVER(backoff), 100 * USEC_PER_MSEC, USEC_PER_MINUTE, SPAN_EXPECTED("from 100ms to 1min") },
        { "BackoffMaxSec", parse_span, RESOLVER(backoff_max), USEC_PER_SEC, 300 * USEC_PER_SEC, SPAN_EXPECTED("from 1s to 5min") },
        { "Rise", parse_number, RESOLVER(rise), 1, 10, "expected a number from 1 to 10" },
        { "IdleMaxSec", parse_span, RESOLVER(idle_max), 0, USEC_PER_HOUR, SPAN_EXPECTED("up to 1h") },
        { 0 },
};

static const Key upstream_keys[] = {
        { "URL", parse_url, 0, 0, 0, NULL },
        { "Address", parse_addresses, 0, 0, 0, "expected numeric addresses with optional port, such as 9.9.9.9 or [2620:fe::fe]:443" },
        { "Method", parse_method, UPSTREAM(method), 0, 0, "expected POST or GET" },
        { "TrustAnchors", parse_path, UPSTREAM(trust_anchors), 0, 0, "expected the absolute path of a PEM file" },
        { "PinSHA256", parse_pins, 0, 0, 0, "expected SHA-256 digests of public keys, in base64" },
        { "Health", parse_mode, UPSTREAM(health), 0, 0, "expected lazy, active or none" },
        { 0 },
};

static const struct {
        const char *name;
        const Key *keys;
} sections[] = {
        { "Resolver", resolver_keys },
        { "Cache", cache_keys },
        { "Health", health_keys },
};

/* --- upstreams */

#define HEALTH_INHERITED ((HealthMode) -1)

static void set_defaults(Config *c)
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
        c->prefetch = true;
        c->health = MODE_LAZY;
        c->active_interval = 30 * USEC_PER_SEC;
        c->probe_timeout = 2500 * USEC_PER_MSEC;
        c->backoff = 2 * USEC_PER_SEC;
        c->backoff_max = 300 * USEC_PER_SEC;
        c->rise = 1;
        c->idle_max = 60 * USEC_PER_SEC;
}

static const UpstreamConfig upstream_defaults = { .method = METHOD_POST, .health = HEALTH_INHERITED };

static void upstream_clear(UpstreamConfig *u)
{
        config_clear_url(u);
        free(u->addresses);
        free(u->trust_anchors);
        free(u->pins);
}

static bool is_upstream_name(const char *name)
{
        size_t n = strlen(name);

        return n > 0 && n <= UPSTREAM_NAME_MAX &&
               strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == n;
}

/* The upstream of that name, a new one at the end if there is none; NULL if there are too many. */
static UpstreamConfig *find_upstream(Draft *d, const char *name)
{
        Config *c = d->config;
        UpstreamConfig *grown;

        for (size_t i = 0; i < c->n_upstreams; i++)
                if (strcmp(c->upstreams[i].name, name) == 0)
                        return &c->upstreams[i];
        if (c->n_upstreams >= UPSTREAMS_MAX)
                return NULL;
        grown = reallocarray(c->upstreams, c->n_upstreams + 1, sizeof(*grown));
        if (!grown)
                return NULL;
        c->upstreams = grown;
        grown += c->n_upstreams++;
        *grown = upstream_defaults;
        snprintf(grown->name, sizeof(grown->name), "%s", name);
        return grown;
}

/* "ADDRESS[:PORT]#URL": an upstream that is named after its host; with the same host, another address of it. */
static bool each_dns(void *target, const char *word)
{
        Draft *d = target;
        const char *hash = strchr(word, '#');
        UpstreamConfig scratch = upstream_defaults, *u;
        char address[ADDRESS_TEXT_MAX], name[UPSTREAM_NAME_MAX + 1];

        if (!hash || (size_t) (hash - word) >= sizeof(address))
                return false;
        memcpy(address, word, (size_t) (hash - word));
        address[hash - word] = 0;
        if (config_parse_url(&scratch, hash + 1)) {
                upstream_clear(&scratch);
                return false;
        }
        snprintf(name, sizeof(name), "%s", scratch.host);
        upstream_clear(&scratch);
        for (char *p = name; *p; p++)
                if (*p == ':')
                        *p = '-';
        u = is_upstream_name(name) ? find_upstream(d, name) : NULL;
        return u && !config_parse_url(u, hash + 1) && each_address(u, address);
}

static const char *parse_dns(Draft *d, const Key *k, void *field, const char *value)
{
        (void) field;
        return parse_list(k, value, d, each_dns);
}

/* --- lines */

static void take_section(Draft *d, const char *name)
{
        static const char prefix[] = "Upstream ";
        const char *upstream = name + sizeof(prefix) - 1;

        snprintf(d->section, sizeof(d->section), "%s", name);
        d->upstream = NULL;
        d->ignored = false;
        for (size_t i = 0; i < ELEMENTS(sections); i++)
                if (strcmp(name, sections[i].name) == 0)
                        return;
        d->ignored = true;
        if (strncmp(name, "X-", 2) == 0)
                return;
        if (strncmp(name, prefix, sizeof(prefix) - 1) != 0) {
                say(d, CONFIG_WARNING, "unknown section [%s], ignoring", name);
                return;
        }
        upstream += strspn(upstream, " \t");
        if (!is_upstream_name(upstream)) {
                say(d, CONFIG_ERROR, "[%s]: not a name for an upstream, expected up to %d letters, digits, dashes, underscores and dots",
                    name, UPSTREAM_NAME_MAX);
                return;
        }
        d->upstream = find_upstream(d, upstream);
        d->ignored = !d->upstream;
        if (!d->upstream)
                say(d, CONFIG_ERROR, "[%s]: more than %d upstreams", name, UPSTREAMS_MAX);
}

static const Key *find_key(const Draft *d, const char *name)
{
        const Key *keys = upstream_keys;

        if (!d->upstream)
                for (size_t i = 0; i < ELEMENTS(sections); i++)
                        if (strcmp(d->section, sections[i].name) == 0)
                                keys = sections[i].keys;
        for (; keys->name; keys++)
                if (strcmp(keys->name, name) == 0)
                        return keys;
        return NULL;
}

/* The default of a scalar, out of an untouched configuration. */
static void restore_default(Draft *d, const Key *k, void *field)
{
        Config fresh = { 0 };
        const char *from;

        set_defaults(&fresh);
        from = d->upstream ? (const char *) &upstream_defaults + k->offset : (const char *) &fresh + k->offset;
        if (k->parse == parse_span || k->parse == parse_octets)
                memcpy(field, from, sizeof(uint64_t));
        else if (k->parse == parse_boolean)
                memcpy(field, from, sizeof(bool));
        else
                memcpy(field, from, sizeof(int));
}

static void take_assignment(Draft *d, const char *name, const char *value)
{
        const Key *k;
        const char *expected;
        char *field;

        if (!d->section[0]) {
                say(d, CONFIG_WARNING, "%s= stands before any section, ignoring", name);
                return;
        }
        if (d->ignored || strncmp(name, "X-", 2) == 0)
                return;
        k = find_key(d, name);
        if (!k) {
                say(d, CONFIG_WARNING, "unknown key %s= in section [%s], ignoring", name, d->section);
                return;
        }
        field = d->upstream ? (char *) d->upstream + k->offset : (char *) d->config + k->offset;
        if (!*value && k->offset && k->parse != parse_path) {
                restore_default(d, k, field);
                return;
        }
        expected = k->parse(d, k, field, value);
        if (expected)
                say(d, CONFIG_ERROR, "[%s] %s=%.200s: %s", d->section, name, value, expected);
}

static void on_line(void *userdata, ConfigLine kind, unsigned line, char *name, char *value)
{
        Draft *d = userdata;

        d->line = line;
        switch (kind) {
        case LINE_SECTION:
                take_section(d, name);
                break;
        case LINE_ASSIGNMENT:
                take_assignment(d, name, value);
                break;
        case LINE_BAD:
                say(d, CONFIG_WARNING, "%s, ignoring", value);
                break;
        case LINE_FATAL:
                say(d, CONFIG_ERROR, "%s", value);
                break;
        }
}

/* --- the whole */

/* Does that address lead back to ourselves (FAULTS.md T16)? */
static bool is_loop(const Config *c, const Address *a)
{
        for (size_t i = 0; i < c->n_listen; i++)
                if (address_equal(a, &c->listen[i]))
                        return true;
        return false;
}

/* What an upstream lacks, or NULL. */
static const char *check_upstream(const Config *c, UpstreamConfig *u)
{
        if (!u->url)
                return "URL= is missing";
        if (u->n_addresses == 0)
                return "Address= is missing: addresses are not resolved, since that is what the upstream is for";
        if (u->health == HEALTH_INHERITED)
                u->health = c->health;
        for (size_t i = 0; i < u->n_addresses; i++) {
                if (u->addresses[i].port == 0)
                        u->addresses[i].port = u->port;
                if (is_loop(c, &u->addresses[i]))
                        return "its address is one that dohmouse itself listens on";
        }
        return NULL;
}

static void finish(Draft *d)
{
        Config *c = d->config;
        size_t kept = 0;

        d->text = NULL;
        d->line = 0;
        if (c->n_listen == 0)
                each_listen(c, "127.0.0.53:53");
        for (size_t i = 0; i < c->n_upstreams; i++) {
                const char *lack = check_upstream(c, &c->upstreams[i]);

                if (!lack) {
                        c->upstreams[kept++] = c->upstreams[i];
                        continue;
                }
                say(d, CONFIG_ERROR, "[Upstream %s] %s; it is left out", c->upstreams[i].name, lack);
                upstream_clear(&c->upstreams[i]);
        }
        c->n_upstreams = kept;
        if (kept == 0)
                say(d, CONFIG_ERROR, "no upstream is configured: a section [Upstream NAME] with URL= and Address= is needed");
}

Config *config_parse(const ConfigText *texts, size_t n, ConfigReport report, void *userdata, unsigned *ret_errors)
{
        Config *c = calloc(1, sizeof(*c));
        Draft d = { .config = c, .report = report, .userdata = userdata };

        if (!c)
                return NULL;
        c->refs = 1;
        set_defaults(c);
        for (size_t i = 0; i < n; i++) {
                d.text = &texts[i];
                d.section[0] = 0;
                d.upstream = NULL;
                d.ignored = false;
                config_read_lines(texts[i].text, texts[i].n, on_line, &d);
        }
        finish(&d);
        *ret_errors = d.errors;
        return c;
}

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
                upstream_clear(&c->upstreams[i]);
        free(c->upstreams);
        free(c->listen);
        free(c->trust_anchors);
        free(c);
        return NULL;
}

static bool same_text(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}

bool upstream_config_equal(const UpstreamConfig *a, const UpstreamConfig *b)
{
        if (strcmp(a->name, b->name) != 0 || !same_text(a->url, b->url) || a->method != b->method || a->health != b->health ||
            !same_text(a->trust_anchors, b->trust_anchors) || a->n_addresses != b->n_addresses || a->n_pins != b->n_pins)
                return false;
        for (size_t i = 0; i < a->n_addresses; i++)
                if (!address_equal(&a->addresses[i], &b->addresses[i]))
                        return false;
        return a->n_pins == 0 || memcmp(a->pins, b->pins, a->n_pins * PIN_SIZE) == 0;
}
