/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Udp: one bound UDP socket: queries in by recvmmsg, answers out by sendmmsg. For listener.c.
 */

#include "io/client/listener.h"

typedef struct Udp Udp;

/* Owns `fd`. `number` is the listener's, for its clients. Negative errno. */
int udp_new(uv_loop_t *loop, int fd, uint32_t number, ListenerStats *stats, ListenerQuery query, void *userdata,
            Udp **ret);
void udp_answer(Udp *u, const Client *client, Packet *answer);
void udp_flush(Udp *u);
void udp_stop(Udp *u);
Udp *udp_free(Udp *u);
int udp_fd(const Udp *u);
