/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Engine: the only interface between core and io. The caller passes events and the time to an engine_* function, then
 * takes actions until there are none, and then sleeps until engine_next_time() or the next event. The engine never
 * calls out, so no function is entered again while it runs.
 *
 * Connections, exchanges and upstreams are identified by handles with a generation: an event for one that no longer
 * exists is ignored. Times are usec of CLOCK_BOOTTIME. Events do not fail: if out of memory, the queries concerned end
 * with FAILURE_RESOURCES. Byte slices and messages are borrowed for the duration of the call.
 */

#include "core/outbox/outbox.h"
#include "core/query/cache.h"
#include "core/query/cache_image.h"
#include "core/query/forward_zones.h"
#include "core/dns/hosts_table.h"
#include "core/upstream/http_response.h"

typedef struct Engine Engine;

/* Creates an engine, and takes a reference to `config`. `seed` is the secret for jitter and hashes. Returns NULL if
 * out of memory. */
Engine *engine_new(Config *config, const uint8_t seed[16], uint64_t now);

/* Frees the engine. Drops actions that were not taken, and does not answer pending clients. Accepts NULL, and
 * returns NULL. */
Engine *engine_free(Engine *e);
DEFINE_CLEANUP(Engine, engine_free)

/* Takes the next action. Returns false if there is none. Its pointers are valid until the next call of an engine
 * function. */
bool engine_next_action(Engine *e, Action *ret);

/* Returns the time of the next call of engine_run(), or USEC_NEVER if only an event can change anything. */
uint64_t engine_next_time(const Engine *e);
void engine_run(Engine *e, uint64_t now);

/* --- clients */

/*
 * Processes a message that arrived from `client` over `transport`. Returns true if there will be exactly one
 * ACTION_ANSWER, by the deadline of the query at the latest. Returns false if there will be none: the message has the
 * QR bit set, or has fewer than 12 octets.
 */
bool engine_query(Engine *e, const Client *client, Transport transport, Bytes message, uint64_t now);

/* Returns the number of clients that wait for an answer. */
size_t engine_waiting(const Engine *e);

/* --- connections: events of io/upstream/h2.h */

/* TCP is established. */
void engine_established(Engine *e, uint32_t connection, uint64_t now);
/* The handshakes are complete. */
void engine_ready(Engine *e, uint32_t connection, Handshake handshake, uint64_t now);
/* Octets arrived: comes before the events that they contain. */
void engine_received(Engine *e, uint32_t connection, uint64_t now);
/* SETTINGS arrived: the peer allows `max` concurrent streams (RFC 9113 6.5.2). */
void engine_max_streams(Engine *e, uint32_t connection, uint32_t max, uint64_t now);
/* GOAWAY arrived (RFC 9113 6.8). Exchanges that it excludes fail one by one. */
void engine_goaway(Engine *e, uint32_t connection, FailureReason failure, uint64_t now);
/* A complete response arrived (RFC 8484). */
void engine_response(Engine *e, uint32_t connection, uint32_t exchange, const HttpResponse *response, Bytes body,
                     uint64_t now);
/* The exchange failed, while the connection may continue. */
void engine_exchange_failed(Engine *e, uint32_t connection, uint32_t exchange, FailureReason failure, uint64_t now);
/* The local address of the connection was removed: its exchanges are sent again on a new connection. */
void engine_address_gone(Engine *e, uint32_t connection, uint64_t now);
/* The connection was closed, or could not be started (CLASS_LOCALNET). */
void engine_closed(Engine *e, uint32_t connection, FailureReason failure, uint64_t now);

/* --- Do53 servers (RFC 9499): events of io/upstream/do53_client.h */

/* A message arrived for `exchange`, which was sent with `id`. A message that does not match is ignored, and the
 * exchange continues. */
void engine_do53_answer(Engine *e, uint32_t exchange, uint16_t id, Bytes message, uint64_t now);
/* The exchange failed, and its socket is closed. */
void engine_do53_failed(Engine *e, uint32_t exchange, FailureReason failure, uint64_t now);

/* --- the machine */

/* Routes or addresses changed: starts a new epoch. `online`: there is a default route, or that is unknown. */
void engine_network_changed(Engine *e, bool online, uint64_t now);
/* The machine is about to suspend: closes idle connections while the network is available. */
void engine_sleep(Engine *e, uint64_t now);
/* The machine has resumed after a suspend of `slept` usec: starts a new epoch, abandons all connections, sends their
 * exchanges again, and moves the deadlines of clients by `slept`. Call this before engine_run() sees the new time. */
void engine_resume(Engine *e, uint64_t slept, uint64_t now);
/* The clock is behind (NETWORK_CLOCK), and these names of time servers may be asked of these Do53 servers until it is
 * set; both are separated by blanks. To be called after each ACTION_NETWORK with that state; ignored in any other
 * state. Returns false if there are no such names or servers: then such queries fail as others do. */
bool engine_set_clock_names(Engine *e, const char *names, const char *servers, uint64_t now);
/* The wall clock was set: certificates that were rejected may be valid now. */
void engine_clock_set(Engine *e, uint64_t now);

/* What others know about the network: NetworkManager (io/system/network_manager). */
typedef struct Connectivity {
        ConnectivityState state;
        const char *check;      /* URL of the connectivity check; may be NULL */
        const Address *servers; /* Do53 servers of the link with the default route */
        size_t n_servers;
} Connectivity;

