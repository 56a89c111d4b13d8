/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
        const char *name;
        size_t offset;
} flags[] = {
        { "refuse", offsetof(Faults, refuse) }, { "reset-accept", offsetof(Faults, reset_accept) }, { "stall", offsetof(Faults, stall) },
        { "plaintext", offsetof(Faults, plaintext) }, { "no-alpn", offsetof(Faults, no_alpn) }, { "swallow", offsetof(Faults, swallow) },
        { "drop", offsetof(Faults, drop) }, { "reset", offsetof(Faults, reset) }, { "goaway", offsetof(Faults, goaway) },
        { "goaway-refuse", offsetof(Faults, goaway_refuse) }, { "ask-certificate", offsetof(Faults, ask_certificate) },
}, numbers[] = {
        { "max-streams", offsetof(Faults, max_streams) }, { "permille", offsetof(Faults, permille) }, { "rst-stream", offsetof(Faults, rst_stream) },
        { "status", offsetof(Faults, status) }, { "retry-after", offsetof(Faults, retry_after) }, { "age", offsetof(Faults, age) },
        { "max-age", offsetof(Faults, max_age) }, { "delay", offsetof(Faults, delay) }, { "rcode", offsetof(Faults, rcode) },
        { "record", offsetof(Faults, record) }, { "chop", offsetof(Faults, chop) }, { "cut", offsetof(Faults, cut) },
        { "fragment", offsetof(Faults, fragment) },
};

static const struct {
        const char *name;
        size_t offset, size;
} texts[] = {
#define TEXT(member) offsetof(Faults, member), sizeof(((Faults *) NULL)->member)
        { "content-type", TEXT(content_type) },
        { "settings", TEXT(settings) },
        { "tls", TEXT(tls) },
        { "alpn", TEXT(alpn) },
#undef TEXT
};

static const char *const moments[_MOMENT_MAX] = { "accept", "greet", "reply" };
static const char *const thens[] = { "stall", "fin", "rst" };

static const char *const bodies[] = { "right", "garbage",   "empty",    "other-question", "query",
                                      "id",    "truncated", "trailing", "short" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int find(const char *const *words, size_t n, const char *word)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(words[i], word) == 0)
                        return (int) i;
        return -1;
}

static bool is(const char *word, size_t n, const char *name)
{
        return strlen(name) == n && memcmp(name, word, n) == 0;
}

/* Connections may be at any of them at any time: none is ever freed. */
static const char *keep(const char *script)
{
        static const char **kept;
        static size_t n;
        const char **grown = realloc(kept, (n + 1) * sizeof(*kept));

        if (!grown)
                abort();
        kept = grown;
        kept[n] = strdup(script);
        return kept[n++];
}

bool faults_set(Faults *f, const char *word)
{
        const char *value = strchr(word, '=');
        size_t n = value ? (size_t) (value - word) : strlen(word);
        int i;

        for (size_t k = 0; !value && k < COUNT(flags); k++)
                if (strcmp(flags[k].name, word) == 0) {
                        *(bool *) ((char *) f + flags[k].offset) = true;
                        return true;
                }
        if (!value++)
                return false;
        for (size_t k = 0; k < COUNT(numbers); k++)
                if (is(word, n, numbers[k].name)) {
                        *(int *) ((char *) f + numbers[k].offset) = (int) strtol(value, NULL, 10);
                        return true;
                }
        for (size_t k = 0; k < COUNT(texts); k++)
                if (is(word, n, texts[k].name))
                        return snprintf((char *) f + texts[k].offset, texts[k].size, "%s", value) < (int) texts[k].size;
        for (Moment m = 0; m < _MOMENT_MAX; m++)
                if (is(word, n, moments[m])) {
                        f->scripts[m] = keep(value);
                        return true;
                }
        if (is(word, n, "identity") && (i = find(identity_names, _IDENTITY_MAX, value)) >= 0) {
                f->identity = (Identity) i;
                return true;
        }
        if (is(word, n, "body") && (i = find(bodies, COUNT(bodies), value)) >= 0) {
                f->body = i;
                return true;
        }
        if (is(word, n, "then") && (i = find(thens, COUNT(thens), value)) >= 0) {
                f->then = i;
                return true;
        }
        return false;
}
