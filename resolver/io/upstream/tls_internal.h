/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What io/upstream/tls_session and io/upstream/verify require of a Tls.
 */

#include <gnutls/gnutls.h>

#include "io/upstream/tls.h"

#define TLS_TICKETS_MAX 4
#define TLS_TICKET_OCTETS_MAX 65536 /* contains the certificates of the peer */
#define TLS_TICKET_LIFE USEC_PER_HOUR

typedef struct TlsTicket {
        gnutls_datum_t data;
        size_t early_max;     /* octets of early data that the peer allows */
        uint64_t received_at; /* usec */
} TlsTicket;

/* Returns the trust store, for any number of sessions, or NULL if it could not be read. */
gnutls_certificate_credentials_t tls_credentials(const Tls *t);

/* Makes available what the verification of a chain needs of the store. */
void tls_prepare_trust(const Tls *t, const gnutls_datum_t *chain, unsigned n);

/* Counts how often the tickets were dropped: a ticket from a connection of before is not kept. */
unsigned tls_generation(const Tls *t);

/* Removes and returns the newest ticket, or returns false if there is none. The caller wipes it with
 * tls_wipe_ticket(). */
bool tls_take_ticket(Tls *t, TlsTicket *ret);

/* Keeps a ticket for one use, and drops the oldest if there are too many. Takes ownership of `data`. */
void tls_keep_ticket(Tls *t, gnutls_datum_t data, size_t early_max);

/* Zeroes a ticket, which contains secrets, and frees it. */
void tls_wipe_ticket(gnutls_datum_t *data);

/* How many there are. */
unsigned tls_tickets(const Tls *t);
