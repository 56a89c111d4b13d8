/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Stream: TCP and TLS to one address. Connects, verifies, hands plaintext in and out, and closes without an RST
 * (HEALTH.md 4).
 *
 * Life: stream_new starts connecting; events come from the loop, never from inside a call; after `closed` the only call
 * left is stream_close, which is allowed at any time, also inside an event. From then on the stream looks after itself:
 * it writes close_notify and FIN, reads to the end of what the peer sends, and frees itself, after STREAM_LINGER_MSEC
 * at the latest.
 *
 * libuv writes with write(2): the process must ignore SIGPIPE.
 */

#include <uv.h>

#include "core/config/config.h"
#include "core/health/failure.h"
#include "io/upstream/tls.h"

#define STREAM_LINGER_MSEC 1000

typedef struct Stream Stream;

typedef struct StreamEvents {
        void (*established)(void *userdata);                   /* TCP is up */
        void (*ready)(void *userdata);                         /* TLS is up and the peer verified */
        void (*received)(void *userdata);                      /* octets came, once per read, before what they carry */
        void (*plaintext)(void *userdata, Bytes bytes);        /* borrowed for the call */
        void (*settled)(void *userdata);                       /* what one read brought is done with: time to write */
        void (*drained)(void *userdata);                       /* no longer blocked */
        void (*woken)(void *userdata);                         /* stream_wake() asked for it */
        void (*closed)(void *userdata, FailureReason failure); /* the peer closed (FAILURE_IDLE_CLOSED), or it broke */
} StreamEvents;

typedef struct StreamStats {
        uint64_t opened; /* TCP was up */
        uint64_t closed_clean;
        uint64_t closed_forced;         /* the peer did not read our FIN in time, or is gone */
        uint64_t octets_in, octets_out; /* on TCP */
        uint64_t writes;                /* system calls */
} StreamStats;

typedef struct StreamInfo {
        bool resumed;
        uint16_t local_port;
        const char *tls_version; /* static */
} StreamInfo;

/*
 * Starts connecting. `config` is borrowed until stream_close, `stats` for as long as the loop runs: it is added to
 * while the close goes on. NULL with *ret_failure of class LOCALNET if not even that could be started.
 */
Stream *stream_new(uv_loop_t *loop, const UpstreamConfig *config, const Address *address, Tls *tls,
                   const StreamEvents *events, void *userdata, StreamStats *stats, FailureReason *ret_failure);

/* After `ready`. */
StreamInfo stream_info(const Stream *s);

/* The machine no longer has the address that this goes out from: nothing will come any more (reach.h). */
bool stream_address_gone(const Stream *s);

/* Encrypts. False if it broke: an event says so. */
bool stream_send(Stream *s, Bytes bytes);

/* Writes what was sent, and with it what TLS has to say by itself. The end of `settled` and stream_close() do so,
 * too. */
void stream_flush(Stream *s);

/* The kernel takes no more for now: what is sent nevertheless is kept, without a bound. `drained` will come. */
bool stream_blocked(const Stream *s);

/* Asks for `woken` in the loop's next turn. */
void stream_wake(Stream *s);

/* Always NULL. */
Stream *stream_close(Stream *s);
