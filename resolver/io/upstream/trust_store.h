/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * TrustStore: the authorities in a PEM file or directory, or those of the system. GnuTLS needs tens of milliseconds and
 * three megabytes for all of a system's authorities, of which a resolver meets two or three. So only their names are
 * read, and GnuTLS gets the authorities that a chain names before it verifies that chain. It looks for no others: for
 * the issuer of a certificate, and for the certificate itself, by their whole names.
 *
 * Stores are shared, identified by path, unless the file has changed: a reload picks up a new one (FAULTS.md L37).
 */

#include <gnutls/gnutls.h>

#include "core/base/base.h"

typedef struct TrustStore TrustStore;

/* Opens the PEM file or directory, or the system's store if `path` is NULL. Returns NULL if it cannot be read;
 * *ret_reason, static, then says why, or is NULL if out of memory. Reference counted. */
TrustStore *trust_store_open(const char *path, const char **ret_reason);
TrustStore *trust_store_unref(TrustStore *s);
DEFINE_CLEANUP(TrustStore, trust_store_unref)

/* Lets the credentials trust the authorities of the store that `chain`, of `n` certificates in DER, may lead to. To be
 * called before it is verified. */
void trust_store_prepare(TrustStore *s, const gnutls_datum_t *chain, unsigned n);

/* Returns the credentials, for any number of sessions. */
gnutls_certificate_credentials_t trust_store_credentials(const TrustStore *s);
