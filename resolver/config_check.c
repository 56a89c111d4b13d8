/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "io/system/dropins.h"
#include "io/system/hosts_file.h"
#include "io/upstream/tls.h"

/* Returns NULL, or what is wrong with the file. A hosts file need not exist, but if it is configured, it should. */
static const char *config_check_file(const ConfigFile *f, ConfigSeverity *ret_severity)
{
        int r;

        *ret_severity = CONFIG_ERROR;
        if (f->kind == CONFIG_FILE_TRUST_ANCHORS)
                return tls_check_trust_anchors(f->path);
        r = hosts_file_check(f->path);
        if (r != -ENOENT)
                return r < 0 ? hosts_file_error(-r) : NULL;
        *ret_severity = CONFIG_WARNING;
        return f->name ? strerror(ENOENT) : NULL;
}

static void config_check_report(const ConfigFile *f, ConfigSeverity severity, const char *why, ConfigReport report,
                                void *userdata)
{
        ConfigMessage m = { .severity = severity, .file = f->name, .line = f->line };
        char text[1024];

        if (f->kind == CONFIG_FILE_HOSTS)
                snprintf(text, sizeof(text), "[Local] HostsFile=%s: %s", f->path, why);
        else if (f->section)
                snprintf(text, sizeof(text), "[Upstream %s] TrustAnchors=%s: %s", f->section, f->path, why);
        else
                snprintf(text, sizeof(text), "[Resolver] TrustAnchors=%s: %s", f->path, why);
        m.text = text;
        if (report)
                report(userdata, &m);
}

int config_check_load(const char *single_file, ConfigReport report, void *userdata, Config **ret, unsigned *ret_errors)
{
        int r = config_load(NULL, single_file, report, userdata, ret, ret_errors);

        if (r < 0)
                return r;
        for (size_t i = 0; i < (*ret)->n_files; i++) {
                const ConfigFile *f = &(*ret)->files[i];
                ConfigSeverity severity;
                const char *why = config_check_file(f, &severity);

                if (!why)
                        continue;
                config_check_report(f, severity, why, report, userdata);
                *ret_errors += severity == CONFIG_ERROR;
        }
        return 0;
}
