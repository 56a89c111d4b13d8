/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * NetworkFiles: what other programs on this machine have written about time servers and about the DNS servers of the
 * network. Read when the clock is behind (core/query/clock_names.h), and at no other time.
 */

#include "core/base/base.h"

/*
 * Returns the names of NTP servers in the configuration of systemd-timesyncd, chrony, ntpd, NTPsec and OpenNTPD below
 * `root` (NULL: the system's), and those that systemd-networkd learned, separated by blanks; without addresses, and
 * without duplicates. "" if there are none, NULL if out of memory. For free().
 */
char *network_files_ntp_names(const char *root);

/*
 * Returns the addresses of the DNS servers that systemd-networkd, NetworkManager, resolvconf and dhclient know, or
 * those of the resolv.conf that `dohmousectl enable` replaced if they know none, likewise. No loopback addresses: there
 * is dohmouse itself.
 */
char *network_files_dns_servers(const char *root);
