/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager object, /org/freedesktop/resolve1. */

#include "dbus/resolve1/resolve1_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dbus/resolve1/resolve1_lookup.h"
#include "io/clock.h"
#include "io/journal.h"

/* --- servers: the upstreams as global ones, with the port of DNS over HTTPS, and those of links */

/* DNS lists only servers that can be asked on port 53. The upstreams are not listed there: whoever takes their
 * addresses from there would send names to them in plain text. */
static int resolve1_get_servers(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                                const char *property, sd_bus_message *reply, void *userdata,
                                _unused_ sd_bus_error *error)
{
        bool extended = strcmp(property, "DNSEx") == 0;
        const Resolve1 *r = userdata;
        const Config *config = engine_config(daemon_engine(r->daemon));
        const LinkTable *links = daemon_links(r->daemon);
        int k = sd_bus_message_open_container(reply, 'a', extended ? "(iiayqs)" : "(iiay)");

        for (size_t i = 0; extended && i < config->n_upstreams; i++)
                for (size_t a = 0; k >= 0 && a < config->upstreams[i].n_addresses; a++)
                        k = resolve1_append_server(reply, true, 0, &config->upstreams[i].addresses[a],
                                                   config->upstreams[i].addresses[a].port, config->upstreams[i].host);
        for (size_t i = 0; i < links->n; i++)
                for (size_t s = 0; k >= 0 && s < links->links[i]->n_servers; s++) {
                        const LinkServer *server = &links->links[i]->servers[s];

                        k = resolve1_append_server(reply, extended, links->links[i]->ifindex, &server->address,
                                                   server->address.port, server->name);
                }
        return k < 0 ? k : sd_bus_message_close_container(reply);
}

static int resolve1_get_no_servers(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                                   const char *property, sd_bus_message *reply, _unused_ void *userdata,
                                   _unused_ sd_bus_error *error)
{
        return sd_bus_message_append(reply, strcmp(property, "FallbackDNS") == 0 ? "a(iiay)" : "a(iiayqs)", 0);
}

static int resolve1_get_current(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                                const char *property, sd_bus_message *reply, void *userdata,
                                _unused_ sd_bus_error *error)
{
        bool extended = strcmp(property, "CurrentDNSServerEx") == 0;
        const Resolve1 *r = userdata;
        UpstreamInfo u;
        bool known = extended && engine_current_upstream(daemon_engine(r->daemon), &u);

        return resolve1_append_server(reply, extended, 0, known ? &u.config->addresses[0] : NULL,
                                      known ? u.config->addresses[0].port : 0, known ? u.config->host : NULL);
}

static int resolve1_get_domains(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                                _unused_ const char *property, sd_bus_message *reply, void *userdata,
                                _unused_ sd_bus_error *error)
{
        const Resolve1 *r = userdata;
        const LinkTable *links = daemon_links(r->daemon);
        int k = sd_bus_message_open_container(reply, 'a', "(isb)");

        for (size_t i = 0; i < links->n; i++)
                for (size_t d = 0; k >= 0 && d < links->links[i]->n_domains; d++) {
                        const LinkDomain *domain = &links->links[i]->domains[d];
                        char text[NAME_TEXT_MAX];

                        link_domain_to_text(domain, text);
                        k = sd_bus_message_append(reply, "(isb)", links->links[i]->ifindex, text,
                                                  (int) domain->route_only);
                }
        return k < 0 ? k : sd_bus_message_close_container(reply);
}

/* --- figures */

static int resolve1_get_figures(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                                const char *property, sd_bus_message *reply, void *userdata,
                                _unused_ sd_bus_error *error)
{
        const Resolve1 *r = userdata;
        const Engine *e = daemon_engine(r->daemon);
        EngineStats s;

        engine_stats(e, &s);
        if (strcmp(property, "TransactionStatistics") == 0)
                return sd_bus_message_append(reply, "(tt)", (uint64_t) engine_waiting(e), s.counters.queries);
        if (strcmp(property, "CacheStatistics") == 0)
                return sd_bus_message_append(reply, "(ttt)", s.cache.entries, s.cache.hits, s.cache.misses);
        /* dohmouse does not validate. */
        return sd_bus_message_append(reply, "(tttt)", UINT64_C(0), UINT64_C(0), UINT64_C(0), UINT64_C(0));
}

/* --- words: what dohmouse does not do is "no". DNS over HTTPS is not DNS over TLS, which has no word here. */

