/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Terminal: what standard output is, colours that are there or not, times and sizes in words, and tables no wider than
 * the terminal.
 */

#include <stdio.h>

#include "core/base/base.h"

typedef struct Terminal {
        bool interactive; /* it is a terminal */
        bool utf8;
        unsigned columns;                                        /* UINT_MAX where it is none */
        const char *red, *green, *yellow, *grey, *bold, *normal; /* "" without colours */
} Terminal;

/* Looks at standard output, SYSTEMD_COLORS, NO_COLOR, TERM and COLUMNS. */
void terminal_init(Terminal *t);

/* A span of time: "12.3 ms", "3min 20s". */
#define SPAN_TEXT_MAX 48
const char *span_text(uint64_t usec, char ret[static SPAN_TEXT_MAX]);

/* How long a delay was, never more than three digits: "850 us", "12.3 ms", "1.25 s". */
const char *delay_text(uint64_t usec, char ret[static SPAN_TEXT_MAX]);

/* "1.5K", "8M". */
const char *size_text(uint64_t octets, char ret[static SPAN_TEXT_MAX]);

/* A moment of CLOCK_REALTIME: "Tue 2026-11-24 23:11:36 UTC". */
#define MOMENT_TEXT_MAX 64
const char *moment_text(uint64_t usec, char ret[static MOMENT_TEXT_MAX]);

/* --- tables */

#define TABLE_COLUMNS_MAX 12

/* Cells, row by row. A row may have a colour, and a line of its own below it. */
typedef struct Table Table;

/* `heads`: one a column, NULL at the end. With a '>' before it, the column is set to the right. */
Table *table_new(const char *const *heads);
Table *table_free(Table *t);
DEFINE_CLEANUP(Table, table_free)

/* The next row: cells are added to it from the left. `colour` and `mark`, which stands before the row, are borrowed and
 * may be NULL. */
void table_row(Table *t, const char *colour, const char *mark);
void table_cell(Table *t, const char *format, ...) _printf_(2, 3);
/* A line below the row. */
void table_note(Table *t, const char *format, ...) _printf_(2, 3);

/* Columns that do not fit make the first one narrower, and then are left out from the right. */
void table_print(const Table *t, const Terminal *terminal, bool heads);
