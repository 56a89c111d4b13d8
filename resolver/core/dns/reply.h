/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Reply: every message that we write ourselves. Answers to clients, made of an upstream's answer or of nothing, and the
 * queries that go upstream. One builder, so that IDs, the spelling of names, TTLs, OPT and truncation are right on each
 * path (cache, stale, joined, fresh, failed). The two legs are separate EDNS transactions (RFC 6891 6.2.6): options
 * never cross, save extended errors (RFC 8914) on the way back, with their text if it is printable UTF-8.
 */

#include "core/base/client.h"
#include "core/base/packet.h"
#include "core/dns/message.h"

/* What is kept of a client's query so that it can be answered at any later time. */
typedef struct ReplyTarget {
        uint16_t id;
        uint16_t flags; /* of the query */
        bool edns;      /* it had an OPT: so has the answer (RFC 6891 6.1.1) */
        bool dnssec_ok;
        bool keepalive;      /* asked for on TCP (RFC 7828) */
        Transport transport; /* over TCP no size but the 16 bits limits it */
        uint16_t udp_size;   /* at least 512 */
} ReplyTarget;

/* The target behind a parsed query that came over `transport`. */
ReplyTarget reply_target_of(const Message *query, Transport transport);

typedef struct ReplyOptions {
        uint32_t age;         /* seconds to take from every TTL; a TTL never falls below `ttl_floor` */
        uint32_t ttl_floor;   /* seconds */
        uint32_t ttl_cap;     /* seconds; 0: none. For stale answers both are 30 (RFC 8767 4) */
        int ede;              /* an extended error of ours, or EDE_NONE */
        const char *ede_text; /* UTF-8, may be NULL; at most 128 octets are sent */
        bool authoritative;   /* a local answer is of our own data: AA */
        bool trust_ad;      /* keep the upstream's AD for who asked with AD or DO (RFC 6840 5.8); else it is cleared */
        bool verbatim;      /* nothing but the ID is the client's: the query was signed, and so may the answer be (RFC
                               5625 4.5) */
        uint16_t udp_max;   /* our own ceiling for UDP answers, octets; at least 512 */
        uint16_t keepalive; /* our idle time-out on TCP in units of 100 ms (RFC 7828) */
} ReplyOptions;

#define REPLY_OPTIONS_INIT                                   \
        (ReplyOptions)                                       \
        {                                                    \
                .ede = EDE_NONE, .udp_max = DNS_OUR_UDP_SIZE \
        }

/*
 * The answer to `target`, who spelled the name `qname`, out of `answer`, which answers that question. ID and spelling
 * are the client's, RD and CD are the client's, RA is set, AA and rcode are the upstream's; records are kept octet for
 * octet but for their TTLs; the upstream's OPT gives way to ours or to none. If it does not fit the client's size: TC,
 * question and OPT only (RFC 6891 7). Where records stand behind the upstream's OPT and point past it, they are left
 * out, and so is a signature. A verbatim answer that fits is not changed at all but for its ID; one that does not fit
 * is truncated, whatever would fit without its signature. NULL when out of memory.
 */
Packet *reply_from_answer(const ReplyTarget *target, Bytes qname, const Message *answer, const ReplyOptions *options);

/*
 * An answer without records, with `rcode` (extended ones only if the target has EDNS). `question` may be an empty
 * Bytes, or the question section's octets as the client sent them (name, type, class). NULL when out of memory.
 */
Packet *reply_error(const ReplyTarget *target, Bytes question, unsigned rcode, const ReplyOptions *options);

/*
 * An answer to a query that could not be parsed whole: the status says how far its view can be trusted. Gives FORMERR
 * (RFC 5625 6.2), opcode and RD of the query, no question unless it was well-formed, an OPT if one was found (RFC
 * 6891 6.1.1). NULL when out of memory.
 */
Packet *reply_malformed(const Message *query, MessageStatus status);

/* An answer with records of our own making (localhost, hosts file, resolver.arpa): a growing message. */
typedef struct LocalRecord {
        uint16_t type;
        uint32_t ttl;
        Bytes rdata;
        bool authority; /* goes to the authority section (the SOA of a negative answer), owner `owner` */
        Bytes owner;    /* uncompressed wire name; empty: the question's */
} LocalRecord;

Packet *reply_local(const ReplyTarget *target, Bytes question, unsigned rcode, const LocalRecord *records, size_t n,
                    const ReplyOptions *options);

/*
 * The query that goes upstream: ID 0 (RFC 8484 4.1), RD, CD and AD of `flags`, the name in lower case, our own OPT with
 * DO as asked and, if `padding`, zeros up to a multiple of 128 octets (RFC 8467 4.1). NULL when out of memory.
 */
Packet *reply_upstream_query(Bytes qname, uint16_t qtype, uint16_t qclass, uint16_t flags, bool dnssec_ok,
                             bool padding);

/*
 * The query that goes to a Do53 server: as that, but with an OPT for `edns` only, of DNS_DO53_UDP_SIZE, and never
 * padded: there it would hide nothing (RFC 8467 4.1). The ID is up to who sends it.
 */
Packet *reply_do53_query(Bytes qname, uint16_t qtype, uint16_t qclass, uint16_t flags, bool dnssec_ok, bool edns);

/* As that, for a signed message: the client's octets with the ID set to 0 and nothing else changed (RFC 5625 4.5). */
Packet *reply_upstream_signed(const Message *query);
