/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Names of DNS response codes and extended errors, and the reverse names of addresses. Pure.
 */

#include "core/base/base.h"

/* "NXDOMAIN"; NULL if it has no name. */
const char *rcode_name(unsigned rcode);
/* The meaning of a response code: "no such name"; never NULL. */
const char *rcode_words(unsigned rcode);

/* "Blocked" (RFC 8914 and the IANA registry); NULL if it has no name. */
const char *ede_name(unsigned code);

/* Writes the name of an address under in-addr.arpa or ip6.arpa; false if `text` is not an address. */
#define REVERSE_NAME_MAX 80
bool reverse_name(const char *text, char ret[static REVERSE_NAME_MAX]);
