/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/dns/message.h"

#include <string.h>

#define COOKIE_CLIENT 8
#define COOKIE_MIN 16
#define COOKIE_MAX 40
#define SOA_NUMBERS 20       /* octets of the numbers behind the two names of a SOA */
#define SOA_MINIMUM 4        /* octets of the last of them */
#define TTL_SIGN 0x80000000u /* a TTL with this bit counts as 0 (RFC 2181 8) */
#define SMALL_MAX 1024       /* octets of a message that needs little memory to be parsed: nearly all of them */

/* A position in a message, and how many pointers may still be followed. */
typedef struct Reader {
        Bytes wire;
        size_t at;
        size_t pointers; /* that may still be followed */
        size_t furthest; /* highest offset of an octet that is reached through a pointer */
        uint8_t *fixed;  /* a bit for each octet that a pointer can reach and that is in the fixed part of a question or
                            record: no name may contain it, and TTLs there change later */
} Reader;

/* Bytes of `fixed` for so many octets. A fixed part may reach two bytes further than it begins. */
#define FIXED_BYTES(octets) ((octets) / 8 + 2)

static void message_mark_fixed(Reader *r, size_t at, size_t n)
{
        uint32_t bits = ((1u << n) - 1) << at % 8;

        if (at >= LABEL_POINTER_REACH)
                return;
        for (uint8_t *p = r->fixed + at / 8; bits; bits >>= 8)
                *p++ |= (uint8_t) bits;
}

static bool message_any_fixed(const Reader *r, size_t at, size_t n)
{
        size_t end = MIN(at + n, (size_t) LABEL_POINTER_REACH);
        uint8_t mask = (uint8_t) (0xff << at % 8);

        if (at >= end)
                return false;
        for (; at / 8 < (end - 1) / 8; at += 8 - at % 8, mask = 0xff)
                if (r->fixed[at / 8] & mask)
                        return true;
        return r->fixed[at / 8] & mask & 0xff >> (7 - (end - 1) % 8);
}

/*
 * Skips one name. Pointers lead strictly backwards, before the name with the pointer and before the pointer that led
 * there, and never into the header (RFC 9267 2): so there is no loop, and the budget bounds the total of all chains. A
 * pointer leads to a prior name (RFC 1035 4.1.4), whose octets all come before the name with the pointer. So no name
 * contains octets of a later fixed part or of a later OPT.
 */
static bool message_follow_name(Reader *r, bool compressed)
{
        size_t at = r->at, limit = r->at, end = r->wire.n, octets = 0;
        bool jumped = false;

        for (;;) {
                uint8_t length;

                if (at >= end)
                        return false;
                length = r->wire.p[at];
                if (wire_is_pointer(length)) {
                        size_t target;

                        if (!compressed || at + LABEL_POINTER_SIZE > end || r->pointers == 0 ||
                            (jumped && message_any_fixed(r, at, LABEL_POINTER_SIZE)))
                                return false;
                        target = wire_read_pointer(r->wire.p + at);
                        if (target < DNS_HEADER_SIZE || target >= limit)
                                return false;
                        r->pointers--;
                        if (jumped)
                                r->furthest = MAX(r->furthest, at + 1);
                        if (!jumped)
                                r->at = at + LABEL_POINTER_SIZE;
                        jumped = true;
                        end = limit;
                        limit = at = target;
                        continue;
                }
                if (length > DNS_LABEL_MAX)
                        return false;
                octets += 1 + (size_t) length;
                if (octets > DNS_NAME_MAX || at + 1 + length > end ||
                    (jumped && message_any_fixed(r, at, 1 + (size_t) length)))
                        return false;
                if (jumped)
                        r->furthest = MAX(r->furthest, at + length);
                at += 1 + (size_t) length;
                if (length == 0)
                        break;
        }
        if (!jumped)
                r->at = at;
        return true;
}

/* As message_follow_name(), and quicker for a name without a pointer, as that of every query is. */
static bool message_skip_name(Reader *r, bool compressed)
{
        const uint8_t *p = r->wire.p;
        size_t at = r->at;

        while (at < r->wire.n && p[at] > 0 && p[at] <= DNS_LABEL_MAX)
                at += 1 + (size_t) p[at];
        if (at >= r->wire.n || p[at] > 0 || at - r->at >= DNS_NAME_MAX)
                return message_follow_name(r, compressed);
        r->at = at + 1;
        return true;
}

/* Names in RDATA that may be compressed (RFC 3597 4): how many octets precede them, and how many names there are. */
static bool message_rdata_names(uint16_t type, size_t *ret_skip, unsigned *ret_names)
{
        *ret_skip = 0;
        *ret_names = 1;
        switch (type) {
        case TYPE_NS:
        case TYPE_MD:
        case TYPE_MF:
        case TYPE_CNAME:
        case TYPE_MB:
        case TYPE_MG:
        case TYPE_MR:
        case TYPE_PTR:
                return true;
        case TYPE_SOA:
        case TYPE_MINFO:
                *ret_names = 2;
                return true;
        case TYPE_MX:
                *ret_skip = 2;
                return true;
        default:
                return false;
        }
}

