/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the files of this folder share.
 */

#include <jansson.h>

#include "dbus/varlink/varlink.h"
#include "dbus/varlink/varlink_encode.h"
#include "dbus/varlink/varlink_monitor.h"
#include "io/system/varlink_server.h"

#define VARLINK_SOCKETS_MAX 4

struct Varlink {
        Daemon *daemon;
        Lookups lookups;
        VarlinkMonitor monitor;
        VarlinkServer *servers[VARLINK_SOCKETS_MAX];
        size_t n_servers;
};

typedef struct VarlinkCall {
        Varlink *varlink;
        VarlinkClient *client;
        const char *method;
        const json_t *parameters; /* an object */
        bool more;                /* the caller takes several replies */
} VarlinkCall;

/* Carries out a call of io.systemd.Resolve.Monitor. Returns false if it is none, or of an unknown method. */
bool varlink_monitor_call(const VarlinkCall *call);

/* Ends the call: sends and frees `message`, which may be NULL when out of memory. */
void varlink_send(VarlinkClient *c, json_t *message);
/* Ends the call with an error that has one parameter. */
void varlink_fail(VarlinkClient *c, const char *error, const char *key, const char *value);
