/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Units: time spans and sizes as systemd.time(7) and systemd.syntax(7) write them. Pure.
 */

#include "core/base/base.h"

/* Reads a time span: "4500ms", "1min 30s", "2" (seconds), "infinity" (USEC_NEVER). Gives microseconds; false if the
 * text is no time span or does not fit 64 bits. */
bool parse_time_span(const char *text, uint64_t *ret);

/* Reads a size in powers of 1024: "8M", "64K", "1M 512K". Gives bytes; false if the text is no size or does not fit 64
 * bits. */
bool parse_size(const char *text, uint64_t *ret);
