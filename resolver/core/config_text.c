#include "core/config_text.h"

#include <string.h>

#define BLANK " \t\r"

/* --- lines */

typedef struct LineReader {
        void (*take)(void *userdata, ConfigLine kind, unsigned line, char *name, char *value);
        void *userdata;
        char *joined;           /* a line, with those that continue it */
        size_t n;
        unsigned first;         /* number of its first line; 0: none is open */
} LineReader;

static char *strip(char *s)
{
        size_t n;

        s += strspn(s, BLANK);
        n = strlen(s);
        while (n > 0 && strchr(BLANK, s[n - 1]))
                s[--n] = 0;
        return s;
}

static void take_line(LineReader *r)
{
        char *s = strip(r->joined), *equals, *end;

        if (*s == '[') {
                end = s + strlen(s) - 1;
                if (*end != ']' || end == s + 1) {
                        r->take(r->userdata, LINE_BAD, r->first, NULL, (char[]) { "section without a closing bracket" });
                        return;
                }
                *end = 0;
                r->take(r->userdata, LINE_SECTION, r->first, strip(s + 1), NULL);
                return;
        }
        equals = strchr(s, '=');
        if (!equals || equals == s) {
                r->take(r->userdata, LINE_BAD, r->first, NULL, (char[]) { "line is neither a section nor an assignment" });
                return;
        }
        *equals = 0;
        r->take(r->userdata, LINE_ASSIGNMENT, r->first, strip(s), strip(equals + 1));
}

static void append(LineReader *r, const char *p, size_t n)
{
        if (n)
                memcpy(r->joined + r->n, p, n);
        r->n += n;
        r->joined[r->n] = 0;
}

/* One line as it stands in the file, without its end. */
static void add_line(LineReader *r, const char *p, size_t n, unsigned number)
{
        size_t blank = 0;
        bool more;

        while (n > 0 && p[n - 1] == '\r')
                n--;
        while (blank < n && strchr(BLANK, p[blank]))
                blank++;
        if (blank < n && (p[blank] == '#' || p[blank] == ';'))
                return;
        if (r->first == 0) {
                if (blank == n)
                        return;
                r->first = number;
                r->n = 0;
        }
        more = n > 0 && p[n - 1] == '\\';
        append(r, p, more ? n - 1 : n);
        if (more) {
                append(r, " ", 1);
                return;
        }
        take_line(r);
        r->first = 0;
}

static bool is_utf8(const uint8_t *p, size_t n)
{
        for (size_t i = 0; i < n;) {
                unsigned more = p[i] < 0x80 ? 0 : (p[i] & 0xe0) == 0xc0 ? 1 : (p[i] & 0xf0) == 0xe0 ? 2 : (p[i] & 0xf8) == 0xf0 ? 3 : 4;

                if (more == 4 || n - i <= more || (more == 1 && p[i] < 0xc2))
                        return false;
                for (unsigned k = 1; k <= more; k++)
                        if ((p[i + k] & 0xc0) != 0x80)
                                return false;
                i += 1 + more;
        }
        return true;
}

void config_read_lines(const char *text, size_t n, void (*take)(void *userdata, ConfigLine kind, unsigned line, char *name, char *value),
                       void *userdata)
{
        LineReader r = { .take = take, .userdata = userdata };
        unsigned number = 0;

        if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
                text += 3;
                n -= 3;
        }
        if (n && (memchr(text, 0, n) || !is_utf8((const uint8_t *) text, n))) {
                take(userdata, LINE_FATAL, 0, NULL, (char[]) { "not a text in UTF-8" });
                return;
        }
        r.joined = malloc(n + 2);
        if (!r.joined) {
                take(userdata, LINE_FATAL, 0, NULL, (char[]) { "out of memory" });
                return;
        }
        while (n > 0) {
                const char *end = memchr(text, '\n', n);
                size_t size = end ? (size_t) (end - text) : n;

                number++;
                if (size > CONFIG_LINE_MAX) {
                        take(userdata, LINE_FATAL, number, NULL, (char[]) { "line of more than 1 MiB" });
                        break;
                }
                add_line(&r, text, size, number);
                text += size + (end ? 1 : 0);
                n -= size + (end ? 1 : 0);
        }
        /* The file ends in a line that was to go on. */
        if (r.first)
                take_line(&r);
        free(r.joined);
}

/* --- URLs */

void config_clear_url(UpstreamConfig *u)
{
        free(u->url);
        free(u->host);
        free(u->path);
        u->url = u->host = u->path = NULL;
        u->port = 0;
}

