/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Service: notifications to the service manager (sd_notify(3)), and its watchdog.
 *
 * The watchdog is enabled only while there is work, because an idle daemon that reports every minute would wake up the
 * machine for nothing. The first query after a pause sets its timeout, a timer reports at half of that, and it is
 * disabled once nothing is left to do; WATCHDOG_USEC= may be changed at run time.
 */

#include <uv.h>

#include "core/base/base.h"

typedef struct Service {
        uv_timer_t keepalive;
        uint64_t watchdog; /* usec; 0: not requested */
        bool guarded;      /* the watchdog is enabled */
        bool ready;
        char status[256];
} Service;

void service_init(Service *s, uv_loop_t *loop);
/* The handle is closed by the loop. */
void service_close(Service *s);

void service_ready(Service *s);
void service_reloading(Service *s);
void service_stopping(Service *s);

/* Sets the text shown by `systemctl status`; sent only if it has changed. */
void service_status(Service *s, const char *format, ...) _printf_(2, 3);

/* Leaves `fd` with the service manager under `name`, for the next process; borrows it. Returns 0, or negative errno:
 * -ENOTCONN if there is no service manager. To be called just before the process ends. */
int service_store(const char *name, int fd);
/* Tells the service manager to close what an earlier process has left under `name`. */
void service_unstore(const char *name);

/* Whether there is work in progress. To be called before each sleep of the loop. */
void service_busy(Service *s, bool busy);
