/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Json: a writer. Commas and indents come by themselves; text that is not UTF-8 comes out as U+FFFD, so that the output
 * is JSON whatever goes in.
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

/* `key`: NULL within an array and at the top. Begun deeper than JSON_DEPTH_MAX, they are left out. */
void json_object(Json *j, const char *key);
void json_array(Json *j, const char *key);
/* Ends the innermost; behind the outermost stands a newline. */
void json_end(Json *j);

void json_string(Json *j, const char *key, const char *value);
void json_number(Json *j, const char *key, uint64_t value);
void json_bool(Json *j, const char *key, bool value);
void json_null(Json *j, const char *key);

/* The next complete value of `m`, as JSON has it: dictionaries with text as keys are objects, structures are arrays,
 * variants what is in them. UINT64_MAX, which on the bus stands for "no bound", is null. Negative errno. */
int json_bus_value(Json *j, const char *key, sd_bus_message *m);

/* The same for an a{sv}: its members become members of the object that is open. */
int json_bus_properties(Json *j, sd_bus_message *m);
