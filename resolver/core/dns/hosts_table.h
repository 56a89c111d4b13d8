/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Hosts: names and their addresses, out of a text in the form of hosts(5). Immutable once made, with counted
 * references, so that a new table takes the place of an old one in one move. However many names there are, a lookup is
 * one hash and as many comparisons as it has collisions; the hash is keyed, as block lists are written by strangers.
 *
 * A line is an address and its names, apart by blanks; from "#" on it is a comment. The zone of an IPv6 address is
 * passed over: DNS has no place for it. Names are taken as they are, without escapes.
 */

#include "core/base/base.h"

#define HOSTS_TEXT_MAX (32u << 20)     /* octets of a text */
#define HOSTS_NAMES_MAX (1u << 20)     /* different names */
#define HOSTS_ADDRESSES_MAX (1u << 18) /* different addresses */
#define HOSTS_ADDRESSES_OF_NAME_MAX 64

typedef struct Hosts Hosts;

/* What there is to tell about a text. */
typedef struct HostsReport {
        size_t names;     /* different ones that were taken */
        size_t bad_lines; /* of which something was left out because it is neither an address nor a name */
        size_t first_bad; /* number of the first of them, from 1 */
        bool too_many;    /* what was beyond one of the limits above was left out */
} HostsReport;

/* A table of what `text` says, with one reference for the caller; NULL when out of memory, or of a text too long. */
Hosts *hosts_new(Bytes text, const uint8_t key[16], HostsReport *ret);

/* NULL is fine. */
Hosts *hosts_ref(Hosts *h);
/* NULL is fine; always returns NULL. */
Hosts *hosts_unref(Hosts *h);
DEFINE_CLEANUP(Hosts, hosts_unref)

/* The addresses of one name, in the order of the text, no two alike. */
typedef struct HostsWalk {
        const Hosts *hosts;
        uint32_t next;
} HostsWalk;

/* True if the wire name is in the table (NULL: an empty one); letters fold. */
bool hosts_find(const Hosts *h, Bytes name, HostsWalk *ret);

/* The next address, 4 or 16 octets that live as long as the table; false behind the last. */
bool hosts_next(HostsWalk *w, Bytes *ret);

/*
 * The first name of the first line with that address, on the wire and in lower case; empty if there is none. The
 * unspecified addresses, which block lists give to thousands of names, have none.
 */
Bytes hosts_name(const Hosts *h, Bytes address);
