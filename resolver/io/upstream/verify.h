/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Verify: is the peer of a TLS session who the configuration says? Chain, time, purpose, revocation, strength, name and
 * pins. There is no switch to turn any of it off.
 */

#include <gnutls/gnutls.h>

#include "core/config/config.h"
#include "core/health/failure.h"

/* What is wrong with the peer's certificate; FAILURE_NONE: nothing. `host` as in UpstreamConfig. For full and for
 * resumed sessions. */
FailureReason verify_peer(gnutls_session_t session, const UpstreamConfig *config);

/* For gnutls_certificate_set_verify_function: refuses the peer inside the handshake, so that it hears an alert. The
 * session's pointer is a TlsSession. */
int verify_in_handshake(gnutls_session_t session);

/* Is `name`, as a certificate has it, a name for `host` (RFC 9525 6.3)? A wildcard stands for one whole label, and
 * never for one directly below the root. */
bool verify_name(Bytes name, const char *host);
