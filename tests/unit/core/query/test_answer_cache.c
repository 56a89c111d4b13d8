/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What clients get out of the cache: the engine with an upstream that answers what the test says, if anything.
 */

#include "played.h"
#include "run.h"

static void respond_a(uint32_t ttl)
{
        wire_begin(&w, DNS_QR | DNS_RD | DNS_RA, TYPE_A);
        wire_a(&w, ttl);
        say();
}

static void respond_rcode(unsigned rcode)
{
        wire_begin(&w, DNS_QR | DNS_RD | DNS_RA | rcode, TYPE_A);
        say();
}

/* The last attempt fails; time passes until the next one. */
static void fail_until_asked_again(uint64_t usec)
{
        unsigned before = n_sends;

        fail_sent(before - 1, FAILURE_STREAM_RESET);
        if (n_sends == before)
                pass_until_asked(usec);
}

static uint32_t ttl(void)
{
        RecordWalk walk = RECORD_WALK(&got);
        Record r;

        ck_assert(record_next(&walk, &r));
        return r.ttl;
}

/* www has an address, kept for `seconds`. */
static void keep(uint32_t seconds)
{
        ck_assert(!ask_type(TYPE_A));
        respond_a(seconds);
        ck_assert_ptr_nonnull(answer);
}

/* As that, and its time is over. */
static void keep_stale(void)
{
        keep(60);
        now += 60 * SEC;
}

/* --- HTTP and TTLs */

START_TEST(RFC8484_Age_is_subtracted_from_the_TTL_at_once_and_in_the_cache)
{
        ck_assert(!ask_type(TYPE_A));
        wire_begin(&w, DNS_QR | DNS_RA, TYPE_A);
        wire_a(&w, 300);
        respond(100);
        ck_assert_uint_eq(ttl(), 200);
        now += 50 * SEC;
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(ttl(), 150);
        now += 150 * SEC;
        ck_assert(!ask_type(TYPE_A));
}
END_TEST

START_TEST(RFC8484_an_answer_with_an_Age_above_its_TTL_is_delivered_and_not_cached)
{
        ck_assert(!ask_type(TYPE_A));
        wire_begin(&w, DNS_QR | DNS_RA, TYPE_A);
        wire_a(&w, 300);
        respond(301);
        ck_assert_uint_eq(ttl(), 0);
        ck_assert_uint_eq(got.ancount, 1);
        ck_assert(!ask_type(TYPE_A));
}
END_TEST

START_TEST(RFC9111_max_age_limits_the_lifetime_in_the_cache)
{
        HttpResponse http = HTTP_OK;

        ck_assert(!ask_type(TYPE_A));
        wire_begin(&w, DNS_QR | DNS_RA, TYPE_A);
        wire_a(&w, 300);
        http.has_max_age = true;
        http.max_age = 10;
        ck_assert(say_by(&http));
        now += 9 * SEC;
        ck_assert(ask_type(TYPE_A));
        now += SEC;
        ck_assert(!ask_type(TYPE_A));
}
END_TEST

START_TEST(RFC1035_an_answer_with_ttl_0_goes_to_all_clients_that_wait_and_is_not_cached)
{
        ck_assert(!ask_type(TYPE_A));
        ck_assert(!ask_type(TYPE_A));
        ck_assert_uint_eq(n_sends, 1);
        respond_a(0);
        ck_assert_uint_eq(n_answers, 2);
        ck_assert_uint_eq(ttl(), 0);
        ck_assert(!ask_type(TYPE_A));
        ck_assert_uint_eq(n_sends, 2);
}
END_TEST

START_TEST(MaxTTLSec_applies_to_the_first_client_as_to_all_later_ones)
{
        played_start(PLAIN "[Cache]\nMaxTTLSec=100s\nNegativeMaxTTLSec=40s\n");
        keep(7 * 86400);
        ck_assert_uint_eq(ttl(), 100);
        now += 30 * SEC;
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(ttl(), 70);
        now += 70 * SEC;
        ck_assert(!ask_type(TYPE_A));
        wire_begin(&w, DNS_QR | RCODE_NXDOMAIN, TYPE_A);
        wire_soa(&w, 3600, 3600);
        say();
        ck_assert_uint_eq(ttl(), 40);
        now += 30 * SEC;
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(ttl(), 10);
        now += 10 * SEC;
        ck_assert(!ask_type(TYPE_A));
}
END_TEST

