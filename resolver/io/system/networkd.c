/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/networkd.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "io/journal.h"
#include "io/system/networkd_link.h"

#define NETWORK1 "org.freedesktop.network1"
#define NETWORK1_PATH "/org/freedesktop/network1"
#define NETWORK1_MANAGER NETWORK1 ".Manager"
#define NETWORK1_LINK_PATH NETWORK1_PATH "/link"
#define DBUS "org.freedesktop.DBus"
#define LINK_FILES "/run/systemd/netif/links"

static void networkd_ask(Networkd *n);

/* --- links to ask about */

static void networkd_add(Networkd *n, int ifindex)
{
        for (size_t i = 0; i < n->n_pending; i++)
                if (n->pending[i] == ifindex)
                        return;
        if (n->n_pending == n->size) {
                size_t size = n->size ? 2 * n->size : 16;
                int *grown = reallocarray(n->pending, size, sizeof(*grown));

                if (!grown)
                        return;
                n->pending = grown;
                n->size = size;
        }
        n->pending[n->n_pending++] = ifindex;
}

static int networkd_take(Networkd *n)
{
        int ifindex = n->pending[0];

        n->n_pending--;
        memmove(n->pending, n->pending + 1, n->n_pending * sizeof(*n->pending));
        return ifindex;
}

/* --- files: each has the ifindex for a name, and another is moved in its place */

static void networkd_on_file(void *userdata, int fd)
{
        _Alignas(struct inotify_event) char buffer[4096];
        Networkd *n = *(Networkd **) userdata;
        ssize_t got;

        while ((got = read(fd, buffer, sizeof(buffer))) > 0)
                for (const char *at = buffer; at < buffer + got;) {
                        const struct inotify_event *e = (const void *) at;
                        char *end = NULL;
                        unsigned long v = e->len ? strtoul(e->name, &end, 10) : 0;

                        if (e->mask & IN_Q_OVERFLOW)
                                n->list = true;
                        else if (v > 0 && v <= INT_MAX && !*end)
                                networkd_add(n, (int) v);
                        at += sizeof(*e) + e->len;
                }
        networkd_ask(n);
        bus_flush(n->bus);
}

static void networkd_watch_files(Networkd *n)
{
        Networkd **self = malloc(sizeof(*self));
        int fd = self ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1;

        if (fd < 0 || inotify_add_watch(fd, LINK_FILES, IN_MOVED_TO | IN_ONLYDIR) < 0) {
                journal_fields(LOG_NOTICE, MESSAGE_PLAIN, (const char *[]) { "DOHMOUSE_WATCH=networkd", NULL },
                               "Failed to watch %s, changes of DNS servers and domains of links that systemd-networkd "
                               "manages may go unnoticed: %s",
                               LINK_FILES, strerror(errno));
                free(self);
                if (fd >= 0)
                        close(fd);
                return;
        }
        *self = n;
        n->watch = fd_watch_new(n->loop, fd, networkd_on_file, self);
}

static void networkd_stop(Networkd *n)
{
        n->watch = fd_watch_free(n->watch);
        n->call = sd_bus_slot_unref(n->call);
        n->list = false;
        free(take_pointer(n->pending));
        n->n_pending = n->size = 0;
}

/* --- answers */

static bool networkd_is_pending(const Networkd *n, int ifindex)
{
        for (size_t i = 0; i < n->n_pending; i++)
                if (n->pending[i] == ifindex)
                        return true;
        return false;
}

/* Of its links, only those that are pending remain. */
static void networkd_forget_others(Networkd *n)
{
        bool changed = false;

        for (size_t i = n->links->n; i-- > 0;) {
                const Link *l = n->links->links[i];

                if (l->source == LINK_SOURCE_NETWORKD && !networkd_is_pending(n, l->ifindex))
                        changed = link_table_remove(n->links, l->ifindex) || changed;
        }
        if (changed)
                n->changed(n->userdata);
}

static void networkd_gone(Networkd *n)
{
        networkd_stop(n);
        networkd_forget_others(n);
}

