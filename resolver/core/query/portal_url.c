/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/query/portal_url.h"

#include <string.h>

#define HOST_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

static bool portal_url_skip(Bytes *text, const char *prefix)
{
        size_t n = strlen(prefix);

        if (text->n < n || strncasecmp((const char *) text->p, prefix, n) != 0)
                return false;
        *text = BYTES(text->p + n, text->n - n);
        return true;
}

static size_t portal_url_find(Bytes text, const char *characters)
{
        size_t n = 0;

        while (n < text.n && !(text.p[n] && strchr(characters, text.p[n])))
                n++;
        return n;
}

static bool portal_url_read_port(Bytes text, uint16_t *ret)
{
        unsigned port = 0;

        for (size_t i = 0; i < text.n; i++) {
                if (text.p[i] < '0' || text.p[i] > '9' || (port = port * 10 + text.p[i] - '0') > UINT16_MAX)
                        return false;
        }
        if (text.n > 0)
                *ret = (uint16_t) port;
        return *ret > 0;
}

/* Host and port, without user information: a URL with some is a disguise. */
static bool portal_url_read_authority(Bytes text, PortalUrl *ret)
{
        size_t n = portal_url_find(text, ":");

        if (n == 0 || n >= sizeof(ret->host))
                return false;
        memcpy(ret->host, text.p, n);
        ret->host[n] = 0;
        if (strlen(ret->host) != n || ret->host[strspn(ret->host, HOST_CHARACTERS)])
                return false;
        return n == text.n || portal_url_read_port(BYTES(text.p + n + 1, text.n - n - 1), &ret->port);
}

/* It goes into a request line, which an octet that is not printable would break. */
static void portal_url_read_target(Bytes text, PortalUrl *ret)
{
        size_t n = portal_url_find(text, "#"), at = 0;

        if (n == 0 || text.p[0] != '/')
                ret->target[at++] = '/';
        for (size_t i = 0; i < n; i++) {
                if (text.p[i] <= ' ' || text.p[i] > '~' || at + 1 >= sizeof(ret->target)) {
                        at = 1;
                        break;
                }
                ret->target[at++] = (char) text.p[i];
        }
        ret->target[at] = 0;
}

bool portal_url_read(Bytes text, PortalUrl *ret)
{
        size_t n;

        *ret = (PortalUrl) { .port = 80 };
        if (portal_url_skip(&text, "https://")) {
                ret->tls = true;
                ret->port = 443;
        } else if (!portal_url_skip(&text, "http://")) {
                return false;
        }
        n = portal_url_find(text, "/?#");
        if (!portal_url_read_authority(BYTES(text.p, n), ret))
                return false;
        portal_url_read_target(BYTES(text.p + n, text.n - n), ret);
        return true;
}

bool portal_url_of_response(Bytes response, PortalUrl *ret)
{
        if (!portal_url_skip(&response, "HTTP/1."))
                return false;
        for (;;) {
                size_t n = portal_url_find(response, "\n"), blank = 0;
                Bytes line = BYTES(response.p, n);

                if (n == response.n)
                        return false;
                response = BYTES(response.p + n + 1, response.n - n - 1);
                while (line.n > 0 && strchr("\r\t ", line.p[line.n - 1]))
                        line.n--;
                /* The end of the header */
                if (line.n == 0)
                        return false;
                if (!portal_url_skip(&line, "location:"))
                        continue;
                while (blank < line.n && strchr("\t ", line.p[blank]))
                        blank++;
                return portal_url_read(BYTES(line.p + blank, line.n - blank), ret);
        }
}