static bool message_check_rdata(Reader *r, uint16_t type, size_t end)
{
        size_t skip;
        unsigned names;

        if (r->at < end && message_rdata_names(type, &skip, &names)) {
                Reader inner = *r;

                inner.at += skip;
                while (names-- > 0)
                        if (!message_skip_name(&inner, true) || inner.at > end)
                                return false;
                if (inner.at + (type == TYPE_SOA ? SOA_NUMBERS : 0u) != end)
                        return false;
                r->pointers = inner.pointers;
                r->furthest = inner.furthest;
        }
        r->at = end;
        return true;
}

static bool message_parse_question(Reader *r, Message *m)
{
        for (unsigned i = 0; i < m->qdcount; i++) {
                size_t start = r->at;

                if (!message_skip_name(r, false) || r->at + QUESTION_FIXED > r->wire.n)
                        return false;
                if (i == 0) {
                        m->qname = BYTES(r->wire.p + start, r->at - start);
                        m->qtype = wire_read16(r->wire.p + r->at + QUESTION_TYPE);
                        m->qclass = wire_read16(r->wire.p + r->at + QUESTION_CLASS);
                }
                message_mark_fixed(r, r->at, QUESTION_FIXED);
                r->at += QUESTION_FIXED;
        }
        m->question_end = r->at;
        return true;
}

static bool message_parse_option(Edns *e, uint16_t code, size_t length)
{
        if (code == EDNS_OPTION_KEEPALIVE)
                e->keepalive = true;
        else if (code == EDNS_OPTION_PADDING)
                e->padding = true;
        else if (code == EDNS_OPTION_COOKIE && length != COOKIE_CLIENT && (length < COOKIE_MIN || length > COOKIE_MAX))
                return false;
        return true;
}

/* Parses the fixed part and the options of an OPT record (RFC 6891 6.1). False if the options are malformed. */
static bool message_parse_opt(Message *m, const uint8_t *fixed, Bytes options)
{
        uint32_t ttl = wire_read32(fixed + RECORD_TTL);
        Edns *e = &m->edns;
        unsigned n = 0;

        *e = (Edns) {
                .present = true,
                .udp_size = wire_read16(fixed + RECORD_CLASS),
                .extended_rcode = (uint8_t) (ttl >> OPT_EXTENDED_RCODE_SHIFT),
                .version = (uint8_t) (ttl >> OPT_VERSION_SHIFT),
                .dnssec_ok = ttl & OPT_DO,
                .options = options,
        };
        while (options.n > 0) {
                size_t length;

                if (options.n < OPTION_FIXED || ++n > EDNS_OPTIONS_MAX)
                        return false;
                length = wire_read16(options.p + OPTION_LENGTH);
                if (length > options.n - OPTION_FIXED ||
                    !message_parse_option(e, wire_read16(options.p + OPTION_CODE), length))
                        return false;
                options = BYTES(options.p + OPTION_FIXED + length, options.n - OPTION_FIXED - length);
        }
        return true;
}

static bool message_is_signature(uint16_t type, Bytes rdata)
{
        /* SIG(0) is a SIG that covers no type (RFC 2931 3). */
        return type == TYPE_TSIG || (type == TYPE_SIG && rdata.n >= 2 && wire_read16(rdata.p) == 0);
}

/* Notes a signature at `start`. False if the record is not allowed there: only a signature may follow a signature, and
 * a TSIG may be nowhere else. */
static bool message_take_signature(Message *m, Section s, uint16_t type, size_t start, Bytes rdata)
{
        if (s != SECTION_ADDITIONAL || !message_is_signature(type, rdata))
                return !m->signed_message && type != TYPE_TSIG;
        if (!m->signed_message)
                m->signature_offset = start;
        m->signed_message = true;
        m->n_signatures++;
        return true;
}

