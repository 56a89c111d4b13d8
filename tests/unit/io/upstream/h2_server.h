/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A DoH server in processes of its own, on a free port of 127.0.0.1, for the tests of io/upstream/h2: one plan, and a
 * record of what it saw. What is not a matter of one connection has its tests in tests/failures.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef enum Identity {
        IDENTITY_GOOD, /* for dns.test, *.wild.test and 127.0.0.1 */
        IDENTITY_OTHER_NAME,
        IDENTITY_COMMON_NAME,  /* dns.test, but in the subject only */
        IDENTITY_ADDRESS_ONLY, /* for 127.0.0.1 */
        IDENTITY_EXPIRED,
        IDENTITY_NOT_YET_VALID,
        IDENTITY_SELF_SIGNED,
        IDENTITY_UNKNOWN_AUTHORITY,
        IDENTITY_FOR_CLIENTS,        /* purpose: clientAuth */
        IDENTITY_WEAK,               /* RSA of 1024 bits */
        IDENTITY_SHA1,               /* signed with it */
        IDENTITY_INTERMEDIATE,       /* below an intermediate authority, which is sent along */
        IDENTITY_NO_INTERMEDIATE,    /* and not sent along */
        IDENTITY_OUTSIDE_CONSTRAINT, /* the intermediate is for names below "else.test" */
        IDENTITY_STRAY,              /* good, with the certificate of an authority that did not sign it sent along */
        IDENTITY_MANY_NAMES,         /* 1,500 of them, the right one last */
        _IDENTITY_MAX,
} Identity;

typedef enum Script {
        SCRIPT_ANSWER,          /* each request at once */
        SCRIPT_ANSWER_REVERSED, /* `hold` requests are awaited, and answered from the last to the first */
        SCRIPT_REFUSE,          /* RST_STREAM REFUSED_STREAM */
        SCRIPT_RESET,           /* RST_STREAM INTERNAL_ERROR */
        SCRIPT_GOAWAY, /* on the `hold`th request: GOAWAY with the first as the last stream, which is answered */
        SCRIPT_CALM,   /* GOAWAY ENHANCE_YOUR_CALM */
        SCRIPT_DROP,   /* FIN without close_notify on the first request */
        SCRIPT_RST,    /* TCP RST on the first request */
        SCRIPT_ANSWER_AND_CLOSE,  /* GOAWAY, close_notify and FIN behind the answer */
        SCRIPT_ANSWER_AND_VANISH, /* the same, in one segment, and the socket is closed in both directions */
        SCRIPT_ENDLESS,           /* a body without end on the first request, answers to the others */
        SCRIPT_HUGE_FIELDS,       /* 40 fields of 1 KiB */
        SCRIPT_INTERIM,           /* `hold` responses 103 before the answer */
        SCRIPT_TRAILERS,
        SCRIPT_PINGS,            /* a flood */
        SCRIPT_SHORT_BODY,       /* shorter than content-length */
        SCRIPT_RENEGOTIATE,      /* HelloRequest, on TLS 1.2 */
        SCRIPT_KEY_UPDATE,       /* `hold` of them, then the answer */
        SCRIPT_SILENT,           /* reads, and never says anything */
        SCRIPT_DEAF,             /* neither reads nor says anything once TLS is up */
        SCRIPT_UNKNOWN_FRAMES,   /* a flood */
        SCRIPT_WINDOW_UPDATES,   /* a flood */
        SCRIPT_EMPTY_DATA,       /* a flood, instead of an answer */
        SCRIPT_LESS_STREAMS,     /* SETTINGS_MAX_CONCURRENT_STREAMS of `hold`, then the answer */
        SCRIPT_ALERT,            /* a fatal one once TLS is up */
        SCRIPT_BREACH,           /* `octets` on the first request, as they are */
        SCRIPT_NOT_HTTP2,        /* says something else once TLS is up */
        SCRIPT_NOT_TLS,          /* answers in plain text */
        SCRIPT_CLOSE_AT_ONCE,    /* FIN instead of a handshake */
        SCRIPT_SILENT_HANDSHAKE, /* accepts, and says nothing */
} Script;

typedef struct ServerPlan {
        Identity identity;
        Script script;
        unsigned hold;
        unsigned status;       /* 0: 200 */
        size_t body;           /* octets of the body; 0: the message that was asked, as an answer */
        uint32_t max_streams;  /* 0: not said */
        const uint8_t *octets; /* of SCRIPT_BREACH: frames, `n_octets` of them */
        size_t n_octets;
        const char *alpn;     /* NULL: "h2"; "": none */
        const char *priority; /* NULL: "NORMAL" */
        bool no_tickets;
        bool broken_staple;   /* an OCSP response that is none */
        bool ask_certificate; /* of the client */
} ServerPlan;

/* What it saw, shared with the test. */
typedef struct ServerRecord {
        atomic_uint connections, handshakes, resumed, requests, records, records_at_request /* the last one */, pings,
                cancels, goaways, goaway_code /* of the last one */, byes, ends, resets,
                most_unfinished /* requests at a time */;
        char name[64]; /* SNI */
        char method[8];
        char authority[64];
        char path[256];
        char order[256]; /* of the fields of a request, with commas */
} ServerRecord;

typedef struct Server {
        pid_t pid;
        uint16_t port;
        ServerRecord *record;
} Server;

/* Makes the certificates, once; the path of a PEM file with the authority, which is there until the process ends. */
const char *server_authority(void);
/* SHA-256 of the public key of an identity, of the authority, or of one that signed nobody. */
const uint8_t *server_pin(Identity i);
const uint8_t *server_authority_pin(void);
const uint8_t *server_stranger_pin(void);

Server server_start(const ServerPlan *plan);
void server_stop(Server *s);
