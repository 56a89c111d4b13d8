/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Tcp: one listening TCP socket and its connections (RFC 7766): pipelined queries, answers in any order. For
 * listener.c.
 */

#include "core/dns/pending_reply.h"
#include "io/client/listener.h"

typedef struct Tcp Tcp;

/* Owns `fd`, which listens. `number` is the listener's, for its clients. Negative errno. */
int tcp_new(uv_loop_t *loop, int fd, uint32_t number, const ListenerLimits *limits, ListenerStats *stats,
            ListenerQuery query, void *userdata, Tcp **ret);
void tcp_answer(Tcp *t, const Client *client, PendingReply *reply);
void tcp_dismiss(Tcp *t, const Client *client);

/* At the end of a turn: writes the answers that were gathered. */
void tcp_flush(Tcp *t);
void tcp_stop(Tcp *t);
bool tcp_is_done(const Tcp *t);
Tcp *tcp_free(Tcp *t);
int tcp_fd(const Tcp *t);
