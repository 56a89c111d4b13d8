/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TCP clients over the loopback interface (RFC 7766, FAULTS.md C19-C25): what comes in pieces or all at once, who does
 * not read, who goes, and who holds places.
 */

#include "listening.h"
#include "run.h"

static int accept_error;
static unsigned accept_calls;
static size_t largest_send;
static unsigned send_calls;
static uint64_t skipped; /* usec by which the clock is ahead */

int __real_accept4(int fd, struct sockaddr *a, socklen_t *size, int flags);
int __wrap_accept4(int fd, struct sockaddr *a, socklen_t *size, int flags);
ssize_t __real_sendmsg(int fd, const struct msghdr *m, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags);
int __real_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);

int __wrap_accept4(int fd, struct sockaddr *a, socklen_t *size, int flags)
{
        accept_calls++;
        if (!accept_error)
                return __real_accept4(fd, a, size, flags);
        errno = accept_error;
        return -1;
}

/* The listener's: the tests write(). */
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags)
{
        size_t n = 0;

        for (size_t i = 0; i < m->msg_iovlen; i++)
                n += m->msg_iov[i].iov_len;
        send_calls++;
        largest_send = MAX(largest_send, n);
        return __real_sendmsg(fd, m, flags);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
        int r = __real_clock_gettime(clock, ret);

        ret->tv_sec += (time_t) (skipped / USEC_PER_SEC);
        return r;
}

static void start_tcp(void)
{
        start();
        accept_error = 0;
        accept_calls = send_calls = 0;
        largest_send = 0;
        skipped = 0;
        listen_on("127.0.0.1:0");
}

/* The client's side of a connection: what it has read. */
typedef struct Peer {
        int fd;
        uint8_t *in;
        size_t n, size;
        bool closed; /* by the listener, in order */
        bool reset;
} Peer;

static Peer peer(void)
{
        return (Peer) { .fd = client(SOCK_STREAM) };
}

static void put_query(uint8_t *p, unsigned id)
{
        memset(p, 0, 2 + QUERY_SIZE);
        wire_write16(p, QUERY_SIZE);
        wire_write16(p + 2, id);
}

static void put(Peer *p, const void *data, size_t n)
{
        ck_assert_int_eq(write(p->fd, data, n), n);
}

static void ask(Peer *p, unsigned id)
{
        uint8_t query[2 + QUERY_SIZE];

        put_query(query, id);
        put(p, query, sizeof(query));
}

/* As many queries as the kernel takes in one call, from number `from` to `to`; returns the next number. */
static size_t ask_many(Peer *p, size_t from, size_t to)
{
        static uint8_t octets[1000 * (2 + QUERY_SIZE)];
        static size_t rest, at_rest; /* of a query that was written in part: one peer at a time */
        size_t n = MIN(to - from, (size_t) 1000);
        ssize_t done;

        if (!rest) {
                for (size_t i = 0; i < n; i++)
                        put_query(octets + i * (2 + QUERY_SIZE), (unsigned) (from + i) & 0xffff);
                rest = n * (2 + QUERY_SIZE);
                at_rest = 0;
        }
        done = write(p->fd, octets + at_rest, rest);
        if (done < 0)
                return from;
        at_rest += (size_t) done;
        rest -= (size_t) done;
        return rest ? from : from + at_rest / (2 + QUERY_SIZE);
}

static void hear(Peer *p)
{
        ssize_t n;

        do {
                if (p->n == p->size)
                        p->in = reallocarray(p->in, p->size = p->size ? p->size * 2 : 65536, 1);
                n = read(p->fd, p->in + p->n, p->size - p->n);
                if (n > 0)
                        p->n += (size_t) n;
                p->closed = p->closed || n == 0;
                p->reset = p->reset || (n < 0 && errno != EAGAIN);
        } while (n > 0);
}

