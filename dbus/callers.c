/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "callers.h"

#include <errno.h>
#include <string.h>

#include "names.h"

struct Caller {
        List in_callers;
        Callers *callers;
        List requests; /* that wait for the reply of the bus, in order */
        unsigned n;
        sd_bus_slot *slot; /* of the question to the bus */
        uid_t user;
        char name[]; /* unique name */
};

static void caller_free(Caller *caller)
{
        must(list_empty(&caller->requests) && caller->callers->n > 0);
        list_remove(&caller->in_callers);
        caller->callers->n--;
        sd_bus_slot_unref(caller->slot);
        free(caller);
}

static Caller *callers_find(const List *list, const char *name)
{
        for (List *l = list->previous; l != list; l = l->previous) {
                Caller *caller = container_of(l, Caller, in_callers);

                if (strcmp(caller->name, name) == 0)
                        return caller;
        }
        return NULL;
}

/* If there are too many, forgets the known caller that has not called for the longest time. */
static Caller *callers_add(Callers *c, const char *name)
{
        size_t size = strlen(name) + 1;
        Caller *caller;

        if (c->n >= CALLERS_MAX && !list_empty(&c->known))
                caller_free(container_of(list_first(&c->known), Caller, in_callers));
        if (c->n >= CALLERS_MAX)
                return NULL;
        caller = calloc(1, sizeof(*caller) + size);
        if (!caller)
                return NULL;
        caller->callers = c;
        list_init(&caller->requests);
        list_init(&caller->in_callers);
        list_append(&c->asked, &caller->in_callers);
        c->n++;
        memcpy(caller->name, name, size);
        return caller;
}

void callers_cancel(Callers *c, CallerRequest *r)
{
        if (!r->caller)
                return;
        must(r->caller->n > 0 && c->waiting > 0);
        list_remove(&r->in_caller);
        r->caller->n--;
        r->caller = NULL;
        c->waiting--;
}

static void callers_finish(Callers *c, CallerRequest *r, int result, uid_t user)
{
        callers_cancel(c, r);
        r->identified(r->userdata, result, user);
}

/* The requests are taken off first, as `identified` may do anything. */
static int callers_on_user(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error)
{
        Caller *caller = userdata;
        Callers *c = caller->callers;
        uint32_t user = 0;
        int result = 0;

        /* The caller has disconnected. */
        if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "u", &user) <= 0)
                result = -EACCES;
        while (!list_empty(&caller->requests))
                callers_finish(c, container_of(list_first(&caller->requests), CallerRequest, in_caller), result, user);
        if (result < 0) {
                caller_free(caller);
                return 0;
        }
        caller->user = user;
        list_remove(&caller->in_callers);
        list_append(&c->known, &caller->in_callers);
        caller->slot = sd_bus_slot_unref(caller->slot);
        return 0;
}

/* Refuses the newest call of the connection with the most calls waiting; false if `newcomer` would be no better. */
static bool callers_make_room(Callers *c, const Caller *newcomer)
{
        Caller *most = NULL;

        LIST_FOREACH(l, &c->asked) {
                Caller *caller = container_of(l, Caller, in_callers);

                if (!most || caller->n > most->n)
                        most = caller;
        }
        if (!most || most->n <= newcomer->n + 1)
                return false;
        callers_finish(c, container_of(most->requests.previous, CallerRequest, in_caller), -EBUSY, 0);
        return true;
}

/* Asks the bus, with the first of the caller's requests. */
static int callers_ask(Caller *caller, sd_bus *bus)
{
        return caller->slot
                       ? 0
                       : sd_bus_call_method_async(bus, &caller->slot, DBUS_NAME, DBUS_PATH, DBUS_INTERFACE,
                                                  "GetConnectionUnixUser", callers_on_user, caller, "s", caller->name);
}

void callers_identify(Callers *c, sd_bus_message *call, CallerRequest *r, CallerIdentified identified, void *userdata)
{
        const char *name = sd_bus_message_get_sender(call);
        Caller *caller;

        *r = (CallerRequest) { .identified = identified, .userdata = userdata };
        list_init(&r->in_caller);
        if (!name) {
                identified(userdata, -EACCES, 0);
                return;
        }
        caller = callers_find(&c->known, name);
        if (caller) {
                list_remove(&caller->in_callers);
                list_append(&c->known, &caller->in_callers);
                identified(userdata, 0, caller->user);
                return;
        }
        caller = callers_find(&c->asked, name) ?: callers_add(c, name);
        if (!caller || callers_ask(caller, sd_bus_message_get_bus(call)) < 0 ||
            (c->waiting >= CALLERS_WAITING_MAX && !callers_make_room(c, caller))) {
                if (caller && !caller->slot)
                        caller_free(caller);
                identified(userdata, -EBUSY, 0);
                return;
        }
        r->caller = caller;
        list_append(&caller->requests, &r->in_caller);
        caller->n++;
        c->waiting++;
}

void callers_init(Callers *c)
{
        *c = (Callers) { 0 };
        list_init(&c->known);
        list_init(&c->asked);
}

void callers_forget_all(Callers *c)
{
        List *const lists[] = { &c->known, &c->asked };

        for (size_t i = 0; i < ELEMENTS(lists); i++)
                while (!list_empty(lists[i]))
                        caller_free(container_of(list_first(lists[i]), Caller, in_callers));
}
