/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * HttpResponse: interprets the header fields of an HTTP response to a DoH query (RFC 8484, 9110, 9111): a failure, or
 * how long the answer is fresh. Pure; allocates nothing. nghttp2 handles HTTP/2 itself.
 */

#include "core/health/failure.h"

#define HTTP_VALUE_MAX 32 /* bytes of a field value that are reported, with a NUL */

typedef struct HttpResponse {
        unsigned status; /* 0: missing, repeated, or not three digits */
        bool has_status;
        bool has_type;
        bool type_ok; /* Content-Type is application/dns-message and not repeated; parameters are ignored */
        char type[HTTP_VALUE_MAX];     /* Content-Type, up to the first octet that is not printable ASCII */
        bool encoded;                  /* Content-Encoding other than identity */
        char encoding[HTTP_VALUE_MAX]; /* Content-Encoding, likewise */
        bool has_length;
        bool bad_length; /* Content-Length is not a number, or was repeated with another value */
        uint64_t length; /* octets, from Content-Length */
        bool has_age;
        uint32_t age; /* seconds; 0 if absent or invalid (RFC 9111 5.1) */
        bool has_max_age;
        uint32_t max_age; /* seconds; 0 also for no-store and no-cache (RFC 9111 5.2) */
        bool has_retry_after;
        uint32_t retry_after; /* seconds from now, from 1 to 300 (RFC 9110 10.2.3) */
} HttpResponse;

#define HTTP_RESPONSE_INIT (HttpResponse) { 0 }

/* Adds a field of the final response, including the pseudo-header field ":status". `wall_clock` is the time in
 * seconds since 1970, for an HTTP-date in Retry-After. Names are in lower case, which nghttp2 enforces. Unknown
 * fields are ignored. */
void http_response_field(HttpResponse *r, Bytes name, Bytes value, int64_t wall_clock);

/* Returns true if the status is 2xx, so that the body may be a DNS message (RFC 8484 4.2.1). Other bodies can be
 * discarded. */
bool http_response_answers(const HttpResponse *r);

/* Returns the failure that a response with a body of `body_size` octets means, or FAILURE_NONE if the body may be a
 * DNS message. */
FailureReason http_response_failure(const HttpResponse *r, size_t body_size);

/* Returns `reason` with the status and the text that explains it. */
FailureDetail http_response_detail(const HttpResponse *r, size_t body_size, FailureReason reason);
