/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Writes the replies of io.systemd.Resolve as JSON. Pure: the addresses are those of dbus/lookup/lookup_result.h, and
 * no others.
 */

#include <jansson.h>

#include "dbus/lookup/lookup_result.h"

#define VARLINK_RESOLVE "io.systemd.Resolve"
#define VARLINK_MONITOR VARLINK_RESOLVE ".Monitor"
#define VARLINK_SERVICE "org.varlink.service"

/* Frees `message`, which may be NULL. Returns its text, which the caller frees, or NULL when out of memory. */
char *varlink_encode_text_of(json_t *message);

/* Return a new message, or NULL when out of memory. */
json_t *varlink_encode_reply(json_t *parameters);                   /* takes `parameters`, which may be NULL */
json_t *varlink_encode_continued(json_t *parameters);               /* likewise; more replies follow */
json_t *varlink_encode_error(const char *name, json_t *parameters); /* likewise */
json_t *varlink_encode_found(const Lookup *l);
json_t *varlink_encode_failed(const LookupError *e);

/* Parts of messages: the key of records, what a message has in its answer section, and octets. */
json_t *varlink_encode_key(Bytes name, uint16_t type, uint16_t class);
json_t *varlink_encode_answer(const Message *m);
json_t *varlink_encode_octets(const uint8_t *p, size_t n);
