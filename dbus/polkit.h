/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Polkit: may the sender of this call do that? Root may. Who else, polkit says (org.freedesktop.PolicyKit1.Authority),
 * for one of the actions in org.dohmouse1.policy; where there is no polkit, nobody. All of it is asynchronous and ends
 * in a refusal when anything goes wrong.
 *
 * Between the question and the answer everything may have changed: the caller may be gone, the upstream may be gone. So
 * a request holds a reference to its call and a plain number, no pointer to anything else (CVE-2020-1712).
 */

#include <systemd/sd-bus.h>

#include "core/base/base.h"
#include "core/base/list.h"

#define POLKIT_REQUESTS_MAX 512    /* callers whose user is asked of the bus */
#define POLKIT_CHECKS_MAX 64       /* of those: polkit is asked */
#define POLKIT_CHECKS_OF_ONE_MAX 8 /* of one user */

typedef struct Polkit {
        List requests;
        unsigned n, checks;
} Polkit;

/* Does what was asked, and replies to `call`: >= 0, or a negative errno or `error`, which is then replied. */
typedef int (*Permitted)(void *userdata, sd_bus_message *call, uint64_t argument, sd_bus_error *error);

void polkit_init(Polkit *p);

/* To be returned by a handler of `call`: calls `permitted` later, or replies with an error. `action` is static:
 * "org.dohmouse1.reload". */
int polkit_check(Polkit *p, sd_bus_message *call, const char *action, Permitted permitted, void *userdata,
                 uint64_t argument, sd_bus_error *error);

/* Drops all that wait. */
void polkit_forget_all(Polkit *p);
