/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * QueryStreams: pipes that tell of each query as it is answered, a JSON object a line; see MonitorQueries in
 * org.dohmouse1(5). The bus carries none of it, so that no other client of the bus can read along, and names are
 * written only to pipes for which that was requested.
 *
 * Nothing waits for a reader: a pipe that is full is closed. Without a pipe, queries cost nothing more.
 */

#include <sys/types.h>

#include "daemon.h"

#define QUERY_STREAMS_MAX 16
#define QUERY_STREAMS_USER_MAX 4 /* of one user other than root */

typedef struct QueryStream {
        int fd;
        uid_t user;
        bool names;
} QueryStream;

typedef struct QueryStreams {
        QueryObserver observer; /* in the daemon's list while there is a pipe */
        Daemon *daemon;
        QueryStream streams[QUERY_STREAMS_MAX];
        size_t n;
} QueryStreams;

void query_streams_init(QueryStreams *s, Daemon *d);

/* Opens a pipe, and returns the end to read from, which belongs to the caller. Negative errno: -EBUSY if there are too
 * many. */
int query_streams_open(QueryStreams *s, uid_t user, bool names);

void query_streams_close_all(QueryStreams *s);
