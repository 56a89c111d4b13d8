/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Configured: texts in, the configuration out, and what is said about them as lines "file:line: error: text". */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/config/config.h"
#include "line_about.h"

#define QUAD9 "[Upstream quad9]\nURL=https://dns.quad9.net/dns-query\nAddress=9.9.9.9\n"

typedef struct Result {
        Config *config;
        unsigned errors;
        unsigned warnings;
        char said[16384];
} Result;

static Result result;

static inline void take_message(void *userdata, const ConfigMessage *m)
{
        Result *r = userdata;
        size_t n = strlen(r->said);
        bool error = m->severity == CONFIG_ERROR;

        ck_assert_ptr_nonnull(m->text);
        r->warnings += !error;
        snprintf(r->said + n, sizeof(r->said) - n, "%s:%u: %s: %s\n", m->file ?: "-", m->line,
                 error ? "error" : "warning", m->text);
}

static inline void read_texts(const ConfigText *texts, size_t n)
{
        config_unref(result.config);
        result = (Result) { 0 };
        result.config = config_parse(texts, n, take_message, &result, &result.errors);
        ck_assert_ptr_nonnull(result.config);
}

static inline void read_sized(const char *text, size_t n)
{
        ConfigText t = { .name = "a.conf", .text = text, .n = n };

        read_texts(&t, 1);
}

static inline void read_text(const char *text)
{
        read_sized(text, strlen(text));
}

/* A second file after the first. */
static inline void read_two(const char *a, const char *b)
{
        ConfigText t[] = { { .name = "a.conf", .text = a, .n = strlen(a) },
                           { .name = "b.conf", .text = b, .n = strlen(b) } };

        read_texts(t, 2);
}

static inline void teardown(void)
{
        result.config = config_unref(result.config);
}

#define said(text) \
        ck_assert_msg(strstr(result.said, text), "expected \"%s\" to be said; what was said:\n%s", text, result.said)
/* A message that starts so tells of `word`, a section or key. */
#define said_about(start, word)                                                                                        \
        ck_assert_msg(has_line_about(result.said, start, word), "expected \"%s...%s\" to be said; what was said:\n%s", \
                      start, word, result.said)
#define said_nothing() ck_assert_msg(!*result.said, "expected nothing to be said; what was said:\n%s", result.said)

static inline const UpstreamConfig *upstream(const char *name)
{
        for (size_t i = 0; i < result.config->n_upstreams; i++)
                if (strcmp(result.config->upstreams[i].name, name) == 0)
                        return &result.config->upstreams[i];
        ck_abort_msg("no upstream %s; what was said:\n%s", name, result.said);
}

static inline const char *address_text(const Address *a)
{
        static char text[ADDRESS_TEXT_MAX];

        address_to_text(a, text);
        return text;
}
