/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The methods that change the settings of a link. As in systemd-resolved, first the link is checked, then the
 * arguments, and then polkit is asked. While that takes its time, anything may change, so all is read again afterwards.
 */

#include "dbus/resolve1/resolve1_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* The arguments. Strings are those of the message. */
typedef struct Setting {
        LinkServer *servers;
        LinkDomain *domains;
        char **names;
        size_t n;
        bool on;
        const char *word;
} Setting;

static void setting_deinit(Setting *s)
{
        free(s->servers);
        free(s->domains);
        for (size_t i = 0; s->names && s->names[i]; i++)
                free(s->names[i]);
        free(s->names);
}

typedef struct Setter Setter;
struct Setter {
        const char *on_manager, *on_link; /* the methods */
        const char *action;               /* of polkit */
        /* Reads the arguments. Negative errno, also if it sets `error`. */
        int (*read)(Resolve1 *r, sd_bus_message *call, Setting *ret, sd_bus_error *error);
        /* As the setters of links.h. */
        int (*apply)(const Setter *s, Link *l, const Setting *value);
        const char *invalid; /* what to say of -EINVAL */
        LinkMode mode;
};

/* --- servers */

/* A server that is dohmouse itself would be asked in a circle. */
static bool setting_is_own_address(Resolve1 *r, const Address *a)
{
        const Config *config = engine_config(daemon_engine(r->daemon));

        for (size_t i = 0; i < config->n_listen; i++)
                if (address_same_host(&config->listen[i], a) && config->listen[i].port == (a->port ?: 53))
                        return true;
        return false;
}

static int setting_read_server(Resolve1 *r, sd_bus_message *call, bool extended, LinkServer *ret, sd_bus_error *error)
{
        const void *octets;
        size_t n;
        int32_t family;
        int k = sd_bus_message_read(call, "i", &family);

        if (k >= 0)
                k = sd_bus_message_read_array(call, 'y', &octets, &n);
        if (k >= 0 && extended)
                k = sd_bus_message_read(call, "qs", &ret->address.port, (const char **) &ret->name);
        if (k < 0)
                return k;
        if (family != AF_INET && family != AF_INET6)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Unknown address family %d", family);
        if (n != (family == AF_INET ? 4 : 16))
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "Invalid address size");
        ret->address.v6 = family == AF_INET6;
        memcpy(ret->address.octets, octets, n);
        if (ret->name && !*ret->name)
                ret->name = NULL;
        if (setting_is_own_address(r, &ret->address))
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                        "Invalid DNS server address: dohmouse itself listens on it");
        return 0;
}

static int setting_read_servers(Resolve1 *r, sd_bus_message *call, bool extended, Setting *ret, sd_bus_error *error)
{
        const char *contents = extended ? "iayqs" : "iay";
        int k = sd_bus_message_enter_container(call, 'a', extended ? "(iayqs)" : "(iay)");

        ret->servers = calloc(LINK_SERVERS_MAX, sizeof(*ret->servers));
        if (!ret->servers)
                return -ENOMEM;
        while (k >= 0 && (k = sd_bus_message_enter_container(call, 'r', contents)) > 0) {
                if (ret->n == LINK_SERVERS_MAX)
                        return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "Too many DNS servers per link");
                k = setting_read_server(r, call, extended, &ret->servers[ret->n++], error);
                if (k >= 0)
                        k = sd_bus_message_exit_container(call);
        }
        return k < 0 ? k : sd_bus_message_exit_container(call);
}

static int setting_read_dns(Resolve1 *r, sd_bus_message *call, Setting *ret, sd_bus_error *error)
{
        return setting_read_servers(r, call, false, ret, error);
}

static int setting_read_dns_ex(Resolve1 *r, sd_bus_message *call, Setting *ret, sd_bus_error *error)
{
        return setting_read_servers(r, call, true, ret, error);
}

static int setting_apply_servers(_unused_ const Setter *s, Link *l, const Setting *value)
{
        return link_set_servers(l, value->servers, value->n);
}

/* --- domains */

