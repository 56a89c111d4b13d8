/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/dns/reply.h"

#include <string.h>

#include "core/base/utf8.h"

#define EDE_CODE_SIZE 2     /* octets of the info-code before the text (RFC 8914 2) */
#define EDE_TEXT_MAX 256    /* octets of our own text; a configuration error has a path */
#define EDE_PASSED_MAX 4    /* extended errors of the upstream that pass */
#define EDE_PASSED_SIZE 512 /* octets of one of them */
#define PADDING_BLOCK 128   /* RFC 8467 4.1 */

/* --- the options of an OPT record: with `p` NULL, nothing is written, and the size is known beforehand */

/* Puts the first part of an option, which has `n` more octets, at `at`. Returns the offset behind that part. */
static size_t reply_begin_option(uint8_t *p, size_t at, uint16_t code, Bytes data, size_t n)
{
        if (p) {
                wire_write16(p + at + OPTION_CODE, code);
                wire_write16(p + at + OPTION_LENGTH, (unsigned) (data.n + n));
                memcpy(p + at + OPTION_FIXED, data.p, data.n);
        }
        return at + OPTION_FIXED + data.n;
}

static size_t reply_put_ede(uint8_t *p, size_t at, int code, const char *text)
{
        size_t n = text ? strnlen(text, EDE_TEXT_MAX) : 0;
        uint8_t data[EDE_CODE_SIZE];

        /* Does not cut a character. */
        while (n > 0 && ((uint8_t) text[n] & 0xc0) == 0x80)
                n--;
        wire_write16(data, (unsigned) code);
        at = reply_begin_option(p, at, EDNS_OPTION_EDE, BYTES(data, sizeof(data)), n);
        if (p && n)
                memcpy(p + at, text, n);
        return at + n;
}

/* How much of an upstream's extended error passes: the text without trailing NULs, which some servers append; only the
 * code if the text is not printable UTF-8, since clients log and display it. */
static size_t reply_ede_size(Bytes data)
{
        while (data.n > EDE_CODE_SIZE && data.p[data.n - 1] == 0)
                data.n--;
        return utf8_printable(BYTES(data.p + EDE_CODE_SIZE, data.n - EDE_CODE_SIZE)) ? data.n : EDE_CODE_SIZE;
}

/* Passes the extended errors of the upstream; no other option passes. */
static size_t reply_pass_ede(uint8_t *p, size_t at, Bytes options)
{
        unsigned passed = 0;

        while (options.n >= OPTION_FIXED && passed < EDE_PASSED_MAX) {
                size_t length = wire_read16(options.p + OPTION_LENGTH);

                if (wire_read16(options.p + OPTION_CODE) == EDNS_OPTION_EDE && length >= EDE_CODE_SIZE &&
                    length <= EDE_PASSED_SIZE) {
                        Bytes data = BYTES(options.p + OPTION_FIXED, length);

                        data.n = reply_ede_size(data);
                        at = reply_begin_option(p, at, EDNS_OPTION_EDE, data, 0);
                        passed++;
                }
                options = BYTES(options.p + OPTION_FIXED + length, options.n - OPTION_FIXED - length);
        }
        return at;
}

typedef enum OptContent {
        OPT_ALL,
        OPT_WITHOUT_EDE, /* extended errors may be omitted */
} OptContent;

/* Returns the octets of the options of a response. `upstream` may be NULL. */
static size_t reply_put_options(uint8_t *p, const ReplyTarget *target, const Edns *upstream,
                                const ReplyOptions *options, OptContent content)
{
        size_t n = 0;

        if (target->transport == TRANSPORT_TCP && target->keepalive) {
                uint8_t keepalive[2];

                wire_write16(keepalive, options->keepalive);
                n = reply_begin_option(p, n, EDNS_OPTION_KEEPALIVE, BYTES(keepalive, sizeof(keepalive)), 0);
        }
        if (content == OPT_WITHOUT_EDE)
                return n;
        if (upstream)
                n = reply_pass_ede(p, n, upstream->options);
        if (options->ede != EDE_NONE)
                n = reply_put_ede(p, n, options->ede, options->ede_text);
        return n;
}

/* The fixed part of a record, behind its owner. */
static void reply_put_fixed(uint8_t *p, unsigned type, unsigned class, uint32_t ttl, size_t n)
{
        wire_write16(p + RECORD_TYPE, type);
        wire_write16(p + RECORD_CLASS, class);
        wire_write32(p + RECORD_TTL, ttl);
        wire_write16(p + RECORD_RDLENGTH, (unsigned) n);
}

/* An OPT with `n` octets of options, which the caller puts behind it. */
static void reply_put_opt(uint8_t *p, unsigned size, unsigned rcode, bool dnssec_ok, size_t n)
{
        p[0] = 0;
        reply_put_fixed(p + 1, TYPE_OPT, size,
                        (uint32_t) (rcode >> 4) << OPT_EXTENDED_RCODE_SHIFT | (dnssec_ok ? OPT_DO : 0), n);
}

