/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/dns/rr_type.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Of IANA's registry, the types that people look up. */
static const struct RrType {
        uint16_t type;
        const char *name;
        const char *layout;
} rr_types[] = {
        { TYPE_A, "A", "a" },
        { TYPE_NS, "NS", "n" },
        { TYPE_CNAME, "CNAME", "n" },
        { TYPE_SOA, "SOA", "nn44444" },
        { TYPE_PTR, "PTR", "n" },
        { TYPE_HINFO, "HINFO", "ss" },
        { TYPE_MX, "MX", "2n" },
        { TYPE_TXT, "TXT", "S" },
        { TYPE_RP, "RP", "nn" },
        { TYPE_AFSDB, "AFSDB", "2n" },
        { TYPE_SIG, "SIG", NULL },
        { TYPE_KEY, "KEY", NULL },
        { TYPE_AAAA, "AAAA", "6" },
        { TYPE_LOC, "LOC", NULL },
        { TYPE_SRV, "SRV", "222n" },
        { TYPE_NAPTR, "NAPTR", "22sssn" },
        { TYPE_KX, "KX", "2n" },
        { TYPE_CERT, "CERT", "221b" },
        { TYPE_DNAME, "DNAME", "n" },
        { TYPE_DS, "DS", "211h" },
        { TYPE_SSHFP, "SSHFP", "11h" },
        { TYPE_RRSIG, "RRSIG", "T114tt2nb" },
        { TYPE_NSEC, "NSEC", "nm" },
        { TYPE_DNSKEY, "DNSKEY", "211b" },
        { TYPE_NSEC3, "NSEC3", NULL },
        { TYPE_NSEC3PARAM, "NSEC3PARAM", NULL },
        { TYPE_TLSA, "TLSA", "111h" },
        { TYPE_SMIMEA, "SMIMEA", "111h" },
        { TYPE_CDS, "CDS", "211h" },
        { TYPE_CDNSKEY, "CDNSKEY", "211b" },
        { TYPE_OPENPGPKEY, "OPENPGPKEY", "b" },
        { TYPE_CSYNC, "CSYNC", "42m" },
        { TYPE_ZONEMD, "ZONEMD", "411h" },
        { TYPE_SVCB, "SVCB", "2nv" },
        { TYPE_HTTPS, "HTTPS", "2nv" },
        { TYPE_SPF, "SPF", "S" },
        { TYPE_EUI48, "EUI48", NULL },
        { TYPE_EUI64, "EUI64", NULL },
        { TYPE_ANY, "ANY", NULL },
        { TYPE_URI, "URI", "22r" },
        { TYPE_CAA, "CAA", "1gr" },
};

static const struct RrType *rr_type_find(uint16_t type)
{
        for (size_t i = 0; i < ELEMENTS(rr_types); i++)
                if (rr_types[i].type == type)
                        return &rr_types[i];
        return NULL;
}

const char *rr_type_layout(uint16_t type)
{
        const struct RrType *t = rr_type_find(type);

        return t ? t->layout : NULL;
}

const char *rr_type_to_text(uint16_t type, char ret[static RR_TYPE_TEXT_MAX])
{
        const struct RrType *t = rr_type_find(type);

        if (t)
                snprintf(ret, RR_TYPE_TEXT_MAX, "%s", t->name);
        else
                snprintf(ret, RR_TYPE_TEXT_MAX, "TYPE%u", type);
        return ret;
}

bool rr_type_from_text(const char *text, uint16_t *ret)
{
        const char *digits = strncasecmp(text, "TYPE", 4) == 0 ? text + 4 : text;
        unsigned value = 0;

        for (size_t i = 0; i < ELEMENTS(rr_types); i++)
                if (strcasecmp(rr_types[i].name, text) == 0) {
                        *ret = rr_types[i].type;
                        return true;
                }
        if (!*digits || strlen(digits) > 5 || strspn(digits, "0123456789") != strlen(digits))
                return false;
        for (; *digits; digits++)
                value = value * 10 + (unsigned) (*digits - '0');
        *ret = (uint16_t) value;
        return value <= UINT16_MAX;
}
