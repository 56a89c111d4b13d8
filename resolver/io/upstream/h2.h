/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * H2: one HTTP/2 connection to one address of an upstream: TCP, TLS, HTTP/2, and a stream for each DNS message. A thin
 * shell around libuv, GnuTLS (io/upstream/stream) and nghttp2 that decides nothing. The engine decides which address to
 * use, and when to connect, ping, send, cancel and close.
 *
 * Life: h2_new() starts connecting. Events come from the loop, never from inside a call of the owner. No event follows
 * `closed`, and the object frees itself once its close is complete (GOAWAY, close_notify, FIN, reading to EOF, at most
 * STREAM_LINGER_MSEC; HEALTH.md 4). The owner may call h2_close() at any time, after which no event comes either. What
 * it points to is never freed from inside one of its own callbacks.
 */

#include <uv.h>

#include "core/base/packet.h"
#include "core/config/config.h"
#include "core/health/failure.h"
#include "core/upstream/http_response.h"
#include "io/upstream/stream.h"

#define H2_STREAMS_MAX 100 /* our own cap on concurrent streams */
#define H2_BODY_MAX 65535

typedef struct H2 H2;
typedef struct Tls Tls; /* io/upstream/tls.h: trust store, credentials, tickets of one upstream */

typedef struct H2Ready {
        Handshake handshake;
        uint16_t local_port;
        const char *tls_version; /* "TLS1.3"; static */
} H2Ready;

/* Called from the loop only. `userdata` is what was passed to h2_new(). Bytes are borrowed for the duration of the
 * call. */
typedef struct H2Events {
        void (*established)(void *userdata); /* TCP is up; the handshake starts with h2_flush(), in it or later */
        void (*ready)(void *userdata, const H2Ready *ready); /* TLS is verified and h2 chosen: queries may be sent */
        void (*received)(void *userdata);                    /* octets arrived: once per read, before their events */
        void (*max_streams)(void *userdata, uint32_t max);   /* SETTINGS_MAX_CONCURRENT_STREAMS, at most the limit */
        void (*goaway)(void *userdata,
                       FailureReason failure); /* FAILURE_GOAWAY, _CALM, _ERROR; streams above its last
                                        id are reported as FAILURE_REFUSED_STREAM or _NOT_SENT after it */
        void (*response)(void *userdata, uint32_t exchange, const HttpResponse *response, Bytes body);
        /* This stream only: REFUSED_STREAM, NOT_SENT, STREAM_RESET, BODY_SIZE, PROTOCOL. */
        void (*failed)(void *userdata, uint32_t exchange, FailureReason failure);
        /* The connection is closed, and so is every exchange on it that was not reported. FAILURE_IDLE_CLOSED for a FIN
         * with none open. */
        void (*closed)(void *userdata, FailureReason failure);
} H2Events;

typedef StreamStats H2Stats;

/*
 * Starts connecting to `address`. `config` is borrowed until h2_close() or `closed`. Returns NULL with *ret_failure of
 * class LOCALNET if that fails at once (no route, no descriptor): no event comes then. Session tickets are taken from
 * `tls` and returned to it. `stats` is updated for as long as the loop runs, because closing continues after
 * h2_close().
 */
H2 *h2_new(uv_loop_t *loop, const UpstreamConfig *config, const Address *address, Tls *tls, const H2Events *events,
           void *userdata, H2Stats *stats, FailureReason *ret_failure);

/*
 * Sends a DNS message, of which it takes a reference, as a stream of its own. `exchange` identifies its outcome. With
 * `ping`, a PING is sent in the same write. Nothing is written before h2_flush(), so that all queries of one turn of
 * the loop go out as one TLS record and one write, HEADERS and DATA together. Returns 0. If nothing was queued, no
 * event comes, and the result is a negative errno: -EPIPE if the connection is closing or accepts no new streams,
 * -EBUSY if it has as many as it may have, -EMSGSIZE if this is no DNS message, -ENOMEM.
 */
int h2_send(H2 *h, uint32_t exchange, Packet *message, bool ping);

/* Between `established` and h2_flush(): like h2_send(), but as early data. Where that cannot be, or the peer rejects
 * it, nothing happens. h2_send() of the same exchange, once `ready`, sends what was not sent. */
void h2_offer(H2 *h, uint32_t exchange, Packet *message);

void h2_ping(H2 *h);

/* Resets the stream (CANCEL): no event comes for this exchange any more. */
void h2_cancel(H2 *h, uint32_t exchange);

/* Like stream_address_gone(). */
bool h2_address_gone(const H2 *h);

/* Writes what is queued. After `established`, starts the TLS handshake. */
void h2_flush(H2 *h);

/* Closes cleanly, without an RST. No event comes from here on, not even for open streams. Returns NULL. */
H2 *h2_close(H2 *h);
