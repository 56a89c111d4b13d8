/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Local: names that are answered here and never leave the machine. What they are, and why, is in one table; each has
 * its switch in [Local]. In this order:
 *
 *   1. localhost (RFC 6761 6.3), which nothing can redefine
 *   2. the hosts file, then the machine's own name; forward and reverse
 *   3. names that are in no public tree whatever the network: .invalid (6761 6.4), .onion (7686), .alt (9476), and
 *      resolver.arpa (9462 6.4)
 *   4. names that only a network of its own could know: .local (6762 22.1), .internal (ICANN), home.arpa (8375), the
 * reverse zones of private addresses (6303), and single labels. They give way to a [Forward] section that has them
 *
 * Whole zones are answered as empty ones, as RFC 6303 3 has it: a SOA and an NS at their top, nothing below. A DS
 * record at their top is the parent's to give, and is asked for outside: validators need the proof that there is none
 * (RFC 8375 4, 4.B). Answers are authoritative (AA), never authenticated (AD), and the same with and without DO.
 */

#include "core/config/config.h"
#include "core/dns/hosts_table.h"
#include "core/dns/reply.h"

typedef struct LocalNames {
        const LocalConfig *config;
        const Hosts *file; /* the hosts file; NULL: none */
        const Hosts *own;  /* the machine's own name; NULL: none */
} LocalNames;

/* Where a name is denied, its zone's SOA says for how long that holds, at most this: then a new line in the hosts file,
 * another network or configuration counts for clients that keep answers, too. */
#define LOCAL_ZONE_TTL 60 /* seconds */
#define LOCAL_HOSTS_TTL 0 /* of what stands in the hosts file, which may change at any time */

#define LOCAL_SOA_MAX (DNS_NAME_MAX + 36)

typedef struct LocalReply {
        unsigned rcode;
        const char *reason; /* which switch did it, for people; NULL where there is an answer */
        LocalRecord records[2 * HOSTS_ADDRESSES_OF_NAME_MAX];
        size_t n;
        uint8_t soa[LOCAL_SOA_MAX]; /* a record may point here */
} LocalReply;

/*
 * True if `question` is answered here, in classes other than IN and ANY by REFUSED, and then *ret is the answer: it
 * lives as long as the tables, the question and *ret stay where they are. `forwarded`: a [Forward] section has the
 * name.
 */
bool local_answer(const LocalNames *names, const Message *question, bool forwarded, LocalReply *ret);