/* Whole answers among what was read. */
static size_t answers(const Peer *p)
{
        size_t n = 0;

        for (size_t i = 0; p->n - i >= 2 && p->n - i >= 2u + wire_read16(p->in + i); i += 2u + wire_read16(p->in + i))
                n++;
        return n;
}

/* The ID of answer number `i`. */
static unsigned answer_id(const Peer *p, size_t i)
{
        size_t where = 0;

        while (i--)
                where += 2u + wire_read16(p->in + where);
        return wire_read16(p->in + where + 2);
}

static Peer leave(Peer p)
{
        close(p.fd);
        free(p.in);
        return (Peer) { .fd = -1 };
}

#define heard(peer, condition) until((hear(peer), (condition)))

START_TEST(RFC7766_a_query_may_come_octet_by_octet)
{
        uint8_t query[2 + QUERY_SIZE];
        Peer p = peer();

        put_query(query, 5);
        for (size_t i = 0; i < sizeof(query); i++) {
                put(&p, query + i, 1);
                turn();
                turn();
                ck_assert_uint_eq(n_queries, i + 1 == sizeof(query));
        }
        heard(&p, answers(&p) == 1);
        ck_assert_uint_eq(answer_id(&p, 0), 5);
        ck_assert(!p.closed);
        leave(p);
}
END_TEST

START_TEST(RFC7766_queries_in_one_segment_are_all_answered_on_the_connection_that_stays_open)
{
        Peer p = peer();

        for (size_t next = 0; next < 50;)
                next = ask_many(&p, next, 50);
        heard(&p, answers(&p) == 50);
        for (unsigned i = 0; i < 50; i++)
                ck_assert_uint_eq(answer_id(&p, i), i);
        ask(&p, 77);
        heard(&p, answers(&p) == 51);
        ck_assert(!p.closed);
        ck_assert_uint_eq(stats.tcp_accepted, 1);
        leave(p);
}
END_TEST

START_TEST(C25_RFC7766_answers_go_out_in_the_order_in_which_they_are_ready)
{
        Peer p = peer();

        answering = false;
        for (unsigned i = 0; i < 3; i++)
                ask(&p, 10 + i);
        until(n_queries == 3);
        answer(2);
        answer(0);
        turn();
        answer(1);
        heard(&p, answers(&p) == 3);
        ck_assert_uint_eq(answer_id(&p, 0), 12);
        ck_assert_uint_eq(answer_id(&p, 1), 10);
        ck_assert_uint_eq(answer_id(&p, 2), 11);
        leave(p);
}
END_TEST

START_TEST(RFC7766_length_and_message_go_out_in_one_write_and_so_do_answers_of_one_turn)
{
        Peer p = peer();

        ask(&p, 1);
        heard(&p, answers(&p) == 1);
        ck_assert_uint_eq(send_calls, 1);
        ck_assert_uint_eq(largest_send, 2 + QUERY_SIZE);
        for (size_t next = 0; next < 50;)
                next = ask_many(&p, next, 50);
        heard(&p, answers(&p) == 51);
        ck_assert_uint_le(send_calls, 3);
        leave(p);
}
END_TEST

START_TEST(RFC7766_an_idle_connection_is_closed_in_order)
{
        Peer p = peer();

        ask(&p, 1);
        heard(&p, answers(&p) == 1);
        skipped += 29 * USEC_PER_SEC;
        turn();
        hear(&p);
        ck_assert(!p.closed);
        skipped += 2 * USEC_PER_SEC;
        heard(&p, p.closed);
        ck_assert(!p.reset);
        ck_assert_uint_eq(stats.tcp_open, 0);
        leave(p);
}
END_TEST

