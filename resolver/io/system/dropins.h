/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Dropins: finds and reads the configuration files, by the rules of systemd's own: the first dohmouse.conf of /etc,
 * /run, /usr/local/lib and /usr/lib, then the *.conf in dohmouse.conf.d of all four in the order of their names; of two
 * files with the same name the one in the directory named first counts, and one that is a link to /dev/null, or empty,
 * masks all others.
 */

#include "core/config/config.h"

/* A list of paths, each owned; in the order in which they apply. */
typedef struct FileList {
        char **paths;
        size_t n;
} FileList;

#define FILE_LIST_INIT (FileList) { 0 }
void file_list_deinit(FileList *l);

/* The files below `root` (NULL: the system's), without those that only mask. A directory that cannot be read is
 * reported as an error, counted in *errors, and passed over. Negative errno if there is no memory; the list is empty
 * then. */
int dropins_find(const char *root, ConfigReport report, void *userdata, unsigned *errors, FileList *ret);

/*
 * Reads the configuration below `root`, or `single_file` alone (of any kind, a pipe too). What is wrong is reported,
 * files that cannot be read included, and counted in *ret_errors. Negative errno if there is no configuration at all
 * for lack of memory.
 */
int config_load(const char *root, const char *single_file, ConfigReport report, void *userdata, Config **ret,
                unsigned *ret_errors);