/* Returns the octets of the OPT of a response, if it has one. */
static size_t reply_put_response_opt(uint8_t *p, const ReplyTarget *target, unsigned rcode, const Edns *upstream,
                                     const ReplyOptions *options, OptContent content)
{
        size_t n;

        if (!target->edns)
                return 0;
        n = reply_put_options(p ? p + OPT_SIZE : NULL, target, upstream, options, content);
        if (p)
                reply_put_opt(p, DNS_OUR_UDP_SIZE, rcode, target->dnssec_ok, n);
        return OPT_SIZE + n;
}

/* --- headers */

ReplyTarget reply_target_of(const Message *query, Transport transport)
{
        return (ReplyTarget) {
                .id = query->id,
                .flags = query->flags,
                .edns = query->edns.present,
                .dnssec_ok = query->edns.dnssec_ok,
                .keepalive = query->edns.keepalive,
                .transport = transport,
                .udp_size = query->edns.present ? MAX(query->edns.udp_size, DNS_UDP_MIN) : DNS_UDP_MIN,
        };
}

static size_t reply_size_limit(const ReplyTarget *target, const ReplyOptions *options)
{
        return target->transport == TRANSPORT_TCP
                       ? DNS_MESSAGE_MAX
                       : MIN(target->udp_size, MAX(options->udp_max, (uint16_t) DNS_UDP_MIN));
}

static void reply_put_counts(uint8_t *p, unsigned qd, unsigned an, unsigned ns, unsigned ar)
{
        wire_write16(p + HEADER_QDCOUNT, qd);
        wire_write16(p + HEADER_ANCOUNT, an);
        wire_write16(p + HEADER_NSCOUNT, ns);
        wire_write16(p + HEADER_ARCOUNT, ar);
}

/* The rcode for the target: extended ones need an OPT. */
static unsigned reply_sayable(const ReplyTarget *target, unsigned rcode)
{
        return rcode > DNS_RCODE_MASK && !target->edns ? RCODE_SERVFAIL : rcode;
}

/* RA, and the bits that are copied from the query. CD and RA are defined for queries; for an opcode that is not
 * understood, only RD is copied, as it is into any response (RFC 1035 4.1.1). */
static unsigned reply_echoed_flags(const ReplyTarget *target)
{
        if ((target->flags & DNS_OPCODE_MASK) >> DNS_OPCODE_SHIFT != OPCODE_QUERY)
                return target->flags & (DNS_OPCODE_MASK | DNS_RD);
        return DNS_RA | (target->flags & (DNS_RD | DNS_CD));
}

static void reply_put_header(uint8_t *p, const ReplyTarget *target, unsigned flags, unsigned rcode)
{
        wire_write16(p + HEADER_ID, target->id);
        wire_write16(p + HEADER_FLAGS, DNS_QR | reply_echoed_flags(target) | flags | (rcode & DNS_RCODE_MASK));
}

/* --- responses from an upstream's */

/* The octets of the records that reply_put_records() appends. */
static size_t reply_records_size(const Message *answer)
{
        const Edns *edns = &answer->edns;
        size_t end = edns->present ? answer->opt_offset : answer->wire.n;

        if (edns->present && !answer->pointers_past_opt)
                end += answer->wire.n - answer->opt_end;
        return end - answer->question_end;
}

/* Appends the records of `answer` without its OPT. Returns how many of them are additional. */
static unsigned reply_put_records(uint8_t *p, size_t *n, const Message *answer)
{
        const Edns *edns = &answer->edns;
        Bytes wire = answer->wire;
        size_t first = answer->question_end, end = edns->present ? answer->opt_offset : wire.n;
        unsigned arcount = answer->arcount;
        RecordWalk w = RECORD_WALK(answer);
        Record r;

        memcpy(p + *n, wire.p + first, end - first);
        *n += end - first;
        if (!edns->present)
                return arcount;
        if (!answer->pointers_past_opt) {
                memcpy(p + *n, wire.p + answer->opt_end, wire.n - answer->opt_end);
                *n += wire.n - answer->opt_end;
                return arcount - 1;
        }
        while (record_next(&w, &r))
                if (r.offset >= answer->opt_offset)
                        arcount--;
        return arcount;
}

static uint32_t reply_aged(uint32_t ttl, const ReplyOptions *o)
{
        ttl = ttl > o->age ? ttl - o->age : 0;
        ttl = MAX(ttl, o->ttl_floor);
        return o->ttl_cap ? MIN(ttl, o->ttl_cap) : ttl;
}

