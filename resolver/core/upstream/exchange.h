#pragma once
/*
 * Exchange: one sending of one DNS message to one upstream, from waiting in its queue to its outcome. Belongs to a
 * query, or to the upstream itself where it is a synthetic probe. At any time it stands in exactly one place: the
 * upstream's queue, a connection, or the engine's list of those that are over and whose query has not been told yet.
 */

#include "core/engine.h"
#include "core/base/list.h"

typedef struct Query Query;
typedef struct Upstream Upstream;
typedef struct Connection Connection;

typedef struct Exchange {
        uint32_t number;
        Query *query;   /* NULL: a probe of the upstream's own, or one that the query left to it */
        Packet *wire;   /* the message */
        bool synthetic; /* a probe's own question: only NOERROR will do */
        Upstream *upstream;
        Connection *connection; /* NULL: not sent */
        Purpose purpose;
        uint64_t late_at;      /* usec; when it is time to ask another upstream */
        uint64_t sent_at;      /* usec; 0: not sent */
        uint64_t queued_at;    /* usec */
        bool late;             /* over its time; its answer is still welcome */
        bool posted;           /* over */
        FailureReason failure; /* where it is over */
        List in_query;
        List in_place;
} Exchange;

/* An exchange of `wire`, in no place yet; NULL when out of memory. Takes a reference. `query` may be NULL. */
Exchange *exchange_new(Engine *e, Query *query, Upstream *u, Packet *wire, Purpose purpose);
/* Takes it out of everything and frees it; nothing is sent. */
Exchange *exchange_free(Exchange *x);

/* Before it is sent: one whose query has gone, but that a probe or trial hangs on (exchange_cancel), asks for what a
 * probe asks. Nobody wants the name any longer, and since a reload it may be none of the upstream's business. False
 * when out of memory. */
bool exchange_prepare(Exchange *x);

/* It is over with `failure`: its query is told once the running event is done with (engine_settle), never from here. */
void exchange_post(Exchange *x, FailureReason failure, uint64_t now);

/* Its query does not want it any longer: resets its stream or leaves the queue, and is freed; unless a probe or trial
 * hangs on its outcome, which then goes on without the query. */
void exchange_cancel(Exchange *x, uint64_t now);
