/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Line about: messages are looked for by file, line, section and key, since their words change (test_config_messages
 * has those). */

#include <string.h>

#include "core/base/base.h"

/* Is there a line in which `start` is found and then, in the same line, `word`? */
static inline bool has_line_about(const char *lines, const char *start, const char *word)
{
        for (const char *p = lines; (p = strstr(p, start)); p++) {
                const char *end = p + strcspn(p, "\n"), *w = strstr(p + strlen(start), word);

                if (w && w < end)
                        return true;
        }
        return false;
}
