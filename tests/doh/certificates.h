/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Certificates: an authority of the tests' own, made anew for each server, and what it or others have signed.
 */

#include <gnutls/gnutls.h>

#define CHAIN_LENGTH 14

typedef enum Identity {
        IDENTITY_GOOD,
        IDENTITY_WRONG_NAME,
        IDENTITY_EXPIRED,
        IDENTITY_NOT_YET_VALID,
        IDENTITY_UNKNOWN_CA,
        IDENTITY_SELF_SIGNED,
        IDENTITY_REVOKED,    /* says its staple */
        IDENTITY_LONG_CHAIN, /* below CHAIN_LENGTH authorities, one below the other */
        _IDENTITY_MAX,
} Identity;

extern const char *const identity_names[_IDENTITY_MAX];

/* Makes all identities for `name`, and writes the authority's certificate to `path` as PEM. Exits on failure. */
void certificates_make(const char *name, const char *path);

gnutls_certificate_credentials_t certificates_get(Identity i);
