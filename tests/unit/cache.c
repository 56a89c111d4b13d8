/*
 * The cache by itself: what is kept, for how long, and what gives way. The clock is the test's.
 */

#include <check.h>
#include <stdio.h>

#include "core/cache.h"
#include "wire.h"

#define SEC USEC_PER_SEC
#define HOUR USEC_PER_HOUR

static const CacheLimits limits = {
        .size = 1 << 20,
        .max_ttl = 24 * HOUR,
        .negative_max_ttl = HOUR,
        .failure_min = SEC,
        .failure_max = 300 * SEC,
        .stale_max = 24 * HOUR,
};
static const uint8_t seed[16] = "0123456789abcde";

static Cache *cache;
static uint64_t now;
static Wire w;
static CacheEntry got;
static Message answer;

static void start(void)
{
        cache = cache_new(&limits, seed);
        now = 1000 * SEC;
}

static void stop(void)
{
        cache_free(cache);
}

static CacheKey www(uint16_t qtype)
{
        return (CacheKey) { .qname = BYTES(WWW, sizeof(WWW)), .qtype = qtype, .qclass = CLASS_IN };
}

static bool put_as(CacheKey key, uint32_t age, uint32_t max_age)
{
        Message m;

        ck_assert_int_eq(message_parse(&m, wire_bytes(&w)), MESSAGE_OK);
        return cache_put(cache, &key, &m, age, max_age, false, now);
}

/* Keeps `w`, for the type that it asks. */
static bool put(void)
{
        Message m;

        message_parse(&m, wire_bytes(&w));
        return put_as(www(m.qtype), 0, UINT32_MAX);
}

static CacheResult get_as(CacheKey key)
{
        CacheResult r = cache_get(cache, &key, now, &got);

        if (r != CACHE_MISS)
                ck_assert_int_eq(message_parse(&answer, got.wire), MESSAGE_OK);
        return r;
}

static CacheResult get(uint16_t qtype)
{
        return get_as(www(qtype));
}

static uint32_t ttl_of(unsigned i)
{
        RecordWalk walk = RECORD_WALK(&answer);
        Record r;

        do
                ck_assert(record_next(&walk, &r));
        while (i-- > 0);
        return r.ttl;
}

static void data(uint16_t qtype, uint32_t ttl)
{
        wire_begin(&w, DNS_QR | DNS_RD | DNS_RA, qtype);
        wire_record(&w, 0, HERE, 2, qtype, CLASS_IN, ttl, "\1\2\3\4", 4);
}

static void no_data(unsigned rcode, uint16_t qtype, uint32_t ttl, uint32_t minimum)
{
        wire_begin(&w, DNS_QR | DNS_RD | DNS_RA | rcode, qtype);
        wire_soa(&w, ttl, minimum);
}

static void failure(unsigned rcode)
{
        wire_begin(&w, DNS_QR | DNS_RD | DNS_RA | rcode, TYPE_A);
}

/* For how many seconds it is fresh. */
static uint64_t life(uint16_t qtype)
{
        uint64_t since = now, n = get(qtype) == CACHE_HIT ? got.ttl_left : 0;

        if (n > 0) {
                now = since + n * SEC - 1;
                ck_assert_int_eq(get(qtype), CACHE_HIT);
                now++;
                ck_assert_int_ne(get(qtype), CACHE_HIT);
        }
        now = since;
        return n;
}

/* --- positive answers */

START_TEST(RFC1035_an_answer_lives_as_long_as_its_shortest_ttl)
{
        data(TYPE_A, 300);
        wire_record(&w, 0, HERE, 2, TYPE_A, CLASS_IN, 60, "\1\2\3\5", 4);
        ck_assert(put());
        ck_assert_uint_eq(life(TYPE_A), 60);
        now += 59 * SEC;
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(got.age, 59);
        ck_assert_uint_eq(got.ttl_left, 1);
        ck_assert_int_eq(got.kind, LIFETIME_POSITIVE);
}
END_TEST

START_TEST(RFC2181_a_ttl_with_the_top_bit_is_none)
{
        data(TYPE_A, 0x80000001);
        ck_assert(!put());
        ck_assert_int_eq(get(TYPE_A), CACHE_MISS);
}
END_TEST

