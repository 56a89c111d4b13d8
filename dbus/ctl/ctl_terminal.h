/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Terminal: properties of standard output, colours, texts for times and sizes, and tables that fit the terminal.
 */

#include <stdio.h>

#include "core/base/base.h"

typedef struct Terminal {
        bool interactive; /* standard output is a terminal */
        bool utf8;
        unsigned columns;                                        /* UINT_MAX if it is not a terminal */
        const char *red, *green, *yellow, *grey, *bold, *normal; /* "" without colours */
} Terminal;

/* Examines standard output, and $SYSTEMD_COLORS, $NO_COLOR, $TERM and $COLUMNS. */
void terminal_init(Terminal *t);

/* A span of time: "12.3 ms", "3min 20s". */
#define SPAN_TEXT_MAX 48
const char *span_text(uint64_t usec, char ret[static SPAN_TEXT_MAX]);

/* A delay, with three significant digits: "850 us", "12.3 ms", "1.25 s". */
const char *delay_text(uint64_t usec, char ret[static SPAN_TEXT_MAX]);

/* Prints the time of day before an event: "23:11:36.042 ". */
void time_print(const Terminal *t, uint64_t usec);

/* "1.5K", "8M". */
const char *size_text(uint64_t octets, char ret[static SPAN_TEXT_MAX]);

/* A time of CLOCK_REALTIME: "Tue 2026-11-24 23:11:36 UTC". */
#define MOMENT_TEXT_MAX 64
const char *moment_text(uint64_t usec, char ret[static MOMENT_TEXT_MAX]);

/* --- tables */

#define TABLE_COLUMNS_MAX 12

/* A row may have a colour, and a note on a line of its own below it. */
typedef struct Table Table;

/* `heads` has one head per column, and is NULL-terminated and borrowed. A column whose head begins with '>' is
 * right-aligned. */
Table *table_new(const char *const *heads);
Table *table_free(Table *t);
DEFINE_CLEANUP(Table, table_free)

/* Adds a row, to which cells are then added from the left. `colour` and `mark`, which precedes the row on a terminal,
 * are borrowed and may be NULL. */
void table_row(Table *t, const char *colour, const char *mark);
void table_cell(Table *t, const char *format, ...) _printf_(2, 3);
/* A note below the current row. */
void table_note(Table *t, const char *format, ...) _printf_(2, 3);

/* If the columns do not fit, truncates the first one, and then omits columns from the right. */
void table_print(const Table *t, const Terminal *terminal, bool heads);
