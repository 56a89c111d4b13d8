/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * UDP clients over the loopback interface (FAULTS.md C15-C18): batches, who has gone, and what the kernel does not
 * take.
 */

#include <linux/sock_diag.h>

#include "listening.h"
#include "run.h"

static unsigned sendmmsg_fails, sendmmsg_calls;
static int sendmmsg_error;

int __real_sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags);

int __wrap_sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags)
{
        sendmmsg_calls++;
        if (!sendmmsg_fails)
                return __real_sendmmsg(fd, m, n, flags);
        sendmmsg_fails--;
        errno = sendmmsg_error;
        return -1;
}

static unsigned recvmmsg_calls;
static bool flooded;    /* each call has as many datagrams as it asks for, of port 9, with ID 1; but for the last: */
static bool other_asks; /* that is of port 8, with ID 2 */
static uint32_t kernel_drops; /* as the kernel counts them */

int __real_recvmmsg(int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *timeout);
int __wrap_recvmmsg(int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *timeout);

int __wrap_recvmmsg(int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *timeout)
{
        struct sockaddr_in from = { .sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                    .sin_port = htons(9) };

        recvmmsg_calls++;
        if (!flooded)
                return __real_recvmmsg(fd, m, n, flags, timeout);
        for (unsigned i = 0; i < n; i++) {
                bool other = other_asks && i == n - 1;

                from.sin_port = htons(other ? 8 : 9);
                memcpy(m[i].msg_hdr.msg_name, &from, sizeof(from));
                wire_write16(m[i].msg_hdr.msg_iov->iov_base, other ? 2 : 1);
                m[i].msg_hdr.msg_controllen = 0;
                m[i].msg_len = QUERY_SIZE;
        }
        other_asks = false;
        return (int) n;
}

int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size);

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
        int r = __real_getsockopt(fd, level, name, value, size);

        if (level == SOL_SOCKET && name == SO_MEMINFO)
                ((uint32_t *) value)[SK_MEMINFO_DROPS] = kernel_drops;
        return r;
}

static void ask(int fd, unsigned id)
{
        uint8_t query[QUERY_SIZE] = { 0 };

        wire_write16(query, id);
        ck_assert_int_eq(send(fd, query, sizeof(query), 0), sizeof(query));
}

/* The ID of an answer that is there; -1: there is none. */
static int next_answer(int fd)
{
        uint8_t octets[512];

        return recv(fd, octets, sizeof(octets), 0) >= 2 ? wire_read16(octets) : -1;
}

static size_t count_answers(int fd)
{
        size_t n = 0;

        while (next_answer(fd) >= 0)
                n++;
        return n;
}

/* A bound socket, as a service manager would pass it. */
static int passed_socket(void)
{
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(a);
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        ck_assert_int_eq(bind(fd, (struct sockaddr *) &a, size), 0);
        getsockname(fd, (struct sockaddr *) &a, &size);
        at.port = ntohs(a.sin_port);
        return fd;
}

static void listen_on_passed(int fd)
{
        ck_assert_int_eq(listener_new_fd(&loop, fd, &limits, &stats, on_query, NULL, &listeners[0]), 0);
}

START_TEST(each_of_1000_queries_has_its_answer_and_they_are_taken_in_batches)
{
        size_t answered = 0;
        int fd;

        listen_on("127.0.0.1:0");
        fd = client(SOCK_DGRAM);
        recvmmsg_calls = sendmmsg_calls = 0;
        /* As many at a time as a socket holds by default. */
        for (unsigned sent = 0; answered < 1000; answered += count_answers(fd)) {
                for (unsigned i = 0; i < 250 && sent < 1000; i++)
                        ask(fd, sent++);
                turn();
        }
        ck_assert_uint_eq(stats.udp_queries, 1000);
        ck_assert_uint_lt(recvmmsg_calls, 100);
        ck_assert_uint_lt(sendmmsg_calls, 100);
        close(fd);
}
END_TEST

START_TEST(C26_a_flood_has_256_queries_a_turn_and_the_loop_goes_on)
{
        int fd;

        listen_on("127.0.0.1:0");
        answering = false;
        fd = client(SOCK_DGRAM);
        ask(fd, 1);
        flooded = true;
        turn();
        flooded = false;
        ck_assert_uint_eq(n_queries, 256);
        close(fd);
}
END_TEST

/* A turn under the flood, in which the kernel dropped `drops` and another client asks; returns what was handed on of
 * the flood. */
static size_t flooded_turn(uint32_t drops, int fd)
{
        size_t flood = 0, other = 0;

        kernel_drops += drops;
        n_queries = 0;
        other_asks = flooded = true;
        ask(fd, 1);
        turn();
        flooded = false;
        for (size_t i = 0; i < n_queries; i++)
                *(queries[i].id == 2 ? &other : &flood) += 1;
        ck_assert_msg(other == 1, "the other client's query was not taken");
        return flood;
}

