/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Wire: the layout of DNS messages (RFC 1035 4.1, 6891 6.1), and the only functions that read and write numbers in
 * them, in network order. The functions check nothing: the caller knows that the octets exist. The names of offsets
 * begin with the part that they count from.
 */

#include "core/base/base.h"

#define DNS_HEADER_SIZE 12
#define DNS_NAME_MAX 255 /* octets on the wire, root label included (RFC 1035 3.1) */
#define DNS_LABEL_MAX 63 /* octets, length octet not included */
#define DNS_MESSAGE_MAX 65535
#define DNS_UDP_MIN 512        /* what a client without EDNS takes (RFC 1035 4.2.1) */
#define DNS_DO53_UDP_SIZE 1232 /* fits the IPv6 minimum MTU, so that nothing is fragmented */
#define DNS_OUR_UDP_SIZE 4096  /* announced to clients in the OPT; over HTTPS it means nothing */
#define DNS_LENGTH_SIZE 2      /* octets of the length before a message on TCP (RFC 1035 4.2.2) */

/* Offsets within the header. */
enum {
        HEADER_ID = 0,
        HEADER_FLAGS = 2,
        HEADER_QDCOUNT = 4,
        HEADER_ANCOUNT = 6,
        HEADER_NSCOUNT = 8,
        HEADER_ARCOUNT = 10,
};
_Static_assert(HEADER_ARCOUNT + 2 == DNS_HEADER_SIZE, "the last count ends the header");

/* Offsets from the end of a question's name, and the size of that part. */
enum { QUESTION_TYPE = 0, QUESTION_CLASS = 2, QUESTION_FIXED = 4 };

/* Offsets from the end of a record's owner name, and the size of that part. */
enum { RECORD_TYPE = 0, RECORD_CLASS = 2, RECORD_TTL = 4, RECORD_RDLENGTH = 8, RECORD_FIXED = 10 };

/* Offsets within an EDNS option, and the size of the part before its data. */
enum { OPTION_CODE = 0, OPTION_LENGTH = 2, OPTION_FIXED = 4 };

/* Octets of an OPT record without options: the root as its owner, and the fixed part. */
#define OPT_SIZE (1 + RECORD_FIXED)

/* Header bits, in the 16 bits at HEADER_FLAGS. */
#define DNS_QR 0x8000u
#define DNS_OPCODE_MASK 0x7800u
#define DNS_OPCODE_SHIFT 11
#define DNS_AA 0x0400u
#define DNS_TC 0x0200u
#define DNS_RD 0x0100u
#define DNS_RA 0x0080u
#define DNS_Z 0x0040u
#define DNS_AD 0x0020u
#define DNS_CD 0x0010u
#define DNS_RCODE_MASK 0x000fu

/* The OPT's TTL: extended rcode, version, and flags (RFC 6891 6.1.3). */
#define OPT_EXTENDED_RCODE_SHIFT 24
#define OPT_VERSION_SHIFT 16
#define OPT_DO 0x8000u

/* A label begins with its length; if both of these bits are set, it is a pointer of two octets (RFC 1035 4.1.4). */
#define LABEL_POINTER 0xc0
#define LABEL_POINTER_SIZE 2
#define LABEL_POINTER_REACH 0x4000 /* no pointer leads to this offset or beyond */

static inline uint16_t wire_read16(const uint8_t *p)
{
        return (uint16_t) (p[0] << 8 | p[1]);
}

static inline uint32_t wire_read32(const uint8_t *p)
{
        return (uint32_t) wire_read16(p) << 16 | wire_read16(p + 2);
}

static inline void wire_write16(uint8_t *p, unsigned v)
{
        p[0] = (uint8_t) (v >> 8);
        p[1] = (uint8_t) v;
}

static inline void wire_write32(uint8_t *p, uint32_t v)
{
        wire_write16(p, v >> 16);
        wire_write16(p + 2, v & 0xffff);
}

static inline uint64_t wire_read64(const uint8_t *p)
{
        return (uint64_t) wire_read32(p) << 32 | wire_read32(p + 4);
}

static inline void wire_write64(uint8_t *p, uint64_t v)
{
        wire_write32(p, (uint32_t) (v >> 32));
        wire_write32(p + 4, (uint32_t) v);
}

static inline bool wire_is_pointer(uint8_t length)
{
        return (length & LABEL_POINTER) == LABEL_POINTER;
}

/* Returns the offset that a pointer leads to. */
static inline size_t wire_read_pointer(const uint8_t *p)
{
        return wire_read16(p) & (LABEL_POINTER_REACH - 1u);
}

static inline void wire_write_pointer(uint8_t *p, size_t offset)
{
        wire_write16(p, (unsigned) LABEL_POINTER << 8 | (unsigned) offset);
}
