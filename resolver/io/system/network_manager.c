/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/network_manager.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NM "org.freedesktop.NetworkManager"
#define NM_PATH "/org/freedesktop/NetworkManager"
#define NM_ACTIVE NM ".Connection.Active"
#define DBUS "org.freedesktop.DBus"
#define DBUS_PATH "/org/freedesktop/DBus"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define NM_CONNECTIVITY_PORTAL 2
#define NM_CONNECTIVITY_LIMITED 3
#define CALL_TIMEOUT (5 * USEC_PER_SEC)

/*
 * One question follows from the other: the manager names the primary connection, that names its configurations, and
 * these name the servers. Each is one GetAll(); an object that has gone meanwhile has no answer, and then the signal of
 * its going starts anew.
 */

static void nm_report(NetworkManager *nm)
{
        Connectivity c = {
                .state = nm->state,
                .check = *nm->check ? nm->check : NULL,
                .servers = nm->servers,
                .n_servers = nm->n_servers,
        };

        nm->reported = true;
        nm->changed(nm->userdata, &c);
}

static void nm_forget(NetworkManager *nm)
{
        nm->state = CONNECTIVITY_OTHER;
        nm->n_servers = 0;
        *nm->check = *nm->ip4 = *nm->ip6 = 0;
}

static void nm_gone(NetworkManager *nm)
{
        nm_forget(nm);
        if (nm->reported)
                nm_report(nm);
        nm->reported = false;
}

static void nm_stop(NetworkManager *nm)
{
        nm->call = sd_bus_slot_unref(nm->call);
        nm->again = false;
}

static int nm_ask(NetworkManager *nm, const char *path, const char *interface, sd_bus_message_handler_t answer)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        sd_bus *bus = bus_ready(nm->bus);
        int r;

        nm->call = sd_bus_slot_unref(nm->call);
        if (!bus)
                return -ENOTCONN;
        r = sd_bus_message_new_method_call(bus, &m, NM, path, PROPERTIES, "GetAll");
        if (r >= 0)
                r = sd_bus_message_set_auto_start(m, false);
        if (r >= 0)
                r = sd_bus_message_append(m, "s", interface);
        if (r >= 0)
                r = sd_bus_call_async(bus, &nm->call, m, answer, nm, CALL_TIMEOUT);
        return r;
}

/* --- values */

typedef struct NmProperty {
        const char *name, *type; /* of the variant */
        int (*read)(NetworkManager *nm, sd_bus_message *m);
} NmProperty;

/* Reads the dictionary of a GetAll(). Properties that are not listed, or have another type, are skipped. */
static int nm_read_all(NetworkManager *nm, sd_bus_message *m, const NmProperty *properties)
{
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                const NmProperty *p = properties;
                const char *name, *type;

                r = sd_bus_message_read(m, "s", &name);
                if (r < 0 || (r = sd_bus_message_peek_type(m, NULL, &type)) < 0)
                        return r;
                while (p->name && (strcmp(p->name, name) != 0 || strcmp(p->type, type) != 0))
                        p++;
                if (!p->name) {
                        r = sd_bus_message_skip(m, "v");
                } else if ((r = sd_bus_message_enter_container(m, 'v', p->type)) >= 0) {
                        r = p->read(nm, m);
                        if (r >= 0)
                                r = sd_bus_message_exit_container(m);
                }
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r;
}

static int nm_read_text(sd_bus_message *m, char type, char *ret, size_t size)
{
        const char *text;
        int r = sd_bus_message_read_basic(m, type, &text);

        if (r >= 0)
                snprintf(ret, size, "%s", strlen(text) < size ? text : "");
        return r;
}

static int nm_read_object(sd_bus_message *m, char *ret, size_t size)
{
        int r = nm_read_text(m, 'o', ret, size);

        if (r >= 0 && strcmp(ret, "/") == 0)
                *ret = 0;
        return r;
}

static int nm_read_connectivity(NetworkManager *nm, sd_bus_message *m)
{
        uint32_t connectivity;
        int r = sd_bus_message_read(m, "u", &connectivity);

        if (r >= 0)
                nm->state = connectivity == NM_CONNECTIVITY_PORTAL    ? CONNECTIVITY_PORTAL
                            : connectivity == NM_CONNECTIVITY_LIMITED ? CONNECTIVITY_LIMITED
                                                                      : CONNECTIVITY_OTHER;
        return r;
}

