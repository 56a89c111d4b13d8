/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dohmousectl monitor: prints a line for each signal of the daemon, and for each query if that is wanted. */

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "ctl_model.h"
#include "ctl_query_stream.h"

/* A daemon that stops closes the pipe first, and then leaves the bus. */
#define STOP_TIMEOUT USEC_PER_SEC

typedef struct Monitor {
        Ctl *c;
        UpstreamList upstreams;
        ForwardList forwards;
        bool reload; /* the daemon was started: read everything again */
        QueryStream queries;
        uint64_t dropped_at; /* the pipe was closed, and if the daemon still runs then, because we were slow; usec */
} Monitor;

/* `event` is current, changed, added or removed. */
static void monitor_print_upstream(const Monitor *m, const char *event, const UpstreamView *v)
{
        const Ctl *c = m->c;
        const char *word = upstream_state_word(v);

        if (c->json) {
                ctl_put_json(c, json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "TimestampUSec",
                                          (json_int_t) now_real(), "Event", event, "Upstream", v->name, "State",
                                          v->state, "Reason", v->reason, "ReasonDetail", v->reason_detail, "Admin",
                                          v->admin, "RetryAtUSec", ctl_json_number(v->retry_at)));
        } else {
                time_print(&c->terminal, now_real());
                if (strcmp(event, "removed") == 0)
                        printf("%s was removed\n", v->name);
                else
                        printf("%s%s is %s%s%s%s%s%s%s\n", v->name, strcmp(event, "added") == 0 ? " was added and" : "",
                               state_colour(c, word), word, *state_colour(c, word) ? c->terminal.normal : "",
                               *v->reason ? ": " : "", reason_words(v->reason), *v->reason_detail ? ", " : "",
                               v->reason_detail);
        }
        fflush(stdout);
}

static void monitor_print_forward(const Monitor *m, const char *event, const ForwardView *v)
{
        const Ctl *c = m->c;
        const char *colour = state_colour(c, v->state);

        if (c->json) {
                ctl_put_json(c, json_pack("{s:I, s:s, s:s, s:s, s:s}", "TimestampUSec", (json_int_t) now_real(),
                                          "Event", event, "Forward", v->name, "State", v->state, "Reason", v->reason));
        } else {
                time_print(&c->terminal, now_real());
                if (strcmp(event, "removed") == 0)
                        printf("Forward zone %s was removed\n", v->name);
                else
                        printf("Forward zone %s%s is %s%s%s%s%s\n", v->name,
                               strcmp(event, "added") == 0 ? " was added and" : "", colour, v->state,
                               *colour ? c->terminal.normal : "", *v->reason ? ": " : "", reason_words(v->reason));
        }
        fflush(stdout);
}

static void monitor_print_word(const Monitor *m, const char *event, const char *subject, const char *key,
                               const char *value)
{
        const Ctl *c = m->c;

        if (c->json) {
                ctl_put_json(c, json_pack("{s:I, s:s, s:s}", "TimestampUSec", (json_int_t) now_real(), "Event", event,
                                          key, value));
        } else {
                time_print(&c->terminal, now_real());
                printf("%s is %s%s%s\n", subject, state_colour(c, value), value,
                       *state_colour(c, value) ? c->terminal.normal : "");
        }
        fflush(stdout);
}

/* --- signals */

static ForwardView *monitor_forward_at(Monitor *m, const char *path)
{
        _cleanup_(freep) char *name = NULL;

        if (sd_bus_path_decode(path, FORWARD_PATH, &name) <= 0)
                return NULL;
        for (size_t i = 0; i < m->forwards.n; i++)
                if (strcmp(m->forwards.views[i].name, name) == 0)
                        return &m->forwards.views[i];
        return NULL;
}

static UpstreamView *monitor_view_at(Monitor *m, const char *path)
{
        _cleanup_(freep) char *name = NULL;

        if (sd_bus_path_decode(path, UPSTREAM_PATH, &name) <= 0)
                return NULL;
        for (size_t i = 0; i < m->upstreams.n; i++)
                if (strcmp(m->upstreams.views[i].name, name) == 0)
                        return &m->upstreams.views[i];
        return NULL;
}