START_TEST(RFC1035_a_ttl_of_0_is_not_kept)
{
        data(TYPE_A, 0);
        ck_assert(!put());
        data(TYPE_A, 300);
        wire_record(&w, 2, HERE, 2, TYPE_AAAA, CLASS_IN, 0, "0123456789abcdef", 16);
        ck_assert_msg(!put(), "one record that may not be kept keeps the whole message out");
}
END_TEST

START_TEST(ttls_are_clamped_on_arrival_and_count_down_from_there)
{
        data(TYPE_A, 7 * 24 * 3600);
        ck_assert(put());
        ck_assert_uint_eq(life(TYPE_A), 24 * 3600);
        now += 3600 * SEC;
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(ttl_of(0), 24 * 3600);
        ck_assert_uint_eq(got.age, 3600);
}
END_TEST

START_TEST(RFC4035_RFC6840_what_was_asked_with_DO_or_CD_answers_only_what_is_asked_so)
{
        for (unsigned kept = 0; kept < 4; kept++) {
                CacheKey key = www(TYPE_A);

                key.dnssec_ok = kept & 1;
                key.checking_disabled = kept & 2;
                cache_flush(cache);
                data(TYPE_A, 300);
                ck_assert(put_as(key, 0, UINT32_MAX));
                for (unsigned asked = 0; asked < 4; asked++) {
                        key.dnssec_ok = asked & 1;
                        key.checking_disabled = asked & 2;
                        ck_assert_int_eq(get_as(key), asked == kept ? CACHE_HIT : CACHE_MISS);
                }
        }
}
END_TEST

START_TEST(types_and_classes_are_apart)
{
        CacheKey key = www(TYPE_A);

        data(TYPE_A, 300);
        ck_assert(put());
        ck_assert_int_eq(get(TYPE_AAAA), CACHE_MISS);
        ck_assert_int_eq(get(TYPE_ANY), CACHE_MISS);
        key.qclass = CLASS_CH;
        ck_assert_int_eq(get_as(key), CACHE_MISS);
}
END_TEST

START_TEST(RFC8482_an_answer_to_any_serves_for_any_only)
{
        wire_begin(&w, DNS_QR, TYPE_ANY);
        wire_a(&w, 300);
        ck_assert(put());
        ck_assert_int_eq(get(TYPE_ANY), CACHE_HIT);
        ck_assert_int_eq(get(TYPE_A), CACHE_MISS);
}
END_TEST

START_TEST(RFC8945_RFC2181_signed_and_truncated_messages_are_not_kept_and_replace_nothing)
{
        data(TYPE_A, 300);
        ck_assert(put());
        wire_begin(&w, DNS_QR | DNS_TC, TYPE_A);
        ck_assert(!put());
        data(TYPE_A, 60);
        wire_record(&w, 2, "\3key", 5, TYPE_TSIG, CLASS_ANY, 0, "0123456789abcdef", 16);
        ck_assert(!put());
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(ttl_of(0), 300);
}
END_TEST

START_TEST(RFC6891_no_OPT_is_kept_but_for_what_it_says_of_the_answer)
{
        static const uint8_t padding[204] = { 0, 12, 0, 200 };
        CacheStats before;

        data(TYPE_A, 300);
        ck_assert(put());
        before = cache_stats(cache);
        wire_opt(&w, 1232, 0x8000, padding, sizeof(padding));
        ck_assert(put());
        ck_assert_uint_eq(cache_stats(cache).octets, before.octets);
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert(!answer.edns.present);
        ck_assert_uint_eq(answer.arcount, 0);

        data(TYPE_A, 300);
        wire_opt(&w, 1232, 0, "\0\x0c\0\2\0\0\0\x0f\0\4\0\6no\0\x0a\0\x08" "cccccccc", 26);
        wire_record(&w, 2, HERE, 2, TYPE_A, CLASS_IN, 300, "\1\2\3\4", 4);
        ck_assert(put());
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(answer.arcount, 2);
        ck_assert_uint_eq(answer.edns.options.n, 8);
        ck_assert_int_eq(memcmp(answer.edns.options.p, "\0\x0f\0\4\0\6no", 8), 0);
}
END_TEST

/* --- HTTP */

START_TEST(RFC8484_the_age_in_HTTP_is_taken_from_life_and_ttls)
{
        data(TYPE_A, 300);
        ck_assert(put_as(www(TYPE_A), 100, UINT32_MAX));
        ck_assert_uint_eq(life(TYPE_A), 200);
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(ttl_of(0), 200);
        ck_assert_uint_eq(got.age, 0);
}
END_TEST