/* It may take longer than that: QueryTimeoutSec= may be a minute, and the machine may have slept meanwhile. */
START_TEST(RFC7766_a_connection_that_waits_for_an_answer_is_not_idle)
{
        Peer p = peer();

        answering = false;
        ask(&p, 1);
        until(n_queries == 1);
        for (unsigned i = 0; i < 3; i++) {
                Peer idle = peer();

                until(stats.tcp_open == 2);
                skipped += 31 * USEC_PER_SEC;
                heard(&idle, idle.closed);
                hear(&p);
                ck_assert(!p.closed);
                leave(idle);
        }
        answer(0);
        heard(&p, answers(&p) == 1);
        skipped += 29 * USEC_PER_SEC;
        turn();
        hear(&p);
        ck_assert(!p.closed);
        skipped += 2 * USEC_PER_SEC;
        heard(&p, p.closed);
        leave(p);
}
END_TEST

START_TEST(C19_RFC7766_the_idle_time_starts_anew_with_a_whole_query_and_with_nothing_less)
{
        uint8_t query[2 + QUERY_SIZE];
        Peer p = peer(), slow = peer();

        until(stats.tcp_open == 2);
        put_query(query, 1);
        for (unsigned i = 0; i < 5; i++) {
                skipped += 10 * USEC_PER_SEC;
                ask(&p, i);
                if (!slow.closed)
                        put(&slow, query + i, 1);
                heard(&p, answers(&p) == i + 1);
                turn();
                hear(&slow);
        }
        heard(&slow, slow.closed);
        hear(&p);
        ck_assert(!p.closed);
        ck_assert_uint_eq(n_queries, 5);
        leave(p);
        leave(slow);
}
END_TEST

START_TEST(C23_RFC7766_after_a_half_close_what_was_asked_is_answered_then_it_is_closed)
{
        Peer p = peer();

        answering = false;
        ask(&p, 1);
        ask(&p, 2);
        shutdown(p.fd, SHUT_WR);
        until(n_queries == 2);
        turn();
        hear(&p);
        ck_assert(!p.closed);
        answer(0);
        heard(&p, answers(&p) == 1);
        ck_assert(!p.closed);
        answer(1);
        heard(&p, p.closed);
        ck_assert_uint_eq(answers(&p), 2);
        ck_assert(!p.reset);
        leave(p);
}
END_TEST

