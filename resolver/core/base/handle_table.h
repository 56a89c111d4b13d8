/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * HandleTable: maps numbers to pointers, for callers that return the number later. A number contains the generation of
 * its slot: once it is removed it finds nothing, and not what takes the slot next. 0 is never a number. The pointers
 * are borrowed.
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

/* Frees the table and leaves it empty. */
void handle_table_deinit(HandleTable *s);

/* Returns a number for `pointer`, which is not NULL; 0 when out of memory or slots. */
uint32_t handle_table_add(HandleTable *s, void *pointer);

/* Returns the pointer of a number, or NULL if there is none. */
void *handle_table_get(const HandleTable *s, uint32_t number);

/* Removes a number; does nothing if it is not in the table. */
void handle_table_remove(HandleTable *s, uint32_t number);
