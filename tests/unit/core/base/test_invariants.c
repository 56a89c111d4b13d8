/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * core/base: a broken invariant ends the process where it is broken, in every build.
 */

#include <check.h>
#include <signal.h>

#include "core/base/handle_table.h"
#include "core/base/list.h"
#include "core/base/packet.h"
#include "core/base/timers.h"
#include "run.h"

static void due(_unused_ Timer *t, _unused_ uint64_t now)
{
}

START_TEST(a_link_in_one_list_cannot_be_put_into_another)
{
        List a, b, link;

        list_init(&a);
        list_init(&b);
        list_init(&link);
        list_append(&a, &link);
        list_append(&b, &link);
}
END_TEST

START_TEST(a_link_whose_neighbour_does_not_know_it_cannot_be_taken_out)
{
        List list, link, stranger;

        list_init(&list);
        list_init(&stranger);
        list_init(&link);
        list_append(&list, &link);
        link.previous = &stranger;
        list_remove(&link);
}
END_TEST

START_TEST(a_timer_cannot_be_set_without_room_reserved)
{
        Timers timers = { 0 };
        Timer a = TIMER_INIT(due), b = TIMER_INIT(due);

        ck_assert_int_eq(timers_reserve(&timers), 0);
        timer_set(&timers, &a, 1);
        timer_set(&timers, &b, 2);
}
END_TEST

START_TEST(the_room_of_a_timer_that_is_set_cannot_be_released)
{
        Timers timers = { 0 };
        Timer a = TIMER_INIT(due);

        ck_assert_int_eq(timers_reserve(&timers), 0);
        timer_set(&timers, &a, 1);
        timers_release(&timers);
}
END_TEST

START_TEST(a_timer_of_another_heap_cannot_be_cleared)
{
        Timers timers = { 0 }, others = { 0 };
        Timer a = TIMER_INIT(due), b = TIMER_INIT(due);

        ck_assert(timers_reserve(&timers) == 0 && timers_reserve(&others) == 0);
        timer_set(&timers, &a, 1);
        timer_set(&others, &b, 1);
        timer_set(&timers, &b, USEC_NEVER);
}
END_TEST

START_TEST(nothing_has_no_handle)
{
        HandleTable table = { 0 };

        handle_table_add(&table, NULL);
}
END_TEST

START_TEST(a_packet_without_an_owner_cannot_be_owned_again)
{
        static Packet freed;

        packet_ref(&freed);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("invariants");
        TCase *t = tcase_create("invariants");

        tcase_add_test_raise_signal(t, a_link_in_one_list_cannot_be_put_into_another, SIGABRT);
        tcase_add_test_raise_signal(t, a_link_whose_neighbour_does_not_know_it_cannot_be_taken_out, SIGABRT);
        tcase_add_test_raise_signal(t, a_timer_cannot_be_set_without_room_reserved, SIGABRT);
        tcase_add_test_raise_signal(t, the_room_of_a_timer_that_is_set_cannot_be_released, SIGABRT);
        tcase_add_test_raise_signal(t, a_timer_of_another_heap_cannot_be_cleared, SIGABRT);
        tcase_add_test_raise_signal(t, nothing_has_no_handle, SIGABRT);
        tcase_add_test_raise_signal(t, a_packet_without_an_owner_cannot_be_owned_again, SIGABRT);
        suite_add_tcase(s, t);
        return run_suite(s);
}
