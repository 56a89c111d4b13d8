/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Local names: names that are answered locally and never leave the machine. One table lists them with their RFCs; each
 * has a setting in [Local]. In this order:
 *
 *   1. localhost (RFC 6761 6.3), which cannot be overridden
 *   2. the hosts file, then the names of this machine; forward and reverse
 *   3. names outside of the public tree in any network: .invalid (RFC 6761 6.4), .onion (RFC 7686), .alt (RFC 9476)
 *      and resolver.arpa (RFC 9462 6.4)
 *   4. names that only a private network can know: .local (RFC 6762 22.1), .internal (ICANN), home.arpa (RFC 8375), the
 *      reverse zones of private addresses (RFC 6303) and single labels; a [Forward] section and a domain of a link
 *      take precedence, and, except over .local and single labels, a link that has all names
 *
 * A zone is answered as an empty one (RFC 6303 3): SOA and NS at its apex, nothing below. A DS record at the apex
 * belongs to the parent and is asked for upstream: validators need the proof that there is none (RFC 8375 4, 4.B).
 * Answers are authoritative (AA), never authenticated (AD), and the same with and without DO.
 *
 * Pure: allocates nothing, and cannot fail.
 */

#include "core/config/config.h"
#include "core/dns/hosts_table.h"
#include "core/dns/reply.h"
#include "core/query/forward_zones.h"

typedef struct LocalNames {
        const LocalConfig *config;
        const Hosts *file; /* the hosts file; may be NULL */
        const Hosts *own;  /* the names of this machine; may be NULL */
} LocalNames;

/* TTLs, in seconds. A negative answer is cached by clients for the TTL of its SOA (RFC 2308 5), which is short, so
 * that they soon notice changes of the hosts file, the network and the configuration. */
#define LOCAL_ZONE_TTL 60 /* of the data and the SOA of a zone */
#define LOCAL_HOSTS_TTL 0 /* of data from the hosts file, which may change at any time */

#define LOCAL_SOA_MAX (DNS_NAME_MAX + 36)

typedef struct LocalReply {
        unsigned rcode;
        const char *reason; /* the text of the extended error (RFC 8914); NULL if there is data */
        LocalRecord records[2 * HOSTS_ADDRESSES_OF_NAME_MAX];
        size_t n;
        uint8_t soa[LOCAL_SOA_MAX]; /* rdata of a record in `records` */
} LocalReply;

/*
 * Answers `question` locally. Returns false if it is not a local name. In classes other than IN and ANY, the answer is
 * REFUSED. `forwarded` tells which forward has the name. *ret points into itself, the tables and the
 * question, and is valid while these are unchanged and not moved.
 */
bool local_answer(const LocalNames *names, const Message *question, ForwardMatch forwarded, LocalReply *ret);
