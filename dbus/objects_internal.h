/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What objects.c, manager.c and upstream.c share.
 */

#include "calls.h"
#include "names.h"
#include "objects.h"
#include "polkit.h"

/* An upstream as the bus was last told of it. Times are of CLOCK_REALTIME: kept here, as the same moment must not
 * differ between two looks at it. */
typedef struct Shown {
        Objects *objects;
        uint32_t number;
        char name[UPSTREAM_NAME_MAX + 1];
        HealthState state;
        HealthAdmin admin;
        FailureReason reason;
        uint64_t retry_at; /* of CLOCK_BOOTTIME; 0: not failed */
        uint64_t retry_at_real;
        uint64_t changed_at_real;
} Shown;

struct Objects {
        Daemon *daemon;
        BusUser user;
        bool named;       /* the name is ours */
        Shown *upstreams; /* in configured order */
        size_t n_upstreams;
        HealthMode mode;
        NetworkState network;
        uint64_t cache_size;
        int log_level;
        Calls calls;
        Polkit polkit;
};

/* Signals what is no longer as it was last told. */
void objects_sync(Objects *o);

/* manager.c, upstream.c: add their interfaces to a new connection. */
int manager_attach(Objects *o, sd_bus *bus);
int upstream_attach(Objects *o, sd_bus *bus);

/* The path of its object; the caller frees it. Negative errno. */
int upstream_path(const char *name, char **ret);

/* manager.c, upstream.c: an answer, or the outcome of a probe, for a call that is taken out of `calls` and still its
 * caller's. */
void manager_answer(sd_bus_message *call, Packet *answer);
void upstream_probed(sd_bus_message *call, const Action *action);
