/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * ConfigParser: a configuration while it is being read, and the table of its keys. For config.c, config_keys.c and the
 * test that holds the table against the manual.
 */

#include "core/config/config.h"

#define CONFIG_LIST_MAX 64 /* addresses or pins of one upstream, addresses to listen on */
#define CONFIG_FORWARDS_MAX 64
#define CONFIG_DOMAINS_MAX 512 /* of one forward */

/* Not set by any assignment; config_parse leaves none of them. */
#define METHOD_UNSET ((Method) - 1)
#define HEALTH_UNSET ((HealthMode) - 1)

typedef struct UpstreamBuilder {
        UpstreamConfig config;  /* port 0 of an address stands for that of the URL, which may follow */
        bool is_default;        /* Default= */
        bool one_line;          /* of DNS=, and not named yet */
        const char *refused;    /* the key without whose value it must not be used, if that value was bad */
        const ConfigText *text; /* where it is first spoken of */
        unsigned line;
        bool elsewhere; /* in another text as well */
} UpstreamBuilder;

typedef struct ForwardBuilder {
        ForwardConfig config;
        const ConfigText *text; /* where it is first spoken of */
        unsigned line;
} ForwardBuilder;

typedef struct ConfigParser {
        Config *config; /* without its upstreams and forwards */
        UpstreamBuilder *upstreams;
        size_t n_upstreams;
        ForwardBuilder *forwards;
        size_t n_forwards;
        ConfigReport report;
        void *userdata;
        unsigned errors;

        const ConfigText *text; /* where we are; NULL: past the end of all texts */
        unsigned line;
        char section[UPSTREAM_NAME_MAX + 16];
        const char *kind; /* ConfigKey.section of its keys; NULL: not known, its keys are passed over */
        size_t named;     /* which upstream or forward that is */
} ConfigParser;

typedef struct ConfigKey ConfigKey;

typedef struct ConfigType {
        /* Stores a value that is not empty; NULL, or what is wrong with it. A list reports its bad words itself. */
        const char *(*parse)(ConfigParser *parser, const ConfigKey *k, void *field, const char *value);
        size_t size; /* of a plain field: an empty value copies the default's octets */
        void (*clear)(ConfigParser *parser, const ConfigKey *k, void *field); /* of any other */
} ConfigType;

struct ConfigKey {
        const char *section; /* "Upstream" for [Upstream NAME], "Forward" for [Forward NAME] */
        const char *name;
        const ConfigType *type;
        size_t offset;            /* in Config, UpstreamBuilder or ForwardBuilder */
        uint64_t low, high;       /* of numbers, sizes and time spans (usec) */
        const char *const *words; /* of a choice; its value is the index */
        const char *expected;     /* what a person is told */
        bool vital;               /* if it is refused, the upstream would be another, or less safe: not used */
};

#define CONFIG_SECTION_UPSTREAM "Upstream"
#define CONFIG_SECTION_FORWARD "Forward"

/* All keys; ends in one without a name. dohmouse.conf(5) and units/dohmouse.conf have each of them
 * (tests/unit/core/config/test_config_manual). */
extern const ConfigKey config_keys[];

void config_say(ConfigParser *parser, ConfigSeverity severity, const char *format, ...) _printf_(3, 4);

/* Reports a bad value, or a bad word of a list. */
void config_refuse(ConfigParser *parser, const ConfigKey *k, const char *value, const char *reason);

/* Makes text fit for a message: at most some 200 octets, no control characters. */
#define CONFIG_SHOWN_MAX 208
const char *config_shown(const char *text, char ret[CONFIG_SHOWN_MAX]);

/* Stores a value or restores the default of an empty one, into the section where we are. */
void config_assign(ConfigParser *parser, const ConfigKey *k, const char *value);

/* The builder of [Upstream NAME], or for NULL a new one that is named later; NULL if there are too many, or no memory.
 */
UpstreamBuilder *config_find_upstream(ConfigParser *parser, const char *name);

/* The builder of [Forward NAME]; NULL if there are too many, or no memory. */
ForwardBuilder *config_find_forward(ConfigParser *parser, const char *name);

/* Adds a word of Domains=, a name or an address prefix; NULL, or what is wrong with it. */
const char *config_add_domains(ForwardConfig *f, const char *word);

/* One more to a list of `max`; NULL, or what is wrong. */
const char *config_add_address(Address **list, size_t *n, size_t max, const Address *a);

/* Two alike become one; returns how many are left. */
size_t config_drop_duplicates(Address *a, size_t n);

/* Does that address lead back to ourselves (FAULTS.md T16)? */
bool config_is_loop(const Config *c, const Address *a);

/* All has been read: makes the forwards of the configuration out of their builders. */
void config_take_forwards(ConfigParser *parser);

void forward_config_deinit(ForwardConfig *f);
void config_set_defaults(Config *c);
void upstream_builder_deinit(UpstreamBuilder *u);
