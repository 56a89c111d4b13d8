/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/journal.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/clock.h"

#define FORMAT_VARIABLE "DOHMOUSE_LOG_FORMAT"
#define SOCKET_PATH "/run/systemd/journal/socket"
#define RECORD_MAX 4096
#define TEXT_MAX 1024
#define RATES_MAX 64
#define SUBJECT_MAX 96

/* A record in the native protocol: "KEY=value" lines, MESSAGE= first. */
typedef struct Record {
        int level;
        size_t n;
        size_t text_n; /* length of the text of MESSAGE= */
        char data[RECORD_MAX];
} Record;

/* The number of records of one kind about one subject, a field such as "DOHMOUSE_UPSTREAM=quad9" ("": none), in the
 * current interval. */
typedef struct Rate {
        MessageKind kind; /* MESSAGE_PLAIN: free */
        char subject[SUBJECT_MAX];
        uint64_t since;
        unsigned n;
        unsigned held_back;
        Record *last; /* the last one held back; allocated only up to its end */
} Rate;

/*
 * sd_journal_send() is not used because its socket blocks while journald does not read, and queries would have to wait.
 * Of the native protocol, only "KEY=value" lines in a datagram are needed.
 */
static struct {
        int fd;          /* socket to the journal; -1: standard error */
        bool all_fields; /* to standard error: write records in the export format, not only their text */
        struct sockaddr_un address;
        int level;
        uint64_t lost; /* records that the journal did not accept */
        Rate rates[RATES_MAX];
} state = { .fd = -1, .level = LOG_INFO };

static const char *const ids[_MESSAGE_MAX] = {
        [MESSAGE_UPSTREAM_STATE] = "6fbe5ab2d3534456928d8f22569eeec6",
        [MESSAGE_UPSTREAM_ADMIN] = "673dd160d51f4540afac530d7d7b1ef3",
        [MESSAGE_UPSTREAM_ADDED] = "cd6e5e40bbb343508841ab415f6739e5",
        [MESSAGE_UPSTREAM_REMOVED] = "859911b8aae4453fb591d77f79e72d51",
        [MESSAGE_FORWARD_STATE] = "7fc965a0a430466fb8d4e74600eea7df",
        [MESSAGE_NETWORK_STATE] = "e51bd24d4be6436b840a660229835003",
        [MESSAGE_PORTAL_OPEN] = "7baf9f9202d64c4b8b6ce22e947f11b2",
        [MESSAGE_CONFIG] = "880390789dde4c5aa30ef298828be49c",
        [MESSAGE_RELOADED] = "5f3bc5e00b004c238d9422176af4dae8",
        [MESSAGE_TRUST_STORE] = "336d6960aebf40e899d65c784f19140f",
        [MESSAGE_LISTEN] = "a86a2393f90e4101bdba54cd759e7f1c",
        [MESSAGE_RESOLV_CONF] = "87ce5f2ab848447cafa51d650863ed86",
        [MESSAGE_CLOCK] = "5b31b6f2f8c844c489aaa5f42bde7ca0",
        [MESSAGE_CACHE] = "7fbaf8a283fe4b40a1c612de55225bda",
        [MESSAGE_DROPPED] = "065815071eec4491b75a1972a4038bd5",
        [MESSAGE_HELD_BACK] = "1aaac727f47a462ca3dc023360ae56de",
        [MESSAGE_LOST] = "4f62ba0350824202b83eae1619c48795",
};

const char *journal_message_id(MessageKind kind)
{
        return ids[kind];
}

/* Standard error is connected to the journal if it is the socket in JOURNAL_STREAM= (systemd.exec(5)). */
static bool journal_stderr_is_journal(void)
{
        const char *stream = getenv("JOURNAL_STREAM");
        char named[48];
        struct stat st;

        if (!stream || fstat(STDERR_FILENO, &st) < 0)
                return false;
        snprintf(named, sizeof(named), "%ju:%ju", (uintmax_t) st.st_dev, (uintmax_t) st.st_ino);
        return strcmp(stream, named) == 0;
}

