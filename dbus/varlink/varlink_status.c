/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/varlink/varlink_status.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/socket.h>

#include "dbus/lookup/lookup.h"
#include "dbus/varlink/varlink_encode.h"
#include "io/clock.h"
#include "io/system/interface.h"

#define DNS_PORT 53

/* --- figures */

json_t *varlink_statistics(Daemon *d)
{
        const Engine *e = daemon_engine(d);
        EngineStats s;

        engine_stats(e, &s);
        return json_pack("{s:{s:I, s:I, s:I, s:I, s:I, s:i}, s:{s:I, s:I, s:I}, s:{s:i, s:i, s:i, s:i}}",
                         "transactions", "currentTransactions", (json_int_t) engine_waiting(e), "totalTransactions",
                         (json_int_t) s.counters.queries, "totalTimeouts", (json_int_t) s.counters.timeouts,
                         "totalTimeoutsServedStale", (json_int_t) s.counters.stale, "totalFailedResponses",
                         (json_int_t) (s.counters.failed - s.counters.timeouts), "totalFailedResponsesServedStale", 0,
                         "cache", "size", (json_int_t) s.cache.entries, "hits", (json_int_t) s.cache.hits, "misses",
                         (json_int_t) s.cache.misses, "dnssec", "secure", 0, "insecure", 0, "bogus", 0, "indeterminate",
                         0);
}

/* --- the cache */

/* As systemd-resolved has it: the records, none if there are none of the type, or the name of an error. */
static json_t *varlink_cache_entry(const CacheItem *item)
{
        json_t *o = json_pack("{s:o}", "key", varlink_encode_key(item->qname, item->qtype, item->qclass));
        Message m;

        if (message_parse(&m, item->wire) == MESSAGE_OK && message_rcode(&m) == RCODE_NOERROR)
                json_object_set_new(o, "rrs", varlink_encode_answer(&m));
        else
                json_object_set_new(o, "type", json_string(lookup_rcode_name(message_rcode(&m)) ?: "SERVFAIL"));
        json_object_set_new(o, "until", json_integer((json_int_t) item->expires));
        return o;
}

json_t *varlink_cache(Daemon *d)
{
        json_t *entries = json_array();
        uint64_t now = clock_now();
        CacheWalk w = { 0 };
        CacheItem item;
        size_t n = 0;

        while (n < VARLINK_DUMP_MAX && engine_cached(daemon_engine(d), &w, &item, now)) {
                json_array_append_new(entries, varlink_cache_entry(&item));
                n += item.wire.n + VARLINK_DUMP_ENTRY;
        }
        return json_pack("{s:[{s:s, s:o, s:s, s:s}]}", "dump", "protocol", "dns", "cache", entries, "dnssec", "no",
                         "dnsOverTLS", "no");
}

/* --- servers */

static const char *varlink_address_text(const Address *a, char ret[static INET6_ADDRSTRLEN])
{
        return inet_ntop(a->v6 ? AF_INET6 : AF_INET, a->octets, ret, INET6_ADDRSTRLEN);
}

/* "192.0.2.1:443#dns.example", without a port that is the default one. */
static json_t *varlink_server_text(const Address *a, const char *name)
{
        const char *hash = name && *name ? "#" : "";
        char text[INET6_ADDRSTRLEN];

        varlink_address_text(a, text);
        if (a->port == 0 || a->port == DNS_PORT)
                return json_sprintf("%s%s%s", text, hash, name ?: "");
        return json_sprintf(a->v6 ? "[%s]:%u%s%s" : "%s:%u%s%s", text, a->port, hash, name ?: "");
}

typedef struct ServerState {
        const char *type;
        const Link *link;     /* NULL: none */
        const char *possible; /* the feature level */
        HealthState state;
        bool no_edns;
        unsigned failed_udp, failed_tcp;
} ServerState;

/* DNS over HTTPS has no feature level in systemd-resolved: its name here is made after those of the others. */
static json_t *varlink_server_state(const Address *a, const char *name, const ServerState *s)
{
        json_t *o = json_pack("{s:o, s:s}", "Server", varlink_server_text(a, name), "Type", s->type);

        if (s->link) {
                json_object_set_new(o, "Interface", json_string(s->link->name));
                json_object_set_new(o, "InterfaceIndex", json_integer(s->link->ifindex));
        }
        json_object_set_new(o, "VerifiedFeatureLevel", json_string(s->state == HEALTH_HEALTHY ? s->possible : "n/a"));
        json_object_set_new(o, "PossibleFeatureLevel", json_string(s->possible));
        json_object_set_new(o, "DNSSECMode", json_string("no"));
        json_object_set_new(o, "DNSSECSupported", json_false());
        json_object_set_new(o, "ReceivedUDPFragmentMax", json_integer(0));
        json_object_set_new(o, "FailedUDPAttempts", json_integer(s->failed_udp));
        json_object_set_new(o, "FailedTCPAttempts", json_integer(s->failed_tcp));
        json_object_set_new(o, "PacketTruncated", json_false());
        json_object_set_new(o, "PacketBadOpt", json_boolean(s->no_edns));
        json_object_set_new(o, "PacketRRSIGMissing", json_false());
        json_object_set_new(o, "PacketInvalid", json_false());
        json_object_set_new(o, "PacketDoOff", json_false());
        return o;
}

