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

START_TEST(RFC8484_Age_is_taken_from_the_TTL_at_once_and_in_the_cache)
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

START_TEST(RFC8484_an_Age_beyond_the_TTL_makes_an_answer_for_once)
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

START_TEST(RFC9111_max_age_ends_the_answers_life_in_the_cache)
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

START_TEST(RFC1035_an_answer_with_ttl_0_is_for_those_who_wait_and_for_nobody_else)
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

START_TEST(MaxTTLSec_holds_for_the_first_client_as_for_all_after_him)
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

START_TEST(suspend_ages_answers)
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

/* --- who may have it */

START_TEST(RFC6840_AD_in_the_cache_is_told_only_where_the_upstream_is_trusted)
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

START_TEST(RFC4035_DO_and_CD_are_asked_for_themselves)
{
        keep(300);
        wire_begin(&w, DNS_RD | DNS_CD, TYPE_A);
        ck_assert(!ask());
        wire_begin(&w, DNS_RD, TYPE_A);
        wire_opt(&w, 1232, 0x8000, "", 0);
        ck_assert(!ask());
}
END_TEST

START_TEST(RFC1035_without_RD_the_cache_is_neither_used_nor_filled)
{
        wire_begin(&w, 0, TYPE_A);
        ck_assert(!ask());
        respond_a(300);
        keep(300);
        wire_begin(&w, 0, TYPE_A);
        ck_assert(!ask());
}
END_TEST

START_TEST(RFC8482_ANY_is_forwarded_and_its_answer_is_for_ANY)
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

START_TEST(RFC9520_a_failure_is_told_again_for_a_second_and_then_two_with_cached_error)
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

START_TEST(RFC9520_REFUSED_is_kept_like_any_failure)
{
        ck_assert(!ask_type(TYPE_A));
        respond_rcode(RCODE_REFUSED);
        ck_assert_uint_eq(message_rcode(&got), RCODE_REFUSED);
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(message_rcode(&got), RCODE_REFUSED);
        ck_assert(has_extended_error(EDE_CACHED_ERROR));
}
END_TEST

START_TEST(RFC9520_a_question_that_a_well_upstream_leaves_unanswered_is_not_asked_again_for_a_second)
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

START_TEST(C28_an_answer_that_comes_after_the_deadline_is_kept_and_sent_to_nobody)
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

START_TEST(a_failure_of_the_network_before_is_forgotten_in_the_next)
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

START_TEST(a_failure_from_before_an_upstream_fell_ill_is_forgotten_when_it_is_well)
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

