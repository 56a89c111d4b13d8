/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Model: the daemon and its upstreams as the bus shows them, read whole. org.dohmouse1(5) tells what each member means.
 */

#include "ctl.h"

typedef struct UpstreamView {
        char *name, *url, *health_mode, *state, *reason, *admin; /* never NULL */
        char **addresses;                                        /* NULL at the end */
        uint64_t retry_at, last_change;                          /* usec, CLOCK_REALTIME; 0: none */
        uint64_t connections, smoothed_rtt, peer_idle;
        uint64_t queries, failures, handshakes_full, handshakes_resumed, probes, races, races_won;
} UpstreamView;

typedef struct ManagerView {
        char *version, *health_mode, *network, *log_level;
        uint64_t cache_entries, cache_octets, cache_octets_max, queries;
} ManagerView;

typedef struct UpstreamList {
        UpstreamView *views; /* as configured */
        size_t n;
} UpstreamList;

void upstream_view_deinit(UpstreamView *v);
void manager_view_deinit(ManagerView *v);
void upstream_list_deinit(UpstreamList *l);

/* False where that failed, which has been said. */
bool ctl_read_manager(Ctl *c, ManagerView *ret);
bool ctl_read_upstreams(Ctl *c, UpstreamList *ret);

/* Reads the a{sa{sv}} of an object: if it is an upstream, it is one more in the list. Negative errno. */
int upstream_list_read(UpstreamList *l, sd_bus_message *m);

/* Reads an a{sv} of org.dohmouse1.Upstream over what `v` has, as in PropertiesChanged. Negative errno. */
int upstream_view_update(UpstreamView *v, sd_bus_message *m);

/* An upstream by its name; if there is none, says so and which there are, and returns NULL. */
const UpstreamView *upstream_find(const UpstreamList *l, const char *name);

/* Its state as people should see it: "up" and "down" of the administrator stand before it. */
const char *upstream_state_word(const UpstreamView *v);
/* The colour of such a word, or of a state of the network; "" where there are no colours. */
const char *state_colour(const Ctl *c, const char *word);
/* "connection refused", for the word that the bus has; "" if there is none. */
const char *reason_words(const char *reason);

uint64_t now_real(void);
