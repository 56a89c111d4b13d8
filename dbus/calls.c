/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "calls.h"

uint64_t calls_add(Calls *c, sd_bus_message *call, uid_t user, CallAnswered answered, void *userdata)
{
        size_t place = CALLS_MAX;
        unsigned by_user = 0, by_others_than_root = 0;

        for (size_t i = 0; i < CALLS_MAX; i++)
                if (!c->waiting[i].message)
                        place = i;
                else {
                        by_user += c->waiting[i].user == user;
                        by_others_than_root += c->waiting[i].user != 0;
                }
        if (place == CALLS_MAX)
                return 0;
        if (user != 0 && (by_user >= CALLS_USER_MAX || by_others_than_root >= CALLS_MAX - CALLS_ROOT_RESERVED))
                return 0;
        c->waiting[place].message = sd_bus_message_ref(call);
        c->waiting[place].number = ++c->serial * CALLS_MAX + place;
        c->waiting[place].user = user;
        c->waiting[place].answered = answered;
        c->waiting[place].userdata = userdata;
        return c->waiting[place].number;
}

sd_bus_message *calls_take(Calls *c, uint64_t number)
{
        size_t place = number % CALLS_MAX;

        return c->waiting[place].number == number ? take_pointer(c->waiting[place].message) : NULL;
}

void calls_answer(Calls *c, uint64_t number, AnswerOrigin origin, Packet *answer)
{
        size_t place = number % CALLS_MAX;
        CallAnswered answered = c->waiting[place].answered;
        void *userdata = c->waiting[place].userdata;
        sd_bus_message *call = calls_take(c, number);

        if (call && answered)
                answered(call, userdata, origin, answer);
        sd_bus_message_unref(call);
}

void calls_forget_all(Calls *c)
{
        for (size_t i = 0; i < CALLS_MAX; i++)
                c->waiting[i].message = sd_bus_message_unref(c->waiting[i].message);
}
