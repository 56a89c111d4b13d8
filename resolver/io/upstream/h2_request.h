/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * H2Request: one DNS message sent over HTTP/2, and the response as far as it has arrived (RFC 8484). It belongs to an
 * H2: to its open requests while nghttp2 has a stream for it, then to those whose outcome is not reported yet.
 */

#include <nghttp2/nghttp2.h>

#include "core/base/packet.h"
#include "core/config/config.h"
#include "core/upstream/http_response.h"
#include "core/base/list.h"
#include "io/byte_buffer.h"

typedef struct H2Request {
        List in_list;
        uint32_t exchange;
        int32_t stream;        /* nghttp2's */
        bool early;            /* sent as early data */
        bool unwanted;         /* cancelled: no event */
        bool unsent;           /* never left us */
        bool peer_reset;       /* RST_STREAM came */
        bool final;            /* the fields of the final response have arrived */
        bool complete;         /* END_STREAM came */
        FailureReason failure; /* decided by us */
        unsigned interim;      /* responses 1xx */
        HttpResponse response;
        size_t received; /* octets of the body, whether kept or not */
        Bytes borrowed;  /* the body, as long as it has come in one piece: part of what is being read */
        ByteBuffer body; /* the body, if it has not */
        List in_borrowers;
        Packet *message;
        size_t sent;    /* octets of it */
        char length[8]; /* its size in decimal */
} H2Request;

/* Takes a reference to the message. Returns NULL if out of memory. */
H2Request *h2_request_new(uint32_t exchange, Packet *message);
/* The request must be in no list. Returns NULL. */
H2Request *h2_request_free(H2Request *r);

/* Returns the ":authority" of an upstream: its host and, unless it is 443, its port. NULL if out of memory. */
char *h2_authority(const UpstreamConfig *config);

/* Adds to the body. The first piece is borrowed: it has to be owned before it goes. Returns false if out of memory. */
bool h2_request_add_body(H2Request *r, Bytes piece);
bool h2_request_own_body(H2Request *r);
void h2_request_drop_body(H2Request *r);
Bytes h2_request_body(const H2Request *r);

/* Opens a stream with `r` as its user data. `authority` is borrowed as long as the session lives. Returns 0 or a
 * negative errno. */
int h2_request_submit(H2Request *r, nghttp2_session *session, const UpstreamConfig *config, const char *authority);

/* Opens another stream for a request that was sent as early data and answered with 425 (Too Early, RFC 8470 5.2): the
 * handshake is complete now. Returns false if that failed. */
bool h2_request_again(H2Request *r, nghttp2_session *session, const UpstreamConfig *config, const char *authority);

/* Returns why there is no response after the stream was closed with the HTTP/2 error `code`, or FAILURE_NONE if there
 * is one. */
FailureReason h2_request_outcome(const H2Request *r, uint32_t code);
