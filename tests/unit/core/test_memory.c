/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Out of memory (FAULTS.md R03): at each single allocation of each step in the engine's life, and at all from there on.
 * Nothing crashes, nothing is lost, and once there is memory again, the next query has its answer.
 */

#include <check.h>
#include <string.h>

#include "core/engine.h"
#include "run.h"
#include "wire_builder.h"

#define MSEC USEC_PER_MSEC
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

/* --- a world around an engine */

#define COMMON "[Forward lan]\nDomains=corp.test\nDNS=192.0.2.53\n"

static const char config_a[] =
        "[Upstream a]\nURL=https://a.test/q\nAddress=192.0.2.1 192.0.2.2\n"
        "[Upstream b]\nURL=https://b.test/q{?dns}\nAddress=192.0.2.3\nPinSHA256=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" COMMON;
static const char config_b[] =
        "[Resolver]\nDNS=192.0.2.9#https://c.test/q\n[Cache]\nSize=1M\n"
        "[Upstream b]\nURL=https://b.test/other\nAddress=192.0.2.3\nTrustAnchors=/etc/ca.pem\n" COMMON;
static const char config_bad[] =
        "[Upstream]\nno\n[Upstream a]\nURL=ftp://x\nAddress=1.2.3\nHealth=so\n[What]\nX=1\n" COMMON;

static Engine *e;
static uint64_t now;
static Wire query, reply;
static unsigned n_good;
static int n_waiting; /* clients that the engine owes an ACTION_ANSWER */
static bool upstream_answers;
static bool malformed; /* a message of the engine's; the check library itself needs memory */

static Config *parse(const char *text)
{
        ConfigText t = { .name = "test", .text = text, .n = strlen(text) };
        unsigned errors;
        Config *c = config_parse(&t, 1, NULL, NULL, &errors);

        /* As the daemon does: what has errors is not taken up. */
        return errors ? config_unref(c) : c;
}

/* What upstreams make of a question: an address. */
static void make_reply(Bytes wire)
{
        Message m;

        malformed |= message_parse(&m, wire) != MESSAGE_OK;
        reply.n = 0;
        wire_put(&reply, wire.p, m.question_end);
        wire_write16(reply.data + 2, DNS_QR | DNS_RD | DNS_RA);
        memset(reply.data + 6, 0, 6);
        wire_a(&reply, 300);
}

static void on_answer(const Action *a)
{
        Message m;

        n_waiting--;
        if (!a->answer.message)
                return;
        malformed |= message_parse(&m, packet_bytes(a->answer.message)) != MESSAGE_OK;
        n_good += message_rcode(&m) == RCODE_NOERROR && m.ancount > 0;
}

static void act(void)
{
        HttpResponse http = { .has_status = true, .status = 200, .has_type = true, .type_ok = true };
        Action a;

        while (engine_next_action(e, &a))
                switch (a.type) {
                case ACTION_ANSWER:
                        on_answer(&a);
                        break;
                case ACTION_CONNECT:
                        engine_established(e, a.connection, now);
                        engine_ready(e, a.connection, false, now);
                        engine_max_streams(e, a.connection, 100, now);
                        break;
                case ACTION_SEND:
                        make_reply(packet_bytes(a.send.message));
                        if (upstream_answers) {
                                engine_received(e, a.connection, now);
                                engine_response(e, a.connection, a.exchange, &http, wire_bytes(&reply), now);
                        }
                        break;
                case ACTION_PING:
                        engine_received(e, a.connection, now);
                        break;
                case ACTION_DO53_SEND:
                        make_reply(packet_bytes(a.do53.message));
                        engine_do53_answer(e, a.exchange, 0, wire_bytes(&reply), now);
                        break;
                default:
                        break;
                }
}

static void pass(uint64_t usec)
{
        for (uint64_t end = now + usec; now < end;) {
                now = MIN(end, MAX(now, engine_next_time(e)));
                engine_run(e, now);
                act();
        }
}

static void ask(const char *label, Transport transport)
{
        Client c = { .test.number = 7 };

        wire_begin(&query, DNS_RD, TYPE_A);
        memcpy(query.data + 17, label, 7); /* in place of "example" */
        wire_opt(&query, 1232, 0, "", 0);
        n_waiting += engine_query(e, &c, transport, wire_bytes(&query), now);
        act();
}

