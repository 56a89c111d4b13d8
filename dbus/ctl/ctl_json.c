/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl_json.h"

#include <errno.h>
#include <string.h>

#include "core/base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define INDENT 8

json_t *ctl_json_text(const char *s)
{
        _cleanup_(freep) char *text = malloc(strlen(s) * strlen(REPLACEMENT) + 1);
        char *p = text;

        if (!text)
                return NULL;
        while (*s) {
                size_t n = utf8_size(BYTES(s, strnlen(s, 4)), NULL);

                p = n > 0 ? mempcpy(p, s, n) : stpcpy(p, REPLACEMENT);
                s += MAX(n, (size_t) 1);
        }
        return json_stringn(text, (size_t) (p - text));
}

json_t *ctl_json_number(uint64_t n)
{
        return n == UINT64_MAX ? json_null() : json_integer((json_int_t) n);
}

/* --- from the bus */

static int ctl_json_from_dictionary(sd_bus_message *m, const char *contents, json_t *object)
{
        char entry[64];
        int r;

        snprintf(entry, sizeof(entry), "%.*s", (int) strlen(contents) - 2, contents + 1);
        while ((r = sd_bus_message_enter_container(m, 'e', entry)) > 0) {
                json_t *value = NULL;
                const char *key;

                r = sd_bus_message_read(m, "s", &key);
                if (r >= 0)
                        r = ctl_json_from_bus(m, &value);
                if (r >= 0 && json_object_set_new(object, key, value) < 0)
                        r = -ENOMEM;
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        break;
        }
        return r;
}

static int ctl_json_from_array(sd_bus_message *m, json_t *array)
{
        int r;

        while ((r = sd_bus_message_at_end(m, false)) == 0) {
                json_t *value = NULL;

                r = ctl_json_from_bus(m, &value);
                if (r >= 0 && json_array_append_new(array, value) < 0)
                        r = -ENOMEM;
                if (r < 0)
                        break;
        }
        return r;
}

static int ctl_json_from_container(sd_bus_message *m, char type, const char *contents, json_t **ret)
{
        /* a{s...} becomes an object */
        bool dictionary = type == 'a' && contents[0] == '{' && contents[1] == 's';
        _cleanup_(json_decrefp) json_t *value = NULL;
        int r = sd_bus_message_enter_container(m, type, contents);

        if (r < 0)
                return r;
        if (type == 'v')
                r = ctl_json_from_bus(m, &value);
        else if (dictionary)
                r = ctl_json_from_dictionary(m, contents, value = json_object());
        else
                r = ctl_json_from_array(m, value = json_array());
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r >= 0)
                *ret = take_pointer(value);
        return r;
}

int ctl_json_from_bus(sd_bus_message *m, json_t **ret)
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
                return ctl_json_from_container(m, type, contents, ret);
        r = sd_bus_message_read_basic(m, type, &v);
        if (r < 0)
                return r;
        switch (type) {
        case 'y':
                *ret = json_integer(v.y);
                break;
        case 'b':
                *ret = json_boolean(v.b);
                break;
        case 'n':
                *ret = json_integer(v.n);
                break;
        case 'q':
                *ret = json_integer(v.q);
                break;
        case 'i':
                *ret = json_integer(v.i);
                break;
        case 'u':
                *ret = json_integer(v.u);
                break;
        case 'x':
                *ret = json_integer(v.x);
                break;
        case 't':
                *ret = ctl_json_number(v.t);
                break;
        case 's':
        case 'o':
        case 'g':
                *ret = ctl_json_text(v.s);
                break;
        default:
                *ret = json_null();
        }
        return *ret ? 0 : -ENOMEM;
}

int ctl_json_add_properties(json_t *object, sd_bus_message *m)
{
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        if (r >= 0)
                r = ctl_json_from_dictionary(m, "{sv}", object);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

bool ctl_json_print(FILE *f, bool pretty, json_t *value)
{
        bool ok = value && json_dumpf(value, f, JSON_ENCODE_ANY | (pretty ? JSON_INDENT(INDENT) : JSON_COMPACT)) == 0;

        json_decref(value);
        return ok && fputc('\n', f) != EOF && fflush(f) == 0;
}
