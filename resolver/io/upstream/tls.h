/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Tls: the trust store and the session tickets that the connections to one upstream share. Verification cannot be
 * disabled. At most 4 tickets are kept, in memory only. Each is used once, and dropped after an hour or when the
 * network changes (HEALTH.md 4).
 */

#include "core/config/config.h"
#include "core/health/failure.h"

typedef struct Tls Tls;
typedef struct H2 H2;

/* Returns NULL if the PEM file or directory can be used as TrustAnchors=, or what is wrong, static. */
const char *tls_check_trust_anchors(const char *path);

/* Loads the trust store: that of the upstream, else `trust_anchors`, else the system's. If it cannot be read, every
 * handshake with the returned object fails with FAILURE_TRUST_STORE, and *ret_error, owned by the object, says why;
 * else that is NULL. Returns NULL if out of memory. Reference counted: each connection holds a reference. */
Tls *tls_new(const UpstreamConfig *config, const char *trust_anchors, const char **ret_error);
Tls *tls_ref(Tls *t);
Tls *tls_unref(Tls *t);
DEFINE_CLEANUP(Tls, tls_unref)

/* Returns NULL if the trust store could be read, or else "PATH: REASON". */
bool tls_is_usable(const Tls *t);
const char *tls_error(const Tls *t);

/* Drops all tickets: after the network changed, a ticket would link the old network to the new one. */
void tls_forget_tickets(Tls *t);
