/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * UpstreamSet: the configured upstreams in order, and those that a reload removed, until they have finished. Handles
 * what concerns all of them: epochs, reloads, and the choice of the upstream for a query.
 *
 * The engine owns the set, the set owns the upstreams. Pointers to upstreams are valid until upstream_set_bury(). Times
 * are usec of CLOCK_BOOTTIME.
 */

#include "core/upstream/selection.h"
#include "core/upstream/upstream.h"

typedef struct UpstreamSet {
        UpstreamCommon common;
        HealthParameters parameters;
        Upstream **members; /* in configured order */
        Health **healths;   /* their health, for the health group */
        size_t n;
        size_t preferred; /* index of the upstream in use (Policy=fastest) */
        Upstream **retired;
        size_t n_retired;
} UpstreamSet;

/* Initializes an empty set: upstream_set_apply() adds the upstreams. Borrows `o`. `hash_key` is for hashes of names. */
void upstream_set_init(UpstreamSet *s, Outbox *o, const uint8_t hash_key[16]);
/* Frees the set with its upstreams, without telling io or the queries. */
void upstream_set_deinit(UpstreamSet *s);

/* A prepared reload, which upstream_set_apply() carries out and which cannot fail. */
typedef struct UpstreamSetChange {
        Upstream **members;
        Health **healths;
        Upstream **retired;
        Config *config; /* borrowed */
} UpstreamSetChange;

/* Prepares the upstreams for `config`. Unchanged upstreams are kept; a changed upstream is created again and keeps
 * the administrator's setting. Returns false, with nothing changed, if out of memory. On success,
 * upstream_set_apply() must follow. */
bool upstream_set_prepare(UpstreamSet *s, Config *config, UpstreamSetChange *ret, uint64_t now);
/* Carries out `change`. Borrows its configuration until the next change. Returns true if any upstream was added,
 * changed or removed. */
bool upstream_set_apply(UpstreamSet *s, UpstreamSetChange *change, uint64_t now);

/* Takes all notices from the outbox and handles them. */
void upstream_set_take_notices(UpstreamSet *s, uint64_t now);
/* Frees the removed upstreams that have finished, and reports them. */
void upstream_set_bury(UpstreamSet *s);

/* --- for queries */

/* Returns the upstream with index `i` in configured order, or NULL. */
Upstream *upstream_set_member(const UpstreamSet *s, size_t i);
/* Returns true if any upstream is usable. */
bool upstream_set_usable(const UpstreamSet *s);
/* Selects the best usable upstream for which `excluded` returns false. Returns NULL if there is none. With `fresh`,
 * which means the first upstream of a query, the selected one becomes the preferred one of Policy=fastest. */
Upstream *upstream_set_select(UpstreamSet *s, bool (*excluded)(const Upstream *u, const void *userdata),
                              const void *userdata, bool fresh, uint64_t now);

/* --- the machine */

/* Starts a new epoch; `resumed` after a suspend. */
void upstream_set_epoch(UpstreamSet *s, bool resumed, uint64_t now);
/* Connects to the first usable upstream, ahead of the first query in a new network. */
void upstream_set_preconnect(UpstreamSet *s, uint64_t now);
void upstream_set_close_idle(UpstreamSet *s);
/* Handles a change of the wall clock: certificates that were rejected may be valid now. */
void upstream_set_clock_set(UpstreamSet *s, uint64_t now);