/* Sets the TTLs as of now. The copy can be walked because the original is well-formed. */
static void reply_patch_ttls(uint8_t *p, size_t n, size_t question_end, unsigned records, const ReplyOptions *options)
{
        Message copy = {
                .wire = BYTES(p, n),
                .ancount = (uint16_t) records,
                .question_end = question_end,
        };
        RecordWalk w = RECORD_WALK(&copy);
        Record r;

        while (record_next(&w, &r))
                wire_write32(p + r.ttl_offset, reply_aged(r.ttl, options));
}

static Packet *reply_verbatim(const ReplyTarget *target, const Message *answer)
{
        Packet *b = packet_copy(answer->wire);

        if (b)
                wire_write16(b->data + HEADER_ID, target->id);
        return b;
}

/* AD is only for clients that signal that they understand it (RFC 6840 5.8). */
static unsigned reply_authentic(const ReplyTarget *target, const Message *answer, const ReplyOptions *options)
{
        return options->trust_ad && (target->dnssec_ok || (target->flags & DNS_AD)) ? answer->flags & DNS_AD : 0;
}

static Packet *reply_rewritten(const ReplyTarget *target, Bytes qname, const Message *answer,
                               const ReplyOptions *options)
{
        unsigned rcode = reply_sayable(target, message_rcode(answer)), flags, arcount = 0;
        size_t limit = reply_size_limit(target, options), n = answer->question_end;
        size_t size = n + reply_records_size(answer);
        size_t opt = reply_put_response_opt(NULL, target, rcode, &answer->edns, options, OPT_ALL);
        OptContent content = OPT_ALL;
        bool truncated;
        Packet *b;

        /* Extended errors give way before records do. What does not fit is not even copied: it may be a hundred times
         * what a client over UDP takes. */
        if (size + opt > limit) {
                content = OPT_WITHOUT_EDE;
                opt = reply_put_response_opt(NULL, target, rcode, &answer->edns, options, content);
        }
        truncated = options->verbatim || size + opt > limit;
        b = packet_new((truncated ? n : size) + opt);
        if (!b)
                return NULL;
        memcpy(b->data, answer->wire.p, n);
        memcpy(b->data + DNS_HEADER_SIZE, qname.p, qname.n);
        if (!truncated) {
                arcount = reply_put_records(b->data, &n, answer);
                reply_patch_ttls(b->data, n, answer->question_end,
                                 (unsigned) answer->ancount + answer->nscount + arcount, options);
        }
        flags = (answer->flags & DNS_AA) | reply_authentic(target, answer, options) | (truncated ? DNS_TC : 0);
        reply_put_header(b->data, target, flags, rcode);
        if (truncated)
                reply_put_counts(b->data, 1, 0, 0, target->edns);
        else
                reply_put_counts(b->data, 1, answer->ancount, answer->nscount, arcount + target->edns);
        n += reply_put_response_opt(b->data + n, target, rcode, &answer->edns, options, content);
        b->n = (uint32_t) n;
        return b;
}

/* A signature does not survive a change, and no record may follow it. */
static Packet *reply_unsigned(const ReplyTarget *target, Bytes qname, const Message *answer,
                              const ReplyOptions *options)
{
        const Message bare = message_without_signature(answer);

        return reply_rewritten(target, qname, &bare, options);
}

Packet *reply_from_answer(const ReplyTarget *target, Bytes qname, const Message *answer, const ReplyOptions *options)
{
        if (options->verbatim && answer->wire.n <= reply_size_limit(target, options))
                return reply_verbatim(target, answer);
        return answer->signed_message ? reply_unsigned(target, qname, answer, options)
                                      : reply_rewritten(target, qname, answer, options);
}

/* --- responses of our own */

Packet *reply_error(const ReplyTarget *target, Bytes question, unsigned rcode, const ReplyOptions *options)
{
        return reply_local(target, question, rcode, NULL, 0, options);
}

