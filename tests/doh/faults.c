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
        { "goaway-refuse", offsetof(Faults, goaway_refuse) },
}, numbers[] = {
        { "max-streams", offsetof(Faults, max_streams) }, { "permille", offsetof(Faults, permille) }, { "rst-stream", offsetof(Faults, rst_stream) },
        { "status", offsetof(Faults, status) }, { "retry-after", offsetof(Faults, retry_after) }, { "age", offsetof(Faults, age) },
        { "max-age", offsetof(Faults, max_age) }, { "delay", offsetof(Faults, delay) }, { "rcode", offsetof(Faults, rcode) },
};

static const char *const bodies[] = { "right", "garbage", "empty", "other-question", "query", "id", "truncated", "trailing", "short" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int find(const char *const *words, size_t n, const char *word)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(words[i], word) == 0)
                        return (int) i;
        return -1;
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
                if (strlen(numbers[k].name) == n && strncmp(numbers[k].name, word, n) == 0) {
                        *(int *) ((char *) f + numbers[k].offset) = (int) strtol(value, NULL, 10);
                        return true;
                }
        if (strncmp(word, "identity", n) == 0 && (i = find(identity_names, _IDENTITY_MAX, value)) >= 0) {
                f->identity = (Identity) i;
                return true;
        }
        if (strncmp(word, "body", n) == 0 && (i = find(bodies, COUNT(bodies), value)) >= 0) {
                f->body = i;
                return true;
        }
        if (strncmp(word, "content-type", n) == 0) {
                snprintf(f->content_type, sizeof(f->content_type), "%s", value);
                return true;
        }
        return false;
}
