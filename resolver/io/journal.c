#include "io/journal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SOCKET_PATH "/run/systemd/journal/socket"
#define RECORD_MAX 4096
#define TEXT_MAX 1024
#define BURST 20                /* records of one kind */
#define INTERVAL 30             /* s */

/*
 * sd_journal_send() would do, but for one thing: its socket blocks while journald does not read, and so would every
 * query. The native protocol is "KEY=value" lines in a datagram, which is all that is needed here.
 */
static struct {
        int fd;                 /* to the journal; -1: lines on standard error */
        int level;
        uint64_t dropped;       /* the journal did not take them */
        struct {
                uint64_t since; /* s */
                unsigned n;
                unsigned held_back;
        } kinds[_MESSAGE_MAX];
} state = { .fd = -1, .level = LOG_INFO };

static const char *const ids[_MESSAGE_MAX] = {
        [MESSAGE_UPSTREAM_STATE] = "6fbe5ab2d3534456928d8f22569eeec6",
        [MESSAGE_NETWORK_STATE] = "e51bd24d4be6436b840a660229835003",
        [MESSAGE_CONFIG] = "880390789dde4c5aa30ef298828be49c",
        [MESSAGE_RELOADED] = "5f3bc5e00b004c238d9422176af4dae8",
        [MESSAGE_TRUST_STORE] = "336d6960aebf40e899d65c784f19140f",
        [MESSAGE_LISTEN] = "a86a2393f90e4101bdba54cd759e7f1c",
        [MESSAGE_DROPPED] = "065815071eec4491b75a1972a4038bd5",
};

const char *journal_message_id(MessageKind kind)
{
        return ids[kind];
}

/* Standard error is the journal if it is the socket that JOURNAL_STREAM= names (systemd.exec(5)). */
static bool stderr_is_journal(void)
{
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long device, inode;
        struct stat st;

        return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) >= 0 &&
               st.st_dev == device && st.st_ino == inode;
}

void journal_open(void)
{
        if (stderr_is_journal())
                state.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

void journal_close(void)
{
        if (state.fd >= 0)
                close(state.fd);
        state.fd = -1;
}

void journal_set_level(int level)
{
        state.level = level;
}

int journal_level(void)
{
        return state.level;
}

/* May another record of this kind go out now? If so, *ret_held_back says how many before it could not. */
static bool within_rate(MessageKind kind, unsigned *ret_held_back)
{
        struct timespec ts;

        *ret_held_back = 0;
        if (kind == MESSAGE_PLAIN)
                return true;
        clock_gettime(CLOCK_BOOTTIME, &ts);
        if ((uint64_t) ts.tv_sec - state.kinds[kind].since >= INTERVAL) {
                *ret_held_back = state.kinds[kind].held_back;
                state.kinds[kind].since = (uint64_t) ts.tv_sec;
                state.kinds[kind].n = 0;
                state.kinds[kind].held_back = 0;
        }
        if (state.kinds[kind].n >= BURST) {
                state.kinds[kind].held_back++;
                return false;
        }
        state.kinds[kind].n++;
        return true;
}

typedef struct Record {
        char data[RECORD_MAX];
        size_t n;
} Record;

static void add(Record *r, const char *key, const char *value)
{
        int n = snprintf(r->data + r->n, sizeof(r->data) - r->n, "%s%s", key, value);

        if (n < 0 || r->n + (size_t) n + 1 >= sizeof(r->data))
                return;
        /* One line a field: what is not printable could only come from outside. */
        for (int i = 0; i < n; i++)
                if ((unsigned char) r->data[r->n + (size_t) i] < ' ')
                        r->data[r->n + (size_t) i] = ' ';
        r->n += (size_t) n;
        r->data[r->n++] = '\n';
}

static void send_record(int level, MessageKind kind, const char *const *fields, const char *text)
{
        static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET_PATH };
        char number[24];
        Record r = { .n = 0 };

        snprintf(number, sizeof(number), "%d", level);
        add(&r, "PRIORITY=", number);
        add(&r, "SYSLOG_IDENTIFIER=", "dohmouse");
        if (ids[kind])
                add(&r, "MESSAGE_ID=", ids[kind]);
        for (; fields && *fields; fields++)
                add(&r, "", *fields);
        add(&r, "MESSAGE=", text);
        if (sendto(state.fd, r.data, r.n, MSG_NOSIGNAL, (const struct sockaddr *) &address, sizeof(address)) < 0)
                state.dropped++;
}

static void write_out(int level, MessageKind kind, const char *const *fields, const char *text)
{
        if (state.fd >= 0)
                send_record(level, kind, fields, text);
        else
                fprintf(stderr, "%s\n", text);
}

void journal_fields(int level, MessageKind kind, const char *const *fields, const char *format, ...)
{
        char text[TEXT_MAX];
        unsigned held_back;
        va_list ap;

        if (level > state.level)
                return;
        if (!within_rate(kind, &held_back))
                return;
        if (held_back) {
                snprintf(text, sizeof(text), "%u records of this kind were held back.", held_back);
                write_out(LOG_NOTICE, kind, NULL, text);
        }
        if (state.dropped) {
                snprintf(text, sizeof(text), "%llu records were lost because the journal did not take them.",
                         (unsigned long long) state.dropped);
                state.dropped = 0;
                write_out(LOG_WARNING, MESSAGE_PLAIN, NULL, text);
        }
        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        write_out(level, kind, fields, text);
}
