/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager object, /org/dohmouse1. */

#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/dns/message.h"
#include "core/dns/reply.h"
#include "names.h"
#include "io/clock.h"
#include "io/journal.h"
#include "objects_internal.h"

#define FINDINGS_MAX 3 /* configuration errors in an error message; the journal has all of them */

/* --- methods */

static int manager_flush_cache(void *userdata, sd_bus_message *call, _unused_ uid_t user, _unused_ uint64_t argument,
                               _unused_ sd_bus_error *error)
{
        Objects *o = userdata;

        engine_flush_cache(daemon_engine(o->daemon));
        journal_log(LOG_INFO, "Flushed the cache.");
        return sd_bus_reply_method_return(call, NULL);
}

static int manager_on_flush_cache(sd_bus_message *call, void *userdata, _unused_ sd_bus_error *error)
{
        Objects *o = userdata;

        return polkit_check(&o->polkit, call, "org.dohmouse1.flush-cache", manager_flush_cache, o, 0);
}

typedef struct Findings {
        char text[1024];
        size_t length;
        unsigned n, errors;
} Findings;

/* Files may contain anything, but the bus disconnects a client whose strings are not UTF-8. */
static void manager_make_printable(char *text)
{
        for (; *text; text++)
                if (*text < ' ' || *text > '~')
                        *text = '?';
}

static void manager_note_finding(void *userdata, const ConfigMessage *m)
{
        Findings *f = userdata;
        size_t room = sizeof(f->text) - f->length;
        char line[16] = "";
        int n;

        if (m->severity != CONFIG_ERROR || ++f->errors > FINDINGS_MAX)
                return;
        if (m->line)
                snprintf(line, sizeof(line), "%u:", m->line);
        n = snprintf(f->text + f->length, room, "%s%s%s%s%s%s", f->n++ ? "; " : "", m->file ? m->file : "",
                     m->file ? ":" : "", line, m->file ? " " : "", m->text);
        f->length += MIN((size_t) MAX(n, 0), room - 1);
}

static int manager_reload(void *userdata, sd_bus_message *call, _unused_ uid_t user, _unused_ uint64_t argument,
                          sd_bus_error *error)
{
        Objects *o = userdata;
        Findings f = { .length = 0 };
        int r = daemon_reload(o->daemon, manager_note_finding, &f);

        if (r < 0)
                return r;
        if (r > 0) {
                manager_make_printable(f.text);
                return f.errors > FINDINGS_MAX ? sd_bus_error_setf(error, ERROR_INVALID_CONFIGURATION,
                                                                   "%s; and %u more", f.text, f.errors - FINDINGS_MAX)
                                               : sd_bus_error_set(error, ERROR_INVALID_CONFIGURATION, f.text);
        }
        objects_sync(o);
        return sd_bus_reply_method_return(call, NULL);
}

static int manager_on_reload(sd_bus_message *call, void *userdata, _unused_ sd_bus_error *error)
{
        Objects *o = userdata;

        return polkit_check(&o->polkit, call, "org.dohmouse1.reload", manager_reload, o, 0);
}

static int manager_reset_statistics(void *userdata, sd_bus_message *call, _unused_ uid_t user,
                                    _unused_ uint64_t argument, _unused_ sd_bus_error *error)
{
        Objects *o = userdata;

        daemon_reset_statistics(o->daemon);
        return sd_bus_reply_method_return(call, NULL);
}

static int manager_on_reset_statistics(sd_bus_message *call, void *userdata, _unused_ sd_bus_error *error)
{
        Objects *o = userdata;

        return polkit_check(&o->polkit, call, "org.dohmouse1.reset-statistics", manager_reset_statistics, o, 0);
}

static void manager_answer(sd_bus_message *call, _unused_ void *userdata, _unused_ AnswerOrigin origin, Packet *answer)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

        if (!answer)
                sd_bus_reply_method_errno(call, -ENOMEM, NULL);
        else if (sd_bus_message_new_method_return(call, &reply) >= 0 &&
                 sd_bus_message_append_array(reply, 'y', answer->data, answer->n) >= 0)
                sd_bus_send(NULL, reply, NULL);
}

