/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Service: what the service manager is told (sd_notify(3)) and asks (the watchdog).
 *
 * The watchdog guards while there is work and sleeps when there is none: an idle daemon that had to say so every minute
 * would wake the machine for nothing. Its time-out is set with the first query after a pause, kept alive by a timer at
 * half of it, and taken back once nothing is left to do; WATCHDOG_USEC= may be changed at run time.
 */

#include <uv.h>

#include "core/base/base.h"

typedef struct Service {
        uv_timer_t keepalive;
        uint64_t watchdog; /* usec; 0: none is asked for */
        bool guarded;      /* the watchdog runs */
        bool ready;
        char status[256];
} Service;

void service_init(Service *s, uv_loop_t *loop);
/* Its handle closes in the loop. */
void service_close(Service *s);

void service_ready(Service *s);
void service_reloading(Service *s);
void service_stopping(Service *s);

/* What `systemctl status` shows; told only if it is another than before. */
void service_status(Service *s, const char *format, ...) _printf_(2, 3);

/* Is there anything under way? To be said before each sleep of the loop. */
void service_busy(Service *s, bool busy);
