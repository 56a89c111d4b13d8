/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The syntax of configuration files, and of values with a syntax of their own; for resolver/core/config only. Lines
 * follow systemd.syntax(7): "[Section]", "Key=value", comments that start with "#" or ";", and "\" at the end of a line
 * that is continued (comments between such lines are ignored).
 */

#include "core/config/config.h"

typedef enum ConfigLine {
        LINE_SECTION, /* `name` is that of the section */
        LINE_ASSIGNMENT,
        LINE_BAD,         /* an invalid line; `value` says why */
        LINE_BAD_SECTION, /* an invalid section header, likewise */
        LINE_FATAL,       /* not a text; `value` says why. Reading stops */
} ConfigLine;

#define CONFIG_LINE_MAX (1u << 20) /* bytes, as in systemd */

/* Calls `take` for each line; it may change name and value during the call. `line` counts from 1; a continued line has
 * the number of its first line. */
void config_read_lines(const char *text, size_t n,
                       void (*take)(void *userdata, ConfigLine kind, unsigned line, char *name, char *value),
                       void *userdata);

/* Splits "https://HOST[:PORT]/PATH[{?dns}]" into url, host, port and path (config_url.c). Returns NULL, or what is
 * wrong, and then nothing is changed. */
const char *config_parse_url(UpstreamConfig *u, const char *text);
void config_clear_url(UpstreamConfig *u);

/* Decodes base64 (RFC 4648 4) of exactly `n` bytes. */
bool config_parse_base64(const char *text, uint8_t *ret, size_t n);
