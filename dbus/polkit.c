/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "polkit.h"

#include <errno.h>
#include <unistd.h>

#include "names.h"

#define ANSWER_MAX (25 * USEC_PER_SEC)
#define PERSON_MAX (2 * USEC_PER_MINUTE) /* somebody may be asked for a password */

typedef struct Request {
        List in_polkit;
        Polkit *polkit;
        sd_bus_message *call;
        sd_bus_slot *slot; /* of what the bus or polkit was asked */
        const char *action;
        Permitted permitted;
        void *userdata;
        uint64_t argument;
        uid_t user;
        bool checked; /* polkit is asked */
} Request;

void polkit_init(Polkit *p)
{
        *p = (Polkit) { 0 };
        list_init(&p->requests);
}

static void polkit_request_free(Request *r)
{
        list_remove(&r->in_polkit);
        r->polkit->n--;
        r->polkit->checks -= r->checked;
        sd_bus_slot_unref(r->slot);
        sd_bus_message_unref(r->call);
        free(r);
}

void polkit_forget_all(Polkit *p)
{
        while (!list_empty(&p->requests))
                polkit_request_free(container_of(list_first(&p->requests), Request, in_polkit));
}

/* The outcome; `r` is gone afterwards. */
static int polkit_refuse(Request *r, const char *name, const char *text)
{
        sd_bus_reply_method_errorf(r->call, name, "%s", text);
        polkit_request_free(r);
        return 0;
}

static int polkit_permit(Request *r)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *call = sd_bus_message_ref(r->call);
        Permitted permitted = r->permitted;
        void *userdata = r->userdata;
        uint64_t argument = r->argument;
        int k;

        polkit_request_free(r);
        k = permitted(userdata, call, argument, &error);
        if (sd_bus_error_is_set(&error))
                sd_bus_reply_method_error(call, &error);
        else if (k < 0)
                sd_bus_reply_method_errno(call, k, NULL);
        sd_bus_message_unref(call);
        return 0;
}

static int polkit_on_answer(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error)
{
        Request *r = userdata;
        int authorized, challenge;

        if (sd_bus_message_is_method_error(m, NULL))
                return polkit_refuse(r, SD_BUS_ERROR_ACCESS_DENIED,
                                     "polkit gave no permission, so that only root may do this");
        if (sd_bus_message_enter_container(m, 'r', "bba{ss}") <= 0 ||
            sd_bus_message_read(m, "bb", &authorized, &challenge) <= 0)
                return polkit_refuse(r, SD_BUS_ERROR_ACCESS_DENIED,
                                     "polkit gave no answer that can be read, so that only root may do this");
        if (authorized)
                return polkit_permit(r);
        if (challenge)
                return polkit_refuse(r, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
                                     "This needs a password, and nobody was asked for it");
        return polkit_refuse(r, SD_BUS_ERROR_ACCESS_DENIED, "polkit does not permit this");
}

static bool polkit_too_many_checks(const Request *r)
{
        unsigned n = 0;

        LIST_FOREACH(l, &r->polkit->requests) {
                const Request *other = container_of(l, Request, in_polkit);

                n += other->checked && other->user == r->user;
        }
        return n >= POLKIT_CHECKS_OF_ONE_MAX || r->polkit->checks >= POLKIT_CHECKS_MAX;
}

/* sd-bus hands over the message that carries what is asked of polkit. */
static int polkit_ask(Request *r)
{
        bool interactive = sd_bus_message_get_allow_interactive_authorization(r->call) > 0;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int k;

        r->slot = sd_bus_slot_unref(r->slot);
        k = sd_bus_message_new_method_call(sd_bus_message_get_bus(r->call), &m, "org.freedesktop.PolicyKit1",
                                           "/org/freedesktop/PolicyKit1/Authority",
                                           "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization");
        if (k >= 0)
                k = sd_bus_message_append(m, "(sa{sv})s", "system-bus-name", 1, "name", "s",
                                          sd_bus_message_get_sender(r->call), r->action);
        if (k >= 0)
                k = sd_bus_message_append(m, "a{ss}us", 0, interactive ? UINT32_C(1) : UINT32_C(0), "");
        if (k < 0)
                return k;
        return sd_bus_call_async(sd_bus_message_get_bus(r->call), &r->slot, m, polkit_on_answer, r,
                                 interactive ? PERSON_MAX : ANSWER_MAX);
}

static int polkit_on_user(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error)
{
        Request *r = userdata;
        uint32_t user;

        /* The caller has gone. */
        if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "u", &user) <= 0)
                return polkit_refuse(r, SD_BUS_ERROR_ACCESS_DENIED, "The bus does not say who asks");
        if (user == 0)
                return polkit_permit(r);
        r->user = user;
        if (polkit_too_many_checks(r))
                return polkit_refuse(r, ERROR_TOO_MANY_REQUESTS, "Too many of your requests wait for permission");
        r->checked = true;
        r->polkit->checks++;
        if (polkit_ask(r) < 0)
                return polkit_refuse(r, SD_BUS_ERROR_ACCESS_DENIED,
                                     "polkit cannot be asked, so that only root may do this");
        return 0;
}

int polkit_check(Polkit *p, sd_bus_message *call, const char *action, Permitted permitted, void *userdata,
                 uint64_t argument, sd_bus_error *error)
{
        const char *sender = sd_bus_message_get_sender(call);
        Request *r;
        int k;

        if (!sender)
                return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "There is no bus that says who asks");
        if (p->n >= POLKIT_REQUESTS_MAX)
                return sd_bus_error_set(error, ERROR_TOO_MANY_REQUESTS, "Too many requests wait for permission");
        r = calloc(1, sizeof(*r));
        if (!r)
                return -ENOMEM;
        *r = (Request) {
                .polkit = p,
                .call = sd_bus_message_ref(call),
                .action = action,
                .permitted = permitted,
                .userdata = userdata,
                .argument = argument,
        };
        list_init(&r->in_polkit);
        list_append(&p->requests, &r->in_polkit);
        p->n++;
        k = sd_bus_call_method_async(sd_bus_message_get_bus(call), &r->slot, "org.freedesktop.DBus",
                                     "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetConnectionUnixUser",
                                     polkit_on_user, r, "s", sender);
        if (k < 0) {
                polkit_request_free(r);
                return k;
        }
        return 1;
}
