/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * LastGoodTime: keeps the last good time (io/upstream/trusted_time.h) in the service's StateDirectory=, from one run to
 * the next. It is written when the daemon exits, and otherwise at most once a day, along with other work: never by a
 * timer. Without a state directory, nothing is kept.
 */

#include "core/base/base.h"

typedef struct LastGoodTime {
        char *path;    /* NULL: there is no state directory */
        int64_t saved; /* what the file contains; 0: nothing valid */
} LastGoodTime;

/* Reads the file "clock" in `directory`, which is $STATE_DIRECTORY of the service manager or NULL. */
void last_good_time_load(LastGoodTime *t, const char *directory);

/* Writes `time` if it is worth it: it differs by a day, or at all when `exiting`. 0 is not written. */
void last_good_time_save(LastGoodTime *t, int64_t time, bool exiting);

void last_good_time_deinit(LastGoodTime *t);
