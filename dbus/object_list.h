/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * ObjectList: the objects of one kind on the bus, such as upstreams, as last published. Each has a name, by which it is
 * found below the path of its kind, and a number of the engine, which no later one has. Adds them to a bus connection,
 * follows the engine when a reload adds and removes some, and signals that.
 */

#include <systemd/sd-bus.h>

#include "core/config/config.h"

typedef struct Objects Objects;

/* What a published object begins with; the userdata of its vtable. */
typedef struct PublishedObject {
        Objects *objects;
        uint32_t number;
        char name[UPSTREAM_NAME_MAX + 1];
} PublishedObject;

typedef struct ObjectKind {
        const char *path; /* an object is at this path, '/' and its encoded name */
        const char *interface;
        const sd_bus_vtable *vtable;
        size_t size; /* of a published object */
        /* Names object `i` of the engine. Returns false after the last. */
        bool (*identify)(const Objects *o, size_t i, uint32_t *ret_number, const char **ret_name);
        /* Publishes object `i` of the engine, and signals what has changed unless it is new. */
        void (*publish)(PublishedObject *p, size_t i, bool is_new);
} ObjectKind;

typedef struct ObjectList {
        const ObjectKind *kind;
        Objects *objects;
        PublishedObject **published; /* in the order of the engine */
        size_t n;
} ObjectList;

void object_list_init(ObjectList *l, const ObjectKind *kind, Objects *objects);
void object_list_deinit(ObjectList *l);

/* Adds the objects to a new bus connection. Returns a negative errno on error. */
int object_list_attach(ObjectList *l, sd_bus *bus);

/* Publishes and signals what has changed since the last call. */
void object_list_sync(ObjectList *l);

/* Replies to a call whose argument is a name with the path of the object, or with the error `unknown`. */
int object_list_reply_path(const ObjectList *l, sd_bus_message *call, const sd_bus_error *unknown, sd_bus_error *error);