START_TEST(RFC8484_with_an_age_beyond_its_ttl_it_is_not_kept)
{
        data(TYPE_A, 300);
        ck_assert(!put_as(www(TYPE_A), 300, UINT32_MAX));
        ck_assert(!put_as(www(TYPE_A), UINT32_MAX, UINT32_MAX));
}
END_TEST

START_TEST(RFC9111_max_age_bounds_the_life_and_0_forbids_it)
{
        data(TYPE_A, 300);
        ck_assert(put_as(www(TYPE_A), 0, 60));
        ck_assert_uint_eq(life(TYPE_A), 60);
        ck_assert(put_as(www(TYPE_A), 20, 60));
        ck_assert_uint_eq(life(TYPE_A), 40);
        ck_assert(put_as(www(TYPE_A), 0, 4000));
        ck_assert_uint_eq(life(TYPE_A), 300);
        ck_assert(!put_as(www(TYPE_A), 0, 0));
}
END_TEST

START_TEST(a_long_age_and_a_longer_ttl_are_clamped_as_of_arrival)
{
        data(TYPE_A, 4 * 24 * 3600);
        ck_assert(put_as(www(TYPE_A), 2 * 24 * 3600, UINT32_MAX));
        ck_assert_uint_eq(life(TYPE_A), 24 * 3600);
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(ttl_of(0), 24 * 3600);
}
END_TEST

/* --- negative answers */

START_TEST(RFC2308_a_negative_answer_lives_for_the_lesser_of_the_SOAs_ttl_and_minimum)
{
        no_data(RCODE_NXDOMAIN, TYPE_A, 300, 60);
        ck_assert(put());
        ck_assert_uint_eq(life(TYPE_A), 60);
        no_data(RCODE_NXDOMAIN, TYPE_A, 60, 300);
        ck_assert(put());
        ck_assert_uint_eq(life(TYPE_A), 60);
        no_data(RCODE_NOERROR, TYPE_A, 300, 50);
        ck_assert(put());
        ck_assert_uint_eq(life(TYPE_A), 50);
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_int_eq(got.kind, LIFETIME_NEGATIVE);
}
END_TEST

START_TEST(RFC2308_without_a_SOA_it_is_not_kept)
{
        wire_begin(&w, DNS_QR | RCODE_NXDOMAIN, TYPE_A);
        ck_assert(!put());
        wire_begin(&w, DNS_QR, TYPE_A);
        ck_assert(!put());
        wire_record(&w, 1, HERE, 2, TYPE_NS, CLASS_IN, 300, HERE, 2);
        ck_assert_msg(!put(), "a referral");
}
END_TEST

START_TEST(RFC2308_a_SOA_with_ttl_0_or_minimum_0_or_above_2_to_31_is_not_kept)
{
        no_data(RCODE_NXDOMAIN, TYPE_A, 0, 300);
        ck_assert(!put());
        no_data(RCODE_NXDOMAIN, TYPE_A, 300, 0);
        ck_assert(!put());
        no_data(RCODE_NXDOMAIN, TYPE_A, 300, 0x80000000);
        ck_assert(!put());
}
END_TEST

START_TEST(RFC2308_NXDOMAIN_is_for_all_types_and_the_answer_repeats_the_one_asked)
{
        no_data(RCODE_NXDOMAIN, TYPE_A, 300, 300);
        ck_assert(put());
        for (unsigned i = 0; i < 3; i++) {
                uint16_t type = (uint16_t[]) { TYPE_AAAA, TYPE_HTTPS, TYPE_A }[i];

                ck_assert_int_eq(get(type), CACHE_HIT);
                ck_assert_uint_eq(answer.qtype, type);
                ck_assert(name_equal(answer.qname, BYTES(WWW, sizeof(WWW))));
                ck_assert_uint_eq(answer.qclass, CLASS_IN);
        }
        ck_assert_uint_eq(cache_stats(cache).entries, 1);
}
END_TEST

START_TEST(RFC2308_NODATA_is_for_its_type_only)
{
        no_data(RCODE_NOERROR, TYPE_A, 300, 300);
        ck_assert(put());
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_int_eq(get(TYPE_AAAA), CACHE_MISS);
}
END_TEST

