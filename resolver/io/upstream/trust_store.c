/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/upstream/trust_store.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/byte_buffer.h"
#include "io/upstream/verify.h"

/* The system's store where it is a file, as in Debian; elsewhere, GnuTLS knows it. */
#define SYSTEM_STORE "/etc/ssl/certs/ca-certificates.crt"
#define FILE_MAX ((size_t) 16 << 20)
#define READ_SIZE 8192

/* Longer chains and larger moduli than those of any CA in the system's store are rejected to save time (FAULTS.md L35).
 */
#define VERIFY_BITS_MAX 8200
#define VERIFY_DEPTH_MAX 8

/* Tags of DER (X.690 8.1.2) in a certificate (RFC 5280 4.1). */
#define TAG_INTEGER 0x02
#define TAG_SEQUENCE 0x30
#define TAG_VERSION 0xa0
#define LENGTH_OCTETS 0x80 /* the rest is the number of octets of the length */

/* An authority in `certificates` of the store. */
typedef struct Authority {
        size_t at, n;
        Bytes name; /* of the subject */
        bool trusted;
} Authority;

struct TrustStore {
        TrustStore *next;
        unsigned refs;
        char *path; /* NULL: the system's */
        struct stat identity;
        gnutls_certificate_credentials_t credentials;
        ByteBuffer certificates; /* in DER, one after the other */
        Authority *authorities;  /* NULL: GnuTLS has all of them */
        size_t n_authorities;
};

static TrustStore *stores;

/* --- DER, as far as the names of a certificate; GnuTLS examines those that it gets */

/* Takes an element with that tag from *rest. Returns false if there is none. */
static bool trust_store_take(Bytes *rest, uint8_t tag, Bytes *ret_whole, Bytes *ret_content)
{
        size_t n, head = 2;

        if (rest->n < head || rest->p[0] != tag)
                return false;
        n = rest->p[1];
        if (n & LENGTH_OCTETS) {
                size_t octets = n & ~(size_t) LENGTH_OCTETS;

                if (octets == 0 || octets > 4 || rest->n < head + octets)
                        return false;
                for (n = 0; octets > 0; octets--)
                        n = n << 8 | rest->p[head++];
        }
        if (n > rest->n - head)
                return false;
        *ret_whole = BYTES(rest->p, head + n);
        *ret_content = BYTES(rest->p + head, n);
        *rest = BYTES(rest->p + head + n, rest->n - head - n);
        return true;
}

static bool trust_store_read_names(Bytes certificate, Bytes *ret_issuer, Bytes *ret_subject)
{
        Bytes signed_part, fields, skipped, content;

        if (!trust_store_take(&certificate, TAG_SEQUENCE, &skipped, &signed_part) ||
            !trust_store_take(&signed_part, TAG_SEQUENCE, &skipped, &fields))
                return false;
        trust_store_take(&fields, TAG_VERSION, &skipped, &content);
        return trust_store_take(&fields, TAG_INTEGER, &skipped, &content) &&  /* serial number */
               trust_store_take(&fields, TAG_SEQUENCE, &skipped, &content) && /* signature algorithm */
               trust_store_take(&fields, TAG_SEQUENCE, ret_issuer, &content) &&
               trust_store_take(&fields, TAG_SEQUENCE, &skipped, &content) && /* validity */
               trust_store_take(&fields, TAG_SEQUENCE, ret_subject, &content);
}

/* --- reading */

/* Returns 0 or an errno. */
static int trust_store_read_file(const char *path, ByteBuffer *ret)
{
        uint8_t octets[READ_SIZE];
        int fd = open(path, O_RDONLY | O_CLOEXEC), r = 0;
        ssize_t n;

        if (fd < 0)
                return errno;
        while ((n = read(fd, octets, sizeof(octets))) > 0 && r == 0) {
                if (ret->n > FILE_MAX)
                        r = EFBIG;
                else if (!byte_buffer_append(ret, BYTES(octets, n)))
                        r = ENOMEM;
        }
        if (n < 0)
                r = errno;
        close(fd);
        return r;
}

/* Finds the next certificate in PEM (RFC 7468), and the label that it has. */
static const char *trust_store_find_pem(Bytes *text)
{
        static const char *const labels[] = { "CERTIFICATE", "X509 CERTIFICATE" };
        static const char begin[] = "-----BEGIN ";
        const size_t n_begin = sizeof(begin) - 1;
        const uint8_t *p;

        while (text->n > 0 && (p = memmem(text->p, text->n, begin, n_begin))) {
                *text = BYTES(p, text->n - (size_t) (p - text->p));
                for (size_t i = 0; i < ELEMENTS(labels); i++) {
                        size_t n = strlen(labels[i]);

                        if (text->n > n_begin + n && memcmp(p + n_begin, labels[i], n) == 0 && p[n_begin + n] == '-')
                                return labels[i];
                }
                *text = BYTES(text->p + n_begin, text->n - n_begin);
        }
        return NULL;
}

static int trust_store_add(TrustStore *s, Bytes certificate)
{
        size_t size = (s->n_authorities + 1) * sizeof(*s->authorities);
        Authority *authorities;
        Bytes issuer, subject;

        if (!trust_store_read_names(certificate, &issuer, &subject))
                return GNUTLS_E_ASN1_DER_ERROR;
        authorities = realloc(s->authorities, size);
        if (!authorities)
                return GNUTLS_E_MEMORY_ERROR;
        s->authorities = authorities;
        /* The offset only: the certificates move while more are added. */
        s->authorities[s->n_authorities] = (Authority) { .at = s->certificates.n, .n = certificate.n };
        if (!byte_buffer_append(&s->certificates, certificate))
                return GNUTLS_E_MEMORY_ERROR;
        s->n_authorities++;
        return 0;
}

