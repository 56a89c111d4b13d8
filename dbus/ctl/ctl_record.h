/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Record: records of a DNS message as text, as in a master file (RFC 1035 5, 3597, 9460), without anything that a
 * terminal could take for more than text. The message may hold anything; it must have been parsed. Pure but for
 * malloc().
 */

#include "core/dns/message.h"

/* The owner, with its final dot. NULL when out of memory. */
char *record_owner(const Message *m, const Record *r);

/* What stands behind the type: "10 mail.example.com.". Data that is not laid out as its type has it is written as RFC
 * 3597 5 does,
 * "\# 2 abcd". NULL when out of memory. */
char *record_data(const Message *m, const Record *r);

/* An extended error (RFC 8914), by number from 0; false behind the last. `*ret_text` is printable, to be freed, "" if
 * there is none. */
bool message_extended_error(const Message *m, unsigned number, unsigned *ret_code, char **ret_text);
