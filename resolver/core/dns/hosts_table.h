/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Hosts: names and their addresses, read from text in the format of hosts(5). A table never changes and is
 * reference-counted, so a new one replaces an old one at once. A lookup takes one hash and as many comparisons as there
 * are collisions, however many names there are; the hash is keyed because block lists come from strangers.
 *
 * A line has an address and its names, separated by blanks; "#" begins a comment. The zone of an IPv6 address is
 * ignored, as DNS cannot express it. Names have no escapes.
 */

#include "core/base/base.h"

#define HOSTS_TEXT_MAX (32u << 20)     /* bytes */
#define HOSTS_NAMES_MAX (1u << 20)     /* different names */
#define HOSTS_ADDRESSES_MAX (1u << 18) /* different addresses */
#define HOSTS_ADDRESSES_OF_NAME_MAX 64

typedef struct Hosts Hosts;

/* What was found in a text. */
typedef struct HostsReport {
        size_t names;     /* different names in the table */
        size_t bad_lines; /* lines with something that is neither an address nor a name, and is ignored */
        size_t first_bad; /* number of the first of them, from 1; 0: none */
        bool too_many;    /* something exceeds a limit above, and is ignored */
} HostsReport;

/* Reads `text` into a table; the caller owns the reference. NULL when out of memory or if the text is too long. */
Hosts *hosts_new(Bytes text, const uint8_t key[16], HostsReport *ret);

/* Adds a reference and returns `h`, which may be NULL. */
Hosts *hosts_ref(Hosts *h);
/* Drops a reference; `h` may be NULL. Always returns NULL. */
Hosts *hosts_unref(Hosts *h);
DEFINE_CLEANUP(Hosts, hosts_unref)

/* An iterator over the addresses of a name, in the order of the text, without duplicates. */
typedef struct HostsWalk {
        const Hosts *hosts;
        uint32_t next;
} HostsWalk;

/* Looks up a name in wire form, regardless of case. False if it is not in the table; `h` may be NULL. */
bool hosts_find(const Hosts *h, Bytes name, HostsWalk *ret);

/* Gets the next address, 4 or 16 octets that live as long as the table; false after the last one. */
bool hosts_next(HostsWalk *w, Bytes *ret);

/*
 * Returns the first name of the first line with the address, in wire form and lower case, or an empty slice. The name
 * has the address, too. The unspecified addresses, which block lists give to thousands of names, have no name.
 */
Bytes hosts_name(const Hosts *h, Bytes address);
