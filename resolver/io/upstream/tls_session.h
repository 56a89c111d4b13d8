/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * TlsSession: the TLS of one connection, without a socket: ciphertext in, plaintext out, and vice versa. The pull and
 * push functions of GnuTLS work on memory, so that the owner of the socket decides how much is read, and when it is
 * written.
 *
 * Life: tls_session_init(), then handshake until it does not return TLS_AGAIN, then read and write, then bye. After
 * TLS_FAILED or TLS_EOF, only `out` is of use, which may contain an alert. deinit is allowed at any time, also on a
 * zeroed object.
 */

#include <gnutls/gnutls.h>

#include "core/config/config.h"
#include "core/health/failure.h"
#include "io/byte_buffer.h"
#include "io/upstream/tls.h"

typedef struct TlsSession {
        gnutls_session_t session;
        Tls *tls;
        const UpstreamConfig *config; /* borrowed; used during the handshake only */
        Bytes in;                     /* ciphertext to read, borrowed: set before each call, consumed by TLS_AGAIN */
        ByteBuffer out;               /* ciphertext to write: taken by the owner */
        FailureReason failure;        /* after TLS_FAILED */
        bool sent_early;              /* the early data goes out with the first flight of the handshake */
        bool up;                      /* the handshake is complete, and the peer is verified */
        bool heard;                   /* an octet came */
        bool tls_looking;             /* and the first record looked like TLS */
        unsigned generation;          /* of the tickets, at the start */
        unsigned oddities;            /* warnings and interruptions so far: limited */
        unsigned tickets;             /* received */
} TlsSession;

typedef enum TlsResult {
        TLS_OK,
        TLS_AGAIN,  /* more octets are needed */
        TLS_EOF,    /* close_notify came */
        TLS_FAILED, /* see `failure` */
} TlsResult;

/* `config` is borrowed until the handshake is complete. Plaintext in `early` is sent with the first flight of the
 * handshake if a ticket allows that (RFC 8446 2.3, 4.2.10), which shows in `sent_early`. Returns FAILURE_TRUST_STORE or
 * FAILURE_RESOURCES on error. */
FailureReason tls_session_init(TlsSession *t, Tls *tls, const UpstreamConfig *config, Bytes early);

/* Returns true if the peer accepted the early data. The handshake is complete. */
bool tls_session_early_accepted(const TlsSession *t);
void tls_session_deinit(TlsSession *t);

/* Returns TLS_OK once h2 was chosen and the peer is verified, whether the session is resumed or not. */
TlsResult tls_session_handshake(TlsSession *t);

/* Returns the next plaintext, borrowed until the next call for any session. */
TlsResult tls_session_read(TlsSession *t, Bytes *ret);

/* Encrypts into as few records as possible. */
TlsResult tls_session_write(TlsSession *t, Bytes plaintext);

/* Writes close_notify. */
void tls_session_bye(TlsSession *t);
