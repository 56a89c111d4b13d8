/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Model: the properties of the daemon, its upstreams and forward zones, as read from the bus. org.dohmouse1(5)
 * describes them.
 */

#include "ctl.h"

typedef struct UpstreamView {
        char *name, *url, *health_mode, *state, *reason, *reason_detail, *admin; /* never NULL */
        char **addresses;                                                        /* NULL-terminated */
        uint64_t retry_at, last_change;                                          /* usec, CLOCK_REALTIME; 0: none */
        uint64_t connections, smoothed_rtt, peer_idle;
        uint64_t queries, failures, handshakes_full, handshakes_resumed, handshakes_early, probes, races, races_won;
} UpstreamView;

typedef struct ForwardView {
        char *name, *source, *state, *reason, *current_server, *last_failure_reason,
                *last_failure_server;               /* never NULL */
        char **domains, **servers, **server_states; /* NULL-terminated */
        uint64_t last_change, last_failure;         /* usec, CLOCK_REALTIME; 0: none */
        uint64_t queries, failures;
} ForwardView;

typedef struct ManagerView {
        char *version, *health_mode, *network, *log_level, *configuration_error;
        uint64_t cache_entries, cache_octets, cache_octets_max, queries;
} ManagerView;

typedef struct UpstreamList {
        UpstreamView *views; /* in the order of the configuration */
        size_t n;
} UpstreamList;

typedef struct ForwardList {
        ForwardView *views; /* in the order of the configuration */
        size_t n;
} ForwardList;

void upstream_view_deinit(UpstreamView *v);
void forward_view_deinit(ForwardView *v);
void manager_view_deinit(ManagerView *v);
void upstream_list_deinit(UpstreamList *l);
void forward_list_deinit(ForwardList *l);

/* False on an error, which has been printed. */
bool ctl_read_manager(Ctl *c, ManagerView *ret);
bool ctl_read_upstreams(Ctl *c, UpstreamList *ret);
bool ctl_read_objects(Ctl *c, UpstreamList *ret_upstreams, ForwardList *ret_forwards);

/* Reads the a{sa{sv}} of an object, and appends it to the list of its kind. Negative errno. */
int model_read_object(UpstreamList *upstreams, ForwardList *forwards, sd_bus_message *m);

/* Updates `v` with an a{sv} of org.dohmouse1.Upstream, as in PropertiesChanged. Negative errno. */
int upstream_view_update(UpstreamView *v, sd_bus_message *m);
/* Likewise, of org.dohmouse1.Forward. */
int forward_view_update(ForwardView *v, sd_bus_message *m);

/* Find an upstream or forward zone by name, or return NULL. */
const UpstreamView *upstream_look_up(const UpstreamList *l, const char *name);
const ForwardView *forward_look_up(const ForwardList *l, const char *name);

/* Finds an upstream by name. If there is none, prints an error that lists those there are, and returns NULL. */
const UpstreamView *upstream_find(const UpstreamList *l, const char *name);

/* The state to show to a user: "up" or "down" if the administrator has set it, else its state. */
const char *upstream_state_word(const UpstreamView *v);
/* The colour for such a word, or for a state of the network; "" without colours. */
const char *state_colour(const Ctl *c, const char *word);
/* The text for a Reason: "connection refused"; "" if there is none. */
const char *reason_words(const char *reason);

uint64_t now_real(void);
uint64_t now_monotonic(void);
