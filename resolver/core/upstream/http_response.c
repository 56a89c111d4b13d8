/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/upstream/http_response.h"
#include "core/dns/message.h"

#include <stdio.h>
#include <string.h>

#define RETRY_AFTER_MAX 300 /* s */
#define DAYS_PER_ERA 146097 /* 400 years */
#define SECONDS_PER_DAY 86400
#define SECONDS_PER_YEAR 31556952

/* A word of a header, in lower case. */
#define WORD(text) BYTES(text, sizeof(text) - 1)

static bool http_is_word(Bytes b, Bytes word)
{
        if (b.n != word.n)
                return false;
        /* As nearly everybody writes it. */
        if (memcmp(b.p, word.p, b.n) == 0)
                return true;
        for (size_t i = 0; i < b.n; i++) {
                uint8_t c = b.p[i];

                if (c >= 'A' && c <= 'Z')
                        c = (uint8_t) (c + 32);
                if (c != word.p[i])
                        return false;
        }
        return true;
}

static Bytes http_trim(Bytes b)
{
        while (b.n && (b.p[0] == ' ' || b.p[0] == '\t'))
                b = BYTES(b.p + 1, b.n - 1);
        while (b.n && (b.p[b.n - 1] == ' ' || b.p[b.n - 1] == '\t'))
                b.n--;
        return b;
}

/* Returns the trimmed text before the next unquoted `separator`, and moves *rest behind the separator. */
static Bytes http_cut(Bytes *rest, char separator)
{
        bool quoted = false;
        Bytes part;
        size_t n;

        for (n = 0; n < rest->n && (quoted || rest->p[n] != (uint8_t) separator); n++)
                if (rest->p[n] == '"')
                        quoted = !quoted;
                else if (quoted && rest->p[n] == '\\' && n + 1 < rest->n)
                        n++;
        part = BYTES(rest->p, n);
        *rest = n < rest->n ? BYTES(rest->p + n + 1, rest->n - n - 1) : BYTES(NULL, 0);
        return http_trim(part);
}

/* Parses a decimal number. Saturates at UINT64_MAX. */
static bool http_number(Bytes b, uint64_t *ret)
{
        uint64_t n = 0;

        if (!b.n)
                return false;
        for (size_t i = 0; i < b.n; i++) {
                if (b.p[i] < '0' || b.p[i] > '9')
                        return false;
                n = n > (UINT64_MAX - 9) / 10 ? UINT64_MAX : n * 10 + (uint64_t) (b.p[i] - '0');
        }
        *ret = n;
        return true;
}

static uint32_t http_seconds(uint64_t n)
{
        return (uint32_t) MIN(n, (uint64_t) INT32_MAX);
}

static void http_take_status(HttpResponse *r, Bytes value)
{
        uint64_t n;

        r->status = !r->has_status && value.n == 3 && http_number(value, &n) ? (unsigned) n : 0;
        r->has_status = true;
}

/* Copies a value up to the first octet that is not printable ASCII. */
static void http_keep_value(char to[static HTTP_VALUE_MAX], Bytes value)
{
        size_t n = 0;

        while (n < value.n && n < HTTP_VALUE_MAX - 1 && value.p[n] >= ' ' && value.p[n] < 0x7f) {
                to[n] = (char) value.p[n];
                n++;
        }
        to[n] = '\0';
}

static void http_take_type(HttpResponse *r, Bytes value)
{
        Bytes rest = value;

        r->type_ok = !r->has_type && http_is_word(http_cut(&rest, ';'), WORD("application/dns-message"));
        r->has_type = true;
        /* For whoever has to tell why it is not. */
        if (!r->type_ok)
                http_keep_value(r->type, value);
}

static void http_take_encoding(HttpResponse *r, Bytes value)
{
        http_keep_value(r->encoding, value);
        while (value.n) {
                Bytes coding = http_cut(&value, ',');

                r->encoded = r->encoded || (coding.n && !http_is_word(coding, WORD("identity")));
        }
}

static void http_take_length(HttpResponse *r, Bytes value)
{
        uint64_t n = 0;

        r->bad_length = r->bad_length || !http_number(value, &n) || (r->has_length && r->length != n);
        r->length = n;
        r->has_length = true;
}

