/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Json: writes JSON, with commas and indentation. Bytes that are not UTF-8 are replaced by U+FFFD, so that the output
 * is always valid.
 */

#include <stdio.h>
#include <systemd/sd-bus.h>

#include "core/base/base.h"

#define JSON_DEPTH_MAX 16

typedef struct Json {
        FILE *f;
        bool pretty;
        unsigned depth;
        struct {
                char close; /* ']' or '}' */
                bool filled;
        } levels[JSON_DEPTH_MAX];
} Json;

#define JSON_INIT(file, is_pretty)                 \
        (Json)                                     \
        {                                          \
                .f = (file), .pretty = (is_pretty) \
        }

/* `key` is NULL in an array and at the top level. At most JSON_DEPTH_MAX levels can be open. */
void json_object(Json *j, const char *key);
void json_array(Json *j, const char *key);
/* Closes the innermost object or array. The outermost one is followed by a newline. */
void json_end(Json *j);

void json_string(Json *j, const char *key, const char *value);
void json_number(Json *j, const char *key, uint64_t value);
void json_bool(Json *j, const char *key, bool value);
void json_null(Json *j, const char *key);

/* Writes the next complete value of `m`. Dictionaries with string keys become objects, structures become arrays, and
 * variants are replaced by their contents. UINT64_MAX, which stands for "no bound" on the bus, becomes null. Negative
 * errno. */
int json_bus_value(Json *j, const char *key, sd_bus_message *m);

/* Writes the entries of an a{sv} as members of the open object. Negative errno. */
int json_bus_properties(Json *j, sd_bus_message *m);
