/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Results of a lookup: walks what its questions have found, for the front ends to encode. Pure.
 *
 * Here, and nowhere else, addresses are taken out of answers: whatever a server sends, an address has the size of its
 * family, and the family is one that was asked for. nss-resolve aborts the process of its caller otherwise.
 */

#include "dbus/lookup/lookup_internal.h"

/* Reads the answer to `q`. Returns true if it has data. */
bool lookup_read(const Question *q, Answer *ret);

typedef struct FoundAddress {
        int family;
        int ifindex; /* 0: none */
        size_t n;    /* octets: 4 or 16 */
        uint8_t octets[16];
} FoundAddress;

/* An iterator over the addresses of a name. Does not move. */
typedef struct AddressWalk {
        const Lookup *lookup;
        Bytes name;     /* as asked for; borrowed */
        const List *at; /* the question whose answer is walked */
        bool reading;
        Answer answer;
        RecordWalk records;
        char canonical[NAME_TEXT_MAX]; /* the name at the end of the chain of aliases, as far as walked */
} AddressWalk;

void address_walk_init(AddressWalk *w, const Lookup *l, Bytes name);
bool address_walk_next(AddressWalk *w, FoundAddress *ret);

/* The name whose addresses ResolveHostname has found: the one asked for, or in a search domain. */
Bytes lookup_found_name(const Lookup *l);

/* An iterator over the records of the first question. Does not move. */
typedef struct FoundWalk {
        Answer answer;
        RecordWalk records;
        unsigned n;
} FoundWalk;

/* Returns false if there are none. */
bool found_walk_init(FoundWalk *w, const Lookup *l);

/* ResolveAddress: the next name. */
bool found_walk_next_name(FoundWalk *w, char ret[NAME_TEXT_MAX]);
/* ResolveRecord: the next record. Its wire form is written to `wire`, which has room for ANSWER_RECORD_MAX octets. */
bool found_walk_next_record(FoundWalk *w, Record *ret, uint8_t *wire, size_t *ret_n);
/* ResolveService: the next SRV record with a target. */
typedef struct FoundService {
        unsigned priority, weight, port;
        uint8_t name[DNS_NAME_MAX];
        size_t n;
        char text[NAME_TEXT_MAX];
} FoundService;
bool found_walk_next_service(FoundWalk *w, FoundService *ret);

/* ResolveService: calls `each` with the character strings of all TXT records. Returns the first result that is
 * negative, or 0. */
int lookup_each_text(const Lookup *l, int (*each)(void *userdata, Bytes text), void *userdata);