static int setting_read_domains(_unused_ Resolve1 *r, sd_bus_message *call, Setting *ret, sd_bus_error *error)
{
        int k = sd_bus_message_enter_container(call, 'a', "(sb)"), route_only;
        uint8_t name[DNS_NAME_MAX];
        const char *text;

        ret->domains = calloc(LINK_DOMAINS_MAX, sizeof(*ret->domains));
        if (!ret->domains)
                return -ENOMEM;
        while (k >= 0 && (k = sd_bus_message_read(call, "(sb)", &text, &route_only)) > 0) {
                if (ret->n == LINK_DOMAINS_MAX)
                        return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                                "Too many search domains per link");
                if (!lookup_read_name(text, name) || !link_domain_from_text(text, route_only, &ret->domains[ret->n]))
                        return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "Invalid search domain");
                ret->n++;
        }
        return k < 0 ? k : sd_bus_message_exit_container(call);
}

static int setting_apply_domains(_unused_ const Setter *s, Link *l, const Setting *value)
{
        return link_set_domains(l, value->domains, value->n);
}

/* --- the others */

static int setting_read_boolean(_unused_ Resolve1 *r, sd_bus_message *call, Setting *ret, _unused_ sd_bus_error *error)
{
        int on, k = sd_bus_message_read(call, "b", &on);

        ret->on = k >= 0 && on;
        return k;
}

static int setting_apply_default_route(_unused_ const Setter *s, Link *l, const Setting *value)
{
        return link_set_default_route(l, value->on ? LINK_DEFAULT_ROUTE_YES : LINK_DEFAULT_ROUTE_NO);
}

static int setting_read_word(_unused_ Resolve1 *r, sd_bus_message *call, Setting *ret, _unused_ sd_bus_error *error)
{
        return sd_bus_message_read(call, "s", &ret->word);
}

static int setting_apply_mode(const Setter *s, Link *l, const Setting *value)
{
        return link_set_mode(l, s->mode, value->word);
}

static int setting_read_names(_unused_ Resolve1 *r, sd_bus_message *call, Setting *ret, sd_bus_error *error)
{
        uint8_t name[DNS_NAME_MAX];
        int k = sd_bus_message_read_strv(call, &ret->names);

        for (; k >= 0 && ret->names && ret->names[ret->n]; ret->n++)
                if (!lookup_read_name(ret->names[ret->n], name))
                        return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "Invalid negative trust anchor");
        return k;
}

static int setting_apply_anchors(_unused_ const Setter *s, Link *l, const Setting *value)
{
        return link_set_negative_trust_anchors(l, (const char *const *) value->names, value->n);
}

static int setting_read_nothing(_unused_ Resolve1 *r, _unused_ sd_bus_message *call, _unused_ Setting *ret,
                                _unused_ sd_bus_error *error)
{
        return 0;
}

static int setting_apply_revert(_unused_ const Setter *s, Link *l, _unused_ const Setting *value)
{
        return link_revert(l);
}

#define ACTION(name) "org.freedesktop.resolve1." name

static const Setter setters[] = {
        { "SetLinkDNS", "SetDNS", ACTION("set-dns-servers"), setting_read_dns, setting_apply_servers,
          "Invalid DNS server", 0 },
        { "SetLinkDNSEx", "SetDNSEx", ACTION("set-dns-servers"), setting_read_dns_ex, setting_apply_servers,
          "Invalid DNS server", 0 },
        { "SetLinkDomains", "SetDomains", ACTION("set-domains"), setting_read_domains, setting_apply_domains,
          "Root domain is not suitable as search domain", 0 },
        { "SetLinkDefaultRoute", "SetDefaultRoute", ACTION("set-default-route"), setting_read_boolean,
          setting_apply_default_route, "", 0 },
        { "SetLinkLLMNR", "SetLLMNR", ACTION("set-llmnr"), setting_read_word, setting_apply_mode,
          "Invalid LLMNR setting", LINK_LLMNR },
        { "SetLinkMulticastDNS", "SetMulticastDNS", ACTION("set-mdns"), setting_read_word, setting_apply_mode,
          "Invalid MulticastDNS setting", LINK_MDNS },
        { "SetLinkDNSOverTLS", "SetDNSOverTLS", ACTION("set-dns-over-tls"), setting_read_word, setting_apply_mode,
          "Invalid DNSOverTLS setting", LINK_DNS_OVER_TLS },
        { "SetLinkDNSSEC", "SetDNSSEC", ACTION("set-dnssec"), setting_read_word, setting_apply_mode,
          "Invalid DNSSEC setting", LINK_DNSSEC },
        { "SetLinkDNSSECNegativeTrustAnchors", "SetDNSSECNegativeTrustAnchors",
          ACTION("set-dnssec-negative-trust-anchors"), setting_read_names, setting_apply_anchors,
          "Invalid negative trust anchor", 0 },
        { "RevertLink", "Revert", ACTION("revert"), setting_read_nothing, setting_apply_revert, "", 0 },
};

