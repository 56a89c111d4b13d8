/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * FailureReason: every way in which an upstream, a connection or an exchange fails, its name for D-Bus (`Reason`), the
 * journal (`DOHMOUSE_REASON=`) and extended errors, and its class (HEALTH.md, chapter 1). io/ reports what happened;
 * only the table in failure.c says what it means.
 */

#include "core/base/base.h"

typedef enum FailureClass {
        CLASS_OK,           /* a well-formed response, whatever its rcode */
        CLASS_LOCALNET,     /* our side of the network, or our own resources: never counted */
        CLASS_STALE,        /* a pooled connection was dead: never counted, resent at once */
        CLASS_CONNECT_HARD, /* the endpoint refuses: SUSPECT at once */
        CLASS_TLS_VERIFY,   /* the endpoint cannot be authenticated: FAILED at once */
        CLASS_SOFT,         /* counted once per incident */
        CLASS_OVERLOAD,     /* FAILED until Retry-After */
        CLASS_CONFIG,       /* the URL or method is wrong: as CONNECT_HARD from the second one on */
        CLASS_NO_FAULT,     /* expected: resent or dropped, not counted */
} FailureClass;

typedef enum FailureReason {
        FAILURE_NONE,

        /* LOCALNET: an error of connect() or socket() before a packet was sent */
        FAILURE_NO_ROUTE,            /* ENETUNREACH, EHOSTUNREACH at once */
        FAILURE_NETWORK_DOWN,        /* ENETDOWN */
        FAILURE_ADDRESS_UNAVAILABLE, /* EADDRNOTAVAIL */
        FAILURE_FORBIDDEN,           /* EPERM, EACCES: a local firewall */
        FAILURE_RESOURCES,           /* EMFILE, ENFILE, ENOBUFS, ENOMEM */

        /* connecting */
        FAILURE_REFUSED,     /* ECONNREFUSED */
        FAILURE_UNREACHABLE, /* an ICMP error was received */
        FAILURE_CONNECT_TIMEOUT,
        FAILURE_CONNECT_RESET, /* RST or FIN before the TLS handshake finished */
        FAILURE_HANDSHAKE_TIMEOUT,
        FAILURE_TLS_ALERT,   /* a fatal alert */
        FAILURE_TLS_GARBAGE, /* not TLS, or a violation of the protocol */
        FAILURE_TLS_VERSION, /* no common version or cipher */
        FAILURE_NO_H2,       /* ALPN did not choose h2 */

        /* verifying */
        FAILURE_CERTIFICATE_EXPIRED,
        FAILURE_CERTIFICATE_NOT_YET_VALID,
        FAILURE_CERTIFICATE_NAME,
        FAILURE_CERTIFICATE_UNTRUSTED, /* self-signed, unknown or missing CA, constraint, purpose */
        FAILURE_CERTIFICATE_WEAK,      /* weak signature or key */
        FAILURE_CERTIFICATE_REVOKED,
        FAILURE_CERTIFICATE_PIN,
        FAILURE_TRUST_STORE, /* TrustAnchors= cannot be read: no connection is made; LOCALNET */

        /* a connection that was up */
        FAILURE_CONNECTION_LOST, /* EOF or RST; SOFT, unless the connection was at risk: then STALE */
        FAILURE_SILENT,          /* no octet was received although data was expected */
        FAILURE_GOAWAY,          /* GOAWAY NO_ERROR */
        FAILURE_GOAWAY_CALM,     /* GOAWAY ENHANCE_YOUR_CALM */
        FAILURE_GOAWAY_ERROR,    /* GOAWAY with any other code */
        FAILURE_PROTOCOL,        /* the peer violated HTTP/2, or exceeded a limit of ours */
        FAILURE_NO_STREAMS,      /* MAX_CONCURRENT_STREAMS=0 */
        FAILURE_IDLE_CLOSED,     /* FIN while idle, or closed by us: expected */

        /* one exchange */
        FAILURE_TIMEOUT,
        FAILURE_REFUSED_STREAM, /* RST_STREAM REFUSED_STREAM, or above GOAWAY's last stream */
        FAILURE_NOT_SENT,       /* the connection takes no more: nothing of it has left the machine */
        FAILURE_STREAM_RESET,   /* any other RST_STREAM */
        FAILURE_QUEUE_FULL,     /* our own limit */
        FAILURE_CANCELLED,      /* no longer wanted */

        /* HTTP */
        FAILURE_HTTP_REDIRECT, /* 3xx, which is never followed */
        FAILURE_HTTP_CONFIG,   /* 400 401 403 404 405 406 413 414 415 */
        FAILURE_HTTP_RETRY,    /* 408 421 425 502 504: retried once on a fresh connection */
        FAILURE_HTTP_SERVER,   /* 500 501 505 and any other status */
        FAILURE_HTTP_OVERLOAD, /* 429 503 */
        FAILURE_HTTP_PORTAL,   /* 511 */
        FAILURE_CONTENT_TYPE,
        FAILURE_CONTENT_ENCODING,
        FAILURE_BODY_SIZE, /* empty, shorter than a header, longer than 65535 octets or than announced */

        /* DNS in a 200 */
        FAILURE_MALFORMED,   /* the body is not a DNS message */
        FAILURE_MISMATCH,    /* it does not answer the question */
        FAILURE_TRUNCATED,   /* TC=1 over HTTPS */
        FAILURE_PROBE_RCODE, /* a probe's question, which any resolver can answer, had an rcode other than NOERROR */

        _FAILURE_MAX,
} FailureReason;

#define FAILURE_DETAIL_MAX 80

/* What is known of one failure in addition to its reason, for people. */
typedef struct FailureDetail {
        FailureReason reason;          /* that it belongs to; FAILURE_NONE: nothing is known */
        uint16_t http_status;          /* 0: none came */
        char text[FAILURE_DETAIL_MAX]; /* "status 421", "status 200, 0 octets"; printable ASCII */
} FailureDetail;

/* Returns a keyword ("connection-refused") for `Reason` and DOHMOUSE_REASON=; "" for FAILURE_NONE. */
const char *failure_name(FailureReason f);

/* Returns a phrase for people ("connection refused"). */
const char *failure_text(FailureReason f);

FailureClass failure_class(FailureReason f);

/* True if the clock of this machine is to blame, not the other end: it is behind, since a certificate that an authority
 * has signed is not valid yet. */
bool failure_blames_clock(FailureReason f);
