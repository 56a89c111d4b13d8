/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Linked: what a network manager pushes, in words: servers, and domains as in resolved.conf(5). */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/config/links.h"

#define LINKED_MAX 16

/* Returns the link, which must accept all of it. */
static inline Link *linked_push(LinkTable *t, int ifindex, const char *name, const char *servers, const char *domains)
{
        Link *l = link_table_ensure(t, ifindex, name);
        LinkServer s[LINKED_MAX] = { 0 };
        LinkDomain d[LINKED_MAX] = { 0 };
        size_t n_s = 0, n_d = 0;
        char text[512], *rest;

        ck_assert_ptr_nonnull(l);
        snprintf(text, sizeof(text), "%s", servers);
        for (char *p = strtok_r(text, " ", &rest); p; p = strtok_r(NULL, " ", &rest))
                ck_assert(address_from_text(p, 0, &s[n_s++].address));
        snprintf(text, sizeof(text), "%s", domains);
        for (char *p = strtok_r(text, " ", &rest); p; p = strtok_r(NULL, " ", &rest))
                ck_assert(link_domain_from_text(p + (*p == '~'), *p == '~', &d[n_d++]));
        ck_assert_int_ge(link_set_servers(l, s, n_s), 0);
        ck_assert_int_ge(link_set_domains(l, d, n_d), 0);
        return l;
}
