/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Tcp: one listening TCP socket and its connections (RFC 7766), with pipelined queries and answers in any order. For
 * listener.c.
 */

#include "core/dns/pending_reply.h"
#include "io/client/listener.h"

typedef struct Tcp Tcp;

/* Takes ownership of `fd`, a listening socket. `number` identifies the listener to its clients. Returns a negative
 * errno on error. */
int tcp_new(uv_loop_t *loop, int fd, uint32_t number, const ListenerLimits *limits, ListenerStats *stats,
            ListenerQuery query, void *userdata, Tcp **ret);
void tcp_answer(Tcp *t, const Client *client, PendingReply *reply);
void tcp_dismiss(Tcp *t, const Client *client);

/* Writes the gathered answers, at the end of a turn. */
void tcp_flush(Tcp *t);
void tcp_stop(Tcp *t);
bool tcp_is_done(const Tcp *t);
Tcp *tcp_free(Tcp *t);
int tcp_fd(const Tcp *t);