static int monitor_on_manager_changed(const Monitor *m, sd_bus_message *message)
{
        int r = sd_bus_message_enter_container(message, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                const char *name, *value, *contents;

                r = sd_bus_message_read(message, "s", &name);
                if (r >= 0)
                        r = sd_bus_message_peek_type(message, NULL, &contents);
                if (r >= 0 && strcmp(name, "NetworkState") == 0 && strcmp(contents, "s") == 0) {
                        r = sd_bus_message_read(message, "v", "s", &value);
                        if (r >= 0)
                                monitor_print_word(m, "network", "The network", "NetworkState", value);
                } else if (r >= 0)
                        r = sd_bus_message_skip(message, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
        }
        return r;
}

/* Prints a change of state. Which server is asked first, for example, is not one. */
static void monitor_on_forward_changed(const Monitor *m, ForwardView *v, sd_bus_message *message)
{
        _cleanup_(freep) char *before = strdup(v->state);

        if (forward_view_update(v, message) >= 0 && before && strcmp(before, v->state) != 0)
                monitor_print_forward(m, "changed", v);
}

static int monitor_on_changed(sd_bus_message *message, void *userdata, _unused_ sd_bus_error *error)
{
        Monitor *m = userdata;
        const char *interface;
        UpstreamView *v;
        ForwardView *f;

        if (sd_bus_message_read(message, "s", &interface) < 0)
                return 0;
        if (strcmp(interface, MANAGER_INTERFACE) == 0)
                monitor_on_manager_changed(m, message);
        else if (strcmp(interface, UPSTREAM_INTERFACE) == 0 &&
                 (v = monitor_view_at(m, sd_bus_message_get_path(message))) && upstream_view_update(v, message) >= 0)
                monitor_print_upstream(m, "changed", v);
        else if (strcmp(interface, FORWARD_INTERFACE) == 0 &&
                 (f = monitor_forward_at(m, sd_bus_message_get_path(message))))
                monitor_on_forward_changed(m, f, message);
        return 0;
}

static int monitor_on_added(sd_bus_message *message, void *userdata, _unused_ sd_bus_error *error)
{
        Monitor *m = userdata;
        size_t upstreams = m->upstreams.n, forwards = m->forwards.n;

        if (sd_bus_message_skip(message, "o") < 0 || model_read_object(&m->upstreams, &m->forwards, message) < 0)
                return 0;
        if (m->upstreams.n > upstreams)
                monitor_print_upstream(m, "added", &m->upstreams.views[upstreams]);
        if (m->forwards.n > forwards)
                monitor_print_forward(m, "added", &m->forwards.views[forwards]);
        return 0;
}

static int monitor_on_removed(sd_bus_message *message, void *userdata, _unused_ sd_bus_error *error)
{
        Monitor *m = userdata;
        const char *path;
        UpstreamView *v;
        ForwardView *f;

        if (sd_bus_message_read(message, "o", &path) < 0)
                return 0;
        if ((v = monitor_view_at(m, path))) {
                monitor_print_upstream(m, "removed", v);
                upstream_view_deinit(v);
                *v = m->upstreams.views[--m->upstreams.n];
        } else if ((f = monitor_forward_at(m, path))) {
                monitor_print_forward(m, "removed", f);
                forward_view_deinit(f);
                *f = m->forwards.views[--m->forwards.n];
        }
        return 0;
}

/* The daemon was started or stopped. */
static int monitor_on_owner(sd_bus_message *message, void *userdata, _unused_ sd_bus_error *error)
{
        Monitor *m = userdata;
        const char *name, *before, *after;

        if (sd_bus_message_read(message, "sss", &name, &before, &after) < 0 || strcmp(name, BUS_NAME) != 0)
                return 0;
        monitor_print_word(m, "daemon", "dohmouse", "Daemon", *after ? "running" : "not running");
        m->reload = *after;
        m->dropped_at = USEC_NEVER;
        return 0;
}

static int monitor_watch(Monitor *m)
{
        sd_bus *bus = m->c->bus;
        int r = sd_bus_add_match(bus, NULL,
                                 "type='signal',sender='" BUS_NAME "',interface='" DBUS_PROPERTIES
                                 "',member='PropertiesChanged',"
                                 "path_namespace='" MANAGER_PATH "'",
                                 monitor_on_changed, m);

        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, BUS_NAME, MANAGER_PATH, DBUS_OBJECT_MANAGER, "InterfacesAdded",
                                        monitor_on_added, m);
        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, BUS_NAME, MANAGER_PATH, DBUS_OBJECT_MANAGER, "InterfacesRemoved",
                                        monitor_on_removed, m);
        if (r >= 0)
                r = sd_bus_add_match(bus, NULL,
                                     "type='signal',sender='" DBUS_NAME "',interface='" DBUS_INTERFACE
                                     "',member='NameOwnerChanged',arg0='" BUS_NAME "'",
                                     monitor_on_owner, m);
        return r;
}

