/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Do53Client: sends queries to Do53 servers (RFC 9499), each over a UDP socket or TCP connection of its own, from a
 * port that the kernel chooses and with an ID from the kernel's random number generator (RFC 5452 9.2). A UDP socket is
 * connected, so that it only receives what comes from the address and port of its server. The engine decides how long
 * to wait and what an answer means.
 */

#include <uv.h>

#include "core/engine.h"

typedef struct Do53Client Do53Client;

/* `engine` is borrowed. Returns NULL if out of memory. */
Do53Client *do53_client_new(uv_loop_t *loop, Engine *engine);

/* Drops all exchanges; their sockets are closed by the loop. Accepts NULL, and returns NULL. */
Do53Client *do53_client_free(Do53Client *p);

/* Carries out ACTION_DO53_SEND or ACTION_DO53_CANCEL. May call the engine. */
void do53_client_act(Do53Client *p, const Action *action);
