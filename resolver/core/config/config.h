/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Config: what the administrator wants, checked and immutable. Made of the texts of configuration files that somebody
 * else (io/system/dropins) found and read, in the order in which they apply. Syntax and meaning of repeated and empty
 * assignments are those of systemd.syntax(7); time spans and sizes those of systemd.time(7). dohmouse.conf(5) has a row
 * for each key.
 */

#include "core/base/address.h"
#include "core/dns/message.h"
#include "core/health/health.h"

#define CONFIG_UPSTREAMS_MAX 64

typedef enum Policy { POLICY_ORDERED, POLICY_FASTEST } Policy;
typedef enum Hedge { HEDGE_ON_SUSPECT, HEDGE_ALWAYS, HEDGE_NO } Hedge;
typedef enum Preconnect { PRECONNECT_OFF, PRECONNECT_ON_NETWORK_UP } Preconnect;
typedef enum Method { METHOD_POST, METHOD_GET } Method;

#define PIN_SIZE 32 /* SHA-256 of the SubjectPublicKeyInfo */
#define UPSTREAM_NAME_MAX 63
#define CONFIG_UPSTREAMS_MAX 64

typedef struct UpstreamConfig {
        char name[UPSTREAM_NAME_MAX + 1]; /* letters, digits, dash, underscore, dot */
        char *url;                        /* as written */
        char *host;    /* of the URL, for SNI, :authority, certificate; an IPv6 literal without brackets */
        uint16_t port; /* 443 unless the URL says otherwise */
        char *path;    /* with query, without "{?dns}"; begins with "/" */
        Method method; /* Method=, else GET for "{?dns}" */
        Address *addresses;
        size_t n_addresses;  /* at least 1; no two alike */
        char *trust_anchors; /* PEM file or directory, or NULL for the resolver's */
        uint8_t (*pins)[PIN_SIZE];
        size_t n_pins;
        HealthMode health;
} UpstreamConfig;

/* [Local]: what is answered by this machine itself (core/query/local_names.h). */
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
        uint8_t name[DNS_NAME_MAX]; /* on the wire, in lower case; never the root */
} Domain;

#define FORWARD_SERVERS_MAX 16

/* Plain DNS servers for the names of some domains. */
typedef struct ForwardConfig {
        char name[UPSTREAM_NAME_MAX + 1]; /* as that of an upstream */
        Domain *domains;
        size_t n_domains; /* at least 1; no domain is in another forward, too */
        Address *servers;
        size_t n_servers; /* no two alike. 0 only where all were refused: the names are still not for anybody else */
} ForwardConfig;

typedef struct Config {
        unsigned refs;

        /* [Resolver] */
        Address *listen;
        size_t n_listen;
        Policy policy;
        uint64_t query_timeout; /* usec */
        Hedge hedge;
        bool padding;
        bool trust_ad;       /* TrustAD=, default no: AD is not passed on (FAULTS.md 3.2) */
        char *trust_anchors; /* PEM file or directory, or NULL for the system's */
        int log_level;       /* LogLevel=: 0 emerg .. 7 debug; default 6, info */

        /* [Cache] */
        bool cache;
        uint64_t cache_size; /* octets */
        uint64_t max_ttl;    /* usec, and so on */
        uint64_t negative_max_ttl;
        bool serve_stale;
        uint64_t stale_max;
        bool prefetch;

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

        UpstreamConfig *upstreams;
        size_t n_upstreams;
        ForwardConfig *forwards;
        size_t n_forwards;
} Config;

/* One text to read: `name` is what errors call it, `n` octets at `text` (need not be NUL-terminated). */
typedef struct ConfigText {
        const char *name;
        const char *text;
        size_t n;
} ConfigText;

typedef enum ConfigSeverity {
        CONFIG_WARNING, /* unknown section or key, a line that is neither section nor assignment: ignored */
        CONFIG_ERROR,   /* a bad value: refused, the default stands; --check-config and reload fail on any */
} ConfigSeverity;

typedef struct ConfigMessage {
        ConfigSeverity severity;
        const char *file; /* ConfigText.name, or NULL where it concerns all of them */
        unsigned line;    /* from 1; 0: none */
        const char *text; /* e.g. "[Cache] Size=8X: not a size, expected a size from 64K to 4G" */
} ConfigMessage;

/* Called for each finding, in the order in which they are made. The message lives for the call only. */
typedef void (*ConfigReport)(void *userdata, const ConfigMessage *message);

/*
 * Reads the texts in order. Always gives a whole configuration with one reference for the caller, with defaults in
 * place of what was refused (NULL only when out of memory); *ret_errors is the number of errors reported. An upstream
 * without a valid URL or address is left out, with an error, and so is one whose URL=, PinSHA256= or TrustAnchors= was
 * refused: without them it would be another server, or be trusted too easily. No upstream at all is an error, too. A
 * forward stays even if all its servers were refused, so that its names do not go elsewhere.
 */
Config *config_parse(const ConfigText *texts, size_t n, ConfigReport report, void *userdata, unsigned *ret_errors);

Config *config_ref(Config *c);
/* NULL is fine; always returns NULL. */
Config *config_unref(Config *c);
DEFINE_CLEANUP(Config, config_unref)

/* True if both speak of the same server in the same way, so that state and connections may be kept across a reload. */
bool upstream_config_equal(const UpstreamConfig *a, const UpstreamConfig *b);

/* The words of LogLevel=: "emerg" .. "debug" for 0 .. 7. -1: not one of them. */
const char *log_level_name(int level);
int log_level_from_name(const char *name);

/* True if both send the same names to the same servers. */
bool forward_config_equal(const ForwardConfig *a, const ForwardConfig *b);