static int manager_resolve(void *userdata, sd_bus_message *call, uid_t user, _unused_ uint64_t argument,
                           sd_bus_error *error)
{
        Objects *o = userdata;
        _cleanup_(packet_unrefp) Packet *query = NULL;
        Client client = { .kind = CLIENT_BUS };
        uint8_t name[DNS_NAME_MAX];
        const char *text;
        uint16_t type;
        size_t n;
        int r;

        r = sd_bus_message_rewind(call, true);
        if (r >= 0)
                r = sd_bus_message_read(call, "sq", &text, &type);
        if (r < 0)
                return r;
        n = name_from_text(text, name);
        if (!n)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "Invalid domain name");
        query = reply_upstream_query(BYTES(name, n), type, CLASS_IN, DNS_RD, false, false);
        if (!query)
                return -ENOMEM;
        client.bus.call = calls_add(&o->calls, call, user, &calls_limits_bus, manager_answer, NULL);
        if (!client.bus.call)
                return sd_bus_error_set(error, ERROR_TOO_MANY_REQUESTS, "Too many calls are waiting for an answer");
        /* As over TCP, the answer is never truncated. */
        engine_query(daemon_engine(o->daemon), &client, TRANSPORT_TCP, packet_bytes(query), clock_now());
        return 1;
}

static int manager_on_resolve(sd_bus_message *call, void *userdata, _unused_ sd_bus_error *error)
{
        Objects *o = userdata;

        return polkit_check(&o->polkit, call, NULL, manager_resolve, o, 0);
}

static int manager_monitor_queries(void *userdata, sd_bus_message *call, uid_t user, uint64_t names,
                                   sd_bus_error *error)
{
        Objects *o = userdata;
        int fd, r;

        if (names && user != 0)
                return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "Only root may see names");
        fd = query_streams_open(&o->query_streams, user, names);
        if (fd == -EBUSY)
                return sd_bus_error_set(error, ERROR_TOO_MANY_REQUESTS, "Too many clients monitor queries");
        if (fd < 0)
                return fd;
        r = sd_bus_reply_method_return(call, "h", fd);
        close(fd);
        return r;
}

static int manager_on_monitor_queries(sd_bus_message *call, void *userdata, _unused_ sd_bus_error *error)
{
        Objects *o = userdata;
        int names, r = sd_bus_message_read(call, "b", &names);

        /* polkit has no say about names. */
        return r < 0 ? r
                     : polkit_check(&o->polkit, call, names ? NULL : "org.dohmouse1.monitor-queries",
                                    manager_monitor_queries, o, (uint64_t) names);
}

static int manager_on_get_upstream(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        static const sd_bus_error unknown =
                SD_BUS_ERROR_MAKE_CONST(ERROR_NO_SUCH_UPSTREAM, "There is no upstream with this name");
        Objects *o = userdata;

        return object_list_reply_path(&o->upstreams, call, &unknown, error);
}

static int manager_on_get_forward(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        static const sd_bus_error unknown =
                SD_BUS_ERROR_MAKE_CONST(ERROR_NO_SUCH_FORWARD, "There is no forward zone with this name");
        Objects *o = userdata;

        return object_list_reply_path(&o->forwards, call, &unknown, error);
}

/* --- properties */

static int manager_get_version(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                               _unused_ const char *property, sd_bus_message *reply, _unused_ void *userdata,
                               _unused_ sd_bus_error *error)
{
        return sd_bus_message_append(reply, "s", PACKAGE_VERSION);
}

static int manager_get_word(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                            const char *property, sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error)
{
        const Objects *o = userdata;
        const char *word = strcmp(property, "HealthMode") == 0           ? health_mode_name(o->mode)
                           : strcmp(property, "NetworkState") == 0       ? network_state_name(o->network)
                           : strcmp(property, "ResolvConfMode") == 0     ? resolv_conf_mode_name(o->resolv_conf)
                           : strcmp(property, "ConfigurationError") == 0 ? o->configuration_error
                                                                         : log_level_name(o->log_level);

        return sd_bus_message_append(reply, "s", word);
}

