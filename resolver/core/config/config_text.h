/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The text of configuration files, and of values with a form of their own: for the core's config*.c alone. Lines are
 * those of systemd.syntax(7): "[Section]", "Key=value", "#" and ";" before a comment, "\" at the end of a line that
 * goes on (and comments between such lines are passed over).
 */

#include "core/config/config.h"

typedef enum ConfigLine {
        LINE_SECTION, /* `name` is that of the section */
        LINE_ASSIGNMENT,
        LINE_BAD,         /* not a line; `value` says why. Reading goes on */
        LINE_BAD_SECTION, /* meant to be a section */
        LINE_FATAL,       /* not a text; `value` says why. Reading ends */
} ConfigLine;

#define CONFIG_LINE_MAX (1u << 20) /* octets, as in systemd */

/* Calls `take` for each line; name and value are its own to change, for the call. `line` counts from 1; a continued
 * line has the number of its first. */
void config_read_lines(const char *text, size_t n,
                       void (*take)(void *userdata, ConfigLine kind, unsigned line, char *name, char *value),
                       void *userdata);

/* Takes "https://HOST[:PORT]/PATH[{?dns}]" apart into url, host, port and path (config_url.c). NULL, or what is wrong
 * with it: then nothing is changed. */
const char *config_parse_url(UpstreamConfig *u, const char *text);
void config_clear_url(UpstreamConfig *u);

/* Decodes base64 (RFC 4648 4) that gives exactly `n` octets. */
bool config_parse_base64(const char *text, uint8_t *ret, size_t n);
