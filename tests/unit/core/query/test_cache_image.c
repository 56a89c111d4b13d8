/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The image of a cache: what one process leaves to the next, and that nothing wrong comes of it. */

#include "core/query/cache_image.h"

#include "cached.h"
#include "run.h"

#define SERVERS 7

static uint8_t image[4 << 20];
static size_t image_n;
static uint64_t wall = 1700000000 * SEC;
static CacheImageStatus status;
static bool damaged;

static CacheImageStamp stamp(void)
{
        return (CacheImageStamp) { .servers = SERVERS, .boot_time = now, .wall_clock = wall };
}

static void save(void)
{
        CacheImageStamp s = stamp();
        size_t n;

        cache_image_write_header(&s, CACHE_IMAGE_VERSION, image);
        image_n = CACHE_IMAGE_HEADER_SIZE;
        while ((n = cache_image_save(cache, image + image_n, CACHE_IMAGE_RECORD_MAX, now)) > 0)
                image_n += n;
        ck_assert_uint_eq(cache_stats(cache).entries, 0);
}

static void pass(uint64_t usec)
{
        now += usec;
        wall += usec;
}

/* Loads the image into another cache, in pieces of `piece` octets. */
static void load(bool same_boot, const CacheLimits *next_limits, size_t piece)
{
        static const uint8_t other_seed[16] = "another process";
        uint64_t elapsed;
        CacheImageStamp s = stamp();
        size_t at = CACHE_IMAGE_HEADER_SIZE, used;

        cache_free(cache);
        cache = cache_new(next_limits, other_seed);
        damaged = false;
        status = cache_image_read_header(BYTES(image, image_n), &s, same_boot, &elapsed);
        if (status != CACHE_IMAGE_OK)
                return;
        do {
                used = cache_image_load(cache, BYTES(image + at, MIN(piece, image_n - at)), elapsed, now, &damaged);
                at += used;
        } while (used > 0 && !damaged);
}

static void restart(void)
{
        save();
        load(true, &limits, sizeof(image));
        ck_assert_int_eq(status, CACHE_IMAGE_OK);
        ck_assert(!damaged);
}

static CacheKey numbered(unsigned i, uint8_t name[static 32])
{
        name[0] = 7;
        snprintf((char *) name + 1, 31, "n%06u\4test", i);
        return (CacheKey) { .qname = BYTES(name, 14), .qtype = TYPE_A, .qclass = CLASS_IN };
}

static void put_numbered(unsigned i)
{
        uint8_t name[32];
        CacheKey key = numbered(i, name);

        wire_question(&w, DNS_QR | DNS_RD | DNS_RA, name, key.qname.n, TYPE_A, CLASS_IN);
        wire_record(&w, 0, HERE, 2, TYPE_A, CLASS_IN, 300, &i, 4);
        ck_assert(put_as(key, 0, UINT32_MAX));
}

static CacheResult get_numbered(unsigned i)
{
        uint8_t name[32];

        return get_as(numbered(i, name));
}

/* --- what goes over */

START_TEST(an_answer_goes_over_with_the_rest_of_its_ttl)
{
        data(TYPE_A, 300);
        ck_assert(put());
        pass(100 * SEC);
        save();
        pass(20 * SEC);
        load(true, &limits, sizeof(image));
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(got.age, 120);
        ck_assert_uint_eq(got.ttl_left, 180);
        ck_assert(got.wire.n == w.n && memcmp(got.wire.p, w.data, w.n) == 0);
        pass(180 * SEC);
        ck_assert_int_eq(get(TYPE_A), CACHE_STALE);
}
END_TEST

START_TEST(an_answer_that_expires_meanwhile_is_stale_and_then_gone)
{
        data(TYPE_A, 300);
        put();
        save();
        pass(400 * SEC);
        load(true, &limits, sizeof(image));
        ck_assert_int_eq(get(TYPE_A), CACHE_STALE);
        ck_assert_uint_eq(got.age, 400);
        restart();
        ck_assert_int_eq(get(TYPE_A), CACHE_STALE);
        save();
        pass(24 * HOUR - 100 * SEC);
        load(true, &limits, sizeof(image));
        ck_assert_int_eq(get(TYPE_A), CACHE_MISS);
}
END_TEST