/* RFC 9111 5.2.2: no-store and no-cache mean a lifetime of 0. Of several max-age, the smallest applies. */
static void http_take_cache_control(HttpResponse *r, Bytes value)
{
        while (value.n) {
                Bytes directive = http_cut(&value, ','), argument = directive;
                Bytes name = http_cut(&argument, '=');
                uint64_t n;

                if (argument.n >= 2 && argument.p[0] == '"' && argument.p[argument.n - 1] == '"')
                        argument = BYTES(argument.p + 1, argument.n - 2);
                if (http_is_word(name, WORD("no-store")) || http_is_word(name, WORD("no-cache")))
                        n = 0;
                else if (!http_is_word(name, WORD("max-age")) || !http_number(argument, &n))
                        continue;
                r->max_age = r->has_max_age ? MIN(r->max_age, http_seconds(n)) : http_seconds(n);
                r->has_max_age = true;
        }
}

static void http_take_age(HttpResponse *r, Bytes value)
{
        Bytes first = http_cut(&value, ',');
        uint64_t n;

        /* RFC 9111 5.1: the first element of a list applies, and an invalid one is ignored. */
        if (!r->has_age && http_number(first, &n))
                r->age = http_seconds(n);
        r->has_age = true;
}

/* Returns the days from 1970-01-01 to a date in the Gregorian calendar. */
static int64_t http_days_of(int64_t year, unsigned month, unsigned day)
{
        int64_t y = month <= 2 ? year - 1 : year, era = y / 400;
        int64_t of_era = y - era * 400, of_year = (153 * ((int64_t) month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

        return era * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

typedef struct Date {
        unsigned day, month, year, hour, minute, second;
} Date;

/* Returns 1 to 12 for the name of a month, or 0. */
static unsigned http_month_of(Bytes b)
{
        static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

        for (unsigned i = 0; i < ELEMENTS(months) && b.n >= 3; i++)
                if (memcmp(b.p, months[i], 3) == 0)
                        return i + 1;
        return 0;
}

static unsigned *http_field_of(Date *d, char letter)
{
        switch (letter) {
        case 'd':
                return &d->day;
        case 'y':
                return &d->year;
        case 'h':
                return &d->hour;
        case 'm':
                return &d->minute;
        case 's':
                return &d->second;
        default:
                return NULL;
        }
}

/* Matches a date. In the pattern, "b" is the name of a month, and "d", "y", "h", "m" and "s" are digits of day,
 * year, hour, minute and second. A day may start with a space. */
static bool http_date_matches(Bytes b, const char *pattern, Date *ret)
{
        *ret = (Date) { 0 };
        for (; *pattern && b.n; pattern++) {
                unsigned *field = http_field_of(ret, *pattern);
                size_t n = *pattern == 'b' ? 3 : 1;
                uint8_t c = b.p[0];

                if (*pattern == 'b')
                        ret->month = http_month_of(b);
                else if (!field && c != (uint8_t) *pattern)
                        return false;
                else if (field && c >= '0' && c <= '9')
                        *field = *field * 10 + (unsigned) (c - '0');
                else if (field && (*pattern != 'd' || ret->day || c != ' '))
                        return false;
                if (b.n < n)
                        return false;
                b = BYTES(b.p + n, b.n - n);
        }
        return !*pattern && !b.n && ret->month && ret->day >= 1 && ret->day <= 31 && ret->hour <= 23 &&
               ret->minute <= 59 && ret->second <= 60;
}

/* Parses a date in any of the three formats of RFC 9110 5.6.7 into seconds since 1970. */
static bool http_date(Bytes b, int64_t wall_clock, int64_t *ret)
{
        int64_t this_year = 1970 + wall_clock / SECONDS_PER_YEAR, year;
        const uint8_t *comma = memchr(b.p, ',', b.n);
        Bytes rest = comma ? BYTES(comma + 1, b.n - (size_t) (comma + 1 - b.p))
                           : BYTES(b.p + MIN(b.n, 3u), b.n - MIN(b.n, 3u));
        Date d;

        if (http_date_matches(rest, " dd-b-yy hh:mm:ss GMT", &d)) {
                year = this_year - this_year % 100 + d.year;
                if (year > this_year + 50)
                        year -= 100;
        } else if (http_date_matches(rest, " dd b yyyy hh:mm:ss GMT", &d) ||
                   http_date_matches(rest, " b dd hh:mm:ss yyyy", &d))
                year = d.year;
        else
                return false;
        *ret = http_days_of(year, d.month, d.day) * SECONDS_PER_DAY + (int64_t) d.hour * 3600 +
               (int64_t) d.minute * 60 + d.second;
        return true;
}

static void http_take_retry_after(HttpResponse *r, Bytes value, int64_t wall_clock)
{
        uint64_t n;
        int64_t date;

        if (!http_number(value, &n)) {
                if (!value.n || !http_date(value, wall_clock, &date))
                        return;
                n = date > wall_clock ? (uint64_t) (date - wall_clock) : 0;
        }
        r->retry_after = (uint32_t) CLAMP(n, UINT64_C(1), (uint64_t) RETRY_AFTER_MAX);
        r->has_retry_after = true;
}

#define FIELD(text) { .p = (const uint8_t *) (text), .n = sizeof(text) - 1 }

void http_response_field(HttpResponse *r, Bytes name, Bytes value, int64_t wall_clock)
{
        static const struct {
                Bytes name;
                void (*take)(HttpResponse *r, Bytes value);
        } fields[] = {
                { FIELD(":status"), http_take_status },
                { FIELD("content-type"), http_take_type },
                { FIELD("content-length"), http_take_length },
                { FIELD("cache-control"), http_take_cache_control },
                { FIELD("age"), http_take_age },
                { FIELD("content-encoding"), http_take_encoding },
        };

        value = http_trim(value);
        for (size_t i = 0; i < ELEMENTS(fields); i++) {
                if (http_is_word(name, fields[i].name)) {
                        fields[i].take(r, value);
                        return;
                }
        }
        if (http_is_word(name, WORD("retry-after")))
                http_take_retry_after(r, value, wall_clock);
}

bool http_response_answers(const HttpResponse *r)
{
        return r->status >= 200 && r->status <= 299;
}

static FailureReason http_status_failure(unsigned status)
{
        switch (status) {
        case 429:
        case 503:
                return FAILURE_HTTP_OVERLOAD;
        case 511:
                return FAILURE_HTTP_PORTAL;
        case 408:
        case 421:
        case 425:
        case 502:
        case 504:
                return FAILURE_HTTP_RETRY;
        default:
                if (status >= 300 && status <= 399)
                        return FAILURE_HTTP_REDIRECT;
                if (status >= 400 && status <= 499)
                        return FAILURE_HTTP_CONFIG;
                return FAILURE_HTTP_SERVER;
        }
}

FailureReason http_response_failure(const HttpResponse *r, size_t body_size)
{
        if (!http_response_answers(r))
                return http_status_failure(r->status);
        if (body_size == 0 || r->bad_length || (r->has_length && r->length != body_size))
                return FAILURE_BODY_SIZE;
        if (!r->type_ok)
                return FAILURE_CONTENT_TYPE;
        if (r->encoded)
                return FAILURE_CONTENT_ENCODING;
        if (body_size < DNS_HEADER_SIZE || body_size > DNS_MESSAGE_MAX)
                return FAILURE_BODY_SIZE;
        return FAILURE_NONE;
}

static void http_describe_size(const HttpResponse *r, size_t body_size, char *ret, size_t size)
{
        if (r->has_length && !r->bad_length && r->length != body_size)
                snprintf(ret, size, ", %zu octets with content-length %llu", body_size, (unsigned long long) r->length);
        else
                snprintf(ret, size, ", %zu octets%s", body_size, r->bad_length ? " with a bad content-length" : "");
}

FailureDetail http_response_detail(const HttpResponse *r, size_t body_size, FailureReason reason)
{
        FailureDetail d = { .reason = reason, .http_status = (uint16_t) r->status };
        size_t n;

        if (!r->status) {
                snprintf(d.text, sizeof(d.text), "no status");
                return d;
        }
        n = (size_t) snprintf(d.text, sizeof(d.text), "status %u", r->status);
        if (reason == FAILURE_BODY_SIZE)
                http_describe_size(r, body_size, d.text + n, sizeof(d.text) - n);
        else if (reason == FAILURE_CONTENT_TYPE)
                snprintf(d.text + n, sizeof(d.text) - n, ", %s%s", r->has_type ? "content-type " : "no content-type",
                         r->type);
        else if (reason == FAILURE_CONTENT_ENCODING)
                snprintf(d.text + n, sizeof(d.text) - n, ", content-encoding %s", r->encoding);
        return d;
}
