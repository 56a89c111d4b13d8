/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * FileWatch: reports when a file is written, replaced, removed or created. It need not exist.
 *
 * It watches the file itself, because it may be written in place (a container's /etc/hosts is a mount of a file
 * elsewhere), and the entries of its directory, because editors replace the file. Writes to other files in the
 * directory do not wake the daemon up. For a symbolic link, the target is watched, but not the directory of the target.
 */

#include <uv.h>

typedef struct FileWatch FileWatch;

/* Called from the loop, at most every 100 ms. */
typedef void (*FileChanged)(void *userdata);

/* Negative errno if it cannot be watched. Reports every change that happens after the call. */
int file_watch_new(uv_loop_t *loop, const char *path, FileChanged changed, void *userdata, FileWatch **ret);

/* Stops watching; frees itself once the loop has closed it. NULL is fine; always returns NULL. */
FileWatch *file_watch_free(FileWatch *w);
