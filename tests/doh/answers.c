/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "answers.h"

#include <stdio.h>
#include <string.h>

uint32_t answer_ttl = 300;

#define PADDED 468 /* RFC 8467 4.2 */

typedef struct Order {
        unsigned rcode, size, delay, aliases;
        uint32_t ttl;
        bool negative;
} Order;

typedef struct Writer {
        Packet *b;
        unsigned ancount, nscount;
} Writer;

static Order order_of(Bytes qname)
{
        Order o = { .ttl = answer_ttl };
        char label[64] = "";
        unsigned v;

        memcpy(label, qname.p + 1, qname.p[0]);
        if (strcmp(label, "nx") == 0) {
                o.rcode = RCODE_NXDOMAIN;
                o.negative = true;
        } else if (strcmp(label, "nodata") == 0)
                o.negative = true;
        else if (strcmp(label, "servfail") == 0)
                o.rcode = RCODE_SERVFAIL;
        else if (strcmp(label, "refused") == 0)
                o.rcode = RCODE_REFUSED;
        else if (sscanf(label, "rcode-%u", &v) == 1)
                o.rcode = v & 15;
        else if (sscanf(label, "size-%u-%u", &v, &o.delay) >= 1)
                o.size = MIN(v, 60000u);
        else if (sscanf(label, "ttl-%u", &v) == 1)
                o.ttl = v;
        else if (sscanf(label, "delay-%u", &v) == 1)
                o.delay = v;
        else if (sscanf(label, "cname-%u", &v) == 1)
                o.aliases = MIN(v, 50u);
        return o;
}

static void put(Writer *w, const void *data, size_t n)
{
        memcpy(w->b->data + w->b->n, data, n);
        w->b->n += (uint32_t) n;
}

static void put16(Writer *w, unsigned v)
{
        wire_write16(w->b->data + w->b->n, v);
        w->b->n += 2;
}

static void put_record(Writer *w, unsigned owner, unsigned type, uint32_t ttl, const void *rdata, size_t n)
{
        put16(w, 0xc000 | owner);
        put16(w, type);
        put16(w, CLASS_IN);
        put16(w, ttl >> 16);
        put16(w, ttl & 0xffff);
        put16(w, (unsigned) n);
        put(w, rdata, n);
}

static void put_soa(Writer *w, uint32_t ttl)
{
        static const uint8_t names[] = "\2ns\4test\0\4root\4test";
        uint8_t rdata[sizeof(names) + 20] = { 0 };

        memcpy(rdata, names, sizeof(names));
        wire_write32(rdata + sizeof(names), 1);
        wire_write32(rdata + sizeof(names) + 4, 3600);
        wire_write32(rdata + sizeof(names) + 8, 600);
        wire_write32(rdata + sizeof(names) + 12, 86400);
        wire_write32(rdata + sizeof(names) + 16, 60);
        put_record(w, DNS_HEADER_SIZE, TYPE_SOA, ttl, rdata, sizeof(rdata));
        w->nscount++;
}

static uint32_t hash(Bytes name)
{
        uint8_t lower[DNS_NAME_MAX];
        uint32_t h = 2166136261u;

        name_lower(name, lower);
        for (size_t i = 0; i < name.n; i++)
                h = (h ^ lower[i]) * 16777619u;
        return h;
}

static void put_data(Writer *w, const Message *m, const Order *o)
{
        uint32_t h = hash(m->qname);
        unsigned owner = DNS_HEADER_SIZE;
        uint8_t rdata[256] = { 0 };

        for (unsigned i = 0; i < o->aliases; i++) {
                uint8_t alias[8];
                int n = snprintf((char *) alias + 1, 7, "a%u", i);

                alias[0] = (uint8_t) n;
                memcpy(rdata, alias, 1 + (size_t) n);
                wire_write16(rdata + 1 + n, 0xc000 | (DNS_HEADER_SIZE + 1u + m->qname.p[0]));
                put_record(w, owner, TYPE_CNAME, o->ttl, rdata, 3 + (size_t) n);
                owner = w->b->n - 3 - (unsigned) n;
                w->ancount++;
        }
        switch (m->qtype) {
        case TYPE_A:
                wire_write32(rdata, 0x0a000000u | (h & 0xffffff));
                put_record(w, owner, TYPE_A, o->ttl, rdata, 4);
                break;
        case TYPE_AAAA:
                memset(rdata, 0, 16);
                wire_write32(rdata, 0x20010db8);
                wire_write32(rdata + 12, h);
                put_record(w, owner, TYPE_AAAA, o->ttl, rdata, 16);
                break;
        case TYPE_NS:
                memcpy(rdata, "\2ns\4test", 9);
                put_record(w, owner, TYPE_NS, o->ttl, rdata, 9);
                break;
        case TYPE_TXT:
                for (unsigned left = MAX(o->size, 1u); left > 0; left -= MIN(left, 200u)) {
                        memset(rdata + 1, 'x', 200);
                        rdata[0] = 200;
                        if (o->size)
                                put_record(w, owner, TYPE_TXT, o->ttl, rdata, 201);
                        else
                                put_record(w, owner, TYPE_TXT, o->ttl, "\10dohmouse", 9);
                        w->ancount++;
                }
                return;
        default:
                put_soa(w, o->ttl);
                return;
        }
        w->ancount++;
}

static void put_opt(Writer *w, const Message *m)
{
        size_t pad = 0, plain = w->b->n + 11 + 4;

        if (m->edns.padding)
                pad = (PADDED - plain % PADDED) % PADDED;
        put(w, "\0\0\x29\x10\0\0\0", 7);
        put16(w, m->edns.dnssec_ok ? 0x8000 : 0);
        put16(w, m->edns.padding ? (unsigned) pad + 4 : 0);
        if (!m->edns.padding)
                return;
        put16(w, EDNS_OPTION_PADDING);
        put16(w, (unsigned) pad);
        memset(w->b->data + w->b->n, 0, pad);
        w->b->n += (uint32_t) pad;
}

Packet *answer_make(Bytes query, unsigned *ret_delay)
{
        Writer w = { 0 };
        Message m;
        Order o;

        *ret_delay = 0;
        if (message_parse(&m, query) != MESSAGE_OK || m.qdcount != 1 || !(w.b = packet_new(DNS_MESSAGE_MAX + 1024)))
                return NULL;
        o = order_of(m.qname);
        *ret_delay = o.delay;
        put(&w, query.p, m.question_end);
        if (o.negative)
                put_soa(&w, o.ttl);
        else if (o.rcode == 0)
                put_data(&w, &m, &o);
        if (m.edns.present)
                put_opt(&w, &m);
        wire_write16(w.b->data + 2, DNS_QR | DNS_RA | (m.flags & (DNS_RD | DNS_CD)) | o.rcode);
        wire_write16(w.b->data + 6, w.ancount);
        wire_write16(w.b->data + 8, w.nscount);
        wire_write16(w.b->data + 10, m.edns.present);
        return w.b;
}
