/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define INTERACTIVE_TIMEOUT (2 * USEC_PER_MINUTE) /* a user may be typing a password */
#define START_TIMEOUT (5 * USEC_PER_SEC)
#define AGENT "/usr/bin/pkttyagent"
#define AGENT_TIMEOUT 10000 /* ms */
#define RESTART_HINT \
        "The daemon may be of another version. Run \"systemctl restart dohmouse.service\" to start the installed one."

int ctl_fail(const char *format, ...)
{
        va_list ap;

        fflush(stdout);
        fputs("dohmousectl: ", stderr);
        va_start(ap, format);
        vfprintf(stderr, format, ap);
        va_end(ap);
        fputc('\n', stderr);
        return EXIT_FAILURE;
}

int ctl_put_json(const Ctl *c, json_t *value)
{
        if (!value)
                return ctl_fail("Out of memory.");
        if (!ctl_json_print(stdout, c->json == JSON_PRETTY, value))
                return ctl_fail("Failed to write the output: %s", strerror(errno));
        return EXIT_SUCCESS;
}

int ctl_bad_reply(int error)
{
        return ctl_fail("Failed to read the reply of the daemon: %s\n" RESTART_HINT, strerror(-error));
}

static int bus_ask(sd_bus *bus, uint64_t timeout, const char *method, sd_bus_message **ret, const char *types, ...)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        va_list ap;
        int r = sd_bus_message_new_method_call(bus, &m, DBUS_NAME, DBUS_PATH, DBUS_INTERFACE, method);

        va_start(ap, types);
        if (r >= 0)
                r = sd_bus_message_appendv(m, types, ap);
        va_end(ap);
        return r < 0 ? r : sd_bus_call(bus, m, timeout, NULL, ret);
}

/* The bus itself would report a service that cannot start only after 25 seconds, and with varying errors. */
static bool bus_start_daemon(sd_bus *bus)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int running;

        return (bus_ask(bus, 0, "NameHasOwner", &reply, "s", BUS_NAME) >= 0 &&
                sd_bus_message_read(reply, "b", &running) > 0 && running) ||
               bus_ask(bus, START_TIMEOUT, "StartServiceByName", NULL, "su", BUS_NAME, 0) >= 0 || ctl_not_running(bus);
}

bool ctl_connect(Ctl *c)
{
        int r;

        if (c->bus)
                return true;
        r = sd_bus_open_system(&c->bus);
        if (r < 0)
                ctl_fail("Failed to connect to the system bus: %s\n"
                         "Run \"systemctl status dbus.socket\" to show its state. Queries are answered without it.",
                         strerror(-r));
        return r >= 0 && bus_start_daemon(c->bus);
}

/* --- authorization: polkit's agent prompts for a password on this terminal */

static void bus_start_agent(Ctl *c)
{
        char number[16];
        int fds[2];
        pid_t pid;

        if (c->agent || !c->ask_password || geteuid() == 0 || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO) ||
            access(AGENT, X_OK) < 0 || pipe(fds) < 0)
                return;
        fflush(NULL);
        pid = fork();
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGTERM);
                close(fds[0]);
                snprintf(number, sizeof(number), "%d", fds[1]);
                execl(AGENT, AGENT, "--notify-fd", number, "--fallback", NULL);
                _exit(EXIT_FAILURE);
        }
        close(fds[1]);
        if (pid > 0) {
                struct pollfd p = { .fd = fds[0], .events = POLLIN };

                /* The agent closes its end as soon as it is registered. */
                poll(&p, 1, AGENT_TIMEOUT);
                c->agent = pid;
        }
        close(fds[0]);
}

void ctl_disconnect_bus(Ctl *c)
{
        if (c->agent) {
                kill(c->agent, SIGTERM);
                kill(c->agent, SIGCONT);
                waitpid(c->agent, NULL, 0);
                c->agent = 0;
        }
        c->bus = sd_bus_flush_close_unref(c->bus);
}

/* --- calls */

static bool bus_is(const sd_bus_error *e, const char *name)
{
        return sd_bus_error_has_name(e, name);
}

static void bus_explain(sd_bus *bus, const sd_bus_error *e, int error)
{
        if (bus_is(e, SD_BUS_ERROR_SERVICE_UNKNOWN) || bus_is(e, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                ctl_not_running(bus);
        else if (bus_is(e, SD_BUS_ERROR_ACCESS_DENIED) || bus_is(e, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED))
                ctl_fail("Access denied. This requires root privileges or polkit authorization: "
                         "try \"sudo dohmousectl ...\".");
        else if (bus_is(e, SD_BUS_ERROR_NO_REPLY) || bus_is(e, SD_BUS_ERROR_TIMEOUT) || error == -ETIMEDOUT)
                ctl_fail("dohmouse did not reply in time.\n"
                         "Run \"systemctl status dohmouse.service\" to show its state.");
        else if (bus_is(e, SD_BUS_ERROR_UNKNOWN_METHOD) || bus_is(e, SD_BUS_ERROR_UNKNOWN_PROPERTY) ||
                 bus_is(e, SD_BUS_ERROR_UNKNOWN_INTERFACE))
                ctl_fail("The daemon does not support this command.\n" RESTART_HINT);
        else if (bus_is(e, ERROR_INVALID_CONFIGURATION))
                ctl_fail("The configuration has errors, and the previous one remains in use:\n%s", e->message);
        else if (bus_is(e, ERROR_PROBE_IN_PROGRESS))
                ctl_fail("The upstream is already being probed. Try again in a few seconds.");
        else
                ctl_fail("%s", e->message && *e->message ? e->message : strerror(-error));
}

static bool bus_call(Ctl *c, bool change, const char *path, const char *interface, const char *method,
                     sd_bus_message **ret, const char *types, va_list ap)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        if (!ctl_connect(c))
                return false;
        if (change)
                bus_start_agent(c);
        r = sd_bus_message_new_method_call(c->bus, &m, BUS_NAME, path, interface, method);
        if (r >= 0 && types)
                r = sd_bus_message_appendv(m, types, ap);
        if (r >= 0 && change && c->ask_password)
                r = sd_bus_message_set_allow_interactive_authorization(m, true);
        if (r >= 0)
                r = sd_bus_call(c->bus, m, change ? INTERACTIVE_TIMEOUT : 0, &error, ret);
        if (r < 0)
                bus_explain(c->bus, &error, r);
        return r >= 0;
}

bool ctl_call(Ctl *c, const char *path, const char *interface, const char *method, sd_bus_message **ret,
              const char *types, ...)
{
        va_list ap;
        bool ok;

        va_start(ap, types);
        ok = bus_call(c, false, path, interface, method, ret, types, ap);
        va_end(ap);
        return ok;
}

bool ctl_change(Ctl *c, const char *path, const char *interface, const char *method, sd_bus_message **ret,
                const char *types, ...)
{
        va_list ap;
        bool ok;

        va_start(ap, types);
        ok = bus_call(c, true, path, interface, method, ret, types, ap);
        va_end(ap);
        return ok;
}

char *ctl_upstream_path(const char *name)
{
        char *path = NULL;

        return sd_bus_path_encode(UPSTREAM_PATH, name, &path) < 0 ? NULL : path;
}
