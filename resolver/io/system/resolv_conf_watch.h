/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * ResolvConfWatch: follows /etc/resolv.conf. If another program has written through the link into the stub file, the
 * stub file is restored; if it has replaced the link, that is logged, once, and visible on the bus. Beside the stub
 * file it keeps the one for containers.
 */

#include <uv.h>

#include "io/system/resolv_conf.h"

typedef struct ResolvConfWatch ResolvConfWatch;

/* Where everything is; the defaults are those of resolv_conf.h. Borrowed. */
typedef struct ResolvConfPaths {
        const char *link, *stub, *own, *original, *containers;
} ResolvConfPaths;
extern const ResolvConfPaths resolv_conf_paths;

/* NULL when out of memory. What cannot be watched is looked at once. */
ResolvConfWatch *resolv_conf_watch_new(uv_loop_t *loop, const ResolvConfPaths *paths);
/* Its handles free themselves once the loop has closed them. NULL is fine; always NULL. */
ResolvConfWatch *resolv_conf_watch_free(ResolvConfWatch *w);

/* Adds these domains, separated by blanks, to the search domains of the stub file, in place of those added before. */
void resolv_conf_watch_set_search(ResolvConfWatch *w, const char *domains);

/* Writes the file for containers, if it exists; see resolv_conf_for_containers(). */
void resolv_conf_watch_set_servers(ResolvConfWatch *w, const char *own, const char *network);

ResolvConfMode resolv_conf_watch_mode(const ResolvConfWatch *w);

/* Returns the search domains that programs find in the stub file, separated by blanks; "" if there are none, or if
 * /etc/resolv.conf is another file. */
const char *resolv_conf_watch_search(const ResolvConfWatch *w);
