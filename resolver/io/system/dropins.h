/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Dropins: finds and reads the configuration files by the rules of systemd: the first dohmouse.conf in /etc, /run,
 * /usr/local/lib and /usr/lib, then the files *.conf in dohmouse.conf.d of all four, ordered by name. Of files with the
 * same name, the one in the first directory is used; if it is empty or a symbolic link to /dev/null, it masks the
 * others.
 *
 * What is there but cannot be read, such as a dangling link or a directory without permission, is an error. It is never
 * treated as if it were not there.
 */

#include "core/config/config.h"

/* A list of paths, each owned; in the order in which they apply. */
typedef struct FileList {
        char **paths;
        size_t n;
} FileList;

#define FILE_LIST_INIT (FileList) { 0 }
void file_list_deinit(FileList *l);

/* Returns the files below `root` (NULL: the system's), without those that only mask others. A directory that cannot be
 * read is reported as an error and counted in *errors. Negative errno when out of memory; the list is empty then. */
int dropins_find(const char *root, ConfigReport report, void *userdata, unsigned *errors, FileList *ret);

/*
 * Reads the configuration below `root`, or only `single_file`, which may be of any type, such as a pipe. Errors are
 * reported, including files that cannot be read, and counted in *ret_errors. Negative errno when out of memory.
 */
int config_load(const char *root, const char *single_file, ConfigReport report, void *userdata, Config **ret,
                unsigned *ret_errors);
