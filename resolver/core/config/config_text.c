/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/config/config_text.h"

#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"

#define BLANK " \t\r"

/* --- lines */

typedef struct LineReader {
        void (*take)(void *userdata, ConfigLine kind, unsigned line, char *name, char *value);
        void *userdata;
        char *joined; /* a line, with those that continue it */
        size_t n;
        unsigned first; /* number of its first line; 0: no line is being continued */
} LineReader;

static char *text_strip(char *s)
{
        size_t n;

        s += strspn(s, BLANK);
        n = strlen(s);
        while (n > 0 && strchr(BLANK, s[n - 1]))
                s[--n] = 0;
        return s;
}

static void text_give(const LineReader *r, ConfigLine kind, const char *why)
{
        char text[80];

        snprintf(text, sizeof(text), "%s", why);
        r->take(r->userdata, kind, r->first, NULL, text);
}

static void text_take_line(LineReader *r)
{
        char *s = text_strip(r->joined), *equals, *end = s + strlen(s) - 1;

        if (!*s)
                return;
        if (!utf8_valid(BYTES(s, strlen(s)))) {
                text_give(r, *s == '[' ? LINE_BAD_SECTION : LINE_BAD, "line is not UTF-8");
                return;
        }
        if (*s == '[') {
                if (*end != ']' || end == s + 1) {
                        text_give(r, LINE_BAD_SECTION,
                                  end == s + 1 ? "section header without a name"
                                               : "section header does not end with \"]\"");
                        return;
                }
                *end = 0;
                r->take(r->userdata, LINE_SECTION, r->first, s + 1, NULL);
                return;
        }
        equals = strchr(s, '=');
        if (!equals || equals == s) {
                text_give(r, LINE_BAD, "line is neither a section header nor an assignment");
                return;
        }
        *equals = 0;
        r->take(r->userdata, LINE_ASSIGNMENT, r->first, text_strip(s), text_strip(equals + 1));
}

static void text_append(LineReader *r, const char *p, size_t n)
{
        if (n)
                memcpy(r->joined + r->n, p, n);
        r->n += n;
        r->joined[r->n] = 0;
}

/* With an odd number of backslashes at the end, the last one is not escaped. */
static bool text_goes_on(const char *p, size_t n)
{
        size_t k = 0;

        while (k < n && p[n - 1 - k] == '\\')
                k++;
        return k % 2 == 1;
}

/* One line of the file, without its end. */
static void text_add_line(LineReader *r, const char *p, size_t n, unsigned number)
{
        size_t blank = 0;

        while (blank < n && strchr(BLANK, p[blank]))
                blank++;
        if (blank < n && (p[blank] == '#' || p[blank] == ';'))
                return;
        if (r->first == 0) {
                r->first = number;
                r->n = 0;
        }
        if (text_goes_on(p, n)) {
                text_append(r, p, n - 1);
                text_append(r, " ", 1);
                return;
        }
        text_append(r, p, n);
        text_take_line(r);
        r->first = 0;
}

/* Length of the line at `p`, and of its end: as in systemd, "\n", "\r", or both in any order. */
static size_t text_find_line_end(const char *p, size_t n, size_t *ret_end)
{
        size_t size = 0;

        while (size < n && p[size] != '\n' && p[size] != '\r')
                size++;
        *ret_end = size == n ? 0 : 1;
        if (n - size >= 2 && p[size + 1] != p[size] && (p[size + 1] == '\n' || p[size + 1] == '\r'))
                *ret_end = 2;
        return size;
}

void config_read_lines(const char *text, size_t n,
                       void (*take)(void *userdata, ConfigLine kind, unsigned line, char *name, char *value),
                       void *userdata)
{
        static const char mark[] = { '\xef', '\xbb', '\xbf' };
        LineReader r = { .take = take, .userdata = userdata };
        unsigned number = 0;

        if (n >= sizeof(mark) && memcmp(text, mark, sizeof(mark)) == 0) {
                text += sizeof(mark);
                n -= sizeof(mark);
        }
        r.joined = malloc(n + 2);
        if (!r.joined) {
                text_give(&r, LINE_FATAL, "out of memory");
                return;
        }
        while (n > 0) {
                size_t end, size = text_find_line_end(text, n, &end);
                bool nul = memchr(text, 0, size);

                number++;
                if (nul || size + (r.first ? r.n : 0) > CONFIG_LINE_MAX) {
                        r.first = number;
                        text_give(&r, LINE_FATAL,
                                  nul ? "line contains a NUL byte, ignoring the rest of the file"
                                      : "line is longer than 1 MiB, ignoring the rest of the file");
                        r.first = 0;
                        break;
                }
                text_add_line(&r, text, size, number);
                text += size + end;
                n -= size + end;
        }
        /* The last line ends with a backslash. */
        if (r.first)
                text_take_line(&r);
        free(r.joined);
}

/* --- base64 */

static int text_base64_value(char c)
{
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const char *at = c ? strchr(alphabet, c) : NULL;

        return at ? (int) (at - alphabet) : -1;
}

bool config_parse_base64(const char *text, uint8_t *ret, size_t n)
{
        size_t size = strlen(text), digits = size, at = 0;
        uint32_t bits = 0;
        unsigned held = 0;

        while (digits > 0 && text[digits - 1] == '=' && size - digits < 2)
                digits--;
        if (size % 4 != 0 || digits != (n * 8 + 5) / 6)
                return false;
        for (size_t i = 0; i < digits; i++) {
                int v = text_base64_value(text[i]);

                if (v < 0)
                        return false;
                bits = bits << 6 | (uint32_t) v;
                held += 6;
                if (held >= 8) {
                        held -= 8;
                        if (at < n)
                                ret[at++] = (uint8_t) (bits >> held);
                }
        }
        return at == n && (bits & ((1u << held) - 1)) == 0;
}
