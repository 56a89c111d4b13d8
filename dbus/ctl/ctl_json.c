/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl_json.h"

#include <errno.h>
#include <string.h>

#include "core/base/utf8.h"

static void json_put_string(Json *j, const char *s)
{
        fputc('"', j->f);
        while (*s) {
                size_t n = utf8_size(BYTES(s, strnlen(s, 4)), NULL);

                if (n == 0)
                        fputs("\\ufffd", j->f);
                else if (*s == '"' || *s == '\\')
                        fprintf(j->f, "\\%c", *s);
                else if ((unsigned char) *s < ' ' || *s == 0x7f)
                        fprintf(j->f, "\\u%04x", (unsigned) *s);
                else
                        fwrite(s, 1, n, j->f);
                s += MAX(n, (size_t) 1);
        }
        fputc('"', j->f);
}

static void json_new_line(Json *j)
{
        if (!j->pretty)
                return;
        fputc('\n', j->f);
        for (unsigned i = 0; i < j->depth; i++)
                fputc('\t', j->f);
}

/* Writes what precedes a value: comma, newline and key. */
static void json_lead_in(Json *j, const char *key)
{
        if (j->depth > 0) {
                if (j->levels[j->depth - 1].filled)
                        fputc(',', j->f);
                j->levels[j->depth - 1].filled = true;
                json_new_line(j);
        }
        if (key) {
                json_put_string(j, key);
                fputs(j->pretty ? " : " : ":", j->f);
        }
}

static void json_begin(Json *j, const char *key, char open, char close)
{
        json_lead_in(j, key);
        fputc(open, j->f);
        must(j->depth < JSON_DEPTH_MAX);
        j->levels[j->depth].close = close;
        j->levels[j->depth++].filled = false;
}

void json_object(Json *j, const char *key)
{
        json_begin(j, key, '{', '}');
}

void json_array(Json *j, const char *key)
{
        json_begin(j, key, '[', ']');
}

void json_end(Json *j)
{
        char close;

        must(j->depth > 0);
        close = j->levels[--j->depth].close;
        if (j->levels[j->depth].filled)
                json_new_line(j);
        fputc(close, j->f);
        if (j->depth == 0)
                fputc('\n', j->f);
}

void json_string(Json *j, const char *key, const char *value)
{
        json_lead_in(j, key);
        json_put_string(j, value);
}

void json_number(Json *j, const char *key, uint64_t value)
{
        json_lead_in(j, key);
        fprintf(j->f, "%llu", (unsigned long long) value);
}

void json_bool(Json *j, const char *key, bool value)
{
        json_lead_in(j, key);
        fputs(value ? "true" : "false", j->f);
}

void json_null(Json *j, const char *key)
{
        json_lead_in(j, key);
        fputs("null", j->f);
}

/* --- from the bus */

static int json_container(Json *j, const char *key, sd_bus_message *m, char type, const char *contents)
{
        /* a{s...} becomes an object */
        bool dictionary = type == 'a' && contents[0] == '{' && contents[1] == 's';
        int r = sd_bus_message_enter_container(m, type, contents);

        if (r < 0)
                return r;
        if (type == 'v') {
                r = json_bus_value(j, key, m);
                return r < 0 ? r : sd_bus_message_exit_container(m);
        }
        if (j->depth + 1 >= JSON_DEPTH_MAX)
                return -EBADMSG;
        dictionary ? json_object(j, key) : json_array(j, key);
        while ((r = sd_bus_message_at_end(m, false)) == 0) {
                const char *name = NULL;

                if (dictionary) {
                        char inner[64];

                        snprintf(inner, sizeof(inner), "%.*s", (int) strlen(contents) - 2, contents + 1);
                        r = sd_bus_message_enter_container(m, 'e', inner);
                        if (r >= 0)
                                r = sd_bus_message_read(m, "s", &name);
                        if (r < 0)
                                return r;
                }
                r = json_bus_value(j, name, m);
                if (r >= 0 && dictionary)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        json_end(j);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int json_bus_value(Json *j, const char *key, sd_bus_message *m)
{
        const char *contents;
        union {
                uint8_t y;
                int b;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
                double d;
                const char *s;
        } v;
        char type;
        int r = sd_bus_message_peek_type(m, &type, &contents);

        if (r <= 0)
                return r < 0 ? r : -EBADMSG;
        if (strchr("avre", type))
                return json_container(j, key, m, type, contents);
        r = sd_bus_message_read_basic(m, type, &v);
        if (r < 0)
                return r;
        switch (type) {
        case 'y':
                json_number(j, key, v.y);
                break;
        case 'b':
                json_bool(j, key, v.b);
                break;
        case 'q':
                json_number(j, key, v.q);
                break;
        case 'u':
                json_number(j, key, v.u);
                break;
        case 't':
                if (v.t == UINT64_MAX)
                        json_null(j, key);
                else
                        json_number(j, key, v.t);
                break;
        case 'n':
        case 'i':
        case 'x':
                json_lead_in(j, key);
                fprintf(j->f, "%lld", (long long) (type == 'n' ? v.n : type == 'i' ? v.i : v.x));
                break;
        case 's':
        case 'o':
        case 'g':
                json_string(j, key, v.s);
                break;
        default:
                json_null(j, key);
        }
        return 0;
}

int json_bus_properties(Json *j, sd_bus_message *m)
{
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const char *name;

                r = sd_bus_message_read(m, "s", &name);
                if (r >= 0)
                        r = json_bus_value(j, name, m);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}
