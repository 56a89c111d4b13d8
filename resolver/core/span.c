#include <string.h>

#include "core/config.h"

static const struct {
        const char *name;
        uint64_t usec;
} units[] = {
        { "usec", 1 }, { "us", 1 }, { "\xc2\xb5s", 1 }, { "\xce\xbcs", 1 },
        { "msec", USEC_PER_MSEC }, { "ms", USEC_PER_MSEC },
        { "seconds", USEC_PER_SEC }, { "second", USEC_PER_SEC }, { "sec", USEC_PER_SEC }, { "s", USEC_PER_SEC },
        { "minutes", USEC_PER_MINUTE }, { "minute", USEC_PER_MINUTE }, { "min", USEC_PER_MINUTE },
        { "months", 2629800 * USEC_PER_SEC }, { "month", 2629800 * USEC_PER_SEC }, { "M", 2629800 * USEC_PER_SEC },
        { "m", USEC_PER_MINUTE },
        { "hours", USEC_PER_HOUR }, { "hour", USEC_PER_HOUR }, { "hr", USEC_PER_HOUR }, { "h", USEC_PER_HOUR },
        { "days", USEC_PER_DAY }, { "day", USEC_PER_DAY }, { "d", USEC_PER_DAY },
        { "weeks", 7 * USEC_PER_DAY }, { "week", 7 * USEC_PER_DAY }, { "w", 7 * USEC_PER_DAY },
        { "years", 31557600 * USEC_PER_SEC }, { "year", 31557600 * USEC_PER_SEC }, { "y", 31557600 * USEC_PER_SEC },
};

#define BLANK " \t\n\r"

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

/* A decimal number times `unit`, added to *sum; false on overflow. */
static bool add_product(const char *digits, size_t n, uint64_t unit, uint64_t *sum)
{
        uint64_t whole = 0, scale = unit;
        size_t i = 0;

        for (; i < n && digits[i] != '.'; i++)
                if (__builtin_mul_overflow(whole, UINT64_C(10), &whole) ||
                    __builtin_add_overflow(whole, (uint64_t) (digits[i] - '0'), &whole))
                        return false;
        if (__builtin_mul_overflow(whole, unit, &whole))
                return false;
        for (i++; i < n; i++) {
                scale /= 10;
                whole += (uint64_t) (digits[i] - '0') * scale;
        }
        return !__builtin_add_overflow(*sum, whole, sum);
}

/* Characters of the number at `p`: digits, perhaps with one point among them. */
static size_t number_size(const char *p)
{
        size_t n = strspn(p, "0123456789");

        if (p[n] == '.' && is_digit(p[n + 1]))
                n += 1 + strspn(p + n + 1, "0123456789");
        else if (p[n] == '.')
                return 0;
        return n;
}

static size_t find_unit(const char *p, uint64_t *ret)
{
        for (size_t i = 0; i < ELEMENTS(units); i++) {
                size_t n = strlen(units[i].name);

                if (strncmp(p, units[i].name, n) == 0 && (!p[n] || strchr(BLANK, p[n]) || is_digit(p[n]))) {
                        *ret = units[i].usec;
                        return n;
                }
        }
        return 0;
}

bool parse_time_span(const char *text, uint64_t *ret)
{
        uint64_t sum = 0;
        bool any = false;

        text += strspn(text, BLANK);
        if (strncmp(text, "infinity", 8) == 0 && !text[8 + strspn(text + 8, BLANK)]) {
                *ret = USEC_NEVER;
                return true;
        }
        while (*text) {
                size_t n = number_size(text), after, unit_size;
                uint64_t unit = USEC_PER_SEC;

                if (n == 0)
                        return false;
                after = n + strspn(text + n, BLANK);
                unit_size = find_unit(text + after, &unit);
                if (!unit_size && text[after])
                        return false;
                if (!add_product(text, n, unit, &sum))
                        return false;
                text += after + unit_size;
                text += strspn(text, BLANK);
                any = true;
        }
        *ret = sum;
        return any;
}

bool parse_size(const char *text, uint64_t *ret)
{
        static const char suffixes[] = "BKMGTPE";
        uint64_t sum = 0, unit = 1;
        const char *suffix;
        size_t n;

        text += strspn(text, BLANK);
        n = number_size(text);
        if (n == 0)
                return false;
        suffix = text + n + strspn(text + n, BLANK);
        if (*suffix) {
                const char *at = strchr(suffixes, *suffix);

                if (!at)
                        return false;
                unit <<= 10 * (at - suffixes);
                suffix++;
        }
        if (suffix[strspn(suffix, BLANK)] || !add_product(text, n, unit, &sum))
                return false;
        *ret = sum;
        return true;
}
