/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Errors: names of our own for what goes wrong with a call; org.dohmouse1(5) has them all.
 */

#define ERROR_NO_SUCH_UPSTREAM "org.dohmouse1.Error.NoSuchUpstream"
#define ERROR_INVALID_CONFIGURATION "org.dohmouse1.Error.InvalidConfiguration"
#define ERROR_PROBE_IN_PROGRESS "org.dohmouse1.Error.ProbeInProgress"
#define ERROR_TOO_MANY_REQUESTS "org.dohmouse1.Error.TooManyRequests"
