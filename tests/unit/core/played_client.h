/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Played, the clients: send queries and look at the answers. */

#include "core/engine.h"
#include "wire_builder.h"

extern Wire w;               /* the message that a client, an upstream or a Do53 server sends next */
extern Packet *answer;       /* the last answer since a client asked; NULL if there is none */
extern Message got;          /* `answer`, parsed */
extern AnswerRoute route;    /* of the last answer */
extern unsigned n_queries;   /* queries that the engine accepted */
extern unsigned n_answers;   /* answers to them */
extern unsigned n_servfails; /* answers with SERVFAIL */
extern unsigned n_addresses; /* answers with NOERROR and records */

/* Sends `w` as a query; returns true if it is answered at once. ask() and ask_over() are client 1, ask() uses UDP. */
bool ask(void);
bool ask_over(Transport transport);
bool ask_as(unsigned client, Transport transport);

/* Send a query with EDNS: for the address of this name, or for this type of www.example.com. */
bool ask_name(const char *name);
bool ask_type(unsigned type);

/* Puts a query with EDNS into `w`, for a name made of this number. */
void put_number(unsigned number);

/* Sends a query for the name made of the next number, from 1 on, as the client of that number. */
void ask_next(void);
extern unsigned last_number;

/* Sends `w`, which must be answered at once and without an upstream; returns the RCODE. */
unsigned rcode_at_once(Transport transport);

/* Returns the code of the answer's extended error, which must be its first option. */
unsigned extended_error(void);

/* Tells whether the answer has an extended error with this code. */
bool has_extended_error(unsigned code);

/* Asserts that the answer is SERVFAIL with this extended error. */
void expect_servfail(unsigned code);

/* Counts the options with this code. */
unsigned count_options(const Edns *edns, uint16_t code);

/* --- for messages of one's own, and for the harness */

/* Makes the name in `w` that of this number. */
void write_number(unsigned number);

/* Returns the number of the name in a message, 0 if it has none. */
unsigned number_of(Bytes message);

bool is_of_the_root(Bytes message);
extern bool root_asked; /* by the last query of a client */
