/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Networkd: what systemd-networkd knows about the DNS servers and domains of links, by its interface on the bus,
 * org.freedesktop.network1(5). It pushes nothing to anybody: systemd-resolved reads its private files instead.
 *
 * Nothing is polled, and nothing is started. A link is asked about when it has another state (PropertiesChanged), and
 * when its private file is replaced: up to systemd 257, no signal tells that only DNS servers or domains changed. What
 * the file contains is never read. One question is asked at a time, and waits for as long as it takes: whoever hangs
 * holds up nothing else.
 */

#include "core/config/links.h"
#include "io/system/bus_connection.h"
#include "io/system/fd_watch.h"

typedef void (*NetworkdChanged)(void *userdata);

/* A member of its owner, valid until bus_free(). */
typedef struct Networkd {
        uv_loop_t *loop;
        LinkTable *links;
        NetworkdChanged changed;
        void *userdata;
        Bus *bus;
        BusUser user;
        FdWatch *watch;    /* of the files; NULL: systemd-networkd is not there, or they cannot be watched */
        sd_bus_slot *call; /* the question that waits for an answer */
        int asked;         /* the ifindex that it is about; 0: the list of links */
        bool list;         /* the list is to be asked for */
        int *pending;      /* links to ask about, in order */
        size_t n_pending, size;
        bool unreadable; /* which was logged */
} Networkd;

/* Changes the links of the table from now on, and tells so by `changed`. */
void networkd_init(Networkd *n, uv_loop_t *loop, Bus *bus, LinkTable *links, NetworkdChanged changed, void *userdata);