START_TEST(C26_when_the_kernel_drops_for_long_the_flood_is_dropped_and_others_are_served)
{
        int fd;

        listen_on("127.0.0.1:0");
        answering = false;
        fd = client(SOCK_DGRAM);
        kernel_drops = 0;
        /* A burst: it may be late, but is answered. */
        for (unsigned i = 0; i < 20; i++)
                ck_assert_uint_eq(flooded_turn(i == 10 ? 1000 : 0, fd), 255);
        ck_assert_uint_eq(stats.dropped_flood, 0);
        /* No end in sight */
        for (unsigned i = 0; i < 20 && stats.dropped_flood == 0; i++)
                flooded_turn(100, fd);
        ck_assert_uint_le(flooded_turn(100, fd), 16);
        ck_assert_uint_le(flooded_turn(100, fd), 16);
        ck_assert_uint_gt(stats.dropped_flood, 3000);
        /* The end: what the socket holds is read to the last. */
        n_queries = 0;
        turn();
        ck_assert_uint_eq(flooded_turn(0, fd), 255);
        close(fd);
}
END_TEST

START_TEST(S09_what_came_before_the_listener_was_there_is_answered)
{
        int fd, passed = passed_socket();

        fd = client(SOCK_DGRAM);
        for (unsigned i = 0; i < 100; i++)
                ask(fd, i);
        listen_on_passed(passed);
        until(n_queries == 100);
        turn();
        ck_assert_uint_eq(count_answers(fd), 100);
        ck_assert_uint_eq(stats.dropped_source, 0);
        close(fd);
}
END_TEST

START_TEST(the_answer_comes_from_the_address_that_was_asked)
{
        int fd;

        listen_on("0.0.0.0:0");
        fd = client_at("\x7f\0\0\5", SOCK_DGRAM);
        ask(fd, 7);
        until(n_queries == 1);
        turn();
        ck_assert_int_eq(next_answer(fd), 7);
        close(fd);
}
END_TEST

START_TEST(ipv6_clients_have_theirs)
{
        struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
        int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);

        listen_on("[::1]:0");
        a.sin6_port = htons(at.port);
        ck_assert_int_eq(connect(fd, (struct sockaddr *) &a, sizeof(a)), 0);
        ask(fd, 8);
        until(n_queries == 1);
        turn();
        ck_assert_int_eq(next_answer(fd), 8);
        close(fd);
}
END_TEST

START_TEST(C17_clients_that_have_gone_disturb_nobody)
{
        int fd, other;

        listen_on("127.0.0.1:0");
        answering = false;
        other = client(SOCK_DGRAM);
        for (unsigned i = 0; i < 50; i++) {
                fd = client(SOCK_DGRAM);
                ask(fd, i);
                close(fd);
        }
        until(n_queries == 50);
        for (unsigned i = 0; i < 50; i++)
                answer(i);
        turn();
        answering = true;
        ask(other, 99);
        until(n_queries == 51);
        turn();
        ck_assert_int_eq(next_answer(other), 99);
        close(other);
}
END_TEST

