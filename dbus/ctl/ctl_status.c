/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <string.h>

#include "ctl_model.h"
#include "io/system/resolv_conf.h"

#define KEY "%14s: "
#define PROBLEM_MAX 256

static const char *status_state_mark(const Ctl *c, const char *word)
{
        if (strcmp(word, "failed") == 0)
                return c->terminal.utf8 ? "×" : "x";
        if (strcmp(word, "unknown") == 0 || strcmp(word, "down") == 0)
                return c->terminal.utf8 ? "○" : "o";
        return c->terminal.utf8 ? "●" : "*";
}

/* The time since the state changed. */
static const char *status_since_text(uint64_t last_change, char ret[static SPAN_TEXT_MAX])
{
        uint64_t ago = usec_sub(now_real(), last_change);

        if (last_change == 0)
                return "-";
        return ago < USEC_PER_SEC ? "now" : span_text(ago, ret);
}

/* "connection refused; will be retried after 12s"; "" if there is no problem. What the administrator has set up or down
 * is never retried, and what is down has no problem. */
static const char *status_problem(const UpstreamView *v, char *ret, size_t size)
{
        uint64_t wait = usec_sub(v->retry_at, now_real());
        const char *retry = wait > 0 ? "will be retried after " : "will be retried on the next query";
        char span[SPAN_TEXT_MAX] = "";
        bool retried = strcmp(upstream_state_word(v), "failed") == 0 && v->retry_at > 0;
        bool down = strcmp(v->admin, "down") == 0;

        if (wait > 0)
                span_text(wait + USEC_PER_SEC - 1, span);
        snprintf(ret, size, "%s%s%s%s%s%s", down ? "" : reason_words(v->reason), *v->reason_detail && !down ? ", " : "",
                 down ? "" : v->reason_detail, retried && *v->reason ? "; " : "", retried ? retry : "",
                 retried ? span : "");
        return ret;
}

/* --- all upstreams */

static int status_print_table(const Ctl *c, const UpstreamList *l)
{
        static const char *const narrow[] = { "UPSTREAM",  "STATE",    ">SINCE",   ">RTT",      ">OPEN",
                                              ">TLS FULL", ">RESUMED", ">QUERIES", ">FAILURES", NULL };
        static const char *const with_reason[] = { "UPSTREAM", "STATE",    ">SINCE",    ">RTT",   ">OPEN", ">TLS FULL",
                                                   ">RESUMED", ">QUERIES", ">FAILURES", "REASON", NULL };
        _cleanup_(table_freep) Table *t = table_new(c->terminal.interactive ? narrow : with_reason);

        if (!t)
                return ctl_fail("Out of memory.");
        for (size_t i = 0; i < l->n; i++) {
                const UpstreamView *v = &l->views[i];
                char span[SPAN_TEXT_MAX], text[PROBLEM_MAX];

                table_row(t, state_colour(c, upstream_state_word(v)), status_state_mark(c, upstream_state_word(v)));
                table_cell(t, "%s", v->name);
                table_cell(t, "%s", upstream_state_word(v));
                table_cell(t, "%s", status_since_text(v->last_change, span));
                table_cell(t, "%s", v->smoothed_rtt ? delay_text(v->smoothed_rtt, span) : "-");
                table_cell(t, "%llu", (unsigned long long) v->connections);
                table_cell(t, "%llu", (unsigned long long) v->handshakes_full);
                table_cell(t, "%llu", (unsigned long long) v->handshakes_resumed);
                table_cell(t, "%llu", (unsigned long long) v->queries);
                table_cell(t, "%llu", (unsigned long long) v->failures);
                status_problem(v, text, sizeof(text));
                if (!c->terminal.interactive)
                        table_cell(t, "%s", *text ? text : "-");
                else if (*text)
                        table_note(t, "%s", text);
        }
        table_print(t, &c->terminal, c->legend);
        return EXIT_SUCCESS;
}

static const char *status_forward_problem(const ForwardView *v)
{
        return strcmp(v->state, "failed") == 0 && !*v->servers ? "no server" : reason_words(v->reason);
}

