/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * LinkZones: the forward zones that follow from the settings of links, as far as [Links] lets them. Each zone is that
 * of one link, or of the links that have the same domains: any of their servers may know a name. It is named "%wg0" or
 * "%wg0+tun0", as no [Forward] section can be.
 *
 * The domains of a link, for search or routing, are forwarded to its servers, and so are the reverse names of its
 * networks. A link without servers has no zone, and a domain in a [Forward] section is none of a link.
 */

#include "core/config/links.h"

typedef struct LinkZones {
        ForwardConfig *zones;
        size_t n;
} LinkZones;

/* `links` may be NULL. Returns false if out of memory; link_zones_deinit() is required in either case. */
bool link_zones_init(LinkZones *z, const Config *config, const LinkTable *links);
void link_zones_deinit(LinkZones *z);

/* Writes the search domains of the links in use, separated by blanks, as far as there is room. Left out are those whose
 * text has other characters than a host name has, which resolv.conf(5) cannot express. */
#define LINK_SEARCH_MAX 4096
void link_search_domains(const Config *config, const LinkTable *links, char ret[LINK_SEARCH_MAX]);
