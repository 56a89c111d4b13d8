/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Calls: method calls that wait for the engine (Resolve, Probe), and the questions of lookups. Each has a number, which
 * the engine returns with the answer. Places are limited by user rather than by connection, and some of them only root
 * can take. If the caller disconnects before the answer is there, the bus drops the reply.
 */

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "core/base/packet.h"
#include "core/outbox/outbox.h"

#define CALLS_MAX 2048

/* Of the calls that came by one way, except those of root. */
typedef struct CallLimits {
        unsigned user_max, others_max; /* of one user; of all users */
} CallLimits;

extern const CallLimits calls_limits_bus;

/* `answer` is NULL if out of memory. */
typedef void (*CallAnswered)(sd_bus_message *call, void *userdata, AnswerOrigin origin, Packet *answer);

typedef struct Calls {
        struct {
                uint64_t number;         /* 0: free */
                sd_bus_message *message; /* NULL: a question of a lookup */
                uid_t user;
                const CallLimits *limits;
                CallAnswered answered;
                void *userdata;
        } waiting[CALLS_MAX];
        uint64_t serial;
} Calls;

/* Keeps a reference to `call`, which comes from `user` and may be NULL. `answered`, which may be NULL, is called with
 * an answer that arrives for it. Returns its number, or 0 if too many calls wait. A call may take several places. */
uint64_t calls_add(Calls *c, sd_bus_message *call, uid_t user, const CallLimits *limits, CallAnswered answered,
                   void *userdata);

/* Takes out the call with that number, and passes the answer on. Does nothing if it was forgotten. */
void calls_answer(Calls *c, uint64_t number, AnswerOrigin origin, Packet *answer);

/* Takes out the call with that number; the reference passes to the caller. NULL if it was forgotten. */
sd_bus_message *calls_take(Calls *c, uint64_t number);

/* Forgets the call with that number; does nothing if there is none. */
void calls_forget(Calls *c, uint64_t number);
/* Forgets all calls that came over the bus. */
void calls_forget_messages(Calls *c);