START_TEST(denials_and_the_bits_of_the_question_go_over)
{
        CacheKey key = www(TYPE_AAAA);

        wire_begin(&w, DNS_QR | DNS_RD | DNS_RA, TYPE_MX);
        wire_soa(&w, 60, 60);
        ck_assert(put());
        key.dnssec_ok = true;
        data(TYPE_AAAA, 300);
        ck_assert(put_as(key, 0, UINT32_MAX));
        key.checking_disabled = true;
        wire_begin(&w, DNS_QR | DNS_RD | DNS_RA | RCODE_NXDOMAIN, TYPE_AAAA);
        wire_soa(&w, 60, 60);
        key.qtype = TYPE_TXT;
        key.dnssec_ok = false;
        ck_assert(put_as(key, 0, UINT32_MAX));
        restart();
        ck_assert_int_eq(get(TYPE_MX), CACHE_HIT);
        ck_assert_int_eq(got.kind, LIFETIME_NEGATIVE);
        ck_assert_int_eq(get(TYPE_AAAA), CACHE_MISS);
        key = www(TYPE_AAAA);
        key.dnssec_ok = true;
        ck_assert_int_eq(get_as(key), CACHE_HIT);
        key.dnssec_ok = false;
        key.checking_disabled = true;
        key.qtype = TYPE_SRV;
        ck_assert_msg(get_as(key) == CACHE_HIT, "NXDOMAIN answers for all types");
        ck_assert_uint_eq(message_rcode(&answer), RCODE_NXDOMAIN);
        ck_assert_uint_eq(answer.qtype, TYPE_SRV);
}
END_TEST

START_TEST(failures_and_answers_of_this_network_stay_behind)
{
        CacheKey key = www(TYPE_A);
        Message m;

        wire_begin(&w, DNS_QR | DNS_RD | DNS_RA | RCODE_SERVFAIL, TYPE_AAAA);
        ck_assert(put());
        data(TYPE_A, 300);
        message_parse(&m, wire_bytes(&w));
        ck_assert(cache_put(cache, &key, &m, 0, UINT32_MAX, true, now));
        restart();
        ck_assert_uint_eq(cache_stats(cache).entries, 0);
}
END_TEST

START_TEST(a_full_cache_goes_over_whole_in_pieces_and_is_no_larger_as_an_image)
{
        uint64_t entries;
        unsigned hits = 0;

        for (unsigned i = 0; i < 20000; i++)
                put_numbered(i);
        entries = cache_stats(cache).entries;
        ck_assert_uint_gt(cache_stats(cache).evictions, 0);
        save();
        ck_assert_uint_le(image_n, limits.size);
        load(true, &limits, CACHE_IMAGE_RECORD_MAX);
        for (unsigned i = 0; i < 20000; i++)
                if (get_numbered(i) == CACHE_HIT) {
                        ck_assert_msg(memcmp(got.wire.p + got.wire.n - 4, &i, 4) == 0, "the answer of another name");
                        hits++;
                }
        ck_assert_uint_eq(hits, entries);
        ck_assert_msg(cache_stats(cache).inserts == 0, "counts answers that did not come from an upstream");
}
END_TEST

START_TEST(a_smaller_cache_takes_what_fits)
{
        CacheLimits small = limits;

        small.size = 64 << 10;
        for (unsigned i = 0; i < 2000; i++)
                put_numbered(i);
        save();
        load(true, &small, sizeof(image));
        ck_assert_uint_gt(cache_stats(cache).entries, 100);
        ck_assert_uint_le(cache_stats(cache).bytes, small.size);
}
END_TEST

START_TEST(lower_limits_apply_to_what_goes_over)
{
        CacheLimits lower = limits;

        lower.max_ttl = 60 * SEC;
        lower.stale_max = 0;
        data(TYPE_A, 300);
        put();
        save();
        pass(30 * SEC);
        load(true, &lower, sizeof(image));
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(got.ttl_left, 30);
        pass(30 * SEC);
        ck_assert_int_eq(get(TYPE_A), CACHE_MISS);
}
END_TEST

