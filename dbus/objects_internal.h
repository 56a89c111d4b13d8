/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What objects.c, manager_object.c and upstream_object.c share.
 */

#include "calls.h"
#include "names.h"
#include "objects.h"
#include "polkit.h"

#define CONFIGURATION_ERROR_MAX 512

/* An upstream as last published. The times of CLOCK_REALTIME are stored, since computing them again from those of
 * CLOCK_BOOTTIME would give slightly different values. */
typedef struct Published {
        Objects *objects;
        uint32_t number;
        char name[UPSTREAM_NAME_MAX + 1];
        HealthState state;
        HealthAdmin admin;
        FailureReason reason;
        char reason_detail[FAILURE_DETAIL_MAX];
        uint64_t retry_at; /* CLOCK_BOOTTIME; 0: not failed */
        uint64_t retry_at_real;
        uint64_t changed_at_real;
} Published;

struct Objects {
        Daemon *daemon;
        BusUser user;
        bool named;           /* the bus name is owned */
        Published *upstreams; /* in the order of the configuration */
        size_t n_upstreams;
        HealthMode mode;
        NetworkState network;
        ResolvConfMode resolv_conf;
        char configuration_error[CONFIGURATION_ERROR_MAX]; /* "": none */
        uint64_t cache_size;
        int log_level;
        Calls calls;
        Polkit polkit;
};

/* Publishes and signals what has changed since the last call. */
void objects_sync(Objects *o);

/* Add their interfaces to a new bus connection. Negative errno. */
int manager_attach(Objects *o, sd_bus *bus);
int upstream_attach(Objects *o, sd_bus *bus);

/* Sets `*ret` to the object path of an upstream; the caller frees it. Negative errno. */
int upstream_path(const char *name, char **ret);

/* Reply to a call that was taken out of `calls`: with an answer (NULL when out of memory), or the outcome of a probe.
 * The caller keeps the reference to `call`. */
void manager_answer(sd_bus_message *call, Packet *answer);
void upstream_probed(sd_bus_message *call, const Action *action);
