/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Exchange: one sending of one DNS message to one upstream, from waiting in its queue to its outcome. Belongs to a
 * query, or to the upstream itself where it is a synthetic probe. At any time it stands in at most one list: the
 * upstream's queue, a connection's, or the outbox's outcomes, where it waits for its query to be told.
 */

#include "core/outbox/outbox.h"

typedef struct Query Query;
typedef struct Upstream Upstream;
typedef struct Connection Connection;

/* A list that knows its length. */
typedef struct ExchangeList {
        List head;
        size_t n;
} ExchangeList;

typedef struct Exchange {
        uint32_t handle;
        Outbox *outbox;
        Query *query;   /* NULL: a probe of the upstream's own, or one that the query left to it */
        Packet *wire;   /* the message */
        bool synthetic; /* a probe's own question */
        Upstream *upstream;
        Connection *connection; /* NULL: not sent */
        Purpose purpose;
        uint64_t late_at;   /* usec; when it is time to ask another upstream */
        uint64_t sent_at;   /* usec; 0: not sent */
        uint64_t queued_at; /* usec */
        bool late;          /* over its time; its answer is still welcome */
        bool unprocessed;   /* the peer has certainly not seen it, or said that it did nothing: free to be sent again */
        bool over;          /* it stands in the outcomes, with `reason` */
        FailureReason reason;
        List in_query;
        List in_place;
        ExchangeList *place; /* NULL: none, or the outcomes */
} Exchange;

void exchange_list_init(ExchangeList *l);
/* The first, or NULL. */
Exchange *exchange_list_first(const ExchangeList *l);

/* An exchange of `wire`, in no list yet; NULL when out of memory. Takes a reference. `query` may be NULL. */
Exchange *exchange_new(Outbox *o, Query *query, Upstream *u, Packet *wire, Purpose purpose);
/* Takes it out of every list and frees it; nothing is sent. NULL is fine; always returns NULL. */
Exchange *exchange_free(Exchange *x);

/* Moves it from where it stands to the end of `to`; NULL: to no list. */
void exchange_move(Exchange *x, ExchangeList *to);
/* The same, to the head of `to`. */
void exchange_move_first(Exchange *x, ExchangeList *to);

/* What a probe asks: `. NS`, which every resolver has at hand. NULL when out of memory. */
Packet *exchange_probe_question(bool padding);

/* Before it is sent: one whose query has gone, but that a probe or trial hangs on (upstream_cancel), asks for what a
 * probe asks. Nobody wants the name any longer, and since a reload it may be none of the upstream's business. False
 * when out of memory. */
bool exchange_prepare(Exchange *x, bool padding);

/* It is over: it goes to the outcomes, and its query is told once the running event is done with. It must be on no
 * connection any longer. */
void exchange_post(Exchange *x, FailureReason reason);