static json_t *varlink_do53_state(const Do53Server *server, const Address *a, const char *name, const char *type,
                                  const Link *link, uint64_t now)
{
        bool no_edns = server && server->no_edns_until > now;

        return varlink_server_state(a, name,
                                    &(ServerState) { .type = type,
                                                     .link = link,
                                                     .possible = no_edns ? "UDP" : "UDP+EDNS0",
                                                     .state = server ? server->state : HEALTH_UNKNOWN,
                                                     .no_edns = no_edns,
                                                     .failed_udp = server ? server->failures : 0 });
}

/* Returns what queries have found out about a server of a link, or NULL. */
static const Do53Server *varlink_find_server(const Engine *e, const Address *address)
{
        Address a = *address;
        const Forward *f;

        a.port = a.port ?: DNS_PORT;
        for (size_t i = 0; (f = engine_forward(e, i)); i++)
                for (size_t k = 0; f->config->links && k < f->n_servers; k++)
                        if (address_same_host(&f->servers[k].address, &a) && f->servers[k].address.port == a.port)
                                return &f->servers[k];
        return NULL;
}

json_t *varlink_server_states(Daemon *d)
{
        const Engine *e = daemon_engine(d);
        const LinkTable *links = daemon_links(d);
        json_t *dump = json_array();
        uint64_t now = clock_now();
        const Forward *f;
        UpstreamInfo u;

        for (size_t i = 0; engine_upstream(e, i, &u); i++)
                for (size_t a = 0; a < u.config->n_addresses; a++)
                        json_array_append_new(dump, varlink_server_state(&u.config->addresses[a], u.config->host,
                                                                         &(ServerState) {
                                                                                 .type = "system",
                                                                                 .possible = "HTTPS+EDNS0",
                                                                                 .state = u.health->state,
                                                                                 .failed_tcp = u.health->consecutive,
                                                                         }));
        for (size_t i = 0; (f = engine_forward(e, i)); i++)
                for (size_t s = 0; !f->config->links && s < f->n_servers; s++)
                        json_array_append_new(dump, varlink_do53_state(&f->servers[s], &f->servers[s].address, NULL,
                                                                       "delegate", NULL, now));
        for (size_t i = 0; i < links->n; i++)
                for (size_t s = 0; s < links->links[i]->n_servers; s++) {
                        const LinkServer *server = &links->links[i]->servers[s];

                        json_array_append_new(dump, varlink_do53_state(varlink_find_server(e, &server->address),
                                                                       &server->address, server->name, "link",
                                                                       links->links[i], now));
                }
        return json_pack("{s:o}", "dump", dump);
}

/* --- the configuration */

static json_t *varlink_server(const Address *a, int ifindex, const char *name, bool usable)
{
        Address target = *a;
        char text[INET6_ADDRSTRLEN];
        json_t *o;

        target.port = a->port ?: DNS_PORT;
        o = json_pack("{s:s, s:o, s:i, s:i}", "addressString", varlink_address_text(a, text), "address",
                      varlink_encode_octets(a->octets, a->v6 ? 16 : 4), "family", a->v6 ? AF_INET6 : AF_INET, "port",
                      (int) target.port);
        if (ifindex)
                json_object_set_new(o, "ifindex", json_integer(ifindex));
        if (name && *name)
                json_object_set_new(o, "name", json_string(name));
        json_object_set_new(o, "accessible", json_boolean(usable && interface_has_route(&target, ifindex)));
        return o;
}

/* Takes `servers`. What is none, also as the current one, is not mentioned. */
static void varlink_set_servers(json_t *o, json_t *servers, size_t current)
{
        if (current < json_array_size(servers))
                json_object_set(o, "currentServer", json_array_get(servers, current));
        if (json_array_size(servers) > 0)
                json_object_set(o, "servers", servers);
        json_decref(servers);
}

static json_t *varlink_scope(const Link *l)
{
        json_t *o = json_pack("{s:s}", "protocol", "dns");

        if (l) {
                json_object_set_new(o, "ifindex", json_integer(l->ifindex));
                json_object_set_new(o, "ifname", json_string(l->name));
        }
        json_object_set_new(o, "dnssec", json_string("no"));
        json_object_set_new(o, "dnsOverTLS", json_string("no"));
        return o;
}

/* A mode that was not set is "no", as none of it is done. */
static void varlink_set_modes(json_t *o, const Link *l)
{
        static const struct {
                const char *key;
                LinkMode mode;
        } modes[] = {
                { "dnssec", LINK_DNSSEC },
                { "dnsOverTLS", LINK_DNS_OVER_TLS },
                { "llmnr", LINK_LLMNR },
                { "mDNS", LINK_MDNS },
        };

        json_object_set_new(o, "dnssecSupported", json_false());
        for (size_t i = 0; i < ELEMENTS(modes); i++) {
                const char *word = l ? link_mode(l, modes[i].mode) : "";

                json_object_set_new(o, modes[i].key, json_string(*word ? word : "no"));
        }
}

