/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/dns/pending_reply.h"

#include <string.h>

#include "core/base/pool.h"

struct SharedAnswer {
        uint32_t refs;
        Packet *wire;
        Message message; /* a view of it */
        ReplyOptions options;
};

static size_t held;

SharedAnswer *shared_answer_new(const Message *answer, const ReplyOptions *options)
{
        SharedAnswer *a = malloc(sizeof(*a));

        if (!a)
                return NULL;
        *a = (SharedAnswer) { .refs = 1, .wire = packet_copy(answer->wire), .options = *options };
        if (!a->wire) {
                free(a);
                return NULL;
        }
        message_parse(&a->message, packet_bytes(a->wire));
        held += a->wire->n;
        return a;
}

SharedAnswer *shared_answer_unref(SharedAnswer *a)
{
        if (!a || --a->refs > 0)
                return NULL;
        must(held >= a->wire->n);
        held -= a->wire->n;
        packet_unref(a->wire);
        free(a);
        return NULL;
}

PendingReply *pending_reply_new(SharedAnswer *answer, const ReplyTarget *target, Bytes qname)
{
        PendingReply *r = pool_get(sizeof(*r) + qname.n);

        if (!r)
                return NULL;
        *r = (PendingReply) { .refs = 1, .answer = answer, .target = *target, .qname_size = (uint16_t) qname.n };
        memcpy(r->qname, qname.p, qname.n);
        list_init(&r->in_queue);
        answer->refs++;
        return r;
}

PendingReply *pending_reply_of(Packet *packet)
{
        PendingReply *r = packet ? pool_get(sizeof(*r)) : NULL;

        if (!r) {
                packet_unref(packet);
                return NULL;
        }
        *r = (PendingReply) { .refs = 1, .packet = packet };
        list_init(&r->in_queue);
        held += packet->n;
        return r;
}

PendingReply *pending_reply_ref(PendingReply *r)
{
        r->refs++;
        return r;
}

PendingReply *pending_reply_unref(PendingReply *r)
{
        if (!r || --r->refs > 0)
                return NULL;
        if (!r->answer) {
                must(held >= r->packet->n);
                held -= r->packet->n;
        }
        list_remove(&r->in_queue);
        packet_unref(r->packet);
        shared_answer_unref(r->answer);
        pool_put(r, sizeof(*r) + r->qname_size);
        return NULL;
}

Packet *pending_reply_write(PendingReply *r)
{
        if (!r->packet)
                r->packet = reply_from_answer(&r->target, BYTES(r->qname, r->qname_size), &r->answer->message,
                                              &r->answer->options);
        return r->packet;
}

void pending_reply_put_off(PendingReply *r)
{
        if (r->answer)
                r->packet = packet_unref(r->packet);
}

size_t pending_replies_held(void)
{
        return held;
}