static int status_print_forwards(const Ctl *c, const ForwardList *l)
{
        static const char *const narrow[] = { "FORWARD", "STATE", ">SINCE", "SERVER", ">QUERIES", ">FAILURES", NULL };
        static const char *const with_reason[] = { "FORWARD",  "STATE",     ">SINCE", "SERVER",
                                                   ">QUERIES", ">FAILURES", "REASON", NULL };
        _cleanup_(table_freep) Table *t = table_new(c->terminal.interactive ? narrow : with_reason);

        if (!t)
                return ctl_fail("Out of memory.");
        if (l->n > 0)
                putchar('\n');
        for (size_t i = 0; i < l->n; i++) {
                const ForwardView *v = &l->views[i];
                const char *problem = status_forward_problem(v);
                char span[SPAN_TEXT_MAX];

                table_row(t, state_colour(c, v->state), status_state_mark(c, v->state));
                table_cell(t, "%s", v->name);
                table_cell(t, "%s", v->state);
                table_cell(t, "%s", status_since_text(v->last_change, span));
                table_cell(t, "%s", *v->current_server ? v->current_server : "-");
                table_cell(t, "%llu", (unsigned long long) v->queries);
                table_cell(t, "%llu", (unsigned long long) v->failures);
                if (!c->terminal.interactive)
                        table_cell(t, "%s", *problem ? problem : "-");
                else if (*problem)
                        table_note(t, "%s", problem);
        }
        if (l->n > 0)
                table_print(t, &c->terminal, c->legend);
        return EXIT_SUCCESS;
}

/* "2 healthy, 1 down": the number of upstreams in each state. */
static void status_print_summary(const Ctl *c, const ManagerView *m, const UpstreamList *l)
{
        static const char *const words[] = { "up", "healthy", "unknown", "suspect", "trial", "failed", "down" };
        const char *separator = "";

        printf(KEY, "Upstreams");
        for (size_t i = 0; i < ELEMENTS(words); i++) {
                unsigned n = 0;

                for (size_t k = 0; k < l->n; k++)
                        n += strcmp(upstream_state_word(&l->views[k]), words[i]) == 0;
                if (n > 0)
                        printf("%s%u %s", separator, n, words[i]);
                separator = n > 0 ? ", " : separator;
        }
        puts(l->n > 0 ? "" : "none");
        if (*m->configuration_error)
                printf(KEY "%s%s%s\n", "Error", c->terminal.red, m->configuration_error, c->terminal.normal);
}

/* Read from the file itself: whoever took it over is not known on the bus. */
static void status_print_system(const Ctl *c)
{
        char span[SPAN_TEXT_MAX];
        ResolvConf rc;

        resolv_conf_read(RESOLV_CONF, &rc);
        printf(KEY, "System");
        switch (rc.mode) {
        case RESOLV_CONF_IS_STUB:
        case RESOLV_CONF_IS_STATIC:
                printf("%syes%s, " RESOLV_CONF "%s%s\n", c->terminal.green, c->terminal.normal,
                       *rc.target ? " -> " : " names 127.0.0.53", rc.target);
                break;
        case RESOLV_CONF_IS_FOREIGN:
                printf("%sno%s, " RESOLV_CONF "%s%s was written by %s %s ago\n", c->terminal.yellow, c->terminal.normal,
                       *rc.target ? " -> " : "", rc.target, *rc.writer ? rc.writer : "another program",
                       span_text(MAX(usec_sub(now_real(), rc.changed), USEC_PER_SEC), span));
                break;
        default:
                printf("%sno%s, there is no " RESOLV_CONF "\n", c->terminal.yellow, c->terminal.normal);
        }
}

static void status_print_manager(const Ctl *c, const ManagerView *m, const UpstreamList *l)
{
        char octets[SPAN_TEXT_MAX], most[SPAN_TEXT_MAX];

        status_print_summary(c, m, l);
        status_print_system(c);
        printf(KEY "%s%s%s%s\n", "Network", state_colour(c, m->network), m->network, c->terminal.normal,
               strcmp(m->network, "portal") == 0  ? " (possibly a login page, or a wrong clock)"
               : strcmp(m->network, "clock") == 0 ? " (the clock is behind, so that certificates are not valid yet)"
                                                  : "");
        printf(KEY "%llu\n", "Queries", (unsigned long long) m->queries);
        if (m->cache_octets_max)
                printf(KEY "%llu answer%s, %s of %s\n", "Cache", (unsigned long long) m->cache_entries,
                       m->cache_entries == 1 ? "" : "s", size_text(m->cache_octets, octets),
                       size_text(m->cache_octets_max, most));
        else
                printf(KEY "off\n", "Cache");
        printf(KEY "%s%s\n", "Health mode", m->health_mode,
               strcmp(m->health_mode, "lazy") == 0 ? " (no periodic probes)" : "");
        printf(KEY "%s\n", "Log level", m->log_level);
        printf(KEY "%s\n\n", "Version", m->version);
}

