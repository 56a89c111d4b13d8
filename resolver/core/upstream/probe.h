/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Probe: the one exchange with an upstream whose outcome decides its health (HEALTH.md 2): a probe of a suspect
 * upstream, a probe on request or in active mode, or the trial of a failed upstream. There is one at a time. It uses a
 * new connection, carries a queued query if there is one, and the upstream keeps the connection.
 *
 * The upstream owns it and interprets the outcome. No function here fails. Times are usec of CLOCK_BOOTTIME.
 */

#include "core/upstream/connection.h"

typedef struct Probe {
        Outbox *outbox;
        bool active;
        Purpose purpose; /* PURPOSE_PROBE or PURPOSE_TRIAL */
        bool suspicion;  /* requested by health rather than by the administrator or active mode */
        uint64_t started_at;
        Exchange *exchange; /* NULL until the connection is ready */
        uint64_t cookie;    /* cookie of engine_probe(); 0: none */
        Timer timer;        /* expires in the owner, at the deadline */
} Probe;

void probe_init(Probe *p, Outbox *o, void (*due)(Timer *t, uint64_t now));

/* Starts a probe that ends at `deadline` at the latest. Must not be active. */
void probe_start(Probe *p, Purpose purpose, bool suspicion, uint64_t now, uint64_t deadline);

/* Sets the exchange that carries it; NULL if it is over. */
void probe_set_exchange(Probe *p, Exchange *x);

/* Notes that engine_probe() requested it. */
void probe_set_cookie(Probe *p, uint64_t cookie);

/* Ends the probe. Returns its exchange if that is still queued or in flight, and NULL otherwise; the caller disposes
 * of it. */
Exchange *probe_end(Probe *p);

/* Reports the outcome as ACTION_PROBED if engine_probe() requested the probe. `upstream` is a handle. */
void probe_report(const Probe *p, const ConnectionPool *pool, uint32_t upstream, FailureReason reason, uint64_t now);
