/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects of upstreams, /org/dohmouse1/upstream/NAME. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "io/clock.h"
#include "objects_internal.h"

/* The times of CLOCK_REALTIME are stored, since computing them again from those of CLOCK_BOOTTIME would give slightly
 * different values. */
typedef struct PublishedUpstream {
        PublishedObject base;
        HealthState state;
        HealthAdmin admin;
        FailureReason reason;
        char reason_detail[FAILURE_DETAIL_MAX];
        uint64_t retry_at; /* CLOCK_BOOTTIME; 0: not failed */
        uint64_t retry_at_real;
        uint64_t changed_at_real;
} PublishedUpstream;

/* --- methods. While polkit is asked, an upstream is known by its number, which is never reused. */

static int upstream_object_gone(sd_bus_error *error)
{
        return sd_bus_error_set(error, ERROR_NO_SUCH_UPSTREAM, "The upstream no longer exists");
}

static bool upstream_object_find(const Objects *o, uint32_t number, UpstreamInfo *ret)
{
        for (size_t i = 0; engine_upstream(daemon_engine(o->daemon), i, ret); i++)
                if (ret->number == number)
                        return true;
        return false;
}

static int upstream_object_probe(void *userdata, sd_bus_message *call, uid_t user, uint64_t number, sd_bus_error *error)
{
        Objects *o = userdata;
        UpstreamInfo u;
        uint64_t cookie;

        if (!upstream_object_find(o, (uint32_t) number, &u))
                return upstream_object_gone(error);
        cookie = calls_add(&o->calls, call, user, &calls_limits_bus, NULL, NULL);
        if (!cookie)
                return sd_bus_error_set(error, ERROR_TOO_MANY_REQUESTS, "Too many calls are waiting for an answer");
        if (!engine_probe(daemon_engine(o->daemon), u.number, cookie, clock_now())) {
                sd_bus_message_unref(calls_take(&o->calls, cookie));
                return sd_bus_error_set(error, ERROR_PROBE_IN_PROGRESS, "The upstream is already being probed");
        }
        return 1;
}

void upstream_probed(sd_bus_message *call, const Action *action)
{
        sd_bus_reply_method_return(call, "stb", action->probed.failure ? failure_name(action->probed.failure) : "ok",
                                   action->probed.took, (int) action->probed.resumed);
}

static int upstream_object_on_probe(sd_bus_message *call, void *userdata, _unused_ sd_bus_error *error)
{
        const PublishedUpstream *s = userdata;

        return polkit_check(&s->base.objects->polkit, call, "org.dohmouse1.probe", upstream_object_probe,
                            s->base.objects, s->base.number);
}

/* `argument` is the number of the upstream, with the HealthAdmin in the upper 32 bits. */
static int upstream_object_set_admin(void *userdata, sd_bus_message *call, _unused_ uid_t user, uint64_t argument,
                                     sd_bus_error *error)
{
        Objects *o = userdata;

        if (!engine_set_admin(daemon_engine(o->daemon), (uint32_t) argument, (HealthAdmin) (argument >> 32),
                              clock_now()))
                return upstream_object_gone(error);
        objects_sync(o);
        return sd_bus_reply_method_return(call, NULL);
}

static int upstream_object_on_set_admin(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const PublishedUpstream *s = userdata;
        const char *word;
        int r;

        r = sd_bus_message_read(call, "s", &word);
        if (r < 0)
                return r;
        for (HealthAdmin a = ADMIN_AUTO; a <= ADMIN_DOWN; a++)
                if (strcmp(health_admin_name(a), word) == 0)
                        return polkit_check(&s->base.objects->polkit, call, "org.dohmouse1.set-admin",
                                            upstream_object_set_admin, s->base.objects,
                                            (uint64_t) a << 32 | s->base.number);
        return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                "Invalid administrative state, expected auto, up or down");
}

static int upstream_object_disconnect(void *userdata, sd_bus_message *call, _unused_ uid_t user, uint64_t number,
                                      sd_bus_error *error)
{
        Objects *o = userdata;

        if (!engine_disconnect(daemon_engine(o->daemon), (uint32_t) number, clock_now()))
                return upstream_object_gone(error);
        return sd_bus_reply_method_return(call, NULL);
}