/* --- one upstream or forward zone */

static void status_print_list(const char *key, char *const *list)
{
        for (char *const *p = list; *p; p++)
                if (p == list)
                        printf(KEY "%s\n", key, *p);
                else
                        printf("%16s%s\n", "", *p);
}

static void status_print_connection(const UpstreamView *v)
{
        char span[SPAN_TEXT_MAX];

        printf(KEY "%llu open", "Connections", (unsigned long long) v->connections);
        if (v->peer_idle)
                printf(", closed by the server after being idle for %s", span_text(v->peer_idle, span));
        putchar('\n');
}

static void status_print_moment(uint64_t usec)
{
        char span[SPAN_TEXT_MAX], moment[MOMENT_TEXT_MAX];
        const char *since = status_since_text(usec, span);

        printf("%s; %s%s", moment_text(usec, moment), since, since == span ? " ago" : "");
}

/* The first lines about an object. `what` is what it is. */
static void status_print_head(const Ctl *c, const char *name, const char *what, const char *state, uint64_t last_change)
{
        const char *colour = state_colour(c, state), *normal = *colour ? c->terminal.normal : "";

        printf("%s%s%s %s - %s\n", colour, status_state_mark(c, state), normal, name, what);
        printf(KEY "%s%s%s", "State", colour, state, normal);
        if (last_change) {
                printf(" since ");
                status_print_moment(last_change);
        }
        putchar('\n');
}

static void status_print_forward(const Ctl *c, const ForwardView *v)
{
        char *const *states = v->server_states;

        status_print_head(c, v->name, strcmp(v->source, "links") == 0 ? "forward zone of links" : "forward zone",
                          v->state, v->last_change);
        if (*status_forward_problem(v))
                printf(KEY "%s\n", "Reason", status_forward_problem(v));
        status_print_list("Domains", v->domains);
        for (char *const *p = v->servers; *p; p++) {
                const char *colour = *states ? state_colour(c, *states) : "";

                if (p == v->servers)
                        printf(KEY, "Servers");
                printf("%*s%s", p == v->servers ? 0 : 16, "", *p);
                if (*states)
                        printf(" %s%s%s", colour, *states++, *colour ? c->terminal.normal : "");
                puts(strcmp(*p, v->current_server) == 0 && v->servers[1] ? " (asked first)" : "");
        }
        if (v->last_failure) {
                printf(KEY "%s, %s at ", "Last failure", reason_words(v->last_failure_reason), v->last_failure_server);
                status_print_moment(v->last_failure);
                putchar('\n');
        }
        printf(KEY "%llu, %llu failures\n", "Queries", (unsigned long long) v->queries,
               (unsigned long long) v->failures);
}

static void status_print_upstream(const Ctl *c, const UpstreamView *v)
{
        char span[SPAN_TEXT_MAX], text[PROBLEM_MAX];

        status_print_head(c, v->name, v->url, upstream_state_word(v), v->last_change);
        if (*status_problem(v, text, sizeof(text)))
                printf(KEY "%s\n", "Reason", text);
        printf(KEY "%s%s\n", "Admin", v->admin, strcmp(v->admin, "auto") == 0 ? "" : " (set by the administrator)");
        printf(KEY "%s\n", "Health mode", v->health_mode);
        status_print_list("Addresses", v->addresses);
        status_print_connection(v);
        printf(KEY "%s\n", "RTT", v->smoothed_rtt ? delay_text(v->smoothed_rtt, span) : "unknown");
        printf(KEY "%llu full, %llu resumed, %llu of them with early data\n", "Handshakes",
               (unsigned long long) v->handshakes_full, (unsigned long long) v->handshakes_resumed,
               (unsigned long long) v->handshakes_early);
        printf(KEY "%llu, %llu failures\n", "Queries", (unsigned long long) v->queries,
               (unsigned long long) v->failures);
        printf(KEY "%llu\n", "Probes", (unsigned long long) v->probes);
        printf(KEY "%llu, %llu won\n", "Races", (unsigned long long) v->races, (unsigned long long) v->races_won);
}

