/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/clock_watch.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define PRETEXT INT32_MAX /* seconds since 1970: a timer at this time; when it expires, once, nothing happens */

struct ClockWatch {
        int fd;
        uv_poll_t poll;
        ClockSet set;
        void *userdata;
};

static void clock_watch_closed(uv_handle_t *h)
{
        ClockWatch *w = h->data;

        close(w->fd);
        free(w);
}

ClockWatch *clock_watch_free(ClockWatch *w)
{
        if (w)
                uv_close((uv_handle_t *) &w->poll, clock_watch_closed);
        return NULL;
}

static void clock_watch_readable(uv_poll_t *p, int status, int events)
{
        ClockWatch *w = p->data;
        uint64_t expirations;

        (void) events;
        if (status >= 0 && read(w->fd, &expirations, sizeof(expirations)) < 0 && errno == ECANCELED)
                w->set(w->userdata);
}

int clock_watch_new(uv_loop_t *loop, ClockSet set, void *userdata, ClockWatch **ret)
{
        const struct itimerspec pretext = { .it_value.tv_sec = PRETEXT };
        ClockWatch *w = calloc(1, sizeof(*w));
        int r;

        if (!w)
                return -ENOMEM;
        w->set = set;
        w->userdata = userdata;
        w->fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
        if (w->fd < 0 || timerfd_settime(w->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &pretext, NULL) < 0) {
                r = -errno;
                if (w->fd >= 0)
                        close(w->fd);
                free(w);
                return r;
        }
        uv_poll_init(loop, &w->poll, w->fd);
        w->poll.data = w;
        uv_poll_start(&w->poll, UV_READABLE, clock_watch_readable);
        *ret = w;
        return 0;
}
