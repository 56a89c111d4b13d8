/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "polkit.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>

#include "names.h"

#define REPLY_TIMEOUT (25 * USEC_PER_SEC)
#define INTERACTIVE_TIMEOUT (2 * USEC_PER_MINUTE) /* a user may be typing a password */

typedef struct Request {
        List in_polkit;
        CallerRequest caller;
        Polkit *polkit;
        sd_bus_message *call;
        sd_bus_slot *slot; /* of the question to polkit */
        const char *action;
        char interface[IF_NAMESIZE]; /* "": none */
        PolkitAuthorized authorized;
        void *userdata;
        uint64_t argument;
        uid_t user;
        bool checked; /* waits for polkit, and counts in `checks` */
} Request;

void polkit_init(Polkit *p)
{
        *p = (Polkit) { 0 };
        list_init(&p->requests);
        callers_init(&p->callers);
}

static void polkit_request_free(Request *r)
{
        must(r->polkit->checks >= r->checked);
        list_remove(&r->in_polkit);
        callers_cancel(&r->polkit->callers, &r->caller);
        r->polkit->checks -= r->checked;
        sd_bus_slot_unref(r->slot);
        sd_bus_message_unref(r->call);
        free(r);
}

void polkit_forget_all(Polkit *p)
{
        while (!list_empty(&p->requests))
                polkit_request_free(container_of(list_first(&p->requests), Request, in_polkit));
        callers_forget_all(&p->callers);
}

/* Frees `r`, as does polkit_permit(). */
static void polkit_refuse(Request *r, const char *name, const char *text)
{
        sd_bus_reply_method_errorf(r->call, name, "%s", text);
        polkit_request_free(r);
}

static void polkit_permit(Request *r)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = sd_bus_message_ref(r->call);
        PolkitAuthorized authorized = r->authorized;
        void *userdata = r->userdata;
        uint64_t argument = r->argument;
        uid_t user = r->user;
        int k;

        polkit_request_free(r);
        k = authorized(userdata, call, user, argument, &error);
        if (sd_bus_error_is_set(&error))
                sd_bus_reply_method_error(call, &error);
        else if (k < 0)
                sd_bus_reply_method_errno(call, k, NULL);
}

static int polkit_on_reply(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error)
{
        Request *r = userdata;
        int authorized, challenge;

        if (sd_bus_message_is_method_error(m, NULL))
                polkit_refuse(r, SD_BUS_ERROR_ACCESS_DENIED, "Access denied: failed to ask polkit");
        else if (sd_bus_message_enter_container(m, 'r', "bba{ss}") <= 0 ||
                 sd_bus_message_read(m, "bb", &authorized, &challenge) <= 0)
                polkit_refuse(r, SD_BUS_ERROR_ACCESS_DENIED, "Access denied: the reply of polkit is invalid");
        else if (authorized)
                polkit_permit(r);
        else if (challenge)
                polkit_refuse(r, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
                              "Interactive authorization is required");
        else
                polkit_refuse(r, SD_BUS_ERROR_ACCESS_DENIED, "Access denied by polkit");
        return 0;
}

static bool polkit_too_many_checks(const Request *r)
{
        unsigned n = 0;

        LIST_FOREACH(l, &r->polkit->requests) {
                const Request *other = container_of(l, Request, in_polkit);

                n += other->checked && other->user == r->user;
        }
        return n >= POLKIT_CHECKS_USER_MAX || r->polkit->checks >= POLKIT_CHECKS_MAX;
}

static int polkit_ask(Request *r)
{
        bool interactive = sd_bus_message_get_allow_interactive_authorization(r->call) > 0;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int k;

        k = sd_bus_message_new_method_call(sd_bus_message_get_bus(r->call), &m, "org.freedesktop.PolicyKit1",
                                           "/org/freedesktop/PolicyKit1/Authority",
                                           "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization");
        if (k >= 0)
                k = sd_bus_message_append(m, "(sa{sv})s", "system-bus-name", 1, "name", "s",
                                          sd_bus_message_get_sender(r->call), r->action);
        if (k >= 0)
                k = *r->interface ? sd_bus_message_append(m, "a{ss}", 1, "interface", r->interface)
                                  : sd_bus_message_append(m, "a{ss}", 0);
        if (k >= 0)
                k = sd_bus_message_append(m, "us", interactive ? UINT32_C(1) : UINT32_C(0), "");
        if (k < 0)
                return k;
        return sd_bus_call_async(sd_bus_message_get_bus(r->call), &r->slot, m, polkit_on_reply, r,
                                 interactive ? INTERACTIVE_TIMEOUT : REPLY_TIMEOUT);
}

static void polkit_on_user(void *userdata, int result, uid_t user)
{
        Request *r = userdata;

        if (result == -EBUSY) {
                polkit_refuse(r, ERROR_TOO_MANY_REQUESTS, "Too many requests are pending");
                return;
        }
        if (result < 0) {
                polkit_refuse(r, SD_BUS_ERROR_ACCESS_DENIED, "Access denied: the user ID of the sender is unknown");
                return;
        }
        r->user = user;
        if (user == 0 || !r->action) {
                polkit_permit(r);
                return;
        }
        if (polkit_too_many_checks(r)) {
                polkit_refuse(r, ERROR_TOO_MANY_REQUESTS, "Too many requests are waiting for authorization");
                return;
        }
        r->checked = true;
        r->polkit->checks++;
        if (polkit_ask(r) < 0)
                polkit_refuse(r, SD_BUS_ERROR_ACCESS_DENIED, "Access denied: failed to ask polkit");
}

int polkit_check(Polkit *p, sd_bus_message *call, const char *action, PolkitAuthorized authorized, void *userdata,
                 uint64_t argument)
{
        return polkit_check_interface(p, call, action, "", authorized, userdata, argument);
}

int polkit_check_interface(Polkit *p, sd_bus_message *call, const char *action, const char *interface,
                           PolkitAuthorized authorized, void *userdata, uint64_t argument)
{
        Request *r = calloc(1, sizeof(*r));

        if (!r)
                return -ENOMEM;
        *r = (Request) {
                .polkit = p,
                .call = sd_bus_message_ref(call),
                .action = action,
                .authorized = authorized,
                .userdata = userdata,
                .argument = argument,
        };
        snprintf(r->interface, sizeof(r->interface), "%s", interface);
        list_init(&r->in_polkit);
        list_append(&p->requests, &r->in_polkit);
        callers_identify(&p->callers, call, &r->caller, polkit_on_user, r);
        return 1;
}
