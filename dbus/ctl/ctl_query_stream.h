/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * QueryStream: reads about queries as they are answered, and prints a line for each: MonitorQueries in
 * org.dohmouse1(5).
 */

#include "ctl.h"

#define QUERY_LINE_MAX 4096 /* bytes; a longer line is not of the daemon */

typedef struct QueryStream {
        int fd; /* -1: closed */
        size_t n;
        char lines[16 * QUERY_LINE_MAX];
} QueryStream;

/* Returns false if that fails, which has been printed. */
bool query_stream_open(QueryStream *s, Ctl *c);
void query_stream_close(QueryStream *s);

/* Prints what there is. Returns false at the end, and closes the stream then. */
bool query_stream_read(QueryStream *s, const Ctl *c);
