/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Takeover, file by file: replaces a file or link and restores it. Every change is one rename, and is on disk before
 * the function returns. All return negative errno. Paths are whole; contents are text of at most TAKEOVER_FILE_MAX
 * bytes.
 */

#include <stdbool.h>
#include <sys/types.h>

#define TAKEOVER_FILE_MAX 65536

/* The contents of a regular file; the caller frees. NULL if it cannot be read or is too large, see errno. */
char *takeover_file_read(const char *path);
bool takeover_file_contains(const char *path, const char *text);
bool takeover_file_is_link(const char *path, const char *target);

/* Writes a file in place of one that is not kept. write_over() keeps its owner and mode. */
int takeover_file_write(const char *path, const char *text, mode_t mode);
int takeover_file_write_over(const char *path, const char *text);
int takeover_file_remove(const char *path);
int takeover_file_sync_directory(const char *directory);

/* Makes `path` a file with this text, or a link to it, and keeps what was there. */
int takeover_file_replace(const char *path, const char *text, bool is_link);

#define TAKEOVER_FILE_FOREIGN 1
/* Brings back what takeover_file_replace() found, however far that came; `existed`: whether it found something.
 * TAKEOVER_FILE_FOREIGN: `path` is now something that neither of the two has made, and stays. */
int takeover_file_restore(const char *path, const char *text, bool is_link, bool existed);

/* Would takeover_file_replace() fail, as far as can be seen beforehand? Why, in words; NULL: no. */
const char *takeover_file_obstacle(const char *path);
