/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Faults: what the DoH server of the tests does wrong, by order. One set for the whole server; a connection looks at a
 * copy of it whenever something happens.
 */

#include <stdbool.h>
#include <stdint.h>

#include "certificates.h"

typedef enum Moment {
        MOMENT_ACCEPT, /* before TLS */
        MOMENT_GREET,  /* instead of SETTINGS */
        MOMENT_REPLY,  /* instead of each response, or `permille` of them */
        _MOMENT_MAX,
} Moment;

typedef struct Faults {
        /* connections to come */
        bool refuse;       /* the port is closed */
        bool reset_accept; /* RST right after accept() */
        bool stall;        /* accepts, and says nothing, ever */
        bool plaintext;    /* an HTTP/1.1 page instead of TLS */
        bool no_alpn;
        Identity identity;
        int max_streams;      /* SETTINGS_MAX_CONCURRENT_STREAMS; -1: 100 */
        char settings[128];   /* and others: "ID:VALUE;ID:VALUE" */
        char tls[128];        /* GnuTLS' priorities; "": NORMAL */
        char alpn[16];        /* "": h2 */
        bool ask_certificate; /* of the client */
        int fragment;         /* octets in a record of a handshake in clear text; 0: as many as go in */
        int record;           /* octets in a record of data at most; 0: as many as go in */
        int chop;             /* octets in a write to TCP; 0: all */
        int cut;              /* after so many octets of TLS nothing comes any more, and then; -1: never */
        enum { THEN_STALL, THEN_FIN, THEN_RST } then;

        /* each request, or `permille` of them */
        unsigned permille;     /* 1000 */
        bool swallow;          /* never answered */
        bool drop;             /* FIN without close_notify */
        bool reset;            /* TCP RST */
        bool goaway;           /* GOAWAY NO_ERROR; this one is still answered */
        bool goaway_refuse;    /* GOAWAY that leaves this one out */
        int rst_stream;        /* RST_STREAM with that code; -1: none */
        unsigned status;       /* 0: 200 */
        int retry_after;       /* s; -1: none */
        int age;               /* s; -1: none */
        int max_age;           /* s; -1: none */
        char content_type[64]; /* "": application/dns-message */
        unsigned delay;        /* ms, on top of what the name orders */
        enum {
                BODY_RIGHT,
                BODY_GARBAGE,
                BODY_EMPTY,
                BODY_OTHER_QUESTION,
                BODY_QUERY,
                BODY_ID,
                BODY_TRUNCATED,
                BODY_TRAILING,
                BODY_SHORT
        } body;
        int rcode; /* -1: as the name orders */

        const char *scripts[_MOMENT_MAX]; /* script.h; NULL: none. They live as long as the server */
} Faults;

#define FAULTS_NONE                   \
        (Faults) { .max_streams = -1, \
                   .cut = -1,         \
                   .permille = 1000,  \
                   .rst_stream = -1,  \
                   .retry_after = -1, \
                   .age = -1,         \
                   .max_age = -1,     \
                   .rcode = -1 }

/* Sets one: "swallow", "status=503", "identity=expired", "body=garbage", "reply=answer,fin". False if there is no such
 * fault. */
bool faults_set(Faults *f, const char *word);
