#pragma once
/*
 * Slots: numbers for pointers that others hand back later. A number carries a generation, so that one whose thing has
 * gone finds nothing, and never finds the next tenant. 0 is never a number.
 */

#include "core/base/base.h"

#define SLOTS_INDEX_BITS 20
#define SLOTS_MAX (1u << SLOTS_INDEX_BITS)

typedef struct Slots {
        struct Slot {
                void *pointer;          /* NULL: free */
                uint32_t generation;
                uint32_t next_free;
        } *slots;
        uint32_t n, size;
        uint32_t free;                  /* index + 1 of the first free one; 0: none */
        uint32_t used;
} Slots;

void slots_deinit(Slots *s);

/* A number for `pointer`; 0 when out of memory or slots. */
uint32_t slots_add(Slots *s, void *pointer);

/* The pointer behind a number, or NULL. */
void *slots_get(const Slots *s, uint32_t number);

void slots_remove(Slots *s, uint32_t number);