/* Parses one record of the section `s`. False if it is malformed; if only its EDNS is, *bad_edns becomes true. */
static bool message_parse_record(Reader *r, Message *m, Section s, bool *bad_edns)
{
        size_t start = r->at, end;
        const uint8_t *fixed;
        uint16_t type;

        r->furthest = 0;
        if (!message_skip_name(r, true) || r->at + RECORD_FIXED > r->wire.n)
                return false;
        fixed = r->wire.p + r->at;
        type = wire_read16(fixed + RECORD_TYPE);
        message_mark_fixed(r, r->at, RECORD_FIXED);
        r->at += RECORD_FIXED;
        end = r->at + wire_read16(fixed + RECORD_RDLENGTH);
        if (end > r->wire.n)
                return false;
        if (!message_take_signature(m, s, type, start, BYTES(r->wire.p + r->at, end - r->at)))
                return false;
        if (type == TYPE_OPT) {
                if (m->edns.present || s != SECTION_ADDITIONAL || r->wire.p[start] != 0)
                        *bad_edns = true;
                else {
                        m->opt_offset = start;
                        m->opt_end = end;
                }
                if (!message_parse_opt(m, fixed, BYTES(r->wire.p + r->at, end - r->at)))
                        *bad_edns = true;
                r->at = end;
                return true;
        }
        if (!message_check_rdata(r, type, end))
                return false;
        if (m->edns.present && r->furthest >= m->opt_offset && r->furthest > 0)
                m->pointers_past_opt = true;
        return true;
}

static void message_read_header(Message *m)
{
        const uint8_t *p = m->wire.p;

        m->id = wire_read16(p + HEADER_ID);
        m->flags = wire_read16(p + HEADER_FLAGS);
        m->qdcount = wire_read16(p + HEADER_QDCOUNT);
        m->ancount = wire_read16(p + HEADER_ANCOUNT);
        m->nscount = wire_read16(p + HEADER_NSCOUNT);
        m->arcount = wire_read16(p + HEADER_ARCOUNT);
        m->question_end = DNS_HEADER_SIZE;
}

static MessageStatus message_parse_sections(Message *m, uint8_t *fixed)
{
        const unsigned counts[] = { m->ancount, m->nscount, m->arcount };
        Reader r = { .wire = m->wire, .at = DNS_HEADER_SIZE, .pointers = m->wire.n, .fixed = fixed };
        bool bad_edns = false;

        if (!message_parse_question(&r, m)) {
                m->qname = BYTES(NULL, 0);
                m->question_end = DNS_HEADER_SIZE;
                return MESSAGE_MALFORMED;
        }
        for (Section s = SECTION_ANSWER; s <= SECTION_ADDITIONAL; s++)
                for (unsigned i = counts[s]; i > 0; i--)
                        if (!message_parse_record(&r, m, s, &bad_edns))
                                return MESSAGE_MALFORMED;
        if (r.at != m->wire.n)
                return MESSAGE_MALFORMED;
        return bad_edns ? MESSAGE_BAD_EDNS : MESSAGE_OK;
}

static MessageStatus message_parse_small(Message *m)
{
        uint8_t fixed[FIXED_BYTES(SMALL_MAX)] = { 0 };

        return message_parse_sections(m, fixed);
}

static MessageStatus message_parse_large(Message *m)
{
        uint8_t fixed[FIXED_BYTES(LABEL_POINTER_REACH)] = { 0 };

        return message_parse_sections(m, fixed);
}

MessageStatus message_parse(Message *ret, Bytes wire)
{
        *ret = (Message) { .wire = wire };
        if (wire.n < DNS_HEADER_SIZE)
                return MESSAGE_SHORT;
        if (wire.n > DNS_MESSAGE_MAX)
                return MESSAGE_MALFORMED;
        message_read_header(ret);
        return wire.n <= SMALL_MAX ? message_parse_small(ret) : message_parse_large(ret);
}

void message_view_question(Message *ret, Bytes wire)
{
        size_t end = DNS_HEADER_SIZE;

        *ret = (Message) { .wire = wire };
        message_read_header(ret);
        if (ret->qdcount == 0)
                return;
        while (wire.p[end])
                end += 1 + (size_t) wire.p[end];
        end++;
        ret->qname = BYTES(wire.p + DNS_HEADER_SIZE, end - DNS_HEADER_SIZE);
        ret->qtype = wire_read16(wire.p + end + QUESTION_TYPE);
        ret->qclass = wire_read16(wire.p + end + QUESTION_CLASS);
        ret->question_end = end + QUESTION_FIXED;
}

/* --- records of a parsed message, without further checks */

static size_t message_after_name(Bytes wire, size_t at)
{
        for (;;) {
                uint8_t length = wire.p[at];

                if (length == 0)
                        return at + 1;
                if (wire_is_pointer(length))
                        return at + LABEL_POINTER_SIZE;
                at += 1 + (size_t) length;
        }
}

bool record_next(RecordWalk *w, Record *ret)
{
        const Message *m = w->message;
        const uint8_t *fixed;
        size_t at;
        uint32_t ttl;

        if (w->index >= (uint32_t) m->ancount + m->nscount + m->arcount)
                return false;
        at = message_after_name(m->wire, w->offset);
        fixed = m->wire.p + at;
        ttl = wire_read32(fixed + RECORD_TTL);
        *ret = (Record) {
                .section = w->index < m->ancount                           ? SECTION_ANSWER
                           : w->index < (uint32_t) m->ancount + m->nscount ? SECTION_AUTHORITY
                                                                           : SECTION_ADDITIONAL,
                .offset = w->offset,
                .type = wire_read16(fixed + RECORD_TYPE),
                .class = wire_read16(fixed + RECORD_CLASS),
                .ttl = ttl & TTL_SIGN ? 0 : ttl,
                .ttl_offset = at + RECORD_TTL,
                .rdata = BYTES(fixed + RECORD_FIXED, wire_read16(fixed + RECORD_RDLENGTH)),
        };
        ret->end = at + RECORD_FIXED + ret->rdata.n;
        w->offset = ret->end;
        w->index++;
        return true;
}