Packet *reply_local(const ReplyTarget *target, Bytes question, unsigned rcode, const LocalRecord *records,
                    size_t n_records, const ReplyOptions *options)
{
        size_t opt, size, limit = reply_size_limit(target, options), n;
        unsigned counts[2] = { 0, 0 };
        bool truncated = false;
        Packet *b;

        rcode = reply_sayable(target, rcode);
        opt = reply_put_response_opt(NULL, target, rcode, NULL, options, OPT_ALL);
        size = DNS_HEADER_SIZE + question.n + opt;
        for (size_t i = 0; i < n_records; i++)
                size += MAX(records[i].owner.n, (size_t) LABEL_POINTER_SIZE) + RECORD_FIXED + records[i].rdata.n;
        b = packet_new(size);
        if (!b)
                return NULL;
        n = DNS_HEADER_SIZE;
        if (question.n)
                memcpy(b->data + n, question.p, question.n);
        n += question.n;
        for (size_t i = 0; i < n_records; i++) {
                const LocalRecord *r = &records[i];

                if (r->owner.n)
                        memcpy(b->data + n, r->owner.p, r->owner.n);
                else
                        wire_write_pointer(b->data + n, DNS_HEADER_SIZE);
                n += r->owner.n ? r->owner.n : LABEL_POINTER_SIZE;
                reply_put_fixed(b->data + n, r->type, CLASS_IN, r->ttl, r->rdata.n);
                memcpy(b->data + n + RECORD_FIXED, r->rdata.p, r->rdata.n);
                n += RECORD_FIXED + r->rdata.n;
                counts[r->authority]++;
        }
        if (n + opt > limit) {
                truncated = n_records > 0;
                n = DNS_HEADER_SIZE + question.n;
                counts[0] = counts[1] = 0;
        }
        reply_put_header(b->data, target, (options->authoritative ? DNS_AA : 0) | (truncated ? DNS_TC : 0), rcode);
        reply_put_counts(b->data, question.n > 0, counts[0], counts[1], target->edns);
        n += reply_put_response_opt(b->data + n, target, rcode, NULL, options, OPT_ALL);
        b->n = (uint32_t) n;
        return b;
}

Packet *reply_malformed(const Message *query, MessageStatus status)
{
        ReplyTarget target = reply_target_of(query, TRANSPORT_TCP);
        ReplyOptions options = REPLY_OPTIONS_INIT;
        bool question = query->qname.n > 0 && query->qdcount == 1;

        target.edns = query->edns.present || status == MESSAGE_BAD_EDNS;
        target.dnssec_ok = false;
        target.keepalive = false;
        return reply_error(&target,
                           question ? BYTES(query->wire.p + DNS_HEADER_SIZE, query->question_end - DNS_HEADER_SIZE)
                                    : BYTES(NULL, 0),
                           RCODE_FORMERR, &options);
}

/* --- queries */

/* Builds a query of just the question, with room for `more` octets; NULL when out of memory. */
static Packet *reply_begin_query(Bytes qname, uint16_t qtype, uint16_t qclass, uint16_t flags, size_t more)
{
        Packet *b = packet_new(DNS_HEADER_SIZE + qname.n + QUESTION_FIXED + more);
        size_t n = DNS_HEADER_SIZE;

        if (!b)
                return NULL;
        wire_write16(b->data + HEADER_ID, 0);
        wire_write16(b->data + HEADER_FLAGS, flags & (DNS_RD | DNS_CD | DNS_AD));
        reply_put_counts(b->data, 1, 0, 0, 0);
        name_lower(qname, b->data + n);
        n += qname.n;
        wire_write16(b->data + n + QUESTION_TYPE, qtype);
        wire_write16(b->data + n + QUESTION_CLASS, qclass);
        b->n = (uint32_t) (n + QUESTION_FIXED);
        return b;
}

Packet *reply_upstream_query(Bytes qname, uint16_t qtype, uint16_t qclass, uint16_t flags, bool dnssec_ok, bool padding)
{
        size_t plain = DNS_HEADER_SIZE + qname.n + QUESTION_FIXED + OPT_SIZE, pad = 0;
        uint8_t *p;
        Packet *b;

        if (padding)
                pad = OPTION_FIXED + (PADDING_BLOCK - (plain + OPTION_FIXED) % PADDING_BLOCK) % PADDING_BLOCK;
        b = reply_begin_query(qname, qtype, qclass, flags, OPT_SIZE + pad);
        if (!b)
                return NULL;
        p = b->data + b->n;
        reply_put_opt(p, DNS_OUR_UDP_SIZE, 0, dnssec_ok, pad);
        if (padding) {
                wire_write16(p + OPT_SIZE + OPTION_CODE, EDNS_OPTION_PADDING);
                wire_write16(p + OPT_SIZE + OPTION_LENGTH, (unsigned) (pad - OPTION_FIXED));
                memset(p + OPT_SIZE + OPTION_FIXED, 0, pad - OPTION_FIXED);
        }
        b->n += (uint32_t) (OPT_SIZE + pad);
        reply_put_counts(b->data, 1, 0, 0, 1);
        return b;
}

Packet *reply_do53_query(Bytes qname, uint16_t qtype, uint16_t qclass, uint16_t flags, bool dnssec_ok, bool edns)
{
        Packet *b = reply_begin_query(qname, qtype, qclass, flags, OPT_SIZE);

        if (!b || !edns)
                return b;
        reply_put_opt(b->data + b->n, DNS_DO53_UDP_SIZE, 0, dnssec_ok, 0);
        b->n += OPT_SIZE;
        reply_put_counts(b->data, 1, 0, 0, 1);
        return b;
}

Packet *reply_upstream_signed(const Message *query)
{
        Packet *b = packet_copy(query->wire);

        if (b)
                wire_write16(b->data + HEADER_ID, 0);
        return b;
}
