/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "staple.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* One value in DER; none of ours has as much as 64 KiB. */
typedef struct Der {
        size_t n;
        unsigned char octets[1024];
} Der;

enum {
        INTEGER = 0x02,
        BITS = 0x03,
        OCTETS = 0x04,
        ENUMERATED = 0x0a,
        TIME = 0x18,
        SEQUENCE = 0x30,
        TAG_0 = 0xa0,
        TAG_1 = 0xa1,
        TAG_2 = 0xa2,
};

static Der value(unsigned char tag, const void *content, size_t n)
{
        Der d = { .octets = { tag } };

        if (n + 4 > sizeof(d.octets))
                abort();
        d.n = 1;
        if (n >= 256) {
                d.octets[d.n++] = 0x82;
                d.octets[d.n++] = (unsigned char) (n >> 8);
        } else if (n >= 128)
                d.octets[d.n++] = 0x81;
        d.octets[d.n++] = (unsigned char) n;
        memcpy(d.octets + d.n, content, n);
        d.n += n;
        return d;
}

/* Of the values that follow, up to NULL. */
static Der constructed(unsigned char tag, const Der *first, ...)
{
        Der all = { 0 };
        va_list rest;

        va_start(rest, first);
        for (const Der *d = first; d; d = va_arg(rest, const Der *)) {
                if (all.n + d->n > sizeof(all.octets))
                        abort();
                memcpy(all.octets + all.n, d->octets, d->n);
                all.n += d->n;
        }
        va_end(rest);
        return value(tag, all.octets, all.n);
}

static Der point_in_time(time_t t)
{
        char text[32];
        struct tm tm;

        gmtime_r(&t, &tm);
        return value(TIME, text, strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm));
}

static void must(int r)
{
        if (r >= 0)
                return;
        fprintf(stderr, "doh-server: staple: %s\n", gnutls_strerror(r));
        exit(EXIT_FAILURE);
}

/* Which certificate it is about: by the name of its issuer, and its number. */
static Der certificate_id(gnutls_x509_crt_t of, gnutls_x509_crt_t issuer)
{
        static const unsigned char sha1[] = { 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00 };
        unsigned char hash[20], serial[20], key[20];
        size_t n_serial = sizeof(serial), n_key = sizeof(key);
        gnutls_datum_t name;
        Der algorithm = { .n = sizeof(sha1) }, name_hash, key_hash, number;

        memcpy(algorithm.octets, sha1, sizeof(sha1));
        must(gnutls_x509_crt_get_raw_dn(issuer, &name));
        must(gnutls_hash_fast(GNUTLS_DIG_SHA1, name.data, name.size, hash));
        gnutls_free(name.data);
        must(gnutls_x509_crt_get_key_id(issuer, 0, key, &n_key));
        must(gnutls_x509_crt_get_serial(of, serial, &n_serial));
        name_hash = value(OCTETS, hash, sizeof(hash));
        key_hash = value(OCTETS, key, n_key);
        number = value(INTEGER, serial, n_serial);
        return constructed(SEQUENCE, &algorithm, &name_hash, &key_hash, &number, NULL);
}

static Der response_data(gnutls_x509_crt_t of, gnutls_x509_crt_t issuer)
{
        time_t now = time(NULL);
        Der id = certificate_id(of, issuer), since = point_in_time(now - 3600), next = point_in_time(now + 24 * 3600);
        Der revoked = constructed(TAG_1, &since, NULL), until = constructed(TAG_0, &next, NULL);
        Der single = constructed(SEQUENCE, &id, &revoked, &since, &until, NULL),
            all = constructed(SEQUENCE, &single, NULL);
        Der responder, by_name = { 0 };
        gnutls_datum_t name;

        must(gnutls_x509_crt_get_raw_dn(issuer, &name));
        memcpy(by_name.octets, name.data, name.size);
        by_name.n = name.size;
        gnutls_free(name.data);
        responder = constructed(TAG_1, &by_name, NULL);
        return constructed(SEQUENCE, &responder, &since, &all, NULL);
}

static Der signature_of(const Der *data, gnutls_x509_privkey_t key)
{
        gnutls_datum_t tbs = { (unsigned char *) data->octets, (unsigned) data->n }, signature;
        unsigned char bits[256] = { 0 }; /* no bits left over */
        gnutls_privkey_t signer;
        size_t n;

        must(gnutls_privkey_init(&signer));
        must(gnutls_privkey_import_x509(signer, key, 0));
        must(gnutls_privkey_sign_data(signer, GNUTLS_DIG_SHA256, 0, &tbs, &signature));
        gnutls_privkey_deinit(signer);
        n = signature.size;
        if (n + 1 > sizeof(bits))
                abort();
        memcpy(bits + 1, signature.data, n);
        gnutls_free(signature.data);
        return value(BITS, bits, n + 1);
}

gnutls_datum_t staple_revoked(gnutls_x509_crt_t of, gnutls_x509_crt_t issuer, gnutls_x509_privkey_t key)
{
        static const unsigned char ecdsa_sha256[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                                      0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
        static const unsigned char basic_oid[] = { 0x06, 0x09, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01 };
        Der data = response_data(of, issuer), signature = signature_of(&data, key);
        Der algorithm = { .n = sizeof(ecdsa_sha256) }, type = { .n = sizeof(basic_oid) },
            successful = value(ENUMERATED, "", 1);
        Der basic, octets, bytes, tagged, whole;
        gnutls_datum_t response;

        memcpy(algorithm.octets, ecdsa_sha256, sizeof(ecdsa_sha256));
        memcpy(type.octets, basic_oid, sizeof(basic_oid));
        basic = constructed(SEQUENCE, &data, &algorithm, &signature, NULL);
        octets = value(OCTETS, basic.octets, basic.n);
        bytes = constructed(SEQUENCE, &type, &octets, NULL);
        tagged = constructed(TAG_0, &bytes, NULL);
        whole = constructed(SEQUENCE, &successful, &tagged, NULL);
        response = (gnutls_datum_t) { gnutls_malloc(whole.n), (unsigned) whole.n };
        if (!response.data)
                abort();
        memcpy(response.data, whole.octets, whole.n);
        return response;
}
