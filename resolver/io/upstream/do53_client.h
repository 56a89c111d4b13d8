#pragma once
/*
 * Plain: questions to plain DNS servers, each by a UDP socket or TCP connection of its own, on a port that the kernel picks and
 * with an ID of the kernel's randomness (RFC 5452 9.2). A UDP socket is connected, so that nothing arrives but what comes
 * from that server's address and port. How long to wait, and what to make of an answer, is up to the engine.
 */

#include <uv.h>

#include "core/engine.h"

typedef struct Plain Plain;

/* `engine` is borrowed. NULL when out of memory. */
Plain *plain_new(uv_loop_t *loop, Engine *engine);

/* Drops all exchanges; their sockets close in the loop. NULL is fine; always NULL. */
Plain *plain_free(Plain *p);

/* Carries out ACTION_FORWARD or ACTION_FORWARD_CANCEL. May call the engine. */
void plain_act(Plain *p, const Action *action);
