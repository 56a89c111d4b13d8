/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "core/base/base.h"

void must_failed(const char *expression, const char *file, int line)
{
        fprintf(stderr, "%s:%d: bug in dohmouse, please report it: \"%s\" does not hold.\n", file, line, expression);
        abort();
}