static int manager_get_figure(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                              const char *property, sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error)
{
        const Objects *o = userdata;
        EngineStats stats;
        uint64_t figure;

        engine_stats(daemon_engine(o->daemon), &stats);
        figure = strcmp(property, "CacheEntries") == 0    ? stats.cache.entries
                 : strcmp(property, "CacheBytes") == 0    ? stats.cache.bytes
                 : strcmp(property, "CacheBytesMax") == 0 ? o->cache_size
                                                          : stats.counters.queries;
        return sd_bus_message_append(reply, "t", figure);
}

#define QUERIES(field) 0, offsetof(EngineStats, counters.field)
#define CACHE(field) 0, offsetof(EngineStats, cache.field)
#define LISTENER(field) 1, offsetof(ListenerStats, field)
#define CONNECTION(field) 2, offsetof(H2Stats, field)

static const struct {
        const char *name;
        unsigned owner;
        size_t offset;
} counters[] = {
        { "queries", QUERIES(queries) },
        { "queries-rejected", QUERIES(rejected) },
        { "queries-ignored", QUERIES(ignored) },
        { "queries-local", QUERIES(local) },
        { "queries-joined", QUERIES(joined) },
        { "queries-udp", LISTENER(udp_queries) },
        { "queries-tcp", LISTENER(tcp_queries) },
        { "answers", QUERIES(answered) },
        { "answers-stale", QUERIES(stale) },
        { "failures", QUERIES(failed) },
        { "failures-timeout", QUERIES(timeouts) },
        { "attempts", QUERIES(attempts) },
        { "attempts-retried", QUERIES(retries) },
        { "attempts-hedged", QUERIES(hedges) },
        { "prefetches", QUERIES(prefetches) },
        { "forwards", QUERIES(forwarded) },
        { "forwards-failed", QUERIES(forward_failed) },
        { "latency-sum-usec", QUERIES(latency.sum) },
        { "cache-hits", CACHE(hits) },
        { "cache-misses", CACHE(misses) },
        { "cache-stale", CACHE(stale) },
        { "cache-inserts", CACHE(inserts) },
        { "cache-evictions", CACHE(evictions) },
        { "client-connections", LISTENER(tcp_accepted) },
        { "client-connections-open", LISTENER(tcp_open) },
        { "client-connections-evicted", LISTENER(tcp_evicted) },
        { "client-connections-overflowed", LISTENER(tcp_overflow) },
        { "packets-dropped-source", LISTENER(dropped_source) },
        { "packets-dropped-flood", LISTENER(dropped_flood) },
        { "packets-dropped-send", LISTENER(dropped_send) },
        { "upstream-connections", CONNECTION(opened) },
        { "upstream-connections-closed", CONNECTION(closed_clean) },
        { "upstream-connections-forced", CONNECTION(closed_forced) },
        { "upstream-octets-received", CONNECTION(octets_in) },
        { "upstream-octets-sent", CONNECTION(octets_out) },
        { "upstream-writes", CONNECTION(writes) },
};

/* All counters are uint64_t, and all of them are listed, except the size of the cache and the histogram. */
_Static_assert(ELEMENTS(counters) == sizeof(EngineStats) / 8 - 2 - HISTOGRAM_CLASSES + sizeof(ListenerStats) / 8 +
                                             sizeof(H2Stats) / 8,
               "a new counter must be added here and to org.dohmouse1(5)");

