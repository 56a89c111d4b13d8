/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * io/journal before a socket in place of journald's, by a clock of the test's own.
 */

#include "io/journal.h"
#include "run.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static char directory[] = "/tmp/dohmouse-journal-XXXXXX";
static char path[sizeof(directory) + 16];
static int journald;
static uint64_t now = 1000 * USEC_PER_SEC;

/* What has arrived and not been looked at: the kernel keeps no more than some ten datagrams for a reader. */
static char inbox[256][2048];
static unsigned inbox_first, inbox_n;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);

int __wrap_clock_gettime(_unused_ clockid_t clock, struct timespec *ret)
{
        *ret = (struct timespec) { .tv_sec = (time_t) (now / USEC_PER_SEC),
                                   .tv_nsec = (long) (now % USEC_PER_SEC) * 1000 };
        return 0;
}

static void open_journald(void)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        snprintf(path, sizeof(path), "%s/socket", directory);
        snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        journald = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        ck_assert_int_eq(bind(journald, (struct sockaddr *) &address, sizeof(address)), 0);
}

static void close_journald(void)
{
        close(journald);
        unlink(path);
}

static void setup(void)
{
        memset(directory + strlen(directory) - 6, 'X', 6);
        inbox_first = inbox_n = 0;
        ck_assert_ptr_nonnull(mkdtemp(directory));
        open_journald();
        journal_open(path);
}

static void teardown(void)
{
        journal_close();
        journal_set_level(LOG_INFO);
        close_journald();
        rmdir(directory);
}

static void take_in(void)
{
        ssize_t n;

        while (inbox_n < ELEMENTS(inbox) &&
               (n = recv(journald, inbox[inbox_n] + 1, sizeof(inbox[0]) - 2, MSG_TRUNC)) > 0) {
                inbox[inbox_n][0] = '\n';
                inbox[inbox_n++][MIN((size_t) n + 1, sizeof(inbox[0]) - 1)] = 0;
        }
}

/* The next record; "" where there is none. Lives until the next call. */
static const char *record(void)
{
        take_in();
        if (inbox_first < inbox_n)
                return inbox[inbox_first++];
        inbox_first = inbox_n = 0;
        return "";
}

static bool has_line(const char *r, const char *line)
{
        char whole[2048];

        snprintf(whole, sizeof(whole), "\n%s\n", line);
        return strstr(r, whole);
}

#define assert_line(r, line) ck_assert_msg(has_line(r, line), "the record has the line \"%s\"; it is:%s", line, r)
#define assert_silence() ck_assert_str_eq(record(), "")

static void assert_kind(const char *r, MessageKind kind)
{
        char line[64];

        snprintf(line, sizeof(line), "MESSAGE_ID=%s", journal_message_id(kind));
        assert_line(r, line);
}

/* Takes a record of this kind that tells how many others there were. */
static void assert_counted(MessageKind kind, unsigned n)
{
        const char *r = record();
        char line[64];

        assert_kind(r, kind);
        snprintf(line, sizeof(line), "DOHMOUSE_COUNT=%u", n);
        assert_line(r, line);
}

static void state(const char *upstream, unsigned number)
{
        char field[96];
        const char *fields[] = { field, NULL };

        snprintf(field, sizeof(field), "DOHMOUSE_UPSTREAM=%s", upstream);
        journal_fields(LOG_WARNING, MESSAGE_UPSTREAM_STATE, fields, "Upstream %s, change %u.", upstream, number);
        take_in();
}

/* Takes `n` records of state(), numbered from `first`. */
static void expect_states(const char *upstream, unsigned first, unsigned n)
{
        char line[160];

        for (unsigned i = 0; i < n; i++) {
                const char *r = record();

                snprintf(line, sizeof(line), "MESSAGE=Upstream %s, change %u.", upstream, first + i);
                assert_line(r, line);
        }
}

START_TEST(a_record_has_text_level_id_and_fields)
{
        const char *fields[] = { "DOHMOUSE_UPSTREAM=quad9", "DOHMOUSE_STATE=failed", NULL }, *r;

        journal_fields(LOG_WARNING, MESSAGE_UPSTREAM_STATE, fields, "Upstream %s is failed.", "quad9");
        r = record();
        assert_line(r, "MESSAGE=Upstream quad9 is failed.");
        assert_line(r, "PRIORITY=4");
        assert_line(r, "SYSLOG_IDENTIFIER=dohmouse");
        assert_line(r, "DOHMOUSE_UPSTREAM=quad9");
        assert_line(r, "DOHMOUSE_STATE=failed");
        assert_kind(r, MESSAGE_UPSTREAM_STATE);
        assert_silence();
}
END_TEST

START_TEST(a_value_of_many_lines_cannot_forge_a_field)
{
        const char *fields[] = { "DOHMOUSE_CONFIG_FILE=a\nPRIORITY=0", NULL }, *r;

        journal_fields(LOG_ERR, MESSAGE_CONFIG, fields, "first\nMESSAGE_ID=forged\r\tlast\x1b[31m");
        r = record();
        assert_line(r, "MESSAGE=first MESSAGE_ID=forged  last [31m");
        assert_line(r, "DOHMOUSE_CONFIG_FILE=a PRIORITY=0");
        assert_line(r, "PRIORITY=3");
}
END_TEST