/* An upstream and a forward zone may have the same name; then both are printed. */
static int status_print_some(const Ctl *c, const UpstreamList *upstreams, const ForwardList *forwards, int n,
                             char *names[])
{
        int status = EXIT_SUCCESS;

        for (int i = 0; i < n; i++) {
                const ForwardView *f = forward_look_up(forwards, names[i]);
                const UpstreamView *u = f ? upstream_look_up(upstreams, names[i]) : upstream_find(upstreams, names[i]);

                if (!u && !f)
                        status = EXIT_FAILURE;
                else if (i > 0)
                        putchar('\n');
                if (u)
                        status_print_upstream(c, u);
                if (u && f)
                        putchar('\n');
                if (f)
                        status_print_forward(c, f);
        }
        return status;
}

/* --- JSON: the properties, named as on the bus */

static bool status_wanted(const char *path, const char *root, int n, char *names[])
{
        char *name = NULL;
        bool found = n == 0;

        if (sd_bus_path_decode(path, root, &name) <= 0)
                return false;
        for (int i = 0; i < n; i++)
                found = found || strcmp(names[i], name) == 0;
        free(name);
        return found;
}

static int status_put_object(json_t *array, sd_bus_message *m, const char *interface_wanted)
{
        int r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
                const char *interface;

                r = sd_bus_message_read(m, "s", &interface);
                if (r >= 0 && interface_wanted && strcmp(interface, interface_wanted) == 0) {
                        json_t *object = json_object();

                        json_array_append_new(array, object);
                        r = ctl_json_add_properties(object, m);
                } else if (r >= 0)
                        r = sd_bus_message_skip(m, "a{sv}");
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* Adds the objects below the path `root`: all of them, or those with the given names. */
static int status_put_objects(json_t *array, sd_bus_message *m, const char *root, const char *wanted, int n,
                              char *names[])
{
        int r = sd_bus_message_rewind(m, true);

        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
                const char *path;

                r = sd_bus_message_read(m, "o", &path);
                if (r >= 0)
                        r = status_put_object(array, m, status_wanted(path, root, n, names) ? wanted : NULL);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int status_print_json(Ctl *c, int n, char *names[])
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *manager = NULL, *objects = NULL;
        _cleanup_(json_decrefp) json_t *all = json_object(), *upstreams = json_array(), *forwards = json_array();
        int r = 0;

        if (!ctl_call(c, MANAGER_PATH, DBUS_PROPERTIES, "GetAll", &manager, "s", MANAGER_INTERFACE) ||
            !ctl_call(c, MANAGER_PATH, DBUS_OBJECT_MANAGER, "GetManagedObjects", &objects, NULL))
                return EXIT_FAILURE;
        if (n == 0)
                r = ctl_json_add_properties(all, manager);
        if (r >= 0)
                r = status_put_objects(upstreams, objects, UPSTREAM_PATH, UPSTREAM_INTERFACE, n, names);
        if (r >= 0)
                r = status_put_objects(forwards, objects, FORWARD_PATH, FORWARD_INTERFACE, n, names);
        if (r < 0)
                return ctl_bad_reply(r);
        if (n > 0) {
                json_array_extend(upstreams, forwards);
                return ctl_put_json(c, json_incref(upstreams));
        }
        json_object_set(all, "Upstreams", upstreams);
        json_object_set(all, "Forwards", forwards);
        return ctl_put_json(c, json_incref(all));
}

int ctl_status(Ctl *c, int argc, char *argv[])
{
        _cleanup_(upstream_list_deinit) UpstreamList upstreams = { 0 };
        _cleanup_(forward_list_deinit) ForwardList forwards = { 0 };
        _cleanup_(manager_view_deinit) ManagerView manager = { 0 };

        if (!ctl_read_objects(c, &upstreams, &forwards))
                return EXIT_FAILURE;
        if (c->json) {
                for (int i = 1; i < argc; i++)
                        if (!forward_look_up(&forwards, argv[i]) && !upstream_find(&upstreams, argv[i]))
                                return EXIT_FAILURE;
                return status_print_json(c, argc - 1, argv + 1);
        }
        if (argc > 1)
                return status_print_some(c, &upstreams, &forwards, argc - 1, argv + 1);
        if (!ctl_read_manager(c, &manager))
                return EXIT_FAILURE;
        if (c->legend)
                status_print_manager(c, &manager, &upstreams);
        if (status_print_table(c, &upstreams) != EXIT_SUCCESS)
                return EXIT_FAILURE;
        return status_print_forwards(c, &forwards);
}
