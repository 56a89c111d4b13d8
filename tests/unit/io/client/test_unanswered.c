/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The queries that a process leaves behind when it is killed. */

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "io/client/unanswered.h"
#include "run.h"

static Unanswered *f;
static const Address listener = { .octets = { 127, 0, 0, 53 }, .port = 53 };
static UnansweredQuery got;

/* The process ends, and the next one gets the same memory. */
static void kill_and_start(void)
{
        int fd = fcntl(unanswered_fd(f), F_DUPFD_CLOEXEC, 0);

        unanswered_free(f);
        f = unanswered_new(fd);
        ck_assert_ptr_nonnull(f);
}

static void start(void)
{
        f = unanswered_new(-1);
        ck_assert_ptr_nonnull(f);
        ck_assert(unanswered_is_new(f));
}

static void stop(void)
{
        f = unanswered_free(f);
}

static Client client(uint16_t port)
{
        return (Client) {
                .kind = CLIENT_UDP,
                .udp = { .family = 2, .port = port, .address = { 127, 0, 0, 1 }, .mark = unanswered_next(f) }
        };
}

static uint32_t add(uint16_t port, const char *message)
{
        Client c = client(port);

        unanswered_add(f, &c, &listener, BYTES((const uint8_t *) message, strlen(message)));
        return c.udp.mark;
}

START_TEST(a_query_that_was_not_answered_goes_over_once)
{
        uint32_t first = add(1001, "first");

        add(1002, "second");
        unanswered_remove(f, first);
        kill_and_start();
        ck_assert(!unanswered_is_new(f));
        ck_assert(unanswered_take(f, &got));
        ck_assert_uint_eq(got.client.udp.port, 1002);
        ck_assert_uint_eq(got.n, 6);
        ck_assert(memcmp(got.message, "second", 6) == 0);
        ck_assert(address_equal(&got.listener, &listener));
        ck_assert(!unanswered_take(f, &got));
        kill_and_start();
        ck_assert_msg(!unanswered_take(f, &got), "what may have been the reason is taken over again");
}
END_TEST

START_TEST(the_memory_is_used_again_by_the_next_process)
{
        add(1001, "first");
        kill_and_start();
        ck_assert(unanswered_take(f, &got));
        add(1002, "second");
        add(1003, "third");
        kill_and_start();
        ck_assert(unanswered_take(f, &got));
        ck_assert(unanswered_take(f, &got));
        ck_assert(!unanswered_take(f, &got));
}
END_TEST

START_TEST(a_query_that_was_never_added_removes_no_other)
{
        Client answered_at_once = client(1001);

        add(1002, "pending");
        unanswered_remove(f, answered_at_once.udp.mark);
        kill_and_start();
        ck_assert(unanswered_take(f, &got));
        ck_assert_uint_eq(got.client.udp.port, 1002);
}
END_TEST

START_TEST(a_full_table_and_a_large_query_are_no_error)
{
        static const uint8_t large[UNANSWERED_MESSAGE_MAX + 1];
        Client c = client(1);
        unsigned n = 0;

        unanswered_add(f, &c, &listener, BYTES(large, sizeof(large)));
        for (unsigned i = 0; i < CLIENTS_PENDING_MAX; i++)
                ck_assert_uint_ne(add(1, "query"), 0);
        ck_assert_uint_eq(add(1, "one too many"), 0);
        kill_and_start();
        while (unanswered_take(f, &got)) {
                ck_assert_uint_eq(got.n, 5);
                n++;
        }
        ck_assert_uint_eq(n, CLIENTS_PENDING_MAX);
        ck_assert_uint_ne(add(1, "query"), 0);
}
END_TEST

START_TEST(memory_of_another_version_is_replaced)
{
        static const size_t offsets[] = { 0, 8, 12 };

        for (size_t i = 0; i < ELEMENTS(offsets); i++) {
                add(1, "query");
                ck_assert_int_eq(pwrite(unanswered_fd(f), "X", 1, (off_t) offsets[i]), 1);
                kill_and_start();
                ck_assert(unanswered_is_new(f));
                ck_assert(!unanswered_take(f, &got));
        }
        ck_assert_int_eq(ftruncate(unanswered_fd(f), 4096), 0);
        kill_and_start();
        ck_assert(unanswered_is_new(f));
}
END_TEST

static TCase *cases(void)
{
        TCase *t = tcase_create("unanswered");

        tcase_add_checked_fixture(t, start, stop);
        tcase_add_test(t, a_query_that_was_not_answered_goes_over_once);
        tcase_add_test(t, the_memory_is_used_again_by_the_next_process);
        tcase_add_test(t, a_query_that_was_never_added_removes_no_other);
        tcase_add_test(t, a_full_table_and_a_large_query_are_no_error);
        tcase_add_test(t, memory_of_another_version_is_replaced);
        return t;
}

int main(void)
{
        Suite *s = suite_create("unanswered");

        suite_add_tcase(s, cases());
        return run_suite(s);
}
