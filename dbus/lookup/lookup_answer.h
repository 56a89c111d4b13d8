/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Answer: what a response says about one question: its outcome, the records of the name at the end of the chain of
 * aliases, and their wire form.
 */

#include "core/base/packet.h"
#include "core/dns/message.h"

typedef struct Answer {
        Message message; /* view of the packet */
        unsigned rcode;
        int ede; /* the first extended error (RFC 8914), or EDE_NONE */
        uint16_t type;
        uint8_t name[DNS_NAME_MAX]; /* at the end of the chain, as spelled in the response */
        size_t n;
        unsigned aliases; /* in the chain */
        bool loop;
} Answer;

/* Returns false if the packet is no response. `ret` borrows it. */
bool answer_read(Answer *ret, const Packet *packet, Bytes qname, uint16_t qtype);

#define ANSWER_WALK(a) RECORD_WALK(&(a)->message)
/* Gets the next record that answers the question; false after the last one. */
bool answer_next(const Answer *a, RecordWalk *w, Record *ret);
bool answer_has_data(const Answer *a);

/* Writes the record without compressed names to `ret`, which has room for `size` octets. Returns its size, or 0 if it
 * does not fit. */
#define ANSWER_RECORD_MAX (DNS_MESSAGE_MAX + 1024)
size_t answer_write_record(const Answer *a, const Record *r, uint8_t *ret, size_t size);

/* Copies the name at `skip` octets of the RDATA to `ret`. Returns its size, or 0. */
size_t answer_rdata_name(const Answer *a, const Record *r, size_t skip, uint8_t ret[DNS_NAME_MAX]);
