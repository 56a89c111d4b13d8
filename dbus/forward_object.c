/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects of forward zones, /org/dohmouse1/forward/NAME. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "objects_internal.h"

typedef struct PublishedForward {
        PublishedObject base;
        HealthState state;
        FailureReason reason;
        uint64_t changed_at_real; /* stored, as that of an upstream */
        size_t current;           /* index of the server asked first */
        HealthState servers[FORWARD_SERVERS_MAX];
} PublishedForward;

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
        const char *word = strcmp(property, "Name") == 0    ? s->base.name
                           : strcmp(property, "State") == 0 ? health_state_name(s->state)
                                                            : failure_name(s->reason);

        return sd_bus_message_append(reply, "s", word);
}

static int forward_object_get_list(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                                   const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const PublishedForward *s = userdata;
        const Forward *f = forward_object_zone(s->base.objects, s->base.number);
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
        const Forward *f = forward_object_zone(s->base.objects, s->base.number);

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
        const Forward *f = forward_object_zone(s->base.objects, s->base.number);
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
        const Forward *f = forward_object_zone(s->base.objects, s->base.number);

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
        const Forward *f = forward_object_zone(s->base.objects, s->base.number);

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

/* --- what is published */

static bool forward_object_identify(const Objects *o, size_t i, uint32_t *ret_number, const char **ret_name)
{
        const Forward *f = engine_forward(daemon_engine(o->daemon), i);

        if (!f)
                return false;
        *ret_number = f->number;
        *ret_name = f->config->name;
        return true;
}

static void forward_object_publish(PublishedObject *p, size_t i, bool is_new)
{
        const Forward *f = engine_forward(daemon_engine(p->objects->daemon), i);
        PublishedForward *s = (PublishedForward *) p, before = *s;
        const char *names[6];
        unsigned n = 0;

        s->state = f->state;
        s->reason = f->state == HEALTH_FAILED ? f->last_failure.reason : FAILURE_NONE;
        s->current = f->good;
        for (size_t k = 0; k < f->n_servers; k++)
                s->servers[k] = f->servers[k].state;
        if (is_new || s->state != before.state) {
                s->changed_at_real = objects_realtime(f->changed_at);
                names[n++] = "State", names[n++] = "LastChangeUSec";
        }
        if (s->reason != before.reason)
                names[n++] = "Reason";
        if (s->current != before.current)
                names[n++] = "CurrentServer";
        if (memcmp(s->servers, before.servers, sizeof(s->servers)) != 0)
                names[n++] = "ServerStates";
        names[n] = NULL;
        if (!is_new)
                objects_emit_changed(p->objects, FORWARD_PATH, p->name, FORWARD_INTERFACE, names);
}

const ObjectKind forward_kind = {
        .path = FORWARD_PATH,
        .interface = FORWARD_INTERFACE,
        .vtable = forward_vtable,
        .size = sizeof(PublishedForward),
        .identify = forward_object_identify,
        .publish = forward_object_publish,
};
