/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the files of this folder share.
 */

#include "dbus/lookup/lookup.h"
#include "dbus/lookup/lookup_answer.h"

#define LOOKUP_SEARCH_MAX 32  /* search domains that are tried */
#define LOOKUP_TARGETS_MAX 16 /* of a service */

typedef struct Question {
        List in_lookup;
        Lookup *lookup;
        uint64_t call;              /* its number while it waits for the answer; 0: it does not */
        uint8_t name[DNS_NAME_MAX]; /* in wire form */
        size_t n;
        uint16_t type, class;
        Packet *packet; /* NULL: not answered, or out of memory */
        AnswerOrigin origin;
        bool refused; /* too many calls wait */
} Question;

struct Lookup {
        List in_lookups;
        Lookups *lookups;
        void *call;
        uid_t user;
        LookupKind kind;
        char text[NAME_TEXT_MAX]; /* the name, for error messages */
        int ifindex;              /* 0: any */
        int family;
        uint64_t flags;
        uint8_t name[DNS_NAME_MAX];
        size_t n;
        uint16_t type, class; /* ResolveRecord */
        unsigned searched;    /* search domains that were tried */
        List questions;       /* in the order in which they were added */
        unsigned pending;
        bool adding; /* questions are being added */
        uint64_t result_flags;
        /* ResolveHostname: an address was given instead of a name. */
        bool is_literal;
        Address literal;
        int literal_ifindex;
        /* ResolveService: the questions for addresses have been added; the words of the reply. */
        bool has_targets;
        char service[64], service_type[NAME_TEXT_MAX], domain[NAME_TEXT_MAX];
};

/* Adds a question and asks it. */
void lookup_ask(Lookup *l, Bytes name, uint16_t type, uint16_t class);
/* Adds the questions for the addresses of a name. */
void lookup_ask_addresses(Lookup *l, Bytes name);
/* The questions have been asked. */
void lookup_start(Lookup *l);

/* End the lookup: pass its result on, or an error, or one that explains why no question has data. */
void lookup_succeed(Lookup *l);
void lookup_fail_with(Lookup *l, const LookupError *e);
void lookup_fail(Lookup *l);

/* Sets `*ret`. Returns false. */
bool lookup_refuse(LookupError *ret, const char *parameter, const char *format, ...) _printf_(3, 4);

/* ResolveService: reads its arguments into `l`; all its questions are answered. */
bool lookup_service_read(const LookupRequest *r, Lookup *l, LookupError *ret);
void lookup_service_ask(Lookup *l);
void lookup_service_answered(Lookup *l);
