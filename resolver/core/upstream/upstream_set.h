/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * UpstreamSet: the upstreams as configured, in order; those that a reload removed, until they have finished; and what
 * concerns all of them: the network's epoch, reloads, and to which of them a query may go.
 */

#include "core/upstream/selection.h"
#include "core/upstream/upstream.h"

typedef struct UpstreamSet {
        UpstreamCommon common;
        HealthParameters parameters;
        Upstream **members; /* as configured */
        Health **healths;   /* theirs, for the health group */
        size_t n;
        size_t preferred; /* Policy=fastest: the one in use */
        Upstream **retired;
        size_t n_retired;
} UpstreamSet;

/* No upstreams yet: upstream_set_reload() makes them. `o` is borrowed. */
void upstream_set_init(UpstreamSet *s, Outbox *o, const uint8_t hash_key[16]);
/* Frees them with all they have; tells nobody. */
void upstream_set_deinit(UpstreamSet *s);

/* What a reload needs, made beforehand, so that it changes all or nothing. */
typedef struct UpstreamSetChange {
        Upstream **members;
        Health **healths;
        Upstream **retired;
        Config *config; /* borrowed */
} UpstreamSetChange;

/* Upstreams for `config`: those that did not change are the running ones; of one that did, what the administrator set
 * is kept. False, and nothing changed, when out of memory. */
bool upstream_set_prepare(UpstreamSet *s, Config *config, UpstreamSetChange *ret, uint64_t now);
/* Carries it out. `config` holds from now on, and must live until the next. True if any upstream is another. */
bool upstream_set_apply(UpstreamSet *s, UpstreamSetChange *change, uint64_t now);

/* Takes the notices of connections and connecting off the outbox, until there are none. */
void upstream_set_take_notices(UpstreamSet *s, uint64_t now);
/* Those that were removed and have finished go. */
void upstream_set_bury(UpstreamSet *s);

/* --- for queries */

/* Number `i` in configured order; NULL if there is none. */
Upstream *upstream_set_member(const UpstreamSet *s, size_t i);
/* May any be used? */
bool upstream_set_usable(const UpstreamSet *s);
/* The best one that may be used, of those for which `excluded` is false; NULL if there is none. `fresh`: it is the
 * first for its query, and with Policy=fastest the one that is preferred from now on. */
Upstream *upstream_set_select(UpstreamSet *s, bool (*excluded)(const Upstream *u, const void *userdata),
                              const void *userdata, bool fresh, uint64_t now);

/* --- the machine */

/* Another network: `resumed` after a suspend. */
void upstream_set_epoch(UpstreamSet *s, bool resumed, uint64_t now);
/* A connection at hand for the first query in a new network, to the upstream that would get it. */
void upstream_set_preconnect(UpstreamSet *s, uint64_t now);
void upstream_set_close_idle(UpstreamSet *s);
/* The wall clock was set: certificates that were refused may be valid now. */
void upstream_set_clock_set(UpstreamSet *s, uint64_t now);
