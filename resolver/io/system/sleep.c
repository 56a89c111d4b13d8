/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/sleep.h"

static int sleep_on_prepare(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error)
{
        Sleep *s = userdata;
        int before;

        if (sd_bus_message_read(m, "b", &before) > 0)
                s->changed(s->userdata, before);
        return 0;
}

static int sleep_attach(void *userdata, sd_bus *bus)
{
        return sd_bus_match_signal_async(bus, NULL, "org.freedesktop.login1", "/org/freedesktop/login1",
                                         "org.freedesktop.login1.Manager", "PrepareForSleep", sleep_on_prepare, NULL,
                                         userdata);
}

void sleep_init(Sleep *s, Bus *bus, SleepChanged changed, void *userdata)
{
        *s = (Sleep) {
                .changed = changed,
                .userdata = userdata,
                .user = { .attach = sleep_attach, .userdata = s },
        };
        bus_join(bus, &s->user);
}