START_TEST(without_a_network_no_failure_is_kept)
{
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

START_TEST(RFC8767_a_client_waits_no_longer_than_1800_ms_for_what_is_known_from_before)
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

START_TEST(RFC8767_the_answer_that_comes_behind_it_is_kept)
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

START_TEST(RFC8767_the_refresh_behind_it_outlives_a_failed_attempt)
{
        unsigned before;

        keep_stale();
        ck_assert(!ask_type(TYPE_A));
        pass_until_answered(10 * SEC);
        before = n_sends;
        fail_until_asked_again(SEC);
        ck_assert_uint_gt(n_sends, before);
        respond_a(300);
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(ttl(), 300);
}
END_TEST

START_TEST(RFC8767_while_that_is_slow_others_have_the_stale_answer_at_once)
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

START_TEST(RFC8767_a_failure_to_refresh_is_answered_with_what_is_stale_and_not_repeated_for_30_seconds)
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

START_TEST(RFC8767_NXDOMAIN_replaces_what_is_stale)
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

START_TEST(RFC8767_with_no_network_it_comes_at_once_and_with_one_it_is_refreshed)
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

START_TEST(RFC8767_another_network_asks_anew_what_failed_to_refresh)
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

START_TEST(ServeStale_no_serves_nothing_stale)
{
        played_start(PLAIN "[Cache]\nServeStale=no\n");
        keep_stale();
        ck_assert(!ask_type(TYPE_A));
        respond_rcode(RCODE_SERVFAIL);
        ck_assert_uint_eq(message_rcode(&got), RCODE_SERVFAIL);
        ck_assert(!has_extended_error(EDE_STALE));
}
END_TEST

START_TEST(ServeStale_turned_off_holds_for_what_is_there)
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

START_TEST(NXDOMAIN_that_another_type_brought_answers_who_waits_in_vain)
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
static void make_hot(void)
{
        keep(300);
        ck_assert(ask_type(TYPE_A));
        now += 280 * SEC;
        n_sends = 0;
}

START_TEST(a_hot_name_is_refreshed_behind_its_last_queries_and_never_by_the_clock)
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

START_TEST(a_name_asked_once_is_not_hot)
{
        keep(300);
        now += 280 * SEC;
        n_sends = 0;
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(n_sends, 0);
}
END_TEST

START_TEST(a_refresh_that_fails_or_never_ends_harms_nobody)
{
        for (unsigned i = 0; i < 2; i++) {
                played_start_plain();
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

START_TEST(Prefetch_no_asks_for_nothing_unasked)
{
        played_start(PLAIN "[Cache]\nPrefetch=no\n");
        make_hot();
        ck_assert(ask_type(TYPE_A));
        ck_assert_uint_eq(n_sends, 0);
}
END_TEST

START_TEST(while_much_is_under_way_nothing_is_refreshed)
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

START_TEST(a_flush_makes_everything_be_asked_anew)
{
        keep(300);
        engine_flush_cache(e);
        ck_assert(!ask_type(TYPE_A));
}
END_TEST

START_TEST(a_reload_keeps_answers_as_long_as_the_upstreams_are_the_same)
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
        tcase_add_test(c, RFC8484_Age_is_taken_from_the_TTL_at_once_and_in_the_cache);
        tcase_add_test(c, RFC8484_an_Age_beyond_the_TTL_makes_an_answer_for_once);
        tcase_add_test(c, RFC9111_max_age_ends_the_answers_life_in_the_cache);
        tcase_add_test(c, RFC1035_an_answer_with_ttl_0_is_for_those_who_wait_and_for_nobody_else);
        tcase_add_test(c, MaxTTLSec_holds_for_the_first_client_as_for_all_after_him);
        tcase_add_test(c, RFC2308_a_negative_answer_has_its_SOA_with_the_TTL_counted_down);
        tcase_add_test(c, suspend_ages_answers);
        suite_add_tcase(s, c);
        c = tcase_create("who may have it");
        tcase_add_checked_fixture(c, played_start_plain, played_stop);
        tcase_add_test(c, RFC6840_AD_in_the_cache_is_told_only_where_the_upstream_is_trusted);
        tcase_add_test(c, RFC6891_a_client_without_EDNS_shares_the_answer_and_gets_no_OPT);
        tcase_add_test(c, RFC4035_DO_and_CD_are_asked_for_themselves);
        tcase_add_test(c, RFC1035_without_RD_the_cache_is_neither_used_nor_filled);
        tcase_add_test(c, RFC8482_ANY_is_forwarded_and_its_answer_is_for_ANY);
        suite_add_tcase(s, c);
        c = tcase_create("failures");
        tcase_add_checked_fixture(c, played_start_plain, played_stop);
        tcase_add_test(c, RFC9520_a_failure_is_told_again_for_a_second_and_then_two_with_cached_error);
        tcase_add_test(c, RFC9520_REFUSED_is_kept_like_any_failure);
        tcase_add_test(c, RFC9520_a_question_that_a_well_upstream_leaves_unanswered_is_not_asked_again_for_a_second);
        tcase_add_test(c, C28_an_answer_that_comes_after_the_deadline_is_kept_and_sent_to_nobody);
        tcase_add_test(c, a_failure_of_the_network_before_is_forgotten_in_the_next);
        tcase_add_test(c, a_failure_from_before_an_upstream_fell_ill_is_forgotten_when_it_is_well);
        tcase_add_test(c, without_a_network_no_failure_is_kept);
        suite_add_tcase(s, c);
        c = tcase_create("stale answers");
        tcase_add_checked_fixture(c, played_start_plain, played_stop);
        tcase_add_test(c, RFC8767_a_client_waits_no_longer_than_1800_ms_for_what_is_known_from_before);
        tcase_add_test(c, RFC8767_the_answer_that_comes_behind_it_is_kept);
        tcase_add_test(c, RFC8767_the_refresh_behind_it_outlives_a_failed_attempt);
        tcase_add_test(c, RFC8767_while_that_is_slow_others_have_the_stale_answer_at_once);
        tcase_add_test(c, RFC8767_a_failure_to_refresh_is_answered_with_what_is_stale_and_not_repeated_for_30_seconds);
        tcase_add_test(c, RFC8767_NXDOMAIN_replaces_what_is_stale);
        tcase_add_test(c, RFC8767_with_no_network_it_comes_at_once_and_with_one_it_is_refreshed);
        tcase_add_test(c, RFC8767_another_network_asks_anew_what_failed_to_refresh);
        tcase_add_test(c, ServeStale_no_serves_nothing_stale);
        tcase_add_test(c, ServeStale_turned_off_holds_for_what_is_there);
        tcase_add_test(c, a_stale_answer_is_built_like_any_other);
        tcase_add_test(c, NXDOMAIN_that_another_type_brought_answers_who_waits_in_vain);
        suite_add_tcase(s, c);
        c = tcase_create("prefetch");
        tcase_add_checked_fixture(c, played_start_plain, played_stop);
        tcase_add_test(c, a_hot_name_is_refreshed_behind_its_last_queries_and_never_by_the_clock);
        tcase_add_test(c, a_name_asked_once_is_not_hot);
        tcase_add_test(c, a_refresh_that_fails_or_never_ends_harms_nobody);
        tcase_add_test(c, Prefetch_no_asks_for_nothing_unasked);
        tcase_add_test(c, while_much_is_under_way_nothing_is_refreshed);
        suite_add_tcase(s, c);
        c = tcase_create("the administrator");
        tcase_add_checked_fixture(c, played_start_plain, played_stop);
        tcase_add_test(c, a_flush_makes_everything_be_asked_anew);
        tcase_add_test(c, a_reload_keeps_answers_as_long_as_the_upstreams_are_the_same);
        tcase_add_test(c, a_cache_that_is_turned_off_and_on_begins_empty);
        suite_add_tcase(s, c);
        return run_suite(s);
}
