/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Name: domain names in wire form: length octets, any octet value, no text (RFC 1035 3.1). Where names are compared or
 * hashed, ASCII letters fold (RFC 4343). Pure, no allocation; names are borrowed.
 */

#include "core/dns/wire.h"

/* Size in octets of the uncompressed name that `wire` begins with, root label included; 0 if there is none within
 * `wire` or it exceeds a limit. */
size_t name_size(Bytes wire);

/* Copies the possibly compressed name at `offset` of `wire`, a message or the beginning of one, to `ret` (room for
 * DNS_NAME_MAX), uncompressed. Returns its size, and in *ret_end the offset behind it; 0 if there is none within `wire`
 * or a pointer does not lead strictly backwards, to a name that ends before this one begins. */
size_t name_expand(Bytes wire, size_t offset, uint8_t *ret, size_t *ret_end);

bool name_equal(Bytes a, Bytes b);

/* True if `name` is `suffix` or below it, label by label. Both are whole, valid names. */
bool name_under(Bytes name, Bytes suffix);

/* Copies `name` with its ASCII letters in lower case; `ret` has room for name.n octets and may be name.p. */
void name_lower(Bytes name, uint8_t *ret);

/* Reads a name in presentation format ("example.com", "example.com.", "a\.b.c", "\000x", ".") into `ret` (room for
 * DNS_NAME_MAX). Returns its size on the wire, or 0 if the text is no name. */
size_t name_from_text(const char *text, uint8_t *ret);

/* Writes `name` in presentation format (RFC 1035 5.1), without the final dot (the root is "."), NUL-terminated. `ret`
 * has room for NAME_TEXT_MAX bytes. Must not reach the log at its default level. */
#define NAME_TEXT_MAX 1020
void name_to_text(Bytes name, char *ret);
