/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The route to the upstreams: what a client is told if none of them answers. */

#include <string.h>

#include "played.h"
#include "run.h"

/* Does the answer, which is SERVFAIL, have this text? */
static bool says(const char *text)
{
        ck_assert_ptr_nonnull(answer);
        ck_assert_uint_eq(message_rcode(&got), RCODE_SERVFAIL);
        return memmem(answer->data, answer->n, text, strlen(text)) != NULL;
}

/* Asks for other names until the upstream has failed for this reason, and for one more, which fails soon. */
static void fail_all(FailureReason reason)
{
        plays.connects = false;
        plays.refuses = reason;
        for (unsigned i = 0; i < 3; i++) {
                ask_next();
                pass(5 * SEC);
        }
        for (unsigned i = 0; i < 2; i++) {
                ask_next();
                if (!answer)
                        pass_until_answered(1 * SEC);
        }
}

START_TEST(a_client_is_told_the_http_status)
{
        played_start(PLAIN NO_CACHE);
        ask_next();
        for (unsigned said = 0, i = 0; n_answers == 0 && i < 20; i++) {
                while (said < n_sends)
                        respond_status(said++, 421, 0);
                pass(300 * MSEC);
        }
        ck_assert(says("status 421"));
}
END_TEST

START_TEST(a_client_is_told_of_a_clock_that_is_behind_even_if_no_upstream_was_asked_for_it)
{
        played_start(PLAIN NO_CACHE);
        fail_all(FAILURE_CERTIFICATE_NOT_YET_VALID);
        ck_assert(says("clock is behind"));
        ck_assert(!says("login"));
}
END_TEST

START_TEST(a_client_is_told_of_a_network_that_may_ask_for_a_login)
{
        played_start(PLAIN NO_CACHE);
        fail_all(FAILURE_CERTIFICATE_NAME);
        ck_assert(says("login"));
}
END_TEST

START_TEST(a_client_is_told_why_an_upstream_failed_even_if_it_was_not_asked_for_it)
{
        played_start(PLAIN NO_CACHE);
        fail_all(FAILURE_REFUSED);
        ck_assert(says(failure_text(FAILURE_REFUSED)));
        ck_assert(says("next attempt in"));
}
END_TEST

int main(void)
{
        Suite *s = suite_create("query_doh");
        TCase *c = tcase_create("explain");

        tcase_add_checked_fixture(c, NULL, played_stop);
        tcase_add_test(c, a_client_is_told_the_http_status);
        tcase_add_test(c, a_client_is_told_of_a_clock_that_is_behind_even_if_no_upstream_was_asked_for_it);
        tcase_add_test(c, a_client_is_told_of_a_network_that_may_ask_for_a_login);
        tcase_add_test(c, a_client_is_told_why_an_upstream_failed_even_if_it_was_not_asked_for_it);
        suite_add_tcase(s, c);
        return run_suite(s);
}
