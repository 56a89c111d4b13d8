/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * NetworkdLink: reads what systemd-networkd says about a link, the JSON of DescribeLink() in
 * org.freedesktop.network1(5). Nothing here does I/O.
 */

#include "core/config/links.h"

/*
 * Gives the link the settings in the text, in place of all that it has, or removes it from the table if
 * systemd-networkd managed it and no longer does. A link that it does not manage otherwise stays as it is: it belongs
 * to whoever pushes. A member or entry that is absent, of another type or not valid is left out, and so are those above
 * the limits of a link.
 *
 * Returns 1 if anything changed, 0 if not, -EBADMSG if the text is not a JSON object, or -ENOMEM.
 */
int networkd_link_apply(LinkTable *t, int ifindex, const char *text);