static int upstream_object_on_disconnect(sd_bus_message *call, void *userdata, _unused_ sd_bus_error *error)
{
        const PublishedUpstream *s = userdata;

        return polkit_check(&s->base.objects->polkit, call, "org.dohmouse1.disconnect", upstream_object_disconnect,
                            s->base.objects, s->base.number);
}

/* --- properties */

static int upstream_object_get_word(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                                    const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const PublishedUpstream *s = userdata;
        UpstreamInfo u;
        const char *word;

        if (!upstream_object_find(s->base.objects, s->base.number, &u))
                return upstream_object_gone(error);
        word = strcmp(property, "Name") == 0           ? s->base.name
               : strcmp(property, "URL") == 0          ? u.config->url
               : strcmp(property, "HealthMode") == 0   ? health_mode_name(u.config->health)
               : strcmp(property, "State") == 0        ? health_state_name(s->state)
               : strcmp(property, "Reason") == 0       ? failure_name(s->reason)
               : strcmp(property, "ReasonDetail") == 0 ? s->reason_detail
                                                       : health_admin_name(s->admin);
        return sd_bus_message_append(reply, "s", word);
}

static int upstream_object_get_addresses(_unused_ sd_bus *bus, _unused_ const char *path,
                                         _unused_ const char *interface, _unused_ const char *property,
                                         sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const PublishedUpstream *s = userdata;
        UpstreamInfo u;
        int r;

        if (!upstream_object_find(s->base.objects, s->base.number, &u))
                return upstream_object_gone(error);
        r = sd_bus_message_open_container(reply, 'a', "s");
        for (size_t i = 0; i < u.config->n_addresses && r >= 0; i++) {
                char text[ADDRESS_TEXT_MAX];

                address_to_text(&u.config->addresses[i], text);
                r = sd_bus_message_append(reply, "s", text);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int upstream_object_get_time(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                                    const char *property, sd_bus_message *reply, void *userdata,
                                    _unused_ sd_bus_error *error)
{
        const PublishedUpstream *s = userdata;

        return sd_bus_message_append(reply, "t",
                                     strcmp(property, "RetryAtUSec") == 0 ? s->retry_at_real : s->changed_at_real);
}

static int upstream_object_get_connections(_unused_ sd_bus *bus, _unused_ const char *path,
                                           _unused_ const char *interface, _unused_ const char *property,
                                           sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const PublishedUpstream *s = userdata;
        UpstreamInfo u;

        if (!upstream_object_find(s->base.objects, s->base.number, &u))
                return upstream_object_gone(error);
        return sd_bus_message_append(reply, "u", (uint32_t) u.connections);
}

static const struct {
        const char *name;
        size_t offset;
} figures[] = {
        { "SmoothedRTTUSec", offsetof(UpstreamInfo, smoothed_rtt) },
        { "PeerIdleUSec", offsetof(UpstreamInfo, peer_idle) },
        { "Queries", offsetof(UpstreamInfo, queries) },
        { "Failures", offsetof(UpstreamInfo, failures) },
        { "HandshakesFull", offsetof(UpstreamInfo, handshakes_full) },
        { "HandshakesResumed", offsetof(UpstreamInfo, handshakes_resumed) },
        { "HandshakesEarly", offsetof(UpstreamInfo, handshakes_early) },
        { "Probes", offsetof(UpstreamInfo, probes) },
        { "Races", offsetof(UpstreamInfo, races) },
        { "RacesWon", offsetof(UpstreamInfo, races_won) },
};

static int upstream_object_get_figure(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                                      const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const PublishedUpstream *s = userdata;
        UpstreamInfo u;
        uint64_t value = 0;

        if (!upstream_object_find(s->base.objects, s->base.number, &u))
                return upstream_object_gone(error);
        for (size_t i = 0; i < ELEMENTS(figures); i++)
                if (strcmp(figures[i].name, property) == 0)
                        memcpy(&value, (const char *) &u + figures[i].offset, sizeof(value));
        return sd_bus_message_append(reply, "t", value);
}

static const sd_bus_vtable upstream_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Probe", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", outcome, "t", duration_usec, "b", resumed),
                                upstream_object_on_probe, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetAdmin", SD_BUS_ARGS("s", admin), SD_BUS_NO_RESULT, upstream_object_on_set_admin,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Disconnect", NULL, NULL, upstream_object_on_disconnect, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Name", "s", upstream_object_get_word, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("URL", "s", upstream_object_get_word, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Addresses", "as", upstream_object_get_addresses, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("HealthMode", "s", upstream_object_get_word, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("State", "s", upstream_object_get_word, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Reason", "s", upstream_object_get_word, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ReasonDetail", "s", upstream_object_get_word, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Admin", "s", upstream_object_get_word, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("RetryAtUSec", "t", upstream_object_get_time, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("LastChangeUSec", "t", upstream_object_get_time, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Connections", "u", upstream_object_get_connections, 0, 0),
        SD_BUS_PROPERTY("SmoothedRTTUSec", "t", upstream_object_get_figure, 0, 0),
        SD_BUS_PROPERTY("PeerIdleUSec", "t", upstream_object_get_figure, 0, 0),
        SD_BUS_PROPERTY("Queries", "t", upstream_object_get_figure, 0, 0),
        SD_BUS_PROPERTY("Failures", "t", upstream_object_get_figure, 0, 0),
        SD_BUS_PROPERTY("HandshakesFull", "t", upstream_object_get_figure, 0, 0),
        SD_BUS_PROPERTY("HandshakesResumed", "t", upstream_object_get_figure, 0, 0),
        SD_BUS_PROPERTY("HandshakesEarly", "t", upstream_object_get_figure, 0, 0),
        SD_BUS_PROPERTY("Probes", "t", upstream_object_get_figure, 0, 0),
        SD_BUS_PROPERTY("Races", "t", upstream_object_get_figure, 0, 0),
        SD_BUS_PROPERTY("RacesWon", "t", upstream_object_get_figure, 0, 0),
        SD_BUS_VTABLE_END,
};

/* --- what is published */

static bool upstream_object_identify(const Objects *o, size_t i, uint32_t *ret_number, const char **ret_name)
{
        UpstreamInfo u;

        if (!engine_upstream(daemon_engine(o->daemon), i, &u))
                return false;
        *ret_number = u.number;
        *ret_name = u.config->name;
        return true;
}

static void upstream_object_publish(PublishedObject *p, size_t i, bool is_new)
{
        PublishedUpstream *s = (PublishedUpstream *) p, before = *s;
        const char *names[7];
        UpstreamInfo u;
        unsigned n = 0;

        engine_upstream(daemon_engine(p->objects->daemon), i, &u);
        s->state = u.health->state;
        s->admin = u.health->admin;
        s->reason = u.health->reason;
        snprintf(s->reason_detail, sizeof(s->reason_detail), "%s", u.reason_detail);
        s->retry_at = s->state == HEALTH_FAILED ? u.health->retry_at : 0;
        if (is_new || s->state != before.state) {
                s->changed_at_real = objects_realtime(u.health->changed_at);
                names[n++] = "State", names[n++] = "LastChangeUSec";
        }
        if (s->admin != before.admin)
                names[n++] = "Admin";
        if (s->reason != before.reason)
                names[n++] = "Reason";
        if (strcmp(s->reason_detail, before.reason_detail) != 0)
                names[n++] = "ReasonDetail";
        if (s->retry_at != before.retry_at) {
                s->retry_at_real = objects_realtime(s->retry_at);
                names[n++] = "RetryAtUSec";
        }
        names[n] = NULL;
        if (!is_new)
                objects_emit_changed(p->objects, UPSTREAM_PATH, p->name, UPSTREAM_INTERFACE, names);
}

const ObjectKind upstream_kind = {
        .path = UPSTREAM_PATH,
        .interface = UPSTREAM_INTERFACE,
        .vtable = upstream_vtable,
        .size = sizeof(PublishedUpstream),
        .identify = upstream_object_identify,
        .publish = upstream_object_publish,
};
