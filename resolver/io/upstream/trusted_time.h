/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * TrustedTime: the time by which certificates are judged. A machine without a battery-backed clock starts in the past,
 * where no certificate is valid yet, so the time is the latest of the clock, the build date and the last good time: the
 * latest time of the clock at which a certificate was verified, also in earlier runs.
 *
 * There is one for the process, because GnuTLS has one time function. Times are in seconds since 1970.
 */

#include "core/base/base.h"

/* Before all TLS: sets the time function of GnuTLS. `last_good` was saved by an earlier run; 0: none was. */
void trusted_time_start(int64_t last_good);

int64_t trusted_time(void);

/*
 * A certificate has expired by trusted_time(). If that is by the last good time alone, and the clock is not behind the
 * build date, the last good time may come from a clock that was ahead: sets it aside, and returns true, so that the
 * certificate is judged again by the clock. trusted_time_verified() or trusted_time_refused() must follow.
 */
bool trusted_time_doubt(void);

/* A certificate was verified: the clock, if it was what decided, is the last good time now. */
void trusted_time_verified(void);
void trusted_time_refused(void);

/* The last good time, to be saved; 0: none. */
int64_t trusted_time_last_good(void);
