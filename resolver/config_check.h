/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * ConfigCheck: loads the configuration, and checks the files that its settings refer to: TrustAnchors= and HostsFile=.
 * Used at start, at reload and by --check-config alike, so that they agree. What a file can be used for is judged with
 * the privileges of this process.
 */

#include "core/config/config.h"

/* Like config_load() (io/system/dropins.h) for the system's configuration, or for `single_file` alone. An error of a
 * file that is referred to has the place of the setting, and leaves the setting as it is. */
int config_check_load(const char *single_file, ConfigReport report, void *userdata, Config **ret, unsigned *ret_errors);
