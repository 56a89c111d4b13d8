/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certificates.h"

#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "staple.h"

#define DAY (24 * 60 * 60)

const char *const identity_names[_IDENTITY_MAX] = { "good",       "wrong-name",  "expired", "not-yet-valid",
                                                    "unknown-ca", "self-signed", "revoked", "long-chain" };

typedef struct Certificate {
        gnutls_x509_privkey_t key;
        gnutls_x509_crt_t crt;
} Certificate;

static gnutls_certificate_credentials_t credentials[_IDENTITY_MAX];

static void must(int r, const char *what)
{
        if (r >= 0)
                return;
        fprintf(stderr, "doh-server: %s: %s\n", what, gnutls_strerror(r));
        exit(EXIT_FAILURE);
}

static Certificate begin(const char *name, time_t from, time_t to)
{
        static unsigned char serial;
        Certificate c;

        serial++;
        must(gnutls_x509_privkey_init(&c.key), "key");
        must(gnutls_x509_privkey_generate(c.key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
             "key");
        must(gnutls_x509_crt_init(&c.crt), "certificate");
        must(gnutls_x509_crt_set_version(c.crt, 3), "version");
        must(gnutls_x509_crt_set_serial(c.crt, &serial, 1), "serial");
        must(gnutls_x509_crt_set_activation_time(c.crt, from), "activation");
        must(gnutls_x509_crt_set_expiration_time(c.crt, to), "expiration");
        must(gnutls_x509_crt_set_key(c.crt, c.key), "public key");
        must(gnutls_x509_crt_set_dn_by_oid(c.crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned) strlen(name)),
             "subject");
        return c;
}

static void sign(Certificate *c, const Certificate *by)
{
        gnutls_datum_t der;

        must(gnutls_x509_crt_sign2(c->crt, by->crt, by->key, GNUTLS_DIG_SHA256, 0), "signature");
        /* GnuTLS sees who is below whom only in what it has read, and sends nothing else along. */
        must(gnutls_x509_crt_export2(c->crt, GNUTLS_X509_FMT_DER, &der), "export");
        gnutls_x509_crt_deinit(c->crt);
        must(gnutls_x509_crt_init(&c->crt), "certificate");
        must(gnutls_x509_crt_import(c->crt, &der, GNUTLS_X509_FMT_DER), "import");
        gnutls_free(der.data);
}

/* By itself, where there is nobody above it. */
static Certificate authority(const char *name, const Certificate *above)
{
        Certificate c = begin(name, time(NULL) - DAY, time(NULL) + 30 * DAY);

        must(gnutls_x509_crt_set_basic_constraints(c.crt, 1, -1), "constraints");
        must(gnutls_x509_crt_set_key_usage(c.crt, GNUTLS_KEY_KEY_CERT_SIGN), "usage");
        sign(&c, above ? above : &c);
        return c;
}

static Certificate identity(Identity i, const char *name, const Certificate *good, const Certificate *other)
{
        time_t now = time(NULL);
        const char *san = i == IDENTITY_WRONG_NAME ? "wrong.test" : name;
        static const unsigned char loopback[4] = { 127, 0, 0, 1 };
        Certificate c = begin("doh-server", i == IDENTITY_NOT_YET_VALID ? now + DAY : now - 2 * DAY,
                              i == IDENTITY_EXPIRED ? now - DAY : now + 7 * DAY);

        must(gnutls_x509_crt_set_subject_alt_name(c.crt, GNUTLS_SAN_DNSNAME, san, (unsigned) strlen(san),
                                                  GNUTLS_FSAN_SET),
             "name");
        if (i != IDENTITY_WRONG_NAME)
                must(gnutls_x509_crt_set_subject_alt_name(c.crt, GNUTLS_SAN_IPADDRESS, loopback, 4, GNUTLS_FSAN_APPEND),
                     "address");
        must(gnutls_x509_crt_set_key_purpose_oid(c.crt, GNUTLS_KP_TLS_WWW_SERVER, 0), "purpose");
        must(gnutls_x509_crt_set_key_usage(c.crt, GNUTLS_KEY_DIGITAL_SIGNATURE), "usage");
        sign(&c, i == IDENTITY_SELF_SIGNED ? &c : i == IDENTITY_UNKNOWN_CA ? other : good);
        return c;
}

static int send_staple(gnutls_session_t session, void *staple, gnutls_datum_t *ret)
{
        const gnutls_datum_t *response = staple;

        (void) session;
        ret->data = gnutls_malloc(response->size);
        if (!ret->data)
                return GNUTLS_E_MEMORY_ERROR;
        memcpy(ret->data, response->data, response->size);
        ret->size = response->size;
        return 0;
}

static void make_long_chain(const char *name, const Certificate *good)
{
        gnutls_certificate_credentials_t c = credentials[IDENTITY_LONG_CHAIN];
        Certificate chain[CHAIN_LENGTH + 1];
        gnutls_x509_crt_t sent[CHAIN_LENGTH + 1];

        for (size_t i = CHAIN_LENGTH; i > 0; i--) {
                char of[32];

                snprintf(of, sizeof(of), "authority %zu", i);
                chain[i] = authority(of, i == CHAIN_LENGTH ? good : &chain[i + 1]);
                sent[i] = chain[i].crt;
        }
        chain[0] = identity(IDENTITY_LONG_CHAIN, name, &chain[1], NULL);
        sent[0] = chain[0].crt;
        must(gnutls_certificate_set_x509_key(c, sent, CHAIN_LENGTH + 1, chain[0].key), "credentials");
}

void certificates_make(const char *name, const char *path)
{
        Certificate good = authority("dohmouse test authority", NULL), other = authority("some other authority", NULL);
        static gnutls_datum_t staple;
        char pem[4096];
        size_t n = sizeof(pem);
        FILE *f;

        must(gnutls_x509_crt_export(good.crt, GNUTLS_X509_FMT_PEM, pem, &n), "export");
        f = fopen(path, "w");
        if (!f || fwrite(pem, 1, n, f) != n || fclose(f) != 0) {
                perror(path);
                exit(EXIT_FAILURE);
        }
        for (Identity i = 0; i < _IDENTITY_MAX; i++) {
                Certificate c;

                must(gnutls_certificate_allocate_credentials(&credentials[i]), "credentials");
                if (i == IDENTITY_LONG_CHAIN) {
                        make_long_chain(name, &good);
                        continue;
                }
                c = identity(i, name, &good, &other);
                must(gnutls_certificate_set_x509_key(credentials[i], &c.crt, 1, c.key), "credentials");
                if (i == IDENTITY_REVOKED) {
                        staple = staple_revoked(c.crt, good.crt, good.key);
                        gnutls_certificate_set_ocsp_status_request_function(credentials[i], send_staple, &staple);
                }
        }
}

gnutls_certificate_credentials_t certificates_get(Identity i)
{
        return credentials[i];
}
