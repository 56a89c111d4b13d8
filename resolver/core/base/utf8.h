/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Utf8: characters in UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. Pure.
 */

#include "core/base/base.h"

/* Size in bytes of the character that `text` begins with, which is in *ret_character then (may be NULL); 0 if there is
 * none. */
size_t utf8_size(Bytes text, uint32_t *ret_character);

/* True if `text` is UTF-8 throughout. */
bool utf8_valid(Bytes text);

/* True if `text` is UTF-8 without anything that does more than show itself: no control characters (NUL, C0, C1, DEL),
 * no line or paragraph separator, and nothing that turns the direction of what follows (UTR 36 2.8). */
bool utf8_printable(Bytes text);
