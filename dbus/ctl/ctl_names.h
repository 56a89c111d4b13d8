#pragma once
/*
 * Names of what DNS numbers: types, rcodes, extended errors. Pure.
 */

#include "core/base/base.h"

/* How the data of a record of this type is laid out: see ctl_record.c. */
typedef struct RecordType {
        uint16_t type;
        const char *name;
        const char *layout; /* NULL: as RFC 3597 writes what is not known */
} RecordType;

/* NULL: none that we know. */
const RecordType *record_type(uint16_t type);

/* Writes "MX", or "TYPE123" (RFC 3597 5). */
#define TYPE_TEXT_MAX 16
const char *type_to_text(uint16_t type, char ret[static TYPE_TEXT_MAX]);
/* Reads "mx", "TYPE15" or "15". */
bool type_from_text(const char *text, uint16_t *ret);

/* "NXDOMAIN"; NULL if it has no name. */
const char *rcode_name(unsigned rcode);
/* What that means to who asked, in words; never NULL. */
const char *rcode_words(unsigned rcode);

/* "Blocked" (RFC 8914 and the IANA registry); NULL if it has no name. */
const char *ede_name(unsigned code);

/* The name under in-addr.arpa or ip6.arpa that stands for an address; false if `text` is no address. */
#define REVERSE_NAME_MAX 80
bool reverse_name(const char *text, char ret[static REVERSE_NAME_MAX]);
