/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * HostsSource: the source of the tables of core/dns/hosts_table.h. The hosts file is read whenever it changes; the
 * machine's name, from /etc/hostname and the kernel, whenever that file or the machine's addresses change.
 *
 * The kernel's name is read only at start, because ProtectHostname= in the unit hides changes. They arrive through
 * /etc/hostname, where hostnamectl writes them, and at a restart.
 */

#include <uv.h>

#include "core/config/config.h"
#include "core/dns/hosts_table.h"

typedef struct HostsSource HostsSource;

/* New tables, or NULL. Take references to keep them. Called from the loop, and from within the functions below. */
typedef void (*HostsChanged)(void *userdata, Hosts *file, Hosts *own);

/* Can the file be used as HostsFile=? 0, or negative errno, for which hosts_file_error() has a text. */
int hosts_file_check(const char *path);
const char *hosts_file_error(int error);

/* NULL when out of memory. Files that cannot be read or watched are logged and left out. `key`: for hashes. */
HostsSource *hosts_source_new(uv_loop_t *loop, const Config *config, const uint8_t key[16], HostsChanged changed,
                              void *userdata);

/* Reads everything again, for a new configuration. */
void hosts_source_reload(HostsSource *s, const Config *config);

/* The addresses of this machine have changed. */
void hosts_source_addresses_changed(HostsSource *s);

/* Stops. NULL is fine; always NULL. */
HostsSource *hosts_source_free(HostsSource *s);
