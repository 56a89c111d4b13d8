/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Journal: structured log records, or lines on standard error where that is not the journal. Never blocks: what the
 * journal does not take at once is lost, and the next record that goes through says how many were. Names that clients
 * ask for do not belong here.
 *
 * Records are rate limited, by kind and by the upstream that they are about, so that one that flaps cannot crowd out
 * another. What is over the limit is held back. When the interval is over, at the next record of the same kind and
 * upstream, and at the end, the last one held back is written, after a record that says how many were held back before
 * it: the journal always ends in how things are. For that the daemon is woken once an interval, while something is held
 * back, and never else.
 */

#include <syslog.h>

#include "core/base/base.h"

#define JOURNAL_BURST 20 /* records of one kind about one upstream */
#define JOURNAL_INTERVAL (30 * USEC_PER_SEC)

/* Kinds of records: MESSAGE_ID= values, explained in units/dohmouse.catalog. */
typedef enum MessageKind {
        MESSAGE_PLAIN,            /* no id, no rate limit: start-up and shut-down */
        MESSAGE_UPSTREAM_STATE,   /* an upstream changed state */
        MESSAGE_UPSTREAM_ADMIN,   /* the administrator set it up, down or auto */
        MESSAGE_UPSTREAM_ADDED,   /* it is configured, at the start or by a reload */
        MESSAGE_UPSTREAM_REMOVED, /* it is not configured any longer */
        MESSAGE_NETWORK_STATE,    /* the network changed */
        MESSAGE_CONFIG,           /* something is wrong in the configuration */
        MESSAGE_RELOADED,         /* the configuration was reloaded, or was not */
        MESSAGE_TRUST_STORE,      /* a trust store cannot be read */
        MESSAGE_LISTEN,           /* a socket cannot be used */
        MESSAGE_DROPPED,          /* packets from where nobody may ask, answers that the kernel did not take */
        MESSAGE_HELD_BACK,        /* records over the rate limit */
        MESSAGE_LOST,             /* records that the journal did not take */
        _MESSAGE_MAX,
} MessageKind;

/* Where records go: to the journal's socket at `path`; NULL finds out whether that or standard error. Once. On standard
 * error a record is its text, or, with DOHMOUSE_LOG_FORMAT=export in the environment, all its fields in the Journal
 * Export Format. */
void journal_open(const char *path);
/* Writes what is held back. */
void journal_close(void);

/* Records above this level (LOG_ERR .. LOG_DEBUG) are not written. */
void journal_set_level(int level);
int journal_level(void);

/* Writes `format`. `fields`: more fields, "KEY=value" each, NULL at the end; may be NULL. DOHMOUSE_UPSTREAM= among them
 * says which upstream the record is about. */
void journal_fields(int level, MessageKind kind, const char *const *fields, const char *format, ...) _printf_(4, 5);

#define journal_log(level, ...) journal_fields(level, MESSAGE_PLAIN, NULL, __VA_ARGS__)

/* When journal_run() wants to be called; USEC_NEVER: nothing is held back. */
uint64_t journal_next_time(void);
/* Writes what was held back, where the interval is over. */
void journal_run(void);

/* The id of a kind as 32 hexadecimal digits; NULL for MESSAGE_PLAIN. */
const char *journal_message_id(MessageKind kind);
