/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/dns/name.h"

#include <stdio.h>
#include <string.h>

#define ONES UINT64_C(0x0101010101010101)

static uint8_t name_fold(uint8_t c)
{
        return c >= 'A' && c <= 'Z' ? (uint8_t) (c + ('a' - 'A')) : c;
}

/* Reads eight octets, and folds each of them: it is an upper-case letter if adding to its lower seven bits carries into
 * the eighth for 'A' and not for the octet after 'Z', and has no eighth bit of its own. */
static uint64_t name_fold8(const uint8_t *p)
{
        uint64_t x, low, upper;

        memcpy(&x, p, sizeof(x));
        low = x & ~(ONES << 7);
        upper = ((low + (0x80 - 'A') * ONES) ^ (low + (0x7f - 'Z') * ONES)) & ~x & ONES << 7;
        return x | upper >> 2;
}

size_t name_size(Bytes wire)
{
        size_t at = 0;

        for (;;) {
                uint8_t length;

                if (at >= wire.n || at >= DNS_NAME_MAX)
                        return 0;
                length = wire.p[at];
                if (length == 0)
                        return at + 1;
                if (length > DNS_LABEL_MAX)
                        return 0;
                at += 1 + (size_t) length;
        }
}

size_t name_expand(Bytes wire, size_t offset, uint8_t *ret, size_t *ret_end)
{
        size_t at = offset, limit = offset, end = wire.n, n = 0;
        bool jumped = false;

        while (at < end) {
                uint8_t length = wire.p[at];

                if (wire_is_pointer(length)) {
                        size_t target = at + LABEL_POINTER_SIZE <= end ? wire_read_pointer(wire.p + at) : limit;

                        /* Strictly backwards, to a name that ends before this one begins: no loop. */
                        if (target < DNS_HEADER_SIZE || target >= limit)
                                return 0;
                        if (!jumped)
                                *ret_end = at + LABEL_POINTER_SIZE;
                        jumped = true;
                        end = limit;
                        limit = at = target;
                        continue;
                }
                if (length > DNS_LABEL_MAX || at + 1 + length > end || n + 1 + length > DNS_NAME_MAX)
                        return 0;
                memcpy(ret + n, wire.p + at, 1 + (size_t) length);
                n += 1 + (size_t) length;
                at += 1 + (size_t) length;
                if (length == 0) {
                        if (!jumped)
                                *ret_end = at;
                        return n;
                }
        }
        return 0;
}

bool name_equal(Bytes a, Bytes b)
{
        size_t i = 0;

        if (a.n != b.n)
                return false;
        /* Length octets are less than 'A', so folding does not change them. */
        for (; i + 8 <= a.n; i += 8)
                if (name_fold8(a.p + i) != name_fold8(b.p + i))
                        return false;
        for (; i < a.n; i++)
                if (name_fold(a.p[i]) != name_fold(b.p[i]))
                        return false;
        return true;
}

bool name_under(Bytes name, Bytes suffix)
{
        size_t at = 0;

        if (name.n < suffix.n)
                return false;
        while (name.n - at > suffix.n)
                at += 1 + (size_t) name.p[at];
        return name.n - at == suffix.n && name_equal(BYTES(name.p + at, suffix.n), suffix);
}

void name_lower(Bytes name, uint8_t *ret)
{
        size_t i = 0;

        for (; i + 8 <= name.n; i += 8) {
                uint64_t folded = name_fold8(name.p + i);

                memcpy(ret + i, &folded, sizeof(folded));
        }
        for (; i < name.n; i++)
                ret[i] = name_fold(name.p[i]);
}

/* Reads one octet from text, which may be escaped. Returns how many characters it took, or 0 if there is none. */
static size_t name_unescape(const char *text, uint8_t *ret)
{
        unsigned value = 0;

        if (text[0] != '\\') {
                *ret = (uint8_t) text[0];
                return text[0] ? 1 : 0;
        }
        if (text[1] < '0' || text[1] > '9') {
                *ret = (uint8_t) text[1];
                return text[1] ? 2 : 0;
        }
        for (size_t i = 1; i <= 3; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return 0;
                value = value * 10 + (unsigned) (text[i] - '0');
        }
        *ret = (uint8_t) value;
        return value > 255 ? 0 : 4;
}

size_t name_from_text(const char *text, uint8_t *ret)
{
        size_t n = 1, label = 0;

        if (text[0] == '.' && !text[1]) {
                ret[0] = 0;
                return 1;
        }
        while (*text) {
                size_t used;

                if (*text == '.') {
                        if (n == label + 1 || n >= DNS_NAME_MAX)
                                return 0;
                        ret[label] = (uint8_t) (n - label - 1);
                        label = n++;
                        text++;
                        continue;
                }
                if (n >= DNS_NAME_MAX || n - label > DNS_LABEL_MAX)
                        return 0;
                used = name_unescape(text, &ret[n++]);
                if (!used)
                        return 0;
                text += used;
        }
        if (n == label + 1 && label > 0) {
                ret[label] = 0;
                return n;
        }
        if (n == label + 1 || n >= DNS_NAME_MAX)
                return 0;
        ret[label] = (uint8_t) (n - label - 1);
        ret[n] = 0;
        return n + 1;
}

void name_to_text(Bytes name, char *ret)
{
        char *p = ret;

        if (name.n <= 1) {
                memcpy(ret, ".", 2);
                return;
        }
        for (size_t at = 0; name.p[at]; at += 1 + (size_t) name.p[at]) {
                if (at)
                        *p++ = '.';
                for (size_t i = at + 1; i <= at + name.p[at]; i++) {
                        uint8_t c = name.p[i];

                        if (c <= ' ' || c >= 127) {
                                p += snprintf(p, 5, "\\%03u", c);
                                continue;
                        }
                        if (strchr(".\\\"();@$", c))
                                *p++ = '\\';
                        *p++ = (char) c;
                }
        }
        *p = 0;
}