START_TEST(too_long_a_text_is_cut_and_too_long_a_field_is_left_out)
{
        char text[3000], *field = malloc(6000);
        const char *fields[] = { field, "DOHMOUSE_STATE=failed", NULL }, *r;

        memset(text, 'x', sizeof(text));
        text[sizeof(text) - 1] = 0;
        memset(field, 'F', 6000);
        field[5999] = 0;
        journal_fields(LOG_ERR, MESSAGE_CONFIG, fields, "%s", text);
        r = record();
        ck_assert_ptr_nonnull(strstr(r, "\nMESSAGE=xxxx"));
        ck_assert_ptr_null(strstr(r, "FFFF"));
        assert_line(r, "DOHMOUSE_STATE=failed");
        free(field);
}
END_TEST

START_TEST(what_is_above_the_level_is_not_written)
{
        journal_log(LOG_DEBUG, "quiet");
        assert_silence();
        journal_set_level(LOG_DEBUG);
        journal_log(LOG_DEBUG, "loud");
        assert_line(record(), "MESSAGE=loud");
}
END_TEST

START_TEST(without_records_over_the_limit_nothing_wants_to_wake_up)
{
        for (unsigned i = 0; i < JOURNAL_BURST; i++)
                state("a", i);
        expect_states("a", 0, JOURNAL_BURST);
        ck_assert(journal_next_time() == USEC_NEVER);
}
END_TEST

START_TEST(over_the_limit_the_last_one_and_the_count_are_said_when_the_interval_ends)
{
        const char *r;

        for (unsigned i = 0; i < JOURNAL_BURST + 8; i++)
                state("a", i);
        expect_states("a", 0, JOURNAL_BURST);
        assert_silence();
        ck_assert(journal_next_time() == now + JOURNAL_INTERVAL);
        now += JOURNAL_INTERVAL - 1;
        journal_run();
        assert_silence();
        now += 1;
        journal_run();
        r = record();
        assert_kind(r, MESSAGE_HELD_BACK);
        assert_line(r, "DOHMOUSE_COUNT=7");
        assert_line(r, "PRIORITY=4");
        assert_line(r, "DOHMOUSE_UPSTREAM=a");
        expect_states("a", JOURNAL_BURST + 7, 1);
        assert_silence();
        ck_assert(journal_next_time() == USEC_NEVER);
}
END_TEST

START_TEST(one_record_held_back_is_only_late)
{
        for (unsigned i = 0; i < JOURNAL_BURST + 1; i++)
                state("a", i);
        expect_states("a", 0, JOURNAL_BURST);
        now += JOURNAL_INTERVAL;
        journal_run();
        expect_states("a", JOURNAL_BURST, 1);
        assert_silence();
}
END_TEST

START_TEST(a_flood_is_two_records_an_interval)
{
        for (unsigned i = 0; i < JOURNAL_BURST; i++)
                state("a", i);
        expect_states("a", 0, JOURNAL_BURST);
        for (unsigned interval = 0; interval < 5; interval++) {
                for (unsigned i = 0; i < 100; i++)
                        state("a", i);
                now += JOURNAL_INTERVAL;
                journal_run();
                assert_counted(MESSAGE_HELD_BACK, 99);
                expect_states("a", 99, 1);
                assert_silence();
        }
        now += JOURNAL_INTERVAL;
        state("a", 1);
        expect_states("a", 1, 1);
}
END_TEST

START_TEST(an_upstream_that_flaps_does_not_swallow_the_records_of_another)
{
        for (unsigned i = 0; i < JOURNAL_BURST + 30; i++)
                state("a", i);
        expect_states("a", 0, JOURNAL_BURST);
        for (unsigned i = 0; i < 5; i++)
                state("b", i);
        expect_states("b", 0, 5);
}
END_TEST

START_TEST(more_upstreams_than_are_kept_apart_lose_no_record)
{
        char name[16];

        for (unsigned i = 0; i < JOURNAL_BURST + 2; i++)
                state("a", i);
        expect_states("a", 0, JOURNAL_BURST);
        now++;
        for (unsigned i = 0; i < 64; i++) {
                snprintf(name, sizeof(name), "n%u", i);
                if (i == 63) {
                        state(name, i);
                        assert_counted(MESSAGE_HELD_BACK, 1);
                        expect_states("a", JOURNAL_BURST + 1, 1);
                        expect_states(name, i, 1);
                } else {
                        state(name, i);
                        expect_states(name, i, 1);
                }
        }
        ck_assert(journal_next_time() == USEC_NEVER);
}
END_TEST

START_TEST(the_end_says_what_is_held_back)
{
        for (unsigned i = 0; i < JOURNAL_BURST + 3; i++)
                state("a", i);
        expect_states("a", 0, JOURNAL_BURST);
        journal_close();
        assert_counted(MESSAGE_HELD_BACK, 2);
        expect_states("a", JOURNAL_BURST + 2, 1);
        assert_silence();
}
END_TEST

