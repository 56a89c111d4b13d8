/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Exchange: one HTTP request that carries one DNS message to one upstream (RFC 8484), from the upstream's queue to its
 * outcome. A query owns it; a synthetic probe is owned by its upstream.
 *
 * An exchange is in at most one list at a time: the queue of the upstream, the exchanges of a connection, or the
 * outcomes of the outbox, where queries_take_outcomes() finds it. Times are usec of CLOCK_BOOTTIME.
 */

#include "core/outbox/outbox.h"

typedef struct Query Query;
typedef struct Upstream Upstream;
typedef struct Connection Connection;

/* A list and its length. */
typedef struct ExchangeList {
        List head;
        size_t n;
} ExchangeList;

/* Only the functions below change it. */
typedef struct Exchange {
        uint32_t handle;
        Outbox *outbox;
        Query *query;   /* NULL: a synthetic probe, or a query that ended before the probe it carried */
        Packet *wire;   /* the message */
        bool synthetic; /* carries the question of a probe */
        Upstream *upstream;
        Connection *connection; /* NULL: queued or over */
        Purpose purpose;
        uint64_t late_at;   /* the time to try another upstream */
        uint64_t sent_at;   /* 0: not sent */
        uint64_t queued_at; /* when it entered the queue */
        bool late;          /* overdue; an answer is still accepted */
        bool unprocessed;   /* the peer did not process it (RFC 9113 8.7): safe to send again */
        bool over;          /* finished with `reason`, and in the outcomes of the outbox */
        FailureReason reason;
        List in_query;
        List in_place;
        ExchangeList *place; /* the list that holds it; NULL: none, or the outcomes */
} Exchange;

void exchange_list_init(ExchangeList *l);
/* Returns the first exchange, or NULL. */
Exchange *exchange_list_first(const ExchangeList *l);

/* Creates an exchange that carries `wire`, and takes a reference to `wire`. It is in no list. `query` may be NULL.
 * Returns NULL if out of memory. */
Exchange *exchange_new(Outbox *o, Query *query, Upstream *u, Packet *wire, Purpose purpose);
/* Removes the exchange from all lists and frees it, without telling io. Accepts NULL, and returns NULL. */
Exchange *exchange_free(Exchange *x);

/* Puts the exchange at the end of the queue of its upstream. */
void exchange_queue(Exchange *x, ExchangeList *queue, uint64_t now);
/* Puts the exchange, which was sent, at the head of the queue again. */
void exchange_requeue(Exchange *x, ExchangeList *queue, uint64_t now);
/* Puts the exchange at the end of those of `c`, on which it is sent now. */
void exchange_send(Exchange *x, Connection *c, ExchangeList *exchanges, uint64_t now);
/* Takes the exchange off its connection. */
void exchange_release(Exchange *x);

/* Ends the tie to the query, which does not need it any more. */
void exchange_leave_query(Exchange *x);

/* Sets the time to try another upstream, and notes that it has come. */
void exchange_set_late_at(Exchange *x, uint64_t late_at);
void exchange_set_late(Exchange *x);

/* Makes it serve a probe or trial. */
void exchange_set_purpose(Exchange *x, Purpose purpose);
void exchange_set_unprocessed(Exchange *x, bool unprocessed);

/* Moves its times by `slept` usec after a suspend. */
void exchange_shift(Exchange *x, uint64_t slept);

/* Returns the question of a probe: `. NS`, which every resolver has cached (RFC 8109 3). Returns NULL if out of
 * memory. */
Packet *exchange_probe_question(bool padding);

/* Prepares the exchange for sending. If its query has ended but a probe or trial still depends on it
 * (upstream_cancel), replaces its message with the question of a probe: the name is no longer needed, and after a
 * reload it may belong to another upstream. Returns false if out of memory. */
bool exchange_prepare(Exchange *x, bool padding);

/* Ends the exchange with `reason` and moves it to the outcomes. Its query learns of it when the current event has
 * been processed. The caller has released it from its connection. */
void exchange_post(Exchange *x, FailureReason reason);
