/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Address: a numeric IP address with a port, and its text. Plain data, copied by value. Pure: the system's resolver and
 * sockets are not involved.
 */

#include "core/base/base.h"

typedef struct Address {
        bool v6;
        uint8_t octets[16]; /* in network order; an IPv4 address takes the first 4 */
        uint16_t port;      /* in host order */
        char interface[16]; /* name or index of the interface of a link-local IPv6 address (RFC 4007), else "" */
} Address;

/* Writes "127.0.0.1:53" or "[fe80::1%eth0]:53" (RFC 5952), NUL-terminated. */
#define ADDRESS_TEXT_MAX 80
void address_to_text(const Address *a, char ret[ADDRESS_TEXT_MAX]);

/* Reads "ADDRESS", "ADDRESS:PORT" or "[ADDRESS]:PORT"; without a port in the text, it is `port`. False if the text is
 * anything else; *ret is undefined then. */
bool address_from_text(const char *text, uint16_t port, Address *ret);

/* True if address, port and interface are the same. */
bool address_equal(const Address *a, const Address *b);

/* As address_equal, but ignores the port, and an IPv4 address equals itself mapped into IPv6 (RFC 4291 2.5.5.2). */
bool address_same_host(const Address *a, const Address *b);

/* Returns the four octets of an IPv4 address, also of one that is mapped into IPv6 (RFC 4291 2.5.5.2), or NULL. */
const uint8_t *address_as_v4(const Address *a);

bool address_is_unspecified(const Address *a); /* 0.0.0.0, :: */
bool address_is_loopback(const Address *a);    /* 127.0.0.0/8, ::1 */
bool address_is_link_local(const Address *a);  /* fe80::/10: of no use without an interface (RFC 4007) */
bool address_is_multicast(const Address *a);   /* or broadcast */
