/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the parts of doh-server share: the one server, its connections, a thread each, and what is being asked on them.
 */

#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <nghttp2/nghttp2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "answers.h"
#include "core/base/list.h"
#include "faults.h"

typedef enum Command {
        COMMAND_NONE,
        COMMAND_FREEZE,
        COMMAND_THAW,
        COMMAND_GOAWAY,
        COMMAND_CLOSE,
        COMMAND_MAX_STREAMS
} Command;

typedef struct Request {
        int32_t stream;
        uint8_t *message;
        size_t n;
        Packet *answer;
        size_t sent;
        uint64_t due; /* ms; 0: now */
        List in_connection;
} Request;

typedef struct Connection {
        int fd, wake;
        gnutls_session_t tls; /* NULL before the handshake */
        nghttp2_session *session;
        List requests;
        int32_t last_stream; /* of the GOAWAY frames so far: it must not grow (RFC 9113 6.8) */
        bool frozen, leave, reset, bye;
        bool stalled;  /* leaves, but not before the peer has */
        int left;      /* octets that may still be written to TCP; -1: as many as there are */
        Faults faults; /* when it was accepted */
        _Atomic Command command;
        List in_server;
} Connection;

typedef struct Server {
        pthread_mutex_t lock;
        Faults faults;
        List connections;
        int listener;
        struct sockaddr_in address;
        gnutls_datum_t ticket_key;
        const char *name;
        unsigned max_streams;
        atomic_ulong accepted, open, full, resumed, queries, pings, goaways, byes, fins, resets, streams, streams_most;
        char *names;
        size_t names_n;
} Server;

extern Server server;

uint64_t now_msec(void);
Faults current_faults(void);

/* The port is open or closed. (doh-server.c) */
void server_listen(bool open);

/* One connection from its first octet to its last; frees it. (connection.c) */
void *connection_run(void *connection);
/* All that nghttp2 has to say. */
bool connection_send_frames(Connection *c);
/* ByteBuffer to TLS, or to TCP before it is up. */
bool connection_send(Connection *c, const uint8_t *p, size_t n);

/* HTTP/2: requests in, answers and faults out. (exchange.c) */
nghttp2_session *exchange_session(Connection *c);
void exchange_respond(Connection *c, Request *r);
/* Answers those whose time has come; when the next one's comes, or UINT64_MAX. */
uint64_t exchange_respond_due(Connection *c);
void exchange_free(Request *r);

/* Carries out commands, a line each, until there are no more. (control.c) */
void control_take(FILE *in, FILE *out);
void control_start(const char *directory);