START_TEST(RFC2308_NXDOMAIN_behind_a_CNAME_is_for_its_type_only_and_no_longer_than_the_CNAME)
{
        wire_begin(&w, DNS_QR | RCODE_NXDOMAIN, TYPE_A);
        wire_record(&w, 0, HERE, 2, TYPE_CNAME, CLASS_IN, 20, "\4gone\xc0\x10", 7);
        wire_soa(&w, 300, 300);
        ck_assert(put());
        ck_assert_uint_eq(life(TYPE_A), 20);
        ck_assert_int_eq(get(TYPE_AAAA), CACHE_MISS);
        ck_assert_int_eq(get(TYPE_CNAME), CACHE_MISS);
}
END_TEST

START_TEST(RFC2308_a_CNAME_to_no_data_is_negative)
{
        wire_begin(&w, DNS_QR, TYPE_A);
        wire_record(&w, 0, HERE, 2, TYPE_CNAME, CLASS_IN, 600, "\4here\xc0\x10", 7);
        ck_assert_msg(!put(), "a chain that leads nowhere, and no SOA");
        wire_soa(&w, 300, 30);
        ck_assert(put());
        ck_assert_uint_eq(life(TYPE_A), 30);
}
END_TEST

START_TEST(RFC2308_negative_answers_have_a_limit_of_their_own_and_all_their_ttls_keep_to_it)
{
        no_data(RCODE_NXDOMAIN, TYPE_A, 24 * 3600, 24 * 3600);
        ck_assert(put());
        ck_assert_uint_eq(life(TYPE_A), 3600);
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(ttl_of(0), 3600);
}
END_TEST

START_TEST(RFC2308_a_later_answer_replaces_NXDOMAIN_and_the_other_way_round)
{
        no_data(RCODE_NXDOMAIN, TYPE_A, 300, 300);
        ck_assert(put());
        data(TYPE_AAAA, 300);
        ck_assert(put());
        ck_assert_int_eq(get(TYPE_A), CACHE_MISS);
        no_data(RCODE_NXDOMAIN, TYPE_AAAA, 300, 300);
        ck_assert(put());
        ck_assert_int_eq(get(TYPE_AAAA), CACHE_HIT);
        ck_assert_uint_eq(message_rcode(&answer), RCODE_NXDOMAIN);
        no_data(RCODE_NOERROR, TYPE_A, 300, 300);
        ck_assert(put());
        ck_assert_msg(get(TYPE_AAAA) == CACHE_MISS, "NODATA says that the name exists");
}
END_TEST

START_TEST(RFC8020_names_below_one_that_does_not_exist_are_asked_for)
{
        CacheKey below = { .qname = BYTES("\1a" WWW, sizeof("\1a" WWW)), .qtype = TYPE_A, .qclass = CLASS_IN };

        no_data(RCODE_NXDOMAIN, TYPE_A, 300, 300);
        ck_assert(put());
        ck_assert_int_eq(get_as(below), CACHE_MISS);
}
END_TEST

/* --- failures */

START_TEST(RFC9520_a_failure_is_kept_for_a_second_and_twice_as_long_each_time_up_to_5_minutes)
{
        static const uint64_t expected[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 };

        for (size_t i = 0; i < ELEMENTS(expected); i++) {
                failure(RCODE_SERVFAIL);
                ck_assert(put());
                ck_assert_uint_eq(life(TYPE_A), expected[i]);
                ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
                ck_assert_int_eq(got.kind, LIFETIME_FAILURE);
                now += expected[i] * SEC;
                ck_assert_int_eq(get(TYPE_A), CACHE_MISS);
        }
}
END_TEST

START_TEST(RFC9520_all_rcodes_but_two_are_failures_and_for_their_question_only)
{
        for (unsigned rcode = 1; rcode < 16; rcode++) {
                if (rcode == RCODE_NXDOMAIN)
                        continue;
                cache_flush(cache);
                failure(rcode);
                ck_assert(put());
                ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
                ck_assert_int_eq(got.kind, LIFETIME_FAILURE);
                ck_assert_int_eq(get(TYPE_AAAA), CACHE_MISS);
        }
}
END_TEST

