/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Lookup: a call of ResolveHostname, ResolveAddress, ResolveRecord or ResolveService, from its arguments to its result,
 * however it came: org.freedesktop.resolve1 and io.systemd.Resolve are two front ends of it. It asks one or several
 * questions of the engine, as any client does: so [Local], the cache, forward zones and links apply. With the ifindex
 * of a link without servers, only local names are known, as with systemd-resolved. That of any other link does not
 * change where a name is asked for: a name that belongs to the upstreams does not go to a link because of it.
 */

#include "daemon.h"
#include "dbus/calls.h"
#include "dbus/lookup/lookup_answer.h"

typedef enum LookupKind { LOOKUP_HOSTNAME, LOOKUP_ADDRESS, LOOKUP_RECORD, LOOKUP_SERVICE, LOOKUP_KINDS } LookupKind;

/* Bits of the flags of queries and answers, as in systemd's resolved-def.h. */
enum {
        FLAG_DNS = 1 << 0,
        FLAG_LLMNR_MDNS = 0x1e, /* the other protocols */
        FLAG_NO_CNAME = 1 << 5,
        FLAG_NO_TXT = 1 << 6,
        FLAG_NO_ADDRESS = 1 << 7,
        FLAG_NO_SEARCH = 1 << 8,
        FLAG_AUTHENTICATED = 1 << 9,
        FLAG_NO_VALIDATE = 1 << 10,
        FLAG_NO_SYNTHESIZE = 1 << 11,
        FLAG_NO_CACHE = 1 << 12,
        FLAG_NO_ZONE = 1 << 13,
        FLAG_NO_TRUST_ANCHOR = 1 << 14,
        FLAG_NO_NETWORK = 1 << 15,
        FLAG_CONFIDENTIAL = 1 << 18,
        FLAG_SYNTHETIC = 1 << 19,
        FLAG_FROM_CACHE = 1 << 20,
        FLAG_FROM_NETWORK = 1 << 23,
        FLAG_NO_STALE = 1 << 24,
};

/* The arguments of a call. Strings are borrowed until lookup_begin() has returned, and not NULL where the kind has
 * them. */
typedef struct LookupRequest {
        LookupKind kind;
        int64_t ifindex, family;
        uint64_t flags;
        const char *name;     /* ResolveHostname, ResolveRecord */
        uint8_t address[16];  /* ResolveAddress */
        size_t n_address;     /* octets; may be more than there is room for, and is then refused */
        uint16_t class, type; /* ResolveRecord */
        const char *service, *service_type, *domain; /* ResolveService; the first two may be "" */
} LookupRequest;

typedef enum LookupErrorCode {
        /* of the arguments */
        LOOKUP_INVALID, /* see `parameter` */
        LOOKUP_INVALID_ADDRESS_SIZE,
        LOOKUP_ZONE_TRANSFER,
        LOOKUP_INVALID_TYPE,
        /* of dohmouse */
        LOOKUP_NO_NAME_SERVERS,
        LOOKUP_NO_SOURCE,
        LOOKUP_NETWORK_DOWN,
        LOOKUP_BUSY,
        LOOKUP_TIMEOUT,
        /* of the answer */
        LOOKUP_INVALID_REPLY,
        LOOKUP_CNAME_LOOP,
        LOOKUP_NO_DATA,
        LOOKUP_DNSSEC_FAILED,
        LOOKUP_DNS_ERROR, /* see `rcode` */
        LOOKUP_NO_SERVICE,
        LOOKUP_ERRORS
} LookupErrorCode;

typedef struct LookupError {
        LookupErrorCode code;
        const char *parameter; /* static; LOOKUP_INVALID */
        unsigned rcode;        /* LOOKUP_DNS_ERROR */
        int ede;               /* or EDE_NONE */
        char text[NAME_TEXT_MAX + 100];
} LookupError;

typedef struct Lookup Lookup;

/* Where results go. For each lookup, one of the first two is called, unless it is forgotten; and then, in any case,
 * `release`. */
typedef struct LookupFront {
        void (*found)(const Lookup *l, void *call);
        void (*failed)(void *call, const LookupError *error);
        void (*release)(void *call);
} LookupFront;

/* The lookups of one front end. */
typedef struct Lookups {
        Daemon *daemon;
        Calls *calls;
        const CallLimits *limits; /* of questions that wait */
        const LookupFront *front;
        List list;
} Lookups;

/* Reads a domain name, which must not contain control characters. Returns its size, or 0. */
size_t lookup_read_name(const char *text, uint8_t *ret);
/* Judges an answer that has no data, or of which it does not matter. */
LookupErrorCode lookup_judge(const Answer *a, AnswerOrigin origin, NetworkState network);
/* "NXDOMAIN", or NULL if it has no name. */
const char *lookup_rcode_name(unsigned rcode);

/* Borrows all. */
void lookups_init(Lookups *s, Daemon *d, Calls *calls, const CallLimits *limits, const LookupFront *front);
/* Drops all lookups, without a result. */
void lookups_forget_all(Lookups *s);

/* Returns whether the arguments are valid, and what is wrong with them. */
bool lookup_check(const LookupRequest *r, LookupError *ret);

/* Looks up what `r` asks for. The front end may be called before this returns; if it was not, returns the lookup, which
 * lives until `release` is called. */
Lookup *lookup_begin(Lookups *s, const LookupRequest *r, uid_t user, void *call);
/* Drops a lookup without a result. */
void lookup_drop(Lookup *l);