START_TEST(C23_answers_for_a_connection_that_was_reset_go_nowhere)
{
        Peer p = peer(), other = peer();
        struct linger hard = { .l_onoff = 1 };

        answering = false;
        ask(&p, 1);
        ask(&other, 2);
        until(n_queries == 2);
        setsockopt(p.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        leave(p);
        until(stats.tcp_open == 1);
        answer(0);
        answer(1);
        heard(&other, answers(&other) == 1);
        leave(other);
}
END_TEST

START_TEST(C19_a_length_that_no_message_has_ends_the_connection_after_the_answers_before_it)
{
        for (unsigned size = 0; size < DNS_HEADER_SIZE; size++) {
                uint8_t scrap[2 + DNS_HEADER_SIZE] = { 0 };
                Peer p = peer();

                n_queries = 0;
                wire_write16(scrap, size);
                ask(&p, 4);
                put(&p, scrap, sizeof(scrap));
                answering = false;
                until(n_queries == 1);
                turn();
                answer(0);
                heard(&p, p.closed);
                ck_assert_uint_eq(answers(&p), 1);
                ck_assert(!p.reset);
                leave(p);
        }
}
END_TEST

START_TEST(C19_the_longest_message_is_taken)
{
        static uint8_t octets[2 + DNS_MESSAGE_MAX];
        size_t done = 0;
        Peer p = peer();

        memset(octets, 0xff, sizeof(octets));
        for (; done < sizeof(octets); turn()) {
                ssize_t n = write(p.fd, octets + done, sizeof(octets) - done);

                done += n > 0 ? (size_t) n : 0;
        }
        heard(&p, answers(&p) == 1);
        ck_assert_uint_eq(p.n, sizeof(octets));
        leave(p);
}
END_TEST

START_TEST(C22_100000_pipelined_queries_in_a_burst_are_all_answered_and_100_are_in_flight_at_most)
{
        size_t sent = 0, answered = 0, most = 0;
        Peer p = peer();

        answering = false;
        while (answered < 100000) {
                sent = ask_many(&p, sent, 100000);
                turn();
                most = MAX(most, n_queries - answered);
                while (answered < n_queries)
                        answer(answered++);
                hear(&p);
        }
        heard(&p, answers(&p) == 100000);
        ck_assert_uint_le(most, 100);
        for (size_t i = 0; i < 100000; i += 9999)
                ck_assert_uint_eq(answer_id(&p, i), i & 0xffff);
        leave(p);
}
END_TEST

START_TEST(C22_who_has_100_in_flight_is_not_read_until_one_is_answered)
{
        Peer p = peer(), other = peer();

        answering = false;
        for (size_t next = 0; next < 300;)
                next = ask_many(&p, next, 300);
        until(n_queries == 100);
        for (unsigned i = 0; i < 10; i++)
                turn();
        ck_assert_uint_eq(n_queries, 100);
        ask(&other, 9);
        until(n_queries == 101);
        answer(0);
        until(n_queries == 102);
        turn();
        ck_assert_uint_eq(n_queries, 102);
        leave(p);
        leave(other);
}
END_TEST

START_TEST(C22_one_that_floods_does_not_keep_others_waiting)
{
        Peer flood = peer(), other = peer();
        size_t before, sent = 0;
        unsigned turns = 0;

        while (sent < 3000)
                sent = ask_many(&flood, sent, 3000);
        turn();
        ask(&other, 1);
        for (; other.n == 0; turns++) {
                before = n_queries;
                turn();
                ck_assert_uint_le(n_queries - before, 2 * 256);
                hear(&other);
        }
        ck_assert_uint_lt(turns, 6);
        heard(&flood, answers(&flood) == 3000);
        leave(flood);
        leave(other);
}
END_TEST

START_TEST(C20_who_does_not_read_is_not_read_either_and_closed_like_an_idle_one)
{
        Peer deaf = peer(), other = peer();
        size_t sent = 0, before = 0;

        answer_size = 16384;
        do {
                before = n_queries;
                for (unsigned i = 0; i < 10; i++) {
                        sent = ask_many(&deaf, sent, 10000);
                        turn();
                }
        } while (n_queries > before);
        ck_assert_uint_eq(stats.tcp_overflow, 0);
        ck_assert_uint_lt(n_queries, 2000);
        answer_size = 0;
        ask(&other, 3);
        heard(&other, answers(&other) == 1);
        skipped += 31 * USEC_PER_SEC;
        ask(&other, 4);
        until(stats.tcp_open == 1);
        heard(&other, answers(&other) == 2);
        leave(deaf);
        leave(other);
}
END_TEST

START_TEST(C20_answers_that_pile_up_beyond_the_bound_close_the_connection)
{
        Peer deaf = peer();

        answering = false;
        answer_size = 65000;
        for (size_t next = 0; next < 100;)
                next = ask_many(&deaf, next, 100);
        until(n_queries == 100);
        for (unsigned i = 0; i < 100; i++)
                answer(i);
        ck_assert_uint_gt(pending_replies_held(), 2 * PENDING_REPLIES_MAX);
        /* 6.5 MB, of which the kernel takes a part */
        until(stats.tcp_open == 0);
        ck_assert_uint_eq(stats.tcp_overflow, 1);
        ck_assert_uint_eq(pending_replies_held(), 0);
        leave(deaf);
}
END_TEST

START_TEST(C20_who_reads_slowly_gets_everything)
{
        Peer p = peer();
        size_t asked = 0;

        answer_size = 60000;
        while (answers(&p) < 40) {
                uint8_t octets[5000];
                ssize_t n;

                if (asked < 40) {
                        ask(&p, (unsigned) asked);
                        asked++;
                }
                turn();
                n = read(p.fd, octets, sizeof(octets));
                if (n <= 0)
                        continue;
                if (p.n + (size_t) n > p.size)
                        p.in = reallocarray(p.in, p.size = p.size ? p.size * 2 : 65536, 1);
                memcpy(p.in + p.n, octets, (size_t) n);
                p.n += (size_t) n;
        }
        for (unsigned i = 0; i < 40; i++)
                ck_assert_uint_eq(answer_id(&p, i), i);
        ck_assert_uint_eq(stats.tcp_overflow, 0);
        leave(p);
}
END_TEST

START_TEST(C21_when_all_places_are_taken_the_one_idle_longest_gives_way_and_none_that_waits)
{
        Peer waiting, idle, other, late;

        limits.tcp_connections = 3;
        listener_free(listeners[0]);
        listener_free(listeners[1]);
        listen_on("127.0.0.1:0");
        answering = false;
        waiting = peer();
        ask(&waiting, 1);
        until(n_queries == 1);
        idle = peer();
        until(stats.tcp_open == 2);
        other = peer();
        until(stats.tcp_open == 3);
        late = peer();
        heard(&idle, idle.closed);
        ck_assert_uint_eq(stats.tcp_evicted, 1);
        ck_assert_uint_eq(stats.tcp_open, 3);
        ask(&late, 2);
        until(n_queries == 2);
        answer(0);
        answer(1);
        heard(&waiting, answers(&waiting) == 1);
        heard(&late, answers(&late) == 1);
        hear(&other);
        ck_assert(!other.closed);
        leave(waiting);
        leave(idle);
        leave(other);
        leave(late);
}
END_TEST

START_TEST(C21_2000_connections_one_after_another_are_all_answered)
{
        for (unsigned i = 0; i < 2000; i++) {
                Peer p = peer();

                ask(&p, i);
                heard(&p, answers(&p) == 1);
                leave(p);
        }
        until(stats.tcp_open == 0);
        ck_assert_uint_eq(stats.tcp_accepted, 2000);
        ck_assert_uint_eq(stats.tcp_evicted, 0);
}
END_TEST

START_TEST(C24_urgent_data_harms_nobody)
{
        Peer p = peer(), other = peer();

        ck_assert_int_eq(send(p.fd, "x", 1, MSG_OOB), 1);
        turn();
        ask(&p, 1);
        ask(&other, 2);
        heard(&p, answers(&p) == 1);
        heard(&other, answers(&other) == 1);
        leave(p);
        leave(other);
}
END_TEST

START_TEST(R01_without_descriptors_accepting_pauses_and_does_not_spin_and_goes_on_afterwards)
{
        static const int errors[] = { EMFILE, ENFILE, ENOBUFS, ENOMEM, EINVAL };

        for (size_t i = 0; i < ELEMENTS(errors); i++) {
                Peer p = peer();
                uint64_t end = clock_now() + 250 * USEC_PER_MSEC;

                accept_error = errors[i];
                accept_calls = 0;
                while (clock_now() < end)
                        uv_run(&loop, UV_RUN_ONCE);
                /* Two a pause, of 100 ms each */
                ck_assert_uint_le(accept_calls, 8);
                accept_error = 0;
                ask(&p, 1);
                if (errors[i] == EMFILE || errors[i] == ENFILE) {
                        /* It was turned away, or is served. */
                        heard(&p, p.closed || p.reset || answers(&p) == 1);
                } else
                        heard(&p, answers(&p) == 1);
                leave(p);
        }
}
END_TEST

START_TEST(R01_without_descriptors_an_idle_connection_gives_up_its_own)
{
        Peer idle = peer(), p;

        until(stats.tcp_open == 1);
        p = peer();
        accept_error = EMFILE;
        heard(&idle, idle.closed);
        accept_error = 0;
        ask(&p, 1);
        heard(&p, answers(&p) == 1);
        leave(idle);
        leave(p);
}
END_TEST

START_TEST(S01_a_stopped_listener_answers_what_it_has_read_and_then_is_done)
{
        Peer p = peer();

        answering = false;
        for (size_t next = 0; next < 150;)
                next = ask_many(&p, next, 150);
        until(n_queries == 100);
        ck_assert(!listener_is_done(listeners[1]));
        listener_stop(listeners[1]);
        for (size_t i = 0; i < 150; i++) {
                until(n_queries > i);
                ck_assert(!listener_is_done(listeners[1]));
                answer(i);
                turn();
        }
        ck_assert(listener_is_done(listeners[1]));
        listeners[1] = listener_free(listeners[1]);
        heard(&p, p.closed);
        ck_assert_uint_eq(answers(&p), 150);
        ck_assert(!p.reset);
        leave(p);
}
END_TEST

START_TEST(S01_nor_is_it_done_while_an_answer_waits_for_its_reader)
{
        Peer p = peer();
        unsigned n = 0;

        answering = false;
        answer_size = 65000;
        /* Until the kernel takes no more. */
        do {
                ask(&p, n);
                until(n_queries > n);
                answer(n++);
                turn();
        } while (listener_is_done(listeners[1]));
        listener_stop(listeners[1]);
        ck_assert(!listener_is_done(listeners[1]));
        heard(&p, answers(&p) == n);
        turn();
        ck_assert(listener_is_done(listeners[1]));
        leave(p);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("tcp");
        TCase *c = tcase_create("clients");

        tcase_add_checked_fixture(c, start_tcp, stop);
        tcase_set_timeout(c, 30);
        tcase_add_test(c, RFC7766_a_query_may_come_octet_by_octet);
        tcase_add_test(c, RFC7766_queries_in_one_segment_are_all_answered_on_the_connection_that_stays_open);
        tcase_add_test(c, C25_RFC7766_answers_go_out_in_the_order_in_which_they_are_ready);
        tcase_add_test(c, RFC7766_length_and_message_go_out_in_one_write_and_so_do_answers_of_one_turn);
        tcase_add_test(c, RFC7766_an_idle_connection_is_closed_in_order);
        tcase_add_test(c, RFC7766_a_connection_that_waits_for_an_answer_is_not_idle);
        tcase_add_test(c, C19_RFC7766_the_idle_time_starts_anew_with_a_whole_query_and_with_nothing_less);
        tcase_add_test(c, C23_RFC7766_after_a_half_close_what_was_asked_is_answered_then_it_is_closed);
        tcase_add_test(c, C23_answers_for_a_connection_that_was_reset_go_nowhere);
        tcase_add_test(c, C19_a_length_that_no_message_has_ends_the_connection_after_the_answers_before_it);
        tcase_add_test(c, C19_the_longest_message_is_taken);
        tcase_add_test(c, C22_100000_pipelined_queries_in_a_burst_are_all_answered_and_100_are_in_flight_at_most);
        tcase_add_test(c, C22_who_has_100_in_flight_is_not_read_until_one_is_answered);
        tcase_add_test(c, C22_one_that_floods_does_not_keep_others_waiting);
        tcase_add_test(c, C20_who_does_not_read_is_not_read_either_and_closed_like_an_idle_one);
        tcase_add_test(c, C20_answers_that_pile_up_beyond_the_bound_close_the_connection);
        tcase_add_test(c, C20_who_reads_slowly_gets_everything);
        tcase_add_test(c, C21_when_all_places_are_taken_the_one_idle_longest_gives_way_and_none_that_waits);
        tcase_add_test(c, C21_2000_connections_one_after_another_are_all_answered);
        tcase_add_test(c, C24_urgent_data_harms_nobody);
        tcase_add_test(c, R01_without_descriptors_accepting_pauses_and_does_not_spin_and_goes_on_afterwards);
        tcase_add_test(c, R01_without_descriptors_an_idle_connection_gives_up_its_own);
        tcase_add_test(c, S01_a_stopped_listener_answers_what_it_has_read_and_then_is_done);
        tcase_add_test(c, S01_nor_is_it_done_while_an_answer_waits_for_its_reader);
        suite_add_tcase(s, c);
        return run_suite(s);
}
