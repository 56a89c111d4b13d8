/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * PortalUrl: the URL of a page that a captive portal may intercept, and the one that an intercepting portal leads to
 * (RFC 9110 10.2.2). Only what is needed to ask for its host and to look at it once. Input comes from a network that
 * nobody has reason to trust. Pure.
 */

#include "core/base/address.h"
#include "core/dns/wire.h"

#define PORTAL_HOST_MAX 254   /* bytes, with the final NUL */
#define PORTAL_TARGET_MAX 512 /* bytes, with the final NUL */

typedef struct PortalUrl {
        bool tls; /* https: the page cannot be looked at, because no certificate is known for it */
        uint16_t port;
        char host[PORTAL_HOST_MAX];     /* a name or an IPv4 address */
        char target[PORTAL_TARGET_MAX]; /* path and query; begins with "/" */
} PortalUrl;

/* Reads an absolute URL with the scheme http or https. False if it is none, or has a host that is neither a name in
 * ASCII nor an IPv4 address. */
bool portal_url_read(Bytes text, PortalUrl *ret);

/* Finds the URL in the Location of an HTTP/1 response, of which the end may be missing. Portals send it with any
 * status. False if there is none. */
bool portal_url_of_response(Bytes response, PortalUrl *ret);