START_TEST(RFC2308_a_negative_answer_has_its_SOA_with_the_TTL_counted_down)
{
        ck_assert(!ask_type(TYPE_A));
        wire_begin(&w, DNS_QR | DNS_RA | RCODE_NXDOMAIN, TYPE_A);
        wire_soa(&w, 300, 200);
        say();
        now += 50 * SEC;
        ck_assert(ask_type(TYPE_AAAA));
        ck_assert_uint_eq(message_rcode(&got), RCODE_NXDOMAIN);
        ck_assert_uint_eq(got.nscount, 1);
        ck_assert_uint_eq(ttl(), 250);
        now += 150 * SEC;
        ck_assert(!ask_type(TYPE_AAAA));
}
END_TEST

START_TEST(answers_age_while_the_system_is_suspended)
{
        keep(300);
        now += 299 * SEC;
        engine_resume(e, 290 * SEC, now);
        act();
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(ttl(), 1);
        now += SEC;
        engine_resume(e, SEC, now);
        act();
        ck_assert(!ask_type(TYPE_A));
}
END_TEST

/* --- which queries share an answer */

START_TEST(RFC6840_AD_from_the_cache_is_set_only_if_the_upstream_is_trusted)
{
        for (unsigned trusted = 0; trusted < 2; trusted++) {
                played_start(trusted ? PLAIN "[Resolver]\nTrustAD=yes\n" : PLAIN);
                for (unsigned cached = 0; cached < 2; cached++) {
                        wire_begin(&w, DNS_RD, TYPE_A);
                        wire_opt(&w, 1232, 0x8000, "", 0);
                        ck_assert_int_eq(ask(), cached);
                        if (!cached) {
                                wire_begin(&w, DNS_QR | DNS_AD, TYPE_A);
                                wire_a(&w, 300);
                                say();
                        }
                        ck_assert_int_eq(!!(got.flags & DNS_AD), trusted);
                }
        }
}
END_TEST

START_TEST(RFC6891_a_client_without_EDNS_shares_the_answer_and_gets_no_OPT)
{
        keep(300);
        ck_assert(got.edns.present);
        wire_begin(&w, DNS_RD, TYPE_A);
        w.data[13] = 'W';
        ck_assert(ask());
        ck_assert(!got.edns.present);
        ck_assert_uint_eq(got.id, 0x1234);
        ck_assert_uint_eq(got.qname.p[1], 'W');
}
END_TEST

START_TEST(RFC4035_queries_with_DO_or_CD_share_no_cache_entry_with_others)
{
        keep(300);
        wire_begin(&w, DNS_RD | DNS_CD, TYPE_A);
        ck_assert(!ask());
        wire_begin(&w, DNS_RD, TYPE_A);
        wire_opt(&w, 1232, 0x8000, "", 0);
        ck_assert(!ask());
}
END_TEST

START_TEST(RFC1035_queries_without_RD_neither_use_nor_fill_the_cache)
{
        wire_begin(&w, 0, TYPE_A);
        ck_assert(!ask());
        respond_a(300);
        keep(300);
        wire_begin(&w, 0, TYPE_A);
        ck_assert(!ask());
}
END_TEST

START_TEST(RFC8482_ANY_is_forwarded_and_its_answer_is_cached_for_ANY_only)
{
        keep(300);
        ck_assert_msg(!ask_type(TYPE_ANY), "made up of what is in the cache");
        wire_begin(&w, DNS_QR | DNS_RA, TYPE_ANY);
        wire_record(&w, 0, HERE, 2, 13, CLASS_IN, 300, "\7RFC8482\0", 9);
        say();
        ck_assert(ask_type(TYPE_ANY));
        ck_assert(!ask_type(TYPE_AAAA));
}
END_TEST

/* --- failures */

