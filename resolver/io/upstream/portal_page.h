/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * PortalPages: gets pages by plain HTTP that a captive portal may intercept, for ACTION_PORTAL_LOOK. Reads the first
 * 4 KiB within a second, follows nothing, and sends neither cookies nor a user agent. A page of this machine is not
 * asked for. The engine makes of it what it can.
 */

#include <uv.h>

#include "core/engine.h"

typedef struct PortalPages PortalPages;

/* Borrows `engine`. Returns NULL if out of memory. */
PortalPages *portal_pages_new(uv_loop_t *loop, Engine *engine);

/* Carries out ACTION_PORTAL_LOOK, and calls engine_portal_page() later. */
void portal_pages_act(PortalPages *p, const Action *a);

/* Gives up on all pages without a report. Accepts NULL, and returns NULL. Its handles are closed by the loop. */
PortalPages *portal_pages_free(PortalPages *p);
