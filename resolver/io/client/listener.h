/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Listener: the client side. UDP (io/client/udp) and TCP (io/client/tcp) sockets, from systemd or our own, that hand
 * queries to a sink and take answers from it at any later time, or never. Batches, limits and fairness live here; DNS
 * does not: a query is octets.
 */

#include <uv.h>

#include "core/base/client.h"
#include "core/dns/pending_reply.h"
#include "core/config/config.h"

/* A query came. The octets are borrowed for the call. Called from the loop only. */
typedef void (*ListenerQuery)(void *userdata, const Client *client, Transport transport, Bytes query);

typedef struct ListenerStats {
        uint64_t udp_queries, tcp_queries, tcp_accepted, tcp_open;
        uint64_t dropped_source; /* from where nobody may ask (C15) */
        uint64_t dropped_flood;  /* of a client that asks so much that there is no room for others (C26) */
        uint64_t dropped_send;   /* answers that the kernel did not take */
        uint64_t tcp_evicted;    /* connections closed to make room */
        uint64_t tcp_overflow;   /* closed because the client does not read, or never ends a large query */
} ListenerStats;

typedef struct ListenerLimits {
        unsigned tcp_connections; /* 256; at most a quarter of RLIMIT_NOFILE */
        unsigned tcp_pipeline;    /* 100: queries in flight on one connection; more are not read */
        uint64_t tcp_idle; /* 30 s after the last full message or answer, with none to come; usec. Also the keepalive we
                              announce */
} ListenerLimits;

extern const ListenerLimits listener_limits_default;

typedef struct Listener Listener;

/* `fd`: a bound UDP socket or a listening TCP one, which the listener then owns; told apart by SO_TYPE. Negative errno
 * if it is neither, or is not an internet socket: -ENOTSOCK, -EAFNOSUPPORT, -EPROTOTYPE, -EADDRNOTAVAIL (bound to no
 * port). */
int listener_new_fd(uv_loop_t *loop, int fd, const ListenerLimits *limits, ListenerStats *stats, ListenerQuery query,
                    void *userdata, Listener **ret);

/* Binds UDP and TCP on `address`, which need not be assigned yet: two listeners. Port 0 takes a free one, the same for
 * both. Negative errno; -ENODEV: there is no such interface. */
int listener_new_bind(uv_loop_t *loop, const Address *address, const ListenerLimits *limits, ListenerStats *stats,
                      ListenerQuery query, void *userdata, Listener *ret[static 2]);

Transport listener_transport(const Listener *l);

/* The address it listens on. */
void listener_address(const Listener *l, Address *ret);

/* Sends a reply. Over UDP it is written; over TCP it is taken a reference to, and written when it can be sent. */
void listener_answer(const Client *client, PendingReply *reply);

/* The query of this client will have no answer (it was dropped): lets a TCP connection go on reading. */
void listener_dismiss(const Client *client);

/* Sends the answers that were gathered, at the end of each turn of the loop: those over UDP in one sendmmsg, those of a
 * TCP connection in one write. */
void listener_flush_all(void);

/* Stops reading; queries stay in the kernel's queue for the next process. Answers still go out. */
void listener_stop(Listener *l);

/* Of what it has read, all has been handed on, and all answers have been written. After a stop it stays so. */
bool listener_is_done(const Listener *l);

/* Closes it and its TCP connections. NULL is fine; always NULL. */
Listener *listener_free(Listener *l);
