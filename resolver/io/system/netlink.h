/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Network: watches default routes and addresses by rtnetlink, and says when they are others than before. Refreshes that
 * change nothing (router advertisements, lifetimes) are not changes. A machine without netlink works the same, only
 * later: the truth is what connect() says.
 */

#include <uv.h>

#include "core/base/base.h"

typedef struct Network Network;

/* `online`: there is a default route. Called from the loop, at most every 500 ms. */
typedef void (*NetworkChanged)(void *userdata, bool online);

/* Negative errno where netlink cannot be had. */
int network_new(uv_loop_t *loop, NetworkChanged changed, void *userdata, Network **ret);

/* Stops; frees itself once the loop has closed it. NULL is fine; always NULL. */
Network *network_free(Network *n);
