/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "io/clock.h"

#define STORE_TIMEOUT (2 * USEC_PER_SEC) /* for the service manager to take a file descriptor */

void service_init(Service *s, uv_loop_t *loop)
{
        *s = (Service) { 0 };
        uv_timer_init(loop, &s->keepalive);
        s->keepalive.data = s;
        if (sd_watchdog_enabled(0, &s->watchdog) <= 0)
                s->watchdog = 0;
        /* Before the first query there is no work to monitor. */
        if (s->watchdog)
                sd_notify(0, "WATCHDOG_USEC=0");
}

void service_close(Service *s)
{
        uv_close((uv_handle_t *) &s->keepalive, NULL);
}

void service_ready(Service *s)
{
        s->ready = true;
        sd_notifyf(0, "READY=1\nSTATUS=%s", s->status);
}

void service_reloading(Service *s)
{
        (void) s;
        sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long) clock_usec(CLOCK_MONOTONIC));
}

void service_stopping(Service *s)
{
        s->ready = false;
        sd_notify(0, "STOPPING=1");
}

void service_status(Service *s, const char *format, ...)
{
        char status[sizeof(s->status)];
        va_list ap;

        va_start(ap, format);
        vsnprintf(status, sizeof(status), format, ap);
        va_end(ap);
        if (strcmp(status, s->status) == 0)
                return;
        snprintf(s->status, sizeof(s->status), "%s", status);
        if (s->ready)
                sd_notifyf(0, "STATUS=%s", s->status);
}

int service_store(const char *name, int fd)
{
        char state[64];
        int r;

        snprintf(state, sizeof(state), "FDSTORE=1\nFDNAME=%s", name);
        r = sd_pid_notify_with_fds(0, 0, state, &fd, 1);
        if (r <= 0)
                return r < 0 ? r : -ENOTCONN;
        /* A message of a process that has ended may be dropped. */
        r = sd_notify_barrier(0, STORE_TIMEOUT);
        return r < 0 ? r : 0;
}

void service_unstore(const char *name)
{
        sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", name);
}

static void service_keep_alive(uv_timer_t *t)
{
        (void) t;
        sd_notify(0, "WATCHDOG=1");
}

void service_busy(Service *s, bool busy)
{
        if (!s->watchdog || busy == s->guarded)
                return;
        s->guarded = busy;
        if (busy) {
                uint64_t period = s->watchdog / 2 / USEC_PER_MSEC;

                sd_notifyf(0, "WATCHDOG_USEC=%llu\nWATCHDOG=1", (unsigned long long) s->watchdog);
                uv_timer_start(&s->keepalive, service_keep_alive, period, period);
        } else {
                sd_notify(0, "WATCHDOG_USEC=0");
                uv_timer_stop(&s->keepalive);
        }
}
