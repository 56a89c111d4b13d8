/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Calls: method calls that wait for the engine (Resolve, Probe). Each has a number, which the engine returns with the
 * answer. Places are limited by user rather than by connection, and some of them only root can take. If the caller
 * disconnects before the answer is there, the bus drops the reply.
 */

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "core/base/packet.h"
#include "core/outbox/outbox.h"

#define CALLS_MAX 512
#define CALLS_USER_MAX 64      /* of one user, unless it is root */
#define CALLS_ROOT_RESERVED 64 /* of CALLS_MAX */

/* `answer` is NULL if out of memory. */
typedef void (*CallAnswered)(sd_bus_message *call, void *userdata, AnswerOrigin origin, Packet *answer);

typedef struct Calls {
        struct {
                sd_bus_message *message; /* NULL: free */
                uint64_t number;
                uid_t user;
                CallAnswered answered;
                void *userdata;
        } waiting[CALLS_MAX];
        uint64_t serial;
} Calls;

/* Keeps a reference to `call`, which comes from `user`. `answered`, which may be NULL, is called with an answer that
 * arrives for it. Returns its number, or 0 if too many calls wait. A call may take several places. */
uint64_t calls_add(Calls *c, sd_bus_message *call, uid_t user, CallAnswered answered, void *userdata);

/* Takes out the call with that number, and passes the answer on. Does nothing if it was forgotten. */
void calls_answer(Calls *c, uint64_t number, AnswerOrigin origin, Packet *answer);

/* Takes out the call with that number; the reference passes to the caller. NULL if it was forgotten. */
sd_bus_message *calls_take(Calls *c, uint64_t number);

void calls_forget_all(Calls *c);