static bool message_is_data(const Record *r, uint16_t qtype)
{
        return r->section == SECTION_ANSWER && (r->type == qtype || qtype == TYPE_ANY);
}

Lifetime message_lifetime(const Message *m, uint32_t *ret_seconds)
{
        RecordWalk w = RECORD_WALK(m);
        unsigned rcode = message_rcode(m);
        uint32_t least = UINT32_MAX, negative = UINT32_MAX;
        bool data = false, soa = false;
        Record r;

        *ret_seconds = 0;
        if (m->signed_message || (m->flags & DNS_TC))
                return LIFETIME_NONE;
        if (rcode != RCODE_NOERROR && rcode != RCODE_NXDOMAIN)
                return LIFETIME_FAILURE;
        while (record_next(&w, &r)) {
                if (r.type == TYPE_OPT)
                        continue;
                least = MIN(least, r.ttl);
                data = data || message_is_data(&r, m->qtype);
                if (r.section == SECTION_AUTHORITY && r.type == TYPE_SOA && r.rdata.n >= 2 + SOA_NUMBERS) {
                        uint32_t minimum = wire_read32(r.rdata.p + r.rdata.n - SOA_MINIMUM);

                        soa = true;
                        negative = MIN(negative, MIN(r.ttl, minimum & TTL_SIGN ? 0 : minimum));
                }
        }
        if (data && rcode == RCODE_NOERROR) {
                *ret_seconds = least;
                return LIFETIME_POSITIVE;
        }
        if (!soa)
                return LIFETIME_NONE;
        *ret_seconds = MIN(least, negative);
        return LIFETIME_NEGATIVE;
}

size_t message_stripped_size(const Message *m)
{
        Bytes o = m->edns.options;
        size_t kept = 0;

        if (!m->edns.present || m->pointers_past_opt)
                return m->wire.n;
        while (o.n > 0) {
                size_t size = OPTION_FIXED + (size_t) wire_read16(o.p + OPTION_LENGTH);

                kept += wire_read16(o.p + OPTION_CODE) == EDNS_OPTION_EDE ? size : 0;
                o = BYTES(o.p + size, o.n - size);
        }
        if (kept > 0 || m->edns.extended_rcode != 0)
                kept += OPT_SIZE;
        return m->opt_offset + kept + m->wire.n - m->opt_end;
}

size_t message_strip(const Message *m, uint8_t *ret)
{
        size_t size = message_stripped_size(m), behind = m->wire.n - m->opt_end, n = m->opt_offset;
        Bytes o = m->edns.options;

        if (!m->edns.present || m->pointers_past_opt) {
                memcpy(ret, m->wire.p, m->wire.n);
                return size;
        }
        if (size == n + behind) {
                memcpy(ret, m->wire.p, n);
                wire_write16(ret + HEADER_ARCOUNT, m->arcount - 1u);
                memcpy(ret + n, m->wire.p + m->opt_end, behind);
                return size;
        }
        n += OPT_SIZE;
        memcpy(ret, m->wire.p, n);
        while (o.n > 0) {
                size_t option = OPTION_FIXED + (size_t) wire_read16(o.p + OPTION_LENGTH);

                if (wire_read16(o.p + OPTION_CODE) == EDNS_OPTION_EDE) {
                        memcpy(ret + n, o.p, option);
                        n += option;
                }
                o = BYTES(o.p + option, o.n - option);
        }
        wire_write16(ret + m->opt_offset + 1 + RECORD_RDLENGTH, (unsigned) (n - m->opt_offset - OPT_SIZE));
        memcpy(ret + n, m->wire.p + m->opt_end, behind);
        return size;
}

Message message_without_signature(const Message *m)
{
        Message bare = *m;

        if (m->signed_message) {
                bare.wire.n = m->signature_offset;
                bare.arcount = (uint16_t) (m->arcount - m->n_signatures);
                bare.signed_message = false;
        }
        return bare;
}

bool message_answers(const Message *answer, const Message *question)
{
        return (answer->flags & DNS_QR) && message_opcode(answer) == message_opcode(question) && answer->qdcount == 1 &&
               question->qdcount == 1 && answer->qtype == question->qtype && answer->qclass == question->qclass &&
               name_equal(answer->qname, question->qname);
}