void journal_open(const char *path)
{
        const char *format = getenv(FORMAT_VARIABLE);

        if (!path && !journal_stderr_is_journal()) {
                state.all_fields = format && strcmp(format, "export") == 0;
                return;
        }
        state.address = (struct sockaddr_un) { .sun_family = AF_UNIX };
        snprintf(state.address.sun_path, sizeof(state.address.sun_path), "%s", path ? path : SOCKET_PATH);
        state.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

void journal_set_level(int level)
{
        state.level = level;
}

int journal_level(void)
{
        return state.level;
}

/* --- a record */

static size_t journal_add(Record *r, const char *key, const char *value)
{
        int n = snprintf(r->data + r->n, sizeof(r->data) - r->n, "%s%s", key, value);

        if (n < 0 || r->n + (size_t) n + 1 >= sizeof(r->data))
                return 0;
        /* Each field is one line. Control characters can only come from outside, and are replaced. */
        for (size_t i = r->n; i < r->n + (size_t) n; i++)
                if ((unsigned char) r->data[i] < ' ' || r->data[i] == 0x7f)
                        r->data[i] = ' ';
        r->n += (size_t) n;
        r->data[r->n++] = '\n';
        return (size_t) n;
}

static void journal_make(Record *r, int level, MessageKind kind, const char *const *fields, const char *text)
{
        char number[24];

        r->level = level;
        r->n = 0;
        r->text_n = journal_add(r, "MESSAGE=", text) - strlen("MESSAGE=");
        snprintf(number, sizeof(number), "%d", level);
        journal_add(r, "PRIORITY=", number);
        journal_add(r, "SYSLOG_IDENTIFIER=", "dohmouse");
        if (ids[kind])
                journal_add(r, "MESSAGE_ID=", ids[kind]);
        for (; fields && *fields; fields++)
                journal_add(r, "", *fields);
}

/* Writes the text as a line, or the record in the Journal Export Format, which ends with an empty line. */
static bool journal_write_to_stderr(const Record *r)
{
        struct pollfd error_output = { .fd = STDERR_FILENO, .events = POLLOUT };

        /* A pipe that nobody reads must not block queries. If poll(2) reports it as writable, there is room for
         * PIPE_BUF bytes. */
        if (poll(&error_output, 1, 0) != 1)
                return false;
        if (state.all_fields)
                return fprintf(stderr, "%.*s\n", (int) r->n, r->data) > 0;
        return fprintf(stderr, "%.*s\n", (int) r->text_n, r->data + strlen("MESSAGE=")) > 0;
}

/* False if the journal did not accept it. */
static bool journal_write_record(const Record *r)
{
        if (state.fd < 0)
                return journal_write_to_stderr(r);
        return sendto(state.fd, r->data, r->n, MSG_NOSIGNAL, (const struct sockaddr *) &state.address,
                      sizeof(state.address)) >= 0;
}

static void journal_write_out(const Record *r)
{
        if (state.lost > 0) {
                char text[96], number[48];
                const char *fields[] = { number, NULL };
                Record lost;

                snprintf(text, sizeof(text), "Lost %llu message%s that the journal did not accept.",
                         (unsigned long long) state.lost, state.lost == 1 ? "" : "s");
                snprintf(number, sizeof(number), "DOHMOUSE_COUNT=%llu", (unsigned long long) state.lost);
                journal_make(&lost, LOG_WARNING, MESSAGE_LOST, fields, text);
                if (journal_write_record(&lost))
                        state.lost = 0;
        }
        if (!journal_write_record(r))
                state.lost++;
}

/* --- rate limit */

static void journal_release(Rate *rate)
{
        _cleanup_(freep) Record *last = take_pointer(rate->last);
        unsigned before = rate->held_back - 1;

        if (rate->held_back == 0)
                return;
        rate->held_back = 0;
        if (before > 0) {
                char text[96], number[48];
                const char *fields[] = { number, *rate->subject ? rate->subject : NULL, NULL };
                Record r;

                snprintf(text, sizeof(text), "Suppressed %u message%s similar to the next one.", before,
                         before == 1 ? "" : "s");
                snprintf(number, sizeof(number), "DOHMOUSE_COUNT=%u", before);
                /* With the level of the record that follows, so that a filter by level shows both or neither. */
                journal_make(&r, last ? last->level : LOG_NOTICE, MESSAGE_HELD_BACK, fields, text);
                journal_write_out(&r);
        }
        if (last)
                journal_write_out(last);
}

/* The rate of a kind and subject. If there are too many, the one that began first is replaced. */
static Rate *journal_rate_of(MessageKind kind, const char *subject)
{
        Rate *oldest = state.rates;

        for (Rate *r = state.rates; r < state.rates + RATES_MAX; r++) {
                if (r->kind == kind && strcmp(r->subject, subject) == 0)
                        return r;
                if (r->since < oldest->since)
                        oldest = r;
        }
        journal_release(oldest);
        *oldest = (Rate) { .kind = kind };
        snprintf(oldest->subject, sizeof(oldest->subject), "%s", subject);
        return oldest;
}

static void journal_hold_back(Rate *rate, const Record *r)
{
        free(rate->last);
        rate->last = malloc(offsetof(Record, data) + r->n);
        if (rate->last)
                memcpy(rate->last, r, offsetof(Record, data) + r->n);
        rate->held_back++;
}

/* A record of counters supersedes all before it, and needs no burst. */
static unsigned journal_burst(MessageKind kind)
{
        return kind == MESSAGE_DROPPED ? 1 : JOURNAL_BURST;
}

static void journal_write_at_rate(MessageKind kind, const char *subject, const Record *r)
{
        Rate *rate = journal_rate_of(kind, subject);
        uint64_t now = clock_now();

        if (rate->since == 0 || now >= rate->since + JOURNAL_INTERVAL) {
                journal_release(rate);
                rate->since = now;
                rate->n = 0;
        }
        if (rate->n >= journal_burst(kind)) {
                journal_hold_back(rate, r);
                return;
        }
        rate->n++;
        journal_write_out(r);
}

uint64_t journal_next_time(void)
{
        uint64_t next = USEC_NEVER;

        for (const Rate *r = state.rates; r < state.rates + RATES_MAX; r++)
                if (r->held_back > 0)
                        next = MIN(next, r->since + JOURNAL_INTERVAL);
        return next;
}

void journal_run(void)
{
        uint64_t now = clock_now();

        for (Rate *r = state.rates; r < state.rates + RATES_MAX; r++)
                if (r->held_back > 0 && now >= r->since + JOURNAL_INTERVAL) {
                        /* A new interval with the burst used up, so that a flood writes two records per interval. */
                        journal_release(r);
                        r->since = now;
                }
}

static const char *journal_subject_of(const char *const *fields)
{
        static const char *const subjects[] = { "DOHMOUSE_UPSTREAM=", "DOHMOUSE_FORWARD=" };

        for (; fields && *fields; fields++)
                for (size_t i = 0; i < ELEMENTS(subjects); i++)
                        if (strncmp(*fields, subjects[i], strlen(subjects[i])) == 0)
                                return *fields;
        return "";
}

void journal_fields(int level, MessageKind kind, const char *const *fields, const char *format, ...)
{
        char text[TEXT_MAX];
        va_list ap;
        Record r;

        if (level > state.level)
                return;
        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        journal_make(&r, level, kind, fields, text);
        if (kind == MESSAGE_PLAIN)
                journal_write_out(&r);
        else
                journal_write_at_rate(kind, journal_subject_of(fields), &r);
}

void journal_close(void)
{
        for (Rate *r = state.rates; r < state.rates + RATES_MAX; r++) {
                journal_release(r);
                *r = (Rate) { 0 };
        }
        if (state.fd >= 0)
                close(state.fd);
        state.fd = -1;
        state.all_fields = false;
        state.lost = 0;
}
