/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * AddressPrefix: the addresses that begin with the same bits (RFC 4632 3.1, RFC 4291 2.3), and their text. Plain data,
 * copied by value.
 */

#include "core/base/address.h"

typedef struct AddressPrefix {
        Address address; /* without port and interface; the bits after the first `bits` are zero */
        unsigned bits;   /* at most 32, or 128 for IPv6 */
} AddressPrefix;

/* Reads "ADDRESS/BITS", or "ADDRESS", which has all bits. Returns NULL, or what is wrong with the text; *ret is
 * undefined then. */
const char *address_prefix_from_text(const char *text, AddressPrefix *ret);

/* Returns true if the address begins with the prefix. An IPv4 address equals itself mapped into IPv6, as in
 * address_same_host(). Port and interface are ignored. */
bool address_prefix_contains(const AddressPrefix *p, const Address *a);
