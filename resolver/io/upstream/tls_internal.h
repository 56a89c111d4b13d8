/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What io/upstream/tls_session and io/upstream/verify need of a Tls.
 */

#include <gnutls/gnutls.h>

#include "io/upstream/tls.h"

#define TLS_TICKETS_MAX 4
#define TLS_TICKET_OCTETS_MAX 65536 /* the peer's certificates are in it */
#define TLS_TICKET_LIFE USEC_PER_HOUR

/* The trust store, for any number of sessions; NULL: it could not be read. */
gnutls_certificate_credentials_t tls_credentials(const Tls *t);

/* Counts how often tickets were forgotten: one that comes over a connection from before is not kept. */
unsigned tls_generation(const Tls *t);

/* Takes the newest ticket out; false if there is none. The caller wipes it with tls_wipe_ticket(). */
bool tls_take_ticket(Tls *t, gnutls_datum_t *ret);

/* Keeps a ticket for one use, and lets the oldest go if there are too many. `data` is the caller's no longer. */
void tls_keep_ticket(Tls *t, gnutls_datum_t data);

/* A ticket holds secrets: zeroes it before it is freed. */
void tls_wipe_ticket(gnutls_datum_t *data);

/* How many there are. */
unsigned tls_tickets(const Tls *t);
