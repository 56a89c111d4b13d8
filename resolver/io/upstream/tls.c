/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/upstream/tls_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/upstream/verify.h"

/* The system's trust store of GnuTLS in Debian; only used to detect changes. */
#define SYSTEM_STORE "/etc/ssl/certs/ca-certificates.crt"

/* Longer chains and larger moduli than those of any CA in the system's store are rejected to save time (FAULTS.md L35).
 */
#define VERIFY_BITS_MAX 8200
#define VERIFY_DEPTH_MAX 8

/*
 * Reading the system's store takes tens of milliseconds and a few megabytes. Upstreams with the same store share it,
 * identified by its path, unless the file has changed: a reload picks up a new one (FAULTS.md L37).
 */
typedef struct TrustStore {
        struct TrustStore *next;
        unsigned refs;
        char *path; /* NULL: the system's */
        struct stat identity;
        gnutls_certificate_credentials_t credentials;
} TrustStore;

struct Tls {
        unsigned refs;
        TrustStore *store; /* NULL: it could not be read, and `error` says why */
        char *error;
        TlsTicket tickets[TLS_TICKETS_MAX]; /* oldest first */
        unsigned n_tickets;
        unsigned generation;
};

static TrustStore *stores;

static bool tls_same_path(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool tls_same_file(const struct stat *a, const struct stat *b)
{
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
               a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static TrustStore *tls_trust_store_unref(TrustStore *s)
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
        free(s->path);
        free(s);
        return NULL;
}
DEFINE_CLEANUP(TrustStore, tls_trust_store_unref)

/* Returns the number of authorities that were read, or a negative GnuTLS error. */
static int tls_load_authorities(TrustStore *s)
{
        if (!s->path)
                return gnutls_certificate_set_x509_system_trust(s->credentials);
        if (S_ISDIR(s->identity.st_mode))
                return gnutls_certificate_set_x509_trust_dir(s->credentials, s->path, GNUTLS_X509_FMT_PEM);
        return gnutls_certificate_set_x509_trust_file(s->credentials, s->path, GNUTLS_X509_FMT_PEM);
}

/* Returns NULL if it cannot be read; *ret_reason, static, then says why, or is NULL when out of memory. */
static TrustStore *tls_trust_store_open(const char *path, const char **ret_reason)
{
        _cleanup_(tls_trust_store_unrefp) TrustStore *s = NULL;
        struct stat identity = { 0 };
        TrustStore *other;
        int r;

        *ret_reason = NULL;
        if ((stat(path ? path : SYSTEM_STORE, &identity) < 0 || access(path ?: SYSTEM_STORE, R_OK) < 0) && path) {
                *ret_reason = strerror(errno);
                return NULL;
        }
        for (other = stores; other; other = other->next) {
                if (tls_same_path(other->path, path) && tls_same_file(&other->identity, &identity)) {
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
        r = gnutls_certificate_allocate_credentials(&s->credentials);
        if (r < 0)
                return NULL;
        r = tls_load_authorities(s);
        if (r <= 0) {
                *ret_reason = r < 0 ? gnutls_strerror(r) : "contains no certificate";
                return NULL;
        }
        gnutls_certificate_set_verify_limits(s->credentials, VERIFY_BITS_MAX, VERIFY_DEPTH_MAX);
        gnutls_certificate_set_verify_function(s->credentials, verify_in_handshake);
        s->next = stores;
        stores = s;
        return take_pointer(s);
}

Tls *tls_new(const UpstreamConfig *config, const char *trust_anchors, const char **ret_error)
{
        const char *path = config->trust_anchors ? config->trust_anchors : trust_anchors;
        _cleanup_(tls_unrefp) Tls *t = NULL;
        const char *reason;

        *ret_error = NULL;
        t = calloc(1, sizeof(*t));
        if (!t)
                return NULL;
        t->refs = 1;
        t->store = tls_trust_store_open(path, &reason);
        if (t->store)
                return take_pointer(t);
        if (!reason || asprintf(&t->error, "%s: %s", path ? path : "the system's trust store", reason) < 0) {
                t->error = NULL;
                return NULL;
        }
        *ret_error = t->error;
        return take_pointer(t);
}

const char *tls_check_trust_anchors(const char *path)
{
        _cleanup_(tls_trust_store_unrefp) TrustStore *s = NULL;
        const char *reason;

        s = tls_trust_store_open(path, &reason);
        return s ? NULL : reason ?: strerror(ENOMEM);
}

bool tls_is_usable(const Tls *t)
{
        return t->store;
}

const char *tls_error(const Tls *t)
{
        return t->error;
}

Tls *tls_ref(Tls *t)
{
        t->refs++;
        return t;
}

Tls *tls_unref(Tls *t)
{
        if (!t || --t->refs > 0)
                return NULL;
        tls_forget_tickets(t);
        tls_trust_store_unref(t->store);
        free(t->error);
        free(t);
        return NULL;
}

void tls_wipe_ticket(gnutls_datum_t *data)
{
        if (data->data)
                explicit_bzero(data->data, data->size);
        gnutls_free(data->data);
        *data = (gnutls_datum_t) { 0 };
}

void tls_forget_tickets(Tls *t)
{
        while (t->n_tickets > 0)
                tls_wipe_ticket(&t->tickets[--t->n_tickets].data);
        t->generation++;
}

gnutls_certificate_credentials_t tls_credentials(const Tls *t)
{
        return t->store ? t->store->credentials : NULL;
}

unsigned tls_generation(const Tls *t)
{
        return t->generation;
}

unsigned tls_tickets(const Tls *t)
{
        return t->n_tickets;
}

static void tls_drop_oldest(Tls *t)
{
        tls_wipe_ticket(&t->tickets[0].data);
        t->n_tickets--;
        memmove(&t->tickets[0], &t->tickets[1], t->n_tickets * sizeof(t->tickets[0]));
}

bool tls_take_ticket(Tls *t, TlsTicket *ret)
{
        uint64_t now = clock_now();

        while (t->n_tickets > 0 && usec_sub(now, t->tickets[0].received_at) >= TLS_TICKET_LIFE)
                tls_drop_oldest(t);
        if (t->n_tickets == 0)
                return false;
        *ret = t->tickets[--t->n_tickets];
        return true;
}

void tls_keep_ticket(Tls *t, gnutls_datum_t data, size_t early_max)
{
        if (data.size > TLS_TICKET_OCTETS_MAX) {
                tls_wipe_ticket(&data);
                return;
        }
        if (t->n_tickets == TLS_TICKETS_MAX)
                tls_drop_oldest(t);
        t->tickets[t->n_tickets++] = (TlsTicket) { .data = data, .early_max = early_max, .received_at = clock_now() };
}
