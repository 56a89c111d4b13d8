/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Message: a validated view of a DNS message (RFC 1035, 6891). The message is parsed once, front to back, with work
 * proportional to its length; afterwards its records are walked without further checks. Nothing is copied, decompressed
 * or allocated: a view is valid as long as the octets it refers to. Names stay in wire form.
 */

#include "core/dns/name.h"
#include "core/dns/rr_type.h"
#include "core/dns/wire.h"

#define EDNS_OPTIONS_MAX 64 /* an OPT with more options is malformed: it only costs time */

enum { OPCODE_QUERY = 0 };
enum {
        RCODE_NOERROR = 0,
        RCODE_FORMERR = 1,
        RCODE_SERVFAIL = 2,
        RCODE_NXDOMAIN = 3,
        RCODE_NOTIMP = 4,
        RCODE_REFUSED = 5,
        RCODE_BADVERS = 16
};
enum {
        EDNS_OPTION_NSID = 3,
        EDNS_OPTION_ECS = 8,
        EDNS_OPTION_COOKIE = 10,
        EDNS_OPTION_KEEPALIVE = 11,
        EDNS_OPTION_PADDING = 12,
        EDNS_OPTION_EDE = 15
};

/* The extended DNS errors (RFC 8914) that dohmouse itself gives. */
enum {
        EDE_NONE = -1,
        EDE_OTHER = 0,
        EDE_STALE = 3,
        EDE_CACHED_ERROR = 13,
        EDE_NOT_READY = 14,
        EDE_BLOCKED = 15,
        EDE_STALE_NXDOMAIN = 19,
        EDE_NOT_SUPPORTED = 21,
        EDE_NO_REACHABLE_AUTHORITY = 22,
        EDE_NETWORK_ERROR = 23
};

/* The contents of the OPT record (RFC 6891). */
typedef struct Edns {
        bool present;
        bool dnssec_ok; /* DO */
        uint8_t version;
        uint8_t extended_rcode; /* upper eight bits */
        uint16_t udp_size;      /* as sent; less than 512 means 512 */
        bool keepalive;         /* has the option (RFC 7828) */
        bool padding;           /* has the option (RFC 7830) */
        Bytes options;          /* all of them, as on the wire */
} Edns;

typedef struct Message {
        Bytes wire; /* exactly the message, without anything behind the last record */
        uint16_t id;
        uint16_t flags;
        uint16_t qdcount, ancount, nscount, arcount;

        /* the first question, if qdcount is not 0 */
        Bytes qname; /* as spelled; never compressed */
        uint16_t qtype;
        uint16_t qclass;
        size_t question_end; /* offset of the first octet behind the question section */

        Edns edns;
        size_t opt_offset; /* of the OPT record, if edns.present */
        size_t opt_end;
        bool pointers_past_opt; /* a pointer in a record behind the OPT leads to an octet of the OPT or behind it */
        bool signed_message; /* it ends with TSIG or SIG(0) records: pass it on unchanged except for its ID, and do not
                                cache it (RFC 8945) */
        size_t signature_offset; /* of the first of them, if signed_message */
        uint16_t n_signatures;
} Message;

typedef enum MessageStatus {
        MESSAGE_OK,
        MESSAGE_SHORT,     /* less than a header: no part of the view is valid */
        MESSAGE_MALFORMED, /* the header is valid, and the question if `qname.n` is not 0 */
        MESSAGE_BAD_EDNS,  /* well-formed except for the OPT: more than one, an owner that is not the root, outside the
                              additional section, malformed or too many options, a cookie of an invalid size (RFC 7873
                              5.2.2). The response is FORMERR with an OPT (RFC 6891 6.1.1, 7) */
} MessageStatus;

/*
 * Parses all of `wire`. A message is malformed if it has
 *   - a name or label that exceeds the limits, or a label of type 01 or 10;
 *   - a compression pointer in the question, or one that does not lead strictly backwards, behind the header, to a name
 *     that ends before the name with the pointer begins;
 *   - records that overrun it, counts that do not match, or octets behind the last record;
 *   - a TSIG outside the additional section, or any other record behind a TSIG or SIG(0) (RFC 8945 5.1, RFC 2931 3.1).
 * RDATA is opaque, except that compressed names in the types that RFC 3597 4 lists (NS, CNAME, SOA, PTR, MX and others
 * of RFC 1035) are checked. In total, at most as many pointers are followed as `wire` has octets.
 */
MessageStatus message_parse(Message *ret, Bytes wire);

/* Reads the header and the question of a message that message_parse() has accepted, with one question or none, and
 * nothing else of it: *ret is as if it had no OPT and no signature. */
void message_view_question(Message *ret, Bytes wire);

static inline unsigned message_opcode(const Message *m)
{
        return (m->flags & DNS_OPCODE_MASK) >> DNS_OPCODE_SHIFT;
}

/* Returns the full rcode, including the upper bits in the OPT. */
static inline unsigned message_rcode(const Message *m)
{
        return (m->flags & DNS_RCODE_MASK) | (unsigned) m->edns.extended_rcode << 4;
}

typedef enum Section { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL } Section;

typedef struct Record {
        Section section;
        size_t offset; /* of its owner name */
        uint16_t type;
        uint16_t class;
        uint32_t ttl; /* seconds; 0 if the top bit is set (RFC 2181 8) */
        size_t ttl_offset;
        Bytes rdata;
        size_t end; /* offset of the first octet behind it */
} Record;

/* An iterator over the records of a parsed message. */
typedef struct RecordWalk {
        const Message *message;
        size_t offset;
        uint32_t index;
} RecordWalk;

#define RECORD_WALK(m)                                      \
        (RecordWalk)                                        \
        {                                                   \
                .message = (m), .offset = (m)->question_end \
        }

/* Gets the next record; false after the last one. */
bool record_next(RecordWalk *w, Record *ret);

/* How a response may be cached, and what determines for how long. */
typedef enum Lifetime {
        LIFETIME_NONE,     /* not cached: a negative response without a SOA (RFC 2308 5), no records, TC, signed */
        LIFETIME_POSITIVE, /* the smallest TTL of all records except the OPT */
        LIFETIME_NEGATIVE, /* NXDOMAIN or NODATA: min(TTL of the SOA, its MINIMUM) (RFC 2308 5) */
        LIFETIME_FAILURE,  /* any other rcode (RFC 9520) */
} Lifetime;

/* Determines how `m` may be cached, and in *ret_seconds for how long, before any limit of the configuration; 0 for
 * LIFETIME_NONE and LIFETIME_FAILURE. */
Lifetime message_lifetime(const Message *m, uint32_t *ret_seconds);

/*
 * Copies `m` to `ret`, which has room for message_stripped_size() octets, without what need not be kept: of the OPT,
 * only the extended rcode and the extended errors (RFC 8914) remain, and without these there is no OPT (RFC 6891 6.2.1:
 * the rest, padding above all, is hop by hop). A message with pointers past the OPT is copied unchanged. Returns the
 * size.
 */
size_t message_strip(const Message *m, uint8_t *ret);
/* Returns that size. */
size_t message_stripped_size(const Message *m);

/* Returns a view of `m` without the signatures at its end, over the same octets. */
Message message_without_signature(const Message *m);

/* True if `answer` is a response to `question`: QR, the same opcode, one question, the same name, type and class. */
bool message_answers(const Message *answer, const Message *question);