static int manager_get_statistics(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                                  _unused_ const char *property, sd_bus_message *reply, void *userdata,
                                  _unused_ sd_bus_error *error)
{
        const Objects *o = userdata;
        EngineStats stats;
        const void *const owners[] = { &stats, daemon_listener_stats(o->daemon), daemon_connection_stats(o->daemon) };
        int r;

        engine_stats(daemon_engine(o->daemon), &stats);
        r = sd_bus_message_open_container(reply, 'a', "{st}");
        for (size_t i = 0; i < ELEMENTS(counters) && r >= 0; i++) {
                uint64_t value;

                memcpy(&value, (const char *) owners[counters[i].owner] + counters[i].offset, sizeof(value));
                r = sd_bus_message_append(reply, "{st}", counters[i].name, value);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int manager_get_latency(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                               _unused_ const char *property, sd_bus_message *reply, void *userdata,
                               _unused_ sd_bus_error *error)
{
        const Objects *o = userdata;
        EngineStats stats;
        int r;

        engine_stats(daemon_engine(o->daemon), &stats);
        r = sd_bus_message_open_container(reply, 'a', "(tt)");
        for (unsigned i = 0; i < HISTOGRAM_CLASSES && r >= 0; i++)
                r = sd_bus_message_append(reply, "(tt)",
                                          i == HISTOGRAM_CLASSES - 1 ? UINT64_MAX : (uint64_t) HISTOGRAM_FIRST << i,
                                          stats.counters.latency.count[i]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* --- the writable property */

static int manager_set_log_level(void *userdata, sd_bus_message *call, _unused_ uid_t user, uint64_t level,
                                 _unused_ sd_bus_error *error)
{
        journal_set_level((int) level);
        objects_sync(userdata);
        return sd_bus_reply_method_return(call, NULL);
}

/* Filters out Set calls for LogLevel: the setter of a vtable would have to reply at once, but polkit takes time. */
static int manager_on_call(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        Objects *o = userdata;
        const char *interface, *property, *word;
        int level;

        if (!sd_bus_message_is_method_call(call, DBUS_PROPERTIES, "Set") ||
            strcmp(sd_bus_message_get_path(call), MANAGER_PATH) != 0 || !sd_bus_message_has_signature(call, "ssv"))
                return 0;
        if (sd_bus_message_read(call, "ss", &interface, &property) < 0 || strcmp(interface, MANAGER_INTERFACE) != 0 ||
            strcmp(property, "LogLevel") != 0) {
                sd_bus_message_rewind(call, true);
                return 0;
        }
        if (sd_bus_message_read(call, "v", "s", &word) < 0)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "LogLevel must be a string");
        level = log_level_from_name(word);
        if (level < 0)
                return sd_bus_error_set(
                        error, SD_BUS_ERROR_INVALID_ARGS,
                        "Invalid log level, expected emerg, alert, crit, err, warning, notice, info or debug");
        return polkit_check(&o->polkit, call, "org.dohmouse1.set-log-level", manager_set_log_level, o,
                            (uint64_t) level);
}

static int manager_never_set(_unused_ sd_bus *bus, _unused_ const char *path, _unused_ const char *interface,
                             _unused_ const char *property, _unused_ sd_bus_message *value, _unused_ void *userdata,
                             sd_bus_error *error)
{
        return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "The property cannot be written");
}

static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("FlushCache", NULL, NULL, manager_on_flush_cache, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Reload", NULL, NULL, manager_on_reload, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("ResetStatistics", NULL, NULL, manager_on_reset_statistics, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Resolve", SD_BUS_ARGS("s", name, "q", type), SD_BUS_RESULT("ay", message),
                                manager_on_resolve, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("MonitorQueries", SD_BUS_ARGS("b", names), SD_BUS_RESULT("h", stream),
                                manager_on_monitor_queries, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetUpstream", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", upstream),
                                manager_on_get_upstream, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetForward", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", forward),
                                manager_on_get_forward, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Version", "s", manager_get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("HealthMode", "s", manager_get_word, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ConfigurationError", "s", manager_get_word, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("NetworkState", "s", manager_get_word, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ResolvConfMode", "s", manager_get_word, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_WRITABLE_PROPERTY("LogLevel", "s", manager_get_word, manager_never_set, 0,
                                 SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE | SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Statistics", "a{st}", manager_get_statistics, 0, 0),
        SD_BUS_PROPERTY("Latency", "a(tt)", manager_get_latency, 0, 0),
        SD_BUS_PROPERTY("CacheEntries", "t", manager_get_figure, 0, 0),
        SD_BUS_PROPERTY("CacheBytes", "t", manager_get_figure, 0, 0),
        SD_BUS_PROPERTY("CacheBytesMax", "t", manager_get_figure, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Queries", "t", manager_get_figure, 0, 0),
        SD_BUS_VTABLE_END,
};

int manager_attach(Objects *o, sd_bus *bus)
{
        int r = sd_bus_add_object_vtable(bus, NULL, MANAGER_PATH, MANAGER_INTERFACE, manager_vtable, o);

        return r < 0 ? r : sd_bus_add_filter(bus, NULL, manager_on_call, o);
}
