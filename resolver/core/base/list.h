/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * List: a ring of intrusive links whose head is a link itself. A link that is in no list points to itself, so removing
 * it twice does no harm. Every link is initialised before use.
 */

#include "core/base/base.h"

typedef struct List {
        struct List *next, *previous;
} List;

static inline void list_init(List *l)
{
        l->next = l->previous = l;
}

static inline bool list_empty(const List *head)
{
        return head->next == head;
}

/* Appends `l`, which must be in no list. */
static inline void list_append(List *head, List *l)
{
        must(list_empty(l));
        l->previous = head->previous;
        l->next = head;
        head->previous->next = l;
        head->previous = l;
}

/* Removes `l` from its list; does nothing if it is in none. */
static inline void list_remove(List *l)
{
        must(l->previous->next == l && l->next->previous == l);
        l->previous->next = l->next;
        l->next->previous = l->previous;
        list_init(l);
}

/* Returns the first link, or NULL. */
static inline List *list_first(const List *head)
{
        return list_empty(head) ? NULL : head->next;
}

static inline bool list_is_last(const List *head, const List *l)
{
        return l->next == head;
}

/* Iterates over `head`. Only the current link may be removed meanwhile. */
#define LIST_FOREACH(link, head)                                                   \
        for (List *link = (head)->next, *link##_next = link->next; link != (head); \
             link = link##_next, link##_next = link->next)
