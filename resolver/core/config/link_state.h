/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * LinkState: the settings of links as text, so that they survive a restart: whoever pushed them does not do so again,
 * and systemd-networkd has yet to be asked when the first queries arrive. The text has a version and a checksum; one
 * that is not exactly what was written is worth nothing.
 */

#include "core/config/links.h"

/* Returns the text, which the caller frees, or NULL if out of memory. Left out is what is known of interfaces
 * otherwise. */
char *link_state_write(const LinkTable *t);

/* Adds the links of `text` to the table, which is empty. Returns false, with the table empty again, if the text is not
 * whole, has another version, or memory is short. */
bool link_state_read(LinkTable *t, const char *text);
