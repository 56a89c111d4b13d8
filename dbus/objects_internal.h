/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What objects.c, manager_object.c, upstream_object.c and forward_object.c share.
 */

#include "calls.h"
#include "names.h"
#include "object_list.h"
#include "objects.h"
#include "owned_name.h"
#include "polkit.h"
#include "query_streams.h"
#include "resolve1/resolve1.h"
#include "varlink/varlink.h"

#define CONFIGURATION_ERROR_MAX 512

struct Objects {
        Daemon *daemon;
        BusUser user;
        OwnedName name;
        Resolve1 *resolve1;
        Varlink *varlink;
        ObjectList upstreams, forwards;
        HealthMode mode;
        NetworkState network;
        ResolvConfMode resolv_conf;
        char configuration_error[CONFIGURATION_ERROR_MAX]; /* "": none */
        uint64_t cache_size;
        int log_level;
        Calls calls;
        Polkit polkit;
        QueryStreams query_streams;
};

/* Publishes and signals what has changed since the last call. */
void objects_sync(Objects *o);

/* Adds its interface to a new bus connection. Returns a negative errno on error. */
int manager_attach(Objects *o, sd_bus *bus);

extern const ObjectKind upstream_kind, forward_kind;

/* Signal changes of the object that is named `name` below the path `root`: of these properties, NULL-terminated and
 * possibly none; and that it was added or removed with its interface. */
void objects_emit_changed(const Objects *o, const char *root, const char *name, const char *interface,
                          const char *const *properties);
void objects_emit_added(const Objects *o, const char *root, const char *name);
void objects_emit_removed(const Objects *o, const char *root, const char *name, const char *interface);

/* Converts a time of CLOCK_BOOTTIME to CLOCK_REALTIME; 0 stays 0. */
uint64_t objects_realtime(uint64_t boottime);

/* Replies to a call that was taken out of `calls` with the outcome of a probe. The caller keeps the reference to it. */
void upstream_probed(sd_bus_message *call, const Action *action);
