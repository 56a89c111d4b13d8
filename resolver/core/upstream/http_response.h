/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Http: what the header fields of a response mean for DNS over HTTPS (RFC 8484, 9110, 9111). Pure: fields in, a failure
 * or a freshness out. HTTP/2 itself is nghttp2's.
 */

#include "core/health/failure.h"

#define HTTP_VALUE_MAX 32 /* of what is told of a field */

typedef struct HttpResponse {
        unsigned status; /* 0: none came, or not three digits, or two of them */
        bool has_status;
        bool has_type;
        bool type_ok;                  /* one type: application/dns-message, with or without parameters */
        char type[HTTP_VALUE_MAX];     /* Content-Type as it came, as far as it is printable ASCII */
        bool encoded;                  /* Content-Encoding other than identity */
        char encoding[HTTP_VALUE_MAX]; /* likewise */
        bool has_length;
        bool bad_length; /* Content-Length is not a number, or two of them differ */
        uint64_t length; /* Content-Length */
        bool has_age;
        uint32_t age; /* seconds; 0 if absent or garbage (RFC 9111 5.1) */
        bool has_max_age;
        uint32_t max_age; /* seconds; 0 also for no-store and no-cache (RFC 9111 5.2) */
        bool has_retry_after;
        uint32_t retry_after; /* seconds from now, from 1 to 300 (RFC 9110 10.2.3) */
} HttpResponse;

#define HTTP_RESPONSE_INIT (HttpResponse) { 0 }

/* One field of the final response, the pseudo-field ":status" included. `wall_clock` is seconds since 1970, for
 * HTTP-dates in Retry-After. Names come in lower case, as nghttp2 enforces. Unknown fields are ignored. */
void http_response_field(HttpResponse *r, Bytes name, Bytes value, int64_t wall_clock);

/* May its body be a DNS message, by its status? Any 2xx (RFC 8484 4.2.1); other bodies need not be kept. */
bool http_response_answers(const HttpResponse *r);

/* What the whole response means, with a body of `body_size` octets: FAILURE_NONE if the body may be a DNS message. */
FailureReason http_response_failure(const HttpResponse *r, size_t body_size);

/* Status and field that show why it means `reason`. */
FailureDetail http_response_detail(const HttpResponse *r, size_t body_size, FailureReason reason);
