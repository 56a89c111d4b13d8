/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * H2Request: one DNS message on its way over HTTP/2, and the answer as far as it came (RFC 8484). Belongs to an H2: to
 * its open ones while nghttp2 has a stream for it, then to those whose outcome has not been told yet.
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
        bool unwanted;         /* cancelled: no event */
        bool unsent;           /* never left us */
        bool peer_reset;       /* RST_STREAM came */
        bool final;            /* the fields of the final response are here */
        bool complete;         /* END_STREAM came */
        FailureReason failure; /* decided by us */
        unsigned interim;      /* responses 1xx */
        HttpResponse response;
        size_t received; /* octets of body, kept or not */
        ByteBuffer body;
        ByteBuffer message;
        size_t sent; /* octets of it */
} H2Request;

/* NULL when out of memory. */
H2Request *h2_request_new(uint32_t exchange, Bytes message);
/* Always NULL. Is in no list any longer. */
H2Request *h2_request_free(H2Request *r);

/* ":authority" of an upstream: host and, unless it is 443, port. NULL when out of memory. */
char *h2_authority(const UpstreamConfig *config);

/* Opens a stream for it, with `r` as its user data. Negative errno. */
int h2_request_submit(H2Request *r, nghttp2_session *session, const UpstreamConfig *config, const char *authority);

/* Why there is no response, when the stream was closed with `code` of HTTP/2; FAILURE_NONE: there is one. */
FailureReason h2_request_outcome(const H2Request *r, uint32_t code);
