/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * VarlinkMonitor: io.systemd.Resolve.Monitor, by which resolvectl looks into the resolver, and
 * systemd-networkd-wait-online waits for DNS. Only root and the user of the daemon may.
 */

#include "daemon.h"
#include "io/system/link_watch.h"
#include "io/system/netlink.h"
#include "io/system/varlink_server.h"

/* What a client can subscribe to. */
typedef enum VarlinkSubject { VARLINK_QUERY_RESULTS, VARLINK_CONFIGURATION, VARLINK_SUBJECTS } VarlinkSubject;

typedef struct VarlinkMonitor {
        Daemon *daemon;
        QueryObserver observer; /* while somebody is subscribed to the results of queries */
        List subscribers[VARLINK_SUBJECTS];
        List told; /* subscribers, while others are being told the same */
        /* Only while somebody is subscribed to the configuration: */
        LinkWatch *links;
        Network *network;
        char *configuration; /* as last sent; NULL: none */
        struct {
                uint64_t links; /* their version; a reload counts as well */
                ResolvConfMode resolv_conf;
                NetworkState network;
                uint64_t servers; /* a hash of their states */
        } seen;
        bool changed; /* an interface or a route may have */
} VarlinkMonitor;

void varlink_monitor_init(VarlinkMonitor *m, Daemon *d);
/* Forgets all subscribers. */
void varlink_monitor_deinit(VarlinkMonitor *m);

/* A client has gone, which may have subscribed to something. */
void varlink_monitor_gone(VarlinkMonitor *m, const VarlinkClient *c);

/* Tells the subscribers what has changed, at the end of a turn. */
void varlink_monitor_sync(VarlinkMonitor *m);
