/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Message: a checked view of a DNS message (RFC 1035, 6891). Parsed once, front to back, with a budget of work that is
 * proportional to its length; after that its records may be walked without further checks. Nothing is copied,
 * decompressed or allocated: a view lives no longer than the octets it looks at. Wire octets are read nowhere else.
 *
 * Names stay in wire form: length octets, any octet value, no text. Where names are compared or hashed, ASCII letters
 * fold (RFC 4343).
 */

#include "core/dns/name.h"
#include "core/dns/rr_type.h"
#include "core/dns/wire.h"

#define EDNS_OPTIONS_MAX 64 /* more options than this in one OPT is an attack on our time: malformed */

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

/* Extended DNS errors (RFC 8914) that we give ourselves. */
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

/* What the OPT record says (RFC 6891). */
typedef struct Edns {
        bool present;
        bool dnssec_ok; /* DO */
        uint8_t version;
        uint8_t extended_rcode; /* upper eight bits */
        uint16_t udp_size;      /* as sent; smaller than 512 means 512 */
        bool keepalive;         /* the option came (RFC 7828) */
        bool padding;           /* the option came (RFC 7830) */
        Bytes options;          /* all of them, as on the wire */
} Edns;

typedef struct Message {
        Bytes wire; /* exactly the message, no octet behind its last record */
        uint16_t id;
        uint16_t flags;
        uint16_t qdcount, ancount, nscount, arcount;

        /* of the first question, where qdcount is not 0 */
        Bytes qname; /* as spelled; never compressed */
        uint16_t qtype;
        uint16_t qclass;
        size_t question_end; /* offset of the first octet behind the question section */

        Edns edns;
        size_t opt_offset; /* of the OPT record, where edns.present */
        size_t opt_end;
        bool pointers_past_opt; /* a name in a record behind the OPT reaches, by a pointer, an octet at or behind its
                                   start */
        bool signed_message; /* TSIG or SIG(0) records end it: pass on untouched but for the ID, do not cache (RFC 8945)
                              */
        size_t signature_offset; /* of the first of them, where signed_message */
        uint16_t n_signatures;
} Message;

typedef enum MessageStatus {
        MESSAGE_OK,
        MESSAGE_SHORT,     /* fewer than 12 octets: nothing of the view is valid */
        MESSAGE_MALFORMED, /* the header is valid, and the question where `qname.n` is not 0 */
        MESSAGE_BAD_EDNS,  /* all is well-formed but the OPT: two of them, owner not the root, not in the additional
                              section, a bad or too long list of options, a cookie of impossible size (RFC 7873 5.2.2).
                              Answer FORMERR with OPT (RFC 6891 6.1.1, 7) */
} MessageStatus;

/*
 * Parses `wire` whole. Malformed are: names or labels over the limits, label types 01 and 10, a compression pointer in
 * the question, pointers that do not lead strictly backwards to behind the header, to a name that ends before the one
 * that they stand in begins, records that
 * overrun, counts that lie, octets behind the last record, a TSIG outside the additional section, and a record of
 * another kind behind a TSIG or SIG(0) (RFC 8945 5.1, RFC 2931 3.1). RDATA is opaque, save that compressed names in the
 * types of RFC 1035 (NS CNAME SOA PTR MX and their like, as RFC 3597 4 lists) are checked. All steps together follow at
 * most as many pointers as `wire` has octets.
 */
MessageStatus message_parse(Message *ret, Bytes wire);

static inline unsigned message_opcode(const Message *m)
{
        return (m->flags & DNS_OPCODE_MASK) >> DNS_OPCODE_SHIFT;
}

/* The whole rcode, with the upper bits out of the OPT. */
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
        uint32_t ttl; /* 0 where the top bit was set (RFC 2181 8) */
        size_t ttl_offset;
        Bytes rdata;
        size_t end; /* offset of the octet behind it */
} Record;

/* Walks the records of a parsed message. */
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

/* The next record; false behind the last. */
bool record_next(RecordWalk *w, Record *ret);

/* How long the answer may be kept, in seconds, before any clamp of ours. */
typedef enum Lifetime {
        LIFETIME_NONE, /* must not be cached: no SOA in a negative answer (RFC 2308 5), no records, TC, a signed message
                        */
        LIFETIME_POSITIVE, /* the least TTL of all records but the OPT */
        LIFETIME_NEGATIVE, /* NXDOMAIN or NODATA: min(TTL of the SOA, its MINIMUM) (RFC 2308 5) */
        LIFETIME_FAILURE,  /* any other rcode (RFC 9520) */
} Lifetime;

Lifetime message_lifetime(const Message *m, uint32_t *ret_seconds);

/*
 * Copies `m` to `ret` (room for m->wire.n octets) without what is not worth keeping: of its OPT only the extended rcode
 * and extended errors (RFC 8914) stay, and no OPT at all if it has none of these (RFC 6891 6.2.1: the rest is between
 * two neighbours, padding above all). Copied as it is where records behind the OPT point past it. Returns the size.
 */
size_t message_strip(const Message *m, uint8_t *ret);

/* A view of the same octets without the signatures that end them; of `m` itself, if it is not signed. */
Message message_without_signature(const Message *m);

/* True if `answer` answers what `question` asked: QR, opcode, one question, same name (letters fold), type and class.
 */
bool message_answers(const Message *answer, const Message *question);