static int resolve1_get_word(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                             const char *property, sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error)
{
        const Resolve1 *r = userdata;
        char host[65] = "";

        if (strcmp(property, "ResolvConfMode") == 0)
                return sd_bus_message_append(reply, "s", resolv_conf_mode_name(daemon_resolv_conf_mode(r->daemon)));
        if (strcmp(property, "DNSStubListener") == 0)
                return sd_bus_message_append(reply, "s", "yes");
        if (strcmp(property, "LLMNRHostname") != 0)
                return sd_bus_message_append(reply, "s", "no");
        gethostname(host, sizeof(host) - 1);
        host[strcspn(host, ".")] = 0;
        return sd_bus_message_append(reply, "s", host);
}

static int resolve1_get_unsupported(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                                    const char *property, sd_bus_message *reply, _unused_ void *userdata,
                                    _unused_ sd_bus_error *error)
{
        return strcmp(property, "DNSSECSupported") == 0 ? sd_bus_message_append(reply, "b", 0)
                                                        : sd_bus_message_append(reply, "as", 0);
}

/* --- methods */

static int resolve1_on_get_link(sd_bus_message *call, _unused_ void *userdata, sd_bus_error *error)
{
        _cleanup_(freep) char *path = NULL;
        Interface interface;
        char text[16];
        int ifindex, k = sd_bus_message_read(call, "i", &ifindex);

        if (k >= 0)
                k = resolve1_find_interface(ifindex, &interface, error);
        if (k < 0)
                return k;
        snprintf(text, sizeof(text), "%d", ifindex);
        k = sd_bus_path_encode(RESOLVE1_LINK_PATH, text, &path);
        return k < 0 ? k : sd_bus_reply_method_return(call, "o", path);
}

/* --- maintenance */

static void resolve1_flush_caches(const Resolve1 *r)
{
        engine_flush_cache(daemon_engine(r->daemon));
}

static void resolve1_reset_statistics(const Resolve1 *r)
{
        daemon_reset_statistics(r->daemon);
}

static void resolve1_reset_features(const Resolve1 *r)
{
        engine_forget_forwards(daemon_engine(r->daemon), clock_now());
}

static const struct {
        const char *member, *action;
        void (*run)(const Resolve1 *r);
} maintenance[] = {
        { "FlushCaches", RESOLVE1_ERROR("flush-caches"), resolve1_flush_caches },
        { "ResetStatistics", RESOLVE1_ERROR("reset-statistics"), resolve1_reset_statistics },
        { "ResetServerFeatures", RESOLVE1_ERROR("reset-server-features"), resolve1_reset_features },
};

/* `argument` is the index of the member in the table. */
static int resolve1_maintain(void *userdata, sd_bus_message *call, _unused_ uid_t user, uint64_t argument,
                             _unused_ sd_bus_error *error)
{
        maintenance[argument].run(userdata);
        return sd_bus_reply_method_return(call, NULL);
}

static int resolve1_on_maintain(sd_bus_message *call, void *userdata, _unused_ sd_bus_error *error)
{
        Resolve1 *r = userdata;
        size_t i = 0;

        while (strcmp(maintenance[i].member, sd_bus_message_get_member(call)) != 0)
                i++;
        return polkit_check(r->polkit, call, maintenance[i].action, resolve1_maintain, r, i);
}

/* --- services */

/* Services are announced by multicast DNS, which avahi-daemon(8) does. */
static int resolve1_on_register(_unused_ sd_bus_message *call, _unused_ void *userdata, sd_bus_error *error)
{
        return sd_bus_error_set(error, SD_BUS_ERROR_NOT_SUPPORTED, "Support for MulticastDNS is disabled");
}

#define SETTER(name, type, argument)                                                                                \
        SD_BUS_METHOD_WITH_ARGS(name, SD_BUS_ARGS("i", ifindex, type, argument), SD_BUS_NO_RESULT, resolve1_on_set, \
                                SD_BUS_VTABLE_UNPRIVILEGED)
#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define CONSTANT SD_BUS_VTABLE_PROPERTY_CONST

