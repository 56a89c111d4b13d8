/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/clock_watch.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "io/system/fd_watch.h"

#define PRETEXT INT32_MAX /* seconds since 1970: a timer at this time; when it expires, once, nothing happens */

struct ClockWatch {
        FdWatch *watch;
        ClockSet set;
        void *userdata;
};

ClockWatch *clock_watch_free(ClockWatch *w)
{
        if (w)
                fd_watch_free(w->watch);
        return NULL;
}

static void clock_watch_readable(void *userdata, int fd)
{
        const ClockWatch *w = userdata;
        uint64_t expirations;

        if (read(fd, &expirations, sizeof(expirations)) < 0 && errno == ECANCELED)
                w->set(w->userdata);
}

int clock_watch_new(uv_loop_t *loop, ClockSet set, void *userdata, ClockWatch **ret)
{
        const struct itimerspec pretext = { .it_value.tv_sec = PRETEXT };
        ClockWatch *w;
        FdWatch *watch;
        int fd, r;

        fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
        if (fd < 0)
                return -errno;
        if (timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &pretext, NULL) < 0) {
                r = -errno;
                close(fd);
                return r;
        }
        w = calloc(1, sizeof(*w));
        if (!w) {
                close(fd);
                return -ENOMEM;
        }
        *w = (ClockWatch) { .set = set, .userdata = userdata };
        watch = fd_watch_new(loop, fd, clock_watch_readable, w);
        if (!watch)
                return -ENOMEM;
        w->watch = watch;
        *ret = w;
        return 0;
}