START_TEST(RFC9520_a_failure_is_cached_for_one_second_and_then_for_two)
{
        ck_assert(!ask_type(TYPE_A));
        wire_begin(&w, DNS_QR | RCODE_SERVFAIL, TYPE_A);
        wire_opt(&w, 1232, 0, "\0\x0f\0\4\0\6no", 8);
        say();
        ck_assert(!has_extended_error(EDE_CACHED_ERROR));
        now += SEC - 1;
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(message_rcode(&got), RCODE_SERVFAIL);
        ck_assert(has_extended_error(EDE_CACHED_ERROR) && has_extended_error(6));
        ck_assert_uint_eq(n_sends, 1);
        now += 1;
        ck_assert(!ask_type(TYPE_A));
        respond_rcode(RCODE_SERVFAIL);
        now += 2 * SEC - 1;
        ck_assert(ask_type(TYPE_A));
        now += 1;
        ck_assert(!ask_type(TYPE_A));
}
END_TEST

START_TEST(RFC9520_REFUSED_is_cached_like_any_failure)
{
        ck_assert(!ask_type(TYPE_A));
        respond_rcode(RCODE_REFUSED);
        ck_assert_uint_eq(message_rcode(&got), RCODE_REFUSED);
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(message_rcode(&got), RCODE_REFUSED);
        ck_assert(has_extended_error(EDE_CACHED_ERROR));
}
END_TEST

START_TEST(RFC9520_a_timeout_of_a_healthy_upstream_is_cached_for_one_second)
{
        EngineObjects o;

        ck_assert(!ask_type(TYPE_A));
        pass_until_answered(30 * SEC);
        ck_assert_uint_eq(message_rcode(&got), RCODE_SERVFAIL);
        /* It is still waited for, for whoever asks again. */
        do
                engine_objects(e, &o);
        while (o.queries && step(now + 4 * SEC));
        n_sends = 0;
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(n_sends, 0);
        ck_assert_uint_eq(message_rcode(&got), RCODE_SERVFAIL);
        ck_assert(has_extended_error(EDE_CACHED_ERROR));
        now += SEC;
        ck_assert(!ask_type(TYPE_A));
        ck_assert_uint_eq(n_sends, 1);
        respond_a(300);
        ck_assert_uint_eq(message_rcode(&got), RCODE_NOERROR);
}
END_TEST

START_TEST(C28_an_answer_after_the_deadline_is_cached_and_sent_to_no_client)
{
        ck_assert(!ask_type(TYPE_A));
        pass_until_answered(4600 * MSEC);
        ck_assert_uint_eq(n_answers, 1);
        ck_assert_uint_eq(message_rcode(&got), RCODE_SERVFAIL);
        pass_until_answered(SEC);
        respond_a(300);
        ck_assert_uint_eq(n_answers, 1);
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(message_rcode(&got), RCODE_NOERROR);
}
END_TEST

START_TEST(a_cached_failure_is_forgotten_when_the_network_changes)
{
        for (unsigned i = 0; i < 8; i++) {
                ck_assert(!ask_type(TYPE_A));
                respond_rcode(RCODE_SERVFAIL);
                now += (UINT64_C(1) << i) * SEC;
        }
        ck_assert(!ask_type(TYPE_A));
        respond_rcode(RCODE_SERVFAIL);
        ck_assert(ask_type(TYPE_A));
        engine_network_changed(e, true, now);
        act();
        ck_assert(!ask_type(TYPE_A));
}
END_TEST

START_TEST(a_cached_failure_is_forgotten_when_the_upstream_recovers)
{
        ck_assert(!ask_type(TYPE_A));
        respond_rcode(RCODE_SERVFAIL);
        now += SEC;
        ck_assert(!ask_type(TYPE_A));
        respond_rcode(RCODE_SERVFAIL);
        ck_assert(ask_type(TYPE_A));
        ck_assert(!ask_type(TYPE_AAAA));
        for (unsigned i = 0; i < 2; i++)
                fail_until_asked_again(500 * MSEC);
        ck_assert(!ask_type(TYPE_A));
}
END_TEST

