/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * LinkKeeper: keeps the table of links: it follows their interfaces, applies changes to the engine and to the search
 * domains of the stub file, and stores the settings for the next start.
 */

#include <uv.h>

#include "core/engine.h"
#include "io/system/resolv_conf_watch.h"

typedef struct LinkKeeper LinkKeeper;

/* Begins with the settings that were stored in `directory`, of interfaces that still exist; NULL: nothing is stored.
 * Returns NULL if out of memory. */
LinkKeeper *link_keeper_new(uv_loop_t *loop, const char *directory);
/* Stops following interfaces, so that the loop can end. The table remains. Accepts NULL. */
void link_keeper_stop(LinkKeeper *k);
/* Accepts NULL, and returns NULL. */
LinkKeeper *link_keeper_free(LinkKeeper *k);
DEFINE_CLEANUP(LinkKeeper, link_keeper_free)

LinkTable *link_keeper_table(LinkKeeper *k);
/* Returns how often changes were applied: if it is the same, so are the links. */
uint64_t link_keeper_version(const LinkKeeper *k);
/* The table, or what configures its use, has changed. */
void link_keeper_note_change(LinkKeeper *k);
/* Returns the addresses of all DNS servers of links, and after them those in the files of network managers, which push
 * none, separated by blanks, or NULL if out of memory. For free(). */
char *link_keeper_network_servers(const LinkKeeper *k);
/* Applies the changes since the last call, if there are any. */
void link_keeper_apply(LinkKeeper *k, Engine *e, ResolvConfWatch *resolv_conf, uint64_t now);
