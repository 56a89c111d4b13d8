/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Handshake: how the TLS session of a connection was set up.
 */

typedef enum Handshake {
        HANDSHAKE_FULL,
        HANDSHAKE_RESUMED,
        HANDSHAKE_EARLY, /* resumed, and the peer accepted early data (RFC 8446 2.3) */
} Handshake;
