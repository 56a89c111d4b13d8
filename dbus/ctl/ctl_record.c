/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl_record.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A position in the data of a record. If the data ends too early, record_take*() return nothing and set `bad`. */
typedef struct Cursor {
        Bytes wire; /* of the message from its start to the end of the data */
        size_t at;
        bool bad;
} Cursor;

static Bytes record_take(Cursor *c, size_t n)
{
        Bytes b = { 0 };

        if (c->bad || n > c->wire.n - c->at) {
                c->bad = true;
                return b;
        }
        b = BYTES(c->wire.p + c->at, n);
        c->at += n;
        return b;
}

static Bytes record_take_rest(Cursor *c)
{
        return record_take(c, c->bad ? 0 : c->wire.n - c->at);
}

static bool record_at_end(const Cursor *c)
{
        return c->bad || c->at == c->wire.n;
}

static unsigned record_take8(Cursor *c)
{
        Bytes b = record_take(c, 1);

        return b.p ? *b.p : 0;
}

static unsigned record_take16(Cursor *c)
{
        Bytes b = record_take(c, 2);

        return b.p ? wire_read16(b.p) : 0;
}

static uint32_t record_take32(Cursor *c)
{
        Bytes b = record_take(c, 4);

        return b.p ? wire_read32(b.p) : 0;
}

static Bytes record_take_string(Cursor *c)
{
        return record_take(c, record_take8(c));
}

/* --- parts of the data */

static void record_put_name(FILE *f, Cursor *c)
{
        uint8_t name[DNS_NAME_MAX];
        char text[NAME_TEXT_MAX];
        size_t n = c->bad ? 0 : name_expand(c->wire, c->at, name, &c->at);

        if (n == 0) {
                c->bad = true;
                return;
        }
        name_to_text(BYTES(name, n), text);
        fprintf(f, "%s%s", text, n > 1 ? "." : "");
}

static void record_put_address(FILE *f, Cursor *c, int family)
{
        char text[INET6_ADDRSTRLEN];
        Bytes b = record_take(c, family == AF_INET ? 4 : 16);

        if (b.p && inet_ntop(family, b.p, text, sizeof(text)))
                fputs(text, f);
}

/* `special`: further characters that are escaped by a backslash. */
static void record_put_escaped(FILE *f, Bytes b, const char *special)
{
        for (size_t i = 0; i < b.n; i++)
                if (b.p[i] < ' ' || b.p[i] >= 127)
                        fprintf(f, "\\%03u", b.p[i]);
                else if (b.p[i] == '"' || b.p[i] == '\\' || strchr(special, b.p[i]))
                        fprintf(f, "\\%c", b.p[i]);
                else
                        fputc(b.p[i], f);
}

static void record_put_quoted(FILE *f, Bytes b)
{
        fputc('"', f);
        record_put_escaped(f, b, "");
        fputc('"', f);
}

static void record_put_hex(FILE *f, Bytes b)
{
        for (size_t i = 0; b.p && i < b.n; i++)
                fprintf(f, "%02x", b.p[i]);
}

static void record_put_base64(FILE *f, Bytes b)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

        for (size_t i = 0; b.p && i < b.n; i += 3) {
                uint32_t v = (uint32_t) b.p[i] << 16 | (i + 1 < b.n ? (uint32_t) b.p[i + 1] << 8 : 0) |
                             (i + 2 < b.n ? b.p[i + 2] : 0);

                fputc(digits[v >> 18], f);
                fputc(digits[v >> 12 & 63], f);
                fputc(i + 1 < b.n ? digits[v >> 6 & 63] : '=', f);
                fputc(i + 2 < b.n ? digits[v & 63] : '=', f);
        }
}

