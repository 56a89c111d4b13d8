/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/networkd_link.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/socket.h>

/* --- values: those of a missing member, or one of another type, are "", -1 and an empty array */

static const char *networkd_link_text(const json_t *object, const char *key)
{
        return json_string_value(json_object_get(object, key)) ?: "";
}

static double networkd_link_number(const json_t *value)
{
        return json_is_number(value) ? json_number_value(value) : -1;
}

/* --- servers */

static bool networkd_link_read_address(const json_t *entry, Address *ret)
{
        double family = networkd_link_number(json_object_get(entry, "Family"));
        const json_t *octets = json_object_get(entry, "Address");
        size_t n = family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;

        if (n == 0 || json_array_size(octets) != n)
                return false;
        ret->v6 = family == AF_INET6;
        for (size_t i = 0; i < n; i++) {
                double octet = networkd_link_number(json_array_get(octets, i));

                if (octet < 0 || octet > UINT8_MAX)
                        return false;
                ret->octets[i] = (uint8_t) octet;
        }
        return true;
}

/* The name is that of the entry. */
static bool networkd_link_read_server(const json_t *entry, int ifindex, LinkServer *ret)
{
        const json_t *port = json_object_get(entry, "Port"), *interface = json_object_get(entry, "InterfaceIndex");
        const char *name = networkd_link_text(entry, "ServerName");
        double number = port ? networkd_link_number(port) : 0;

        *ret = (LinkServer) { .name = *name ? (char *) name : NULL };
        if (number < 0 || number > UINT16_MAX || !networkd_link_read_address(entry, &ret->address))
                return false;
        ret->address.port = (uint16_t) number;
        /* A server that is to be reached over another link is none of this one. */
        return link_server_is_valid(ret) && (!interface || networkd_link_number(interface) == ifindex);
}

static int networkd_link_set_servers(Link *l, const json_t *root)
{
        const json_t *array = json_object_get(root, "DNS");
        LinkServer servers[LINK_SERVERS_MAX];
        size_t n = 0;

        for (size_t i = 0; i < json_array_size(array) && n < LINK_SERVERS_MAX; i++)
                if (networkd_link_read_server(json_array_get(array, i), l->ifindex, &servers[n]))
                        n++;
        return link_set_servers(l, servers, n);
}

/* --- domains */

/* Everything is the domain of a link only if the administrator says so, and not the network. */
static bool networkd_link_is_configured(const json_t *entry)
{
        const char *source = networkd_link_text(entry, "ConfigSource");

        return strcmp(source, "static") == 0 || strcmp(source, "runtime") == 0;
}

static size_t networkd_link_read_domains(const json_t *array, bool route_only, LinkDomain *ret, size_t max)
{
        size_t n = 0;

        for (size_t i = 0; i < json_array_size(array) && n < max; i++) {
                const json_t *entry = json_array_get(array, i);

                if (link_domain_from_text(networkd_link_text(entry, "Domain"), route_only, &ret[n]) &&
                    (ret[n].domain.n > 1 || (route_only && networkd_link_is_configured(entry))))
                        n++;
        }
        return n;
}

static int networkd_link_set_domains(Link *l, const json_t *root)
{
        _cleanup_(freep) LinkDomain *domains = calloc(LINK_DOMAINS_MAX, sizeof(*domains));
        size_t n;

        if (!domains)
                return -ENOMEM;
        n = networkd_link_read_domains(json_object_get(root, "SearchDomains"), false, domains, LINK_DOMAINS_MAX);
        n += networkd_link_read_domains(json_object_get(root, "RouteDomains"), true, domains + n, LINK_DOMAINS_MAX - n);
        return link_set_domains(l, domains, n);
}

/* --- the others */

/* Each entry has one of the settings: [{"LLMNR": "no"}, {"DNSDefaultRoute": true}]. Returns NULL if none has it. */
static const json_t *networkd_link_find_setting(const json_t *root, const char *key)
{
        const json_t *array = json_object_get(root, "DNSSettings"), *value = NULL;

        for (size_t i = 0; i < json_array_size(array) && !value; i++)
                value = json_object_get(json_array_get(array, i), key);
        return value;
}

static int networkd_link_set_modes(Link *l, const json_t *root)
{
        static const char *const keys[LINK_MODES] = {
                [LINK_LLMNR] = "LLMNR",
                [LINK_MDNS] = "MDNS",
                [LINK_DNS_OVER_TLS] = "DNSOverTLS",
                [LINK_DNSSEC] = "DNSSEC", /* which none up to 257 tells */
        };
        int changed = 0;

        for (LinkMode i = 0; i < LINK_MODES; i++) {
                const char *value = json_string_value(networkd_link_find_setting(root, keys[i])) ?: "";
                int r = link_set_mode(l, i, value);

                changed |= r < 0 ? link_set_mode(l, i, "") : r;
        }
        return changed;
}

static int networkd_link_set_default_route(Link *l, const json_t *root)
{
        const json_t *value = networkd_link_find_setting(root, "DNSDefaultRoute");

        return link_set_default_route(l, json_is_true(value)    ? LINK_DEFAULT_ROUTE_YES
                                         : json_is_false(value) ? LINK_DEFAULT_ROUTE_NO
                                                                : LINK_DEFAULT_ROUTE_UNSET);
}

static int networkd_link_set_anchors(Link *l, const json_t *root)
{
        const json_t *array = json_object_get(root, "DNSSECNegativeTrustAnchors");
        const char *names[LINK_DOMAINS_MAX];
        size_t n = MIN(json_array_size(array), ELEMENTS(names));
        int r;

        for (size_t i = 0; i < n; i++)
                names[i] = networkd_link_text(json_array_get(array, i), "DNSSECNegativeTrustAnchor");
        r = link_set_negative_trust_anchors(l, names, n);
        return r == -EINVAL ? link_set_negative_trust_anchors(l, NULL, 0) : r;
}

/* --- the link */

/* The same states as in systemd-resolved. */
static bool networkd_link_is_managed(const json_t *root)
{
        static const char *const unmanaged[] = { "", "pending", "initialized", "unmanaged" };
        const char *state = networkd_link_text(root, "AdministrativeState");

        for (size_t i = 0; i < ELEMENTS(unmanaged); i++)
                if (strcmp(state, unmanaged[i]) == 0)
                        return false;
        return strcmp(networkd_link_text(root, "Type"), "loopback") != 0;
}

int networkd_link_apply(LinkTable *t, int ifindex, const char *text)
{
        static int (*const setters[])(Link *l, const json_t *root) = {
                networkd_link_set_servers,       networkd_link_set_domains, networkd_link_set_modes,
                networkd_link_set_default_route, networkd_link_set_anchors,
        };
        /* As real numbers, so that a lifetime above INT64_MAX does not invalidate the whole. */
        json_auto_t *root = json_loads(text, JSON_DECODE_INT_AS_REAL, NULL);
        Link *l = link_table_find(t, ifindex);
        int changed;

        if (!json_is_object(root))
                return -EBADMSG;
        if (!networkd_link_is_managed(root))
                return l && l->source == LINK_SOURCE_NETWORKD && link_table_remove(t, ifindex);
        l = link_table_ensure(t, ifindex, networkd_link_text(root, "Name"));
        if (!l)
                return -ENOMEM;
        changed = link_set_source(l, LINK_SOURCE_NETWORKD);
        for (size_t i = 0; i < ELEMENTS(setters); i++) {
                int r = setters[i](l, root);

                if (r < 0)
                        return r;
                changed |= r;
        }
        return changed;
}
