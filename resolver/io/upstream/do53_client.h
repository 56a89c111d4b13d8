/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Do53Client: questions to Do53 servers, each by a UDP socket or TCP connection of its own, on a port that the kernel
 * picks and with an ID of the kernel's randomness (RFC 5452 9.2). A UDP socket is connected, so that nothing arrives
 * but what comes from that server's address and port. How long to wait, and what to make of an answer, is up to the
 * engine.
 */

#include <uv.h>

#include "core/engine.h"

typedef struct Do53Client Do53Client;

/* `engine` is borrowed. NULL when out of memory. */
Do53Client *do53_client_new(uv_loop_t *loop, Engine *engine);

/* Drops all exchanges; their sockets close in the loop. NULL is fine; always NULL. */
Do53Client *do53_client_free(Do53Client *p);

/* Carries out ACTION_DO53_SEND or ACTION_DO53_CANCEL. May call the engine. */
void do53_client_act(Do53Client *p, const Action *action);
