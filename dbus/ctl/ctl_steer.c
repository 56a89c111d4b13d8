/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands that change something. Except for probe and log-level, they print nothing if they succeed. */

#include <string.h>

#include "ctl_model.h"

static int steer_change(Ctl *c, const char *method)
{
        return ctl_change(c, MANAGER_PATH, MANAGER_INTERFACE, method, NULL, NULL) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int ctl_flush(Ctl *c, _unused_ int argc, _unused_ char *argv[])
{
        return steer_change(c, "FlushCache");
}

int ctl_reload(Ctl *c, _unused_ int argc, _unused_ char *argv[])
{
        return steer_change(c, "Reload");
}

/* Calls `method` of each named upstream, but of none if one of them does not exist. */
static int steer_change_upstreams(Ctl *c, const char *method, char *names[], int n, const char *argument)
{
        _cleanup_(upstream_list_deinit) UpstreamList upstreams = { 0 };
        int status = EXIT_SUCCESS;

        if (!ctl_read_upstreams(c, &upstreams))
                return EXIT_FAILURE;
        for (int i = 0; i < n; i++)
                if (!upstream_find(&upstreams, names[i]))
                        return EXIT_FAILURE;
        for (int i = 0; i < n; i++) {
                _cleanup_(freep) char *path = ctl_upstream_path(names[i]);

                if (!path || !(argument ? ctl_change(c, path, UPSTREAM_INTERFACE, method, NULL, "s", argument)
                                        : ctl_change(c, path, UPSTREAM_INTERFACE, method, NULL, NULL)))
                        status = EXIT_FAILURE;
        }
        return status;
}

int ctl_set_admin(Ctl *c, int argc, char *argv[])
{
        return steer_change_upstreams(c, "SetAdmin", argv + 1, argc - 1, argv[0]);
}

int ctl_disconnect(Ctl *c, int argc, char *argv[])
{
        return steer_change_upstreams(c, "Disconnect", argv + 1, argc - 1, NULL);
}

/* --- probes */

static int steer_print_outcome(const Ctl *c, const char *name, size_t width, sd_bus_message *m)
{
        const char *outcome;
        uint64_t took;
        char span[SPAN_TEXT_MAX];
        int resumed, r = sd_bus_message_read(m, "stb", &outcome, &took, &resumed);
        bool ok;

        if (r < 0)
                return ctl_bad_reply(r);
        ok = strcmp(outcome, "ok") == 0;
        if (c->json) {
                ctl_put_json(c, json_pack("{s:s, s:s, s:o, s:b}", "Name", name, "Outcome", outcome, "DurationUSec",
                                          ctl_json_number(took), "Resumed", resumed));
        } else if (ok)
                printf("%-*s  %sok%s in %s, %s\n", (int) width, name, c->terminal.green, c->terminal.normal,
                       delay_text(took, span), resumed ? "TLS resumed" : "full TLS handshake");
        else
                printf("%-*s  %s%s%s after %s\n", (int) width, name, c->terminal.red, reason_words(outcome),
                       c->terminal.normal, delay_text(took, span));
        fflush(stdout);
        return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int ctl_probe(Ctl *c, int argc, char *argv[])
{
        _cleanup_(upstream_list_deinit) UpstreamList upstreams = { 0 };
        int status = EXIT_SUCCESS;
        size_t width = 0;

        if (!ctl_read_upstreams(c, &upstreams))
                return EXIT_FAILURE;
        for (int i = 1; i < argc; i++)
                if (!upstream_find(&upstreams, argv[i]))
                        return EXIT_FAILURE;
        for (size_t i = 0; i < upstreams.n; i++)
                width = MAX(width, strlen(upstreams.views[i].name));
        for (size_t i = 0; i < (argc > 1 ? (size_t) argc - 1 : upstreams.n); i++) {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
                const char *name = argc > 1 ? argv[i + 1] : upstreams.views[i].name;
                _cleanup_(freep) char *path = ctl_upstream_path(name);

                if (!path || !ctl_change(c, path, UPSTREAM_INTERFACE, "Probe", &m, NULL) ||
                    steer_print_outcome(c, name, width, m) != EXIT_SUCCESS)
                        status = EXIT_FAILURE;
        }
        return status;
}

/* --- log level */

int ctl_log_level(Ctl *c, int argc, char *argv[])
{
        static const char *const levels[] = { "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug" };
        _cleanup_(manager_view_deinit) ManagerView manager = { 0 };

        if (argc > 1) {
                for (size_t i = 0; i < ELEMENTS(levels); i++)
                        if (strcmp(levels[i], argv[1]) == 0)
                                return ctl_change(c, MANAGER_PATH, DBUS_PROPERTIES, "Set", NULL, "ssv",
                                                  MANAGER_INTERFACE, "LogLevel", "s", argv[1])
                                               ? EXIT_SUCCESS
                                               : EXIT_FAILURE;
                ctl_fail("\"%s\" is not a log level, expected emerg, alert, crit, err, warning, notice, info or debug.",
                         argv[1]);
                return 2;
        }
        if (!ctl_read_manager(c, &manager))
                return EXIT_FAILURE;
        if (c->json)
                return ctl_put_json(c, json_pack("{s:s}", "LogLevel", manager.log_level));
        puts(manager.log_level);
        return EXIT_SUCCESS;
}
