/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "calls.h"

const CallLimits calls_limits_bus = { .user_max = 64, .others_max = 448 };

uint64_t calls_add(Calls *c, sd_bus_message *call, uid_t user, const CallLimits *limits, CallAnswered answered,
                   void *userdata)
{
        size_t place = CALLS_MAX;
        unsigned by_user = 0, by_others_than_root = 0;

        for (size_t i = 0; i < CALLS_MAX; i++)
                if (!c->waiting[i].number)
                        place = i;
                else if (c->waiting[i].limits == limits) {
                        by_user += c->waiting[i].user == user;
                        by_others_than_root += c->waiting[i].user != 0;
                }
        if (place == CALLS_MAX)
                return 0;
        if (user != 0 && (by_user >= limits->user_max || by_others_than_root >= limits->others_max))
                return 0;
        c->waiting[place].limits = limits;
        c->waiting[place].message = sd_bus_message_ref(call);
        c->waiting[place].number = ++c->serial * CALLS_MAX + place;
        c->waiting[place].user = user;
        c->waiting[place].answered = answered;
        c->waiting[place].userdata = userdata;
        return c->waiting[place].number;
}

static bool calls_waits(const Calls *c, uint64_t number)
{
        return number && c->waiting[number % CALLS_MAX].number == number;
}

sd_bus_message *calls_take(Calls *c, uint64_t number)
{
        if (!calls_waits(c, number))
                return NULL;
        c->waiting[number % CALLS_MAX].number = 0;
        return take_pointer(c->waiting[number % CALLS_MAX].message);
}

void calls_answer(Calls *c, uint64_t number, AnswerOrigin origin, Packet *answer)
{
        CallAnswered answered = c->waiting[number % CALLS_MAX].answered;
        void *userdata = c->waiting[number % CALLS_MAX].userdata;
        sd_bus_message *call;

        if (!calls_waits(c, number))
                return;
        call = calls_take(c, number);
        if (answered)
                answered(call, userdata, origin, answer);
        sd_bus_message_unref(call);
}

void calls_forget(Calls *c, uint64_t number)
{
        sd_bus_message_unref(calls_take(c, number));
}

void calls_forget_messages(Calls *c)
{
        for (size_t i = 0; i < CALLS_MAX; i++)
                if (c->waiting[i].message)
                        calls_forget(c, c->waiting[i].number);
}
