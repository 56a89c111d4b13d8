/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "object_list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "objects_internal.h"

void object_list_init(ObjectList *l, const ObjectKind *kind, Objects *objects)
{
        *l = (ObjectList) { .kind = kind, .objects = objects };
}

void object_list_deinit(ObjectList *l)
{
        for (size_t i = 0; i < l->n; i++)
                free(l->published[i]);
        free(l->published);
        *l = (ObjectList) { 0 };
}

/* --- the tree */

static PublishedObject *object_list_find(const ObjectList *l, const char *name)
{
        for (size_t i = 0; i < l->n; i++)
                if (strcmp(l->published[i]->name, name) == 0)
                        return l->published[i];
        return NULL;
}

static int object_list_on_find(_unused_ sd_bus *bus, const char *path, _unused_ const char *interface, void *userdata,
                               void **ret, _unused_ sd_bus_error *error)
{
        const ObjectList *l = userdata;
        _cleanup_(freep) char *name = NULL;

        if (sd_bus_path_decode(path, l->kind->path, &name) <= 0)
                return 0;
        *ret = object_list_find(l, name);
        return *ret != NULL;
}

static int object_list_on_enumerate(_unused_ sd_bus *bus, _unused_ const char *prefix, void *userdata, char ***ret,
                                    _unused_ sd_bus_error *error)
{
        const ObjectList *l = userdata;
        char **paths = calloc(l->n + 1, sizeof(*paths));

        if (!paths)
                return -ENOMEM;
        for (size_t i = 0; i < l->n; i++)
                if (sd_bus_path_encode(l->kind->path, l->published[i]->name, &paths[i]) < 0) {
                        while (i-- > 0)
                                free(paths[i]);
                        free(paths);
                        return -ENOMEM;
                }
        *ret = paths;
        return 1;
}

int object_list_attach(ObjectList *l, sd_bus *bus)
{
        const ObjectKind *k = l->kind;
        int r = sd_bus_add_fallback_vtable(bus, NULL, k->path, k->interface, k->vtable, object_list_on_find, l);

        return r < 0 ? r : sd_bus_add_node_enumerator(bus, NULL, k->path, object_list_on_enumerate, l);
}

int object_list_reply_path(const ObjectList *l, sd_bus_message *call, const sd_bus_error *unknown, sd_bus_error *error)
{
        _cleanup_(freep) char *path = NULL;
        const char *name;
        int r;

        r = sd_bus_message_read(call, "s", &name);
        if (r < 0)
                return r;
        if (!object_list_find(l, name))
                return sd_bus_error_copy(error, unknown);
        r = sd_bus_path_encode(l->kind->path, name, &path);
        return r < 0 ? r : sd_bus_reply_method_return(call, "o", path);
}

/* --- changes */

static PublishedObject *object_list_find_number(PublishedObject *const *published, size_t n, uint32_t number)
{
        for (size_t i = 0; i < n; i++)
                if (published[i]->number == number)
                        return published[i];
        return NULL;
}

/* Returns the number of objects of the engine, and in *ret_same whether they are those published, in that order. */
static size_t object_list_count(const ObjectList *l, bool *ret_same)
{
        const char *name;
        uint32_t number;
        size_t n;

        *ret_same = true;
        for (n = 0; l->kind->identify(l->objects, n, &number, &name); n++)
                *ret_same = *ret_same && n < l->n && l->published[n]->number == number;
        *ret_same = *ret_same && n == l->n;
        return n;
}

/* Makes object `i` of the engine a published one: a known one, or a new one. Returns NULL if out of memory. */
static PublishedObject *object_list_make(const ObjectList *l, size_t i)
{
        PublishedObject *p;
        const char *name;
        uint32_t number;

        l->kind->identify(l->objects, i, &number, &name);
        p = object_list_find_number(l->published, l->n, number);
        if (p)
                return p;
        p = calloc(1, l->kind->size);
        if (!p)
                return NULL;
        p->objects = l->objects;
        p->number = number;
        snprintf(p->name, sizeof(p->name), "%s", name);
        l->kind->publish(p, i, true);
        return p;
}

/* After a reload: signals which objects were removed and added. One that has changed is both. */
static void object_list_exchange(ObjectList *l, size_t n)
{
        PublishedObject **list = calloc(n + 1, sizeof(*list)), **before = l->published;
        size_t n_before = l->n, made = 0;

        while (list && made < n && (list[made] = object_list_make(l, made)))
                made++;
        if (!list || made < n) {
                /* Out of memory: the next turn tries again. */
                for (size_t i = 0; i < made; i++)
                        if (!object_list_find_number(before, n_before, list[i]->number))
                                free(list[i]);
                free(list);
                return;
        }
        l->published = list;
        l->n = n;
        for (size_t i = 0; i < n_before; i++)
                if (!object_list_find_number(list, n, before[i]->number))
                        objects_emit_removed(l->objects, l->kind->path, before[i]->name, l->kind->interface);
        for (size_t i = 0; i < n; i++)
                if (!object_list_find_number(before, n_before, list[i]->number))
                        objects_emit_added(l->objects, l->kind->path, list[i]->name);
        for (size_t i = 0; i < n_before; i++)
                if (!object_list_find_number(list, n, before[i]->number))
                        free(before[i]);
        free(before);
}

void object_list_sync(ObjectList *l)
{
        bool same;
        size_t n = object_list_count(l, &same);

        if (!same)
                object_list_exchange(l, n);
        for (size_t i = 0; i < l->n; i++) {
                const char *name;
                uint32_t number;

                if (l->kind->identify(l->objects, i, &number, &name) && number == l->published[i]->number)
                        l->kind->publish(l->published[i], i, false);
        }
}
