/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects of network interfaces, /org/freedesktop/resolve1/link/IFINDEX. Every interface has one. */

#include "dbus/resolve1/resolve1_internal.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#define SCOPE_DNS UINT64_C(1)

/* --- properties: those of a link without settings are those of an empty one */

static const Link no_settings = { 0 };

static const Link *resolve1_link_at(Resolve1 *r, const char *path)
{
        return link_table_find(daemon_links(r->daemon), bus_path_ifindex(path, RESOLVE1_LINK_PATH)) ?: &no_settings;
}

static int resolve1_link_get_servers(_unused_ sd_bus *bus, const char *path, _unused_ const char *interface,
                                     const char *property, sd_bus_message *reply, void *userdata,
                                     _unused_ sd_bus_error *error)
{
        const Link *l = resolve1_link_at(userdata, path);
        bool extended = strcmp(property, "DNSEx") == 0;
        int k = sd_bus_message_open_container(reply, 'a', extended ? "(iayqs)" : "(iay)");

        for (size_t i = 0; i < l->n_servers && k >= 0; i++)
                k = resolve1_append_server(reply, extended, -1, &l->servers[i].address, l->servers[i].address.port,
                                           l->servers[i].name);
        return k < 0 ? k : sd_bus_message_close_container(reply);
}

/* The server that is asked first. */
static int resolve1_link_get_current(_unused_ sd_bus *bus, const char *path, _unused_ const char *interface,
                                     const char *property, sd_bus_message *reply, void *userdata,
                                     _unused_ sd_bus_error *error)
{
        const Link *l = resolve1_link_at(userdata, path);
        const LinkServer *s = l->n_servers ? &l->servers[0] : NULL;

        return resolve1_append_server(reply, strcmp(property, "CurrentDNSServerEx") == 0, -1, s ? &s->address : NULL,
                                      s ? s->address.port : 0, s ? s->name : NULL);
}

static int resolve1_link_get_domains(_unused_ sd_bus *bus, const char *path, _unused_ const char *interface,
                                     _unused_ const char *property, sd_bus_message *reply, void *userdata,
                                     _unused_ sd_bus_error *error)
{
        const Link *l = resolve1_link_at(userdata, path);
        int k = sd_bus_message_open_container(reply, 'a', "(sb)");

        for (size_t i = 0; i < l->n_domains && k >= 0; i++) {
                char text[NAME_TEXT_MAX];

                link_domain_to_text(&l->domains[i], text);
                k = sd_bus_message_append(reply, "(sb)", text, (int) l->domains[i].route_only);
        }
        return k < 0 ? k : sd_bus_message_close_container(reply);
}

static int resolve1_link_get_flag(_unused_ sd_bus *bus, const char *path, _unused_ const char *interface,
                                  const char *property, sd_bus_message *reply, void *userdata,
                                  _unused_ sd_bus_error *error)
{
        const Link *l = resolve1_link_at(userdata, path);

        if (strcmp(property, "ScopesMask") == 0)
                return sd_bus_message_append(reply, "t", l->n_servers ? SCOPE_DNS : UINT64_C(0));
        if (strcmp(property, "DefaultRoute") == 0)
                return sd_bus_message_append(reply, "b", (int) link_shows_default_route(l));
        return sd_bus_message_append(reply, "b", 0); /* DNSSECSupported */
}

/* What was set, and else the truth: none of it is done. */
static int resolve1_link_get_mode(_unused_ sd_bus *bus, const char *path, _unused_ const char *interface,
                                  const char *property, sd_bus_message *reply, void *userdata,
                                  _unused_ sd_bus_error *error)
{
        LinkMode mode = strcmp(property, "LLMNR") == 0          ? LINK_LLMNR
                        : strcmp(property, "MulticastDNS") == 0 ? LINK_MDNS
                        : strcmp(property, "DNSOverTLS") == 0   ? LINK_DNS_OVER_TLS
                                                                : LINK_DNSSEC;
        const char *word = link_mode(resolve1_link_at(userdata, path), mode);

        return sd_bus_message_append(reply, "s", *word ? word : "no");
}

static int resolve1_link_get_anchors(_unused_ sd_bus *bus, const char *path, _unused_ const char *interface,
                                     _unused_ const char *property, sd_bus_message *reply, void *userdata,
                                     _unused_ sd_bus_error *error)
{
        const Link *l = resolve1_link_at(userdata, path);
        int k = sd_bus_message_open_container(reply, 'a', "s");

        for (size_t i = 0; i < l->n_negative_trust_anchors && k >= 0; i++)
                k = sd_bus_message_append(reply, "s", l->negative_trust_anchors[i]);
        return k < 0 ? k : sd_bus_message_close_container(reply);
}