/* Returns the number of authorities, or a negative GnuTLS error if one cannot be read. */
static int trust_store_read_pem(TrustStore *s, Bytes text)
{
        const char *label;

        while ((label = trust_store_find_pem(&text))) {
                const gnutls_datum_t pem = { .data = (unsigned char *) text.p, .size = (unsigned) text.n };
                gnutls_datum_t der = { 0 };
                int r = gnutls_pem_base64_decode2(label, &pem, &der);

                if (r >= 0)
                        r = trust_store_add(s, BYTES(der.data, der.size));
                gnutls_free(der.data);
                if (r < 0)
                        return r;
                text = BYTES(text.p + 1, text.n - 1);
        }
        for (size_t i = 0; i < s->n_authorities; i++) {
                Authority *a = &s->authorities[i];
                Bytes issuer;

                trust_store_read_names(BYTES(s->certificates.p + a->at, a->n), &issuer, &a->name);
        }
        return (int) s->n_authorities;
}

/* Returns NULL, or why there are no authorities; static. */
static const char *trust_store_load(TrustStore *s)
{
        const char *path = s->path ?: SYSTEM_STORE;
        ByteBuffer text = { 0 };
        int r = 0, error = 0;

        if (!s->path && !S_ISREG(s->identity.st_mode)) {
                r = gnutls_certificate_set_x509_system_trust(s->credentials);
        } else if (S_ISDIR(s->identity.st_mode)) {
                r = gnutls_certificate_set_x509_trust_dir(s->credentials, path, GNUTLS_X509_FMT_PEM);
        } else {
                error = trust_store_read_file(path, &text);
                if (error == 0)
                        r = trust_store_read_pem(s, byte_buffer_bytes(&text));
                byte_buffer_deinit(&text);
        }
        if (error > 0)
                return strerror(error);
        return r < 0 ? gnutls_strerror(r) : r == 0 ? "contains no certificate" : NULL;
}

/* --- life */

TrustStore *trust_store_unref(TrustStore *s)
{
        TrustStore **p;

        if (!s || --s->refs > 0)
                return NULL;
        for (p = &stores; *p; p = &(*p)->next) {
                if (*p == s) {
                        *p = s->next;
                        break;
                }
        }
        if (s->credentials)
                gnutls_certificate_free_credentials(s->credentials);
        byte_buffer_deinit(&s->certificates);
        free(s->authorities);
        free(s->path);
        free(s);
        return NULL;
}

static bool trust_store_same_path(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool trust_store_same_file(const struct stat *a, const struct stat *b)
{
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
               a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

TrustStore *trust_store_open(const char *path, const char **ret_reason)
{
        _cleanup_(trust_store_unrefp) TrustStore *s = NULL;
        struct stat identity = { 0 };

        *ret_reason = NULL;
        if ((stat(path ?: SYSTEM_STORE, &identity) < 0 || access(path ?: SYSTEM_STORE, R_OK) < 0) && path) {
                *ret_reason = strerror(errno);
                return NULL;
        }
        for (TrustStore *other = stores; other; other = other->next) {
                if (trust_store_same_path(other->path, path) && trust_store_same_file(&other->identity, &identity)) {
                        other->refs++;
                        return other;
                }
        }

        s = calloc(1, sizeof(*s));
        if (!s)
                return NULL;
        s->refs = 1;
        s->identity = identity;
        if (path) {
                s->path = strdup(path);
                if (!s->path)
                        return NULL;
        }
        if (gnutls_certificate_allocate_credentials(&s->credentials) < 0)
                return NULL;
        *ret_reason = trust_store_load(s);
        if (*ret_reason)
                return NULL;
        gnutls_certificate_set_verify_limits(s->credentials, VERIFY_BITS_MAX, VERIFY_DEPTH_MAX);
        gnutls_certificate_set_verify_function(s->credentials, verify_in_handshake);
        s->next = stores;
        stores = s;
        return take_pointer(s);
}

/* --- use */

static void trust_store_trust(TrustStore *s, Authority *a)
{
        const gnutls_datum_t der = { .data = s->certificates.p + a->at, .size = (unsigned) a->n };
        gnutls_x509_crt_t certificate;

        if (gnutls_x509_crt_init(&certificate) < 0)
                return;
        a->trusted = gnutls_x509_crt_import(certificate, &der, GNUTLS_X509_FMT_DER) >= 0 &&
                     gnutls_certificate_set_x509_trust(s->credentials, &certificate, 1) >= 0;
        gnutls_x509_crt_deinit(certificate);
}

static void trust_store_trust_name(TrustStore *s, Bytes name)
{
        for (size_t i = 0; i < s->n_authorities; i++) {
                Authority *a = &s->authorities[i];

                if (!a->trusted && a->name.n == name.n && memcmp(a->name.p, name.p, name.n) == 0)
                        trust_store_trust(s, a);
        }
}

void trust_store_prepare(TrustStore *s, const gnutls_datum_t *chain, unsigned n)
{
        for (unsigned i = 0; i < n && s->n_authorities > 0; i++) {
                Bytes issuer, subject;

                if (!trust_store_read_names(BYTES(chain[i].data, chain[i].size), &issuer, &subject))
                        continue;
                trust_store_trust_name(s, issuer);
                trust_store_trust_name(s, subject);
        }
}

gnutls_certificate_credentials_t trust_store_credentials(const TrustStore *s)
{
        return s->credentials;
}