static void ask_name(const char *name, size_t n)
{
        Client c = { .test.number = 8 };

        wire_begin(&query, DNS_RD, TYPE_A);
        query.n = DNS_HEADER_SIZE;
        wire_put(&query, name, n);
        wire_put16(&query, TYPE_A);
        wire_put16(&query, CLASS_IN);
        n_waiting += engine_query(e, &c, TRANSPORT_UDP, wire_bytes(&query), now);
        act();
}

/* --- its life, step by step */

static void is_made(void)
{
        Config *c = parse(config_a);

        e = c ? engine_new(c, (const uint8_t *) "0123456789abcdef", now) : NULL;
        config_unref(c);
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
        ask("example", TRANSPORT_UDP);
        pass(10 * MSEC);
}

static void answers_from_the_cache(void)
{
        ask("example", TRANSPORT_TCP);
}

static void answers_from_here(void)
{
        ask_name("\3nas\4test", 10);
        ask_name("\7invalid", 9);
        ask_name("\1x\0", 3);
}

static void asks_a_do53_server(void)
{
        ask_name("\1w\4corp\4test", 13);
}

static void is_asked_twice_and_told_late(void)
{
        upstream_answers = false;
        ask("missing", TRANSPORT_UDP);
        ask("missing", TRANSPORT_TCP);
        pass(4600 * MSEC);
        upstream_answers = true;
        pass(10 * USEC_PER_SEC);
}

static void takes_rubbish(void)
{
        ask_name("\3www\7example\3com", 9);
}

static void is_told_a_new_configuration(void)
{
        Config *c = parse(config_b);

        if (c)
                engine_reload(e, c, now);
        config_unref(c);
        act();
}

static void reads_a_bad_configuration(void)
{
        config_unref(parse(config_bad));
}

static void moves_to_another_network(void)
{
        engine_network_changed(e, true, now);
        act();
        engine_resume(e, 3600 * USEC_PER_SEC, now);
        act();
        ask("another", TRANSPORT_UDP);
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
        pass(300 * USEC_PER_SEC);
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

        e = NULL;
        now = 1000 * USEC_PER_SEC;
        n_good = 0;
        n_waiting = 0;
        upstream_answers = true;
        for (size_t i = 0; i < step; i++)
                steps[i].step();
        allocations = 0;
        fail_at = nth;
        steps[step].step();
        fail_at = 0;
        done = allocations;
        ck_assert(!malformed);
        upstream_answers = true;
        if (e) {
                /* What went wrong has had its time: connections that could not be had are tried again. */
                pass(20 * USEC_PER_SEC);
                before = n_good;
                ask("nextone", TRANSPORT_UDP);
                pass(6 * USEC_PER_SEC);
                ck_assert_msg(n_good == before + 1, "it %s, allocation %u%s failed: the next query has no answer",
                              steps[step].name, nth, fail_on ? " and all after it" : "");
                ck_assert_msg(n_waiting == 0, "it %s, allocation %u%s failed: %d clients are not let go",
                              steps[step].name, nth, fail_on ? " and all after it" : "", n_waiting);
                pass(600 * USEC_PER_SEC);
                engine_objects(e, &objects);
                ck_assert_msg(
                        !objects.queries && !objects.pending && !objects.exchanges && !objects.connections,
                        "it %s, allocation %u%s failed: %zu queries, %zu pending, %zu exchanges, %zu connections are left",
                        steps[step].name, nth, fail_on ? " and all after it" : "", objects.queries, objects.pending,
                        objects.exchanges, objects.connections);
        } else
                ck_assert_msg(step == 0 && nth, "it was not made");
        e = engine_free(e);
        ck_assert_msg(live == live_before, "it %s, allocation %u%s failed: %ld allocations are left", steps[step].name,
                      nth, fail_on ? " and all after it" : "", live - live_before);
        return done;
}

START_TEST(R03_each_allocation_of_each_step_may_fail)
{
        unsigned n = check_step((size_t) _i, 0);

        ck_assert_uint_lt(n, ALLOCATIONS_MAX);
        for (unsigned nth = 1; nth <= n; nth++)
                check_step((size_t) _i, nth);
}
END_TEST

START_TEST(R03_and_all_behind_it)
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
        tcase_add_loop_test(c, R03_each_allocation_of_each_step_may_fail, 0, ELEMENTS(steps));
        tcase_add_loop_test(c, R03_and_all_behind_it, 0, ELEMENTS(steps));
        suite_add_tcase(s, c);
        return run_suite(s);
}
