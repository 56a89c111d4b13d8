/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Callers: which user a method call comes from. The bus is asked once for each connection, and never waited for. Until
 * it replies, the calls of that connection wait in order. If too many calls wait, the connection with the most of them
 * loses its newest one, so that a client that floods cannot keep others from being identified.
 *
 * Unique names are never reused while the bus runs, so what is known of a connection stays true until
 * callers_forget_all().
 */

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "core/base/base.h"
#include "core/base/list.h"

#define CALLERS_MAX 1024        /* connections that are remembered */
#define CALLERS_WAITING_MAX 512 /* calls whose user is not known yet */

typedef struct Caller Caller;

/* `result`: 0; -EBUSY if too many calls wait; -EACCES if the bus does not know the user. */
typedef void (*CallerIdentified)(void *userdata, int result, uid_t user);

/* A call that waits; owned by whoever called callers_identify(). */
typedef struct CallerRequest {
        List in_caller;
        Caller *caller; /* NULL: does not wait */
        CallerIdentified identified;
        void *userdata;
} CallerRequest;

typedef struct Callers {
        List known, asked; /* Caller; the most recently used one is the last */
        unsigned n, waiting;
} Callers;

void callers_init(Callers *c);

/* Calls `identified` once, now or later, unless callers_forget_all() or callers_cancel() comes first. */
void callers_identify(Callers *c, sd_bus_message *call, CallerRequest *r, CallerIdentified identified, void *userdata);

/* Stops waiting. Does nothing if `r` does not wait. */
void callers_cancel(Callers *c, CallerRequest *r);

/* The bus connection is gone. Requests must have been cancelled. */
void callers_forget_all(Callers *c);
