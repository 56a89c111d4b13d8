/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What JSON output consists of, as values of jansson. Its functions that take NULL for a value fail, so that only the
 * last result needs to be checked.
 */

#include <jansson.h>
#include <stdio.h>
#include <systemd/sd-bus.h>

#include "core/base/base.h"

/* Bytes that are not UTF-8 are replaced by U+FFFD. NULL if out of memory. */
json_t *ctl_json_text(const char *s);

/* UINT64_MAX, which stands for "no bound" on the bus, becomes null. */
json_t *ctl_json_number(uint64_t n);

/* Reads the next complete value of `m`. Dictionaries with string keys become objects, structures become arrays, and
 * variants are replaced by their contents. Negative errno. */
int ctl_json_from_bus(sd_bus_message *m, json_t **ret);

/* Adds the entries of an a{sv} to `object`. Negative errno. */
int ctl_json_add_properties(json_t *object, sd_bus_message *m);

/* Prints `value`, whose reference it takes, and a newline. Returns false if that fails, or if `value` is NULL. */
bool ctl_json_print(FILE *f, bool pretty, json_t *value);
