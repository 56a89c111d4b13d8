/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two descriptions of a link, a record separator (0x1e) between them. Whatever they are, the link is within its limits,
 * the second after the first leads to the same as the second alone, and what is stored of it is read again.
 */

#include <stdio.h>
#include <string.h>

#include "core/config/link_state.h"
#include "io/system/networkd_link.h"

/* No assert: it would be gone with NDEBUG. */
static void require(bool condition, const char *what)
{
        if (!condition) {
                fprintf(stderr, "violated: %s\n", what);
                abort();
        }
}

/* Returns what is stored of the table, from which it can be read again. */
static char *store(const LinkTable *t)
{
        _cleanup_(link_table_freep) LinkTable *again = link_table_new();
        char *text = link_state_write(t), *twice;

        require(t->n <= 1 && (t->n == 0 || t->links[0]->source == LINK_SOURCE_NETWORKD), "it is one link at most");
        for (size_t i = 0; i < t->n; i++) {
                const Link *l = t->links[i];

                require(l->n_servers <= LINK_SERVERS_MAX && l->n_domains <= LINK_DOMAINS_MAX &&
                                l->n_negative_trust_anchors <= LINK_DOMAINS_MAX,
                        "a link is within its limits");
                /* The name is that of the interface, which is not played here, and may be none in the text. */
                link_set_interface(t->links[i], "eth0", false);
        }
        free(text);
        text = link_state_write(t);
        require(text && link_state_read(again, text), "what is stored can be read");
        twice = link_state_write(again);
        require(twice && strcmp(text, twice) == 0, "and is the same");
        free(twice);
        return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const uint8_t none[1];
        const uint8_t *at = size ? memchr(data, 0x1e, size) : NULL;
        size_t n = at ? (size_t) (at - data) : 0;
        _cleanup_(freep) char *first = strndup((const char *) (size ? data : none), n);
        _cleanup_(freep) char *second =
                at ? strndup((const char *) at + 1, size - n - 1) : strndup((const char *) (size ? data : none), size);
        _cleanup_(link_table_freep) LinkTable *both = link_table_new(), *one = link_table_new();
        _cleanup_(freep) char *a = NULL, *b = NULL;
        int r;

        networkd_link_apply(both, 2, first);
        r = networkd_link_apply(both, 2, second);
        if (r >= 0) {
                networkd_link_apply(one, 2, second);
                require(networkd_link_apply(both, 2, second) == 0, "the same again changes nothing");
                a = store(both);
                b = store(one);
                require(strcmp(a, b) == 0, "nothing of before remains");
        } else {
                a = store(both);
        }
        return 0;
}
