#include "core/http.h"

#include <string.h>

#define RETRY_AFTER_MAX 300     /* s */
#define DAYS_PER_ERA 146097

static bool is_word(Bytes b, const char *word)
{
        size_t n = strlen(word);

        if (b.n != n)
                return false;
        for (size_t i = 0; i < n; i++) {
                uint8_t c = b.p[i];

                if (c >= 'A' && c <= 'Z')
                        c = (uint8_t) (c + 32);
                if (c != (uint8_t) word[i])
                        return false;
        }
        return true;
}

static Bytes trim(Bytes b)
{
        while (b.n && (b.p[0] == ' ' || b.p[0] == '\t'))
                b = BYTES(b.p + 1, b.n - 1);
        while (b.n && (b.p[b.n - 1] == ' ' || b.p[b.n - 1] == '\t'))
                b.n--;
        return b;
}

/* The part before the next `separator`, trimmed; *rest moves behind it. */
static Bytes cut(Bytes *rest, char separator)
{
        const uint8_t *at = rest->n ? memchr(rest->p, separator, rest->n) : NULL;
        Bytes part = { .p = rest->p, .n = at ? (size_t) (at - rest->p) : rest->n };

        *rest = at ? BYTES(at + 1, rest->n - part.n - 1) : BYTES(NULL, 0);
        return trim(part);
}

/* Digits only; what is too large is the largest. */
static bool number(Bytes b, uint64_t *ret)
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

static uint32_t seconds(uint64_t n)
{
        return (uint32_t) MIN(n, (uint64_t) INT32_MAX);
}

static void take_status(HttpResponse *r, Bytes value)
{
        uint64_t n;

        if (r->has_status)
                r->bad = true;
        r->has_status = true;
        if (value.n == 3 && number(value, &n))
                r->status = (unsigned) n;
        else
                r->bad = true;
}

static void take_type(HttpResponse *r, Bytes value)
{
        Bytes rest = value;

        if (r->has_type)
                r->bad = true;
        r->has_type = true;
        r->type_ok = is_word(cut(&rest, ';'), "application/dns-message");
}

/* RFC 9111 5.2.2: no-store and no-cache leave no life, and of several max-age the least counts. */
static void take_cache_control(HttpResponse *r, Bytes value)
{
        while (value.n) {
                Bytes directive = cut(&value, ','), argument = directive;
                Bytes name = cut(&argument, '=');
                uint64_t n;

                if (argument.n >= 2 && argument.p[0] == '"')
                        argument = BYTES(argument.p + 1, argument.n - 2);
                if (is_word(name, "no-store") || is_word(name, "no-cache"))
                        n = 0;
                else if (!is_word(name, "max-age") || !number(argument, &n))
                        continue;
                r->max_age = r->has_max_age ? MIN(r->max_age, seconds(n)) : seconds(n);
                r->has_max_age = true;
        }
}

static void take_age(HttpResponse *r, Bytes value)
{
        Bytes first = cut(&value, ',');
        uint64_t n;

        /* RFC 9111 5.1: of a list the first, and what is not a number is ignored. */
        if (number(first, &n))
                r->age = seconds(n);
}

/* Days since 1970-01-01 of a date in the Gregorian calendar. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
        int64_t y = month <= 2 ? year - 1 : year, era = y / 400;
        int64_t of_era = y - era * 400, of_year = (153 * ((int64_t) month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

        return era * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7); the obsolete forms are not worth the code. */
static bool http_date(Bytes b, int64_t *ret)
{
        static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
        uint64_t day, year, h, m, s;

        if (b.n != 29 || !number(BYTES(b.p + 5, 2), &day) || !number(BYTES(b.p + 12, 4), &year) || !number(BYTES(b.p + 17, 2), &h) ||
            !number(BYTES(b.p + 20, 2), &m) || !number(BYTES(b.p + 23, 2), &s))
                return false;
        for (unsigned i = 0; i < 12; i++) {
                const char month[4] = { months[3 * i], months[3 * i + 1], months[3 * i + 2], 0 };

                if (is_word(BYTES(b.p + 8, 3), month)) {
                        *ret = days_of((int64_t) year, i + 1, (unsigned) day) * 86400 + (int64_t) (h * 3600 + m * 60 + s);
                        return true;
                }
        }
        return false;
}

static void take_retry_after(HttpResponse *r, Bytes value, int64_t wall_clock)
{
        uint64_t n;
        int64_t date;

        if (number(value, &n))
                r->retry_after = (uint32_t) MIN(n, (uint64_t) RETRY_AFTER_MAX);
        else if (http_date(value, &date))
                r->retry_after = date > wall_clock ? (uint32_t) MIN(date - wall_clock, (int64_t) RETRY_AFTER_MAX) : 0;
        else
                return;
        r->has_retry_after = true;
}

void http_response_field(HttpResponse *r, Bytes name, Bytes value, int64_t wall_clock)
{
        uint64_t n;

        value = trim(value);
        if (is_word(name, ":status"))
                take_status(r, value);
        else if (is_word(name, "content-type"))
                take_type(r, value);
        else if (is_word(name, "content-encoding"))
                r->encoded = r->encoded || !is_word(value, "identity");
        else if (is_word(name, "content-length")) {
                if (!number(value, &n) || (r->has_length && r->length != n))
                        r->bad = true;
                else
                        r->length = n;
                r->has_length = true;
        } else if (is_word(name, "age"))
                take_age(r, value);
        else if (is_word(name, "cache-control"))
                take_cache_control(r, value);
        else if (is_word(name, "retry-after"))
                take_retry_after(r, value, wall_clock);
}

static Fault status_fault(unsigned status)
{
        switch (status) {
        case 429:
        case 503:
                return FAULT_HTTP_OVERLOAD;
        case 511:
                return FAULT_HTTP_PORTAL;
        case 408:
        case 421:
        case 425:
        case 502:
        case 504:
                return FAULT_HTTP_RETRY;
        default:
                if (status >= 200 && status <= 299)
                        return FAULT_NONE;
                if (status >= 300 && status <= 399)
                        return FAULT_HTTP_REDIRECT;
                if (status >= 400 && status <= 499)
                        return FAULT_HTTP_CONFIG;
                return FAULT_HTTP_SERVER;
        }
}

Fault http_response_fault(const HttpResponse *r, size_t body_size)
{
        Fault f;

        if (!r->has_status || r->bad)
                return FAULT_HTTP_SERVER;
        f = status_fault(r->status);
        if (f != FAULT_NONE)
                return f;
        if (r->has_length && r->length != body_size)
                return FAULT_BODY_SIZE;
        if (body_size == 0)
                return FAULT_BODY_SIZE;
        if (!r->has_type || !r->type_ok)
                return FAULT_CONTENT_TYPE;
        if (r->encoded)
                return FAULT_CONTENT_ENCODING;
        if (body_size < 12 || body_size > 65535)
                return FAULT_BODY_SIZE;
        return FAULT_NONE;
}
