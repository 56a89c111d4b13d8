/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * QueryObserver: is told of each query when it is answered, whoever asked. As long as there is no observer, queries
 * cost nothing more. What is told are names: an observer passes them on to root only.
 */

#include "core/base/list.h"
#include "core/outbox/outbox.h"
#include "core/dns/message.h"

/* Borrowed for the duration of the call. */
typedef struct AnsweredQuery {
        const AnswerRoute *route;
        const Client *client;
        const Message *reply; /* as the client gets it: with the question, and without records if it is truncated */
        const Packet *packet; /* which `reply` is in */
} AnsweredQuery;

/* Owned by the observer, who removes it from the list that it is in. */
typedef struct QueryObserver QueryObserver;
struct QueryObserver {
        List in_daemon;
        void (*answered)(QueryObserver *o, const AnsweredQuery *q); /* may remove it, and no other */
};

/* Tells all of the list what ACTION_ANSWER says, unless the query had no valid question. To be called before the reply
 * is sent. */
void query_observers_tell(List *observers, const Action *answer);
