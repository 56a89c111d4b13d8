/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Links: two network interfaces, whose managers push servers and domains and take them back, and the servers, which
 * answer with other addresses than the upstreams do. A model of a few lines says whose a name is; what the engine sends
 * or tells against it ends the life.
 */

#include "world.h"

/* The domain of a name: every second one is in none of a link. */
const char *links_domain_of(uint32_t name);

/* Does a name of this number belong to links? */
bool links_have(const World *w, uint32_t name);

/* A client got this address for it. */
void links_check_address(const World *w, uint32_t name, uint32_t address);

/* A query went to an upstream. */
void links_check_upstream(const World *w, const Packet *query);

/* Something is pushed, taken back, or begins to fail. */
void links_act(World *w);

/* What the engine wants done, and what comes of it. */
void links_send(World *w, const Action *a);
void links_event(World *w, const Event *e);

void links_free(World *w);
