/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Trace: a hash of everything that the engine did in a life, action by action, with its time. Two builds that print the
 * same hash for the same seeds behave alike. Left out are the words for people (EDE EXTRA-TEXT, RFC 8914) and padding,
 * which may change freely.
 */

#include "core/engine.h"

typedef struct Trace {
        uint64_t hash;
} Trace;

#define TRACE_INIT ((Trace) { .hash = UINT64_C(0xcbf29ce484222325) })

void trace_add_action(Trace *t, const Action *a, uint64_t now);

/* Adds the hash of another trace: for the sum of many lives, in order. */
void trace_add(Trace *t, Trace other);

/* The action in a line, for --verbose. */
void trace_print(const Action *a);
