#include "core/base/handle_table.h"

#define INDEX_MASK (SLOTS_MAX - 1)
#define GENERATIONS (1u << (32 - SLOTS_INDEX_BITS))

void slots_deinit(Slots *s)
{
        free(s->slots);
        *s = (Slots) { 0 };
}

static bool grow(Slots *s)
{
        uint32_t size = s->size ? s->size * 2 : 32;
        struct Slot *slots;

        if (s->size >= SLOTS_MAX)
                return false;
        slots = reallocarray(s->slots, size, sizeof(*slots));
        if (!slots)
                return false;
        s->slots = slots;
        s->size = size;
        return true;
}

uint32_t slots_add(Slots *s, void *pointer)
{
        uint32_t i;

        if (s->free) {
                i = s->free - 1;
                s->free = s->slots[i].next_free;
        } else {
                if (s->n == s->size && !grow(s))
                        return 0;
                i = s->n++;
                s->slots[i].generation = 1;
        }
        s->slots[i].pointer = pointer;
        s->used++;
        return s->slots[i].generation << SLOTS_INDEX_BITS | i;
}

void *slots_get(const Slots *s, uint32_t number)
{
        uint32_t i = number & INDEX_MASK;

        if (i >= s->n || s->slots[i].generation != number >> SLOTS_INDEX_BITS)
                return NULL;
        return s->slots[i].pointer;
}

void slots_remove(Slots *s, uint32_t number)
{
        uint32_t i = number & INDEX_MASK;
        struct Slot *slot;

        if (!slots_get(s, number))
                return;
        slot = &s->slots[i];
        slot->pointer = NULL;
        slot->generation = slot->generation + 1 == GENERATIONS ? 1 : slot->generation + 1;
        slot->next_free = s->free;
        s->free = i + 1;
        s->used--;
}
