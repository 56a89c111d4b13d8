/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Calls: method calls that wait for the engine (Resolve, Probe), each by a number that the engine hands back with the
 * answer. As many as CALLS_MAX, and CALLS_OF_ONE_MAX of one caller. The caller may be gone when the answer comes: then
 * it goes nowhere.
 */

#include <systemd/sd-bus.h>

#include "core/base/base.h"

#define CALLS_MAX 512
#define CALLS_OF_ONE_MAX 64 /* below the bus's own limit, 128 */

typedef struct Calls {
        struct {
                sd_bus_message *message; /* NULL: free */
                uint64_t number;
        } waiting[CALLS_MAX];
        uint64_t serial;
} Calls;

/* Keeps a reference to `call`. Returns its number, or 0 if too many wait. */
uint64_t calls_add(Calls *c, sd_bus_message *call);

/* The call of that number, with the reference; NULL if it was forgotten. */
sd_bus_message *calls_take(Calls *c, uint64_t number);

void calls_forget_all(Calls *c);
