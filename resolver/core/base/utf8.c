/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/utf8.h"

size_t utf8_size(Bytes text, uint32_t *ret_character)
{
        /* By size: the value bits of the first byte, and the first character that needs so many bytes. */
        static const struct {
                uint8_t bits;
                uint32_t least;
        } forms[] = { { 0x7f, 0 }, { 0x1f, 0x80 }, { 0x0f, 0x800 }, { 0x07, 0x10000 } };
        uint8_t first = text.n ? text.p[0] : 0xff;
        size_t n = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : 0;
        uint32_t c;

        if (n == 0 || n > text.n)
                return 0;
        c = first & forms[n - 1].bits;
        for (size_t i = 1; i < n; i++) {
                if ((text.p[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | (text.p[i] & 0x3fu);
        }
        if (c < forms[n - 1].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                return 0;
        if (ret_character)
                *ret_character = c;
        return n;
}

bool utf8_valid(Bytes text)
{
        while (text.n > 0) {
                size_t n = utf8_size(text, NULL);

                if (n == 0)
                        return false;
                text = BYTES(text.p + n, text.n - n);
        }
        return true;
}

static bool utf8_is_control(uint32_t c)
{
        return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
               (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

bool utf8_printable(Bytes text)
{
        while (text.n > 0) {
                uint32_t c;
                size_t n = utf8_size(text, &c);

                if (n == 0 || utf8_is_control(c))
                        return false;
                text = BYTES(text.p + n, text.n - n);
        }
        return true;
}
