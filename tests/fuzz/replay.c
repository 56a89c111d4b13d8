/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a fuzz target over its corpus without libFuzzer. The arguments are files, or directories whose files are run.
 */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long n;

static int run_file(const char *path)
{
        FILE *f = fopen(path, "rb");
        uint8_t *data = malloc(1 << 20), *exact;
        size_t size;

        if (!f || !data) {
                perror(path);
                return EXIT_FAILURE;
        }
        size = fread(data, 1, 1 << 20, f);
        fclose(f);
        /* Exactly that size, so that sanitizers see an access past the end. */
        exact = malloc(size ? size : 1);
        if (!exact)
                return EXIT_FAILURE;
        memcpy(exact, data, size);
        free(data);
        LLVMFuzzerTestOneInput(exact, size);
        free(exact);
        n++;
        return EXIT_SUCCESS;
}

static int run(const char *path)
{
        DIR *d = opendir(path);
        struct dirent *e;
        char file[4096];
        int r = EXIT_SUCCESS;

        if (!d)
                return run_file(path);
        while (r == EXIT_SUCCESS && (e = readdir(d)))
                if (e->d_name[0] != '.') {
                        snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
                        r = run_file(file);
                }
        closedir(d);
        return r;
}

int main(int argc, char *argv[])
{
        for (int i = 1; i < argc; i++)
                if (run(argv[i]) != EXIT_SUCCESS)
                        return EXIT_FAILURE;
        printf("%lu inputs replayed\n", n);
        return n == 0;
}