START_TEST(no_failure_is_cached_without_a_network)
{
        now += 61 * SEC; /* none is awaited any longer */
        plays.refuses = FAILURE_NO_ROUTE;
        ck_assert(ask_type(TYPE_A));
        ck_assert(has_extended_error(EDE_NETWORK_ERROR));
        plays.refuses = FAILURE_NONE;
        ck_assert(!ask_type(TYPE_A));
        respond_a(300);
        ck_assert_uint_eq(message_rcode(&got), RCODE_NOERROR);
}
END_TEST

/* --- stale answers */

START_TEST(RFC8767_a_client_gets_a_stale_answer_after_1800_ms)
{
        uint64_t since;

        keep_stale();
        since = now;
        ck_assert(!ask_type(TYPE_A));
        pass_until_answered(10 * SEC);
        ck_assert_uint_eq(now - since, 1800 * MSEC);
        ck_assert_uint_eq(message_rcode(&got), RCODE_NOERROR);
        ck_assert_uint_eq(ttl(), 30);
        ck_assert(has_extended_error(EDE_STALE));
}
END_TEST

START_TEST(RFC8767_the_fresh_answer_that_follows_is_cached)
{
        keep_stale();
        ck_assert(!ask_type(TYPE_A));
        pass_until_answered(10 * SEC);
        n_answers = 0;
        respond_a(300);
        ck_assert_uint_eq(n_answers, 0);
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(ttl(), 300);
        ck_assert(!has_extended_error(EDE_STALE));
}
END_TEST

START_TEST(RFC8767_the_refresh_continues_after_a_failed_attempt)
{
        unsigned before;

        keep_stale();
        ck_assert(!ask_type(TYPE_A));
        pass_until_answered(10 * SEC);
        before = n_sends;
        fail_until_asked_again(2 * SEC);
        ck_assert_uint_gt(n_sends, before);
        respond_a(300);
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(ttl(), 300);
}
END_TEST

START_TEST(RFC8767_while_the_refresh_is_slow_others_get_the_stale_answer_at_once)
{
        keep_stale();
        ck_assert(!ask_type(TYPE_A));
        pass_until_answered(10 * SEC);
        n_sends = 0;
        ck_assert(ask_type(TYPE_A));
        ck_assert(has_extended_error(EDE_STALE));
        ck_assert_uint_eq(n_sends, 0);
}
END_TEST

START_TEST(RFC8767_after_a_failed_refresh_the_stale_answer_serves_for_30_seconds)
{
        keep_stale();
        ck_assert(!ask_type(TYPE_A));
        respond_rcode(RCODE_SERVFAIL);
        ck_assert_uint_eq(message_rcode(&got), RCODE_NOERROR);
        ck_assert(has_extended_error(EDE_STALE));
        n_sends = 0;
        for (unsigned i = 0; i < 30; i++) {
                ck_assert(ask_type(TYPE_A));
                ck_assert(has_extended_error(EDE_STALE));
                ck_assert_uint_eq(ttl(), 30);
                now += SEC;
        }
        ck_assert_uint_eq(n_sends, 0);
        ck_assert(!ask_type(TYPE_A));
        respond_a(300);
        ck_assert_uint_eq(ttl(), 300);
}
END_TEST

START_TEST(RFC8767_NXDOMAIN_replaces_a_stale_answer)
{
        keep_stale();
        ck_assert(!ask_type(TYPE_A));
        wire_begin(&w, DNS_QR | RCODE_NXDOMAIN, TYPE_A);
        wire_soa(&w, 60, 60);
        say();
        ck_assert_uint_eq(message_rcode(&got), RCODE_NXDOMAIN);
        now += 60 * SEC;
        ck_assert(!ask_type(TYPE_A));
        pass_until_answered(2 * SEC);
        ck_assert_uint_eq(message_rcode(&got), RCODE_NXDOMAIN);
        ck_assert(has_extended_error(EDE_STALE_NXDOMAIN) && !has_extended_error(EDE_STALE));
}
END_TEST

