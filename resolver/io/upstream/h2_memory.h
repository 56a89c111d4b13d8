/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Memory for nghttp2, which allocates several blocks for each stream: they come from the pool (core/base/pool.h).
 */

#include <nghttp2/nghttp2.h>

/* nghttp2 copies it, and does not change it. */
extern nghttp2_mem h2_memory;
