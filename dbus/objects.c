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

static void objects_publish(Published *s, const UpstreamInfo *u, bool *ret_state, bool *ret_admin, bool *ret_reason,
                            bool *ret_detail, bool *ret_retry)
{
        const Health *h = u->health;
        uint64_t retry_at = h->state == HEALTH_FAILED ? h->retry_at : 0;

        *ret_state = s->state != h->state;
        *ret_admin = s->admin != h->admin;
        *ret_reason = s->reason != h->reason;
        *ret_detail = strcmp(s->reason_detail, u->reason_detail) != 0;
        *ret_retry = s->retry_at != retry_at;
        s->state = h->state;
        s->admin = h->admin;
        s->reason = h->reason;
        snprintf(s->reason_detail, sizeof(s->reason_detail), "%s", u->reason_detail);
        s->retry_at = retry_at;
        if (*ret_state)
                s->changed_at_real = objects_realtime(h->changed_at);
        if (*ret_retry)
                s->retry_at_real = objects_realtime(retry_at);
}

static void objects_publish_new(Objects *o, Published *s, const UpstreamInfo *u)
{
        *s = (Published) {
                .objects = o,
                .number = u->number,
                .state = u->health->state,
                .admin = u->health->admin,
                .reason = u->health->reason,
                .retry_at = u->health->state == HEALTH_FAILED ? u->health->retry_at : 0,
                .changed_at_real = objects_realtime(u->health->changed_at),
        };
        s->retry_at_real = objects_realtime(s->retry_at);
        snprintf(s->name, sizeof(s->name), "%s", u->config->name);
        snprintf(s->reason_detail, sizeof(s->reason_detail), "%s", u->reason_detail);
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

int objects_list_paths(const Objects *o, const char *root, const char *(*name_at)(const Objects *o, size_t i),
                       char ***ret)
{
        char **paths;
        size_t n = 0;

        while (name_at(o, n))
                n++;
        paths = calloc(n + 1, sizeof(*paths));
        if (!paths)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if (sd_bus_path_encode(root, name_at(o, i), &paths[i]) < 0) {
                        while (i-- > 0)
                                free(paths[i]);
                        free(paths);
                        return -ENOMEM;
                }
        *ret = paths;
        return 1;
}

/* --- upstreams */

static void objects_emit_upstream(const Published *s, bool state, bool admin, bool reason, bool detail, bool retry)
{
        const char *names[7];
        unsigned n = 0;

        if (state)
                names[n++] = "State", names[n++] = "LastChangeUSec";
        if (admin)
                names[n++] = "Admin";
        if (reason)
                names[n++] = "Reason";
        if (detail)
                names[n++] = "ReasonDetail";
        if (retry)
                names[n++] = "RetryAtUSec";
        names[n] = NULL;
        objects_emit_changed(s->objects, UPSTREAM_PATH, s->name, UPSTREAM_INTERFACE, names);
}

static const Published *objects_find_published(const Published *list, size_t n, uint32_t number)
{
        for (size_t i = 0; i < n; i++)
                if (list[i].number == number)
                        return &list[i];
        return NULL;
}

/* True if the engine still has the published upstreams, in the same order. */
static bool objects_same_upstreams(const Objects *o)
{
        UpstreamInfo u;
        size_t i;

        for (i = 0; engine_upstream(daemon_engine(o->daemon), i, &u); i++)
                if (i >= o->n_upstreams || o->upstreams[i].number != u.number)
                        return false;
        return i == o->n_upstreams;
}

/* After a reload: signals which upstreams were removed and added. One that has changed is both. */
static void objects_exchange_upstreams(Objects *o)
{
        size_t n = engine_config(daemon_engine(o->daemon))->n_upstreams, n_before = o->n_upstreams;
        Published *list = calloc(MAX(n, (size_t) 1), sizeof(*list)), *before = o->upstreams;
        UpstreamInfo u;

        /* The next turn tries again. */
        if (!list)
                return;
        for (size_t i = 0; i < n; i++) {
                bool found = engine_upstream(daemon_engine(o->daemon), i, &u);
                const Published *known;

                must(found);
                known = objects_find_published(before, n_before, u.number);
                if (known)
                        list[i] = *known;
                else
                        objects_publish_new(o, &list[i], &u);
        }
        o->upstreams = list;
        o->n_upstreams = n;
        for (size_t i = 0; i < n_before; i++)
                if (!objects_find_published(list, n, before[i].number))
                        objects_emit_removed(o, UPSTREAM_PATH, before[i].name, UPSTREAM_INTERFACE);
        for (size_t i = 0; i < n; i++)
                if (!objects_find_published(before, n_before, list[i].number))
                        objects_emit_added(o, UPSTREAM_PATH, list[i].name);
        free(before);
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
        UpstreamInfo u;

        if (!objects_same_upstreams(o))
                objects_exchange_upstreams(o);
        for (size_t i = 0; i < o->n_upstreams && engine_upstream(daemon_engine(o->daemon), i, &u); i++) {
                bool state, admin, reason, detail, retry;

                if (o->upstreams[i].number != u.number)
                        continue;
                objects_publish(&o->upstreams[i], &u, &state, &admin, &reason, &detail, &retry);
                objects_emit_upstream(&o->upstreams[i], state, admin, reason, detail, retry);
        }
        forward_objects_sync(o);
        objects_sync_manager(o);
        resolve1_sync(o->resolve1);
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
}

static int objects_attach(void *userdata, sd_bus *bus)
{
        Objects *o = userdata;
        int r;

        r = sd_bus_add_object_manager(bus, NULL, MANAGER_PATH);
        if (r >= 0)
                r = manager_attach(o, bus);
        if (r >= 0)
                r = upstream_attach(o, bus);
        if (r >= 0)
                r = forward_objects_attach(o, bus);
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
        polkit_init(&o->polkit);
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
        free(o->upstreams);
        free(o->forwards);
        free(o);
        return NULL;
}
