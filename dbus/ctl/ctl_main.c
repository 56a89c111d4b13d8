/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dohmousectl: queries and controls the daemon over the bus; see dohmousectl(1).
 */

#include <config.h>

#include <getopt.h>
#include <locale.h>
#include <string.h>

#include "ctl.h"

#define MANY 1000000

static const char help[] = "dohmousectl [OPTIONS...] [COMMAND]\n"
                           "\n"
                           "Query and control the DNS-over-HTTPS stub resolver.\n"
                           "\n"
                           "Query Commands:\n"
                           "  status [NAME...]         Show the state of the resolver and its servers\n"
                           "  statistics               Show counters and the latency of answers\n"
                           "  monitor                  Show state changes as they happen\n"
                           "  query NAME [TYPE]        Resolve a name, to its addresses by default\n"
                           "  query ADDRESS            Resolve an address to a name\n"
                           "\n"
                           "Control Commands:\n"
                           "  probe [UPSTREAM...]      Probe upstreams, or all, over a new connection\n"
                           "  up UPSTREAM...           Use upstreams regardless of their health\n"
                           "  down UPSTREAM...         Stop using upstreams\n"
                           "  auto UPSTREAM...         Use upstreams according to their health\n"
                           "  disconnect UPSTREAM...   Close the connections to upstreams\n"
                           "  flush                    Flush the cache\n"
                           "  reset-statistics         Reset all counters to zero\n"
                           "  log-level [LEVEL]        Get or set the log level\n"
                           "  reload                   Reload the configuration\n"
                           "\n"
                           "System Commands:\n"
                           "  enable                   Make dohmouse the resolver of this machine\n"
                           "  disable                  Restore what was before \"enable\"\n"
                           "\n"
                           "Options:\n"
                           "  -h --help                Show this help\n"
                           "     --version             Show the version\n"
                           "     --json=MODE           Generate JSON output (pretty, short, or off)\n"
                           "     --reset               Reset the counters after showing the statistics\n"
                           "     --queries             Show queries as well in \"monitor\", without names\n"
                           "     --names               Show queries as well in \"monitor\", with names\n"
                           "     --dry-run             Only show what \"enable\" or \"disable\" would change\n"
                           "     --no-check            Do not resolve a name after \"enable\"\n"
                           "     --no-legend           Do not print column headers, hints and footers\n"
                           "     --no-ask-password     Do not prompt for a password\n"
                           "     --no-pager            Ignored, as no pager is used\n"
                           "\n"
                           "See the dohmousectl(1) man page for details.\n";

static const struct {
        const char *name;
        int min, max; /* number of arguments */
        const char *arguments;
        int (*run)(Ctl *c, int argc, char *argv[]);
} commands[] = {
        { "status", 0, MANY, "[NAME...]", ctl_status },
        { "statistics", 0, 0, "", ctl_statistics },
        { "monitor", 0, 0, "", ctl_monitor },
        { "query", 1, 2, "NAME [TYPE]", ctl_query },
        { "probe", 0, MANY, "[UPSTREAM...]", ctl_probe },
        { "up", 1, MANY, "UPSTREAM...", ctl_set_admin },
        { "down", 1, MANY, "UPSTREAM...", ctl_set_admin },
        { "auto", 1, MANY, "UPSTREAM...", ctl_set_admin },
        { "disconnect", 1, MANY, "UPSTREAM...", ctl_disconnect },
        { "flush", 0, 0, "", ctl_flush },
        { "reset-statistics", 0, 0, "", ctl_reset_statistics },
        { "log-level", 0, 1, "[LEVEL]", ctl_log_level },
        { "reload", 0, 0, "", ctl_reload },
        { "enable", 0, 0, "", ctl_enable },
        { "disable", 0, 0, "", ctl_disable },
};

