/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cache by itself: what gives way, to a flush, another network, and others where there is no room for all; and what
 * is counted. */

#include "cached.h"
#include "run.h"

/* --- flushing */

static void name_of(unsigned i, char ret[DNS_NAME_MAX])
{
        snprintf(ret, DNS_NAME_MAX, "\x0bname%07u\4test", i);
}

static CacheKey named(unsigned i, char name[DNS_NAME_MAX])
{
        name_of(i, name);
        return (CacheKey) { .qname = BYTES(name, 18), .qtype = TYPE_A, .qclass = CLASS_IN };
}

/* Keeps an answer of `size` octets of data for name number `i`. */
static bool put_number(unsigned i, size_t size, uint32_t ttl, bool epoch_bound)
{
        static const uint8_t zeros[60000];
        char name[DNS_NAME_MAX];
        CacheKey key = named(i, name);
        Message m;

        memcpy(w.data, "\0\0\x81\x80\0\1\0\0\0\0\0\0", 12);
        w.n = 12;
        wire_put(&w, key.qname.p, key.qname.n);
        wire_put(&w, "\0\1\0\1", 4);
        wire_record(&w, 0, HERE, 2, TYPE_A, CLASS_IN, ttl, zeros, size);
        ck_assert_int_eq(message_parse(&m, wire_bytes(&w)), MESSAGE_OK);
        return cache_put(cache, &key, &m, 0, UINT32_MAX, epoch_bound, now);
}

static CacheResult get_number(unsigned i)
{
        char name[DNS_NAME_MAX];

        return get_as(named(i, name));
}

START_TEST(a_flush_leaves_nothing)
{
        uint64_t empty = cache_stats(cache).bytes;

        for (unsigned i = 0; i < 100; i++)
                ck_assert(put_number(i, 100, 300, false));
        cache_flush(cache);
        ck_assert_uint_eq(cache_stats(cache).entries, 0);
        ck_assert_uint_eq(cache_stats(cache).bytes, empty);
        for (unsigned i = 0; i < 100; i++)
                ck_assert_int_eq(get_number(i), CACHE_MISS);
        ck_assert(put_number(1, 100, 300, false));
        ck_assert_int_eq(get_number(1), CACHE_HIT);
}
END_TEST

START_TEST(a_network_change_drops_the_answers_of_that_network_and_nothing_else)
{
        for (unsigned i = 0; i < 100; i++)
                ck_assert(put_number(i, 100, 300, i % 2));
        cache_flush_network(cache);
        for (unsigned i = 0; i < 100; i++)
                ck_assert_int_eq(get_number(i), i % 2 ? CACHE_MISS : CACHE_HIT);
}
END_TEST

/* --- the ceiling */

START_TEST(no_flood_exceeds_the_size_limit)
{
        for (unsigned i = 0; i < 60000; i++) {
                put_number(i, i % 977 == 0 ? 30000 : i % 1300, 300, false);
                ck_assert_uint_le(cache_stats(cache).bytes, limits.size);
        }
        ck_assert_uint_gt(cache_stats(cache).bytes, limits.size / 10 * 9);
        ck_assert_uint_gt(cache_stats(cache).evictions, 30000);
}
END_TEST

START_TEST(one_answer_takes_at_most_a_tenth_of_the_cache)
{
        CacheLimits small = limits;

        small.size = 64 << 10;
        cache_set_limits(cache, &small);
        ck_assert(put_number(1, 100, 300, false));
        ck_assert(put_number(2, 6000, 300, false));
        ck_assert(!put_number(3, 60000, 300, false));
        ck_assert_int_eq(get_number(1), CACHE_HIT);
        ck_assert_int_eq(get_number(2), CACHE_HIT);
}
END_TEST

START_TEST(names_queried_again_survive_a_scan_of_any_length)
{
        unsigned kept = 0;

        for (unsigned i = 0; i < 1000; i++)
                put_number(i, 100, 300, false);
        for (unsigned i = 0; i < 1000; i++)
                ck_assert_int_eq(get_number(i), CACHE_HIT);
        for (unsigned i = 1000; i < 100000; i++)
                put_number(i, 100, 300, false);
        for (unsigned i = 0; i < 1000; i++)
                kept += get_number(i) == CACHE_HIT;
        ck_assert_uint_eq(kept, 1000);
}
END_TEST

