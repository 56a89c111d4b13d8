/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Unanswered: the queries over UDP that wait for an answer, in memory that outlives the process: a memfd that the
 * service manager keeps. If the daemon is killed or fails, the next process takes them over, so that their clients need
 * not ask again. Written in place, without a system call, for queries only that the cache does not answer.
 *
 * A query is taken over once: one that makes the daemon fail must not do so again. An answer to a client that has
 * already got one is ignored by it. Queries over TCP end with their connection, and their clients ask again at once.
 */

#include "core/base/address.h"
#include "core/base/client.h"

#define UNANSWERED_MESSAGE_MAX 512 /* octets; a larger query is not kept */

typedef struct Unanswered Unanswered;

/* A query of an earlier process. */
typedef struct UnansweredQuery {
        Client client;    /* whose listener has to be found again, */
        Address listener; /* by its address */
        uint16_t n;
        uint8_t message[UNANSWERED_MESSAGE_MAX];
} UnansweredQuery;

/* Takes the memory of an earlier process, `fd`, or makes a new one if that is -1 or not usable. Takes ownership of
 * `fd`. Returns NULL if there is none to be had. */
Unanswered *unanswered_new(int fd);
/* Frees it, and leaves the memory as it is; accepts NULL, and returns NULL. */
Unanswered *unanswered_free(Unanswered *f);

int unanswered_fd(const Unanswered *f);
/* The memory is new, and the service manager does not have it yet. */
bool unanswered_is_new(const Unanswered *f);

/* Takes the next query of an earlier process out of the memory. Returns false if there is none. To be called until then
 * before a query is added. */
bool unanswered_take(Unanswered *f, UnansweredQuery *ret);

/* Returns the mark for the next client, 0 if the memory is full. Clients that are not added need not be removed. */
uint32_t unanswered_next(Unanswered *f);
/* Adds a client with the mark that unanswered_next() has just returned. */
void unanswered_add(Unanswered *f, const Client *client, const Address *listener, Bytes message);
/* Removes the client with that mark, if it was added. */
void unanswered_remove(Unanswered *f, uint32_t mark);
