/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Config: the configuration, checked and immutable. It is parsed from the texts of the configuration files, which
 * io/system/dropins finds and reads, in the order in which they apply. Syntax and the meaning of repeated and empty
 * assignments follow systemd.syntax(7), time spans and sizes follow systemd.time(7). dohmouse.conf(5) documents each
 * key.
 */

#include "core/base/address_prefix.h"
#include "core/dns/message.h"
#include "core/health/health.h"

#define CONFIG_UPSTREAMS_MAX 64

typedef enum Policy { POLICY_ORDERED, POLICY_FASTEST } Policy;
typedef enum Hedge { HEDGE_ON_SUSPECT, HEDGE_ALWAYS, HEDGE_NO } Hedge;
/* Whether the daemon takes the place of systemd-resolved on the bus. */
typedef enum Resolve1Mode {
        RESOLVE1_NO,
        RESOLVE1_YES,
        RESOLVE1_AUTO, /* while it is the resolver of the machine */
} Resolve1Mode;
typedef enum Preconnect { PRECONNECT_OFF, PRECONNECT_ON_NETWORK_UP } Preconnect;
typedef enum PortalMode { PORTAL_NO, PORTAL_ASK_LINK } PortalMode;
typedef enum Method { METHOD_POST, METHOD_GET } Method;

#define PIN_SIZE 32 /* SHA-256 of the SubjectPublicKeyInfo */
#define UPSTREAM_NAME_MAX 63
#define CONFIG_UPSTREAMS_MAX 64

typedef struct UpstreamConfig {
        char name[UPSTREAM_NAME_MAX + 1]; /* letters, digits, dash, underscore, dot */
        char *url;                        /* as written */
        char *host;    /* of the URL, for SNI, :authority, certificate; an IPv6 literal without brackets */
        uint16_t port; /* 443 unless the URL has another */
        char *path;    /* with query, without "{?dns}"; begins with "/" */
        Method method; /* Method=, else GET for "{?dns}" */
        Address *addresses;
        size_t n_addresses;  /* at least 1, without duplicates */
        char *trust_anchors; /* PEM file or directory, or NULL for the resolver's */
        uint8_t (*pins)[PIN_SIZE];
        size_t n_pins;
        HealthMode health;
} UpstreamConfig;

/* [Local]: the locally answered names (core/query/local_names.h). */
typedef struct LocalConfig {
        char *hosts_file; /* absolute path; "": none */
        bool hostname;
        bool localhost;
        bool invalid;
        bool onion;
        bool alt;
        bool resolver_arpa;
        bool local;
        bool internal;
        bool home_arpa;
        bool private_reverse;
        bool single_label;
} LocalConfig;

/* A domain: itself and all names below it. */
typedef struct Domain {
        uint8_t n;                  /* octets of `name` */
        uint8_t name[DNS_NAME_MAX]; /* on the wire, in lower case */
} Domain;

#define FORWARD_SERVERS_MAX 16 /* at most 32: the bits of Query.do53.tried */

/* The Do53 servers for the names of some domains: a [Forward] section, or what links want (link_zones.h). */
typedef struct ForwardConfig {
        char name[UPSTREAM_NAME_MAX + 1]; /* as that of an upstream, or the interfaces */
        bool links;
        bool single_label; /* names of a single label as well: only of links */
        Domain *domains;
        size_t n_domains; /* at least 1; each domain belongs to one forward only; the root is one of links only */
        Address *servers;
        size_t n_servers; /* without duplicates; 0 if all were rejected: the names are not sent elsewhere either */
} ForwardConfig;

typedef enum LinksUse { LINKS_YES, LINKS_NO, LINKS_LISTED } LinksUse;
typedef enum LinksDefaultRoute { LINKS_EXPLICIT, LINKS_NEVER, LINKS_ALWAYS } LinksDefaultRoute;

/* [Links]: what of the settings of links (links.h) is obeyed. */
typedef struct LinksConfig {
        LinksUse use;
        char **interfaces; /* names, with wildcards */
        size_t n_interfaces;
        LinksDefaultRoute default_route;
        bool single_label;
        bool reverse;
} LinksConfig;

typedef enum ConfigFileKind { CONFIG_FILE_TRUST_ANCHORS, CONFIG_FILE_HOSTS } ConfigFileKind;

/* A file that a setting refers to. Only io can tell whether it can be used: see resolver/config_check.h. */
typedef struct ConfigFile {
        ConfigFileKind kind;
        const char *path;    /* borrowed from the Config */
        const char *section; /* likewise */
        char *name;          /* of the configuration file with the setting; NULL: it is the default */
        unsigned line;
} ConfigFile;

