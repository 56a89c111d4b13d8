/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Staple: an OCSP response (RFC 6960 4.2.1) that an authority signs and a server sends along with its certificate.
 */

#include <gnutls/x509.h>

/* That `issuer` has revoked `of`, an hour ago. Allocated by GnuTLS; exits on failure. */
gnutls_datum_t staple_revoked(gnutls_x509_crt_t of, gnutls_x509_crt_t issuer, gnutls_x509_privkey_t key);
