/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cache by itself: what is kept, and for how long. */

#include "cached.h"
#include "run.h"

static uint32_t ttl_of(unsigned i)
{
        RecordWalk walk = RECORD_WALK(&answer);
        Record r;

        do
                ck_assert(record_next(&walk, &r));
        while (i-- > 0);
        return r.ttl;
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

START_TEST(RFC2181_a_ttl_with_the_top_bit_set_counts_as_0)
{
        data(TYPE_A, 0x80000001);
        ck_assert(!put());
        ck_assert_int_eq(get(TYPE_A), CACHE_MISS);
}
END_TEST

START_TEST(RFC1035_an_answer_with_ttl_0_is_not_cached)
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

START_TEST(RFC4035_RFC6840_answers_with_DO_or_CD_are_cached_for_queries_with_the_same_bits)
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

START_TEST(types_and_classes_are_cached_separately)
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

START_TEST(RFC8482_an_answer_for_any_is_cached_for_any_only)
{
        wire_begin(&w, DNS_QR, TYPE_ANY);
        wire_a(&w, 300);
        ck_assert(put());
        ck_assert_int_eq(get(TYPE_ANY), CACHE_HIT);
        ck_assert_int_eq(get(TYPE_A), CACHE_MISS);
}
END_TEST

START_TEST(RFC8945_RFC2181_signed_and_truncated_messages_are_not_cached_and_replace_nothing)
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

START_TEST(RFC6891_of_the_OPT_only_extended_errors_are_cached)
{
        static const uint8_t padding[204] = { 0, 12, 0, 200 };
        CacheStats before;

        data(TYPE_A, 300);
        ck_assert(put());
        before = cache_stats(cache);
        cache_flush(cache);
        wire_opt(&w, 1232, 0x8000, padding, sizeof(padding));
        ck_assert(put());
        ck_assert_uint_eq(cache_stats(cache).bytes, before.bytes);
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert(!answer.edns.present);
        ck_assert_uint_eq(answer.arcount, 0);

        cache_flush(cache);
        data(TYPE_A, 300);
        wire_opt(&w, 1232, 0,
                 "\0\x0c\0\2\0\0\0\x0f\0\4\0\6no\0\x0a\0\x08"
                 "cccccccc",
                 26);
        wire_record(&w, 2, HERE, 2, TYPE_A, CLASS_IN, 300, "\1\2\3\4", 4);
        ck_assert(put());
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(answer.arcount, 2);
        ck_assert_uint_eq(answer.edns.options.n, 8);
        ck_assert_int_eq(memcmp(answer.edns.options.p, "\0\x0f\0\4\0\6no", 8), 0);
}
END_TEST

/* --- HTTP */

START_TEST(RFC8484_the_age_in_HTTP_is_subtracted_from_lifetime_and_ttls)
{
        data(TYPE_A, 300);
        ck_assert(put_as(www(TYPE_A), 100, UINT32_MAX));
        ck_assert_uint_eq(life(TYPE_A), 200);
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(ttl_of(0), 200);
        ck_assert_uint_eq(got.age, 0);
}
END_TEST

START_TEST(RFC8484_an_answer_with_an_age_above_its_ttl_is_not_cached)
{
        data(TYPE_A, 300);
        ck_assert(!put_as(www(TYPE_A), 300, UINT32_MAX));
        ck_assert(!put_as(www(TYPE_A), UINT32_MAX, UINT32_MAX));
}
END_TEST

START_TEST(RFC9111_max_age_limits_the_lifetime_and_0_prevents_caching)
{
        data(TYPE_A, 300);
        ck_assert(put_as(www(TYPE_A), 0, 60));
        ck_assert_uint_eq(life(TYPE_A), 60);
        cache_flush(cache);
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

START_TEST(RFC2308_a_negative_answer_without_a_SOA_is_not_cached)
{
        wire_begin(&w, DNS_QR | RCODE_NXDOMAIN, TYPE_A);
        ck_assert(!put());
        wire_begin(&w, DNS_QR, TYPE_A);
        ck_assert(!put());
        wire_record(&w, 1, HERE, 2, TYPE_NS, CLASS_IN, 300, HERE, 2);
        ck_assert_msg(!put(), "a referral");
}
END_TEST

START_TEST(RFC2308_a_negative_answer_with_a_SOA_ttl_or_minimum_of_0_or_above_2_to_31_is_not_cached)
{
        no_data(RCODE_NXDOMAIN, TYPE_A, 0, 300);
        ck_assert(!put());
        no_data(RCODE_NXDOMAIN, TYPE_A, 300, 0);
        ck_assert(!put());
        no_data(RCODE_NXDOMAIN, TYPE_A, 300, 0x80000000);
        ck_assert(!put());
}
END_TEST

START_TEST(RFC2308_NXDOMAIN_answers_for_all_types_and_repeats_the_question)
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

START_TEST(RFC2308_NODATA_is_cached_for_its_type_only)
{
        no_data(RCODE_NOERROR, TYPE_A, 300, 300);
        ck_assert(put());
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_int_eq(get(TYPE_AAAA), CACHE_MISS);
}
END_TEST

START_TEST(RFC2308_NXDOMAIN_after_a_CNAME_is_cached_for_its_type_only_and_no_longer_than_the_CNAME)
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

START_TEST(RFC2308_negative_answers_have_their_own_ttl_limit)
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

START_TEST(RFC8020_names_below_a_nonexistent_one_are_still_queried)
{
        CacheKey below = { .qname = BYTES("\1a" WWW, sizeof("\1a" WWW)), .qtype = TYPE_A, .qclass = CLASS_IN };

        no_data(RCODE_NXDOMAIN, TYPE_A, 300, 300);
        ck_assert(put());
        ck_assert_int_eq(get_as(below), CACHE_MISS);
}
END_TEST

/* --- failures */

START_TEST(RFC9520_a_failure_is_cached_for_one_second_and_twice_as_long_each_time_up_to_5_minutes)
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

START_TEST(RFC9520_all_rcodes_but_NOERROR_and_NXDOMAIN_are_failures_of_their_question_only)
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

START_TEST(RFC9520_the_series_of_failures_starts_again_after_an_answer_or_a_pause)
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

START_TEST(RFC9111_max_age_limits_a_cached_failure_to_no_less_than_the_second_of_RFC9520)
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

START_TEST(RFC8767_an_expired_answer_is_stale_until_the_limit)
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

START_TEST(RFC8767_a_failure_leaves_the_stale_answer_and_is_remembered_for_30_seconds)
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

START_TEST(RFC8767_NXDOMAIN_for_another_type_leaves_a_stale_answer)
{
        data(TYPE_AAAA, 60);
        ck_assert(put());
        now += 60 * SEC;
        no_data(RCODE_NXDOMAIN, TYPE_A, 300, 300);
        ck_assert(put());
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(message_rcode(&answer), RCODE_NXDOMAIN);
        ck_assert_int_eq(get(TYPE_AAAA), CACHE_STALE);
        ck_assert_uint_eq(message_rcode(&answer), RCODE_NOERROR);
}
END_TEST

START_TEST(NXDOMAIN_for_one_type_does_not_deny_records_of_another)
{
        data(TYPE_A, 60);
        ck_assert(put());
        no_data(RCODE_NXDOMAIN, TYPE_AAAA, 300, 300);
        ck_assert(put());
        ck_assert_int_eq(get(TYPE_AAAA), CACHE_HIT);
        ck_assert_uint_eq(message_rcode(&answer), RCODE_NXDOMAIN);
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(message_rcode(&answer), RCODE_NOERROR);
        now += 60 * SEC;
        ck_assert_msg(get(TYPE_A) == CACHE_STALE, "the denial of AAAA replaces an expired A");
        ck_assert_int_eq(get(TYPE_MX), CACHE_MISS);
}
END_TEST

START_TEST(NXDOMAIN_does_not_deny_records_of_any_other_type)
{
        static const struct {
                const char *name;
                uint16_t type;
        } types[] = {
                { "A", TYPE_A },    { "HINFO", 13 },      { "LOC", 29 },          { "NAPTR", 35 }, { "DS", 43 },
                { "SSHFP", 44 },    { "TLSA", 52 },       { "SPF", 99 },          { "URI", 256 },  { "CAA", 257 },
                { "TYPE319", 319 }, { "TYPE4242", 4242 }, { "TYPE65534", 65534 },
        };

        for (size_t i = 0; i < ELEMENTS(types); i++) {
                data(types[i].type, 60);
                ck_assert(put());
                no_data(RCODE_NXDOMAIN, TYPE_AAAA, 300, 300);
                ck_assert(put());
                ck_assert_int_eq(get(TYPE_AAAA), CACHE_HIT);
                ck_assert_msg(get(TYPE_MX) == CACHE_MISS, "MX is denied, too, although there is a %s", types[i].name);
                ck_assert_int_eq(get(types[i].type), CACHE_HIT);
                ck_assert_uint_eq(message_rcode(&answer), RCODE_NOERROR);
                cache_flush(cache);
        }
}
END_TEST

START_TEST(a_refresh_that_lives_no_longer_leaves_the_cached_answer)
{
        data(TYPE_A, 300);
        ck_assert(put());
        now += 280 * SEC;
        data(TYPE_A, 20);
        ck_assert_msg(!put(), "the rest of a lifetime replaces the answer");
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(got.age, 280);
        data(TYPE_A, 21);
        ck_assert(put());
        ck_assert_int_eq(get(TYPE_A), CACHE_HIT);
        ck_assert_uint_eq(got.age, 0);
}
END_TEST

START_TEST(RFC8767_an_answer_that_cannot_be_cached_removes_the_stale_one)
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

START_TEST(with_stale_answers_off_an_expired_answer_is_gone)
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

START_TEST(a_name_queried_again_in_the_last_tenth_of_its_lifetime_is_refreshed_once)
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

START_TEST(failures_and_short_lived_answers_are_not_refreshed)
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

/* --- what a walk shows */

/* The types that it shows, in their order. */
static const char *shown(void)
{
        static char text[64];
        CacheWalk walk = { .cache = cache };
        CacheItem item;

        *text = 0;
        while (cache_walk_next(&walk, &item, now)) {
                ck_assert(name_equal(item.qname, BYTES(WWW, sizeof(WWW))));
                ck_assert_uint_gt(item.expires, now);
                snprintf(text + strlen(text), sizeof(text) - strlen(text), "%u ", item.qtype);
        }
        return text;
}

START_TEST(a_walk_shows_all_that_is_fresh_and_the_newest_first)
{
        ck_assert_str_eq(shown(), "");
        data(TYPE_A, 300);
        put();
        data(TYPE_AAAA, 60);
        put();
        failure(RCODE_SERVFAIL);
        put_as(www(TYPE_TXT), 0, UINT32_MAX);
        ck_assert_str_eq(shown(), "16 28 1 ");
        cache_forget_failures(cache);
        ck_assert_str_eq(shown(), "28 1 ");
        now += 60 * SEC;
        ck_assert_str_eq(shown(), "1 ");
}
END_TEST

START_TEST(a_walk_shows_an_absent_name_as_one_of_any_type)
{
        no_data(RCODE_NXDOMAIN, TYPE_A, 60, 60);
        put();
        ck_assert_str_eq(shown(), "255 ");
}
END_TEST

int main(void)
{
        Suite *s = suite_create("cache");
        TCase *c;

        c = tcase_create("positive answers");
        tcase_add_checked_fixture(c, start, stop);
        tcase_add_test(c, RFC1035_an_answer_lives_as_long_as_its_shortest_ttl);
        tcase_add_test(c, RFC2181_a_ttl_with_the_top_bit_set_counts_as_0);
        tcase_add_test(c, RFC1035_an_answer_with_ttl_0_is_not_cached);
        tcase_add_test(c, ttls_are_clamped_on_arrival_and_count_down_from_there);
        tcase_add_test(c, RFC4035_RFC6840_answers_with_DO_or_CD_are_cached_for_queries_with_the_same_bits);
        tcase_add_test(c, types_and_classes_are_cached_separately);
        tcase_add_test(c, RFC8482_an_answer_for_any_is_cached_for_any_only);
        tcase_add_test(c, RFC8945_RFC2181_signed_and_truncated_messages_are_not_cached_and_replace_nothing);
        tcase_add_test(c, RFC6891_of_the_OPT_only_extended_errors_are_cached);
        suite_add_tcase(s, c);
        c = tcase_create("HTTP");
        tcase_add_checked_fixture(c, start, stop);
        tcase_add_test(c, RFC8484_the_age_in_HTTP_is_subtracted_from_lifetime_and_ttls);
        tcase_add_test(c, RFC8484_an_answer_with_an_age_above_its_ttl_is_not_cached);
        tcase_add_test(c, RFC9111_max_age_limits_the_lifetime_and_0_prevents_caching);
        tcase_add_test(c, a_long_age_and_a_longer_ttl_are_clamped_as_of_arrival);
        suite_add_tcase(s, c);
        c = tcase_create("negative answers");
        tcase_add_checked_fixture(c, start, stop);
        tcase_add_test(c, RFC2308_a_negative_answer_lives_for_the_lesser_of_the_SOAs_ttl_and_minimum);
        tcase_add_test(c, RFC2308_a_negative_answer_without_a_SOA_is_not_cached);
        tcase_add_test(c, RFC2308_a_negative_answer_with_a_SOA_ttl_or_minimum_of_0_or_above_2_to_31_is_not_cached);
        tcase_add_test(c, RFC2308_NXDOMAIN_answers_for_all_types_and_repeats_the_question);
        tcase_add_test(c, RFC2308_NODATA_is_cached_for_its_type_only);
        tcase_add_test(c, RFC2308_NXDOMAIN_after_a_CNAME_is_cached_for_its_type_only_and_no_longer_than_the_CNAME);
        tcase_add_test(c, RFC2308_a_CNAME_to_no_data_is_negative);
        tcase_add_test(c, RFC2308_negative_answers_have_their_own_ttl_limit);
        tcase_add_test(c, RFC2308_a_later_answer_replaces_NXDOMAIN_and_the_other_way_round);
        tcase_add_test(c, RFC8020_names_below_a_nonexistent_one_are_still_queried);
        suite_add_tcase(s, c);
        c = tcase_create("failures");
        tcase_add_checked_fixture(c, start, stop);
        tcase_add_test(c, RFC9520_a_failure_is_cached_for_one_second_and_twice_as_long_each_time_up_to_5_minutes);
        tcase_add_test(c, RFC9520_all_rcodes_but_NOERROR_and_NXDOMAIN_are_failures_of_their_question_only);
        tcase_add_test(c, RFC9520_the_series_of_failures_starts_again_after_an_answer_or_a_pause);
        tcase_add_test(c, RFC9520_a_failure_is_forgotten_when_the_network_or_an_upstream_changes);
        tcase_add_test(c, RFC9111_max_age_limits_a_cached_failure_to_no_less_than_the_second_of_RFC9520);
        suite_add_tcase(s, c);
        c = tcase_create("stale answers");
        tcase_add_checked_fixture(c, start, stop);
        tcase_add_test(c, RFC8767_an_expired_answer_is_stale_until_the_limit);
        tcase_add_test(c, RFC8767_a_failure_leaves_the_stale_answer_and_is_remembered_for_30_seconds);
        tcase_add_test(c, RFC8767_NXDOMAIN_for_another_type_leaves_a_stale_answer);
        tcase_add_test(c, NXDOMAIN_for_one_type_does_not_deny_records_of_another);
        tcase_add_test(c, NXDOMAIN_does_not_deny_records_of_any_other_type);
        tcase_add_test(c, a_refresh_that_lives_no_longer_leaves_the_cached_answer);
        tcase_add_test(c, RFC8767_an_answer_that_cannot_be_cached_removes_the_stale_one);
        tcase_add_test(c, RFC8767_a_failure_that_is_older_than_a_stale_NXDOMAIN_does_not_hide_it);
        tcase_add_test(c, with_stale_answers_off_an_expired_answer_is_gone);
        suite_add_tcase(s, c);
        c = tcase_create("prefetch");
        tcase_add_checked_fixture(c, start, stop);
        tcase_add_test(c, a_name_queried_again_in_the_last_tenth_of_its_lifetime_is_refreshed_once);
        tcase_add_test(c, failures_and_short_lived_answers_are_not_refreshed);
        tcase_add_test(c, a_refresh_that_fails_leaves_the_answer);
        suite_add_tcase(s, c);
        c = tcase_create("walk");
        tcase_add_checked_fixture(c, start, stop);
        tcase_add_test(c, a_walk_shows_all_that_is_fresh_and_the_newest_first);
        tcase_add_test(c, a_walk_shows_an_absent_name_as_one_of_any_type);
        suite_add_tcase(s, c);
        return run_suite(s);
}