START_TEST(RFC8767_without_a_network_the_stale_answer_is_immediate_and_with_one_it_is_refreshed)
{
        keep_stale();
        plays.refuses = FAILURE_NO_ROUTE;
        lose((int) n_connects - 1, FAILURE_CONNECTION_LOST);
        ck_assert(ask_type(TYPE_A));
        ck_assert(has_extended_error(EDE_STALE));
        plays.refuses = FAILURE_NONE;
        ck_assert(!ask_type(TYPE_A));
        respond_a(300);
        ck_assert_uint_eq(ttl(), 300);
}
END_TEST

START_TEST(RFC8767_a_failed_refresh_is_retried_when_the_network_changes)
{
        keep_stale();
        ck_assert(!ask_type(TYPE_A));
        respond_rcode(RCODE_SERVFAIL);
        ck_assert(ask_type(TYPE_A));
        engine_network_changed(e, true, now);
        act();
        ck_assert(!ask_type(TYPE_A));
}
END_TEST

START_TEST(with_ServeStale_no_nothing_stale_is_served)
{
        played_start(PLAIN "[Cache]\nServeStale=no\n");
        keep_stale();
        ck_assert(!ask_type(TYPE_A));
        respond_rcode(RCODE_SERVFAIL);
        ck_assert_uint_eq(message_rcode(&got), RCODE_SERVFAIL);
        ck_assert(!has_extended_error(EDE_STALE));
}
END_TEST

START_TEST(turning_ServeStale_off_applies_to_what_is_cached_already)
{
        keep_stale();
        played_reload("[Cache]\nServeStale=no\n" UPSTREAM_A);
        ck_assert(!ask_type(TYPE_A));
        respond_rcode(RCODE_SERVFAIL);
        ck_assert_uint_eq(message_rcode(&got), RCODE_SERVFAIL);
}
END_TEST

/* The class of unbound's CVE-2026-46582: one builder makes all answers, so what holds for fresh ones holds here. */
START_TEST(a_stale_answer_is_built_like_any_other)
{
        ck_assert(!ask_type(TYPE_A));
        wire_begin(&w, DNS_QR | DNS_AA | DNS_AD, TYPE_A);
        for (unsigned i = 0; i < 60; i++)
                wire_a(&w, 60);
        wire_opt(&w, 4096, 0x8000, "\0\x0c\0\2\0\0", 6);
        say();
        now += 60 * SEC;
        ck_assert(!ask_type(TYPE_A));
        respond_rcode(RCODE_SERVFAIL);
        wire_begin(&w, DNS_RD, TYPE_A);
        w.data[13] = 'W';
        ck_assert(ask());
        ck_assert(got.flags & DNS_TC);
        ck_assert_uint_le(answer->n, 512);
        ck_assert_uint_eq(got.ancount, 0);
        ck_assert(!got.edns.present);
        ck_assert(ask_over(TRANSPORT_TCP));
        ck_assert(!(got.flags & (DNS_TC | DNS_AD)));
        ck_assert_uint_eq(got.ancount, 60);
        ck_assert_uint_eq(got.arcount, 0);
        ck_assert_uint_eq(got.qname.p[1], 'W');
        ck_assert_uint_eq(got.id, 0x1234);
        wire_begin(&w, DNS_RD | DNS_CD, TYPE_A);
        ck_assert_msg(!ask_over(TRANSPORT_TCP), "stale for other flags than it was asked with");
}
END_TEST

START_TEST(NXDOMAIN_for_one_type_answers_a_failed_query_for_another)
{
        ck_assert(!ask_type(TYPE_AAAA));
        ck_assert(!ask_type(TYPE_A));
        ck_assert_uint_eq(n_sends, 2);
        wire_begin(&w, DNS_QR | RCODE_NXDOMAIN, TYPE_A);
        wire_soa(&w, 60, 60);
        say();
        n_answers = 0;
        wire_begin(&w, DNS_QR | RCODE_SERVFAIL, TYPE_AAAA);
        wire_write16(w.data, 0);
        say_to(0, &HTTP_OK, wire_bytes(&w));
        ck_assert_uint_eq(n_answers, 1);
        ck_assert_uint_eq(message_rcode(&got), RCODE_NXDOMAIN);
        ck_assert_uint_eq(got.qtype, TYPE_AAAA);
        ck_assert(!has_extended_error(EDE_STALE_NXDOMAIN));
}
END_TEST

