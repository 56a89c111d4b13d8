/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Tls: what connections to one upstream share: its trust store, pins and session tickets. Verification has no switch.
 * Tickets: at most 4, each used once, in memory only, dropped after an hour and at a change of network (HEALTH.md 4).
 */

#include "core/config/config.h"
#include "core/health/failure.h"

typedef struct Tls Tls;
typedef struct H2 H2;

/* Loads the trust store (the upstream's, else `trust_anchors`, else the system's). Never fails because of the store: a
 * store that cannot be read gives an object whose every handshake ends in FAILURE_TRUST_STORE; *ret_error then says
 * why, for the log (static or owned by the object), else NULL. NULL when out of memory. Reference counted: connections
 * hold one. */
Tls *tls_new(const UpstreamConfig *config, const char *trust_anchors, const char **ret_error);
Tls *tls_ref(Tls *t);
Tls *tls_unref(Tls *t);
DEFINE_CLEANUP(Tls, tls_unref)

/* Drops all tickets: the network changed, and a ticket would link the two. */
void tls_forget_tickets(Tls *t);
