#pragma once
/*
 * Fault: every way in which an upstream, a connection or an exchange can disappoint, its name for D-Bus (`Reason`),
 * the journal (`DOHMOUSE_REASON=`) and extended errors, and what health makes of it (HEALTH.md, chapter 1).
 * io/ says what happened; only the table in fault.c says what it means.
 */

#include "core/base/base.h"

typedef enum FaultClass {
        CLASS_OK,               /* a well-formed answer, whatever its rcode */
        CLASS_LOCALNET,         /* our side of the network, or our own resources: never counted */
        CLASS_STALE,            /* a pooled connection found dead: never counted, sent again at once */
        CLASS_CONNECT_HARD,     /* the endpoint says no: SUSPECT at once */
        CLASS_TLS_VERIFY,       /* the endpoint is not who it should be: FAILED at once */
        CLASS_SOFT,             /* counted, one per incident */
        CLASS_OVERLOAD,         /* FAILED until Retry-After */
        CLASS_CONFIG,           /* the URL or method is wrong: as CONNECT_HARD, from the second on */
        CLASS_NO_FAULT,         /* in order: sent again or dropped, not counted */
} FaultClass;

typedef enum Fault {
        FAULT_NONE,

        /* LOCALNET: errno of connect() or socket() before a packet left */
        FAULT_NO_ROUTE,                 /* ENETUNREACH, EHOSTUNREACH at once */
        FAULT_NETWORK_DOWN,             /* ENETDOWN */
        FAULT_ADDRESS_UNAVAILABLE,      /* EADDRNOTAVAIL */
        FAULT_FORBIDDEN,                /* EPERM, EACCES: a local firewall */
        FAULT_RESOURCES,                /* EMFILE, ENFILE, ENOBUFS, ENOMEM */

        /* connecting */
        FAULT_REFUSED,                  /* ECONNREFUSED */
        FAULT_UNREACHABLE,              /* an ICMP error came back */
        FAULT_CONNECT_TIMEOUT,
        FAULT_CONNECT_RESET,            /* RST or FIN before TLS was up */
        FAULT_HANDSHAKE_TIMEOUT,
        FAULT_TLS_ALERT,                /* a fatal alert */
        FAULT_TLS_GARBAGE,              /* not TLS, or TLS against its rules */
        FAULT_TLS_VERSION,              /* no common version or cipher */
        FAULT_NO_H2,                    /* ALPN did not choose h2 */

        /* verifying */
        FAULT_CERTIFICATE_EXPIRED,
        FAULT_CERTIFICATE_NOT_YET_VALID,
        FAULT_CERTIFICATE_NAME,
        FAULT_CERTIFICATE_UNTRUSTED,    /* self-signed, unknown or missing CA, constraint, purpose */
        FAULT_CERTIFICATE_WEAK,         /* weak signature or key */
        FAULT_CERTIFICATE_REVOKED,
        FAULT_CERTIFICATE_PIN,
        FAULT_TRUST_STORE,              /* our own store cannot be read: fail closed */

        /* a connection that was up */
        FAULT_CONNECTION_LOST,          /* EOF or RST; SOFT here, the pool makes it STALE where it was at risk */
        FAULT_SILENT,                   /* no octet came although asked */
        FAULT_GOAWAY,                   /* GOAWAY NO_ERROR */
        FAULT_GOAWAY_CALM,              /* GOAWAY ENHANCE_YOUR_CALM */
        FAULT_GOAWAY_ERROR,             /* GOAWAY with any other code */
        FAULT_PROTOCOL,                 /* the peer broke HTTP/2, or went over a limit of ours */
        FAULT_NO_STREAMS,               /* MAX_CONCURRENT_STREAMS=0 */
        FAULT_IDLE_CLOSED,              /* FIN while idle, or we closed it: in order */

        /* one exchange */
        FAULT_TIMEOUT,
        FAULT_REFUSED_STREAM,           /* RST_STREAM REFUSED_STREAM, or above GOAWAY's last stream */
        FAULT_STREAM_RESET,             /* any other RST_STREAM */
        FAULT_QUEUE_FULL,               /* our own cap */
        FAULT_CANCELLED,                /* we did not want it any longer */

        /* HTTP */
        FAULT_HTTP_REDIRECT,            /* 3xx: never followed */
        FAULT_HTTP_CONFIG,              /* 400 401 403 404 405 406 413 414 415 */
        FAULT_HTTP_RETRY,               /* 408 421 425 502 504: one more try on a fresh connection */
        FAULT_HTTP_SERVER,              /* 500 501 505 and all that is not a status */
        FAULT_HTTP_OVERLOAD,            /* 429 503 */
        FAULT_HTTP_PORTAL,              /* 511 */
        FAULT_CONTENT_TYPE,
        FAULT_CONTENT_ENCODING,
        FAULT_BODY_SIZE,                /* empty, shorter than a header, longer than 65535 or than announced */

        /* DNS in a 200 */
        FAULT_MALFORMED,                /* the body is not a DNS message */
        FAULT_MISMATCH,                 /* it is not the answer to what was asked */
        FAULT_TRUNCATED,                /* TC=1 over HTTPS */
        FAULT_PROBE_RCODE,              /* a probe's own question, which any resolver can answer, had another rcode than NOERROR */

        _FAULT_MAX,
} Fault;

/* A short word in lower case with dashes ("connection-refused"), for `Reason` and DOHMOUSE_REASON=; "" for FAULT_NONE. */
const char *fault_name(Fault f);

/* A few words for a person ("connection refused"). */
const char *fault_text(Fault f);

FaultClass fault_class(Fault f);