/* A journal that does not read: the call comes back (a test that blocks is ended by check), and later the loss is said,
 * once. */
START_TEST(a_full_socket_never_blocks_and_the_loss_is_said)
{
        const char *r = "";
        unsigned taken = 0;

        for (unsigned i = 0; i < 5000; i++)
                journal_log(LOG_INFO, "record %u", i);
        while (*(r = record()))
                taken++;
        ck_assert_uint_gt(taken, 0);
        ck_assert_uint_lt(taken, 5000);
        journal_log(LOG_INFO, "after");
        assert_counted(MESSAGE_LOST, 5000 - taken);
        assert_line(record(), "MESSAGE=after");
        journal_log(LOG_INFO, "again");
        assert_line(record(), "MESSAGE=again");
}
END_TEST

START_TEST(a_journal_that_comes_back_hears_how_many_it_missed)
{
        close_journald();
        for (unsigned i = 0; i < 3; i++)
                journal_log(LOG_INFO, "nobody is there");
        open_journald();
        journal_log(LOG_INFO, "somebody is there");
        assert_counted(MESSAGE_LOST, 3);
        assert_line(record(), "MESSAGE=somebody is there");
        assert_silence();
}
END_TEST

/* What the daemon writes where standard error is not the journal. */
static const char *on_stderr(const char *format)
{
        const char *fields[] = { "DOHMOUSE_UPSTREAM=quad9", NULL };
        static char text[1024];
        int pipes[2], before = dup(STDERR_FILENO);
        ssize_t n;

        journal_close();
        ck_assert_int_eq(pipe(pipes), 0);
        if (format)
                setenv("DOHMOUSE_LOG_FORMAT", format, 1);
        else
                unsetenv("DOHMOUSE_LOG_FORMAT");
        dup2(pipes[1], STDERR_FILENO);
        journal_open(NULL);
        journal_fields(LOG_WARNING, MESSAGE_UPSTREAM_STATE, fields, "one");
        journal_log(LOG_INFO, "two\nlines");
        journal_close();
        dup2(before, STDERR_FILENO);
        n = read(pipes[0], text, sizeof(text) - 1);
        close(before);
        close(pipes[0]);
        close(pipes[1]);
        text[MAX(n, 0)] = 0;
        return text;
}

START_TEST(on_standard_error_a_record_is_a_line_or_with_all_its_fields_if_asked_for)
{
        char expected[512];

        ck_assert_str_eq(on_stderr(NULL), "one\ntwo lines\n");
        ck_assert_str_eq(on_stderr("text"), "one\ntwo lines\n");
        snprintf(expected, sizeof(expected),
                 "MESSAGE=one\nPRIORITY=4\nSYSLOG_IDENTIFIER=dohmouse\nMESSAGE_ID=%s\nDOHMOUSE_UPSTREAM=quad9\n\n"
                 "MESSAGE=two lines\nPRIORITY=6\nSYSLOG_IDENTIFIER=dohmouse\n\n",
                 journal_message_id(MESSAGE_UPSTREAM_STATE));
        ck_assert_str_eq(on_stderr("export"), expected);
}
END_TEST

START_TEST(all_ids_are_different)
{
        ck_assert_ptr_null(journal_message_id(MESSAGE_PLAIN));
        for (MessageKind a = MESSAGE_PLAIN + 1; a < _MESSAGE_MAX; a++) {
                ck_assert_uint_eq(strlen(journal_message_id(a)), 32);
                for (MessageKind b = a + 1; b < _MESSAGE_MAX; b++)
                        ck_assert_str_ne(journal_message_id(a), journal_message_id(b));
        }
}
END_TEST

int main(void)
{
        Suite *s = suite_create("journal");
        TCase *t = tcase_create("journal");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, a_record_has_text_level_id_and_fields);
        tcase_add_test(t, a_value_of_many_lines_cannot_forge_a_field);
        tcase_add_test(t, too_long_a_text_is_cut_and_too_long_a_field_is_left_out);
        tcase_add_test(t, what_is_above_the_level_is_not_written);
        tcase_add_test(t, without_records_over_the_limit_nothing_wants_to_wake_up);
        tcase_add_test(t, over_the_limit_the_last_one_and_the_count_are_said_when_the_interval_ends);
        tcase_add_test(t, one_record_held_back_is_only_late);
        tcase_add_test(t, a_flood_is_two_records_an_interval);
        tcase_add_test(t, an_upstream_that_flaps_does_not_swallow_the_records_of_another);
        tcase_add_test(t, more_upstreams_than_are_kept_apart_lose_no_record);
        tcase_add_test(t, the_end_says_what_is_held_back);
        tcase_add_test(t, a_full_socket_never_blocks_and_the_loss_is_said);
        tcase_add_test(t, a_journal_that_comes_back_hears_how_many_it_missed);
        tcase_add_test(t, on_standard_error_a_record_is_a_line_or_with_all_its_fields_if_asked_for);
        tcase_add_test(t, all_ids_are_different);
        suite_add_tcase(s, t);
        return run_suite(s);
}
