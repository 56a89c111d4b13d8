/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Engine: the only door between core and io. Events and the time go in; things to do come out, in order, from a queue;
 * and it says when it next wants to be called. It never calls out, so that nothing can be freed or re-entered under
 * anybody's feet: whoever runs it calls an engine_* function, then takes actions until there are none, then sleeps
 * until engine_next_time() or the next event.
 *
 * Numbers of connections, exchanges and upstreams carry a generation: an event for one that has gone is ignored.
 * All times are usec of CLOCK_BOOTTIME.
 */

#include "core/outbox/outbox.h"
#include "core/query/cache.h"
#include "core/dns/hosts_table.h"
#include "core/upstream/http_response.h"

typedef struct Engine Engine;

/* `seed`: randomness for jitter and the cache's hash. NULL when out of memory. Takes a reference to `config`. */
Engine *engine_new(Config *config, const uint8_t seed[16], uint64_t now);

/* Frees everything; actions not taken are dropped, clients not answered. NULL is fine; always returns NULL. */
Engine *engine_free(Engine *e);
DEFINE_CLEANUP(Engine, engine_free)

/* The next thing to do; false if there is none. What it points to lives until the next call of any engine function. */
bool engine_next_action(Engine *e, Action *ret);

/* When engine_run() wants to be called; USEC_NEVER: only events can change anything. */
uint64_t engine_next_time(const Engine *e);
void engine_run(Engine *e, uint64_t now);

/* --- clients */

/*
 * A query came over `transport`. True: there will be exactly one ACTION_ANSWER for it, by its deadline at the
 * latest. False: it gets none (an answer by its looks, or fewer than 12 octets).
 */
bool engine_query(Engine *e, const Client *client, Transport transport, Bytes message, uint64_t now);

/* Queries waiting for an answer. */
size_t engine_waiting(const Engine *e);

/* --- connections: events as in io/upstream/h2.h */

void engine_established(Engine *e, uint32_t connection, uint64_t now);
void engine_ready(Engine *e, uint32_t connection, bool resumed, uint64_t now);
void engine_received(Engine *e, uint32_t connection, uint64_t now);
void engine_max_streams(Engine *e, uint32_t connection, uint32_t max, uint64_t now);
void engine_goaway(Engine *e, uint32_t connection, FailureReason failure, uint64_t now);
void engine_response(Engine *e, uint32_t connection, uint32_t exchange, const HttpResponse *response, Bytes body,
                     uint64_t now);
void engine_exchange_failed(Engine *e, uint32_t connection, uint32_t exchange, FailureReason failure, uint64_t now);
/* The local address that it uses is no longer this machine's: what waits is sent again on a new one. */
void engine_address_gone(Engine *e, uint32_t connection, uint64_t now);
/* It is gone, or could not even be started (failures of class LOCALNET). */
void engine_closed(Engine *e, uint32_t connection, FailureReason failure, uint64_t now);

/* --- Do53 servers: as in io/upstream/do53_client.h */

/* A message came for `exchange`, which was given `id`. One that does not answer it changes nothing: the exchange goes
 * on. */
void engine_do53_answer(Engine *e, uint32_t exchange, uint16_t id, Bytes message, uint64_t now);
/* It could not be sent, or an error came back; its socket is closed. */
void engine_do53_failed(Engine *e, uint32_t exchange, FailureReason failure, uint64_t now);

/* --- the machine */

/* Routes or addresses changed: a new epoch. `online`: there is a default route (or nobody can tell). */
void engine_network_changed(Engine *e, bool online, uint64_t now);
/* About to suspend: idle connections are closed while the network is there. */
void engine_sleep(Engine *e, uint64_t now);
/* Back from a suspend of `slept` usec: a new epoch, connections from before are given up, what waits is sent again, and
 * its deadlines move by that time, since clients did not see it pass. To be called before engine_run() sees the new
 * time. */
void engine_resume(Engine *e, uint64_t slept, uint64_t now);
/* The wall clock was set (NTP): certificates may be valid now. */
void engine_clock_set(Engine *e, uint64_t now);

/* --- the administrator */

/* The new configuration holds from the next query on. Upstreams that did not change keep state and connection; what is
 * in flight to removed ones is finished. Names that have to go elsewhere now are asked there at once, also those in
 * flight. Takes a reference. Negative errno if out of memory, and then nothing changed. */
int engine_reload(Engine *e, Config *config, uint64_t now);

/* What the hosts file says, and what this machine is called. References are taken; NULL: nothing. Holds from the next
 * query on. */
void engine_set_hosts(Engine *e, Hosts *file, Hosts *own);

void engine_flush_cache(Engine *e);
void engine_reset_statistics(Engine *e);

/* These name an upstream by its number and return false if it has gone. */
bool engine_set_admin(Engine *e, uint32_t upstream, HealthAdmin admin, uint64_t now);
/* Probes now, over a new connection, and says ACTION_PROBED with `cookie` (not 0); false also if another cookie waits
 * for a probe. */
bool engine_probe(Engine *e, uint32_t upstream, uint64_t cookie, uint64_t now);
/* Closes its connections; what waits is sent again on a new one. */
bool engine_disconnect(Engine *e, uint32_t upstream, uint64_t now);

/* --- looking */

typedef struct UpstreamInfo {
        uint32_t number;
        const UpstreamConfig *config; /* lives until ACTION_UPSTREAM_GONE */
        const Health *health;
        unsigned connections;
        uint64_t smoothed_rtt; /* usec; 0: not known */
        uint64_t peer_idle;    /* usec; 0: not known */
        uint64_t queries;      /* DNS messages sent */
        uint64_t failures;     /* failures that were counted */
        uint64_t handshakes_full, handshakes_resumed;
        uint64_t probes; /* probes and trials */
        uint64_t races, races_won;
} UpstreamInfo;

/* Number `i` in configured order; false behind the last. */
bool engine_upstream(const Engine *e, size_t i, UpstreamInfo *ret);

typedef struct EngineStats {
        Counters counters;
        CacheStats cache;
} EngineStats;

void engine_stats(const Engine *e, EngineStats *ret);
NetworkState engine_network_state(const Engine *e);
const Config *engine_config(const Engine *e);

/* Live objects, which are back at their baseline when nothing is under way (FAULTS.md I4). */
typedef struct EngineObjects {
        size_t queries, pending, exchanges, connections, upstreams, actions;
} EngineObjects;

void engine_objects(const Engine *e, EngineObjects *ret);
