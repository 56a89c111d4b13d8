/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Handover: leaves the cache to the next process. Over a restart of the service it is in memory, in a memfd that the
 * service manager keeps meanwhile (sd_notify(3), FDSTORE=1). With Persist=yes it is in a file of the state directory as
 * well, for the next boot. core/query/cache_image.h is its format.
 *
 * Both are removed before they are used: an image that makes the daemon fail does so once.
 *
 * The queries that wait are left likewise, at any time (io/client/unanswered.h).
 */

#include "core/engine.h"
#include "io/client/unanswered.h"
#include "listeners.h"

/* In the file descriptor store. */
#define HANDOVER_FD_NAME "dohmouse-cache"
#define HANDOVER_QUERIES_FD_NAME "dohmouse-queries"

/* Saves the cache, which is empty afterwards. To be called when the last query has been answered. Logs errors. */
void handover_save(Engine *e);

/* Loads what an earlier process has left: `fd` from the file descriptor store, which is closed, or -1. Logs the
 * outcome. */
void handover_load(Engine *e, int fd);

/* Returns where queries are kept for the next process: in `fd`, which is taken, or new memory if that is -1. NULL: they
 * are not kept. */
Unanswered *handover_keep_queries(int fd);

/* Answers what an earlier process was killed over. `queries` may be NULL. Logs their number. */
void handover_take_queries(Engine *e, Unanswered *queries, const Listeners *listeners);
