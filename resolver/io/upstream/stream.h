/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Stream: TCP and TLS to one address. Connects, verifies, passes plaintext in both directions, and closes without an
 * RST (HEALTH.md 4).
 *
 * Life: stream_new() starts connecting. Events come from the loop, never from inside a call. stream_close() is allowed
 * at any time, also inside an event, and is the only call allowed after `closed`. The stream then takes care of itself:
 * it writes close_notify and FIN, reads to the end of what the peer sends, and frees itself, after STREAM_LINGER_MSEC
 * at the latest.
 *
 * libuv writes with write(2): the process must ignore SIGPIPE.
 */

#include <uv.h>

#include "core/base/handshake.h"
#include "core/config/config.h"
#include "core/health/failure.h"
#include "io/upstream/tls.h"

#define STREAM_LINGER_MSEC 1000

typedef struct Stream Stream;

typedef struct StreamEvents {
        void (*established)(void *userdata);                   /* TCP is up: stream_handshake() is next */
        void (*ready)(void *userdata);                         /* TLS is established, and the peer verified */
        void (*received)(void *userdata);                      /* octets arrived: once per read, before their events */
        void (*plaintext)(void *userdata, Bytes bytes);        /* borrowed for the duration of the call */
        void (*settled)(void *userdata);                       /* the octets of one read are processed: time to write */
        void (*drained)(void *userdata);                       /* no longer blocked */
        void (*woken)(void *userdata);                         /* requested by stream_wake() */
        void (*closed)(void *userdata, FailureReason failure); /* closed by the peer (FAILURE_IDLE_CLOSED), or broken */
} StreamEvents;

typedef struct StreamStats {
        uint64_t opened; /* TCP was up */
        uint64_t closed_clean;
        uint64_t closed_forced;         /* the peer did not read our FIN in time, or is gone */
        uint64_t octets_in, octets_out; /* on TCP */
        uint64_t writes;                /* system calls */
} StreamStats;

typedef struct StreamInfo {
        Handshake handshake;
        uint16_t local_port;
        const char *tls_version; /* static */
} StreamInfo;

/*
 * Starts connecting. `config` is borrowed until stream_close(). `stats` is updated for as long as the loop runs, also
 * during the close. Returns NULL with *ret_failure of class LOCALNET if that fails at once.
 */
Stream *stream_new(uv_loop_t *loop, const UpstreamConfig *config, const Address *address, Tls *tls,
                   const StreamEvents *events, void *userdata, StreamStats *stats, FailureReason *ret_failure);

/* Starts the TLS handshake. Called once, in or after `established`. `early` is sent as early data if a session ticket
 * allows it; returns false if it was not sent. Whether the peer accepted it, stream_info() tells. */
bool stream_handshake(Stream *s, Bytes early);

/* After `ready`. */
StreamInfo stream_info(const Stream *s);

/* Returns whether the stream's local address was removed from this machine: nothing will arrive any more
 * (sockaddr.h). */
bool stream_address_gone(const Stream *s);

/* Encrypts. Returns false if the stream is broken, which an event reports. */
bool stream_send(Stream *s, Bytes bytes);

/* Writes what was sent, and what TLS itself has to send. The end of `settled` and stream_close() do so, too. */
void stream_flush(Stream *s);

/* Returns whether the kernel accepts no more for now. What is sent nevertheless is kept, without a limit; `drained`
 * follows. */
bool stream_blocked(const Stream *s);

/* Requests `woken` in the next turn of the loop. */
void stream_wake(Stream *s);

/* Always NULL. */
Stream *stream_close(Stream *s);