START_TEST(a_name_queried_again_soon_after_its_eviction_is_kept)
{
        for (unsigned i = 0; i < 6000; i++)
                put_number(i, 100, 300, false);
        ck_assert_int_eq(get_number(2000), CACHE_MISS);
        put_number(2000, 100, 300, false);
        for (unsigned i = 6000; i < 100000; i++)
                put_number(i, 100, 300, false);
        ck_assert_int_eq(get_number(2000), CACHE_HIT);
}
END_TEST

START_TEST(a_cache_full_of_popular_names_still_takes_new_ones)
{
        for (unsigned round = 0; round < 20; round++) {
                for (unsigned i = 0; i < 5000; i++) {
                        put_number(round * 5000 + i, 100, 300, false);
                        for (unsigned k = 0; k < 4; k++)
                                ck_assert_int_eq(get_number(round * 5000 + i), CACHE_HIT);
                }
        }
        ck_assert_uint_le(cache_stats(cache).bytes, limits.size);
}
END_TEST

START_TEST(a_new_size_applies_at_once_and_keeps_what_fits)
{
        static const size_t sizes[] = { 64 << 10, 8 << 20, 256 << 10, 1 << 20 };
        CacheLimits l = limits;

        for (unsigned i = 0; i < 2000; i++)
                put_number(i, 100, 300, false);
        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                uint64_t before = cache_stats(cache).entries;

                l.size = sizes[i];
                cache_set_limits(cache, &l);
                ck_assert_uint_le(cache_stats(cache).bytes, l.size);
                if (i % 2)
                        ck_assert_uint_eq(cache_stats(cache).entries, before);
                else
                        ck_assert_uint_gt(cache_stats(cache).bytes, l.size / 2);
                for (unsigned k = 0; k < 5000; k++) {
                        put_number(2000 + k, 100, 300, false);
                        ck_assert_uint_le(cache_stats(cache).bytes, l.size);
                }
        }
}
END_TEST

/* --- counts */

START_TEST(resetting_statistics_clears_counts_and_keeps_sizes)
{
        CacheStats s;

        data(TYPE_A, 60);
        put();
        get(TYPE_A);
        get(TYPE_AAAA);
        now += 60 * SEC;
        get(TYPE_A);
        s = cache_stats(cache);
        ck_assert(s.inserts == 1 && s.hits == 1 && s.misses == 1 && s.stale == 1 && s.entries == 1);
        cache_reset_counts(cache);
        ck_assert_uint_eq(cache_stats(cache).hits, 0);
        ck_assert_uint_eq(cache_stats(cache).entries, 1);
        ck_assert_uint_eq(cache_stats(cache).bytes, s.bytes);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("cache_room");
        TCase *c;

        c = tcase_create("flushing");
        tcase_add_checked_fixture(c, start, stop);
        tcase_add_test(c, a_flush_leaves_nothing);
        tcase_add_test(c, a_network_change_drops_the_answers_of_that_network_and_nothing_else);
        suite_add_tcase(s, c);
        c = tcase_create("the ceiling");
        tcase_add_checked_fixture(c, start, stop);
        tcase_set_timeout(c, 60);
        tcase_add_test(c, no_flood_exceeds_the_size_limit);
        tcase_add_test(c, one_answer_takes_at_most_a_tenth_of_the_cache);
        tcase_add_test(c, names_queried_again_survive_a_scan_of_any_length);
        tcase_add_test(c, a_name_queried_again_soon_after_its_eviction_is_kept);
        tcase_add_test(c, a_cache_full_of_popular_names_still_takes_new_ones);
        tcase_add_test(c, a_new_size_applies_at_once_and_keeps_what_fits);
        suite_add_tcase(s, c);
        c = tcase_create("counts");
        tcase_add_checked_fixture(c, start, stop);
        tcase_add_test(c, resetting_statistics_clears_counts_and_keeps_sizes);
        suite_add_tcase(s, c);
        return run_suite(s);
}
