/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Names of DNS response codes and extended errors, and the names that stand for addresses. Pure.
 */

#include "core/base/base.h"

/* "NXDOMAIN"; NULL if it has no name. */
const char *rcode_name(unsigned rcode);
/* What that means to who asked, in words; never NULL. */
const char *rcode_words(unsigned rcode);

/* "Blocked" (RFC 8914 and the IANA registry); NULL if it has no name. */
const char *ede_name(unsigned code);

/* The name under in-addr.arpa or ip6.arpa that stands for an address; false if `text` is no address. */
#define REVERSE_NAME_MAX 80
bool reverse_name(const char *text, char ret[static REVERSE_NAME_MAX]);
