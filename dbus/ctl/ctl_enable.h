/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Whether the C library of this machine resolves names through dohmouse, and dohmouse through an upstream.
 */

#include <stdbool.h>

#define CTL_REASON_MAX 512

/* Asks in a process of its own, as a program would that is started now. */
bool ctl_check_resolver(char ret_reason[static CTL_REASON_MAX]);
