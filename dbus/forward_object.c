/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects of forward zones, /org/dohmouse1/forward/NAME. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "objects_internal.h"

/* Returns the zone, or NULL if a reload has removed it. */
static const Forward *forward_object_zone(const Objects *o, uint32_t number)
{
        const Forward *f;

        for (size_t i = 0; (f = engine_forward(daemon_engine(o->daemon), i)); i++)
                if (f->number == number)
                        return f;
        return NULL;
}

static int forward_object_gone(sd_bus_error *error)
{
        return sd_bus_error_set(error, ERROR_NO_SUCH_FORWARD, "The forward zone no longer exists");
}

/* --- changes */

static void forward_object_take(PublishedForward *s, const Forward *f)
{
        if (s->state != f->state || s->changed_at_real == 0)
                s->changed_at_real = objects_realtime(f->changed_at);
        s->state = f->state;
        s->reason = f->state == HEALTH_FAILED ? f->last_failure.reason : FAILURE_NONE;
        s->current = f->good;
        for (size_t i = 0; i < f->n_servers; i++)
                s->servers[i] = f->servers[i].state;
}

static void forward_object_publish(PublishedForward *s, const Forward *f)
{
        PublishedForward before = *s;
        const char *names[6];
        unsigned n = 0;

        forward_object_take(s, f);
        if (s->state != before.state)
                names[n++] = "State", names[n++] = "LastChangeUSec";
        if (s->reason != before.reason)
                names[n++] = "Reason";
        if (s->current != before.current)
                names[n++] = "CurrentServer";
        if (memcmp(s->servers, before.servers, sizeof(s->servers)) != 0)
                names[n++] = "ServerStates";
        names[n] = NULL;
        objects_emit_changed(s->objects, FORWARD_PATH, s->name, FORWARD_INTERFACE, names);
}

static const PublishedForward *forward_object_find_published(const PublishedForward *list, size_t n, uint32_t number)
{
        for (size_t i = 0; i < n; i++)
                if (list[i].number == number)
                        return &list[i];
        return NULL;
}

/* Returns the number of zones, and in *ret_same whether they are those published, in the same order. */
static size_t forward_object_count(const Objects *o, bool *ret_same)
{
        const Forward *f;
        size_t n;

        *ret_same = true;
        for (n = 0; (f = engine_forward(daemon_engine(o->daemon), n)); n++)
                *ret_same = *ret_same && n < o->n_forwards && o->forwards[n].number == f->number;
        *ret_same = *ret_same && n == o->n_forwards;
        return n;
}

/* After a reload: signals which zones were removed and added. One that has changed is both. */
static void forward_object_exchange(Objects *o, size_t n)
{
        PublishedForward *list = calloc(MAX(n, (size_t) 1), sizeof(*list)), *before = o->forwards;
        size_t n_before = o->n_forwards;

        /* The next turn tries again. */
        if (!list)
                return;
        for (size_t i = 0; i < n; i++) {
                const Forward *f = engine_forward(daemon_engine(o->daemon), i);
                const PublishedForward *known = forward_object_find_published(before, n_before, f->number);

                if (known) {
                        list[i] = *known;
                        continue;
                }
                list[i] = (PublishedForward) { .objects = o, .number = f->number };
                snprintf(list[i].name, sizeof(list[i].name), "%s", f->config->name);
                forward_object_take(&list[i], f);
        }
        o->forwards = list;
        o->n_forwards = n;
        for (size_t i = 0; i < n_before; i++)
                if (!forward_object_find_published(list, n, before[i].number))
                        objects_emit_removed(o, FORWARD_PATH, before[i].name, FORWARD_INTERFACE);
        for (size_t i = 0; i < n; i++)
                if (!forward_object_find_published(before, n_before, list[i].number))
                        objects_emit_added(o, FORWARD_PATH, list[i].name);
        free(before);
}

void forward_objects_sync(Objects *o)
{
        bool same;
        size_t n = forward_object_count(o, &same);
        const Forward *f;

        if (!same)
                forward_object_exchange(o, n);
        for (size_t i = 0; i < o->n_forwards && (f = engine_forward(daemon_engine(o->daemon), i)); i++)
                if (o->forwards[i].number == f->number)
                        forward_object_publish(&o->forwards[i], f);
}

/* --- properties */

static int forward_object_append_address(sd_bus_message *reply, const Address *a)
{
        char text[ADDRESS_TEXT_MAX];

        address_to_text(a, text);
        return sd_bus_message_append(reply, "s", text);
}

static int forward_object_get_word(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                                   const char *property, sd_bus_message *reply, void *userdata,
                                   _unused_ sd_bus_error *error)
{
        const PublishedForward *s = userdata;
        const char *word = strcmp(property, "Name") == 0    ? s->name
                           : strcmp(property, "State") == 0 ? health_state_name(s->state)
                                                            : failure_name(s->reason);

        return sd_bus_message_append(reply, "s", word);
}

