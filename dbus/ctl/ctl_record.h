/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Record: prints the records of a DNS message in presentation format (RFC 1035 5, 3597, 9460). The output is printable
 * ASCII, whatever the message contains: no terminal takes it for a command. The message must have been parsed. Strings
 * that are returned are freed by the caller. Pure except for malloc().
 */

#include "core/dns/message.h"

/* Returns the owner name, with its final dot. NULL when out of memory. */
char *record_owner(const Message *m, const Record *r);

/* Returns the data, as in "10 mail.example.com.". Data of an unknown type, or that does not have the layout of its
 * type, is printed as in RFC 3597 5: "\# 2 abcd". NULL when out of memory. */
char *record_data(const Message *m, const Record *r);

/* Gets extended error `number` (RFC 8914), from 0; false after the last one. *ret_text is printable ASCII, "" if there
 * is no text, and freed by the caller. */
bool message_extended_error(const Message *m, unsigned number, unsigned *ret_code, char **ret_text);
