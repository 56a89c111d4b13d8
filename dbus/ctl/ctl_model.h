/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Model: the properties of the daemon and its upstreams, as read from the bus. org.dohmouse1(5) describes them.
 */

#include "ctl.h"

typedef struct UpstreamView {
        char *name, *url, *health_mode, *state, *reason, *reason_detail, *admin; /* never NULL */
        char **addresses;                                                        /* NULL-terminated */
        uint64_t retry_at, last_change;                                          /* usec, CLOCK_REALTIME; 0: none */
        uint64_t connections, smoothed_rtt, peer_idle;
        uint64_t queries, failures, handshakes_full, handshakes_resumed, probes, races, races_won;
} UpstreamView;

typedef struct ManagerView {
        char *version, *health_mode, *network, *log_level, *configuration_error;
        uint64_t cache_entries, cache_octets, cache_octets_max, queries;
} ManagerView;

typedef struct UpstreamList {
        UpstreamView *views; /* in the order of the configuration */
        size_t n;
} UpstreamList;

void upstream_view_deinit(UpstreamView *v);
void manager_view_deinit(ManagerView *v);
void upstream_list_deinit(UpstreamList *l);

/* False on an error, which has been printed. */
bool ctl_read_manager(Ctl *c, ManagerView *ret);
bool ctl_read_upstreams(Ctl *c, UpstreamList *ret);

/* Reads the a{sa{sv}} of an object, and appends it to the list if it is an upstream. Negative errno. */
int upstream_list_read(UpstreamList *l, sd_bus_message *m);

/* Updates `v` with an a{sv} of org.dohmouse1.Upstream, as in PropertiesChanged. Negative errno. */
int upstream_view_update(UpstreamView *v, sd_bus_message *m);

/* Finds an upstream by name. If there is none, prints an error that lists those there are, and returns NULL. */
const UpstreamView *upstream_find(const UpstreamList *l, const char *name);

/* The state to show to a user: "up" or "down" if the administrator has set it, else its state. */
const char *upstream_state_word(const UpstreamView *v);
/* The colour for such a word, or for a state of the network; "" without colours. */
const char *state_colour(const Ctl *c, const char *word);
/* The text for a Reason: "connection refused"; "" if there is none. */
const char *reason_words(const char *reason);

uint64_t now_real(void);
