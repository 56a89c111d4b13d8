/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/address.h"

#include <stdio.h>
#include <string.h>

static bool address_digits(const char *text, unsigned max, unsigned *ret)
{
        unsigned n = 0;

        if (!*text || strlen(text) > 5)
                return false;
        for (; *text; text++) {
                if (*text < '0' || *text > '9')
                        return false;
                n = n * 10 + (unsigned) (*text - '0');
        }
        *ret = n;
        return n <= max;
}

static bool address_parse_v4(const char *text, uint8_t ret[4])
{
        for (unsigned i = 0; i < 4; i++) {
                char part[4] = "";
                size_t n = strspn(text, "0123456789");
                unsigned v;

                if (n == 0 || n > 3 || (n > 1 && text[0] == '0') || text[n] != (i < 3 ? '.' : 0))
                        return false;
                memcpy(part, text, n);
                if (!address_digits(part, 255, &v))
                        return false;
                ret[i] = (uint8_t) v;
                text += n + 1;
        }
        return true;
}

static int address_hex(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

/* RFC 4291 2.2: groups, one run of which may be omitted as "::", the last 32 bits possibly in dotted form. */
static bool address_parse_v6(const char *text, uint8_t ret[16])
{
        uint8_t b[16] = { 0 };
        size_t n = 0, gap = SIZE_MAX;

        if (text[0] == ':' && text[1] == ':') {
                gap = 0;
                text += 2;
        }
        while (*text) {
                unsigned v = 0, k = 0;

                if (n <= 12 && address_parse_v4(text, b + n)) {
                        n += 4;
                        break;
                }
                for (; k < 4 && address_hex(text[k]) >= 0; k++)
                        v = v * 16 + (unsigned) address_hex(text[k]);
                if (k == 0 || n == 16)
                        return false;
                b[n++] = (uint8_t) (v >> 8);
                b[n++] = (uint8_t) v;
                text += k;
                if (!*text)
                        break;
                if (*text++ != ':')
                        return false;
                if (*text == ':' && gap == SIZE_MAX) {
                        gap = n;
                        text++;
                } else if (!*text || *text == ':') {
                        return false;
                }
        }
        if (gap == SIZE_MAX ? n != 16 : n > 14)
                return false;
        memset(ret, 0, 16);
        gap = MIN(gap, n);
        memcpy(ret, b, gap);
        memcpy(ret + 16 - (n - gap), b + gap, n - gap);
        return true;
}

/* True for what the kernel accepts as the name of an interface, or an index; except a bracket, which ends the address.
 */
static bool address_is_interface(const char *name)
{
        for (const char *p = name; *p; p++)
                if ((unsigned char) *p <= ' ' || *p == '/' || *p == ':' || *p == ']' || *p == 127)
                        return false;
        return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

bool address_is_link_local(const Address *a)
{
        return a->v6 && a->octets[0] == 0xfe && (a->octets[1] & 0xc0) == 0x80;
}

bool address_from_text(const char *text, uint16_t port, Address *ret)
{
        const char *end, *colon, *percent;
        bool bracket = text[0] == '[';
        unsigned p = port;
        char host[64];
        size_t n;

        *ret = (Address) { 0 };
        if (bracket) {
                text++;
                end = strchr(text, ']');
                if (!end || (end[1] && end[1] != ':') || (end[1] == ':' && !address_digits(end + 2, 65535, &p)))
                        return false;
        } else {
                colon = strchr(text, ':');
                end = text + strlen(text);
                if (colon && !strchr(colon + 1, ':')) {
                        if (!address_digits(colon + 1, 65535, &p))
                                return false;
                        end = colon;
                }
        }
        percent = memchr(text, '%', (size_t) (end - text));
        if (percent) {
                n = (size_t) (end - percent) - 1;
                if (n >= sizeof(ret->interface))
                        return false;
                memcpy(ret->interface, percent + 1, n);
                end = percent;
                if (!address_is_interface(ret->interface))
                        return false;
        }
        n = (size_t) (end - text);
        if (n >= sizeof(host))
                return false;
        memcpy(host, text, n);
        host[n] = 0;
        ret->port = (uint16_t) p;
        ret->v6 = strchr(host, ':');
        if (!ret->v6)
                return !bracket && !percent && address_parse_v4(host, ret->octets);
        /* Only link-local addresses take a zone (RFC 4007 6). */
        return address_parse_v6(host, ret->octets) && (!percent || address_is_link_local(ret));
}

/* RFC 5952: the longest run of two or more zero groups is omitted. */
static void address_v6_to_text(const uint8_t o[16], char *ret, size_t size)
{
        size_t best = 8, best_n = 1, n = 0;

        for (size_t i = 0; i < 8; i++) {
                size_t k = i;

                while (k < 8 && !o[2 * k] && !o[2 * k + 1])
                        k++;
                if (k - i > best_n) {
                        best = i;
                        best_n = k - i;
                }
        }
        for (size_t i = 0; i < 8; i++) {
                if (i == best) {
                        n += (size_t) snprintf(ret + n, size - n, i == 0 ? "::" : ":");
                        i += best_n - 1;
                        continue;
                }
                n += (size_t) snprintf(ret + n, size - n, "%x%s", (unsigned) (o[2 * i] << 8 | o[2 * i + 1]),
                                       i < 7 ? ":" : "");
        }
}

void address_to_text(const Address *a, char ret[ADDRESS_TEXT_MAX])
{
        char v6[48];

        if (!a->v6) {
                snprintf(ret, ADDRESS_TEXT_MAX, "%u.%u.%u.%u:%u", a->octets[0], a->octets[1], a->octets[2],
                         a->octets[3], a->port);
                return;
        }
        address_v6_to_text(a->octets, v6, sizeof(v6));
        snprintf(ret, ADDRESS_TEXT_MAX, "[%s%s%s]:%u", v6, a->interface[0] ? "%" : "", a->interface, a->port);
}

bool address_equal(const Address *a, const Address *b)
{
        return a->v6 == b->v6 && memcmp(a->octets, b->octets, a->v6 ? 16 : 4) == 0 && a->port == b->port &&
               strcmp(a->interface, b->interface) == 0;
}

const uint8_t *address_as_v4(const Address *a)
{
        static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

        if (!a->v6)
                return a->octets;
        return memcmp(a->octets, mapped, sizeof(mapped)) == 0 ? a->octets + sizeof(mapped) : NULL;
}

bool address_same_host(const Address *a, const Address *b)
{
        const uint8_t *a4 = address_as_v4(a), *b4 = address_as_v4(b);

        if (a4 && b4)
                return memcmp(a4, b4, 4) == 0;
        return a->v6 == b->v6 && memcmp(a->octets, b->octets, 16) == 0 && strcmp(a->interface, b->interface) == 0;
}

bool address_is_unspecified(const Address *a)
{
        static const uint8_t zero[16];
        const uint8_t *v4 = address_as_v4(a);

        return memcmp(v4 ? v4 : a->octets, zero, v4 ? 4 : 16) == 0;
}

bool address_is_loopback(const Address *a)
{
        static const uint8_t one[16] = { [15] = 1 };
        const uint8_t *v4 = address_as_v4(a);

        return v4 ? v4[0] == 127 : memcmp(a->octets, one, 16) == 0;
}

bool address_is_multicast(const Address *a)
{
        static const uint8_t broadcast[4] = { 255, 255, 255, 255 };
        const uint8_t *v4 = address_as_v4(a);

        return v4 ? (v4[0] & 0xf0) == 0xe0 || memcmp(v4, broadcast, 4) == 0 : a->octets[0] == 0xff;
}
