/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Network: monitors default routes and addresses by rtnetlink, and reports when they differ from before. Updates that
 * change nothing (router advertisements, lifetimes) are not reported. Without netlink everything works, only later: the
 * result of connect() decides.
 */

#include <uv.h>

#include "core/base/base.h"

typedef struct Network Network;

/* `online`: there is a default route. Called from the loop, at most every 500 ms. */
typedef void (*NetworkChanged)(void *userdata, bool online);

/* Returns a negative errno if netlink is not available. */
int network_new(uv_loop_t *loop, NetworkChanged changed, void *userdata, Network **ret);

/* Stops; frees itself once the loop has closed it. Accepts NULL, and returns NULL. */
Network *network_free(Network *n);
