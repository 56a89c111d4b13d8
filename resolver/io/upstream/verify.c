/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/upstream/verify.h"

#include <arpa/inet.h>
#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <string.h>
#include <strings.h>

#include "io/upstream/tls_internal.h"
#include "io/upstream/tls_session.h"
#include "io/upstream/trusted_time.h"

#define OID_SUBJECT_ALT_NAME "2.5.29.17"

typedef gnutls_x509_crt_t Certificate;

static void verify_certificate_deinit(Certificate *c)
{
        if (*c)
                gnutls_x509_crt_deinit(*c);
}

static void verify_names_deinit(gnutls_subject_alt_names_t *n)
{
        if (*n)
                gnutls_subject_alt_names_deinit(*n);
}

static void verify_datum_deinit(gnutls_datum_t *d)
{
        gnutls_free(d->data);
}

/* Maps the findings of GnuTLS. Of several, one that a wrong clock cannot explain comes first. */
static FailureReason verify_failure_of_status(unsigned status)
{
        static const struct {
                unsigned bits;
                FailureReason failure;
        } table[] = {
                { GNUTLS_CERT_REVOKED, FAILURE_CERTIFICATE_REVOKED },
                { GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_SIGNER_NOT_CA | GNUTLS_CERT_SIGNATURE_FAILURE |
                          GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE | GNUTLS_CERT_MISMATCH | GNUTLS_CERT_PURPOSE_MISMATCH |
                          GNUTLS_CERT_UNKNOWN_CRIT_EXTENSIONS,
                  FAILURE_CERTIFICATE_UNTRUSTED },
                { GNUTLS_CERT_INSECURE_ALGORITHM, FAILURE_CERTIFICATE_WEAK },
                /* A revocation list, or a stapled response, that is newer than the time is proof of a wrong clock, too.
                 */
                { GNUTLS_CERT_NOT_ACTIVATED | GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE,
                  FAILURE_CERTIFICATE_NOT_YET_VALID },
                { GNUTLS_CERT_EXPIRED, FAILURE_CERTIFICATE_EXPIRED },
        };

        if (status == 0)
                return FAILURE_NONE;
        for (size_t i = 0; i < ELEMENTS(table); i++) {
                if (status & table[i].bits)
                        return table[i].failure;
        }
        return FAILURE_CERTIFICATE_UNTRUSTED;
}

bool verify_name(Bytes name, const char *host)
{
        size_t n = strlen(host);

        if (n > 0 && host[n - 1] == '.')
                n--;
        if (name.n > 2 && name.p[0] == '*' && name.p[1] == '.') {
                const char *dot = memchr(host, '.', n);

                if (!dot || dot == host || !memchr(name.p + 2, '.', name.n - 2))
                        return false;
                name = BYTES(name.p + 1, name.n - 1);
                n -= (size_t) (dot - host);
                host = dot;
        }
        /* Also compares the length: a NUL inside the name does not end it. */
        return n > 0 && name.n == n && strncasecmp((const char *) name.p, host, n) == 0;
}

static bool verify_entry_matches(unsigned type, Bytes entry, const char *host)
{
        uint8_t address[16];
        size_t n = 0;

        if (inet_pton(AF_INET, host, address) == 1)
                n = 4;
        else if (inet_pton(AF_INET6, host, address) == 1)
                n = 16;
        if (n > 0)
                return type == GNUTLS_SAN_IPADDRESS && entry.n == n && memcmp(entry.p, address, n) == 0;
        return type == GNUTLS_SAN_DNSNAME && verify_name(entry, host);
}

/*
 * Examines subjectAltName only. GnuTLS' own check falls back to the common name if there is no name of the right kind
 * (CVE-2026-42012, -42013), and walks the list again for each entry.
 */
static bool verify_is_for_host(Certificate certificate, const char *host)
{
        _cleanup_(verify_names_deinit) gnutls_subject_alt_names_t names = NULL;
        _cleanup_(verify_datum_deinit) gnutls_datum_t extension = { 0 };
        gnutls_datum_t entry;
        unsigned type;

        if (gnutls_x509_crt_get_extension_by_oid2(certificate, OID_SUBJECT_ALT_NAME, 0, &extension, NULL) < 0)
                return false;
        if (gnutls_subject_alt_names_init(&names) < 0)
                return false;
        if (gnutls_x509_ext_import_subject_alt_names(&extension, names, 0) < 0)
                return false;
        for (unsigned i = 0; gnutls_subject_alt_names_get(names, i, &type, &entry, NULL) >= 0; i++) {
                if (verify_entry_matches(type, BYTES(entry.data, entry.size), host))
                        return true;
        }
        return false;
}

static bool verify_is_pinned(Certificate certificate, const UpstreamConfig *config)
{
        uint8_t digest[PIN_SIZE];
        size_t n = sizeof(digest);

        /* With this flag the identifier is the SHA-256 of the SubjectPublicKeyInfo. */
        if (gnutls_x509_crt_get_key_id(certificate, GNUTLS_KEYID_USE_SHA256, digest, &n) < 0 || n != sizeof(digest))
                return false;
        for (size_t i = 0; i < config->n_pins; i++) {
                if (memcmp(config->pins[i], digest, sizeof(digest)) == 0)
                        return true;
        }
        return false;
}

