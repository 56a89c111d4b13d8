/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * ReplyQueue: what is to be sent on one TCP connection. Replies are written a portion at a time as the kernel accepts
 * them, and the rest of a portion is released: a client that does not read holds no more of an answer than the others
 * that share it.
 */

#include "core/dns/pending_reply.h"

typedef struct ReplyQueue {
        List replies;   /* PendingReply */
        unsigned n;     /* of them */
        size_t written; /* octets of the first reply, including its length, that are sent */
} ReplyQueue;

void reply_queue_init(ReplyQueue *q);
/* Drops what is not sent. */
void reply_queue_deinit(ReplyQueue *q);

/* Takes a reference. The reply must not be in another queue. */
void reply_queue_add(ReplyQueue *q, PendingReply *reply);

/* Sends what the socket accepts. Returns the number of octets, or a negative errno if nothing more can be sent. */
ssize_t reply_queue_send(ReplyQueue *q, int fd);
