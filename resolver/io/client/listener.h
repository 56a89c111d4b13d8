/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Listener: the client side. UDP (io/client/udp) and TCP (io/client/tcp) sockets, passed by systemd or our own, that
 * pass queries to a sink and accept answers from it at any later time, or never. Batches, limits and fairness are here.
 * DNS is not: a query is a sequence of octets.
 */

#include <uv.h>

#include "core/base/client.h"
#include "core/dns/pending_reply.h"
#include "core/config/config.h"

/* A query was read at `now`, as clock_now() tells it: queries that were read together have the same time, and none has
 * an earlier one than the query before. The octets are borrowed for the duration of the call. Called from the loop
 * only. */
typedef void (*ListenerQuery)(void *userdata, const Client *client, Transport transport, Bytes query, uint64_t now);

typedef struct ListenerStats {
        uint64_t udp_queries, tcp_queries, tcp_accepted, tcp_open;
        uint64_t dropped_source; /* from an address that may not query (C15) */
        uint64_t dropped_flood;  /* of a client that queries so much that it leaves no room for others (C26) */
        uint64_t dropped_send;   /* answers that the kernel did not accept */
        uint64_t tcp_evicted;    /* connections closed to make room */
        uint64_t tcp_overflow;   /* closed because the client does not read, or never completes a large query */
} ListenerStats;

typedef struct ListenerLimits {
        unsigned tcp_connections; /* 256; at most a quarter of RLIMIT_NOFILE */
        unsigned tcp_pipeline;    /* 100: queries in flight per connection; no more are read */
        uint64_t tcp_idle; /* 30 s without a message, an answer or a pending query; usec. Also announced as keepalive */
        const AddressPrefix
                *allow_from; /* other networks that may query; applies from the next query or connection on */
        size_t n_allow_from;
} ListenerLimits;

extern const ListenerLimits listener_limits_default;

typedef struct Listener Listener;

/* Takes ownership of `fd`, a bound UDP socket or a listening TCP socket, as told by SO_TYPE. Returns a negative errno
 * if it is neither, or not an internet socket: -ENOTSOCK, -EAFNOSUPPORT, -EPROTOTYPE, -EADDRNOTAVAIL (not bound to a
 * port). */
int listener_new_fd(uv_loop_t *loop, int fd, const ListenerLimits *limits, ListenerStats *stats, ListenerQuery query,
                    void *userdata, Listener **ret);

/* Binds UDP and TCP on `address`, which need not be assigned yet, and creates two listeners. Port 0 takes a free port,
 * the same for both. Returns a negative errno on error; -ENODEV if there is no such interface. */
int listener_new_bind(uv_loop_t *loop, const Address *address, const ListenerLimits *limits, ListenerStats *stats,
                      ListenerQuery query, void *userdata, Listener *ret[static 2]);

Transport listener_transport(const Listener *l);

/* Returns the address that it listens on. */
void listener_address(const Listener *l, Address *ret);
/* Returns the number that its clients have, and the other way around the listener of a client, or NULL. */
uint32_t listener_number(const Listener *l);
const Listener *listener_of(const Client *client);

/* Sends a reply. Over UDP, it is written at the next flush. Over TCP, a reference is taken, and it is written when
 * possible. */
void listener_answer(const Client *client, PendingReply *reply);

/* The query of this client was dropped and will have no answer: lets a TCP connection continue to read. */
void listener_dismiss(const Client *client);

/* Sends the gathered answers, at the end of each turn of the loop: over UDP in one sendmmsg(2), over TCP in one write
 * per connection. */
void listener_flush_all(void);

/* Stops reading; queries stay in the queue of the kernel for the next process. Answers are still sent. */
void listener_stop(Listener *l);

/* Returns whether everything that was read has been passed on, and all answers are written. After a stop, that remains
 * so. */
bool listener_is_done(const Listener *l);

/* Closes it and its TCP connections. Accepts NULL, and returns NULL. */
Listener *listener_free(Listener *l);
