/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/lookup/lookup_answer.h"

#include <string.h>

#define ALIASES_MAX 16

static bool answer_owns(const Answer *a, const Record *r)
{
        uint8_t owner[DNS_NAME_MAX];
        size_t end, n = name_expand(a->message.wire, r->offset, owner, &end);

        return r->section == SECTION_ANSWER && (r->class == a->message.qclass || a->message.qclass == CLASS_ANY) && n &&
               name_equal(BYTES(owner, n), BYTES(a->name, a->n));
}

/* nss-resolve cannot handle a result without an address or name: it aborts, or has a name that is no text. */
static bool answer_is_usable(const Record *r)
{
        if (r->class != CLASS_IN)
                return true;
        switch (r->type) {
        case TYPE_A:
                return r->rdata.n == 4;
        case TYPE_AAAA:
                return r->rdata.n == 16;
        case TYPE_PTR:
                return r->rdata.n > 0;
        default:
                return true;
        }
}

size_t answer_rdata_name(const Answer *a, const Record *r, size_t skip, uint8_t ret[DNS_NAME_MAX])
{
        size_t at = (size_t) (r->rdata.p - a->message.wire.p), end, n;

        if (skip >= r->rdata.n)
                return 0;
        n = name_expand(a->message.wire, at + skip, ret, &end);
        return n && end <= at + r->rdata.n ? n : 0;
}

/* Follows one alias. */
static bool answer_follow(Answer *a)
{
        RecordWalk w = ANSWER_WALK(a);
        uint8_t target[DNS_NAME_MAX];
        Record r;
        size_t n;

        while (record_next(&w, &r)) {
                if (r.type != TYPE_CNAME || !answer_owns(a, &r))
                        continue;
                n = answer_rdata_name(a, &r, 0, target);
                if (!n)
                        return false;
                memcpy(a->name, target, n);
                a->n = n;
                return true;
        }
        return false;
}

static int answer_find_ede(const Edns *e)
{
        for (size_t at = 0; at + OPTION_FIXED <= e->options.n;) {
                const uint8_t *p = e->options.p + at;
                size_t n = wire_read16(p + OPTION_LENGTH);

                if (at + OPTION_FIXED + n > e->options.n)
                        break;
                if (wire_read16(p + OPTION_CODE) == EDNS_OPTION_EDE && n >= 2)
                        return wire_read16(p + OPTION_FIXED);
                at += OPTION_FIXED + n;
        }
        return EDE_NONE;
}

bool answer_read(Answer *ret, const Packet *packet, Bytes qname, uint16_t qtype)
{
        *ret = (Answer) { .type = qtype, .n = qname.n, .ede = EDE_NONE };
        if (message_parse(&ret->message, BYTES(packet->data, packet->n)) != MESSAGE_OK ||
            !(ret->message.flags & DNS_QR))
                return false;
        memcpy(ret->name, qname.p, qname.n);
        ret->rcode = message_rcode(&ret->message);
        if (ret->message.edns.present)
                ret->ede = answer_find_ede(&ret->message.edns);
        if (qtype == TYPE_CNAME || qtype == TYPE_ANY)
                return true;
        while (!ret->loop && answer_follow(ret))
                ret->loop = ++ret->aliases > ALIASES_MAX;
        return true;
}

bool answer_next(const Answer *a, RecordWalk *w, Record *ret)
{
        while (record_next(w, ret))
                if ((ret->type == a->type || a->type == TYPE_ANY) && answer_owns(a, ret) && answer_is_usable(ret))
                        return true;
        return false;
}

bool answer_has_data(const Answer *a)
{
        RecordWalk w = ANSWER_WALK(a);
        Record r;

        return answer_next(a, &w, &r);
}

/* --- wire form */

/* Octets of a field without a name; -1: the rest of the RDATA. */
static int answer_field_size(char field, const uint8_t *p, size_t left)
{
        switch (field) {
        case '1':
                return 1;
        case '2':
        case 'T':
                return 2;
        case '4':
        case 't':
        case 'a':
                return 4;
        case '6':
                return 16;
        case 's':
        case 'g':
                return left ? 1 + *p : -1;
        default:
                return -1;
        }
}

/* Returns the size, or 0 if the RDATA is not as its type has it. Names may be longer than before. */
static size_t answer_write_rdata(const Answer *a, const Record *r, uint8_t *ret, size_t size)
{
        const char *layout = rr_type_layout(r->type);
        size_t at = 0, n = 0;

        for (; layout && *layout && at < r->rdata.n; layout++) {
                uint8_t name[DNS_NAME_MAX];
                size_t end = 0, base = (size_t) (r->rdata.p - a->message.wire.p), length;
                int field;

                if (*layout == 'n') {
                        length = name_expand(a->message.wire, base + at, name, &end);
                        if (!length || end > base + r->rdata.n || n + length > size)
                                return 0;
                        memcpy(ret + n, name, length);
                        n += length;
                        at = end - base;
                        continue;
                }
                field = answer_field_size(*layout, r->rdata.p + at, r->rdata.n - at);
                if (field < 0)
                        break;
                if ((size_t) field > r->rdata.n - at || n + (size_t) field > size)
                        return 0;
                memcpy(ret + n, r->rdata.p + at, (size_t) field);
                at += (size_t) field;
                n += (size_t) field;
        }
        if (n + r->rdata.n - at > size)
                return 0;
        memcpy(ret + n, r->rdata.p + at, r->rdata.n - at);
        return n + r->rdata.n - at;
}

size_t answer_write_record(const Answer *a, const Record *r, uint8_t *ret, size_t size)
{
        size_t end, n, rdata;

        if (size < DNS_NAME_MAX + RECORD_FIXED)
                return 0;
        n = name_expand(a->message.wire, r->offset, ret, &end);
        if (!n)
                return 0;
        wire_write16(ret + n + RECORD_TYPE, r->type);
        wire_write16(ret + n + RECORD_CLASS, r->class);
        wire_write32(ret + n + RECORD_TTL, r->ttl);
        size -= n + RECORD_FIXED;
        rdata = answer_write_rdata(a, r, ret + n + RECORD_FIXED, size);
        if (!rdata && r->rdata.n) {
                if (r->rdata.n > size)
                        return 0;
                rdata = r->rdata.n;
                memcpy(ret + n + RECORD_FIXED, r->rdata.p, rdata);
        }
        if (rdata > UINT16_MAX)
                return 0;
        wire_write16(ret + n + RECORD_RDLENGTH, (unsigned) rdata);
        return n + RECORD_FIXED + rdata;
}
