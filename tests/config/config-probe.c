/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For the scripts beside it: what dohmouse makes of a thing of which systemd has its own idea.
 *
 *   config-probe files ROOT        the configuration files below ROOT, in order, a line each
 *   config-probe spans             for each line of standard input its microseconds, or "no"
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/config/units.h"
#include "io/system/dropins.h"

static int print_files(const char *root)
{
        unsigned errors = 0;
        FileList l;

        if (dropins_find(root, NULL, NULL, &errors, &l) < 0)
                return EXIT_FAILURE;
        for (size_t i = 0; i < l.n; i++)
                puts(l.paths[i]);
        file_list_deinit(&l);
        return errors ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int print_spans(void)
{
        char line[256];

        while (fgets(line, sizeof(line), stdin)) {
                uint64_t usec;

                line[strcspn(line, "\n")] = 0;
                if (parse_time_span(line, &usec))
                        printf("%" PRIu64 "\n", usec);
                else
                        puts("no");
        }
        return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
        if (argc == 3 && strcmp(argv[1], "files") == 0)
                return print_files(argv[2]);
        if (argc == 2 && strcmp(argv[1], "spans") == 0)
                return print_spans();
        fputs("Usage: config-probe files ROOT | config-probe spans\n", stderr);
        return 2;
}
