/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * ClockNames: the names of time servers, which are the only ones that are asked of Do53 servers (RFC 9499) while the
 * clock is behind. Without them, neither TLS, which needs the time, nor NTP, which needs names, could begin. It is a
 * table with one forward zone, made when it is needed and dropped with the state NETWORK_CLOCK.
 */

#include "core/query/forward_zones.h"

#define CLOCK_NAMES_ZONE "clock-names" /* the name of the forward zone, in the journal */

/* Creates the table for names and addresses that are separated by blanks, less those that are not valid and addresses
 * that dohmouse itself listens on, by `config`. Returns NULL if nothing is left, or if out of memory. */
Forwards *clock_names_new(const Config *config, const char *names, const char *servers, uint64_t now);

/* Returns the forward for the question, or NULL: only for the addresses of exactly these names. */
Forward *clock_names_find(const Forwards *f, const Message *question);
