/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * FdWatch: calls back when a descriptor of the kernel, such as a netlink socket or a timerfd, can be read, and closes
 * it in the end.
 */

#include <uv.h>

typedef struct FdWatch FdWatch;

/* Called from the loop. */
typedef void (*FdReadable)(void *userdata, int fd);

/* Takes ownership of `fd` and of `userdata`, which free(3) frees, also on error. Returns NULL if out of memory or if
 * `fd` cannot be polled. */
FdWatch *fd_watch_new(uv_loop_t *loop, int fd, FdReadable readable, void *userdata);

/* Stops, which `readable` may do, too; frees itself and the userdata once the loop has closed it. Accepts NULL, and
 * returns NULL. */
FdWatch *fd_watch_free(FdWatch *w);
