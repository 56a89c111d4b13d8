/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What to tell a user if dohmouse is not on the bus: why, and what to do about it. */

#include <pwd.h>
#include <string.h>
#include <systemd/sd-login.h>

#include "ctl.h"
#include "ctl_holder.h"

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SOCKET_UNIT_PATH "/org/freedesktop/systemd1/unit/dohmouse_2esocket"
#define SYSTEMD_TIMEOUT (2 * USEC_PER_SEC)
#define DEFAULT_ADDRESS "127.0.0.53:53" /* of dohmouse.socket, as installed */

/* A property of dohmouse.socket, entered; NULL if the service manager cannot be asked. */
static sd_bus_message *not_running_get(sd_bus *bus, const char *interface, const char *property, const char *type)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;

        if (sd_bus_message_new_method_call(bus, &m, SYSTEMD_NAME, SOCKET_UNIT_PATH, DBUS_PROPERTIES, "Get") < 0 ||
            sd_bus_message_append(m, "ss", interface, property) < 0 || sd_bus_message_set_auto_start(m, false) < 0 ||
            sd_bus_call(bus, m, SYSTEMD_TIMEOUT, NULL, &reply) < 0 ||
            sd_bus_message_enter_container(reply, 'v', type) <= 0)
                return NULL;
        return take_pointer(reply);
}

static bool not_running_socket_is(sd_bus *bus, const char *property, const char *value)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const char *found;

        m = not_running_get(bus, SYSTEMD_NAME ".Unit", property, "s");
        return m && sd_bus_message_read(m, "s", &found) > 0 && strcmp(found, value) == 0;
}

/* An address of dohmouse.socket, or the default one, that a process has bound; false if there is none. */
static bool not_running_find_holder(sd_bus *bus, Address *ret_address, Holder *ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const char *type, *text;

        m = not_running_get(bus, SYSTEMD_NAME ".Socket", "Listen", "a(ss)");
        if (!m || sd_bus_message_enter_container(m, 'a', "(ss)") <= 0)
                return address_from_text(DEFAULT_ADDRESS, 53, ret_address) && holder_find(ret_address, ret);
        while (sd_bus_message_read(m, "(ss)", &type, &text) > 0)
                if (address_from_text(text, 53, ret_address) && holder_find(ret_address, ret))
                        return true;
        return false;
}

static void not_running_print_holder(const Address *address, const Holder *h)
{
        static const char other[] = "Stop that process, or configure another address for dohmouse; see dohmoused(8).";
        _cleanup_(freep) char *unit = NULL;
        const struct passwd *user = getpwuid(h->user);
        char text[ADDRESS_TEXT_MAX], number[24];

        address_to_text(address, text);
        snprintf(number, sizeof(number), "%u", (unsigned) h->user);
        if (h->process == 0)
                ctl_fail("dohmouse is not running: %s is in use by a process of user %s.\n"
                         "Run \"sudo dohmousectl\" to show which process it is.\n%s",
                         text, user ? user->pw_name : number, other);
        else if (h->process == 1 && strcmp(h->name, "systemd") == 0)
                ctl_fail("dohmouse is not running: %s is in use by a unit of the service manager.\n"
                         "Run \"systemctl list-sockets\" to show which unit it is.",
                         text);
        else if (strcmp(h->name, "dohmoused") == 0)
                ctl_fail("dohmouse is running (PID %d), but is not on the bus.\n"
                         "Run \"journalctl -u dohmouse.service\" to show why.",
                         (int) h->process);
        else if (sd_pid_get_unit(h->process, &unit) >= 0 && strstr(unit, ".service"))
                ctl_fail("dohmouse is not running: %s is in use by %s (PID %d), which belongs to %s.\n"
                         "Run \"systemctl disable --now %s\" to stop it, or configure another address for dohmouse;\n"
                         "see dohmoused(8).",
                         text, h->name, (int) h->process, unit, unit);
        else
                ctl_fail("dohmouse is not running: %s is in use by %s (PID %d).\n%s", text, h->name, (int) h->process,
                         other);
}

bool ctl_not_running(sd_bus *bus)
{
        Address address;
        Holder holder;

        if (not_running_socket_is(bus, "ActiveState", "active"))
                ctl_fail("dohmouse is not running, although dohmouse.socket is active.\n"
                         "Run \"systemctl status dohmouse.service\" to show why.");
        else if (not_running_find_holder(bus, &address, &holder))
                not_running_print_holder(&address, &holder);
        else
                ctl_fail("dohmouse is not running.\n"
                         "Run \"systemctl start dohmouse.service\" to start it, or\n"
                         "\"systemctl %s dohmouse.socket\" to have it started by the first query.\n"
                         "If it fails to start, \"systemctl status dohmouse.service\" shows why.",
                         not_running_socket_is(bus, "UnitFileState", "enabled") ? "start" : "enable --now");
        return false;
}
