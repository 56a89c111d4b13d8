/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Client: where an answer goes. Whoever takes a query in (io/client/listener, the bus) fills it; the core keeps it
 * beside the question, hands it back with the answer, and reads no more of it than what tells one source of queries
 * from another. Plain data.
 */

#include <string.h>

#include "core/base/base.h"

#define CLIENTS_PENDING_MAX 8192            /* clients that wait for an answer at a time */
#define CLIENT_TCP_IDLE (30 * USEC_PER_SEC) /* a TCP connection without a query is closed; announced by RFC 7828 */

/* How a query came, and its answer goes. */
typedef enum Transport {
        TRANSPORT_UDP,
        TRANSPORT_TCP,
} Transport;

typedef enum ClientKind {
        CLIENT_TEST, /* of a test or a simulation */
        CLIENT_UDP,
        CLIENT_TCP,
        CLIENT_BUS,
} ClientKind;

typedef struct Client {
        ClientKind kind;
        uint32_t listener; /* UDP and TCP: its number; one that has closed is not found again */
        union {
                struct {
                        uint16_t family;
                        uint16_t port; /* in network order */
                        uint8_t address[16];
                        uint8_t local[16]; /* the address that was asked */
                        uint32_t scope;
                        uint32_t interface; /* where it was asked */
                        uint32_t mark;      /* io/client/unanswered.h; 0: none */
                } udp;
                struct {
                        uint32_t connection; /* its number */
                } tcp;
                struct {
                        uint64_t call;   /* its number */
                        bool no_cache;   /* wants no cached answer */
                        bool no_network; /* wants no answer that is not known yet */
                } bus;
                struct {
                        uint64_t number;
                } test;
        };
} Client;

#define CLIENT_SOURCE_MAX 32

static inline size_t client_put(uint8_t *p, size_t n, const void *field, size_t size)
{
        memcpy(p + n, field, size);
        return n + size;
}

/*
 * What identifies the source of a query, and nothing else: over UDP the address and port, over TCP the connection.
 * Returns how many bytes of `ret` it takes.
 */
static inline size_t client_source(const Client *c, uint8_t ret[static CLIENT_SOURCE_MAX])
{
        size_t n = 0;

        ret[n++] = (uint8_t) c->kind;
        switch (c->kind) {
        case CLIENT_UDP:
                n = client_put(ret, n, &c->udp.port, sizeof(c->udp.port));
                n = client_put(ret, n, c->udp.address, sizeof(c->udp.address));
                return client_put(ret, n, &c->udp.scope, sizeof(c->udp.scope));
        case CLIENT_TCP:
                n = client_put(ret, n, &c->listener, sizeof(c->listener));
                return client_put(ret, n, &c->tcp.connection, sizeof(c->tcp.connection));
        case CLIENT_BUS:
                return client_put(ret, n, &c->bus.call, sizeof(c->bus.call));
        case CLIENT_TEST:
                return client_put(ret, n, &c->test.number, sizeof(c->test.number));
        }
        return n;
}