#define SETTER(name, type, argument)                                                                  \
        SD_BUS_METHOD_WITH_ARGS(name, SD_BUS_ARGS(type, argument), SD_BUS_NO_RESULT, resolve1_on_set, \
                                SD_BUS_VTABLE_UNPRIVILEGED)

static const sd_bus_vtable link_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("ScopesMask", "t", resolve1_link_get_flag, 0, 0),
        SD_BUS_PROPERTY("DNS", "a(iay)", resolve1_link_get_servers, 0, 0),
        SD_BUS_PROPERTY("DNSEx", "a(iayqs)", resolve1_link_get_servers, 0, 0),
        SD_BUS_PROPERTY("CurrentDNSServer", "(iay)", resolve1_link_get_current, 0, 0),
        SD_BUS_PROPERTY("CurrentDNSServerEx", "(iayqs)", resolve1_link_get_current, 0, 0),
        SD_BUS_PROPERTY("Domains", "a(sb)", resolve1_link_get_domains, 0, 0),
        SD_BUS_PROPERTY("DefaultRoute", "b", resolve1_link_get_flag, 0, 0),
        SD_BUS_PROPERTY("LLMNR", "s", resolve1_link_get_mode, 0, 0),
        SD_BUS_PROPERTY("MulticastDNS", "s", resolve1_link_get_mode, 0, 0),
        SD_BUS_PROPERTY("DNSOverTLS", "s", resolve1_link_get_mode, 0, 0),
        SD_BUS_PROPERTY("DNSSEC", "s", resolve1_link_get_mode, 0, 0),
        SD_BUS_PROPERTY("DNSSECNegativeTrustAnchors", "as", resolve1_link_get_anchors, 0, 0),
        SD_BUS_PROPERTY("DNSSECSupported", "b", resolve1_link_get_flag, 0, 0),
        SETTER("SetDNS", "a(iay)", addresses),
        SETTER("SetDNSEx", "a(iayqs)", addresses),
        SETTER("SetDomains", "a(sb)", domains),
        SETTER("SetDefaultRoute", "b", enable),
        SETTER("SetLLMNR", "s", mode),
        SETTER("SetMulticastDNS", "s", mode),
        SETTER("SetDNSOverTLS", "s", mode),
        SETTER("SetDNSSEC", "s", mode),
        SETTER("SetDNSSECNegativeTrustAnchors", "as", names),
        SD_BUS_METHOD("Revert", NULL, NULL, resolve1_on_set, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

/* --- object tree */

static int resolve1_link_find(_unused_ sd_bus *bus, const char *path, _unused_ const char *interface, void *userdata,
                              void **ret, _unused_ sd_bus_error *error)
{
        int ifindex = bus_path_ifindex(path, RESOLVE1_LINK_PATH);
        Interface i;

        if (!ifindex || interface_describe(ifindex, &i) < 0)
                return 0;
        *ret = userdata;
        return 1;
}

static int resolve1_link_list(_unused_ sd_bus *bus, _unused_ const char *prefix, _unused_ void *userdata, char ***ret,
                              _unused_ sd_bus_error *error)
{
        struct if_nameindex *all = if_nameindex();
        char **paths;
        size_t n = 0;

        if (!all)
                return -errno;
        while (all[n].if_index)
                n++;
        paths = calloc(n + 1, sizeof(*paths));
        for (size_t i = 0; paths && i < n; i++) {
                char text[16];

                snprintf(text, sizeof(text), "%u", all[i].if_index);
                if (sd_bus_path_encode(RESOLVE1_LINK_PATH, text, &paths[i]) < 0)
                        break;
        }
        if_freenameindex(all);
        *ret = paths;
        return paths ? 1 : -ENOMEM;
}

int resolve1_links_attach(Resolve1 *r, sd_bus *bus)
{
        int k = sd_bus_add_fallback_vtable(bus, NULL, RESOLVE1_LINK_PATH, RESOLVE1_LINK, link_vtable,
                                           resolve1_link_find, r);

        return k < 0 ? k : sd_bus_add_node_enumerator(bus, NULL, RESOLVE1_LINK_PATH, resolve1_link_list, r);
}
