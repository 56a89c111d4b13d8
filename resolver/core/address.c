#include <stdio.h>
#include <string.h>

#include "core/config.h"

static bool digits(const char *text, unsigned max, unsigned *ret)
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

static bool parse_v4(const char *text, uint8_t ret[4])
{
        for (unsigned i = 0; i < 4; i++) {
                char part[4] = "";
                size_t n = strspn(text, "0123456789");
                unsigned v;

                if (n == 0 || n > 3 || (n > 1 && text[0] == '0') || text[n] != (i < 3 ? '.' : 0))
                        return false;
                memcpy(part, text, n);
                if (!digits(part, 255, &v))
                        return false;
                ret[i] = (uint8_t) v;
                text += n + 1;
        }
        return true;
}

static int hex(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

/* RFC 4291 2.2: groups, one run of them left out as "::", the last 32 bits perhaps dotted. */
static bool parse_v6(const char *text, uint8_t ret[16])
{
        uint8_t b[16] = { 0 };
        size_t n = 0, gap = SIZE_MAX;

        if (text[0] == ':' && text[1] != ':')
                return false;
        while (*text) {
                unsigned v = 0, k = 0;

                if (text[0] == ':' && text[1] == ':') {
                        if (gap != SIZE_MAX)
                                return false;
                        gap = n;
                        text += 2;
                        continue;
                }
                if (*text == ':')
                        text++;
                if (n <= 12 && parse_v4(text, b + n)) {
                        n += 4;
                        break;
                }
                for (; hex(text[k]) >= 0 && k < 4; k++)
                        v = v * 16 + (unsigned) hex(text[k]);
                if (k == 0 || n + 2 > 16 || (text[k] && text[k] != ':'))
                        return false;
                b[n++] = (uint8_t) (v >> 8);
                b[n++] = (uint8_t) v;
                text += k;
                if (text[0] == ':' && !text[1])
                        return false;
        }
        if (gap == SIZE_MAX ? n != 16 : n > 14)
                return false;
        memset(ret, 0, 16);
        gap = MIN(gap, n);
        memcpy(ret, b, gap);
        memcpy(ret + 16 - (n - gap), b + gap, n - gap);
        return true;
}

bool address_from_text(const char *text, uint16_t port, Address *ret)
{
        char host[64];
        const char *end, *colon, *percent;
        unsigned p = port;
        size_t n;

        *ret = (Address) { 0 };
        if (text[0] == '[') {
                text++;
                end = strchr(text, ']');
                if (!end || (end[1] && end[1] != ':') || (end[1] == ':' && !digits(end + 2, 65535, &p)))
                        return false;
        } else {
                colon = strchr(text, ':');
                end = text + strlen(text);
                if (colon && !strchr(colon + 1, ':')) {
                        if (!digits(colon + 1, 65535, &p))
                                return false;
                        end = colon;
                }
        }
        percent = memchr(text, '%', (size_t) (end - text));
        if (percent) {
                n = (size_t) (end - percent) - 1;
                if (n == 0 || n >= sizeof(ret->interface))
                        return false;
                memcpy(ret->interface, percent + 1, n);
                end = percent;
        }
        n = (size_t) (end - text);
        if (n >= sizeof(host))
                return false;
        memcpy(host, text, n);
        host[n] = 0;
        ret->port = (uint16_t) p;
        ret->v6 = strchr(host, ':');
        return ret->v6 ? parse_v6(host, ret->octets) : !percent && parse_v4(host, ret->octets);
}

/* RFC 5952: the longest run of two or more zero groups is left out. */
static void v6_to_text(const uint8_t o[16], char *ret, size_t size)
{
        unsigned best = 8, best_n = 1;
        size_t n = 0;

        for (unsigned i = 0; i < 8; i++) {
                unsigned k = i;

                while (k < 8 && !o[2 * k] && !o[2 * k + 1])
                        k++;
                if (k - i > best_n) {
                        best = i;
                        best_n = k - i;
                }
        }
        for (unsigned i = 0; i < 8; i++) {
                if (i == best) {
                        n += (size_t) snprintf(ret + n, size - n, i == 0 ? "::" : ":");
                        i += best_n - 1;
                        continue;
                }
                n += (size_t) snprintf(ret + n, size - n, "%x%s", (unsigned) (o[2 * i] << 8 | o[2 * i + 1]), i < 7 ? ":" : "");
        }
}

void address_to_text(const Address *a, char ret[ADDRESS_TEXT_MAX])
{
        char v6[48];

        if (!a->v6) {
                snprintf(ret, ADDRESS_TEXT_MAX, "%u.%u.%u.%u:%u", a->octets[0], a->octets[1], a->octets[2], a->octets[3], a->port);
                return;
        }
        v6_to_text(a->octets, v6, sizeof(v6));
        snprintf(ret, ADDRESS_TEXT_MAX, "[%s%s%s]:%u", v6, a->interface[0] ? "%" : "", a->interface, a->port);
}

bool address_equal(const Address *a, const Address *b)
{
        return a->v6 == b->v6 && memcmp(a->octets, b->octets, a->v6 ? 16 : 4) == 0 && a->port == b->port &&
               strcmp(a->interface, b->interface) == 0;
}
