/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl_terminal.h"

#include <langinfo.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define COLUMNS_MIN 20
#define NAME_MIN 12 /* width to which the first column is truncated at most */

static bool terminal_is_false(const char *word)
{
        return strcmp(word, "0") == 0 || strcmp(word, "no") == 0 || strcmp(word, "n") == 0 ||
               strcmp(word, "false") == 0 || strcmp(word, "f") == 0 || strcmp(word, "off") == 0;
}

static bool terminal_want_colours(const Terminal *t)
{
        const char *systemd = getenv("SYSTEMD_COLORS"), *none = getenv("NO_COLOR"), *term = getenv("TERM");

        if (systemd && *systemd)
                return !terminal_is_false(systemd);
        if (none && *none)
                return false;
        return t->interactive && term && *term && strcmp(term, "dumb") != 0;
}

static unsigned terminal_columns_of(int fd)
{
        const char *text = getenv("COLUMNS");
        struct winsize size = { 0 };
        unsigned long n = text ? strtoul(text, NULL, 10) : 0;

        if (n == 0 || n > USHRT_MAX)
                n = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
        return MAX((unsigned) n, COLUMNS_MIN);
}

void terminal_init(Terminal *t)
{
        bool colours;

        *t = (Terminal) {
                .interactive = isatty(STDOUT_FILENO),
                .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
                .columns = UINT_MAX,
        };
        if (t->interactive)
                t->columns = terminal_columns_of(STDOUT_FILENO);
        colours = terminal_want_colours(t);
        t->red = colours ? "\033[0;1;31m" : "";
        t->green = colours ? "\033[0;1;32m" : "";
        t->yellow = colours ? "\033[0;1;33m" : "";
        t->grey = colours ? "\033[0;90m" : "";
        t->bold = colours ? "\033[0;1;39m" : "";
        t->normal = colours ? "\033[0m" : "";
}

const char *span_text(uint64_t usec, char ret[static SPAN_TEXT_MAX])
{
        static const struct {
                const char *name;
                uint64_t usec;
        } units[] = {
                { "d", USEC_PER_DAY }, { "h", USEC_PER_HOUR }, { "min", USEC_PER_MINUTE }, { "s", USEC_PER_SEC }
        };
        size_t n = 0;
        unsigned parts = 0;

        if (usec < USEC_PER_SEC)
                return delay_text(usec, ret);
        for (size_t i = 0; i < ELEMENTS(units) && parts < 2; i++) {
                uint64_t v = usec / units[i].usec;

                usec %= units[i].usec;
                if (v > 0)
                        n += (size_t) snprintf(ret + n, SPAN_TEXT_MAX - n, "%s%llu%s", n ? " " : "",
                                               (unsigned long long) v, units[i].name);
                parts += v > 0 || parts > 0;
        }
        return ret;
}

const char *delay_text(uint64_t usec, char ret[static SPAN_TEXT_MAX])
{
        const char *unit = usec < USEC_PER_SEC ? "ms" : "s";
        double v = (double) usec / (usec < USEC_PER_SEC ? USEC_PER_MSEC : USEC_PER_SEC);

        if (usec < USEC_PER_MSEC)
                snprintf(ret, SPAN_TEXT_MAX, "%llu us", (unsigned long long) usec);
        else
                snprintf(ret, SPAN_TEXT_MAX, "%.*f %s", v < 10 ? 2 : v < 100 ? 1 : 0, v, unit);
        return ret;
}

