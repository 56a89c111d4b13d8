/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Reply: builds every message that dohmouse writes: responses to clients, from an upstream's response or from nothing,
 * and the queries to upstreams. There is one builder, so that IDs, the spelling of names, TTLs, OPT and truncation are
 * right on every path (cached, stale, joined, fresh, failed). The two sides are separate EDNS transactions (RFC 6891
 * 6.2.6): no option crosses, except extended errors (RFC 8914) from upstream to client, with their text if it is
 * printable UTF-8.
 *
 * All functions that return a Packet return NULL when out of memory; the caller owns the reference.
 */

#include "core/base/client.h"
#include "core/base/packet.h"
#include "core/dns/message.h"

/* What is kept of a client's query to answer it later. */
typedef struct ReplyTarget {
        uint16_t id;
        uint16_t flags; /* of the query */
        bool edns;      /* it has an OPT, and so does the response (RFC 6891 6.1.1) */
        bool dnssec_ok;
        bool keepalive;      /* requested over TCP (RFC 7828) */
        Transport transport; /* over TCP only the 16-bit length limits the size */
        uint16_t udp_size;   /* at least 512 */
} ReplyTarget;

/* Returns the target of a parsed query that came over `transport`. */
ReplyTarget reply_target_of(const Message *query, Transport transport);

typedef struct ReplyOptions {
        uint32_t age;         /* seconds to subtract from every TTL, down to `ttl_floor` */
        uint32_t ttl_floor;   /* seconds */
        uint32_t ttl_cap;     /* seconds; 0: none. For stale responses both are 30 (RFC 8767 4) */
        int ede;              /* an extended error of our own, or EDE_NONE */
        const char *ede_text; /* borrowed UTF-8, or NULL; at most 128 octets are sent */
        bool authoritative;   /* sets AA: the data is our own */
        bool trust_ad;    /* keeps the upstream's AD for clients that set AD or DO (RFC 6840 5.8); else AD is cleared */
        bool verbatim;    /* changes only the ID: the query is signed, and so may the response be (RFC 5625 4.5) */
        uint16_t udp_max; /* octets: our own limit for UDP responses; at least 512 */
        uint16_t keepalive; /* our idle time-out on TCP, in units of 100 ms (RFC 7828) */
} ReplyOptions;

#define REPLY_OPTIONS_INIT                                   \
        (ReplyOptions)                                       \
        {                                                    \
                .ede = EDE_NONE, .udp_max = DNS_OUR_UDP_SIZE \
        }

/*
 * Builds the response to `target`, which spelled the name `qname`, from `answer`, which answers that question. ID,
 * spelling, RD and CD are the client's; AA and rcode are the upstream's; RA is set. Records are copied unchanged except
 * for their TTLs. Our OPT, or none, replaces the upstream's. Signatures are removed, and so are records behind the
 * upstream's OPT if pointers lead past it. A response that exceeds the client's size is truncated to TC, question and
 * OPT (RFC 6891 7).
 *
 * A verbatim response that fits is unchanged except for its ID; one that does not fit is truncated, even if it would
 * fit without its signature.
 */
Packet *reply_from_answer(const ReplyTarget *target, Bytes qname, const Message *answer, const ReplyOptions *options);

/*
 * Builds a response without records. An extended `rcode` becomes SERVFAIL for a target without EDNS. `question` is the
 * question section as the client sent it (name, type, class), or empty.
 */
Packet *reply_error(const ReplyTarget *target, Bytes question, unsigned rcode, const ReplyOptions *options);

/*
 * Builds the FORMERR response (RFC 5625 6.2) to a query that could not be parsed; `status` says how much of its view is
 * valid. It has the question if that is well-formed, and an OPT if there was one (RFC 6891 6.1.1).
 */
Packet *reply_malformed(const Message *query, MessageStatus status);

/* A record of our own (localhost, hosts file, resolver.arpa). The slices are borrowed. */
typedef struct LocalRecord {
        uint16_t type;
        uint32_t ttl; /* seconds */
        Bytes rdata;
        bool authority; /* in the authority section: the SOA of a negative response */
        Bytes owner;    /* uncompressed; empty: the name of the question */
} LocalRecord;

/* Builds a response with records of our own; as reply_error() otherwise. */
Packet *reply_local(const ReplyTarget *target, Bytes question, unsigned rcode, const LocalRecord *records, size_t n,
                    const ReplyOptions *options);

/*
 * Builds the query to an upstream: ID 0 (RFC 8484 4.1), RD, CD and AD of `flags`, the name in lower case, and our own
 * OPT with DO as given; with `padding`, it is padded to a multiple of 128 octets (RFC 8467 4.1).
 */
Packet *reply_upstream_query(Bytes qname, uint16_t qtype, uint16_t qclass, uint16_t flags, bool dnssec_ok,
                             bool padding);

/*
 * Builds the query to a Do53 server: as reply_upstream_query(), but with an OPT only if `edns`, which announces
 * DNS_DO53_UDP_SIZE, and never padded, as that would hide nothing (RFC 8467 4.1). The sender sets the ID.
 */
Packet *reply_do53_query(Bytes qname, uint16_t qtype, uint16_t qclass, uint16_t flags, bool dnssec_ok, bool edns);

/* Builds the query to an upstream from a signed one: unchanged, except that the ID is 0 (RFC 5625 4.5). */
Packet *reply_upstream_signed(const Message *query);
