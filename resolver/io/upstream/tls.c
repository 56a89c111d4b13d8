/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/upstream/tls_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "io/clock.h"
#include "io/upstream/trust_store.h"

struct Tls {
        unsigned refs;
        TrustStore *store; /* NULL: it could not be read, and `error` says why */
        char *error;
        TlsTicket tickets[TLS_TICKETS_MAX]; /* oldest first */
        unsigned n_tickets;
        unsigned generation;
};

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
        t->store = trust_store_open(path, &reason);
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
        _cleanup_(trust_store_unrefp) TrustStore *s = NULL;
        const char *reason;

        s = trust_store_open(path, &reason);
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
        trust_store_unref(t->store);
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
        return t->store ? trust_store_credentials(t->store) : NULL;
}

void tls_prepare_trust(const Tls *t, const gnutls_datum_t *chain, unsigned n)
{
        if (t->store)
                trust_store_prepare(t->store, chain, n);
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
