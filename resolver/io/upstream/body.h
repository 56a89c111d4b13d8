/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Body: the body of a response as far as it has arrived. The total size of all bodies is limited, regardless of how
 * many upstreams send a lot and finish nothing.
 */

#include "io/byte_buffer.h"

#define BODIES_MAX ((size_t) 3 << 20) /* bytes: 48 of the longest messages, or a thousand of the usual ones */

/* Returns false, with nothing changed, if out of memory or if the limit would be exceeded. */
bool body_append(ByteBuffer *body, Bytes bytes);

void body_deinit(ByteBuffer *body);
