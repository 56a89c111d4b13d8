/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * LinkWatch: reports, by rtnetlink, that a network interface is gone, has another name, or has other addresses. There
 * is one only while links have settings: nobody else is woken by interfaces.
 */

#include <uv.h>

#include "core/base/base.h"

typedef struct LinkWatch LinkWatch;

typedef enum LinkEvent {
        LINK_EVENT_GONE,
        LINK_EVENT_CHANGED, /* name or addresses; possibly nothing */
        LINK_EVENT_LOST,    /* events were lost: anything may have changed, with ifindex 0 */
} LinkEvent;

typedef void (*LinkWatchEvent)(void *userdata, LinkEvent event, int ifindex);

/* Returns a negative errno if netlink is not available. */
int link_watch_new(uv_loop_t *loop, LinkWatchEvent event, void *userdata, LinkWatch **ret);
/* Frees itself once the loop has closed it. Accepts NULL, and returns NULL. */
LinkWatch *link_watch_free(LinkWatch *w);
