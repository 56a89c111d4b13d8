/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What objects.c, manager_object.c, upstream_object.c and forward_object.c share.
 */

#include "calls.h"
#include "names.h"
#include "objects.h"
#include "owned_name.h"
#include "polkit.h"
#include "resolve1/resolve1.h"
#include "varlink/varlink.h"

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

/* A forward zone as last published. */
typedef struct PublishedForward {
        Objects *objects;
        uint32_t number;
        char name[UPSTREAM_NAME_MAX + 1];
        HealthState state;
        FailureReason reason;
        uint64_t changed_at_real;
        size_t current; /* index of the server asked first */
        HealthState servers[FORWARD_SERVERS_MAX];
} PublishedForward;

struct Objects {
        Daemon *daemon;
        BusUser user;
        OwnedName name;
        Resolve1 *resolve1;
        Varlink *varlink;
        Published *upstreams; /* in the order of the configuration */
        size_t n_upstreams;
        PublishedForward *forwards; /* likewise */
        size_t n_forwards;
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
int forward_objects_attach(Objects *o, sd_bus *bus);

/* The part of objects_sync() for forward zones. */
void forward_objects_sync(Objects *o);

/* Signal changes of the object that is named `name` below the path `root`: of these properties, NULL-terminated and
 * possibly none; and that it was added or removed with its interface. */
void objects_emit_changed(const Objects *o, const char *root, const char *name, const char *interface,
                          const char *const *properties);
void objects_emit_added(const Objects *o, const char *root, const char *name);
void objects_emit_removed(const Objects *o, const char *root, const char *name, const char *interface);

/* For a node enumerator to return: sets `*ret` to the paths below `root` of all names that `name_at` returns before it
 * returns NULL. */
int objects_list_paths(const Objects *o, const char *root, const char *(*name_at)(const Objects *o, size_t i),
                       char ***ret);

/* Converts a time of CLOCK_BOOTTIME to CLOCK_REALTIME; 0 stays 0. */
uint64_t objects_realtime(uint64_t boottime);

/* Replies to a call that was taken out of `calls` with the outcome of a probe. The caller keeps the reference to it. */
void upstream_probed(sd_bus_message *call, const Action *action);