START_TEST(C17_a_socket_that_reports_icmp_errors_goes_on_all_the_same)
{
        int on = 1, fd, other, passed = passed_socket();

        setsockopt(passed, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
        listen_on_passed(passed);
        answering = false;
        other = client(SOCK_DGRAM);
        for (unsigned i = 0; i < 3; i++) {
                fd = client(SOCK_DGRAM);
                ask(fd, i);
                close(fd);
                until(n_queries == i + 1);
                answer(i);
                turn();
                turn();
        }
        answering = true;
        ask(other, 99);
        for (unsigned i = 0; i < 10; i++)
                turn();
        ck_assert_int_eq(next_answer(other), 99);
        close(other);
}
END_TEST

START_TEST(C18_what_the_kernel_does_not_take_is_counted_and_the_rest_goes_out)
{
        static const int errors[] = { EAGAIN, ENOBUFS, EPERM };
        int fd;

        listen_on("127.0.0.1:0");
        fd = client(SOCK_DGRAM);
        for (size_t k = 0; k < ELEMENTS(errors); k++) {
                sendmmsg_error = errors[k];
                n_queries = 0;
                for (unsigned i = 0; i < 10; i++)
                        ask(fd, i);
                until(n_queries == 10);
                sendmmsg_calls = 0;
                sendmmsg_fails = 3;
                turn();
                ck_assert_uint_eq(stats.dropped_send, k + 1);
                ck_assert_uint_eq(count_answers(fd), 9);
                ck_assert_uint_le(sendmmsg_calls, 5);
        }
        close(fd);
}
END_TEST

START_TEST(C18_a_kernel_that_takes_nothing_does_not_hold_the_loop)
{
        int fd;

        listen_on("127.0.0.1:0");
        fd = client(SOCK_DGRAM);
        sendmmsg_error = EAGAIN;
        for (unsigned i = 0; i < 32; i++)
                ask(fd, i);
        until(n_queries == 32);
        sendmmsg_calls = 0;
        sendmmsg_fails = 1000000;
        turn();
        sendmmsg_fails = 0;
        ck_assert_uint_eq(stats.dropped_send, 32);
        ck_assert_uint_le(sendmmsg_calls, 32 * 3);
        close(fd);
}
END_TEST

START_TEST(S01_a_stopped_listener_leaves_queries_in_the_kernel_for_the_next_one)
{
        int fd, passed = passed_socket(), held = dup(passed);

        listen_on_passed(passed);
        answering = false;
        fd = client(SOCK_DGRAM);
        for (unsigned i = 0; i < 40; i++)
                ask(fd, i);
        until(n_queries == 40);
        listener_stop(listeners[0]);
        ask(fd, 99);
        turn();
        turn();
        ck_assert_uint_eq(n_queries, 40);
        for (unsigned i = 0; i < 40; i++)
                answer(i);
        turn();
        turn();
        ck_assert_uint_eq(n_queries, 40);
        ck_assert_uint_eq(count_answers(fd), 40);
        listeners[0] = listener_free(listeners[0]);
        turn();
        answering = true;
        listen_on_passed(held);
        until(n_queries == 41);
        turn();
        ck_assert_int_eq(next_answer(fd), 99);
        close(fd);
}
END_TEST

START_TEST(an_answer_for_a_listener_that_has_gone_goes_nowhere)
{
        int fd;

        listen_on("127.0.0.1:0");
        answering = false;
        fd = client(SOCK_DGRAM);
        ask(fd, 1);
        until(n_queries == 1);
        listeners[0] = listener_free(listeners[0]);
        turn();
        answer(0);
        turn();
        ck_assert_int_eq(next_answer(fd), -1);
        close(fd);
}
END_TEST

START_TEST(S08_only_internet_sockets_that_are_bound_or_listen_are_taken)
{
        Listener *l = NULL;
        int pair[2], fd;

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
        ck_assert_int_eq(listener_new_fd(&loop, pair[0], &limits, &stats, on_query, NULL, &l), -EAFNOSUPPORT);
        fd = open("/dev/null", O_RDONLY);
        ck_assert_int_eq(listener_new_fd(&loop, fd, &limits, &stats, on_query, NULL, &l), -ENOTSOCK);
        close(fd);
        fd = socket(AF_INET, SOCK_STREAM, 0);
        ck_assert_int_eq(listener_new_fd(&loop, fd, &limits, &stats, on_query, NULL, &l), -EPROTOTYPE);
        close(fd);
        ck_assert_int_eq(listener_new_fd(&loop, fd, &limits, &stats, on_query, NULL, &l), -EBADF);
        ck_assert_ptr_null(l);
        close(pair[0]);
        close(pair[1]);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("udp");
        TCase *c = tcase_create("clients");

        tcase_add_checked_fixture(c, start, stop);
        tcase_add_test(c, each_of_1000_queries_has_its_answer_and_they_are_taken_in_batches);
        tcase_add_test(c, C26_a_flood_has_256_queries_a_turn_and_the_loop_goes_on);
        tcase_add_test(c, C26_when_the_kernel_drops_for_long_the_flood_is_dropped_and_others_are_served);
        tcase_add_test(c, S09_what_came_before_the_listener_was_there_is_answered);
        tcase_add_test(c, the_answer_comes_from_the_address_that_was_asked);
        tcase_add_test(c, ipv6_clients_have_theirs);
        tcase_add_test(c, C17_clients_that_have_gone_disturb_nobody);
        tcase_add_test(c, C17_a_socket_that_reports_icmp_errors_goes_on_all_the_same);
        tcase_add_test(c, C18_what_the_kernel_does_not_take_is_counted_and_the_rest_goes_out);
        tcase_add_test(c, C18_a_kernel_that_takes_nothing_does_not_hold_the_loop);
        tcase_add_test(c, S01_a_stopped_listener_leaves_queries_in_the_kernel_for_the_next_one);
        tcase_add_test(c, an_answer_for_a_listener_that_has_gone_goes_nowhere);
        tcase_add_test(c, S08_only_internet_sockets_that_are_bound_or_listen_are_taken);
        suite_add_tcase(s, c);
        return run_suite(s);
}
