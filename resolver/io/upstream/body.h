/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Body: an upstream's response as far as it has come. All bodies together are bounded, whatever number of upstreams
 * send much and finish nothing.
 */

#include "io/byte_buffer.h"

#define BODIES_MAX ((size_t) 3 << 20) /* bytes: 48 of the longest messages, or a thousand of the usual ones */

/* False, and nothing changed, when out of memory, or if it were too much. */
bool body_append(ByteBuffer *body, Bytes bytes);

void body_deinit(ByteBuffer *body);