void time_print(const Terminal *t, uint64_t usec)
{
        time_t seconds = (time_t) (usec / USEC_PER_SEC);
        struct tm tm;
        char text[32];

        if (localtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%H:%M:%S", &tm) > 0)
                printf("%s%s.%03llu%s ", t->grey, text, (unsigned long long) (usec % USEC_PER_SEC / USEC_PER_MSEC),
                       t->normal);
}

const char *size_text(uint64_t octets, char ret[static SPAN_TEXT_MAX])
{
        static const char units[] = "KMGTPE";
        uint64_t unit = 1024;
        size_t i = 0;

        if (octets < 1024) {
                snprintf(ret, SPAN_TEXT_MAX, "%lluB", (unsigned long long) octets);
                return ret;
        }
        while (octets / unit >= 1024 && i < sizeof(units) - 2) {
                unit *= 1024;
                i++;
        }
        snprintf(ret, SPAN_TEXT_MAX, octets % unit ? "%.1f%c" : "%.0f%c", (double) octets / (double) unit, units[i]);
        return ret;
}

const char *moment_text(uint64_t usec, char ret[static MOMENT_TEXT_MAX])
{
        time_t seconds = (time_t) (usec / USEC_PER_SEC);
        struct tm tm;

        if (!localtime_r(&seconds, &tm) || strftime(ret, MOMENT_TEXT_MAX, "%a %Y-%m-%d %H:%M:%S %Z", &tm) == 0)
                snprintf(ret, MOMENT_TEXT_MAX, "@%llu", (unsigned long long) (usec / USEC_PER_SEC));
        return ret;
}

/* --- tables */

typedef struct Row {
        const char *colour, *mark;
        char *cells[TABLE_COLUMNS_MAX];
        unsigned n;
        char *note;
} Row;

struct Table {
        const char *const *heads;
        unsigned n_columns;
        Row *rows;
        size_t n_rows;
};

Table *table_new(const char *const *heads)
{
        Table *t = calloc(1, sizeof(*t));

        if (!t)
                return NULL;
        t->heads = heads;
        while (heads[t->n_columns])
                t->n_columns++;
        return t;
}

Table *table_free(Table *t)
{
        if (!t)
                return NULL;
        for (size_t i = 0; i < t->n_rows; i++) {
                for (unsigned k = 0; k < t->rows[i].n; k++)
                        free(t->rows[i].cells[k]);
                free(t->rows[i].note);
        }
        free(t->rows);
        free(t);
        return NULL;
}

/* Out of memory: nothing useful can be printed. */
static void terminal_give_up(void)
{
        fputs("dohmousectl: out of memory\n", stderr);
        exit(EXIT_FAILURE);
}

void table_row(Table *t, const char *colour, const char *mark)
{
        Row *rows = reallocarray(t->rows, t->n_rows + 1, sizeof(*rows));

        if (!rows)
                terminal_give_up();
        t->rows = rows;
        rows[t->n_rows++] = (Row) { .colour = colour ? colour : "", .mark = mark ? mark : " " };
}

__attribute__((__format__(__printf__, 1, 0))) static char *terminal_format_text(const char *format, va_list ap)
{
        char *text = NULL;

        if (vasprintf(&text, format, ap) < 0)
                terminal_give_up();
        return text;
}

void table_cell(Table *t, const char *format, ...)
{
        Row *row = &t->rows[t->n_rows - 1];
        va_list ap;

        if (row->n == t->n_columns)
                return;
        va_start(ap, format);
        row->cells[row->n++] = terminal_format_text(format, ap);
        va_end(ap);
}

void table_note(Table *t, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        t->rows[t->n_rows - 1].note = terminal_format_text(format, ap);
        va_end(ap);
}

static const char *terminal_head_of(const Table *t, unsigned column)
{
        return t->heads[column] + (*t->heads[column] == '>');
}

/* The width of a column. Cells are ASCII. */
static size_t terminal_width_of(const Table *t, unsigned column, bool heads)
{
        size_t n = heads ? strlen(terminal_head_of(t, column)) : 0;

        for (size_t i = 0; i < t->n_rows; i++)
                if (column < t->rows[i].n)
                        n = MAX(n, strlen(t->rows[i].cells[column]));
        return n;
}

/* Sets the widths of the columns, and returns the number of columns that fit. */
static unsigned terminal_fit(const Table *t, size_t *widths, size_t room, bool heads)
{
        unsigned n = t->n_columns;
        size_t others = 0, name = MIN(terminal_width_of(t, 0, heads), (size_t) NAME_MIN);

        for (unsigned i = 0; i < n; i++) {
                widths[i] = terminal_width_of(t, i, heads);
                others += i ? widths[i] + 2 : 0;
        }
        while (n > 1 && name + others > room)
                others -= widths[--n] + 2;
        /* The first column gets what the others leave. */
        if (n && room != SIZE_MAX)
                widths[0] = MIN(widths[0], MAX(room > others ? room - others : 0, name));
        return n;
}

static void terminal_print_cell(const Terminal *terminal, const char *text, size_t width, bool right, bool last)
{
        size_t n = strlen(text);

        if (n > width) {
                const char *dots = terminal->utf8 ? "…" : "...";

                printf("%.*s%s", (int) (width - (terminal->utf8 ? 1 : 3)), text, dots);
        } else if (right)
                printf("%*s", (int) width, text);
        else
                printf("%-*s", last ? 0 : (int) width, text);
}

static void terminal_print_row(const Table *t, const Terminal *terminal, const Row *row, const size_t *widths,
                               unsigned n)
{
        if (terminal->interactive)
                printf("%s%s%s ", row->colour, row->mark, *row->colour ? terminal->normal : "");
        for (unsigned i = 0; i < n && i < row->n; i++) {
                fputs(i ? "  " : "", stdout);
                terminal_print_cell(terminal, row->cells[i], widths[i], *t->heads[i] == '>',
                                    i + 1 == n || i + 1 == row->n);
        }
        putchar('\n');
        if (row->note)
                printf("%s%*s%s%s\n", row->colour, terminal->interactive ? 4 : 2, "", row->note,
                       *row->colour ? terminal->normal : "");
}

void table_print(const Table *t, const Terminal *terminal, bool heads)
{
        size_t widths[TABLE_COLUMNS_MAX];
        size_t room = terminal->columns == UINT_MAX ? SIZE_MAX : terminal->columns - 2;
        unsigned n = terminal_fit(t, widths, room, heads);

        if (heads) {
                fputs(terminal->bold, stdout);
                if (terminal->interactive)
                        fputs("  ", stdout);
                for (unsigned i = 0; i < n; i++) {
                        fputs(i ? "  " : "", stdout);
                        terminal_print_cell(terminal, terminal_head_of(t, i), widths[i], *t->heads[i] == '>',
                                            i + 1 == n);
                }
                printf("%s\n", terminal->normal);
        }
        for (size_t i = 0; i < t->n_rows; i++)
                terminal_print_row(t, terminal, &t->rows[i], widths, n);
}
