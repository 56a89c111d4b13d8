/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Out of memory (FAULTS.md R03): at each single allocation of each step in the engine's life, and at all from there on.
 * Nothing crashes, nothing is lost, and once there is memory again, the next query has its answer.
 */

#include <string.h>

#include "played.h"
#include "run.h"

#define ALLOCATIONS_MAX 100000

/* --- an allocator that fails on order, and counts what lives */

static unsigned allocations; /* since `fail_at` was set */
static unsigned fail_at;     /* number of the first that fails, from 1; 0: none */
static bool fail_on;         /* all behind it, too */
static long live;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
void __wrap_free(void *p);
void *__wrap_pool_get(size_t size);
void *__wrap_pool_get_zeroed(size_t size);
void __wrap_pool_put(void *p, size_t size);

static bool fails(void)
{
        allocations++;
        return fail_at && (allocations == fail_at || (fail_on && allocations > fail_at));
}

static void *counted(void *p)
{
        live += p != NULL;
        return p;
}

void *__wrap_malloc(size_t n)
{
        return fails() ? NULL : counted(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t size)
{
        return fails() ? NULL : counted(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t n)
{
        if (fails())
                return NULL;
        return p ? __real_realloc(p, n) : counted(__real_malloc(n));
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
        return __wrap_realloc(p, n * size);
}

char *__wrap_strndup(const char *s, size_t n)
{
        size_t size = strnlen(s, n);
        char *p = __wrap_malloc(size + 1);

        if (!p)
                return NULL;
        memcpy(p, s, size);
        p[size] = 0;
        return p;
}

char *__wrap_strdup(const char *s)
{
        return __wrap_strndup(s, strlen(s));
}

void __wrap_free(void *p)
{
        live -= p != NULL;
        __real_free(p);
}

/* What the pool keeps is nobody's, and would not fail. */
void *__wrap_pool_get(size_t size)
{
        return __wrap_malloc(size);
}

void *__wrap_pool_get_zeroed(size_t size)
{
        return __wrap_calloc(1, size);
}

void __wrap_pool_put(void *p, _unused_ size_t size)
{
        __wrap_free(p);
}

/* --- what the engine is told */

#define COMMON "[Forward lan]\nDomains=corp.test\nDNS=192.0.2.53\n"

static const char config_a[] =
        "[Upstream a]\nURL=https://a.test/q\nAddress=192.0.2.1 192.0.2.2\n"
        "[Upstream b]\nURL=https://b.test/q{?dns}\nAddress=192.0.2.3\nPinSHA256=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" COMMON;
static const char config_b[] =
        "[Resolver]\nDNS=192.0.2.9#https://c.test/q\n[Cache]\nSize=1M\n"
        "[Upstream b]\nURL=https://b.test/other\nAddress=192.0.2.3\nTrustAnchors=/etc/ca.pem\n" COMMON;
static const char config_bad[] =
        "[Upstream]\nno\n[Upstream a]\nURL=ftp://x\nAddress=1.2.3\nHealth=so\n[What]\nX=1\n" COMMON;

/* www in a domain of seven letters. */
static void ask_domain(const char *label, Transport transport)
{
        wire_begin(&w, DNS_RD, TYPE_A);
        memcpy(w.data + 17, label, 7); /* in place of "example" */
        wire_opt(&w, 1232, 0, "", 0);
        ask_as(7, transport);
}

static void ask_wire_name(const char *name, size_t n)
{
        wire_question(&w, DNS_RD, name, n, TYPE_A, CLASS_IN);
        ask_as(8, TRANSPORT_UDP);
}

/* --- its life, step by step */

static void is_made(void)
{
        /* Upstreams and Do53 servers that answer whatever they are asked. */
        if (played_try_start(config_a))
                plays = (Plays) { .connects = true, .pings = true, .answers = true };
}

static void has_hosts(void)
{
        static const char text[] = "192.0.2.7 nas.test nas\n::1 localhost\n";
        HostsReport report;
        Hosts *h = hosts_new(BYTES(text, sizeof(text) - 1), (const uint8_t *) "0123456789abcdef", &report);

        engine_set_hosts(e, h, NULL);
        hosts_unref(h);
}

static void is_asked(void)
{
        ask_domain("example", TRANSPORT_UDP);
        pass(10 * MSEC);
}

static void answers_from_the_cache(void)
{
        ask_domain("example", TRANSPORT_TCP);
}

static void answers_from_here(void)
{
        ask_wire_name("\3nas\4test", 10);
        ask_wire_name("\7invalid", 9);
        ask_wire_name("\1x\0", 3);
}

static void asks_a_do53_server(void)
{
        ask_wire_name("\1w\4corp\4test", 13);
}

static void is_asked_twice_and_told_late(void)
{
        plays.answers = false;
        ask_domain("missing", TRANSPORT_UDP);
        ask_domain("missing", TRANSPORT_TCP);
        pass(4600 * MSEC);
        plays.answers = true;
        pass(10 * SEC);
}

static void takes_rubbish(void)
{
        ask_wire_name("\3www\7example\3com", 9);
}

static void is_told_a_new_configuration(void)
{
        Config *c = played_parse(config_b);

        if (c)
                engine_reload(e, c, now);
        config_unref(c);
        act();
}

static void reads_a_bad_configuration(void)
{
        config_unref(played_parse(config_bad));
}

static void moves_to_another_network(void)
{
        engine_network_changed(e, true, now);
        act();
        engine_resume(e, 3600 * SEC, now);
        act();
        ask_domain("another", TRANSPORT_UDP);
        pass(10 * MSEC);
}

static void is_probed(void)
{
        UpstreamInfo u;

        if (engine_upstream(e, 0, &u))
                engine_probe(e, u.number, 1, now);
        act();
        pass(100 * MSEC);
}

static void rests(void)
{
        pass(300 * SEC);
}

static const struct {
        const char *name;
        void (*step)(void);
} steps[] = {
        { "is made", is_made },
        { "has hosts", has_hosts },
        { "is asked", is_asked },
        { "answers from the cache", answers_from_the_cache },
        { "answers from here", answers_from_here },
        { "asks a Do53 server", asks_a_do53_server },
        { "is asked twice and told late", is_asked_twice_and_told_late },
        { "takes rubbish", takes_rubbish },
        { "is probed", is_probed },
        { "reads a bad configuration", reads_a_bad_configuration },
        { "is told a new configuration", is_told_a_new_configuration },
        { "is asked under the new one", is_asked },
        { "moves to another network", moves_to_another_network },
        { "rests", rests },
};

static unsigned check_step(size_t step, unsigned nth)
{
        unsigned before, done;
        EngineObjects objects;
        long live_before = live; /* the check library's */

        for (size_t i = 0; i < step; i++)
                steps[i].step();
        allocations = 0;
        fail_at = nth;
        steps[step].step();
        fail_at = 0;
        done = allocations;
        if (e) {
                plays.answers = true;
                /* What went wrong has had its time: connections that could not be had are tried again. */
                pass(20 * SEC);
                before = n_addresses;
                ask_domain("nextone", TRANSPORT_UDP);
                pass(6 * SEC);
                ck_assert_msg(n_addresses == before + 1, "it %s, allocation %u%s failed: the next query has no answer",
                              steps[step].name, nth, fail_on ? " and all after it" : "");
                ck_assert_msg(n_queries == n_answers, "it %s, allocation %u%s failed: %u clients are not let go",
                              steps[step].name, nth, fail_on ? " and all after it" : "", n_queries - n_answers);
                pass(600 * SEC);
                engine_objects(e, &objects);
                ck_assert_msg(
                        !objects.queries && !objects.pending && !objects.exchanges && !objects.connections,
                        "it %s, allocation %u%s failed: %zu queries, %zu pending, %zu exchanges, %zu connections are left",
                        steps[step].name, nth, fail_on ? " and all after it" : "", objects.queries, objects.pending,
                        objects.exchanges, objects.connections);
        } else
                ck_assert_msg(step == 0 && nth, "it was not made");
        played_stop();
        ck_assert_msg(live == live_before, "it %s, allocation %u%s failed: %ld allocations are left", steps[step].name,
                      nth, fail_on ? " and all after it" : "", live - live_before);
        return done;
}

START_TEST(R03_any_single_allocation_may_fail)
{
        unsigned n = check_step((size_t) _i, 0);

        ck_assert_uint_lt(n, ALLOCATIONS_MAX);
        for (unsigned nth = 1; nth <= n; nth++)
                check_step((size_t) _i, nth);
}
END_TEST

START_TEST(R03_any_allocation_and_all_after_it_may_fail)
{
        unsigned n = check_step((size_t) _i, 0);

        fail_on = true;
        for (unsigned nth = 1; nth <= n; nth++)
                check_step((size_t) _i, nth);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("memory");
        TCase *c = tcase_create("out of it");

        tcase_set_timeout(c, 60);
        tcase_add_loop_test(c, R03_any_single_allocation_may_fail, 0, ELEMENTS(steps));
        tcase_add_loop_test(c, R03_any_allocation_and_all_after_it_may_fail, 0, ELEMENTS(steps));
        suite_add_tcase(s, c);
        return run_suite(s);
}