/* Applies it until it is set again, or a new epoch starts. What it refers to is copied. */
void engine_set_connectivity(Engine *e, const Connectivity *c, uint64_t now);

/* The beginning of the HTTP response that ACTION_PORTAL_LOOK with this number asked for; empty if there is none. */
void engine_portal_page(Engine *e, uint32_t look, Bytes response, uint64_t now);

/* --- the administrator */

/* Applies a new configuration, and takes a reference to it. Unchanged upstreams keep state and connections;
 * exchanges in flight with removed ones are finished. Queries in flight whose route changes are sent there at once.
 * Returns 0, or -ENOMEM with nothing changed. */
int engine_reload(Engine *e, Config *config, uint64_t now);

/* Applies the settings of links, which are borrowed from now on: call this after each change of the table. Queries in
 * flight whose route changes are sent there at once. Returns 0, or -ENOMEM with nothing changed. */
int engine_set_links(Engine *e, const LinkTable *links, uint64_t now);

/* Sets the names of the hosts file and of this machine, either of which may be NULL, and takes references. Applies
 * from the next query on. */
void engine_set_hosts(Engine *e, Hosts *file, Hosts *own);

void engine_flush_cache(Engine *e);
/* Forgets what is known about Do53 servers, such as which lack EDNS. */
void engine_forget_forwards(Engine *e, uint64_t now);

/*
 * Hands the cache over to another process: see cache_image.h. Saving begins with the header, and then moves the answers
 * to `ret` until engine_save_cache() returns 0. Loading begins with the header too, and ends with the first record that
 * is damaged, so that engine_load_cache() then returns SIZE_MAX. `wall_clock` is usec of CLOCK_REALTIME.
 */
void engine_save_cache_header(const Engine *e, uint8_t ret[static CACHE_IMAGE_HEADER_SIZE], uint64_t wall_clock,
                              uint64_t now);
size_t engine_save_cache(Engine *e, uint8_t *ret, size_t size, uint64_t now);
CacheImageStatus engine_load_cache_header(const Engine *e, Bytes header, bool same_boot, uint64_t *ret_elapsed,
                                          uint64_t wall_clock, uint64_t now);
size_t engine_load_cache(Engine *e, Bytes bytes, uint64_t elapsed, uint64_t now);
/* Ends loading: drops the answers to names that another server is asked for now. */
void engine_end_load_cache(Engine *e);
void engine_reset_statistics(Engine *e);

/* These take the handle of an upstream, and return false if it no longer exists. */
bool engine_set_admin(Engine *e, uint32_t upstream, HealthAdmin admin, uint64_t now);
/* Probes the upstream over a new connection, and reports the outcome as ACTION_PROBED with `cookie`, which is not 0.
 * Also returns false if another requested probe is running. */
bool engine_probe(Engine *e, uint32_t upstream, uint64_t cookie, uint64_t now);
/* Closes all connections, and sends their exchanges again on a new one. */
bool engine_disconnect(Engine *e, uint32_t upstream, uint64_t now);

/* --- status */

typedef struct UpstreamInfo {
        uint32_t number;
        const UpstreamConfig *config; /* borrowed; valid until ACTION_UPSTREAM_GONE */
        const Health *health;
        const char *reason_detail; /* of health->reason: "status 421"; "" if there is nothing to add */
        unsigned connections;
        uint64_t smoothed_rtt; /* usec; 0: unknown */
        uint64_t peer_idle;    /* usec; 0: unknown */
        uint64_t queries;      /* DNS messages sent */
        uint64_t failures;     /* failures of the upstream itself */
        uint64_t handshakes_full, handshakes_resumed;
        uint64_t handshakes_early; /* of those resumed: the upstream accepted early data */
        uint64_t probes;           /* probes and trials */
        uint64_t races, races_won;
} UpstreamInfo;

/* Describes upstream `i` in configured order. Returns false after the last. */
bool engine_upstream(const Engine *e, size_t i, UpstreamInfo *ret);

/* Describes the first upstream that is healthy and has an address. Returns false if there is none. */
bool engine_current_upstream(const Engine *e, UpstreamInfo *ret);

/* Returns forward zone `i`, those of [Forward] in configured order and then those of links, or NULL after the last. It
 * is valid until the next call of engine_reload() or engine_set_links(). */
const Forward *engine_forward(const Engine *e, size_t i);

/* Returns the name of the upstream or forward zone that a route leads to; "" if none, or one that is gone. It is valid
 * until the next call of an engine function. */
const char *engine_server_name(const Engine *e, const AnswerRoute *route);

/* Returns true if queries for `name`, in wire form, go to Do53 servers. */
bool engine_is_forwarded(const Engine *e, Bytes name);

typedef struct EngineStats {
        Counters counters;
        CacheStats cache;
} EngineStats;

void engine_stats(const Engine *e, EngineStats *ret);

/* Gets the next answer of the cache: see cache_walk_next(). A walk begins zeroed, and ends with the next call of an
 * engine function that is not about the status. */
bool engine_cached(const Engine *e, CacheWalk *w, CacheItem *ret, uint64_t now);
NetworkState engine_network_state(const Engine *e);
const Config *engine_config(const Engine *e);

/* Numbers of live objects, which return to their baseline when nothing is in flight (FAULTS.md I4). */
typedef struct EngineObjects {
        size_t queries, pending, exchanges, connections, upstreams, actions;
} EngineObjects;

void engine_objects(const Engine *e, EngineObjects *ret);