/* The upstreams, with the port of DNS over HTTPS. */
static json_t *varlink_global_configuration(Daemon *d)
{
        const Engine *e = daemon_engine(d);
        json_t *o = json_object(), *servers = json_array();
        UpstreamInfo u, first;
        bool healthy = engine_current_upstream(e, &first);
        size_t current = SIZE_MAX;

        for (size_t i = 0; engine_upstream(e, i, &u); i++) {
                bool usable = u.health->admin != ADMIN_DOWN && u.health->state != HEALTH_FAILED;

                if (healthy && u.number == first.number)
                        current = json_array_size(servers);
                for (size_t a = 0; a < u.config->n_addresses; a++)
                        json_array_append_new(servers,
                                              varlink_server(&u.config->addresses[a], 0, u.config->host, usable));
        }
        varlink_set_servers(o, servers, current);
        varlink_set_modes(o, NULL);
        json_object_set_new(o, "resolvConfMode", json_string(resolv_conf_mode_name(daemon_resolv_conf_mode(d))));
        json_object_set_new(o, "scopes", json_pack("[o]", varlink_scope(NULL)));
        return o;
}

/* A [Forward] section is what systemd-resolved calls a delegate. */
static json_t *varlink_forward_configuration(const Forward *f)
{
        json_t *o = json_pack("{s:s, s:b}", "delegate", f->config->name, "defaultRoute", 0);
        json_t *servers = json_array(), *domains = json_array();

        for (size_t i = 0; i < f->n_servers; i++)
                json_array_append_new(
                        servers, varlink_server(&f->servers[i].address, 0, NULL, f->servers[i].state != HEALTH_FAILED));
        for (size_t i = 0; i < f->config->n_domains; i++) {
                char text[NAME_TEXT_MAX];

                name_to_text(BYTES(f->config->domains[i].name, f->config->domains[i].n), text);
                json_array_append_new(domains, json_pack("{s:s, s:b}", "name", text, "routeOnly", 1));
        }
        varlink_set_servers(o, servers, f->good);
        json_object_set_new(o, "searchDomains", domains);
        json_object_set_new(o, "scopes", json_pack("[o]", varlink_scope(NULL)));
        return o;
}

static void varlink_set_domains(json_t *o, const Link *l)
{
        json_t *domains = json_array(), *anchors = json_array();

        for (size_t i = 0; i < l->n_domains; i++) {
                char text[NAME_TEXT_MAX];

                link_domain_to_text(&l->domains[i], text);
                json_array_append_new(domains, json_pack("{s:s, s:b, s:i}", "name", text, "routeOnly",
                                                         (int) l->domains[i].route_only, "ifindex", l->ifindex));
        }
        for (size_t i = 0; i < l->n_negative_trust_anchors; i++)
                json_array_append_new(anchors, json_string(l->negative_trust_anchors[i]));
        if (l->n_domains)
                json_object_set(o, "searchDomains", domains);
        if (l->n_negative_trust_anchors)
                json_object_set(o, "negativeTrustAnchors", anchors);
        json_decref(domains);
        json_decref(anchors);
}

/* The settings of a link; NULL: it has none. */
static json_t *varlink_link_configuration(const Engine *e, int ifindex, const char *name, const Link *l)
{
        json_t *o = json_pack("{s:s, s:i, s:b}", "ifname", name, "ifindex", ifindex, "defaultRoute",
                              l ? (int) link_shows_default_route(l) : 0);
        json_t *servers = json_array();

        for (size_t i = 0; l && i < l->n_servers; i++) {
                const Do53Server *known = varlink_find_server(e, &l->servers[i].address);

                json_array_append_new(servers, varlink_server(&l->servers[i].address, ifindex, l->servers[i].name,
                                                              !known || known->state != HEALTH_FAILED));
        }
        varlink_set_servers(o, servers, 0);
        if (l)
                varlink_set_domains(o, l);
        varlink_set_modes(o, l);
        if (l && l->n_servers)
                json_object_set_new(o, "scopes", json_pack("[o]", varlink_scope(l)));
        return o;
}

json_t *varlink_configuration(Daemon *d)
{
        const Engine *e = daemon_engine(d);
        json_t *list = json_array();
        struct if_nameindex *all = if_nameindex();
        const Forward *f;

        json_array_append_new(list, varlink_global_configuration(d));
        for (size_t i = 0; (f = engine_forward(e, i)); i++)
                if (!f->config->links)
                        json_array_append_new(list, varlink_forward_configuration(f));
        for (size_t i = 0; all && all[i].if_index; i++)
                json_array_append_new(
                        list, varlink_link_configuration(e, (int) all[i].if_index, all[i].if_name,
                                                         link_table_find(daemon_links(d), (int) all[i].if_index)));
        if (all)
                if_freenameindex(all);
        return json_pack("{s:o}", "configuration", list);
}
