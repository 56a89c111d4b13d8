/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What resolve1_lookup.c, which asks the questions, and resolve1_service.c share.
 */

#include "dbus/resolve1/resolve1_answer.h"
#include "dbus/resolve1/resolve1_lookup.h"

#define LOOKUP_SEARCH_MAX 32 /* search domains that are tried */

typedef struct Lookup Lookup;

typedef struct Question {
        List in_lookup;
        Lookup *lookup;
        uint8_t name[DNS_NAME_MAX]; /* in wire form */
        size_t n;
        uint16_t type, class;
        Packet *packet; /* NULL: not answered, or out of memory */
        AnswerOrigin origin;
        bool refused; /* too many calls wait */
} Question;

struct Lookup {
        List in_resolve1;
        Resolve1 *resolve1;
        sd_bus_message *call;
        uid_t user;
        char text[NAME_TEXT_MAX]; /* the name, for error messages */
        int family;
        uint64_t flags;
        uint8_t name[DNS_NAME_MAX];
        size_t n;
        unsigned searched; /* search domains that were tried */
        List questions;    /* in the order in which they were added */
        unsigned pending;
        bool adding; /* questions are being added */
        /* All questions are answered: replies, or adds others. */
        void (*answered)(Lookup *l);
        /* ResolveService: the questions for addresses have been added; the words of the reply. */
        bool has_targets;
        char service[64], type[NAME_TEXT_MAX], domain[NAME_TEXT_MAX];
};

/* Adds a question and asks it. */
void lookup_ask(Lookup *l, Bytes name, uint16_t type, uint16_t class);
/* Adds the questions for the addresses of a name. */
void lookup_ask_addresses(Lookup *l, Bytes name);
/* Frees the lookup, which has been replied to. */
void lookup_drop(Lookup *l);

/* Reads the answer to `q`. Returns true if it has data. */
bool lookup_read(const Question *q, Answer *ret);
/* The flags of the answers to all questions with data. */
uint64_t lookup_result_flags(const Lookup *l);
/* Replies with an error that explains why no question has data. */
void lookup_fail(Lookup *l);
/* Sends `reply` if `r` is not negative, or else an error. Frees both. */
void lookup_finish(Lookup *l, sd_bus_message *reply, int r);

/* Appends a(iiay): the addresses that the questions for `name` found. Returns a negative errno. */
int lookup_append_addresses(Lookup *l, sd_bus_message *reply, Bytes name, char ret_canonical[NAME_TEXT_MAX]);

/* Checks what all calls have. Negative errno, with `error` set. */
int lookup_check(Resolve1 *r, int ifindex, int family, uint64_t flags, uint64_t permitted, sd_bus_error *error);
/* Returns a new lookup for `call`, or NULL if out of memory. */
Lookup *lookup_new(Resolve1 *r, sd_bus_message *call, uid_t user, uint64_t flags, void (*answered)(Lookup *l));
/* The first questions have been asked. */
int lookup_start(Lookup *l);
