/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "calls.h"

#include <string.h>

static bool calls_same_sender(sd_bus_message *a, sd_bus_message *b)
{
        return strcmp(sd_bus_message_get_sender(a) ?: "", sd_bus_message_get_sender(b) ?: "") == 0;
}

uint64_t calls_add(Calls *c, sd_bus_message *call)
{
        size_t place = CALLS_MAX;
        unsigned of_one = 0;

        for (size_t i = 0; i < CALLS_MAX; i++)
                if (!c->waiting[i].message)
                        place = i;
                else
                        of_one += calls_same_sender(c->waiting[i].message, call);
        if (place == CALLS_MAX || of_one >= CALLS_OF_ONE_MAX)
                return 0;
        c->waiting[place].message = sd_bus_message_ref(call);
        c->waiting[place].number = ++c->serial * CALLS_MAX + place;
        return c->waiting[place].number;
}

sd_bus_message *calls_take(Calls *c, uint64_t number)
{
        size_t place = number % CALLS_MAX;

        return c->waiting[place].number == number ? take_pointer(c->waiting[place].message) : NULL;
}

void calls_forget_all(Calls *c)
{
        for (size_t i = 0; i < CALLS_MAX; i++)
                c->waiting[i].message = sd_bus_message_unref(c->waiting[i].message);
}
