/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "owned_name.h"

#include <stdio.h>
#include <string.h>

#include "io/journal.h"
#include "names.h"

#define UNAFFECTED "Queries are answered nevertheless."

_printf_(3, 4) static void owned_name_log(const OwnedName *n, int level, const char *format, ...)
{
        char field[128], text[512];
        va_list arguments;

        snprintf(field, sizeof(field), "DOHMOUSE_BUS_NAME=%s", n->name);
        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        journal_fields(level, MESSAGE_PLAIN, (const char *[]) { field, NULL }, "%s", text);
}

static int owned_name_on_reply(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error)
{
        OwnedName *n = userdata;
        uint32_t outcome = 0;

        if (sd_bus_message_is_method_error(m, NULL)) {
                const sd_bus_error *e = sd_bus_message_get_error(m);

                /* The bus connection was lost before the reply. */
                if (sd_bus_error_has_name(e, SD_BUS_ERROR_NO_REPLY))
                        return 0;
                owned_name_log(n, LOG_WARNING, "Failed to acquire the bus name %s: %s. " UNAFFECTED, n->name,
                               e->message);
        } else if (sd_bus_message_read(m, "u", &outcome) > 0 && outcome == 2)
                owned_name_log(n, LOG_WARNING, "The bus name %s is owned by another program. " UNAFFECTED, n->name);
        n->owned = n->requested && (outcome == 1 || outcome == 4);
        return 0;
}

static int owned_name_on_acquired(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error)
{
        OwnedName *n = userdata;
        const char *name;

        if (sd_bus_message_read(m, "s", &name) > 0 && strcmp(name, n->name) == 0) {
                if (!n->owned)
                        owned_name_log(n, LOG_DEBUG, "Acquired the bus name %s.", n->name);
                n->owned = n->requested;
        }
        sd_bus_message_rewind(m, true);
        return 0;
}

int owned_name_attach(OwnedName *n, sd_bus *bus)
{
        return sd_bus_match_signal_async(bus, NULL, DBUS_NAME, DBUS_PATH, DBUS_INTERFACE, "NameAcquired",
                                         owned_name_on_acquired, NULL, n);
}

void owned_name_detach(OwnedName *n)
{
        n->requested = n->owned = false;
}

int owned_name_want(OwnedName *n, sd_bus *bus, bool wanted)
{
        if (wanted == n->requested)
                return 0;
        n->requested = wanted;
        if (wanted)
                return sd_bus_request_name_async(bus, NULL, n->name, SD_BUS_NAME_QUEUE, owned_name_on_reply, n);
        n->owned = false;
        return sd_bus_release_name_async(bus, NULL, n->name, NULL, NULL);
}
