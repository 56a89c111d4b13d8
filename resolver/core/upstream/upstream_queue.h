/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The queue of an upstream: holds the exchanges that wait for a stream, chooses their connection, and decides when to
 * open another. Times are usec of CLOCK_BOOTTIME.
 */

#include "core/upstream/upstream_internal.h"

/* Exchanges that may wait for a stream: as many as clients may wait, so that only the client quota limits them. */
#define UPSTREAM_QUEUE_MAX CLIENTS_PENDING_MAX

/* Sends or queues `x`. Returns false if the queue is full; `x` is then in no list. */
bool upstream_submit(Upstream *u, Exchange *x, uint64_t now);

/* Returns true if a second exchange with the same upstream would use another connection than `x`. Otherwise it would
 * be of no use: TCP does not lose data, and asking twice does not make a slow name faster. Returns false while `x`
 * is queued. */
bool upstream_may_ask_again(const Exchange *x, uint64_t now);

/* Cancels `x` for its query: resets its stream or removes it from the queue, and frees it. If a probe or trial
 * depends on `x`, detaches it from the query instead. */
void upstream_cancel(Exchange *x, uint64_t now);

/* Frees `x`, which is over or was never submitted. */
void upstream_exchange_free(Exchange *x);

/* Offers the first exchanges of the queue as early data of `c`, on which TCP is established. They stay in the queue. */
void upstream_offer_queue(Upstream *u, Connection *c);

/* Starts to connect. Must not be connecting. */
void upstream_connect(Upstream *u, Purpose purpose, uint64_t now);

/* Sends queued exchanges while there are free streams, and opens a connection if necessary. Call this after a stream
 * has become free or a connection has gone. */
void upstream_advance(Upstream *u, uint64_t now);

/* Ends all exchanges of the list with `reason`. */
void upstream_post_all(ExchangeList *l, FailureReason reason);

/* Closes `c`, and returns its exchanges to the head of the queue, to be sent again. */
void upstream_requeue_and_close(Upstream *u, Connection *c, uint64_t now);

/* Removes `x`, which has its outcome, from `c`, and lets queued exchanges use the stream. May free `c`. */
void upstream_release(Upstream *u, Connection *c, Exchange *x, uint64_t now);

void upstream_on_overflow_due(Timer *t, uint64_t now);

/* --- figures */

/* Returns true if the upstream has no working connection at the moment, so that others are preferred. */
bool upstream_doubtful(const Upstream *u, uint64_t now);

/* Returns true if nothing was received on the connection of `x` since `x` was sent, or if `x` has not been sent. */
bool upstream_unproven(const Exchange *x);

/* Return the time in usec from sending a query until a second upstream may be asked as well, and until an answer on
 * a live path is overdue (HEALTH.md 3). */
uint64_t upstream_hedge_delay(const Upstream *u);
uint64_t upstream_answer_time(const Upstream *u);