static bool parse_port(const char *p, size_t n, uint16_t *ret)
{
        unsigned v = 0;

        if (n == 0 || n > 5)
                return false;
        for (size_t i = 0; i < n; i++) {
                if (p[i] < '0' || p[i] > '9')
                        return false;
                v = v * 10 + (unsigned) (p[i] - '0');
        }
        *ret = (uint16_t) v;
        return v > 0 && v <= 65535;
}

static bool is_host(const char *p, size_t n, bool v6)
{
        char text[64];
        Address a;

        if (v6) {
                if (n >= sizeof(text))
                        return false;
                memcpy(text, p, n);
                text[n] = 0;
                return address_from_text(text, 0, &a) && a.v6 && !a.interface[0];
        }
        if (n == 0 || n > 253 || p[0] == '-' || p[0] == '.')
                return false;
        for (size_t i = 0; i < n; i++)
                if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._", p[i]))
                        return false;
        return true;
}

/* RFC 3986 3.3, 3.4: what may stand in path and query, percent signs included. */
static bool is_path(const char *p, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if ((unsigned char) p[i] <= ' ' || (unsigned char) p[i] >= 127 || strchr("\"<>\\^`{|}#", p[i]))
                        return false;
        return n < 1024;
}

const char *config_parse_url(UpstreamConfig *u, const char *text)
{
        static const char scheme[] = "https://", template[] = "{?dns}";
        const char *host = text + sizeof(scheme) - 1, *host_end, *path, *end = text + strlen(text);
        uint16_t port = 443;
        bool v6, get = false;

        if (strncasecmp(text, "http://", 7) == 0)
                return "http:// is not encrypted, expected https://HOST/PATH";
        if (strncasecmp(text, scheme, sizeof(scheme) - 1) != 0)
                return "expected a URL of the form https://HOST[:PORT]/PATH, with {?dns} at its end for GET";
        path = host + strcspn(host, "/?#{");
        v6 = *host == '[';
        host += v6;
        if (memchr(host, '@', (size_t) (path - host)))
                return "a user or password has no place here, expected https://HOST/PATH";
        if (v6)
                host_end = memchr(host, ']', (size_t) (path - host));
        else
                host_end = memchr(host, ':', (size_t) (path - host));
        if (v6 && !host_end)
                return "the closing bracket of the IPv6 address is missing";
        if (!host_end)
                host_end = path;
        if (!is_host(host, (size_t) (host_end - host), v6))
                return "not a host name or address";
        if (host_end + v6 < path && (host_end[v6] != ':' || !parse_port(host_end + v6 + 1, (size_t) (path - host_end) - v6 - 1, &port)))
                return "not a port, expected a number from 1 to 65535";
        if ((size_t) (end - path) >= sizeof(template) - 1 && strcmp(end - (sizeof(template) - 1), template) == 0) {
                get = true;
                end -= sizeof(template) - 1;
        }
        if (memchr(path, '#', (size_t) (end - path)))
                return "a fragment has no place here";
        if (!is_path(path, (size_t) (end - path)))
                return "the path has characters that must be percent-encoded, or is too long";

        config_clear_url(u);
        u->url = strdup(text);
        u->host = strndup(host, (size_t) (host_end - host));
        u->path = path == end || *path == '?' ? NULL : strndup(path, (size_t) (end - path));
        if (!u->path) {
                size_t n = (size_t) (end - path);

                u->path = malloc(n + 2);
                if (u->path) {
                        u->path[0] = '/';
                        memcpy(u->path + 1, path, n);
                        u->path[n + 1] = 0;
                }
        }
        u->port = port;
        if (get)
                u->method = METHOD_GET;
        if (!u->url || !u->host || !u->path) {
                config_clear_url(u);
                return "out of memory";
        }
        return NULL;
}

/* --- base64 */

static int base64_value(char c)
{
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const char *at = c ? strchr(alphabet, c) : NULL;

        return at ? (int) (at - alphabet) : -1;
}

bool config_parse_base64(const char *text, uint8_t *ret, size_t n)
{
        size_t size = strlen(text), digits = size, at = 0;
        uint32_t bits = 0;
        unsigned held = 0;

        while (digits > 0 && text[digits - 1] == '=' && size - digits < 2)
                digits--;
        if (size % 4 != 0 || digits != (n * 8 + 5) / 6)
                return false;
        for (size_t i = 0; i < digits; i++) {
                int v = base64_value(text[i]);

                if (v < 0)
                        return false;
                bits = bits << 6 | (uint32_t) v;
                held += 6;
                if (held >= 8) {
                        held -= 8;
                        if (at < n)
                                ret[at++] = (uint8_t) (bits >> held);
                }
        }
        return at == n && (bits & ((1u << held) - 1)) == 0;
}
