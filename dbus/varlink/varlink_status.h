/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Writes what io.systemd.Resolve and its Monitor tell about the resolver as JSON. What dohmouse does not do is reported
 * as such: "no", 0, or not at all.
 */

#include <jansson.h>

#include "daemon.h"

/* Octets of answers in a dump of the cache, and what each of them costs besides: meanwhile, DNS waits. That is some 30
 * ms for the 3000 small answers that a dump can have. */
#define VARLINK_DUMP_MAX ((size_t) 1 << 20)
#define VARLINK_DUMP_ENTRY 256

/* Return the parameters of a reply, or NULL when out of memory. */
json_t *varlink_statistics(Daemon *d);
json_t *varlink_cache(Daemon *d);
json_t *varlink_server_states(Daemon *d);
json_t *varlink_configuration(Daemon *d);
