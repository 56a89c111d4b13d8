/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/base/pool: what is given back is used again, and nothing else is. */

#include <check.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>

#include "core/base/pool.h"
#include "run.h"

#define BLOCKS 2000

/* AddressSanitizer's, if the program is linked with it, whatever the compiler defines. */
extern int __asan_address_is_poisoned(const volatile void *p) __attribute__((__weak__));

START_TEST(blocks_of_all_sizes_are_apart_and_whole)
{
        static uint8_t *blocks[BLOCKS];

        for (unsigned turn = 0; turn < 3; turn++) {
                for (size_t i = 0; i < BLOCKS; i++) {
                        blocks[i] = pool_get(i % 1200 + 1);
                        ck_assert_ptr_nonnull(blocks[i]);
                        ck_assert_uint_eq((uintptr_t) blocks[i] % _Alignof(max_align_t), 0);
                        memset(blocks[i], (int) (i % 251), i % 1200 + 1);
                }
                for (size_t i = 0; i < BLOCKS; i++) {
                        size_t n = 0;

                        while (n < i % 1200 + 1 && blocks[i][n] == i % 251)
                                n++;
                        ck_assert_msg(n == i % 1200 + 1, "block %zu is not its own", i);
                        pool_put(blocks[i], i % 1200 + 1);
                }
        }
}
END_TEST

START_TEST(zeroed_block_is_zero_although_it_was_used)
{
        uint8_t *p = pool_get(100);

        memset(p, 0xff, 100);
        pool_put(p, 100);
        p = pool_get_zeroed(100);
        for (size_t i = 0; i < 100; i++)
                ck_assert_uint_eq(p[i], 0);
        pool_put(p, 100);
        pool_put(NULL, 100);
}
END_TEST

START_TEST(address_sanitizer_sees_use_of_what_was_given_back)
{
        void *p = pool_get(100);

        pool_put(p, 100);
        if (__asan_address_is_poisoned)
                ck_assert_int_eq(__asan_address_is_poisoned(p), 1);
}
END_TEST

#if POOL_KEEPS
START_TEST(block_is_used_again)
{
        void *p = pool_get(100);

        pool_put(p, 100);
        ck_assert_ptr_eq(pool_get(90), p);
        pool_put(p, 90);
}
END_TEST

/* malloc() keeps seven of a size at hand, which it counts as used. */
START_TEST(nothing_is_kept_after_a_clear)
{
        size_t before = mallinfo2().uordblks;
        void *p[64 * 14];

        for (size_t i = 0; i < ELEMENTS(p); i++)
                ck_assert_ptr_nonnull(p[i] = pool_get(i % 64 * 16 + 8));
        for (size_t i = 0; i < ELEMENTS(p); i++)
                pool_put(p[i], i % 64 * 16 + 8);
        ck_assert_uint_gt(mallinfo2().uordblks, before + 400000);
        pool_clear();
        pool_clear();
        ck_assert_uint_lt(mallinfo2().uordblks, before + 300000);
        p[0] = pool_get(100);
        pool_put(p[0], 100);
        ck_assert_ptr_eq(pool_get(100), p[0]);
        pool_put(p[0], 100);
}
END_TEST

START_TEST(block_given_back_twice_ends_the_process)
{
        void *p = pool_get(100), *q = pool_get(100);

        pool_put(p, 100);
        pool_put(q, 100);
        pool_put(p, 100);
}
END_TEST
#endif

int main(void)
{
        Suite *s = suite_create("pool");
        TCase *t = tcase_create("pool");

        tcase_add_test(t, blocks_of_all_sizes_are_apart_and_whole);
        tcase_add_test(t, zeroed_block_is_zero_although_it_was_used);
        tcase_add_test(t, address_sanitizer_sees_use_of_what_was_given_back);
#if POOL_KEEPS
        tcase_add_test(t, block_is_used_again);
        tcase_add_test(t, nothing_is_kept_after_a_clear);
        tcase_add_test_raise_signal(t, block_given_back_twice_ends_the_process, SIGABRT);
#endif
        suite_add_tcase(s, t);
        return run_suite(s);
}