START_TEST(RFC9520_the_series_begins_anew_after_an_answer_or_a_pause)
{
        failure(RCODE_SERVFAIL);
        ck_assert(put());
        now += 2 * SEC;
        failure(RCODE_SERVFAIL);
        ck_assert(put());
        ck_assert_msg(life(TYPE_A) == 1, "as long as its life was over, there were none");
        data(TYPE_A, 1);
        ck_assert(put());
        now += 48 * HOUR;
        failure(RCODE_SERVFAIL);
        ck_assert(put());
        ck_assert_uint_eq(life(TYPE_A), 1);
}
END_TEST

START_TEST(RFC9520_a_failure_is_forgotten_when_the_network_or_an_upstream_changes)
{
        failure(RCODE_SERVFAIL);
        ck_assert(put());
        cache_forget_failures(cache);
        ck_assert_int_eq(get(TYPE_A), CACHE_MISS);
        failure(RCODE_SERVFAIL);
        ck_assert(put());
        ck_assert_uint_eq(life(TYPE_A), 1);
}
END_TEST

START_TEST(RFC9111_max_age_bounds_a_failure_too_but_not_below_the_second_of_RFC9520)
{
        failure(RCODE_SERVFAIL);
        for (unsigned i = 0; i < 5; i++)
                ck_assert(put());
        ck_assert_uint_eq(life(TYPE_A), 16);
        ck_assert(put_as(www(TYPE_A), 0, 3));
        ck_assert_uint_eq(life(TYPE_A), 3);
        ck_assert(put_as(www(TYPE_A), 0, 0));
        ck_assert_uint_eq(life(TYPE_A), 1);
        ck_assert(put_as(www(TYPE_A), 1000, UINT32_MAX));
        ck_assert_uint_eq(life(TYPE_A), 2);
}
END_TEST

/* --- stale answers */

START_TEST(RFC8767_an_answer_that_has_run_out_is_stale_until_the_limit)
{
        data(TYPE_A, 60);
        ck_assert(put());
        now += 60 * SEC;
        ck_assert_int_eq(get(TYPE_A), CACHE_STALE);
        ck_assert_uint_eq(got.ttl_left, 0);
        ck_assert(!got.failed_lately);
        now += 24 * HOUR - 1;
        ck_assert_int_eq(get(TYPE_A), CACHE_STALE);
        now += 1;
        ck_assert_int_eq(get(TYPE_A), CACHE_MISS);
        ck_assert_uint_eq(cache_stats(cache).entries, 0);
}
END_TEST

START_TEST(RFC8767_a_failure_leaves_what_was_there_and_is_remembered_for_30_seconds)
{
        data(TYPE_A, 60);
        ck_assert(put());
        now += 60 * SEC;
        failure(RCODE_SERVFAIL);
        ck_assert(!put());
        ck_assert_int_eq(get(TYPE_A), CACHE_STALE);
        ck_assert(got.failed_lately);
        ck_assert_uint_eq(answer.ancount, 1);
        now += 30 * SEC - 1;
        ck_assert(get(TYPE_A) == CACHE_STALE && got.failed_lately);
        now += 1;
        ck_assert(get(TYPE_A) == CACHE_STALE && !got.failed_lately);
        ck_assert(!put());
        ck_assert(get(TYPE_A) == CACHE_STALE && got.failed_lately);
        cache_forget_failures(cache);
        ck_assert(get(TYPE_A) == CACHE_STALE && !got.failed_lately);
}
END_TEST

START_TEST(RFC8767_NXDOMAIN_for_any_type_goes_before_what_is_stale)
{
        data(TYPE_AAAA, 60);
        ck_assert(put());
        now += 60 * SEC;
        no_data(RCODE_NXDOMAIN, TYPE_A, 300, 300);
        ck_assert(put());
        ck_assert_int_eq(get(TYPE_AAAA), CACHE_HIT);
        ck_assert_uint_eq(message_rcode(&answer), RCODE_NXDOMAIN);
        now += 300 * SEC;
        ck_assert_int_eq(get(TYPE_AAAA), CACHE_STALE);
        ck_assert_msg(message_rcode(&answer) == RCODE_NXDOMAIN, "of two that are stale, the younger");
}
END_TEST

