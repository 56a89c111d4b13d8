#pragma once
/*
 * Journal: structured log records, or lines on standard error where that is not the journal. Never blocks: what the journal does not
 * take at once is dropped, and the next record that goes through says how many were. Records of one kind are rate limited,
 * and say how many were held back. Names that clients ask for do not belong here.
 */

#include <syslog.h>

#include "core/base.h"

/* Kinds of records: MESSAGE_ID= values, explained in units/dohmouse.catalog. */
typedef enum MessageKind {
        MESSAGE_PLAIN,                  /* no id, no rate limit: start-up and shut-down */
        MESSAGE_UPSTREAM_STATE,         /* an upstream changed state */
        MESSAGE_NETWORK_STATE,          /* the network changed */
        MESSAGE_CONFIG,                 /* something is wrong in the configuration */
        MESSAGE_RELOADED,
        MESSAGE_TRUST_STORE,            /* a trust store cannot be read */
        MESSAGE_LISTEN,                 /* a socket cannot be used */
        MESSAGE_DROPPED,                /* packets from where nobody may ask, answers that the kernel did not take */
        _MESSAGE_MAX,
} MessageKind;

/* Finds out where records go, once. */
void journal_open(void);
void journal_close(void);

/* Records above this level (LOG_ERR .. LOG_DEBUG) are not written. */
void journal_set_level(int level);
int journal_level(void);

/* Writes `format`. `fields`: more fields, "KEY=value" each, NULL at the end; may be NULL. */
void journal_fields(int level, MessageKind kind, const char *const *fields, const char *format, ...) _printf_(4, 5);

#define journal_log(level, ...) journal_fields(level, MESSAGE_PLAIN, NULL, __VA_ARGS__)

/* The id of a kind as 32 hexadecimal digits; NULL for MESSAGE_PLAIN. */
const char *journal_message_id(MessageKind kind);