typedef struct Config {
        unsigned refs;

        /* [Resolver] */
        Address *listen;
        size_t n_listen;
        AddressPrefix *allow_from; /* AllowFrom=: other networks that may query */
        size_t n_allow_from;
        Policy policy;
        uint64_t query_timeout; /* usec */
        Hedge hedge;
        PortalMode portal;
        bool padding;
        bool early_data;     /* EarlyData=: queries may be sent as TLS early data */
        bool trust_ad;       /* TrustAD=, default no: AD is not passed on (FAULTS.md 3.2) */
        char *trust_anchors; /* PEM file or directory, or NULL for the system's */
        char *clock_names;   /* separated by blanks; "": none; NULL: auto, those of the time services */
        char *clock_servers; /* likewise; "" or NULL: those of the network */
        Resolve1Mode resolve1;
        int log_level; /* LogLevel=: 0 emerg .. 7 debug; default 6, info */

        /* [Cache] */
        bool cache;
        uint64_t cache_size; /* bytes */
        uint64_t max_ttl;    /* usec, and so on */
        uint64_t negative_max_ttl;
        bool serve_stale;
        uint64_t stale_max;
        bool prefetch;
        bool persist; /* keep the cache over a reboot */

        /* [Health] */
        HealthMode health;
        uint64_t active_interval;
        uint64_t probe_timeout;
        uint64_t backoff;
        uint64_t backoff_max;
        unsigned rise;
        uint64_t idle_max; /* 0: close at once */
        Preconnect preconnect;

        LocalConfig local;
        LinksConfig links;

        UpstreamConfig *upstreams;
        size_t n_upstreams;
        ForwardConfig *forwards;
        size_t n_forwards;

        ConfigFile *files; /* that the settings refer to */
        size_t n_files;
        char *unusable; /* why there is no upstream: "FILE:LINE: TEXT"; NULL if there is one, or when out of memory */
} Config;

/* The text of a configuration file: `name` identifies it in messages, `n` bytes at `text` need not be terminated.
 * `error`, if not NULL, says why the file, or directory, could not be read. */
typedef struct ConfigText {
        const char *name;
        const char *text;
        size_t n;
        const char *error;
} ConfigText;

typedef enum ConfigSeverity {
        CONFIG_WARNING, /* an unknown section or key, or a line that is neither: ignored */
        CONFIG_ERROR,   /* an invalid value: rejected; --check-config and reload fail */
} ConfigSeverity;

typedef struct ConfigMessage {
        ConfigSeverity severity;
        const char *file; /* ConfigText.name, or NULL if it concerns all of them */
        unsigned line;    /* from 1; 0: none */
        const char *text; /* e.g. "[Cache] Size=8X: not a size, expected a size from 64K to 4G" */
} ConfigMessage;

/* Called for each finding, in order. The message is valid during the call only. */
typedef void (*ConfigReport)(void *userdata, const ConfigMessage *message);

/*
 * Parses the texts in order. Always returns a complete configuration with one reference for the caller, in which
 * defaults replace rejected values (NULL only when out of memory); *ret_errors is the number of errors reported.
 *
 * An upstream without a valid URL or address is left out, with an error, and so is one whose URL=, PinSHA256= or
 * TrustAnchors= was rejected: it would be another server, or be trusted too easily. The same goes for an upstream with
 * Default= if an error may hide the upstream that the administrator has chosen, such as a file that cannot be read: no
 * query is ever sent to a provider that nobody chose. Without any upstream, `unusable` says why. A forward stays even
 * if all its servers were rejected, so that its names are not sent elsewhere.
 */
Config *config_parse(const ConfigText *texts, size_t n, ConfigReport report, void *userdata, unsigned *ret_errors);

Config *config_ref(Config *c);
/* NULL is fine; always returns NULL. */
Config *config_unref(Config *c);
DEFINE_CLEANUP(Config, config_unref)

/* Returns why there is no upstream, or NULL if there is one. Valid as long as the configuration. */
const char *config_unusable(const Config *c);

/* True if both describe the same server in the same way, so that state and connections may be kept across a reload. */
bool upstream_config_equal(const UpstreamConfig *a, const UpstreamConfig *b);

/* Does dohmouse listen on that address (FAULTS.md T16)? */
bool config_is_loop(const Config *c, const Address *a);

/* The values of LogLevel=: "emerg" .. "debug" for 0 .. 7; -1 if it is none of them. */
const char *log_level_name(int level);
int log_level_from_name(const char *name);

/* True if both send the same names to the same servers. */
bool forward_config_equal(const ForwardConfig *a, const ForwardConfig *b);
/* Returns a copy, or NULL if out of memory. */
ForwardConfig *forward_config_copy(const ForwardConfig *f);
/* Accepts NULL, and returns NULL. */
ForwardConfig *forward_config_free(ForwardConfig *f);

/* True if [Links] Use= has the interface. */
bool links_config_uses(const LinksConfig *c, const char *interface);

/* A hash of all upstreams and forwards that is the same in every process: if it differs, other servers may have
 * answered (config_servers.c). */
uint64_t config_servers_hash(const Config *c);
