/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Answers: what the DoH server of the tests says, made of nothing but the question. The first label orders special
 * answers:
 *
 *   nx         NXDOMAIN, with a SOA            size-N     TXT records of about N octets together
 *   size-N-M   the same, after M milliseconds  ttl-N      a TTL of N seconds (else answer_ttl)
 *   nodata     no records, with a SOA
 *   rcode-N    that rcode                      delay-N    the answer comes after N milliseconds
 *   servfail, refused                          cname-N    a chain of N aliases before the address
 *
 * Any other name has one A and one AAAA record, whose low octets are a hash of the name in lower case, and TXT
 * "dohmouse".
 */

#include <stdint.h>

#include "core/base/packet.h"
#include "core/dns/message.h"

/* Seconds, of the records of all names that order no other. */
extern uint32_t answer_ttl;

/* The answer to a well-formed query; *ret_delay in milliseconds. NULL: it is no query. */
Packet *answer_make(Bytes query, unsigned *ret_delay);