static int forward_object_get_list(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                                   const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const PublishedForward *s = userdata;
        const Forward *f = forward_object_zone(s->objects, s->number);
        bool domains = strcmp(property, "Domains") == 0, states = strcmp(property, "ServerStates") == 0;
        int r;

        if (!f)
                return forward_object_gone(error);
        r = sd_bus_message_open_container(reply, 'a', "s");
        for (size_t i = 0; i < (domains ? f->config->n_domains : f->n_servers) && r >= 0; i++) {
                char text[NAME_TEXT_MAX];

                if (domains) {
                        name_to_text(BYTES(f->config->domains[i].name, f->config->domains[i].n), text);
                        r = sd_bus_message_append(reply, "s", text);
                } else if (states)
                        r = sd_bus_message_append(reply, "s", health_state_name(s->servers[i]));
                else
                        r = forward_object_append_address(reply, &f->servers[i].address);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int forward_object_get_current(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                                      _unused_ const char *property, sd_bus_message *reply, void *userdata,
                                      sd_bus_error *error)
{
        const PublishedForward *s = userdata;
        const Forward *f = forward_object_zone(s->objects, s->number);

        if (!f)
                return forward_object_gone(error);
        return s->current < f->n_servers ? forward_object_append_address(reply, &f->servers[s->current].address)
                                         : sd_bus_message_append(reply, "s", "");
}

static int forward_object_get_last_failure(_unused_ sd_bus *bus, _unused_ const char *path,
                                           _unused_ const char *interface, const char *property, sd_bus_message *reply,
                                           void *userdata, sd_bus_error *error)
{
        const PublishedForward *s = userdata;
        const Forward *f = forward_object_zone(s->objects, s->number);
        bool none;

        if (!f)
                return forward_object_gone(error);
        none = f->last_failure.reason == FAILURE_NONE;
        if (strcmp(property, "LastFailureReason") == 0)
                return sd_bus_message_append(reply, "s", failure_name(f->last_failure.reason));
        if (strcmp(property, "LastFailureUSec") == 0)
                return sd_bus_message_append(reply, "t", none ? 0 : objects_realtime(f->last_failure.at));
        return none ? sd_bus_message_append(reply, "s", "")
                    : forward_object_append_address(reply, &f->last_failure.server);
}

static int forward_object_get_figure(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                                     const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const PublishedForward *s = userdata;
        const Forward *f = forward_object_zone(s->objects, s->number);

        if (!f)
                return forward_object_gone(error);
        return sd_bus_message_append(reply, "t",
                                     strcmp(property, "Queries") == 0    ? f->queries
                                     : strcmp(property, "Failures") == 0 ? f->failures
                                                                         : s->changed_at_real);
}

static int forward_object_get_source(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                                     _unused_ const char *property, sd_bus_message *reply, void *userdata,
                                     sd_bus_error *error)
{
        const PublishedForward *s = userdata;
        const Forward *f = forward_object_zone(s->objects, s->number);

        return f ? sd_bus_message_append(reply, "s", f->config->links ? "links" : "configuration")
                 : forward_object_gone(error);
}

static const sd_bus_vtable forward_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Name", "s", forward_object_get_word, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Source", "s", forward_object_get_source, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Domains", "as", forward_object_get_list, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Servers", "as", forward_object_get_list, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("ServerStates", "as", forward_object_get_list, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("CurrentServer", "s", forward_object_get_current, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("State", "s", forward_object_get_word, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Reason", "s", forward_object_get_word, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("LastChangeUSec", "t", forward_object_get_figure, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("LastFailureReason", "s", forward_object_get_last_failure, 0, 0),
        SD_BUS_PROPERTY("LastFailureServer", "s", forward_object_get_last_failure, 0, 0),
        SD_BUS_PROPERTY("LastFailureUSec", "t", forward_object_get_last_failure, 0, 0),
        SD_BUS_PROPERTY("Queries", "t", forward_object_get_figure, 0, 0),
        SD_BUS_PROPERTY("Failures", "t", forward_object_get_figure, 0, 0),
        SD_BUS_VTABLE_END,
};

/* --- object tree */

static int forward_object_find_object(_unused_ sd_bus *bus, const char *path, _unused_ const char *interface,
                                      void *userdata, void **ret, _unused_ sd_bus_error *error)
{
        Objects *o = userdata;
        _cleanup_(freep) char *name = NULL;

        if (sd_bus_path_decode(path, FORWARD_PATH, &name) <= 0)
                return 0;
        for (size_t i = 0; i < o->n_forwards; i++)
                if (strcmp(o->forwards[i].name, name) == 0) {
                        *ret = &o->forwards[i];
                        return 1;
                }
        return 0;
}

static const char *forward_object_name(const Objects *o, size_t i)
{
        return i < o->n_forwards ? o->forwards[i].name : NULL;
}

static int forward_object_list_objects(_unused_ sd_bus *bus, _unused_ const char *prefix, void *userdata, char ***ret,
                                       _unused_ sd_bus_error *error)
{
        return objects_list_paths(userdata, FORWARD_PATH, forward_object_name, ret);
}

int forward_objects_attach(Objects *o, sd_bus *bus)
{
        int r = sd_bus_add_fallback_vtable(bus, NULL, FORWARD_PATH, FORWARD_INTERFACE, forward_vtable,
                                           forward_object_find_object, o);

        return r < 0 ? r : sd_bus_add_node_enumerator(bus, NULL, FORWARD_PATH, forward_object_list_objects, o);
}
