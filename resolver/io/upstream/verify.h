/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Verify: checks that the peer of a TLS session is the configured one: chain, validity period, purpose, revocation,
 * strength, name and pins. None of it can be disabled.
 */

#include <gnutls/gnutls.h>

#include "core/config/config.h"
#include "core/health/failure.h"

/* Returns what is wrong with the certificate of the peer, or FAILURE_NONE. `host` is as in UpstreamConfig. For full and
 * for resumed sessions. */
FailureReason verify_peer(gnutls_session_t session, const UpstreamConfig *config);

/* For gnutls_certificate_set_verify_function(): rejects the peer during the handshake, so that it receives an alert.
 * The pointer of the session is a TlsSession. */
int verify_in_handshake(gnutls_session_t session);

/* Returns whether `name`, as found in a certificate, matches `host` (RFC 9525 6.3). A wildcard matches one whole label,
 * and never one directly below the root. */
bool verify_name(Bytes name, const char *host);
