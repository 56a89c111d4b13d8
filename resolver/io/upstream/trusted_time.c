/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/upstream/trusted_time.h"

#include <config.h>

#include <gnutls/gnutls.h>

#include "io/clock.h"

static struct {
        int64_t last_good;
        bool doubted;
} trusted;

static int64_t trusted_time_of_clock(void)
{
        return (int64_t) (clock_usec(CLOCK_REALTIME) / USEC_PER_SEC);
}

int64_t trusted_time(void)
{
        int64_t t = MAX(trusted_time_of_clock(), (int64_t) BUILD_EPOCH);

        return trusted.doubted ? t : MAX(t, trusted.last_good);
}

static time_t trusted_time_for_gnutls(time_t *ret)
{
        time_t t = (time_t) trusted_time();

        if (ret)
                *ret = t;
        return t;
}

void trusted_time_start(int64_t last_good)
{
        trusted.last_good = last_good;
        trusted.doubted = false;
        gnutls_global_set_time_function(trusted_time_for_gnutls);
}

bool trusted_time_doubt(void)
{
        int64_t clock = trusted_time_of_clock();

        trusted.doubted = clock >= (int64_t) BUILD_EPOCH && clock < trusted.last_good;
        return trusted.doubted;
}

void trusted_time_verified(void)
{
        int64_t clock = trusted_time_of_clock();

        if (clock >= trusted_time())
                trusted.last_good = clock;
        trusted.doubted = false;
}

void trusted_time_refused(void)
{
        trusted.doubted = false;
}

int64_t trusted_time_last_good(void)
{
        return trusted.last_good;
}