/* --- prefetch */

/* A hot name in its last tenth; the next query for it is asked behind the client's back. */
static void make_hot_with(const char *prefetch)
{
        played_start(prefetch);
        keep(300);
        ck_assert(ask_type(TYPE_A));
        now += 280 * SEC;
        n_sends = 0;
}

static void make_hot(void)
{
        make_hot_with(PLAIN "[Cache]\nPrefetch=yes\n");
}

START_TEST(a_popular_name_is_refreshed_on_a_late_query_and_never_by_the_clock)
{
        make_hot();
        ck_assert_uint_eq(n_sends, 0);
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(ttl(), 20);
        ck_assert_uint_eq(n_sends, 1);
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(n_sends, 1);
        n_answers = 0;
        respond_a(300);
        ck_assert_uint_eq(n_answers, 0);
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(ttl(), 300);
}
END_TEST

START_TEST(a_name_queried_once_is_not_popular)
{
        keep(300);
        now += 280 * SEC;
        n_sends = 0;
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(n_sends, 0);
}
END_TEST

START_TEST(a_prefetch_that_fails_or_hangs_leaves_the_answer)
{
        for (unsigned i = 0; i < 2; i++) {
                make_hot();
                ck_assert(ask_type(TYPE_A));
                ck_assert_uint_eq(n_sends, 1);
                if (i == 0)
                        respond_rcode(RCODE_SERVFAIL);
                else
                        pass_until_answered(10 * SEC);
                ck_assert(ask_type(TYPE_A));
                ck_assert_uint_eq(message_rcode(&got), RCODE_NOERROR);
                ck_assert(!has_extended_error(EDE_STALE));
        }
}
END_TEST

START_TEST(with_Prefetch_no_nothing_is_refreshed_early)
{
        make_hot_with(PLAIN "[Cache]\nPrefetch=no\n");
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(n_sends, 0);
}
END_TEST

START_TEST(under_load_nothing_is_refreshed_early)
{
        make_hot();
        for (unsigned i = 0; i < 64; i++) {
                put_number(i);
                ask();
        }
        n_sends = 0;
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(n_sends, 0);
}
END_TEST

/* --- the administrator */

START_TEST(a_flush_empties_the_cache)
{
        keep(300);
        engine_flush_cache(e);
        ck_assert(!ask_type(TYPE_A));
}
END_TEST

START_TEST(a_reload_keeps_cached_answers_unless_the_upstreams_change)
{
        keep(300);
        played_reload("[Cache]\nSize=1M\n" UPSTREAM_A);
        ck_assert(ask_type(TYPE_A));
        played_reload(UPSTREAM_B);
        ck_assert(!ask_type(TYPE_A));
}
END_TEST

START_TEST(a_cache_that_is_turned_off_and_on_begins_empty)
{
        keep(300);
        played_reload("[Cache]\nEnable=no\n" UPSTREAM_A);
        ck_assert(!ask_type(TYPE_A));
        respond_a(300);
        ck_assert(!ask_type(TYPE_A));
        respond_a(300);
        played_reload(UPSTREAM_A);
        ck_assert(!ask_type(TYPE_A));
        respond_a(300);
        ck_assert(ask_type(TYPE_A));
}
END_TEST

