/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Polkit: whether the sender of a method call is authorized. Root is. For other users, polkit decides
 * (org.freedesktop.PolicyKit1.Authority), by one of the actions in org.dohmouse1.policy. Without polkit, and on any
 * error, they are not authorized. Nothing here blocks.
 *
 * By the time polkit replies, the caller or the upstream may be gone. Therefore a request holds a reference to its call
 * and a number, but no pointer to anything else (CVE-2020-1712).
 */

#include <systemd/sd-bus.h>

#include "callers.h"

#define POLKIT_CHECKS_MAX 64     /* requests that wait for polkit */
#define POLKIT_CHECKS_USER_MAX 8 /* of one user */

typedef struct Polkit {
        List requests;
        Callers callers;
        unsigned checks;
} Polkit;

/* Carries out an authorized call and replies to it: >= 0. If it returns a negative errno or sets `error`, that is sent
 * as the reply. */
typedef int (*PolkitAuthorized)(void *userdata, sd_bus_message *call, uid_t user, uint64_t argument,
                                sd_bus_error *error);

void polkit_init(Polkit *p);

/* For a method handler to return: calls `authorized`, now or later, or replies with an error. `action` is a static
 * string such as "org.dohmouse1.reload", or NULL if any user is authorized. */
int polkit_check(Polkit *p, sd_bus_message *call, const char *action, PolkitAuthorized authorized, void *userdata,
                 uint64_t argument);

/* As polkit_check(), for a change of the settings of a network interface, whose name rules of polkit can ask for as
 * action.lookup("interface"). Borrows `interface` during the call. */
int polkit_check_interface(Polkit *p, sd_bus_message *call, const char *action, const char *interface,
                           PolkitAuthorized authorized, void *userdata, uint64_t argument);

/* Drops all requests: the bus connection is gone. */
void polkit_forget_all(Polkit *p);
