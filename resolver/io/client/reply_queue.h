/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * ReplyQueue: what is to be sent on one TCP connection. Replies are written as the kernel takes them, a portion at a
 * time, and what it does not take is given back: a client that does not read holds no more of an answer than others
 * that share it.
 */

#include "core/dns/pending_reply.h"

typedef struct ReplyQueue {
        List replies;   /* PendingReply */
        unsigned n;     /* of them */
        size_t written; /* octets of the first, its length included, that are sent */
} ReplyQueue;

void reply_queue_init(ReplyQueue *q);
/* Drops what was not sent. */
void reply_queue_deinit(ReplyQueue *q);

/* Takes a reference. The reply is in no other queue. */
void reply_queue_add(ReplyQueue *q, PendingReply *reply);

/* Sends what the socket takes. Returns how many octets, or a negative errno if nothing more can be sent on it. */
ssize_t reply_queue_send(ReplyQueue *q, int fd);
