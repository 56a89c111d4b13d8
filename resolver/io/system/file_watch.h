/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * FileWatch: says when a file is another than before: written, replaced, removed or back again. It need not be there.
 *
 * Watched are the file itself, for what is written in place (a container's /etc/hosts is a mount of a file that lives
 * elsewhere), and the entries of its directory, as editors put a new file in the place of the old one. What is written
 * to other files of that directory wakes nobody up. Of a link, the directory of what it points to is not watched, only
 * that itself.
 */

#include <uv.h>

typedef struct FileWatch FileWatch;

/* Called from the loop, at most every 100 ms. */
typedef void (*FileChanged)(void *userdata);

/* Negative errno if it cannot be watched. From then on, a change that a reader did not see yet is reported. */
int file_watch_new(uv_loop_t *loop, const char *path, FileChanged changed, void *userdata, FileWatch **ret);

/* Stops; frees itself once the loop has closed it. NULL is fine; always NULL. */
FileWatch *file_watch_free(FileWatch *w);
