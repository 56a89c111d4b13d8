/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Probe: the one question to an upstream whose outcome health waits for: a probe of one that is suspect, or that the
 * administrator or the active mode asks for, or the trial of one that has failed. One at a time; it always takes a
 * connection of its own, carries a waiting query if there is one, and its connection is adopted. What the outcome means
 * is the upstream's business.
 */

#include "core/upstream/connection.h"

typedef struct Probe {
        Outbox *outbox;
        bool active;
        Purpose purpose;     /* PURPOSE_PROBE or PURPOSE_TRIAL */
        bool suspicion;      /* health asked for it, rather than the administrator or the active mode */
        uint64_t started_at; /* usec */
        Exchange *exchange;  /* NULL until the connection is there */
        uint64_t cookie;     /* engine_probe()'s; 0: none */
        Timer timer;         /* its time; the callback is the owner's */
} Probe;

void probe_init(Probe *p, Outbox *o, void (*due)(Timer *t, uint64_t now));

/* Begins; its time is over at `deadline`. Must not be active. */
void probe_start(Probe *p, Purpose purpose, bool suspicion, uint64_t now, uint64_t deadline);

/* Ends it, whatever came of it. Returns its exchange, if that is still under way or waits for one: the owner decides
 * what becomes of it. */
Exchange *probe_end(Probe *p);

/* Tells the administrator who waits for it, if one does, what came of it. */
void probe_report(const Probe *p, const ConnectionPool *pool, uint32_t upstream, FailureReason reason, uint64_t now);