static int ctl_run(Ctl *c, int argc, char *argv[])
{
        static char name[] = "status", *status[] = { name, NULL };

        if (argc == 0)
                return ctl_status(c, 1, status);
        for (size_t i = 0; i < ELEMENTS(commands); i++) {
                if (strcmp(commands[i].name, argv[0]) != 0)
                        continue;
                if (argc - 1 >= commands[i].min && argc - 1 <= commands[i].max)
                        return commands[i].run(c, argc, argv);
                fprintf(stderr, "Usage: dohmousectl %s%s%s\n", commands[i].name, *commands[i].arguments ? " " : "",
                        commands[i].arguments);
                return 2;
        }
        ctl_fail("Unknown command \"%s\"; see \"dohmousectl --help\".", argv[0]);
        return 2;
}

static bool ctl_set_json(Ctl *c, const char *mode)
{
        static const char *const modes[] = { [JSON_OFF] = "off", [JSON_SHORT] = "short", [JSON_PRETTY] = "pretty" };

        for (size_t i = 0; i < ELEMENTS(modes); i++)
                if (strcmp(modes[i], mode) == 0) {
                        c->json = (JsonMode) i;
                        return true;
                }
        ctl_fail("Invalid value \"%s\" for --json=, expected pretty, short or off.", mode);
        return false;
}

/* If the output could not be written, that is a failure. */
static int ctl_end(int status)
{
        return fflush(stdout) != 0 || ferror(stdout) ? EXIT_FAILURE : status;
}

int main(int argc, char *argv[])
{
        enum {
                OPTION_VERSION = 256,
                OPTION_JSON,
                OPTION_RESET,
                OPTION_QUERIES,
                OPTION_NAMES,
                OPTION_DRY_RUN,
                OPTION_NO_CHECK,
                OPTION_NO_LEGEND,
                OPTION_NO_ASK_PASSWORD,
                OPTION_NO_PAGER
        };
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, OPTION_VERSION },
                { "json", required_argument, NULL, OPTION_JSON },
                { "reset", no_argument, NULL, OPTION_RESET },
                { "queries", no_argument, NULL, OPTION_QUERIES },
                { "names", no_argument, NULL, OPTION_NAMES },
                { "dry-run", no_argument, NULL, OPTION_DRY_RUN },
                { "no-check", no_argument, NULL, OPTION_NO_CHECK },
                { "no-legend", no_argument, NULL, OPTION_NO_LEGEND },
                { "no-ask-password", no_argument, NULL, OPTION_NO_ASK_PASSWORD },
                { "no-pager", no_argument, NULL, OPTION_NO_PAGER },
                { NULL, 0, NULL, 0 },
        };
        Ctl ctl = { .legend = true, .ask_password = true };
        int c, status;

        setlocale(LC_ALL, "");
        setlocale(LC_NUMERIC, "C");
        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case 'h':
                        fputs(help, stdout);
                        return ctl_end(EXIT_SUCCESS);
                case OPTION_VERSION:
                        puts("dohmouse " PACKAGE_VERSION);
                        return ctl_end(EXIT_SUCCESS);
                case OPTION_JSON:
                        if (!ctl_set_json(&ctl, optarg))
                                return 2;
                        break;
                case OPTION_RESET:
                        ctl.reset = true;
                        break;
                case OPTION_QUERIES:
                        ctl.queries = true;
                        break;
                case OPTION_NAMES:
                        ctl.names = true;
                        break;
                case OPTION_DRY_RUN:
                        ctl.dry_run = true;
                        break;
                case OPTION_NO_CHECK:
                        ctl.no_check = true;
                        break;
                case OPTION_NO_LEGEND:
                        ctl.legend = false;
                        break;
                case OPTION_NO_ASK_PASSWORD:
                        ctl.ask_password = false;
                        break;
                case OPTION_NO_PAGER:
                        break;
                default:
                        return 2;
                }
        terminal_init(&ctl.terminal);
        status = ctl_run(&ctl, argc - optind, argv + optind);
        ctl_disconnect_bus(&ctl);
        return ctl_end(status);
}
