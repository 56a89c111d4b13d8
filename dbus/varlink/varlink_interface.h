/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The interfaces that are served, described in the language of https://varlink.org/Interface-Definition.
 */

#include <stddef.h>

typedef struct VarlinkInterface {
        const char *name, *description;
} VarlinkInterface;

extern const VarlinkInterface varlink_interfaces[];
extern const size_t n_varlink_interfaces;
