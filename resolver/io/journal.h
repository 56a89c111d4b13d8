/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Journal: writes structured log records to the journal or, if standard error is not connected to it, lines to standard
 * error. Never blocks: a record that the journal does not accept at once is lost, and the next one that it accepts is
 * preceded by the number of lost records. Names that clients query must never be logged.
 *
 * Records are rate limited by kind and subject, an upstream or forward zone, so that one that flaps cannot suppress the
 * records of another. Records over the limit are held back. When the interval is over, on the next record of the same
 * kind and subject, and on exit, the last of them is written after a record that says how many were suppressed before
 * it. So the journal always ends with the current state. While records are held back, the daemon wakes up once per
 * interval.
 */

#include <syslog.h>

#include "core/base/base.h"

#define JOURNAL_BURST 20 /* records of one kind about one subject */
#define JOURNAL_INTERVAL (30 * USEC_PER_SEC)

/* Kinds of records, each with a MESSAGE_ID= that units/dohmouse.catalog describes. */
typedef enum MessageKind {
        MESSAGE_PLAIN,            /* no message ID, no rate limit: start and stop */
        MESSAGE_UPSTREAM_STATE,   /* an upstream changed state */
        MESSAGE_UPSTREAM_ADMIN,   /* the administrator set it up, down or auto */
        MESSAGE_UPSTREAM_ADDED,   /* an upstream is new or changed, at the start or on reload */
        MESSAGE_UPSTREAM_REMOVED, /* an upstream is no longer configured */
        MESSAGE_FORWARD_STATE,    /* a forward zone changed state */
        MESSAGE_NETWORK_STATE,    /* the state of the network changed */
        MESSAGE_PORTAL_OPEN,      /* the servers of the link may be queried for a login page */
        MESSAGE_CONFIG,           /* an error or warning about the configuration */
        MESSAGE_RELOADED,         /* the configuration was reloaded, or was not */
        MESSAGE_TRUST_STORE,      /* a trust store cannot be read */
        MESSAGE_LISTEN,           /* a socket cannot be used */
        MESSAGE_RESOLV_CONF,      /* another program changed /etc/resolv.conf or the stub file */
        MESSAGE_CACHE,            /* the cache of an earlier process was taken over, or was not */
        MESSAGE_CLOCK,     /* the clock is behind: names of time servers are resolved without encryption; or was set */
        MESSAGE_DROPPED,   /* queries or answers were dropped */
        MESSAGE_HELD_BACK, /* records over the rate limit were suppressed */
        MESSAGE_LOST,      /* records that the journal did not accept were lost */
        _MESSAGE_MAX,
} MessageKind;

/* Chooses where records go: to the journal's socket at `path` or, if it is NULL, to the journal if standard error is
 * connected to it, and to standard error otherwise. To be called once. On standard error, a record is its text or, with
 * DOHMOUSE_LOG_FORMAT=export in the environment, all its fields in the Journal Export Format. */
void journal_open(const char *path);
/* Writes the records that are held back. */
void journal_close(void);

/* Records with a lower priority than `level` (LOG_EMERG .. LOG_DEBUG) are not written. */
void journal_set_level(int level);
int journal_level(void);

/* Writes a record. `fields` is NULL or a NULL-terminated list of further fields, "KEY=value". DOHMOUSE_UPSTREAM= or
 * DOHMOUSE_FORWARD= among them is the subject of the record. */
void journal_fields(int level, MessageKind kind, const char *const *fields, const char *format, ...) _printf_(4, 5);

#define journal_log(level, ...) journal_fields(level, MESSAGE_PLAIN, NULL, __VA_ARGS__)

/* The time at which to call journal_run(); USEC_NEVER if nothing is held back. */
uint64_t journal_next_time(void);
/* Writes the records that were held back, if their interval is over. */
void journal_run(void);

/* The message ID of a kind, as 32 hexadecimal digits; NULL for MESSAGE_PLAIN. */
const char *journal_message_id(MessageKind kind);
