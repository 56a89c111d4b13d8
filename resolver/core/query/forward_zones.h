/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Forward: the Do53 servers (RFC 9499) for the names in some domains, which is split DNS. Its state and that of its
 * servers are what queries have found out, in three of the states that upstreams have: UNKNOWN, HEALTHY and FAILED.
 * There are no probes and no timers. Forwards is the table of all, which finds the one for a name.
 *
 * The engine owns the table, tables share the Forwards that a reload does not change. Times are usec of CLOCK_BOOTTIME.
 */

#include "core/config/links.h"
#include "core/outbox/outbox.h"

typedef struct Do53Server {
        Address address;
        HealthState state;
        unsigned failures;      /* since its last answer; the second one makes it FAILED */
        uint64_t judged_at;     /* time of its last answer or failure */
        uint64_t resting_until; /* failed: asked after the others until this time */
        uint64_t no_edns_until; /* does not support EDNS: asked without OPT until this time */
} Do53Server;

/* Only the functions below change it. */
typedef struct Forward {
        unsigned refs;
        uint32_t number;       /* never used again by another one; 0: of a captive portal */
        ForwardConfig *config; /* its own copy */
        HealthState state; /* HEALTHY: the last server that was heard from answered; FAILED: all servers have FAILED */
        uint64_t changed_at;
        struct {
                FailureReason reason; /* FAILURE_NONE: none since the start, or the last change of the network */
                Address server;
                uint64_t at;
        } last_failure;
        uint64_t queries;  /* sent to the servers */
        uint64_t failures; /* answered with our own SERVFAIL */
        size_t good;       /* index of the server that answered last, which is asked first */
        size_t n_servers;
        Do53Server servers[];
} Forward;

typedef struct Forwards Forwards;

/*
 * Creates the table for `config` and `links`, which may be NULL. Unchanged forwards are shared with `before`, which may
 * be NULL. Sets *ret_changed to whether any changed. Returns NULL if out of memory.
 */
Forwards *forwards_new(const Config *config, const LinkTable *links, const Forwards *before, bool *ret_changed,
                       uint64_t now);
/* Frees the table. Accepts NULL, and returns NULL. */
Forwards *forwards_free(Forwards *f);
DEFINE_CLEANUP(Forwards, forwards_free)

/* Returns the forward with the longest domain that contains `name`, or NULL if the upstreams are to be asked. The
 * result is owned by the table. Takes O(labels log domains). */
Forward *forwards_find(const Forwards *f, Bytes name);

/* How the forward of a name, if any, was found: the locally answered names of some domains give way to some. */
typedef enum ForwardMatch {
        FORWARD_NONE,
        FORWARD_ALL,    /* all names are forwarded that have no other forward */
        FORWARD_DOMAIN, /* by one of its domains, or as a single label */
} ForwardMatch;

ForwardMatch forwards_match(const Forwards *f, Bytes name);

/* Returns forward `i`: [Forward] sections in configured order, then those of links, or NULL after the last. */
const Forward *forwards_member(const Forwards *f, size_t i);

/* Forgets the state of all servers: the network changed. */
void forwards_forget(Forwards *f, Outbox *o, uint64_t now);

void forwards_reset_statistics(Forwards *f);

/* The servers of a network with a captive portal (portal.h). They are in no table, and changes of their state are not
 * reported. Returns NULL if out of memory. */
Forward *forward_new_of_portal(const Address *servers, size_t n, uint64_t now);
/* Accepts NULL, and returns NULL. */
Forward *forward_free_of_portal(Forward *f);
bool forward_is_of_portal(const Forward *f);

/* --- what queries find out. Changes of state are reported in `o`. */

/* Count a query that is sent to the servers, and a client that gets SERVFAIL. */
void forward_count_query(Forward *f);
void forward_count_failure(Forward *f);

/* `s` answered, possibly with an RCODE for which another server is tried first (`refusal`). */
void forward_answered(Forward *f, Do53Server *s, bool refusal, Outbox *o, uint64_t now);

/* `s` failed. It is asked after the others for a while, unless the reason is local. A query that was sent at
 * `asked_at`, before the last answer or failure of `s`, says nothing new about it. */
void forward_server_failed(Forward *f, Do53Server *s, FailureReason reason, uint64_t asked_at, Outbox *o, uint64_t now);

/* `s` answered without EDNS what it does not answer with it: it is asked without an OPT for a while. */
void forward_server_lacks_edns(Do53Server *s, uint64_t now);
