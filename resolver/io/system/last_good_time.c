/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/last_good_time.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/journal.h"

#define SAVE_AFTER INT64_C(86400)

void last_good_time_load(LastGoodTime *t, const char *directory)
{
        long long time;
        char newline;
        FILE *f;

        *t = (LastGoodTime) { 0 };
        if (!directory || asprintf(&t->path, "%s/clock", directory) < 0) {
                t->path = NULL;
                return;
        }
        f = fopen(t->path, "re");
        if (!f)
                return;
        /* NOLINTNEXTLINE(cert-err34-c): the daemon's own file; the width is limited, and the result checked */
        if (fscanf(f, "%12lld%c", &time, &newline) == 2 && newline == '\n' && time > 0)
                t->saved = time;
        fclose(f);
}

static int last_good_time_write(const char *path, int64_t time)
{
        _cleanup_(freep) char *temporary = NULL;
        FILE *f;
        int r;

        if (asprintf(&temporary, "%s.new", path) < 0) {
                temporary = NULL;
                return -ENOMEM;
        }
        f = fopen(temporary, "we");
        if (!f)
                return -errno;
        r = fprintf(f, "%lld\n", (long long) time) < 0 ? -errno : 0;
        if (fclose(f) != 0 && r == 0)
                r = -errno;
        if (r == 0 && rename(temporary, path) < 0)
                r = -errno;
        if (r < 0)
                unlink(temporary);
        return r;
}

void last_good_time_save(LastGoodTime *t, int64_t time, bool exiting)
{
        int64_t distance = time > t->saved ? time - t->saved : t->saved - time;
        int r;

        if (!t->path || time <= 0 || distance == 0 || (!exiting && distance < SAVE_AFTER))
                return;
        r = last_good_time_write(t->path, time);
        /* Also if that failed: not again with each query. */
        t->saved = time;
        if (r < 0)
                journal_log(LOG_NOTICE, "Failed to save the last good time in %s: %s", t->path, strerror(-r));
}

void last_good_time_deinit(LastGoodTime *t)
{
        free(t->path);
        t->path = NULL;
}