/* --- calls */

static int setting_say(const Setter *s, int r, sd_bus_error *error)
{
        if (r == -EINVAL)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, s->invalid);
        if (r == -E2BIG)
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "Too many values per link");
        return r;
}

/* Which link the call is about, by its path or its first argument, and how that is. */
static int setting_find_link(Resolve1 *r, sd_bus_message *call, int *ret, Interface *ret_interface, sd_bus_error *error)
{
        const Link *l;
        int k;

        *ret = bus_path_ifindex(sd_bus_message_get_path(call), RESOLVE1_LINK_PATH);
        k = *ret ? 0 : sd_bus_message_read(call, "i", ret);
        if (k >= 0)
                k = resolve1_find_interface(*ret, ret_interface, error);
        if (k < 0)
                return k;
        if (ret_interface->loopback)
                return sd_bus_error_setf(error, RESOLVE1_ERROR("LinkBusy"), "Link %s is loopback device.",
                                         ret_interface->name);
        l = link_table_find(daemon_links(r->daemon), *ret);
        if (l && l->source == LINK_SOURCE_NETWORKD)
                return sd_bus_error_setf(error, RESOLVE1_ERROR("LinkBusy"), "Link %s is managed.", ret_interface->name);
        return 0;
}

static int setting_apply(Resolve1 *r, sd_bus_message *call, const Setter *s, int ifindex, const Interface *interface,
                         const Setting *value, sd_bus_error *error)
{
        LinkSource source = daemon_is_network_manager(r->daemon, sd_bus_message_get_sender(call))
                                    ? LINK_SOURCE_NETWORKMANAGER
                                    : LINK_SOURCE_RESOLVE1;
        LinkTable *table = daemon_links(r->daemon);
        bool is_new = !link_table_find(table, ifindex);
        Link *l = link_table_ensure(table, ifindex, interface->name);
        int k;

        if (!l)
                return -ENOMEM;
        k = s->apply(s, l, value);
        if (k > 0)
                link_set_source(l, source);
        if (k > 0 || is_new)
                daemon_links_changed(r->daemon);
        return setting_say(s, k, error);
}

static int setting_authorized(void *userdata, sd_bus_message *call, _unused_ uid_t user, uint64_t number,
                              sd_bus_error *error)
{
        _cleanup_(setting_deinit) Setting value = { 0 };
        const Setter *s = &setters[number];
        Resolve1 *r = userdata;
        Interface interface;
        int ifindex, k = sd_bus_message_rewind(call, true);

        if (k >= 0)
                k = setting_find_link(r, call, &ifindex, &interface, error);
        if (k >= 0)
                k = s->read(r, call, &value, error);
        if (k >= 0)
                k = setting_apply(r, call, s, ifindex, &interface, &value, error);
        return k < 0 ? k : sd_bus_reply_method_return(call, NULL);
}

int resolve1_on_set(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        _cleanup_(setting_deinit) Setting value = { 0 };
        const char *member = sd_bus_message_get_member(call);
        Resolve1 *r = userdata;
        Link scratch = { 0 };
        Interface interface;
        size_t i = 0;
        int ifindex, k;

        while (i < ELEMENTS(setters) && strcmp(setters[i].on_manager, member) != 0 &&
               strcmp(setters[i].on_link, member) != 0)
                i++;
        must(i < ELEMENTS(setters));
        k = setting_find_link(r, call, &ifindex, &interface, error);
        if (k >= 0)
                k = setters[i].read(r, call, &value, error);
        if (k >= 0) {
                k = setting_say(&setters[i], setters[i].apply(&setters[i], &scratch, &value), error);
                link_revert(&scratch);
        }
        return k < 0 ? k
                     : polkit_check_interface(r->polkit, call, setters[i].action, interface.name, setting_authorized, r,
                                              i);
}