START_TEST(RFC8767_an_answer_that_may_not_be_kept_ends_what_was_stale)
{
        for (unsigned i = 0; i < 4; i++) {
                data(TYPE_A, 60);
                ck_assert(put());
                now += 60 * SEC;
                ck_assert_int_eq(get(TYPE_A), CACHE_STALE);
                if (i == 0)
                        data(TYPE_A, 0);
                else if (i == 2)
                        wire_begin(&w, DNS_QR, TYPE_A);
                else if (i == 3)
                        wire_begin(&w, DNS_QR | RCODE_NXDOMAIN, TYPE_A);
                ck_assert(!put_as(www(TYPE_A), 0, i == 1 ? 0 : UINT32_MAX));
                ck_assert_int_eq(get(TYPE_A), CACHE_MISS);
        }
}
END_TEST

START_TEST(RFC8767_a_failure_that_is_older_than_a_stale_NXDOMAIN_does_not_hide_it)
{
        failure(RCODE_SERVFAIL);
        for (unsigned i = 0; i < 8; i++)
                put();
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        no_data(RCODE_NXDOMAIN, TYPE_AAAA, 10, 10);
        ck_assert(put());
        ck_assert(get(TYPE_A) == CACHE_HIT && got.kind == LIFETIME_NEGATIVE);
        now += 10 * SEC;
        ck_assert_int_eq(get(TYPE_A), CACHE_STALE);
}
END_TEST

START_TEST(without_stale_answers_what_has_run_out_is_gone)
{
        CacheLimits none = limits;

        none.stale_max = 0;
        cache_set_limits(cache, &none);
        data(TYPE_A, 60);
        ck_assert(put());
        now += 60 * SEC;
        ck_assert_int_eq(get(TYPE_A), CACHE_MISS);
}
END_TEST

/* --- prefetch */

START_TEST(a_name_asked_again_in_the_last_tenth_of_its_life_is_due_for_a_refresh_once)
{
        data(TYPE_A, 300);
        ck_assert(put());
        ck_assert(get(TYPE_A) == CACHE_HIT && !got.prefetch);
        now += 269 * SEC;
        ck_assert(get(TYPE_A) == CACHE_HIT && !got.prefetch);
        now += SEC;
        ck_assert(get(TYPE_A) == CACHE_HIT && got.prefetch);
        ck_assert(get(TYPE_A) == CACHE_HIT && !got.prefetch);
        data(TYPE_A, 300);
        ck_assert(put());
        now += 290 * SEC;
        ck_assert_msg(get(TYPE_A) == CACHE_HIT && !got.prefetch, "asked once in this life is not hot");
        ck_assert(get(TYPE_A) == CACHE_HIT && got.prefetch);
}
END_TEST

START_TEST(failures_and_short_lives_are_not_refreshed)
{
        data(TYPE_A, 9);
        ck_assert(put());
        now += 8500 * USEC_PER_MSEC;
        ck_assert(get(TYPE_A) == CACHE_HIT && !got.prefetch);
        ck_assert(get(TYPE_A) == CACHE_HIT && !got.prefetch);
        cache_flush(cache);
        failure(RCODE_SERVFAIL);
        for (unsigned i = 0; i < 9; i++)
                ck_assert(put());
        now += 255 * SEC;
        ck_assert(get(TYPE_A) == CACHE_HIT && !got.prefetch);
        ck_assert(get(TYPE_A) == CACHE_HIT && !got.prefetch);
}
END_TEST

START_TEST(a_refresh_that_fails_leaves_the_answer)
{
        data(TYPE_A, 300);
        ck_assert(put());
        now += 280 * SEC;
        failure(RCODE_SERVFAIL);
        ck_assert(!put());
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(got.ttl_left, 20);
}
END_TEST

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
        uint64_t empty = cache_stats(cache).octets;

        for (unsigned i = 0; i < 100; i++)
                ck_assert(put_number(i, 100, 300, false));
        cache_flush(cache);
        ck_assert_uint_eq(cache_stats(cache).entries, 0);
        ck_assert_uint_eq(cache_stats(cache).octets, empty);
        for (unsigned i = 0; i < 100; i++)
                ck_assert_int_eq(get_number(i), CACHE_MISS);
        ck_assert(put_number(1, 100, 300, false));
        ck_assert_int_eq(get_number(1), CACHE_HIT);
}
END_TEST

START_TEST(another_network_drops_what_belonged_to_the_one_before_and_nothing_else)
{
        for (unsigned i = 0; i < 100; i++)
                ck_assert(put_number(i, 100, 300, i % 2));
        cache_flush_network(cache);
        for (unsigned i = 0; i < 100; i++)
                ck_assert_int_eq(get_number(i), i % 2 ? CACHE_MISS : CACHE_HIT);
}
END_TEST

