/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Links: the DNS settings of network interfaces, as network managers, VPNs and users push them at run time. A table of
 * those that have any, which the daemon owns and its bus objects change. What follows for queries, [Links] decides in
 * core/query/forward_zones.h.
 *
 * Each setter changes all or nothing. It returns 1 if anything changed, 0 if not, or a negative errno: -EINVAL for a
 * value that is not valid, -E2BIG above a limit, and -ENOMEM.
 */

#include "core/config/config.h"

#define LINK_NAME_SIZE 16 /* IFNAMSIZ */
#define LINK_SERVERS_MAX 256
#define LINK_DOMAINS_MAX 1024
#define LINK_PREFIXES_MAX 32

/* Where the settings come from. */
typedef enum LinkSource {
        LINK_SOURCE_RESOLVE1,       /* a client of org.freedesktop.resolve1 */
        LINK_SOURCE_NETWORKMANAGER, /* likewise, and it is NetworkManager */
        LINK_SOURCE_NETWORKD,       /* systemd-networkd, which manages the link; others must not change it */
} LinkSource;

const char *link_source_name(LinkSource s);
/* Returns false if it is none of the names. */
bool link_source_from_name(const char *name, LinkSource *ret);

typedef struct LinkServer {
        Address address; /* port 0 stands for 53; the interface of a link-local address is the link, and is not set */
        char *name;      /* of the certificate, for DNS over TLS, or NULL; kept and reported only */
} LinkServer;

typedef struct LinkDomain {
        Domain domain;   /* may be the root if `route_only` */
        bool route_only; /* not a search domain */
} LinkDomain;

typedef enum LinkDefaultRoute {
        LINK_DEFAULT_ROUTE_UNSET,
        LINK_DEFAULT_ROUTE_NO,
        LINK_DEFAULT_ROUTE_YES
} LinkDefaultRoute;

/* Settings that do not apply to dohmouse: kept and reported only. */
typedef enum LinkMode {
        LINK_LLMNR, /* no, resolve, yes */
        LINK_MDNS,
        LINK_DNS_OVER_TLS, /* no, opportunistic, yes */
        LINK_DNSSEC,       /* no, allow-downgrade, yes */
        LINK_MODES,
} LinkMode;

typedef struct Link {
        int ifindex;
        char name[LINK_NAME_SIZE];
        LinkSource source;
        bool tunnel; /* such as that of a VPN */
        LinkServer *servers;
        size_t n_servers;
        LinkDomain *domains; /* without duplicates */
        size_t n_domains;
        LinkDefaultRoute default_route;
        int modes[LINK_MODES]; /* 0: not set; see link_mode() */
        char **negative_trust_anchors;
        size_t n_negative_trust_anchors;
        AddressPrefix *prefixes; /* of the networks in which the interface has an address; not a setting */
        size_t n_prefixes;
} Link;

typedef struct LinkTable {
        Link **links; /* sorted by ifindex */
        size_t n;
} LinkTable;

/* --- the table */

LinkTable *link_table_new(void);
/* Accepts NULL, and returns NULL. */
LinkTable *link_table_free(LinkTable *t);
DEFINE_CLEANUP(LinkTable, link_table_free)

/* Returns the link, or NULL if it has no settings. It is valid until it is removed. */
Link *link_table_find(const LinkTable *t, int ifindex);
/* Returns the link, which is created if there is none, or NULL if out of memory. */
Link *link_table_ensure(LinkTable *t, int ifindex, const char *name);
/* The interface is gone. Returns true if it had settings. */
bool link_table_remove(LinkTable *t, int ifindex);

/* --- what is known about the interface */

/* Its current name, and whether it is a tunnel: see io/system/interface.h. */
int link_set_interface(Link *l, const char *name, bool tunnel);
/* Copies the prefixes; those above LINK_PREFIXES_MAX are left out. */
int link_set_prefixes(Link *l, const AddressPrefix *prefixes, size_t n);

/* --- settings */

int link_set_source(Link *l, LinkSource s);
/* Returns whether the address can be that of a server, and the name is a valid one, if there is any. */
bool link_server_is_valid(const LinkServer *s);
/* Copies the servers, which must be valid. */
int link_set_servers(Link *l, const LinkServer *servers, size_t n);
/* Copies the domains, without duplicates: of two, the search domain counts. The root cannot be a search domain. */
int link_set_domains(Link *l, const LinkDomain *domains, size_t n);
int link_set_default_route(Link *l, LinkDefaultRoute v);
/* "" resets to the default. Accepts the names above and, for "yes" and "no", those of a boolean. */
int link_set_mode(Link *l, LinkMode mode, const char *value);
int link_set_negative_trust_anchors(Link *l, const char *const *names, size_t n);
/* Resets all settings, and their source. Returns true if there were any. */
bool link_revert(Link *l);
/* True if nobody manages the link, and it has no settings: it needs no place in the table. */
bool link_is_empty(const Link *l);

/* Returns the mode in the words above, or "" for the default. */
const char *link_mode(const Link *l, LinkMode mode);

/* Reads a domain as it is pushed: "corp.example", "corp.example." or ".". Returns false if it is not one. */
bool link_domain_from_text(const char *text, bool route_only, LinkDomain *ret);
/* Writes the domain, without the final dot; the root is ".". */
void link_domain_to_text(const LinkDomain *d, char ret[NAME_TEXT_MAX]);

/* Whether names that no link's domain contains are meant to go to this link: what was set, and otherwise yes unless
 * it has routing domains. [Links] decides whether it is obeyed. */
bool link_is_default_route(const Link *l);
/* As systemd-resolved reports it: unless it was set, only of a link with servers. */
bool link_shows_default_route(const Link *l);