START_TEST(what_the_next_cache_knows_already_is_newer_and_stays)
{
        uint64_t elapsed;
        CacheImageStamp s;

        data(TYPE_A, 300);
        put();
        save();
        pass(10 * SEC);
        data(TYPE_A, 60);
        put();
        s = stamp();
        ck_assert_int_eq(cache_image_read_header(BYTES(image, image_n), &s, true, &elapsed), CACHE_IMAGE_OK);
        cache_image_load(cache, BYTES(image + CACHE_IMAGE_HEADER_SIZE, image_n - CACHE_IMAGE_HEADER_SIZE), elapsed, now,
                         &damaged);
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(got.ttl_left, 60);
}
END_TEST

/* --- clocks */

START_TEST(over_a_reboot_the_wall_clock_counts)
{
        data(TYPE_A, 300);
        put();
        wire_begin(&w, DNS_QR | DNS_RD | DNS_RA, TYPE_MX);
        wire_soa(&w, 60, 60);
        put();
        save();
        wall += 100 * SEC;
        now = 5 * SEC;
        load(false, &limits, sizeof(image));
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(got.age, 100);
        ck_assert_uint_eq(got.ttl_left, 200);
        ck_assert_msg(get(TYPE_MX) == CACHE_STALE, "it expired while the machine was off");
        pass(200 * SEC);
        ck_assert_int_eq(get(TYPE_A), CACHE_STALE);
        restart();
        ck_assert_int_eq(get(TYPE_A), CACHE_STALE);
        ck_assert_uint_eq(got.age, 300);
}
END_TEST

START_TEST(a_wall_clock_that_was_set_back_leaves_the_age_unknown)
{
        data(TYPE_A, 300);
        put();
        save();
        wall -= SEC;
        load(false, &limits, sizeof(image));
        ck_assert_int_eq(status, CACHE_IMAGE_OTHER_CLOCK);
        now -= SEC;
        load(true, &limits, sizeof(image));
        ck_assert_int_eq(status, CACHE_IMAGE_OTHER_CLOCK);
}
END_TEST

START_TEST(a_wall_clock_that_was_set_back_in_the_same_boot_makes_nothing_younger)
{
        data(TYPE_A, 300);
        put();
        save();
        wall += 10 * SEC;
        now += 250 * SEC;
        load(false, &limits, sizeof(image));
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(got.ttl_left, 50);
}
END_TEST

/* --- what is not used */

START_TEST(an_image_of_another_version_is_not_used)
{
        CacheImageStamp s = stamp();
        uint64_t elapsed;

        data(TYPE_A, 300);
        put();
        save();
        /* As that version would have written it: the checksum covers the number. */
        for (unsigned version = 0; version < 4; version++) {
                cache_image_write_header(&s, version, image);
                status = cache_image_read_header(BYTES(image, image_n), &s, true, &elapsed);
                ck_assert_int_eq(status, version == CACHE_IMAGE_VERSION ? CACHE_IMAGE_OK : CACHE_IMAGE_VERSION_UNKNOWN);
        }
}
END_TEST

START_TEST(an_image_of_other_servers_is_not_used)
{
        CacheImageStamp s = stamp();
        uint64_t elapsed;

        save();
        s.servers++;
        ck_assert_int_eq(cache_image_read_header(BYTES(image, image_n), &s, true, &elapsed), CACHE_IMAGE_OTHER_SERVERS);
}
END_TEST

START_TEST(no_damage_of_a_bit_changes_an_answer)
{
        data(TYPE_A, 300);
        put();
        put_numbered(1);
        put_numbered(2);
        save();
        for (size_t bit = 0; bit < image_n * 8; bit++) {
                image[bit / 8] ^= (uint8_t) (1u << bit % 8);
                load(true, &limits, sizeof(image));
                ck_assert_msg(status != CACHE_IMAGE_OK || damaged || cache_stats(cache).entries < 3,
                              "bit %zu was not missed", bit);
                for (unsigned i = 1; i < 3; i++)
                        if (get_numbered(i) == CACHE_HIT)
                                ck_assert(got.ttl_left == 300 && memcmp(got.wire.p + got.wire.n - 4, &i, 4) == 0);
                image[bit / 8] ^= (uint8_t) (1u << bit % 8);
        }
}
END_TEST

START_TEST(an_image_that_is_cut_off_gives_what_was_whole)
{
        put_numbered(0);
        put_numbered(1);
        save();
        for (size_t n = image_n; n-- > 0;) {
                image_n = n;
                load(true, &limits, sizeof(image));
                ck_assert_uint_le(cache_stats(cache).entries, 1);
        }
        ck_assert_int_eq(status, CACHE_IMAGE_DAMAGED);
}
END_TEST

