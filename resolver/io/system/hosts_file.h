/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * HostsSource: where the tables of core/dns/hosts_table.h come from. The hosts file is read when it changes; this
 * machine's name, which is in /etc/hostname and in the kernel, when that file or the machine's addresses do.
 *
 * Of the kernel's name only what it was at the start is known: ProtectHostname= in the unit keeps changes away. They
 * reach us by /etc/hostname, where hostnamectl writes them, and at a restart.
 */

#include <uv.h>

#include "core/config/config.h"
#include "core/dns/hosts_table.h"

typedef struct HostsSource HostsSource;

/* New tables; NULL: none. Take references to keep them. Called from the loop, and from within the calls below. */
typedef void (*HostsChanged)(void *userdata, Hosts *file, Hosts *own);

/* NULL when out of memory. What cannot be read or watched is said in the journal, and left out. `key`: for hashes. */
HostsSource *hosts_source_new(uv_loop_t *loop, const Config *config, const uint8_t key[16], HostsChanged changed,
                              void *userdata);

/* Reads all again, by a new configuration. */
void hosts_source_reload(HostsSource *s, const Config *config);

/* The addresses of this machine are others than before. */
void hosts_source_addresses_changed(HostsSource *s);

/* Stops. NULL is fine; always NULL. */
HostsSource *hosts_source_free(HostsSource *s);
