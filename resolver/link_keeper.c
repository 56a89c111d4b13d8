/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/config/link_state.h"
#include "core/config/link_zones.h"
#include "io/journal.h"
#include "io/system/interface.h"
#include "io/system/link_watch.h"
#include "io/system/network_files.h"

struct LinkKeeper {
        uv_loop_t *loop;
        LinkTable *table;
        LinkWatch *watch; /* NULL: no link has settings, or netlink is not available */
        char *path;       /* of the file that stores the settings; NULL: nowhere */
        char *stored;     /* its contents; NULL: there is none */
        bool changed;
        uint64_t version;
        bool stopped;
        bool unwatchable, unstorable; /* which was logged */
};

/* --- interfaces */

static void link_keeper_on_event(void *userdata, LinkEvent event, int ifindex)
{
        LinkKeeper *k = userdata;

        switch (event) {
        case LINK_EVENT_GONE:
                k->changed = link_table_remove(k->table, ifindex) || k->changed;
                break;
        case LINK_EVENT_CHANGED:
                k->changed = link_table_find(k->table, ifindex) || k->changed;
                break;
        case LINK_EVENT_LOST:
                k->changed = true;
                break;
        }
}

static void link_keeper_follow(LinkKeeper *k)
{
        int r;

        if (k->table->n == 0) {
                k->watch = link_watch_free(k->watch);
                return;
        }
        if (k->watch || k->stopped)
                return;
        r = link_watch_new(k->loop, link_keeper_on_event, k, &k->watch);
        if (r < 0 && !k->unwatchable)
                journal_fields(LOG_NOTICE, MESSAGE_PLAIN, (const char *[]) { "DOHMOUSE_WATCH=links", NULL },
                               "Failed to watch network interfaces, the settings of one that is gone are kept: %s",
                               strerror(-r));
        k->unwatchable = r < 0;
}

static void link_keeper_drop_empty(LinkTable *t)
{
        for (size_t i = t->n; i-- > 0;)
                if (link_is_empty(t->links[i]))
                        link_table_remove(t, t->links[i]->ifindex);
}

/* --- the file */

static void link_keeper_load(LinkKeeper *k)
{
        _cleanup_(freep) char *text = k->path ? resolv_conf_read_text(k->path) : NULL;

        if (!text)
                return;
        if (!link_state_read(k->table, text))
                journal_log(LOG_NOTICE, "%s is not valid, and the settings of links in it are not used.", k->path);
        k->stored = take_pointer(text);
}

/* Replaces the file, or removes it if there is no text. Returns 0 or a negative errno. */
static int link_keeper_write(const char *path, const char *text)
{
        char temporary[PATH_MAX];
        size_t n = text ? strlen(text) : 0;
        int fd, r = 0;

        if (!text)
                return unlink(path) < 0 ? -errno : 0;
        snprintf(temporary, sizeof(temporary), "%s.new", path);
        fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        errno = EIO;
        if (write(fd, text, n) != (ssize_t) n)
                r = -errno;
        close(fd);
        return r < 0 || rename(temporary, path) == 0 ? r : -errno;
}

static void link_keeper_store(LinkKeeper *k)
{
        char *text = k->table->n ? link_state_write(k->table) : NULL;
        int r = 0;

        if (k->path && (text ? !k->stored || strcmp(text, k->stored) != 0 : k->stored != NULL))
                r = link_keeper_write(k->path, text);
        if (r < 0 && !k->unstorable)
                journal_log(LOG_NOTICE, "Failed to store the settings of links in %s, a restart loses them: %s",
                            k->path, strerror(-r));
        k->unstorable = r < 0;
        free(k->stored);
        k->stored = text;
}

/* --- changes */

void link_keeper_note_change(LinkKeeper *k)
{
        k->changed = true;
}

void link_keeper_apply(LinkKeeper *k, Engine *e, ResolvConfWatch *resolv_conf, uint64_t now)
{
        char search[LINK_SEARCH_MAX];

        if (!k->changed)
                return;
        k->changed = false;
        k->version++;
        link_keeper_drop_empty(k->table);
        link_keeper_follow(k);
        interface_refresh_links(k->table);
        engine_set_links(e, k->table, now);
        link_search_domains(engine_config(e), k->table, search);
        resolv_conf_watch_set_search(resolv_conf, search);
        link_keeper_store(k);
}

/* --- servers */

char *link_keeper_network_servers(const LinkKeeper *k)
{
        _cleanup_(freep) char *of_files = network_files_dns_servers(NULL);
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;
        for (size_t i = 0; i < k->table->n; i++)
                for (size_t n = 0; n < k->table->links[i]->n_servers; n++) {
                        Address a = k->table->links[i]->servers[n].address;
                        char address[ADDRESS_TEXT_MAX];

                        a.port = a.port ?: 53;
                        if (address_is_link_local(&a))
                                snprintf(a.interface, sizeof(a.interface), "%s", k->table->links[i]->name);
                        address_to_text(&a, address);
                        fprintf(f, "%s ", address);
                }
        fprintf(f, "%s", of_files ?: "");
        return fclose(f) == 0 ? text : NULL;
}

/* --- life */

LinkTable *link_keeper_table(LinkKeeper *k)
{
        return k->table;
}

uint64_t link_keeper_version(const LinkKeeper *k)
{
        return k->version;
}

LinkKeeper *link_keeper_new(uv_loop_t *loop, const char *directory)
{
        _cleanup_(link_keeper_freep) LinkKeeper *k = calloc(1, sizeof(*k));

        if (!k)
                return NULL;
        k->loop = loop;
        if (directory && asprintf(&k->path, "%s/links", directory) < 0)
                k->path = NULL;
        k->table = link_table_new();
        if (!k->table || (directory && !k->path))
                return NULL;
        link_keeper_load(k);
        k->changed = true;
        return take_pointer(k);
}

void link_keeper_stop(LinkKeeper *k)
{
        if (!k)
                return;
        k->watch = link_watch_free(k->watch);
        k->stopped = true;
}

LinkKeeper *link_keeper_free(LinkKeeper *k)
{
        if (!k)
                return NULL;
        link_keeper_stop(k);
        link_table_free(k->table);
        free(k->path);
        free(k->stored);
        free(k);
        return NULL;
}
