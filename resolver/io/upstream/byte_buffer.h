#pragma once
/*
 * Octets: a block of our own that grows at its end: what is gathered before it is written.
 */

#include "core/base/base.h"

typedef struct Octets {
        uint8_t *p;
        size_t n, size;
} Octets;

void octets_deinit(Octets *o);

/* False, and nothing changed, when out of memory. */
bool octets_append(Octets *o, Bytes bytes);

/* Empties it. A small block is kept for the next time, a large one given back: an idle connection holds little. */
void octets_clear(Octets *o);

static inline Bytes octets_bytes(const Octets *o)
{
        return BYTES(o->p, o->n);
}
