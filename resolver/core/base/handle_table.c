/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/handle_table.h"

#define INDEX_MASK (HANDLE_TABLE_MAX - 1)
#define GENERATIONS (1u << (32 - HANDLE_TABLE_INDEX_BITS))

void handle_table_deinit(HandleTable *s)
{
        free(s->slots);
        *s = (HandleTable) { 0 };
}

static bool handle_table_grow(HandleTable *s)
{
        uint32_t size = s->size ? s->size * 2 : 32;
        struct HandleSlot *slots;

        if (s->size >= HANDLE_TABLE_MAX)
                return false;
        slots = reallocarray(s->slots, size, sizeof(*slots));
        if (!slots)
                return false;
        s->slots = slots;
        s->size = size;
        return true;
}

uint32_t handle_table_add(HandleTable *s, void *pointer)
{
        uint32_t i;

        must(pointer);
        if (s->free) {
                i = s->free - 1;
                must(i < s->n && !s->slots[i].pointer);
                s->free = s->slots[i].next_free;
        } else {
                if (s->n == s->size && !handle_table_grow(s))
                        return 0;
                i = s->n++;
                s->slots[i].generation = 1;
        }
        s->slots[i].pointer = pointer;
        s->used++;
        return s->slots[i].generation << HANDLE_TABLE_INDEX_BITS | i;
}

void *handle_table_get(const HandleTable *s, uint32_t number)
{
        uint32_t i = number & INDEX_MASK;

        if (i >= s->n || s->slots[i].generation != number >> HANDLE_TABLE_INDEX_BITS)
                return NULL;
        return s->slots[i].pointer;
}

void handle_table_remove(HandleTable *s, uint32_t number)
{
        uint32_t i = number & INDEX_MASK;
        struct HandleSlot *slot;

        if (!handle_table_get(s, number))
                return;
        must(s->used > 0);
        slot = &s->slots[i];
        slot->pointer = NULL;
        slot->generation = slot->generation + 1 == GENERATIONS ? 1 : slot->generation + 1;
        slot->next_free = s->free;
        s->free = i + 1;
        s->used--;
}