/* Prints the current state. False on an error, which has been printed. */
static bool monitor_show_current(Monitor *m)
{
        _cleanup_(manager_view_deinit) ManagerView manager = { 0 };

        upstream_list_deinit(&m->upstreams);
        forward_list_deinit(&m->forwards);
        if (!ctl_read_manager(m->c, &manager) || !ctl_read_objects(m->c, &m->upstreams, &m->forwards))
                return false;
        monitor_print_word(m, "current", "The network", "NetworkState", manager.network);
        for (size_t i = 0; i < m->upstreams.n; i++)
                monitor_print_upstream(m, "current", &m->upstreams.views[i]);
        for (size_t i = 0; i < m->forwards.n; i++)
                monitor_print_forward(m, "current", &m->forwards.views[i]);
        return true;
}

/* --- queries */

static bool monitor_open_queries(Monitor *m)
{
        return (!m->c->queries && !m->c->names) || query_stream_open(&m->queries, m->c);
}

static void monitor_queries_dropped(Monitor *m)
{
        const Ctl *c = m->c;

        m->dropped_at = USEC_NEVER;
        if (c->json)
                ctl_put_json(c, json_pack("{s:I, s:s}", "TimestampUSec", (json_int_t) now_real(), "Event", "dropped"));
        else {
                time_print(&c->terminal, now_real());
                printf("Some queries were not shown: they were answered faster than they could be read\n");
                fflush(stdout);
        }
        monitor_open_queries(m);
}

/* --- the course */

/* Waits for the bus, a query, or that the daemon is known not to have stopped. Negative errno. */
static int monitor_wait(Monitor *m)
{
        struct pollfd p[] = { { .fd = sd_bus_get_fd(m->c->bus), .events = (short) sd_bus_get_events(m->c->bus) },
                              { .fd = m->queries.fd, .events = POLLIN } };
        uint64_t until, now = now_monotonic();

        if (sd_bus_get_timeout(m->c->bus, &until) < 0)
                until = USEC_NEVER;
        until = MIN(until, m->dropped_at);
        if (poll(p, ELEMENTS(p), until == USEC_NEVER ? -1 : (int) (usec_sub(until, now) / USEC_PER_MSEC) + 1) < 0)
                return -errno;
        if (p[1].revents && !query_stream_read(&m->queries, m->c))
                m->dropped_at = now_monotonic() + STOP_TIMEOUT;
        if (now_monotonic() >= m->dropped_at)
                monitor_queries_dropped(m);
        return 0;
}

static bool monitor_begin(Monitor *m)
{
        return monitor_open_queries(m) && monitor_show_current(m);
}

int ctl_monitor(Ctl *c, _unused_ int argc, _unused_ char *argv[])
{
        Monitor m = { .c = c, .queries.fd = -1, .dropped_at = USEC_NEVER };
        int r;

        if (!ctl_connect(c))
                return EXIT_FAILURE;
        r = monitor_watch(&m);
        if (r < 0)
                return ctl_fail("Failed to watch the bus: %s", strerror(-r));
        if (c->legend && c->terminal.interactive && !c->json)
                printf("%sShowing the current state, followed by changes. Press Ctrl-C to stop.%s\n", c->terminal.grey,
                       c->terminal.normal);
        if (!monitor_begin(&m))
                return EXIT_FAILURE;
        for (;;) {
                r = sd_bus_process(c->bus, NULL);
                if (r == 0 && m.reload) {
                        m.reload = false;
                        monitor_begin(&m);
                } else if (r == 0)
                        r = monitor_wait(&m);
                if (r < 0 && r != -EINTR)
                        break;
                /* The reader of the output is gone. */
                if (ferror(stdout))
                        return EXIT_FAILURE;
        }
        upstream_list_deinit(&m.upstreams);
        forward_list_deinit(&m.forwards);
        query_stream_close(&m.queries);
        return ctl_fail("Lost the connection to the bus: %s", strerror(-r));
}
