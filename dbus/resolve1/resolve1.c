/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/resolve1/resolve1_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "dbus/resolve1/resolve1_lookup.h"

/* --- what the objects have in common */

int resolve1_find_interface(int ifindex, Interface *ret, sd_bus_error *error)
{
        if (ifindex <= 0)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "Invalid interface index");
        if (interface_describe(ifindex, ret) < 0)
                return sd_bus_error_setf(error, RESOLVE1_ERROR("NoSuchLink"), "Link %d not known", ifindex);
        return 0;
}

int resolve1_append_server(sd_bus_message *reply, bool extended, int ifindex, const Address *address, uint16_t port,
                           const char *name)
{
        const char *contents = ifindex < 0 ? (extended ? "iayqs" : "iay") : extended ? "iiayqs" : "iiay";
        int k = sd_bus_message_open_container(reply, 'r', contents);

        if (k >= 0 && ifindex >= 0)
                k = sd_bus_message_append(reply, "i", ifindex);
        if (k >= 0)
                k = sd_bus_message_append(reply, "i", !address ? AF_UNSPEC : address->v6 ? AF_INET6 : AF_INET);
        if (k >= 0)
                k = sd_bus_message_append_array(reply, 'y', address ? address->octets : NULL,
                                                !address      ? 0
                                                : address->v6 ? 16
                                                              : 4);
        if (k >= 0 && extended)
                k = sd_bus_message_append(reply, "qs", port, name ?: "");
        return k < 0 ? k : sd_bus_message_close_container(reply);
}

/* --- the name, and changes */

static bool resolve1_wants_name(const Resolve1 *r)
{
        Resolve1Mode mode = engine_config(daemon_engine(r->daemon))->resolve1;

        return mode == RESOLVE1_YES ||
               (mode == RESOLVE1_AUTO && daemon_resolv_conf_mode(r->daemon) == RESOLV_CONF_IS_STUB);
}

void resolve1_sync(Resolve1 *r)
{
        sd_bus *bus = bus_ready(daemon_bus(r->daemon));
        const char *names[5];
        UpstreamInfo u;
        uint32_t current;
        unsigned n = 0;

        if (!bus)
                return;
        owned_name_want(&r->name, bus, resolve1_wants_name(r));
        current = engine_current_upstream(daemon_engine(r->daemon), &u) ? u.number : 0;
        if (r->links_version != daemon_links_version(r->daemon))
                names[n++] = "DNS", names[n++] = "DNSEx";
        if (r->current != current)
                names[n++] = "CurrentDNSServer", names[n++] = "CurrentDNSServerEx";
        names[n] = NULL;
        r->links_version = daemon_links_version(r->daemon);
        r->current = current;
        if (n && r->name.owned)
                sd_bus_emit_properties_changed_strv(bus, RESOLVE1_PATH, RESOLVE1_MANAGER, (char **) names);
}

/* --- life */

int resolve1_attach(Resolve1 *r, sd_bus *bus)
{
        int k = resolve1_manager_attach(r, bus);

        if (k >= 0)
                k = resolve1_links_attach(r, bus);
        if (k >= 0)
                k = owned_name_attach(&r->name, bus);
        return k < 0 ? k : owned_name_want(&r->name, bus, resolve1_wants_name(r));
}

void resolve1_detach(Resolve1 *r)
{
        owned_name_detach(&r->name);
        lookups_forget_all(&r->lookups);
}

Resolve1 *resolve1_new(Daemon *d, Polkit *polkit, Calls *calls)
{
        Resolve1 *r = calloc(1, sizeof(*r));

        if (!r)
                return NULL;
        *r = (Resolve1) { .daemon = d, .polkit = polkit, .name.name = RESOLVE1_NAME };
        lookups_init(&r->lookups, d, calls, &calls_limits_bus, &resolve1_lookup_front);
        return r;
}

Resolve1 *resolve1_free(Resolve1 *r)
{
        if (r)
                resolve1_detach(r);
        free(r);
        return NULL;
}