/* --- the ceiling */

START_TEST(no_flood_gets_above_the_ceiling)
{
        for (unsigned i = 0; i < 60000; i++) {
                put_number(i, i % 977 == 0 ? 30000 : i % 1300, 300, false);
                ck_assert_uint_le(cache_stats(cache).octets, limits.size);
        }
        ck_assert_uint_gt(cache_stats(cache).octets, limits.size / 10 * 9);
        ck_assert_uint_gt(cache_stats(cache).evictions, 30000);
}
END_TEST

START_TEST(one_answer_takes_a_tenth_of_it_at_most)
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

START_TEST(names_that_are_asked_again_outlive_a_scan_of_any_length)
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

START_TEST(a_name_that_comes_back_soon_after_it_went_is_kept_from_then_on)
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

START_TEST(a_cache_full_of_hot_names_still_takes_new_ones)
{
        for (unsigned round = 0; round < 20; round++) {
                for (unsigned i = 0; i < 5000; i++) {
                        put_number(round * 5000 + i, 100, 300, false);
                        for (unsigned k = 0; k < 4; k++)
                                ck_assert_int_eq(get_number(round * 5000 + i), CACHE_HIT);
                }
        }
        ck_assert_uint_le(cache_stats(cache).octets, limits.size);
}
END_TEST

START_TEST(another_size_holds_at_once_and_keeps_what_fits)
{
        static const size_t sizes[] = { 64 << 10, 8 << 20, 256 << 10, 1 << 20 };
        CacheLimits l = limits;

        for (unsigned i = 0; i < 2000; i++)
                put_number(i, 100, 300, false);
        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                uint64_t before = cache_stats(cache).entries;

                l.size = sizes[i];
                cache_set_limits(cache, &l);
                ck_assert_uint_le(cache_stats(cache).octets, l.size);
                if (i % 2)
                        ck_assert_uint_eq(cache_stats(cache).entries, before);
                else
                        ck_assert_uint_gt(cache_stats(cache).octets, l.size / 2);
                for (unsigned k = 0; k < 5000; k++) {
                        put_number(2000 + k, 100, 300, false);
                        ck_assert_uint_le(cache_stats(cache).octets, l.size);
                }
        }
}
END_TEST

/* --- counts */

