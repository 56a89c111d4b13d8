/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The queue of an upstream: what waits for a stream, the choice of the connection that it goes over, and when another
 * connection is made for it.
 */

#include "core/upstream/upstream_internal.h"

/* Exchanges waiting for a stream: as many as clients may wait, so that the clients' quota alone rations them. */
#define UPSTREAM_QUEUE_MAX CLIENTS_PENDING_MAX

/* Sends `x` or queues it; false if the queue is full, and then `x` is in no list. */
bool upstream_submit(Upstream *u, Exchange *x, uint64_t now);

/* Would another exchange of the same question with the upstream of `x` go another way? Not while `x` waits for a
 * stream, nor on the connection that carries it and is well: TCP loses nothing, and a slow name is not made faster by
 * asking twice. */
bool upstream_may_ask_again(const Exchange *x, uint64_t now);

/* The query does not want `x` any longer: its stream is reset or it leaves the queue, and it is freed; unless a probe
 * or trial hangs on its outcome, which then goes on without the query. */
void upstream_cancel(Exchange *x, uint64_t now);

/* Frees `x`, which is over, or was never submitted. */
void upstream_exchange_free(Exchange *x);

/* Begins to connect; must not be connecting. */
void upstream_connect(Upstream *u, Purpose purpose, uint64_t now);

/* A stream has become free, or a connection has gone: what waits is sent, or sent for. */
void upstream_advance(Upstream *u, uint64_t now);

/* All of the list are over with `reason`. */
void upstream_post_all(ExchangeList *l, FailureReason reason);

/* Closes `c`; what it carried goes back to the head of the queue, to be sent again. */
void upstream_requeue_and_close(Upstream *u, Connection *c, uint64_t now);

/* `x` is off `c` with its outcome, and what waits may use its stream. The connection may be gone afterwards. */
void upstream_release(Upstream *u, Connection *c, Exchange *x, uint64_t now);

void upstream_on_overflow_due(Timer *t, uint64_t now);

/* --- figures */

/* Its connections may be dead or are being made: others are better off for the moment. */
bool upstream_doubtful(const Upstream *u, uint64_t now);

/* Nothing was heard of the upstream since `x` was sent, or it was not sent. */
bool upstream_unproven(const Exchange *x);

/* When a second upstream may be asked as well, and when an answer on a live path is overdue: usec after sending. */
uint64_t upstream_hedge_delay(const Upstream *u);
uint64_t upstream_answer_time(const Upstream *u);
