/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * RrType: the numbers of DNS record types and classes, and the names of types as IANA's registry has them. Pure.
 */

#include "core/base/base.h"

enum {
        TYPE_A = 1,
        TYPE_NS = 2,
        TYPE_MD = 3,
        TYPE_MF = 4,
        TYPE_CNAME = 5,
        TYPE_SOA = 6,
        TYPE_MB = 7,
        TYPE_MG = 8,
        TYPE_MR = 9,
        TYPE_PTR = 12,
        TYPE_HINFO = 13,
        TYPE_MINFO = 14,
        TYPE_MX = 15,
        TYPE_TXT = 16,
        TYPE_RP = 17,
        TYPE_AFSDB = 18,
        TYPE_SIG = 24,
        TYPE_KEY = 25,
        TYPE_AAAA = 28,
        TYPE_LOC = 29,
        TYPE_SRV = 33,
        TYPE_NAPTR = 35,
        TYPE_KX = 36,
        TYPE_CERT = 37,
        TYPE_DNAME = 39,
        TYPE_OPT = 41,
        TYPE_DS = 43,
        TYPE_SSHFP = 44,
        TYPE_RRSIG = 46,
        TYPE_NSEC = 47,
        TYPE_DNSKEY = 48,
        TYPE_NSEC3 = 50,
        TYPE_NSEC3PARAM = 51,
        TYPE_TLSA = 52,
        TYPE_SMIMEA = 53,
        TYPE_CDS = 59,
        TYPE_CDNSKEY = 60,
        TYPE_OPENPGPKEY = 61,
        TYPE_CSYNC = 62,
        TYPE_ZONEMD = 63,
        TYPE_SVCB = 64,
        TYPE_HTTPS = 65,
        TYPE_SPF = 99,
        TYPE_EUI48 = 108,
        TYPE_EUI64 = 109,
        TYPE_TKEY = 249,
        TYPE_TSIG = 250,
        TYPE_IXFR = 251,
        TYPE_AXFR = 252,
        TYPE_MAILB = 253,
        TYPE_MAILA = 254,
        TYPE_ANY = 255,
        TYPE_URI = 256,
        TYPE_CAA = 257,
};

enum { CLASS_IN = 1, CLASS_CH = 3, CLASS_HS = 4, CLASS_NONE = 254, CLASS_ANY = 255 };

/*
 * How the RDATA of a type is laid out in class IN, a letter for each field in order:
 *   1 2 4  number of that many octets        a 6  IPv4 or IPv6 address       n  domain name
 *   s      character string (RFC 1035 3.3)   g    tag: the same, unquoted    S  character strings to the end
 *   r      text to the end                   h b  octets to the end, as hex or base64
 *   t      time of a signature               T m  type, bitmap of types (RFC 4034 3.1.1, 4.1.2)
 *   v      service parameters (RFC 9460)
 * NULL for a type without a known layout, which is printed as in RFC 3597 5.
 */
const char *rr_type_layout(uint16_t type);

/* Writes "MX", or "TYPE123" (RFC 3597 5) for a type without a known name. Returns `ret`. */
#define RR_TYPE_TEXT_MAX 16
const char *rr_type_to_text(uint16_t type, char ret[static RR_TYPE_TEXT_MAX]);

/* Reads "mx", "TYPE15" or "15". False if the text is no type; *ret is undefined then. */
bool rr_type_from_text(const char *text, uint16_t *ret);
