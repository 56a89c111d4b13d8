/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dohmoused: a stub resolver that forwards to DNS-over-HTTPS upstreams. See dohmoused(8).
 */

#include <config.h>

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>

#include "daemon.h"
#include "dbus/objects.h"
#include "io/system/dropins.h"
#include "io/journal.h"

static const char help[] = "dohmoused [OPTIONS...]\n"
                           "\n"
                           "Stub resolver that forwards to DNS-over-HTTPS upstreams.\n"
                           "\n"
                           "  -h --help            Show this help\n"
                           "     --version         Show the version\n"
                           "     --config=FILE     Read this file alone, instead of dohmouse.conf and its\n"
                           "                       drop-ins in /etc, /run, /usr/local/lib and /usr/lib\n"
                           "     --check-config    Read the configuration, say what is wrong with it, and\n"
                           "                       exit: with 0 if nothing is\n"
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

static int main_check_config(const char *file)
{
        _cleanup_(config_unrefp) Config *config = NULL;
        unsigned errors = 0;
        int r = config_load(NULL, file, main_print_finding, NULL, &config, &errors);

        if (r < 0) {
                fprintf(stderr, "Cannot read the configuration: %s\n", strerror(-r));
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
                fprintf(stderr, "Cannot start: %s\n", uv_strerror(r));
                return EX_OSERR;
        }
        r = daemon_new(&loop, options, &d);
        /* Without it, names are resolved all the same. */
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
                fprintf(stderr, "dohmoused: no arguments are taken, but there is \"%s\".\n", argv[optind]);
                return 2;
        }
        if (check)
                return main_check_config(daemon_options.config_file);

        /* Memory holds names that were asked for. */
        prctl(PR_SET_DUMPABLE, 0);
        signal(SIGPIPE, SIG_IGN);
        journal_open(NULL);
        r = main_serve(&daemon_options);
        journal_close();
        return r;
}
