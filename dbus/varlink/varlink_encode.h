/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Writes the replies of io.systemd.Resolve as JSON. Pure: the addresses are those of dbus/lookup/lookup_result.h, and
 * no others.
 */

#include <jansson.h>

#include "dbus/lookup/lookup_result.h"

#define VARLINK_RESOLVE "io.systemd.Resolve"
#define VARLINK_SERVICE "org.varlink.service"

/* Return a new message, or NULL when out of memory. */
json_t *varlink_encode_reply(json_t *parameters);                   /* takes `parameters`, which may be NULL */
json_t *varlink_encode_error(const char *name, json_t *parameters); /* likewise */
json_t *varlink_encode_found(const Lookup *l);
json_t *varlink_encode_failed(const LookupError *e);