static int networkd_on_list(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error)
{
        Networkd *n = userdata;
        const char *name, *path;
        int ifindex;

        n->call = sd_bus_slot_unref(n->call);
        if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_enter_container(m, 'a', "(iso)") < 0) {
                networkd_gone(n);
                return 0;
        }
        if (!n->watch)
                networkd_watch_files(n);
        n->n_pending = 0;
        while (sd_bus_message_read(m, "(iso)", &ifindex, &name, &path) > 0)
                networkd_add(n, ifindex);
        networkd_forget_others(n);
        networkd_ask(n);
        return 0;
}

/* An error says nothing about the link: the kernel tells if it is gone. */
static int networkd_on_link(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error)
{
        Networkd *n = userdata;
        const char *text;
        int r = 0;

        n->call = sd_bus_slot_unref(n->call);
        if (!sd_bus_message_is_method_error(m, NULL))
                r = sd_bus_message_read(m, "s", &text) > 0 ? networkd_link_apply(n->links, n->asked, text) : -EBADMSG;
        if (r < 0 && !n->unreadable)
                journal_log(LOG_NOTICE, "Failed to read what systemd-networkd says about link %d, it is not used: %s",
                            n->asked, strerror(-r));
        n->unreadable = r < 0;
        if (r != 0)
                n->changed(n->userdata);
        networkd_ask(n);
        return 0;
}

/* Asks the next question, unless one is waiting for its answer. */
static void networkd_ask(Networkd *n)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        sd_bus *bus = bus_ready(n->bus);
        bool list = n->list;
        int r;

        if (n->call || !bus || (!list && n->n_pending == 0))
                return;
        n->list = false;
        n->asked = list ? 0 : networkd_take(n);
        r = sd_bus_message_new_method_call(bus, &m, NETWORK1, NETWORK1_PATH, NETWORK1_MANAGER,
                                           list ? "ListLinks" : "DescribeLink");
        if (r >= 0)
                r = sd_bus_message_set_auto_start(m, false);
        if (r >= 0 && !list)
                r = sd_bus_message_append(m, "i", n->asked);
        if (r >= 0)
                sd_bus_call_async(bus, &n->call, m, list ? networkd_on_list : networkd_on_link, n, UINT64_MAX);
}

/* --- signals */

static int networkd_on_change(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error)
{
        int ifindex = bus_path_ifindex(sd_bus_message_get_path(m), NETWORK1_LINK_PATH);

        if (ifindex)
                networkd_add(userdata, ifindex);
        networkd_ask(userdata);
        return 0;
}

/* The connection is ready, or there is another owner: begins anew. */
static int networkd_on_match(_unused_ sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error)
{
        Networkd *n = userdata;

        networkd_stop(n);
        n->list = true;
        networkd_ask(n);
        return 0;
}

static int networkd_on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const char *name, *from, *to;

        if (sd_bus_message_read(m, "sss", &name, &from, &to) < 0)
                return 0;
        if (*to)
                return networkd_on_match(m, userdata, error);
        networkd_gone(userdata);
        return 0;
}

static int networkd_attach(void *userdata, sd_bus *bus)
{
        int r = sd_bus_add_match_async(bus, NULL,
                                       "type='signal',sender='" DBUS "',path='/org/freedesktop/DBus',interface='" DBUS
                                       "',member='NameOwnerChanged',arg0='" NETWORK1 "'",
                                       networkd_on_owner, NULL, userdata);

        if (r < 0)
                return r;
        return sd_bus_add_match_async(bus, NULL,
                                      "type='signal',sender='" NETWORK1 "',path_namespace='" NETWORK1_LINK_PATH
                                      "',interface='" DBUS ".Properties',member='PropertiesChanged'",
                                      networkd_on_change, networkd_on_match, userdata);
}

static void networkd_detach(void *userdata)
{
        networkd_stop(userdata);
}

void networkd_init(Networkd *n, uv_loop_t *loop, Bus *bus, LinkTable *links, NetworkdChanged changed, void *userdata)
{
        *n = (Networkd) {
                .loop = loop,
                .links = links,
                .changed = changed,
                .userdata = userdata,
                .bus = bus,
                .user = { .attach = networkd_attach, .detach = networkd_detach, .userdata = n },
        };
        bus_join(bus, &n->user);
}