/* A record with a valid checksum whose answer no upstream could have put into the cache. */
static void refuse(CacheRecord r, const char *why)
{
        r.wire = wire_bytes(&w);
        ck_assert_msg(!cache_restore(cache, &r, now), "%s", why);
        ck_assert_uint_eq(cache_stats(cache).entries, 0);
}

START_TEST(an_answer_that_no_upstream_could_have_sent_is_refused)
{
        const CacheRecord good = { .life = 300 };

        data(TYPE_A, 300);
        ck_assert(cache_restore(cache, &(CacheRecord) { .life = 300, .wire = wire_bytes(&w) }, now));
        cache_flush(cache);
        refuse((CacheRecord) { .life = 0 }, "no lifetime");
        refuse((CacheRecord) { .life = 300, .age = 25 * HOUR }, "too old");
        refuse((CacheRecord) { .life = 300, .age = UINT64_MAX }, "as old as can be");
        refuse((CacheRecord) { .life = 300, .all_types = true }, "records for all types");
        w.n--;
        refuse(good, "cut off");
        wire_begin(&w, DNS_RD, TYPE_A);
        refuse(good, "a query");
        wire_begin(&w, DNS_QR | DNS_TC, TYPE_A);
        wire_record(&w, 0, HERE, 2, TYPE_A, CLASS_IN, 300, "\1\2\3\4", 4);
        refuse(good, "truncated");
        wire_begin(&w, DNS_QR | 5u << DNS_OPCODE_SHIFT, TYPE_A);
        wire_record(&w, 0, HERE, 2, TYPE_A, CLASS_IN, 300, "\1\2\3\4", 4);
        refuse(good, "another opcode");
        data(0, 300);
        refuse(good, "type 0, which stands for all types");
        data(TYPE_A, 0);
        refuse(good, "TTL 0");
        wire_begin(&w, DNS_QR | RCODE_NXDOMAIN, TYPE_A);
        refuse(good, "a denial without SOA");
        wire_begin(&w, DNS_QR | RCODE_SERVFAIL, TYPE_A);
        refuse(good, "a failure");
}
END_TEST

START_TEST(a_lifetime_is_never_longer_than_the_ttl)
{
        data(TYPE_A, 60);
        ck_assert(cache_restore(cache, &(CacheRecord) { .life = 3000, .age = 50 * SEC, .wire = wire_bytes(&w) }, now));
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(got.ttl_left, 10);
}
END_TEST

static TCase *cases(void)
{
        TCase *t = tcase_create("image");

        tcase_add_checked_fixture(t, start, stop);
        tcase_add_test(t, an_answer_goes_over_with_the_rest_of_its_ttl);
        tcase_add_test(t, an_answer_that_expires_meanwhile_is_stale_and_then_gone);
        tcase_add_test(t, denials_and_the_bits_of_the_question_go_over);
        tcase_add_test(t, failures_and_answers_of_this_network_stay_behind);
        tcase_add_test(t, a_full_cache_goes_over_whole_in_pieces_and_is_no_larger_as_an_image);
        tcase_add_test(t, a_smaller_cache_takes_what_fits);
        tcase_add_test(t, lower_limits_apply_to_what_goes_over);
        tcase_add_test(t, what_the_next_cache_knows_already_is_newer_and_stays);
        tcase_add_test(t, over_a_reboot_the_wall_clock_counts);
        tcase_add_test(t, a_wall_clock_that_was_set_back_leaves_the_age_unknown);
        tcase_add_test(t, a_wall_clock_that_was_set_back_in_the_same_boot_makes_nothing_younger);
        tcase_add_test(t, an_image_of_another_version_is_not_used);
        tcase_add_test(t, an_image_of_other_servers_is_not_used);
        tcase_add_test(t, no_damage_of_a_bit_changes_an_answer);
        tcase_add_test(t, an_image_that_is_cut_off_gives_what_was_whole);
        tcase_add_test(t, an_answer_that_no_upstream_could_have_sent_is_refused);
        tcase_add_test(t, a_lifetime_is_never_longer_than_the_ttl);
        return t;
}

int main(void)
{
        Suite *s = suite_create("cache image");

        suite_add_tcase(s, cases());
        return run_suite(s);
}
