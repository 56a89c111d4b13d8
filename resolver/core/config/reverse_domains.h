/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The domains of the reverse names (RFC 1035 3.5, 3596 2.5) of the addresses in a network.
 */

#include "core/config/config.h"

#define REVERSE_DOMAINS_MAX 128

/* Writes the domains of a network with at least one bit, and returns their number. "172.16.0.0/12" stands
 * for 16.172.in-addr.arpa to 31.172.in-addr.arpa: one domain for each value of the last label. */
size_t reverse_domains(const AddressPrefix *p, Domain ret[REVERSE_DOMAINS_MAX]);
