/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Arbitrary messages: the parser reads within bounds, what it accepts can be walked, and every response built from it
 * is a message again, within the client's size, with the client's ID and question. RFC 9267 lists what goes wrong.
 */

#include <stdlib.h>
#include <string.h>

#include "core/query/cache.h"
#include "core/dns/message.h"
#include "core/dns/reply.h"

static void require(bool ok)
{
        if (!ok)
                abort();
}

static void walk(const Message *m)
{
        RecordWalk w = RECORD_WALK(m);
        uint32_t seconds, n = 0;
        Record r;

        while (record_next(&w, &r)) {
                require(r.end <= m->wire.n && r.offset < r.end);
                n++;
        }
        require(n == (uint32_t) m->ancount + m->nscount + m->arcount && w.offset == m->wire.n);
        message_lifetime(m, &seconds);
}

static void check_names(const Message *m)
{
        char text[NAME_TEXT_MAX];
        uint8_t name[DNS_NAME_MAX], lower[DNS_NAME_MAX];

        if (!m->qname.n)
                return;
        require(name_size(m->qname) == m->qname.n);
        name_to_text(m->qname, text);
        require(name_from_text(text, name) == m->qname.n && memcmp(name, m->qname.p, m->qname.n) == 0);
        name_lower(m->qname, lower);
        require(name_equal(BYTES(lower, m->qname.n), m->qname) && name_under(m->qname, BYTES(lower, m->qname.n)));
}

static void check_reply(const Message *query, const Message *answer, Transport transport)
{
        ReplyTarget target = reply_target_of(query, transport);
        ReplyOptions options = REPLY_OPTIONS_INIT;
        _cleanup_(packet_unrefp) Packet *b = NULL;
        Message m;

        options.ede = EDE_STALE;
        options.ede_text = "as old as the hills";
        options.age = 7;
        b = reply_from_answer(&target, query->qname, answer, &options);
        require(b && message_parse(&m, packet_bytes(b)) == MESSAGE_OK);
        require(m.id == query->id && (m.flags & DNS_QR) && m.edns.present == target.edns);
        require(m.qname.n == query->qname.n && memcmp(m.qname.p, query->qname.p, m.qname.n) == 0);
        require(b->n <= (transport == TRANSPORT_TCP ? DNS_MESSAGE_MAX : target.udp_size));
}

/* What the cache keeps is the same response, and not larger. */
static void check_kept(const Message *m)
{
        static const CacheLimits limits = { .size = 1 << 20,
                                            .max_ttl = USEC_PER_DAY,
                                            .negative_max_ttl = USEC_PER_HOUR,
                                            .failure_min = USEC_PER_SEC,
                                            .failure_max = USEC_PER_MINUTE };
        _cleanup_(cache_freep) Cache *c = cache_new(&limits, (const uint8_t *) "0123456789abcdef");
        uint8_t name[DNS_NAME_MAX];
        CacheKey key = { .qname = BYTES(name, m->qname.n), .qtype = m->qtype, .qclass = m->qclass };
        CacheEntry entry;
        Message kept;

        name_lower(m->qname, name);
        if (!c || !cache_put(c, &key, m, 1, UINT32_MAX, false, USEC_PER_SEC))
                return;
        require(cache_get(c, &key, USEC_PER_SEC, &entry) == CACHE_HIT && entry.wire.n <= m->wire.n);
        require(message_parse(&kept, entry.wire) == MESSAGE_OK && message_rcode(&kept) == message_rcode(m));
        require(kept.qtype == m->qtype && name_equal(kept.qname, m->qname));
        require(kept.ancount == m->ancount && kept.nscount == m->nscount &&
                kept.arcount - kept.edns.present == m->arcount - m->edns.present);
        walk(&kept);
        check_reply(m, &kept, TRANSPORT_TCP);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        Message m, again;
        MessageStatus status = message_parse(&m, BYTES(data, size));
        Packet *b;

        if (status == MESSAGE_SHORT)
                return 0;
        check_names(&m);
        if (status != MESSAGE_OK || m.qdcount != 1) {
                b = reply_malformed(&m, status == MESSAGE_OK ? MESSAGE_MALFORMED : status);
                require(b && message_parse(&again, packet_bytes(b)) == MESSAGE_OK && again.id == m.id);
                packet_unref(b);
                return 0;
        }
        walk(&m);
        check_kept(&m);
        /* As a client's query, and as the response to it. */
        check_reply(&m, &m, TRANSPORT_UDP);
        check_reply(&m, &m, TRANSPORT_TCP);
        b = reply_upstream_query(m.qname, m.qtype, m.qclass, m.flags, true, true);
        require(b && b->n % 128 == 0 && message_parse(&again, packet_bytes(b)) == MESSAGE_OK && again.id == 0);
        packet_unref(b);
        return 0;
}