static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("LLMNRHostname", "s", resolve1_get_word, 0, CHANGES),
        SD_BUS_PROPERTY("LLMNR", "s", resolve1_get_word, 0, 0),
        SD_BUS_PROPERTY("MulticastDNS", "s", resolve1_get_word, 0, 0),
        SD_BUS_PROPERTY("DNSOverTLS", "s", resolve1_get_word, 0, 0),
        SD_BUS_PROPERTY("DNS", "a(iiay)", resolve1_get_servers, 0, CHANGES),
        SD_BUS_PROPERTY("DNSEx", "a(iiayqs)", resolve1_get_servers, 0, CHANGES),
        SD_BUS_PROPERTY("FallbackDNS", "a(iiay)", resolve1_get_no_servers, 0, CONSTANT),
        SD_BUS_PROPERTY("FallbackDNSEx", "a(iiayqs)", resolve1_get_no_servers, 0, CONSTANT),
        SD_BUS_PROPERTY("CurrentDNSServer", "(iiay)", resolve1_get_current, 0, CHANGES),
        SD_BUS_PROPERTY("CurrentDNSServerEx", "(iiayqs)", resolve1_get_current, 0, CHANGES),
        SD_BUS_PROPERTY("Domains", "a(isb)", resolve1_get_domains, 0, 0),
        SD_BUS_PROPERTY("TransactionStatistics", "(tt)", resolve1_get_figures, 0, 0),
        SD_BUS_PROPERTY("CacheStatistics", "(ttt)", resolve1_get_figures, 0, 0),
        SD_BUS_PROPERTY("DNSSEC", "s", resolve1_get_word, 0, 0),
        SD_BUS_PROPERTY("DNSSECStatistics", "(tttt)", resolve1_get_figures, 0, 0),
        SD_BUS_PROPERTY("DNSSECSupported", "b", resolve1_get_unsupported, 0, 0),
        SD_BUS_PROPERTY("DNSSECNegativeTrustAnchors", "as", resolve1_get_unsupported, 0, 0),
        SD_BUS_PROPERTY("DNSStubListener", "s", resolve1_get_word, 0, 0),
        SD_BUS_PROPERTY("ResolvConfMode", "s", resolve1_get_word, 0, 0),
        SD_BUS_METHOD_WITH_ARGS("ResolveHostname", SD_BUS_ARGS("i", ifindex, "s", name, "i", family, "t", flags),
                                SD_BUS_RESULT("a(iiay)", addresses, "s", canonical, "t", flags), resolve1_on_hostname,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ResolveAddress", SD_BUS_ARGS("i", ifindex, "i", family, "ay", address, "t", flags),
                                SD_BUS_RESULT("a(is)", names, "t", flags), resolve1_on_address,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS(
                "ResolveRecord", SD_BUS_ARGS("i", ifindex, "s", name, "q", class, "q", type, "t", flags),
                SD_BUS_RESULT("a(iqqay)", records, "t", flags), resolve1_on_record, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ResolveService",
                                SD_BUS_ARGS("i", ifindex, "s", name, "s", type, "s", domain, "i", family, "t", flags),
                                SD_BUS_RESULT("a(qqqsa(iiay)s)", srv_data, "aay", txt_data, "s", canonical_name, "s",
                                              canonical_type, "s", canonical_domain, "t", flags),
                                resolve1_on_service, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetLink", SD_BUS_ARGS("i", ifindex), SD_BUS_RESULT("o", path), resolve1_on_get_link,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SETTER("SetLinkDNS", "a(iay)", addresses),
        SETTER("SetLinkDNSEx", "a(iayqs)", addresses),
        SETTER("SetLinkDomains", "a(sb)", domains),
        SETTER("SetLinkDefaultRoute", "b", enable),
        SETTER("SetLinkLLMNR", "s", mode),
        SETTER("SetLinkMulticastDNS", "s", mode),
        SETTER("SetLinkDNSOverTLS", "s", mode),
        SETTER("SetLinkDNSSEC", "s", mode),
        SETTER("SetLinkDNSSECNegativeTrustAnchors", "as", names),
        SD_BUS_METHOD_WITH_ARGS("RevertLink", SD_BUS_ARGS("i", ifindex), SD_BUS_NO_RESULT, resolve1_on_set,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RegisterService",
                                SD_BUS_ARGS("s", name, "s", name_template, "s", type, "q", service_port, "q",
                                            service_priority, "q", service_weight, "aa{say}", txt_datas),
                                SD_BUS_RESULT("o", service_path), resolve1_on_register, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("UnregisterService", SD_BUS_ARGS("o", service_path), SD_BUS_NO_RESULT,
                                resolve1_on_register, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ResetStatistics", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, resolve1_on_maintain,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("FlushCaches", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, resolve1_on_maintain,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ResetServerFeatures", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, resolve1_on_maintain,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

int resolve1_manager_attach(Resolve1 *r, sd_bus *bus)
{
        return sd_bus_add_object_vtable(bus, NULL, RESOLVE1_PATH, RESOLVE1_MANAGER, manager_vtable, r);
}