static int nm_read_check(NetworkManager *nm, sd_bus_message *m)
{
        return nm_read_text(m, 's', nm->check, sizeof(nm->check));
}

/* The primary connection, and after that its configuration for IPv4. */
static int nm_read_ip4(NetworkManager *nm, sd_bus_message *m)
{
        return nm_read_object(m, nm->ip4, sizeof(nm->ip4));
}

static int nm_read_ip6(NetworkManager *nm, sd_bus_message *m)
{
        return nm_read_object(m, nm->ip6, sizeof(nm->ip6));
}

static void nm_add_server(NetworkManager *nm, const Address *a)
{
        /* Servers of this machine are no way around: dohmouse may be one of them. A link-local address would require
         * its interface. */
        if (nm->n_servers < NETWORK_MANAGER_SERVERS_MAX && !address_is_loopback(a) && !address_is_unspecified(a) &&
            !address_is_multicast(a) && !address_is_link_local(a))
                nm->servers[nm->n_servers++] = *a;
}

/* NameserverData, of which "address" has the address; a later version may add a port or more. */
static int nm_read_nameserver_data(NetworkManager *nm, sd_bus_message *m)
{
        const char *key, *text;
        Address a;
        int r = sd_bus_message_enter_container(m, 'a', "a{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'a', "{sv}")) > 0) {
                while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                        r = sd_bus_message_read(m, "s", &key);
                        if (r >= 0 && strcmp(key, "address") == 0) {
                                r = sd_bus_message_read(m, "v", "s", &text);
                                if (r >= 0 && address_from_text(text, 53, &a) && a.port == 53)
                                        nm_add_server(nm, &a);
                        } else if (r >= 0) {
                                r = sd_bus_message_skip(m, "v");
                        }
                        if (r < 0 || (r = sd_bus_message_exit_container(m)) < 0)
                                return r;
                }
                if (r < 0 || (r = sd_bus_message_exit_container(m)) < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int nm_read_nameservers(NetworkManager *nm, sd_bus_message *m)
{
        const void *octets;
        size_t n;
        int r = sd_bus_message_enter_container(m, 'a', "ay");

        while (r >= 0 && (r = sd_bus_message_read_array(m, 'y', &octets, &n)) > 0) {
                Address a = { .v6 = true, .port = 53 };

                if (n != sizeof(a.octets))
                        continue;
                memcpy(a.octets, octets, n);
                nm_add_server(nm, &a);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* --- questions */

static void nm_end(NetworkManager *nm)
{
        bool again = nm->again;

        nm_stop(nm);
        nm_report(nm);
        if (again)
                network_manager_refresh(nm);
}

static int nm_on_config(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* Asks for the servers of the next configuration, or reports if there is none. */
static void nm_ask_config(NetworkManager *nm)
{
        char path[sizeof(nm->ip4)];
        bool ip4 = *nm->ip4;

        if (!ip4 && !*nm->ip6) {
                nm_end(nm);
                return;
        }
        snprintf(path, sizeof(path), "%s", ip4 ? nm->ip4 : nm->ip6);
        *(ip4 ? nm->ip4 : nm->ip6) = 0;
        if (nm_ask(nm, path, ip4 ? NM ".IP4Config" : NM ".IP6Config", nm_on_config) < 0)
                nm_end(nm);
}

static int nm_on_config(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error)
{
        static const NmProperty properties[] = {
                { "NameserverData", "aa{sv}", nm_read_nameserver_data },
                { "Nameservers", "aay", nm_read_nameservers }, /* of IPv6; that of IPv4 has another type */
                { 0 },
        };

        if (!sd_bus_message_is_method_error(m, NULL))
                nm_read_all(userdata, m, properties);
        nm_ask_config(userdata);
        return 0;
}

static int nm_on_connection(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error)
{
        static const NmProperty properties[] = {
                { "Ip4Config", "o", nm_read_ip4 },
                { "Ip6Config", "o", nm_read_ip6 },
                { 0 },
        };
        NetworkManager *nm = userdata;

        *nm->ip4 = 0;
        if (!sd_bus_message_is_method_error(m, NULL))
                nm_read_all(nm, m, properties);
        nm_ask_config(nm);
        return 0;
}

static int nm_on_manager(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error)
{
        static const NmProperty properties[] = {
                { "Connectivity", "u", nm_read_connectivity },
                { "ConnectivityCheckUri", "s", nm_read_check },
                { "PrimaryConnection", "o", nm_read_ip4 },
                { 0 },
        };
        NetworkManager *nm = userdata;
        char path[sizeof(nm->ip4)];

        nm_forget(nm);
        if (sd_bus_message_is_method_error(m, NULL)) {
                nm_stop(nm);
                nm_gone(nm);
                return 0;
        }
        nm_read_all(nm, m, properties);
        snprintf(path, sizeof(path), "%s", nm->ip4);
        if (!*path || nm_ask(nm, path, NM_ACTIVE, nm_on_connection) < 0)
                nm_end(nm);
        return 0;
}

void network_manager_refresh(NetworkManager *nm)
{
        if (nm->call) {
                nm->again = true;
                return;
        }
        nm_ask(nm, NM_PATH, NM, nm_on_manager);
        bus_flush(nm->bus);
}

/* --- signals */

/* Properties of the manager changed; those that are of interest here are told from the others by their names. */
static int nm_on_change(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error)
{
        static const char *const names[] = { "Connectivity", "ConnectivityCheckUri", "PrimaryConnection" };
        bool of_interest = false;
        const char *name;
        int r = sd_bus_message_skip(m, "s");

        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                r = sd_bus_message_read(m, "s", &name);
                for (size_t i = 0; r >= 0 && i < ELEMENTS(names); i++)
                        of_interest = of_interest || strcmp(names[i], name) == 0;
                if (r >= 0)
                        r = sd_bus_message_skip(m, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        if (of_interest)
                network_manager_refresh(userdata);
        return 0;
}

bool network_manager_is(const NetworkManager *nm, const char *unique_name)
{
        return *nm->owner && unique_name && strcmp(nm->owner, unique_name) == 0;
}

static void nm_set_owner(NetworkManager *nm, const char *unique_name)
{
        snprintf(nm->owner, sizeof(nm->owner), "%s", unique_name);
}

static int nm_on_first_owner(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error)
{
        const char *owner;

        if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read(m, "s", &owner) > 0)
                nm_set_owner(userdata, owner);
        return 0;
}

static int nm_on_owner(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error)
{
        NetworkManager *nm = userdata;
        const char *name, *from, *to;

        if (sd_bus_message_read(m, "sss", &name, &from, &to) < 0)
                return 0;
        nm_set_owner(nm, to);
        nm_stop(nm);
        if (*to)
                network_manager_refresh(nm);
        else
                nm_gone(nm);
        return 0;
}

/* The connection is ready: the matches are in place. */
static int nm_on_match(_unused_ sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error)
{
        network_manager_refresh(userdata);
        return 0;
}

static int nm_attach(void *userdata, sd_bus *bus)
{
        /* With arg0, so that the signals of others wake nobody. */
        int r = sd_bus_add_match_async(bus, NULL,
                                       "type='signal',sender='" DBUS "',path='" DBUS_PATH "',interface='" DBUS
                                       "',member='NameOwnerChanged',arg0='" NM "'",
                                       nm_on_owner, NULL, userdata);

        if (r >= 0)
                r = sd_bus_call_method_async(bus, NULL, DBUS, DBUS_PATH, DBUS, "GetNameOwner", nm_on_first_owner,
                                             userdata, "s", NM);
        if (r < 0)
                return r;
        return sd_bus_add_match_async(bus, NULL,
                                      "type='signal',sender='" NM "',path='" NM_PATH "',interface='" PROPERTIES
                                      "',member='PropertiesChanged',arg0='" NM "'",
                                      nm_on_change, nm_on_match, userdata);
}

static void nm_detach(void *userdata)
{
        nm_stop(userdata);
        nm_set_owner(userdata, "");
}

void network_manager_init(NetworkManager *nm, Bus *bus, NetworkManagerChanged changed, void *userdata)
{
        *nm = (NetworkManager) {
                .changed = changed,
                .userdata = userdata,
                .bus = bus,
                .user = { .attach = nm_attach, .detach = nm_detach, .userdata = nm },
        };
        bus_join(bus, &nm->user);
}
