/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * PendingReply: a reply that is written when it can be sent. However many clients wait for one answer, and however
 * slowly they read, the answer is held once (SharedAnswer) and a reply is little more than where it goes. One that was
 * written at once, because nobody else waits for the same, is held as it is.
 *
 * What all of these hold is counted, so that whoever takes queries can stop while too much waits to be read.
 */

#include "core/base/list.h"
#include "core/dns/reply.h"

/* Bytes of answers that wait to be sent: beyond it, no more queries are read than can be answered at once; at twice as
 * much, clients that do not read are closed. */
#define PENDING_REPLIES_MAX ((size_t) 1 << 20)

typedef struct SharedAnswer SharedAnswer;

typedef struct PendingReply {
        List in_queue; /* of whoever sends it */
        uint32_t refs;
        Packet *packet;       /* the reply, where it is written; NULL: not now */
        SharedAnswer *answer; /* what it is written from; NULL: it is written for good */
        ReplyTarget target;
        uint16_t qname_size;
        uint8_t qname[]; /* as the client spelled it */
} PendingReply;

/* A copy of `answer`, with the options of all replies to be made of it; a text of theirs is borrowed for as long as it
 * lives. NULL when out of memory. */
SharedAnswer *shared_answer_new(const Message *answer, const ReplyOptions *options);
/* NULL is fine; always NULL. */
SharedAnswer *shared_answer_unref(SharedAnswer *a);
DEFINE_CLEANUP(SharedAnswer, shared_answer_unref)

/* A reply out of `answer`, as reply_from_answer() has it. NULL when out of memory. */
PendingReply *pending_reply_new(SharedAnswer *answer, const ReplyTarget *target, Bytes qname);

/* A reply that is written; takes over the reference. NULL is fine, and NULL when out of memory. */
PendingReply *pending_reply_of(Packet *packet);

PendingReply *pending_reply_ref(PendingReply *r);
/* NULL is fine; always NULL. */
PendingReply *pending_reply_unref(PendingReply *r);

/* Writes it, if it is not written; the packet is the reply's. NULL when out of memory. */
Packet *pending_reply_write(PendingReply *r);

/* It cannot be sent now: gives back the memory of what can be written again. */
void pending_reply_put_off(PendingReply *r);

/* Bytes that all of them hold. */
size_t pending_replies_held(void);