static bool verify_is_issuer(Certificate issuer, Certificate certificate)
{
        unsigned status = 0;

        return gnutls_x509_crt_verify(certificate, &issuer, 1, 0, &status) >= 0 && status == 0;
}

/* Returns the authority of the store that signed it, or NULL if none did. */
static Certificate verify_trusted_issuer(gnutls_session_t session, Certificate certificate)
{
        gnutls_certificate_credentials_t credentials;
        Certificate issuer;

        if (gnutls_credentials_get(session, GNUTLS_CRD_CERTIFICATE, (void **) &credentials) < 0)
                return NULL;
        if (gnutls_certificate_get_issuer(credentials, certificate, &issuer, GNUTLS_TL_GET_COPY) < 0)
                return NULL;
        return issuer;
}

/* Returns the issuer of `certificate`: number `i` of the chain or, after its end, the authority in the store. */
static Certificate verify_next_in_chain(gnutls_session_t session, const gnutls_datum_t *chain, unsigned n, unsigned i,
                                        Certificate certificate)
{
        _cleanup_(verify_certificate_deinit) Certificate next = NULL;

        if (i >= n)
                return verify_trusted_issuer(session, certificate);
        if (gnutls_x509_crt_init(&next) < 0 || gnutls_x509_crt_import(next, &chain[i], GNUTLS_X509_FMT_DER) < 0)
                return NULL;
        return take_pointer(next);
}

/*
 * A pin identifies the key of the peer or of an authority above it. The list that the peer sent may contain anything,
 * so a certificate counts only if it did sign the one before it.
 */
static bool verify_chain_is_pinned(gnutls_session_t session, const gnutls_datum_t *chain, unsigned n,
                                   const UpstreamConfig *config)
{
        _cleanup_(verify_certificate_deinit) Certificate certificate = verify_next_in_chain(session, chain, n, 0, NULL);

        for (unsigned i = 1; certificate && !verify_is_pinned(certificate, config); i++) {
                _cleanup_(verify_certificate_deinit) Certificate next = NULL;

                if (i > n)
                        return false;
                next = verify_next_in_chain(session, chain, n, i, certificate);
                if (!next || !verify_is_issuer(next, certificate))
                        return false;
                verify_certificate_deinit(&certificate);
                certificate = take_pointer(next);
        }
        return certificate != NULL;
}

static FailureReason verify_chain_now(gnutls_session_t session)
{
        gnutls_typed_vdata_st purpose = {
                .type = GNUTLS_DT_KEY_PURPOSE_OID,
                .data = (unsigned char *) GNUTLS_KP_TLS_WWW_SERVER,
        };
        unsigned status = 0;

        if (gnutls_certificate_verify_peers(session, &purpose, 1, &status) < 0)
                return FAILURE_CERTIFICATE_UNTRUSTED;
        /* A resumed session has no stapled response; it was checked when the session was created. */
        if (gnutls_session_is_resumed(session) && status == (GNUTLS_CERT_INVALID | GNUTLS_CERT_MISSING_OCSP_STATUS))
                status = 0;
        return verify_failure_of_status(status);
}

static FailureReason verify_chain(gnutls_session_t session)
{
        FailureReason f = verify_chain_now(session);

        if (f == FAILURE_CERTIFICATE_EXPIRED && trusted_time_doubt())
                f = verify_chain_now(session);
        if (f)
                trusted_time_refused();
        else
                trusted_time_verified();
        return f;
}

FailureReason verify_peer(gnutls_session_t session, const UpstreamConfig *config)
{
        _cleanup_(verify_certificate_deinit) Certificate certificate = NULL;
        const gnutls_datum_t *chain;
        unsigned n = 0;
        FailureReason f;

        if (gnutls_certificate_type_get2(session, GNUTLS_CTYPE_SERVER) != GNUTLS_CRT_X509)
                return FAILURE_CERTIFICATE_UNTRUSTED;
        chain = gnutls_certificate_get_peers(session, &n);
        if (!chain || n == 0)
                return FAILURE_CERTIFICATE_UNTRUSTED;
        tls_prepare_trust(((const TlsSession *) gnutls_session_get_ptr(session))->tls, chain, n);
        f = verify_chain(session);
        if (f)
                return f;
        if (gnutls_x509_crt_init(&certificate) < 0)
                return FAILURE_RESOURCES;
        if (gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) < 0)
                return FAILURE_CERTIFICATE_UNTRUSTED;
        if (!verify_is_for_host(certificate, config->host))
                return FAILURE_CERTIFICATE_NAME;
        if (config->n_pins > 0 && !verify_chain_is_pinned(session, chain, n, config))
                return FAILURE_CERTIFICATE_PIN;
        return FAILURE_NONE;
}

int verify_in_handshake(gnutls_session_t session)
{
        TlsSession *t = gnutls_session_get_ptr(session);

        t->failure = verify_peer(session, t->config);
        return t->failure ? GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR : 0;
}
