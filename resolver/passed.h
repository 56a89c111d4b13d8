/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Passed: the file descriptors that the service manager passes at the start: sockets, and what an earlier process has
 * left (resolver/handover.h).
 */

#include "core/base/base.h"

#define PASSED_VARLINK_MAX 4

typedef struct Passed {
        int *sockets; /* for queries */
        size_t n_sockets;
        int varlink[PASSED_VARLINK_MAX];
        size_t n_varlink;
        int cache, queries; /* -1: none */
} Passed;

/* Returns 0, or -ENOMEM. */
int passed_init(Passed *p);
/* Does not close the descriptors: they belong to those who take them, or end with the process. */
void passed_deinit(Passed *p);

/* Returns a Unix socket, which then belongs to the caller; -1: there is no other. */
int passed_take_varlink(Passed *p);
