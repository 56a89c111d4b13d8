#include "ctl_names.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/dns/message.h"

/* IANA's registry of types: those that people look up. */
static const RecordType types[] = {
        { 1, "A", "a" },           { 2, "NS", "n" },
        { 5, "CNAME", "n" },       { 6, "SOA", "nn44444" },
        { 12, "PTR", "n" },        { 13, "HINFO", "ss" },
        { 15, "MX", "2n" },        { 16, "TXT", "S" },
        { 17, "RP", "nn" },        { 18, "AFSDB", "2n" },
        { 24, "SIG", NULL },       { 25, "KEY", NULL },
        { 28, "AAAA", "6" },       { 29, "LOC", NULL },
        { 33, "SRV", "222n" },     { 35, "NAPTR", "22sssn" },
        { 36, "KX", "2n" },        { 37, "CERT", "221b" },
        { 39, "DNAME", "n" },      { 43, "DS", "211h" },
        { 44, "SSHFP", "11h" },    { 46, "RRSIG", "T114tt2nb" },
        { 47, "NSEC", "nm" },      { 48, "DNSKEY", "211b" },
        { 50, "NSEC3", NULL },     { 51, "NSEC3PARAM", NULL },
        { 52, "TLSA", "111h" },    { 53, "SMIMEA", "111h" },
        { 59, "CDS", "211h" },     { 60, "CDNSKEY", "211b" },
        { 61, "OPENPGPKEY", "b" }, { 62, "CSYNC", "42m" },
        { 63, "ZONEMD", "411h" },  { 64, "SVCB", "2nv" },
        { 65, "HTTPS", "2nv" },    { 99, "SPF", "S" },
        { 108, "EUI48", NULL },    { 109, "EUI64", NULL },
        { 255, "ANY", NULL },      { 256, "URI", "22r" },
        { 257, "CAA", "1gr" },
};

const RecordType *record_type(uint16_t type)
{
        for (size_t i = 0; i < ELEMENTS(types); i++)
                if (types[i].type == type)
                        return &types[i];
        return NULL;
}

const char *type_to_text(uint16_t type, char ret[static TYPE_TEXT_MAX])
{
        const RecordType *t = record_type(type);

        if (t)
                snprintf(ret, TYPE_TEXT_MAX, "%s", t->name);
        else
                snprintf(ret, TYPE_TEXT_MAX, "TYPE%u", type);
        return ret;
}

bool type_from_text(const char *text, uint16_t *ret)
{
        const char *digits = strncasecmp(text, "TYPE", 4) == 0 ? text + 4 : text;
        unsigned value = 0;

        for (size_t i = 0; i < ELEMENTS(types); i++)
                if (strcasecmp(types[i].name, text) == 0) {
                        *ret = types[i].type;
                        return true;
                }
        if (!*digits || strlen(digits) > 5 || strspn(digits, "0123456789") != strlen(digits))
                return false;
        for (; *digits; digits++)
                value = value * 10 + (unsigned) (*digits - '0');
        *ret = (uint16_t) value;
        return value <= UINT16_MAX;
}

static const struct {
        const char *name, *words;
} rcodes[] = {
        { "NOERROR", "no error" },
        { "FORMERR", "the server did not understand the question" },
        { "SERVFAIL", "no server could answer" },
        { "NXDOMAIN", "no such name" },
        { "NOTIMP", "the server does not do that" },
        { "REFUSED", "the server refuses to answer" },
        { "YXDOMAIN", "the name exists, though it should not" },
        { "YXRRSET", "the records exist, though they should not" },
        { "NXRRSET", "the records do not exist, though they should" },
        { "NOTAUTH", "the server is not authoritative" },
        { "NOTZONE", "the name is not within the zone" },
        [16] = { "BADVERS", "the server does not know this version of EDNS" },
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
