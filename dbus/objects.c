/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "objects_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "io/clock.h"
#include "io/journal.h"

/* --- changes */

uint64_t objects_realtime(uint64_t boottime)
{
        return boottime ? clock_usec(CLOCK_REALTIME) + boottime - clock_now() : 0;
}

/* --- signals */

void objects_emit_changed(const Objects *o, const char *root, const char *name, const char *interface,
                          const char *const *properties)
{
        sd_bus *bus = bus_ready(daemon_bus(o->daemon));
        _cleanup_(freep) char *path = NULL;

        if (*properties && bus && sd_bus_path_encode(root, name, &path) >= 0)
                sd_bus_emit_properties_changed_strv(bus, path, interface, (char **) properties);
}

void objects_emit_added(const Objects *o, const char *root, const char *name)
{
        sd_bus *bus = bus_ready(daemon_bus(o->daemon));
        _cleanup_(freep) char *path = NULL;

        if (bus && sd_bus_path_encode(root, name, &path) >= 0)
                sd_bus_emit_object_added(bus, path);
}

void objects_emit_removed(const Objects *o, const char *root, const char *name, const char *interface)
{
        /* The interfaces that sd_bus_emit_object_added() announces. Its counterpart does not work for an object that no
         * longer exists. */
        const char *const interfaces[] = { "org.freedesktop.DBus.Peer", "org.freedesktop.DBus.Introspectable",
                                           DBUS_PROPERTIES, interface, NULL };
        sd_bus *bus = bus_ready(daemon_bus(o->daemon));
        _cleanup_(freep) char *path = NULL;

        if (bus && sd_bus_path_encode(root, name, &path) >= 0)
                sd_bus_emit_interfaces_removed_strv(bus, path, (char **) interfaces);
}

static void objects_sync_manager(Objects *o)
{
        const Engine *e = daemon_engine(o->daemon);
        const Config *config = engine_config(e);
        uint64_t cache_size = config->cache ? config->cache_size : 0;
        sd_bus *bus = bus_ready(daemon_bus(o->daemon));
        const char *unusable = config_unusable(config) ?: "";
        const char *names[7];
        unsigned n = 0;

        if (strncmp(o->configuration_error, unusable, sizeof(o->configuration_error) - 1) != 0)
                names[n++] = "ConfigurationError";
        if (o->resolv_conf != daemon_resolv_conf_mode(o->daemon))
                names[n++] = "ResolvConfMode";
        if (o->network != engine_network_state(e))
                names[n++] = "NetworkState";
        if (o->mode != config->health)
                names[n++] = "HealthMode";
        if (o->cache_size != cache_size)
                names[n++] = "CacheBytesMax";
        if (o->log_level != journal_level())
                names[n++] = "LogLevel";
        names[n] = NULL;
        snprintf(o->configuration_error, sizeof(o->configuration_error), "%s", unusable);
        o->network = engine_network_state(e);
        o->resolv_conf = daemon_resolv_conf_mode(o->daemon);
        o->mode = config->health;
        o->cache_size = cache_size;
        o->log_level = journal_level();
        if (n && bus)
                sd_bus_emit_properties_changed_strv(bus, MANAGER_PATH, MANAGER_INTERFACE, (char **) names);
}

void objects_sync(Objects *o)
{
        object_list_sync(&o->upstreams);
        object_list_sync(&o->forwards);
        objects_sync_manager(o);
        resolve1_sync(o->resolve1);
        varlink_sync(o->varlink);
}

static void objects_on_turned(void *userdata)
{
        objects_sync(userdata);
}

/* --- replies of the engine */

static void objects_on_probed(void *userdata, const Action *action)
{
        Objects *o = userdata;
        sd_bus_message *call = calls_take(&o->calls, action->probed.cookie);

        if (call)
                upstream_probed(call, action);
        sd_bus_message_unref(call);
}

static void objects_on_answer(void *userdata, const Client *client, AnswerOrigin origin, Packet *answer)
{
        Objects *o = userdata;

        calls_answer(&o->calls, client->bus.call, origin, answer);
}

/* --- life */

static void objects_on_finished(void *userdata)
{
        Objects *o = userdata;

        varlink_stop(o->varlink);
        query_streams_close_all(&o->query_streams);
}

static int objects_attach(void *userdata, sd_bus *bus)
{
        Objects *o = userdata;
        int r;

        r = sd_bus_add_object_manager(bus, NULL, MANAGER_PATH);
        if (r >= 0)
                r = manager_attach(o, bus);
        if (r >= 0)
                r = object_list_attach(&o->upstreams, bus);
        if (r >= 0)
                r = object_list_attach(&o->forwards, bus);
        if (r >= 0)
                r = owned_name_attach(&o->name, bus);
        if (r >= 0)
                r = owned_name_want(&o->name, bus, true);
        if (r >= 0)
                r = resolve1_attach(o->resolve1, bus);
        return r;
}

static void objects_detach(void *userdata)
{
        Objects *o = userdata;

        owned_name_detach(&o->name);
        resolve1_detach(o->resolve1);
        polkit_forget_all(&o->polkit);
        calls_forget_messages(&o->calls);
}

Objects *objects_new(Daemon *d)
{
        Objects *o = calloc(1, sizeof(*o));

        if (!o)
                return NULL;
        o->daemon = d;
        o->user = (BusUser) { .attach = objects_attach, .detach = objects_detach, .userdata = o };
        o->name.name = BUS_NAME;
        object_list_init(&o->upstreams, &upstream_kind, o);
        object_list_init(&o->forwards, &forward_kind, o);
        polkit_init(&o->polkit);
        query_streams_init(&o->query_streams, d);
        o->resolve1 = resolve1_new(d, &o->polkit, &o->calls);
        o->varlink = varlink_new(d, &o->calls);
        if (!o->resolve1 || !o->varlink) {
                varlink_free(o->varlink);
                resolve1_free(o->resolve1);
                free(o);
                return NULL;
        }
        daemon_observe(d, &(DaemonObserver) { .turned = objects_on_turned,
                                              .probed = objects_on_probed,
                                              .answer = objects_on_answer,
                                              .finished = objects_on_finished,
                                              .userdata = o });
        objects_sync(o);
        bus_join(daemon_bus(d), &o->user);
        return o;
}

Objects *objects_free(Objects *o)
{
        if (!o)
                return NULL;
        objects_detach(o);
        resolve1_free(o->resolve1);
        varlink_free(o->varlink);
        object_list_deinit(&o->upstreams);
        object_list_deinit(&o->forwards);
        free(o);
        return NULL;
}
