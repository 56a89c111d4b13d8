/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Run: what the main() of a test ends with. */

#include <check.h>

/* Runs `s` and frees it; the status to exit with. */
static inline int run_suite(Suite *s)
{
        SRunner *r = srunner_create(s);
        int failed;

        srunner_run_all(r, CK_ENV);
        failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed != 0;
}
