/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/client/reply_queue.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define BATCH 64             /* replies in one write */
#define PORTION (64U << 10U) /* octets after which no further reply is added to it */

typedef struct Portion {
        uint8_t lengths[BATCH][DNS_LENGTH_SIZE];
        struct iovec parts[2 * BATCH];
        size_t n_parts, n; /* octets */
} Portion;

void reply_queue_init(ReplyQueue *q)
{
        *q = (ReplyQueue) { 0 };
        list_init(&q->replies);
}

static void reply_queue_drop_first(ReplyQueue *q)
{
        PendingReply *r = container_of(list_first(&q->replies), PendingReply, in_queue);

        list_remove(&r->in_queue);
        pending_reply_unref(r);
        q->n--;
        q->written = 0;
}

void reply_queue_deinit(ReplyQueue *q)
{
        while (q->n)
                reply_queue_drop_first(q);
}

void reply_queue_add(ReplyQueue *q, PendingReply *reply)
{
        must(list_empty(&reply->in_queue));
        list_append(&q->replies, &pending_reply_ref(reply)->in_queue);
        q->n++;
}

static void reply_queue_put_part(Portion *p, void *data, size_t n, size_t skip)
{
        if (skip >= n)
                return;
        p->parts[p->n_parts++] = (struct iovec) { .iov_base = (uint8_t *) data + skip, .iov_len = n - skip };
        p->n += n - skip;
}

/* Length and message are sent as one (RFC 7766 8). Returns false if out of memory. */
static bool reply_queue_gather(const ReplyQueue *q, Portion *p)
{
        size_t skip = q->written;
        unsigned n = 0;

        p->n = p->n_parts = 0;
        LIST_FOREACH(l, &q->replies) {
                Packet *packet = pending_reply_write(container_of(l, PendingReply, in_queue));

                if (!packet)
                        return p->n > 0;
                wire_write16(p->lengths[n], packet->n);
                reply_queue_put_part(p, p->lengths[n], DNS_LENGTH_SIZE, skip);
                reply_queue_put_part(p, packet->data, packet->n, skip > DNS_LENGTH_SIZE ? skip - DNS_LENGTH_SIZE : 0);
                skip = 0;
                if (++n == BATCH || p->n >= PORTION)
                        break;
        }
        return true;
}

static void reply_queue_take_off(ReplyQueue *q, size_t sent)
{
        q->written += sent;
        while (q->n) {
                const PendingReply *r = container_of(list_first(&q->replies), PendingReply, in_queue);
                size_t left;

                if (!r->packet || q->written < DNS_LENGTH_SIZE + r->packet->n)
                        break;
                left = q->written - DNS_LENGTH_SIZE - r->packet->n;
                reply_queue_drop_first(q);
                q->written = left;
        }
}

/* The written ones are at the beginning. */
static void reply_queue_put_off(ReplyQueue *q)
{
        LIST_FOREACH(l, &q->replies) {
                PendingReply *r = container_of(l, PendingReply, in_queue);

                if (!r->packet)
                        break;
                pending_reply_put_off(r);
        }
}

ssize_t reply_queue_send(ReplyQueue *q, int fd)
{
        static Portion portion;
        ssize_t total = 0, n;

        while (q->n) {
                struct msghdr m = { .msg_iov = portion.parts };

                if (!reply_queue_gather(q, &portion))
                        return -ENOMEM;
                m.msg_iovlen = portion.n_parts;
                n = sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno != EAGAIN && errno != ENOBUFS)
                        return -errno;
                if (n > 0) {
                        total += n;
                        reply_queue_take_off(q, (size_t) n);
                }
                if (n < (ssize_t) portion.n)
                        break;
        }
        reply_queue_put_off(q);
        return total;
}
