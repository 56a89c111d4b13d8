/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/config/units.h"

#include <string.h>

static const struct {
        const char *name;
        uint64_t usec;
} units[] = {
        { "usec", 1 },
        { "us", 1 },
        { "\xc2\xb5s", 1 },
        { "\xce\xbcs", 1 },
        { "msec", USEC_PER_MSEC },
        { "ms", USEC_PER_MSEC },
        { "seconds", USEC_PER_SEC },
        { "second", USEC_PER_SEC },
        { "sec", USEC_PER_SEC },
        { "s", USEC_PER_SEC },
        { "minutes", USEC_PER_MINUTE },
        { "minute", USEC_PER_MINUTE },
        { "min", USEC_PER_MINUTE },
        { "months", 2629800 * USEC_PER_SEC },
        { "month", 2629800 * USEC_PER_SEC },
        { "M", 2629800 * USEC_PER_SEC },
        { "m", USEC_PER_MINUTE },
        { "hours", USEC_PER_HOUR },
        { "hour", USEC_PER_HOUR },
        { "hr", USEC_PER_HOUR },
        { "h", USEC_PER_HOUR },
        { "days", USEC_PER_DAY },
        { "day", USEC_PER_DAY },
        { "d", USEC_PER_DAY },
        { "weeks", 7 * USEC_PER_DAY },
        { "week", 7 * USEC_PER_DAY },
        { "w", 7 * USEC_PER_DAY },
        { "years", 31557600 * USEC_PER_SEC },
        { "year", 31557600 * USEC_PER_SEC },
        { "y", 31557600 * USEC_PER_SEC },
};

#define BLANK " \t\n\r"
#define DIGITS "0123456789"

/* A decimal number as text. */
typedef struct Decimal {
        const char *whole, *fraction;
        size_t n_whole, n_fraction;
} Decimal;

/* Reads "5", "1.5", ".5", and if `open` is set, "5." as well. Returns its length, or 0 if it is not a number. */
static size_t units_read_decimal(const char *p, bool open, Decimal *ret)
{
        size_t n = strspn(p, DIGITS), k = 0;

        *ret = (Decimal) { .whole = p, .n_whole = n };
        if (p[n] == '.') {
                n++;
                k = strspn(p + n, DIGITS);
                ret->fraction = p + n;
                ret->n_fraction = k;
        }
        return ret->n_whole + k == 0 || (ret->fraction && k == 0 && !open) ? 0 : n + k;
}

static bool units_whole_product(const Decimal *d, uint64_t unit, uint64_t *ret)
{
        uint64_t v = 0;

        for (size_t i = 0; i < d->n_whole; i++)
                if (__builtin_mul_overflow(v, UINT64_C(10), &v) ||
                    __builtin_add_overflow(v, (uint64_t) (d->whole[i] - '0'), &v))
                        return false;
        return !__builtin_mul_overflow(v, unit, ret);
}

static size_t units_find_unit(const char *p, uint64_t *ret)
{
        for (size_t i = 0; i < ELEMENTS(units); i++) {
                size_t n = strlen(units[i].name);

                if (strncmp(p, units[i].name, n) == 0) {
                        *ret = units[i].usec;
                        return n;
                }
        }
        return 0;
}

bool parse_time_span(const char *text, uint64_t *ret)
{
        static const char infinity[] = "infinity";
        uint64_t sum = 0;
        bool any = false;

        text += strspn(text, BLANK);
        if (strncmp(text, infinity, sizeof(infinity) - 1) == 0) {
                text += sizeof(infinity) - 1;
                *ret = USEC_NEVER;
                return !text[strspn(text, BLANK)];
        }
        while (*text) {
                Decimal d;
                size_t n = units_read_decimal(text, false, &d), blank, unit_size;
                uint64_t unit = USEC_PER_SEC, v;

                if (n == 0)
                        return false;
                text += n;
                blank = strspn(text, BLANK);
                unit_size = units_find_unit(text + blank, &unit);
                /* "12.34.56" is not two numbers, "12.34 .56" is. */
                if (blank + unit_size == 0 && *text)
                        return false;
                text += blank + unit_size;
                text += strspn(text, BLANK);
                any = true;

                if (!units_whole_product(&d, unit, &v) || __builtin_add_overflow(sum, v, &sum))
                        return false;
                for (size_t i = 0; i < d.n_fraction; i++) {
                        unit /= 10;
                        if (__builtin_add_overflow(sum, (uint64_t) (d.fraction[i] - '0') * unit, &sum))
                                return false;
                }
                if (sum == USEC_NEVER)
                        return false;
        }
        *ret = sum;
        return any;
}

bool parse_size(const char *text, uint64_t *ret)
{
        static const char suffixes[] = "BKMGTPE";
        const char *allowed = suffixes + sizeof(suffixes) - 1; /* "1M 512K", but not "512K 1M" */
        uint64_t sum = 0;

        do {
                Decimal d;
                size_t n;
                const char *suffix;
                uint64_t v;
                double fraction = 0;

                text += strspn(text, BLANK);
                n = units_read_decimal(text, true, &d);
                if (n == 0 || d.n_whole == 0)
                        return false;
                text += n;
                text += strspn(text, BLANK);
                suffix = *text ? strchr(suffixes, *text) : suffixes;
                if (!suffix || suffix >= allowed)
                        return false;
                allowed = suffix;
                text += *text != 0;

                if (!units_whole_product(&d, UINT64_C(1) << 10 * (suffix - suffixes), &v) ||
                    __builtin_add_overflow(sum, v, &sum))
                        return false;
                for (size_t i = d.n_fraction; i > 0; i--)
                        fraction = (fraction + (d.fraction[i - 1] - '0')) / 10;
                fraction *= (double) (UINT64_C(1) << 10 * (suffix - suffixes));
                if (__builtin_add_overflow(sum, (uint64_t) fraction, &sum))
                        return false;
        } while (text[strspn(text, BLANK)]);
        *ret = sum;
        return true;
}