START_TEST(counts_begin_anew_and_sizes_stay)
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
        ck_assert_uint_eq(cache_stats(cache).octets, s.octets);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("cache");
        SRunner *r = srunner_create(s);
        TCase *c;
        int failed;

        c = tcase_create("positive answers");
        tcase_add_checked_fixture(c, start, stop);
        tcase_add_test(c, RFC1035_an_answer_lives_as_long_as_its_shortest_ttl);
        tcase_add_test(c, RFC2181_a_ttl_with_the_top_bit_is_none);
        tcase_add_test(c, RFC1035_a_ttl_of_0_is_not_kept);
        tcase_add_test(c, ttls_are_clamped_on_arrival_and_count_down_from_there);
        tcase_add_test(c, RFC4035_RFC6840_what_was_asked_with_DO_or_CD_answers_only_what_is_asked_so);
        tcase_add_test(c, types_and_classes_are_apart);
        tcase_add_test(c, RFC8482_an_answer_to_any_serves_for_any_only);
        tcase_add_test(c, RFC8945_RFC2181_signed_and_truncated_messages_are_not_kept_and_replace_nothing);
        tcase_add_test(c, RFC6891_no_OPT_is_kept_but_for_what_it_says_of_the_answer);
        suite_add_tcase(s, c);
        c = tcase_create("HTTP");
        tcase_add_checked_fixture(c, start, stop);
        tcase_add_test(c, RFC8484_the_age_in_HTTP_is_taken_from_life_and_ttls);
        tcase_add_test(c, RFC8484_with_an_age_beyond_its_ttl_it_is_not_kept);
        tcase_add_test(c, RFC9111_max_age_bounds_the_life_and_0_forbids_it);
        tcase_add_test(c, a_long_age_and_a_longer_ttl_are_clamped_as_of_arrival);
        suite_add_tcase(s, c);
        c = tcase_create("negative answers");
        tcase_add_checked_fixture(c, start, stop);
        tcase_add_test(c, RFC2308_a_negative_answer_lives_for_the_lesser_of_the_SOAs_ttl_and_minimum);
        tcase_add_test(c, RFC2308_without_a_SOA_it_is_not_kept);
        tcase_add_test(c, RFC2308_a_SOA_with_ttl_0_or_minimum_0_or_above_2_to_31_is_not_kept);
        tcase_add_test(c, RFC2308_NXDOMAIN_is_for_all_types_and_the_answer_repeats_the_one_asked);
        tcase_add_test(c, RFC2308_NODATA_is_for_its_type_only);
        tcase_add_test(c, RFC2308_NXDOMAIN_behind_a_CNAME_is_for_its_type_only_and_no_longer_than_the_CNAME);
        tcase_add_test(c, RFC2308_a_CNAME_to_no_data_is_negative);
        tcase_add_test(c, RFC2308_negative_answers_have_a_limit_of_their_own_and_all_their_ttls_keep_to_it);
        tcase_add_test(c, RFC2308_a_later_answer_replaces_NXDOMAIN_and_the_other_way_round);
        tcase_add_test(c, RFC8020_names_below_one_that_does_not_exist_are_asked_for);
        suite_add_tcase(s, c);
        c = tcase_create("failures");
        tcase_add_checked_fixture(c, start, stop);
        tcase_add_test(c, RFC9520_a_failure_is_kept_for_a_second_and_twice_as_long_each_time_up_to_5_minutes);
        tcase_add_test(c, RFC9520_all_rcodes_but_two_are_failures_and_for_their_question_only);
        tcase_add_test(c, RFC9520_the_series_begins_anew_after_an_answer_or_a_pause);
        tcase_add_test(c, RFC9520_a_failure_is_forgotten_when_the_network_or_an_upstream_changes);
        tcase_add_test(c, RFC9111_max_age_bounds_a_failure_too_but_not_below_the_second_of_RFC9520);
        suite_add_tcase(s, c);
        c = tcase_create("stale answers");
        tcase_add_checked_fixture(c, start, stop);
        tcase_add_test(c, RFC8767_an_answer_that_has_run_out_is_stale_until_the_limit);
        tcase_add_test(c, RFC8767_a_failure_leaves_what_was_there_and_is_remembered_for_30_seconds);
        tcase_add_test(c, RFC8767_NXDOMAIN_for_any_type_goes_before_what_is_stale);
        tcase_add_test(c, RFC8767_an_answer_that_may_not_be_kept_ends_what_was_stale);
        tcase_add_test(c, RFC8767_a_failure_that_is_older_than_a_stale_NXDOMAIN_does_not_hide_it);
        tcase_add_test(c, without_stale_answers_what_has_run_out_is_gone);
        suite_add_tcase(s, c);
        c = tcase_create("prefetch");
        tcase_add_checked_fixture(c, start, stop);
        tcase_add_test(c, a_name_asked_again_in_the_last_tenth_of_its_life_is_due_for_a_refresh_once);
        tcase_add_test(c, failures_and_short_lives_are_not_refreshed);
        tcase_add_test(c, a_refresh_that_fails_leaves_the_answer);
        suite_add_tcase(s, c);
        c = tcase_create("flushing");
        tcase_add_checked_fixture(c, start, stop);
        tcase_add_test(c, a_flush_leaves_nothing);
        tcase_add_test(c, another_network_drops_what_belonged_to_the_one_before_and_nothing_else);
        suite_add_tcase(s, c);
        c = tcase_create("the ceiling");
        tcase_add_checked_fixture(c, start, stop);
        tcase_set_timeout(c, 60);
        tcase_add_test(c, no_flood_gets_above_the_ceiling);
        tcase_add_test(c, one_answer_takes_a_tenth_of_it_at_most);
        tcase_add_test(c, names_that_are_asked_again_outlive_a_scan_of_any_length);
        tcase_add_test(c, a_name_that_comes_back_soon_after_it_went_is_kept_from_then_on);
        tcase_add_test(c, a_cache_full_of_hot_names_still_takes_new_ones);
        tcase_add_test(c, another_size_holds_at_once_and_keeps_what_fits);
        suite_add_tcase(s, c);
        c = tcase_create("counts");
        tcase_add_checked_fixture(c, start, stop);
        tcase_add_test(c, counts_begin_anew_and_sizes_stay);
        suite_add_tcase(s, c);
        srunner_run_all(r, CK_ENV);
        failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed != 0;
}
