/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "script.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define STEP_REPEATED_MAX 65536 /* octets written at once */

static int digit(char c)
{
        static const char digits[] = "0123456789abcdef";
        const char *at = c ? strchr(digits, c) : NULL;

        return at ? (int) (at - digits) : -1;
}

/* The number of octets written to `to`, which has room for half of `n`; 0 if it is not hexadecimal. */
static size_t read_octets(const char *text, size_t n, int32_t stream, uint8_t *to)
{
        size_t octets = 0;

        for (size_t i = 0; i + 1 < n;) {
                if (n - i >= 8 && memcmp(text + i, "SSSSSSSS", 8) == 0) {
                        for (int shift = 24; shift >= 0; shift -= 8)
                                to[octets++] = (uint8_t) ((uint32_t) stream >> shift);
                        i += 8;
                        continue;
                }
                if (digit(text[i]) < 0 || digit(text[i + 1]) < 0)
                        return 0;
                to[octets++] = (uint8_t) (digit(text[i]) << 4 | digit(text[i + 1]));
                i += 2;
        }
        return octets;
}

/* As many at once as go into one write, so that a flood is one. */
static bool say(Connection *c, const uint8_t *octets, size_t n, unsigned long times)
{
        size_t at_once = n < STEP_REPEATED_MAX ? STEP_REPEATED_MAX / n : 1;
        uint8_t *many;
        bool ok = true;

        at_once = at_once < times ? at_once : times;
        many = malloc(at_once * n);
        if (!many)
                return false;
        for (size_t i = 0; i < at_once; i++)
                memcpy(many + i * n, octets, n);
        for (; ok && times > 0; times -= at_once) {
                at_once = at_once < times ? at_once : times;
                ok = connection_send(c, many, at_once * n);
        }
        free(many);
        return ok;
}

static bool is(const char *step, size_t n, const char *word)
{
        return strlen(word) == n && memcmp(step, word, n) == 0;
}

static bool do_once(Connection *c, Request *r, const char *step, size_t n)
{
        if (is(step, n, "answer") && r) {
                exchange_respond(c, r);
                return connection_send_frames(c);
        }
        if (strncmp(step, "wait:", 5) == 0)
                return poll(NULL, 0, (int) strtol(step + 5, NULL, 10)) == 0;
        if (strncmp(step, "alert:", 6) == 0)
                return gnutls_alert_send(c->tls, (gnutls_alert_level_t) (step[6] - '0'),
                                         (gnutls_alert_description_t) strtol(step + 8, NULL, 10)) >= 0;
        if (is(step, n, "key-update"))
                return gnutls_session_key_update(c->tls, 0) >= 0;
        if (is(step, n, "ticket"))
                return gnutls_session_ticket_send(c->tls, 1, 0) >= 0;
        if (is(step, n, "rehandshake"))
                return gnutls_rehandshake(c->tls) >= 0;
        if (is(step, n, "bye"))
                return gnutls_bye(c->tls, GNUTLS_SHUT_WR) >= 0;
        c->leave = true;
        c->stalled = is(step, n, "stall");
        c->reset = is(step, n, "rst");
        if (!c->reset && !c->stalled && !is(step, n, "fin"))
                fprintf(stderr, "doh-server: no such step: %.*s\n", (int) n, step);
        return false;
}

bool script_run(Connection *c, Request *r, const char *script)
{
        const char *step = script;
        bool go_on = true;

        while (go_on && *step) {
                size_t whole = strcspn(step, ","), n = strcspn(step, ",*");
                unsigned long times = n < whole ? strtoul(step + n + 1, NULL, 10) : 1;
                uint8_t *octets = malloc(n / 2 + 1);
                size_t n_octets = octets ? read_octets(step, n, r ? r->stream : 0, octets) : 0;

                if (n_octets > 0)
                        go_on = say(c, octets, n_octets, times);
                for (; n_octets == 0 && go_on && times > 0; times--)
                        go_on = do_once(c, r, step, n);
                free(octets);
                step += whole;
                step += *step == ',';
        }
        return go_on;
}
