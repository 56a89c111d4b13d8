/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl_names.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const struct {
        const char *name, *words;
} rcodes[] = {
        { "NOERROR", "no error" },
        { "FORMERR", "the server could not interpret the query" },
        { "SERVFAIL", "the query could not be resolved" },
        { "NXDOMAIN", "no such name" },
        { "NOTIMP", "the server does not support this kind of query" },
        { "REFUSED", "the server refused to answer" },
        { "YXDOMAIN", "the name exists, though it should not" },
        { "YXRRSET", "the records exist, though they should not" },
        { "NXRRSET", "the records do not exist, though they should" },
        { "NOTAUTH", "the server is not authoritative, or the query is not authorized" },
        { "NOTZONE", "the name is not in the zone" },
        [16] = { "BADVERS", "the server does not support this version of EDNS" },
};

const char *rcode_name(unsigned rcode)
{
        return rcode < ELEMENTS(rcodes) ? rcodes[rcode].name : NULL;
}

const char *rcode_words(unsigned rcode)
{
        return rcode_name(rcode) ? rcodes[rcode].words : "the server answered with an error";
}

const char *ede_name(unsigned code)
{
        static const char *const names[] = {
                "Other Error",
                "Unsupported DNSKEY Algorithm",
                "Unsupported DS Digest Type",
                "Stale Answer",
                "Forged Answer",
                "DNSSEC Indeterminate",
                "DNSSEC Bogus",
                "Signature Expired",
                "Signature Not Yet Valid",
                "DNSKEY Missing",
                "RRSIGs Missing",
                "No Zone Key Bit Set",
                "NSEC Missing",
                "Cached Error",
                "Not Ready",
                "Blocked",
                "Censored",
                "Filtered",
                "Prohibited",
                "Stale NXDOMAIN Answer",
                "Not Authoritative",
                "Not Supported",
                "No Reachable Authority",
                "Network Error",
                "Invalid Data",
                "Signature Expired before Valid",
                "Too Early",
                "Unsupported NSEC3 Iterations Value",
                "Unable to conform to policy",
                "Synthesized",
        };

        return code < ELEMENTS(names) ? names[code] : NULL;
}

bool reverse_name(const char *text, char ret[static REVERSE_NAME_MAX])
{
        uint8_t a[16];
        size_t n = 0;

        if (inet_pton(AF_INET, text, a) == 1) {
                snprintf(ret, REVERSE_NAME_MAX, "%u.%u.%u.%u.in-addr.arpa", a[3], a[2], a[1], a[0]);
                return true;
        }
        if (inet_pton(AF_INET6, text, a) != 1)
                return false;
        for (size_t i = ELEMENTS(a); i-- > 0;)
                n += (size_t) snprintf(ret + n, REVERSE_NAME_MAX - n, "%x.%x.", a[i] & 15u, a[i] >> 4);
        snprintf(ret + n, REVERSE_NAME_MAX - n, "ip6.arpa");
        return true;
}
