/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Wire: messages for tests, put together octet by octet. A message starts with a question for "www.example.com" A IN.
 */

#include <string.h>

#include "core/dns/message.h"

typedef struct Wire {
        uint8_t data[65536];
        size_t n;
} Wire;

#define WWW "\3www\7example\3com" /* with its NUL, which is the root label */
#define HERE "\xc0\x0c"

static inline void wire_put(Wire *w, const void *data, size_t n)
{
        memcpy(w->data + w->n, data, n);
        w->n += n;
}

static inline void wire_put16(Wire *w, unsigned v)
{
        wire_write16(w->data + w->n, v);
        w->n += 2;
}

static inline void wire_count(Wire *w, unsigned section)
{
        uint8_t *p = w->data + 6 + 2 * section;

        wire_write16(p, wire_read16(p) + 1u);
}

/* A message of one question, for a name as it is on the wire. */
static inline void wire_question(Wire *w, unsigned flags, const void *name, size_t n, unsigned qtype, unsigned qclass)
{
        static const uint8_t header[] = { 0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0 };

        w->n = 0;
        wire_put(w, header, sizeof(header));
        wire_write16(w->data + 2, flags);
        wire_put(w, name, n);
        wire_put16(w, qtype);
        wire_put16(w, qclass);
}

static inline void wire_begin(Wire *w, unsigned flags, unsigned qtype)
{
        wire_question(w, flags, WWW, sizeof(WWW), qtype, CLASS_IN);
}

/* `section`: 0 answer, 1 authority, 2 additional. */
static inline void wire_record(Wire *w, unsigned section, const void *owner, size_t owner_n, unsigned type,
                               unsigned class, uint32_t ttl, const void *rdata, size_t n)
{
        wire_put(w, owner, owner_n);
        wire_put16(w, type);
        wire_put16(w, class);
        wire_put16(w, ttl >> 16);
        wire_put16(w, ttl & 0xffff);
        wire_put16(w, (unsigned) n);
        wire_put(w, rdata, n);
        wire_count(w, section);
}

static inline void wire_a(Wire *w, uint32_t ttl)
{
        wire_record(w, 0, HERE, 2, TYPE_A, CLASS_IN, ttl, "\1\2\3\4", 4);
}

static inline void wire_soa(Wire *w, uint32_t ttl, uint32_t minimum)
{
        uint8_t rdata[] = "\2ns\0\4root\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\0";

        wire_write32(rdata + sizeof(rdata) - 5, minimum);
        wire_record(w, 1, "\xc0\x10", 2, TYPE_SOA, CLASS_IN, ttl, rdata, sizeof(rdata) - 1);
}

static inline void wire_opt(Wire *w, unsigned size, uint32_t ttl, const void *options, size_t n)
{
        wire_record(w, 2, "", 1, TYPE_OPT, size, ttl, options, n);
}

static inline Bytes wire_bytes(const Wire *w)
{
        return BYTES(w->data, w->n);
}
