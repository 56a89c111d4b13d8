/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Udp: one bound UDP socket, which reads queries by recvmmsg(2) and sends answers by sendmmsg(2). For listener.c.
 */

#include "io/client/listener.h"

typedef struct Udp Udp;

/* Takes ownership of `fd`. `number` identifies the listener to its clients. Returns a negative errno on error. */
int udp_new(uv_loop_t *loop, int fd, uint32_t number, const ListenerLimits *limits, ListenerStats *stats,
            ListenerQuery query, void *userdata, Udp **ret);
void udp_answer(Udp *u, const Client *client, Packet *answer);
void udp_flush(Udp *u);
void udp_stop(Udp *u);
Udp *udp_free(Udp *u);
int udp_fd(const Udp *u);
