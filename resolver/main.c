/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dohmoused: a stub resolver that forwards to DNS-over-HTTPS upstreams. See dohmoused(8).
 */

#include <config.h>

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "config_check.h"
#include "daemon.h"
#include "dbus/objects.h"
#include "io/journal.h"

#define SERVICE_USER "dohmouse" /* User= in units/dohmouse.service.in */

static const char help[] = "dohmoused [OPTIONS...]\n"
                           "\n"
                           "Stub resolver that forwards to DNS-over-HTTPS upstreams.\n"
                           "\n"
                           "  -h --help            Show this help\n"
                           "     --version         Show the version\n"
                           "     --config=FILE     Read only this file, instead of dohmouse.conf and its\n"
                           "                       drop-ins in /etc, /run, /usr/local/lib and /usr/lib\n"
                           "     --check-config    Check the configuration, print what is wrong with it, and\n"
                           "                       exit with status 0 if there are no errors\n"
                           "\n"
                           "See dohmoused(8) and dohmouse.conf(5).\n";

static void main_print_finding(void *userdata, const ConfigMessage *m)
{
        (void) userdata;
        if (m->file)
                fprintf(stderr, "%s:", m->file);
        if (m->file && m->line)
                fprintf(stderr, "%u:", m->line);
        fprintf(stderr, "%s%s%s\n", m->file ? " " : "", m->severity == CONFIG_WARNING ? "warning: " : "", m->text);
}

/*
 * The files of the service's configuration must be readable for its user. Root can read everything, and would find no
 * fault with a drop-in that the service cannot read. Returns 0, or negative errno.
 */
static int main_become_service_user(void)
{
        const struct passwd *user;

        if (geteuid() != 0)
                return 0;
        user = getpwnam(SERVICE_USER);
        if (!user) {
                fprintf(stderr, "warning: there is no user " SERVICE_USER ", checking as root\n");
                return 0;
        }
        if (initgroups(user->pw_name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 || setuid(user->pw_uid) < 0)
                return -errno;
        return 0;
}

static int main_check_config(const char *file)
{
        _cleanup_(config_unrefp) Config *config = NULL;
        unsigned errors = 0;
        int r = file ? 0 : main_become_service_user();

        if (r < 0) {
                fprintf(stderr, "Failed to change to user " SERVICE_USER ": %s\n", strerror(-r));
                return EX_OSERR;
        }
        r = config_check_load(file, main_print_finding, NULL, &config, &errors);
        if (r < 0) {
                fprintf(stderr, "Failed to read the configuration: %s\n", strerror(-r));
                return EXIT_FAILURE;
        }
        return errors ? EX_CONFIG : EXIT_SUCCESS;
}

static int main_serve(const DaemonOptions *options)
{
        uv_loop_t loop;
        Daemon *d = NULL;
        Objects *objects = NULL;
        int r = uv_loop_init(&loop);

        if (r < 0) {
                fprintf(stderr, "Failed to start: %s\n", uv_strerror(r));
                return EX_OSERR;
        }
        r = daemon_new(&loop, options, &d);
        /* Without it, queries are answered all the same. */
        if (r == 0)
                objects = objects_new(d);
        uv_run(&loop, UV_RUN_DEFAULT);
        objects_free(objects);
        daemon_free(d);
        uv_loop_close(&loop);
        return r;
}

int main(int argc, char *argv[])
{
        enum { OPTION_VERSION = 256, OPTION_CONFIG, OPTION_CHECK };
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, OPTION_VERSION },
                { "config", required_argument, NULL, OPTION_CONFIG },
                { "check-config", no_argument, NULL, OPTION_CHECK },
                { NULL, 0, NULL, 0 },
        };
        DaemonOptions daemon_options = { 0 };
        bool check = false;
        int c, r;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case 'h':
                        fputs(help, stdout);
                        return EXIT_SUCCESS;
                case OPTION_VERSION:
                        puts("dohmouse " PACKAGE_VERSION);
                        return EXIT_SUCCESS;
                case OPTION_CONFIG:
                        daemon_options.config_file = optarg;
                        break;
                case OPTION_CHECK:
                        check = true;
                        break;
                default:
                        return 2;
                }
        if (optind < argc) {
                fprintf(stderr, "dohmoused: unexpected argument \"%s\"\n", argv[optind]);
                return 2;
        }
        if (check)
                return main_check_config(daemon_options.config_file);

        /* Memory contains the names that clients query. */
        prctl(PR_SET_DUMPABLE, 0);
        signal(SIGPIPE, SIG_IGN);
        journal_open(NULL);
        r = main_serve(&daemon_options);
        journal_close();
        return r;
}
