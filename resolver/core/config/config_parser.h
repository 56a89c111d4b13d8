/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * ConfigParser: the state of the parser, and the table of keys. For resolver/core/config and the test that compares the
 * table with the manual.
 */

#include "core/config/config.h"

#define CONFIG_LIST_MAX 64 /* addresses or pins of one upstream, addresses to listen on */
#define CONFIG_FORWARDS_MAX 64
#define CONFIG_DOMAINS_MAX 512 /* of one forward */

/* Not set by any assignment; config_parse leaves none of them. */
#define METHOD_UNSET ((Method) - 1)
#define HEALTH_UNSET ((HealthMode) - 1)

/* Where a setting stands. */
typedef struct ConfigPlace {
        const ConfigText *text; /* NULL: nowhere, it is the default */
        unsigned line;
} ConfigPlace;

typedef struct UpstreamBuilder {
        UpstreamConfig config;  /* port 0 of an address stands for that of the URL, which may follow */
        bool is_default;        /* Default= */
        bool one_line;          /* from DNS=, and not named yet */
        const char *refused;    /* a key whose value was rejected, and without which the upstream must not be used */
        const ConfigText *text; /* where it occurs first */
        unsigned line;
        bool elsewhere; /* it occurs in another text as well */
        ConfigPlace trust_anchors_at;
} UpstreamBuilder;

typedef struct ForwardBuilder {
        ForwardConfig config;
        const ConfigText *text; /* where it occurs first */
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
        char last_error[1280];      /* as "FILE:LINE: TEXT" */
        char *blamed;               /* the first error that concerns the upstreams, likewise; NULL: none */
        bool hides;                 /* an error may hide an upstream that was chosen */
        bool trust_anchors_refused; /* [Resolver] TrustAnchors= */
        ConfigPlace trust_anchors_at, hosts_file_at;
        bool allow_from_given; /* AllowFrom= has a value, even if it is empty */

        const ConfigText *text; /* where we are; NULL: past the end of all texts */
        unsigned line;
        char section[UPSTREAM_NAME_MAX + 16];
        const char *kind; /* ConfigKey.section of its keys; NULL: unknown, its keys are ignored */
        bool skipping;    /* the section was rejected, and with it its keys */
        size_t named;     /* the index of the upstream or forward */
} ConfigParser;

typedef struct ConfigKey ConfigKey;

typedef struct ConfigType {
        /* Stores a value that is not empty. Returns NULL, or what is wrong. A list reports its invalid words itself. */
        const char *(*parse)(ConfigParser *parser, const ConfigKey *k, void *field, const char *value);
        size_t size; /* of a plain field: an empty value copies the default */
        void (*clear)(ConfigParser *parser, const ConfigKey *k, void *field); /* of any other field */
} ConfigType;

struct ConfigKey {
        const char *section; /* "Upstream" for [Upstream NAME], "Forward" for [Forward NAME] */
        const char *name;
        const ConfigType *type;
        size_t offset;            /* in Config, UpstreamBuilder or ForwardBuilder */
        uint64_t low, high;       /* of numbers, sizes and time spans (usec) */
        const char *const *words; /* of a choice; its value is the index */
        const char *expected;     /* for messages */
        bool upstreams;           /* configures upstreams outside of their sections */
        bool vital;               /* without it, the upstream would be another server, or be trusted too easily */
};

#define CONFIG_SECTION_RESOLVER "Resolver"
#define CONFIG_SECTION_UPSTREAM "Upstream"
#define CONFIG_SECTION_FORWARD "Forward"

/* All keys, terminated by one without a name. dohmouse.conf(5) and units/dohmouse.conf document each of them
 * (tests/unit/core/config/test_config_manual). */
extern const ConfigKey config_keys[];

void config_say(ConfigParser *parser, ConfigSeverity severity, const char *format, ...) _printf_(3, 4);

/*
 * The error that was just reported concerns the upstreams: if there is none in the end, it is the reason. `hides`: it
 * may hide an upstream that the administrator has chosen, or a name that must not be sent to any, so that an upstream
 * with Default= must not be used.
 */
void config_blame(ConfigParser *parser, bool hides);

/* Reports an invalid value, or an invalid word of a list. */
void config_refuse(ConfigParser *parser, const ConfigKey *k, const char *value, const char *reason);

/* Prepares text for a message: at most about 200 bytes, no control characters. */
#define CONFIG_SHOWN_MAX 208
const char *config_shown(const char *text, char ret[CONFIG_SHOWN_MAX]);

/* Stores a value in the current section, or restores the default if it is empty. */
void config_assign(ConfigParser *parser, const ConfigKey *k, const char *value);

/* The builder of [Upstream NAME], or, if `name` is NULL, a new one that is named later. NULL if there are too many, or
 * when out of memory. */
UpstreamBuilder *config_find_upstream(ConfigParser *parser, const char *name);

/* The builder of [Forward NAME]. NULL if there are too many, or when out of memory. */
ForwardBuilder *config_find_forward(ConfigParser *parser, const char *name);

/* Adds a word of Domains=, a name or an address prefix. Returns NULL, or what is wrong. */
const char *config_add_domains(ForwardConfig *f, const char *word);

/* Appends to a list of at most `max`. Returns NULL, or what is wrong. */
const char *config_add_address(Address **list, size_t *n, size_t max, const Address *a);

/* Removes duplicates; returns how many are left. */
size_t config_drop_duplicates(Address *a, size_t n);

/* Once everything has been read: turns the builders into the forwards of the configuration. */
void config_take_forwards(ConfigParser *parser);

void forward_config_deinit(ForwardConfig *f);
void links_config_deinit(LinksConfig *c);
void config_set_defaults(Config *c);
/* Sets the default of AllowFrom=. */
void config_allow_local_networks(ConfigParser *parser);
/* The builder of that name; NULL if there is none. */
UpstreamBuilder *config_find_named(const ConfigParser *parser, const char *name);

void upstream_config_deinit(UpstreamConfig *u);
void upstream_builder_deinit(UpstreamBuilder *u);
