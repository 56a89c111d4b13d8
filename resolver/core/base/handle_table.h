/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * HandleTable: numbers for pointers that others hand back later. A number carries a generation, so that one whose thing
 * has gone finds nothing, and never finds the next tenant. 0 is never a number.
 */

#include "core/base/base.h"

#define HANDLE_TABLE_INDEX_BITS 20
#define HANDLE_TABLE_MAX (1u << HANDLE_TABLE_INDEX_BITS)

typedef struct HandleTable {
        struct HandleSlot {
                void *pointer; /* NULL: free */
                uint32_t generation;
                uint32_t next_free;
        } *slots;
        uint32_t n, size;
        uint32_t free; /* index + 1 of the first free one; 0: none */
        uint32_t used;
} HandleTable;

void handle_table_deinit(HandleTable *s);

/* A number for `pointer`; 0 when out of memory or slots. */
uint32_t handle_table_add(HandleTable *s, void *pointer);

/* The pointer behind a number, or NULL. */
void *handle_table_get(const HandleTable *s, uint32_t number);

void handle_table_remove(HandleTable *s, uint32_t number);