int main(void)
{
        Suite *s = suite_create("caching");
        TCase *c;

        c = tcase_create("HTTP and TTLs");
        tcase_add_checked_fixture(c, played_start_plain, played_stop);
        tcase_add_test(c, RFC8484_Age_is_subtracted_from_the_TTL_at_once_and_in_the_cache);
        tcase_add_test(c, RFC8484_an_answer_with_an_Age_above_its_TTL_is_delivered_and_not_cached);
        tcase_add_test(c, RFC9111_max_age_limits_the_lifetime_in_the_cache);
        tcase_add_test(c, RFC1035_an_answer_with_ttl_0_goes_to_all_clients_that_wait_and_is_not_cached);
        tcase_add_test(c, MaxTTLSec_applies_to_the_first_client_as_to_all_later_ones);
        tcase_add_test(c, RFC2308_a_negative_answer_has_its_SOA_with_the_TTL_counted_down);
        tcase_add_test(c, answers_age_while_the_system_is_suspended);
        suite_add_tcase(s, c);
        c = tcase_create("which queries share an answer");
        tcase_add_checked_fixture(c, played_start_plain, played_stop);
        tcase_add_test(c, RFC6840_AD_from_the_cache_is_set_only_if_the_upstream_is_trusted);
        tcase_add_test(c, RFC6891_a_client_without_EDNS_shares_the_answer_and_gets_no_OPT);
        tcase_add_test(c, RFC4035_queries_with_DO_or_CD_share_no_cache_entry_with_others);
        tcase_add_test(c, RFC1035_queries_without_RD_neither_use_nor_fill_the_cache);
        tcase_add_test(c, RFC8482_ANY_is_forwarded_and_its_answer_is_cached_for_ANY_only);
        suite_add_tcase(s, c);
        c = tcase_create("failures");
        tcase_add_checked_fixture(c, played_start_plain, played_stop);
        tcase_add_test(c, RFC9520_a_failure_is_cached_for_one_second_and_then_for_two);
        tcase_add_test(c, RFC9520_REFUSED_is_cached_like_any_failure);
        tcase_add_test(c, RFC9520_a_timeout_of_a_healthy_upstream_is_cached_for_one_second);
        tcase_add_test(c, C28_an_answer_after_the_deadline_is_cached_and_sent_to_no_client);
        tcase_add_test(c, a_cached_failure_is_forgotten_when_the_network_changes);
        tcase_add_test(c, a_cached_failure_is_forgotten_when_the_upstream_recovers);
        tcase_add_test(c, no_failure_is_cached_without_a_network);
        suite_add_tcase(s, c);
        c = tcase_create("stale answers");
        tcase_add_checked_fixture(c, played_start_plain, played_stop);
        tcase_add_test(c, RFC8767_a_client_gets_a_stale_answer_after_1800_ms);
        tcase_add_test(c, RFC8767_the_fresh_answer_that_follows_is_cached);
        tcase_add_test(c, RFC8767_the_refresh_continues_after_a_failed_attempt);
        tcase_add_test(c, RFC8767_while_the_refresh_is_slow_others_get_the_stale_answer_at_once);
        tcase_add_test(c, RFC8767_after_a_failed_refresh_the_stale_answer_serves_for_30_seconds);
        tcase_add_test(c, RFC8767_NXDOMAIN_replaces_a_stale_answer);
        tcase_add_test(c, RFC8767_without_a_network_the_stale_answer_is_immediate_and_with_one_it_is_refreshed);
        tcase_add_test(c, RFC8767_a_failed_refresh_is_retried_when_the_network_changes);
        tcase_add_test(c, with_ServeStale_no_nothing_stale_is_served);
        tcase_add_test(c, turning_ServeStale_off_applies_to_what_is_cached_already);
        tcase_add_test(c, a_stale_answer_is_built_like_any_other);
        tcase_add_test(c, NXDOMAIN_for_one_type_answers_a_failed_query_for_another);
        suite_add_tcase(s, c);
        c = tcase_create("prefetch");
        tcase_add_checked_fixture(c, played_start_plain, played_stop);
        tcase_add_test(c, a_popular_name_is_refreshed_on_a_late_query_and_never_by_the_clock);
        tcase_add_test(c, a_name_queried_once_is_not_popular);
        tcase_add_test(c, a_prefetch_that_fails_or_hangs_leaves_the_answer);
        tcase_add_test(c, with_Prefetch_no_nothing_is_refreshed_early);
        tcase_add_test(c, under_load_nothing_is_refreshed_early);
        suite_add_tcase(s, c);
        c = tcase_create("the administrator");
        tcase_add_checked_fixture(c, played_start_plain, played_stop);
        tcase_add_test(c, a_flush_empties_the_cache);
        tcase_add_test(c, a_reload_keeps_cached_answers_unless_the_upstreams_change);
        tcase_add_test(c, a_cache_that_is_turned_off_and_on_begins_empty);
        suite_add_tcase(s, c);
        return run_suite(s);
}
