/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * TlsSession: the TLS of one connection, without a socket: ciphertext in, plaintext out, and back. GnuTLS' pull and
 * push functions are memory here, so that whoever owns the socket decides how much is read and when it is written.
 *
 * Life: tls_session_init, then handshake until it is not TLS_AGAIN, then read and write, then bye. After TLS_FAILED or
 * TLS_EOF only `out`, which may hold an alert, is of use. deinit at any time, also on a zeroed one.
 */

#include <gnutls/gnutls.h>

#include "core/config/config.h"
#include "core/health/failure.h"
#include "io/byte_buffer.h"
#include "io/upstream/tls.h"

typedef struct TlsSession {
        gnutls_session_t session;
        Tls *tls;
        const UpstreamConfig *config; /* borrowed; used in the handshake only */
        Bytes in;                     /* ciphertext to read, borrowed: set before each call, used up by TLS_AGAIN */
        ByteBuffer out;               /* ciphertext to write: taken by the owner */
        FailureReason failure;        /* after TLS_FAILED */
        bool up;                      /* the handshake is over and the peer is who it should be */
        bool heard;                   /* an octet came */
        bool tls_looking;             /* and it looked like TLS */
        unsigned generation;          /* of the tickets, when it began */
        unsigned oddities;            /* warnings and interruptions so far: bounded */
        unsigned tickets;             /* received */
} TlsSession;

typedef enum TlsResult {
        TLS_OK,
        TLS_AGAIN,  /* more octets are needed */
        TLS_EOF,    /* close_notify came */
        TLS_FAILED, /* see `failure` */
} TlsResult;

/* `config` is borrowed until the handshake is over. FAILURE_TRUST_STORE or FAILURE_RESOURCES. */
FailureReason tls_session_init(TlsSession *t, Tls *tls, const UpstreamConfig *config);
void tls_session_deinit(TlsSession *t);

/* TLS_OK: h2 was chosen, and the peer verified, whether the session was resumed or not. */
TlsResult tls_session_handshake(TlsSession *t);

/* The next plaintext: borrowed until the next call, of any session. */
TlsResult tls_session_read(TlsSession *t, Bytes *ret);

/* In as few records as the peer takes. */
TlsResult tls_session_write(TlsSession *t, Bytes plaintext);

/* Writes close_notify. */
void tls_session_bye(TlsSession *t);
