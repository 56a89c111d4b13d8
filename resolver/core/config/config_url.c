/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/config/config_text.h"

#include <string.h>

#define HOST_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"
#define PATH_MAX_OCTETS 1024

void config_clear_url(UpstreamConfig *u)
{
        free(u->url);
        free(u->host);
        free(u->path);
        u->url = u->host = u->path = NULL;
        u->port = 0;
}

static bool url_parse_port(const char *p, size_t n, uint16_t *ret)
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

static bool url_is_address(const char *p, size_t n, bool v6)
{
        char text[64];
        Address a;

        if (n >= sizeof(text))
                return false;
        memcpy(text, p, n);
        text[n] = 0;
        return address_from_text(text, 0, &a) && a.v6 == v6 && !a.interface[0] && a.port == 0;
}

/* RFC 1123 2.1. If the last label is a number, it must be an IPv4 address. */
static bool url_is_host(const char *p, size_t n)
{
        size_t label = 0;
        bool number = true;

        if (n == 0 || n > 253)
                return false;
        for (size_t i = 0; i <= n; i++) {
                if (i == n || p[i] == '.') {
                        if (i == label || i - label > 63 || p[label] == '-' || p[i - 1] == '-')
                                return false;
                        if (i < n) {
                                label = i + 1;
                                number = true;
                        }
                        continue;
                }
                if (!p[i] || !strchr(HOST_CHARACTERS, p[i]))
                        return false;
                number = number && p[i] >= '0' && p[i] <= '9';
        }
        return !number || url_is_address(p, n, false);
}

static bool url_is_hex(char c)
{
        return c && strchr("0123456789abcdefABCDEF", c);
}

/* The characters of path and query (RFC 3986 3.3, 3.4); percent signs only before two hexadecimal digits. */
static bool url_is_path(const char *p, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if ((unsigned char) p[i] <= ' ' || (unsigned char) p[i] >= 127 || strchr("\"<>\\^`{|}", p[i]))
                        return false;
                if (p[i] == '%' && (n - i < 3 || !url_is_hex(p[i + 1]) || !url_is_hex(p[i + 2])))
                        return false;
        }
        return true;
}

typedef struct Parts {
        const char *host, *path;
        size_t host_size, path_size;
        uint16_t port;
} Parts;

static const char *url_split_authority(const char *p, size_t n, Parts *ret)
{
        bool v6 = n && *p == '[';
        const char *end = p + n, *host_end;

        if (memchr(p, '@', n))
                return "a user name or password is not allowed";
        p += v6;
        host_end = memchr(p, v6 ? ']' : ':', (size_t) (end - p));
        if (v6 && !host_end)
                return "the closing bracket of the IPv6 address is missing";
        if (!host_end)
                host_end = end;
        ret->host = p;
        ret->host_size = (size_t) (host_end - p);
        if (v6 ? !url_is_address(p, ret->host_size, true) : !url_is_host(p, ret->host_size))
                return "not a host name or address";
        host_end += v6;
        if (host_end < end &&
            (*host_end != ':' || !url_parse_port(host_end + 1, (size_t) (end - host_end) - 1, &ret->port)))
                return "not a port from 1 to 65535";
        return NULL;
}

static const char *url_split(const char *url, Parts *ret)
{
        static const char plain[] = "http://", scheme[] = "https://", template[] = "{?dns}";
        const char *authority = url + sizeof(scheme) - 1, *wrong;
        size_t authority_size, n;

        if (strncasecmp(url, plain, sizeof(plain) - 1) == 0)
                return "http is not encrypted";
        if (strncasecmp(url, scheme, sizeof(scheme) - 1) != 0)
                return "not an https URL";
        *ret = (Parts) { .port = 443 };
        authority_size = strcspn(authority, "/?#{");
        wrong = url_split_authority(authority, authority_size, ret);
        if (wrong)
                return wrong;
        ret->path = authority + authority_size;
        n = strlen(ret->path);
        if (n >= sizeof(template) - 1 && strcmp(ret->path + n - (sizeof(template) - 1), template) == 0) {
                n -= sizeof(template) - 1;
                if (memchr(ret->path, '?', n))
                        return "{?dns} adds a query, but the URL already has one";
        }
        if (memchr(ret->path, '#', n))
                return "a fragment is not allowed";
        if (!url_is_path(ret->path, n))
                return "the path contains characters that must be percent-encoded";
        if (n >= PATH_MAX_OCTETS)
                return "the path is too long";
        ret->path_size = n;
        return NULL;
}

const char *config_parse_url(UpstreamConfig *u, const char *text)
{
        Parts parts;
        const char *wrong = url_split(text, &parts);
        bool rooted = !wrong && parts.path_size > 0 && *parts.path == '/';
        UpstreamConfig new = { 0 };

        if (wrong)
                return wrong;
        new.url = strdup(text);
        new.host = strndup(parts.host, parts.host_size);
        new.path = calloc(1, parts.path_size + 2);
        if (!new.url || !new.host || !new.path) {
                config_clear_url(&new);
                return "out of memory";
        }
        new.path[0] = '/';
        memcpy(new.path + !rooted, parts.path, parts.path_size);
        config_clear_url(u);
        u->url = new.url;
        u->host = new.host;
        u->path = new.path;
        u->port = parts.port;
        return NULL;
}
