/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Servers: the upstreams and the way to them, with the behaviours they may be in, and the connections that the engine
 * makes.
 */

#include "world.h"

#define SERVERS_THINK_MAX (800 * USEC_PER_MSEC) /* that is how long a good one may take for an answer, now and then */

#define SERVERS_POISON 0x0b0b0b0b

/* What the engine wants done. */
void servers_connect(World *w, const Action *a);
void servers_send(World *w, const Action *a);
void servers_ping(World *w, const Action *a);
void servers_close(World *w, const Action *a);

/* What a server makes of a query: its question back, and one address if `flags` say that it went well: the right one,
 * or one that must never get to a client, nor into the cache. */
Packet *servers_make_answer(const World *w, const Packet *query, unsigned flags, bool right);

/* An event of a connection. */
void servers_event(World *w, const Event *e);

void servers_set_behaviour(World *w, unsigned server, ServerBehaviour behaviour);

/* Which one the engine's number of an upstream means. */
unsigned servers_of_upstream(const World *w, uint32_t number);
/* The engine has forgotten that number. */
void servers_forget_upstream(World *w, uint32_t number);
