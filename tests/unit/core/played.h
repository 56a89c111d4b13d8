/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Played: an engine whose clients, upstreams and clock are played by the test. One query at a time: what it says is in
 * `w`, what became of it in `answer` and `got`, what went upstream for it in `asked`.
 */

#include <check.h>

#include "core/engine.h"
#include "core/dns/reply.h"
#include "wire_builder.h"

extern Engine *e;
extern uint64_t now;
extern Wire w;                        /* what is sent next, by the client or the upstream */
extern Message got;                   /* the client's answer, parsed */
extern Packet *answer;                /* the same as it came; NULL: none */
extern unsigned answers;              /* all of them so far */
extern Packet *asked;                 /* what last went to an upstream; NULL: nothing since the client asked */
extern unsigned sends;                /* all of them so far */
extern uint32_t connection, exchange; /* where it went */
extern bool unreachable;              /* connections fail for want of a route */

#define UPSTREAM "[Upstream a]\nURL=https://a.test/q\nAddress=192.0.2.1\n"

/* An engine of one upstream, UPSTREAM, and of more configuration. */
void played_start(const char *more);

/* Other configuration, all of it. */
void played_reload(const char *text);
void played_stop(void);

/* Does what the engine wants done: connections are ready at once, probes and PINGs are answered. */
void act(void);

/* A client asks what is in `w`; true if there was an answer at once. Clients are told apart by number: 1 is that of
 * ask(). */
bool ask(bool stream);
bool ask_as(unsigned client, bool stream);

/* The upstream says `w` to what it was asked last, with ID 0. True if the client got an answer, which must be
 * well-formed. */
bool say(void);
bool say_by(const HttpResponse *http);

/* As that, and there must be one. */
void respond(uint32_t age);

/* Time passes, with all that is due in it; with await(), no longer than to the next answer. */
void pass(uint64_t usec);
void await(uint64_t usec);

/* As much as there is to do at the next time when something is due; false if there is nothing up to `until`. */
bool step(uint64_t until);

/* How many options with this code the OPT of a message has. */
unsigned count_options(const Edns *edns, uint16_t code);

#define HTTP_OK                                                                      \
        (HttpResponse)                                                               \
        {                                                                            \
                .has_status = true, .status = 200, .has_type = true, .type_ok = true \
        }