/* The time of a signature, in seconds since 1970 (RFC 4034 3.2). */
static void record_put_time(FILE *f, Cursor *c)
{
        time_t seconds = (time_t) record_take32(c);
        struct tm tm;
        char text[24];

        if (gmtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%Y%m%d%H%M%S", &tm) > 0)
                fputs(text, f);
}

static void record_put_type(FILE *f, unsigned type)
{
        char text[RR_TYPE_TEXT_MAX];

        fputs(rr_type_to_text((uint16_t) type, text), f);
}

/* A bitmap of types (RFC 4034 4.1.2). */
static void record_put_bitmap(FILE *f, Cursor *c)
{
        const char *before = "";

        while (!record_at_end(c)) {
                unsigned window = record_take8(c);
                Bytes bits = record_take_string(c);

                c->bad = c->bad || bits.n == 0 || bits.n > 32;
                for (unsigned i = 0; !c->bad && i < bits.n * 8; i++)
                        if (bits.p[i / 8] & 0x80u >> i % 8) {
                                fputs(before, f);
                                record_put_type(f, window << 8 | i);
                                before = " ";
                        }
        }
}

/* --- service parameters (RFC 9460 2.1) */

static const char *const parameters[] = { "mandatory", "alpn", "no-default-alpn", "port",
                                          "ipv4hint",  "ech",  "ipv6hint",        "dohpath" };

static void record_put_key(FILE *f, unsigned key)
{
        if (key < ELEMENTS(parameters))
                fputs(parameters[key], f);
        else
                fprintf(f, "key%u", key);
}

/* A list of protocol IDs. A comma or backslash in an ID is escaped for the list, and then again for the string. */
static void record_put_protocols(FILE *f, Cursor *c)
{
        const char *before = "\"";

        while (!record_at_end(c)) {
                Bytes id = record_take_string(c);

                fputs(before, f);
                before = ",";
                for (size_t i = 0; i < id.n; i++) {
                        if (id.p[i] == ',' || id.p[i] == '\\')
                                fputs("\\\\", f);
                        record_put_escaped(f, BYTES(id.p + i, 1), "");
                }
        }
        fputc('"', f);
}

static void record_put_parameter(FILE *f, unsigned key, Cursor *c)
{
        const char *before = "";

        record_put_key(f, key);
        if (key == 2 && record_at_end(c))
                return;
        fputc('=', f);
        switch (key) {
        case 0:
                for (; !record_at_end(c); before = ",") {
                        fputs(before, f);
                        record_put_key(f, record_take16(c));
                }
                break;
        case 1:
                record_put_protocols(f, c);
                break;
        case 3:
                fprintf(f, "%u", record_take16(c));
                break;
        case 4:
        case 6:
                for (; !record_at_end(c); before = ",") {
                        fputs(before, f);
                        record_put_address(f, c, key == 4 ? AF_INET : AF_INET6);
                }
                break;
        case 5:
                record_put_base64(f, record_take_rest(c));
                break;
        default:
                record_put_quoted(f, record_take_rest(c));
                break;
        }
}

static void record_put_parameters(FILE *f, Cursor *c)
{
        const char *before = "";

        while (!record_at_end(c)) {
                unsigned key = record_take16(c);
                size_t n = record_take16(c);
                Cursor value = { .wire = c->wire, .at = c->at };

                record_take(c, n);
                if (c->bad)
                        return;
                value.wire.n = c->at;
                fputs(before, f);
                before = " ";
                record_put_parameter(f, key, &value);
                c->bad = value.bad || value.at != value.wire.n;
        }
}

/* --- a record */

static void record_put_strings(FILE *f, Cursor *c)
{
        const char *before = "";

        for (; !record_at_end(c); before = " ") {
                fputs(before, f);
                record_put_quoted(f, record_take_string(c));
        }
}

/* Prints one field, by its letter in rr_type_layout(). */
static void record_put_part(FILE *f, char letter, Cursor *c)
{
        /* An empty field has no presentation format. */
        c->bad = c->bad || (strchr("Shb", letter) && record_at_end(c));
        switch (letter) {
        case '1':
                fprintf(f, "%u", record_take8(c));
                break;
        case '2':
                fprintf(f, "%u", record_take16(c));
                break;
        case '4':
                fprintf(f, "%u", record_take32(c));
                break;
        case 'a':
                record_put_address(f, c, AF_INET);
                break;
        case '6':
                record_put_address(f, c, AF_INET6);
                break;
        case 'n':
                record_put_name(f, c);
                break;
        case 's': /* one string */
                record_put_quoted(f, record_take_string(c));
                break;
        case 'S': /* strings to the end */
                record_put_strings(f, c);
                break;
        case 'g': /* a tag: a string without quotes */
                record_put_escaped(f, record_take_string(c), " ();@$");
                break;
        case 'r': /* a string without a length, to the end */
                record_put_quoted(f, record_take_rest(c));
                break;
        case 'h':
                record_put_hex(f, record_take_rest(c));
                break;
        case 'b':
                record_put_base64(f, record_take_rest(c));
                break;
        case 't':
                record_put_time(f, c);
                break;
        case 'T':
                record_put_type(f, record_take16(c));
                break;
        case 'm':
                record_put_bitmap(f, c);
                break;
        case 'v':
                record_put_parameters(f, c);
                break;
        default:
                c->bad = true;
        }
}

char *record_owner(const Message *m, const Record *r)
{
        Cursor c = { .wire = m->wire, .at = r->offset };
        char *text = NULL;
        size_t n;
        FILE *f = open_memstream(&text, &n);

        if (!f)
                return NULL;
        record_put_name(f, &c);
        return fclose(f) == 0 ? text : NULL;
}

/* Prints the data in the layout of its type; false if it does not have that layout. */
static bool record_put_known(FILE *f, const Message *m, const Record *r)
{
        const char *layout = rr_type_layout(r->type);
        Cursor c = { .wire = BYTES(m->wire.p, r->end), .at = r->end - r->rdata.n };
        const char *before = "";

        if (!layout || r->class != CLASS_IN)
                return false;
        for (const char *p = layout; *p; p++) {
                /* Parameters and types may be absent. */
                if (strchr("vm", *p) && record_at_end(&c))
                        continue;
                fputs(before, f);
                before = " ";
                record_put_part(f, *p, &c);
        }
        return !c.bad && record_at_end(&c);
}

char *record_data(const Message *m, const Record *r)
{
        char *text = NULL;
        size_t n;
        FILE *f = open_memstream(&text, &n);

        if (!f)
                return NULL;
        if (!record_put_known(f, m, r)) {
                if (fseek(f, 0, SEEK_SET) < 0) {
                        fclose(f);
                        free(text);
                        return NULL;
                }
                fprintf(f, "\\# %zu%s", r->rdata.n, r->rdata.n ? " " : "");
                record_put_hex(f, r->rdata);
                fputc(0, f);
        }
        return fclose(f) == 0 ? text : NULL;
}

bool message_extended_error(const Message *m, unsigned number, unsigned *ret_code, char **ret_text)
{
        Cursor c = { .wire = m->edns.options };

        while (!record_at_end(&c)) {
                unsigned option = record_take16(&c);
                Cursor value = { .wire = record_take(&c, record_take16(&c)) };
                size_t n;
                FILE *f;

                if (c.bad || option != EDNS_OPTION_EDE || number-- > 0)
                        continue;
                *ret_code = record_take16(&value);
                *ret_text = NULL;
                f = value.bad ? NULL : open_memstream(ret_text, &n);
                if (!f)
                        return false;
                record_put_escaped(f, record_take_rest(&value), "");
                return fclose(f) == 0;
        }
        return false;
}
