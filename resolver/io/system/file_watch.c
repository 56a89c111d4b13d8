/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/file_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "core/base/base.h"

#define DEBOUNCE_MSEC 100
#define DIRECTORY_EVENTS (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR)
#define FILE_EVENTS (IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

struct FileWatch {
        int fd;
        int directory, file; /* watch descriptors; -1: none */
        char *path;
        const char *name; /* in its directory; points into `path` */
        uv_poll_t poll;
        uv_timer_t debounce;
        unsigned handles; /* open ones */
        FileChanged changed;
        void *userdata;
};

static void file_watch_destroy(FileWatch *w)
{
        if (w->fd >= 0)
                close(w->fd);
        free(w->path);
        free(w);
}

static void file_watch_closed(uv_handle_t *h)
{
        FileWatch *w = h->data;

        if (--w->handles == 0)
                file_watch_destroy(w);
}

FileWatch *file_watch_free(FileWatch *w)
{
        if (!w)
                return NULL;
        uv_close((uv_handle_t *) &w->poll, file_watch_closed);
        uv_close((uv_handle_t *) &w->debounce, file_watch_closed);
        return NULL;
}

/* There may be another file at the path now, and the old one may still exist under another name. */
static void file_watch_watch_file(FileWatch *w)
{
        int before = w->file;

        w->file = inotify_add_watch(w->fd, w->path, FILE_EVENTS);
        if (before >= 0 && before != w->file)
                inotify_rm_watch(w->fd, before);
}

static void file_watch_debounced(uv_timer_t *t)
{
        FileWatch *w = t->data;

        file_watch_watch_file(w);
        w->changed(w->userdata);
}

static bool file_watch_concerns(const FileWatch *w, const struct inotify_event *e)
{
        if (e->mask & IN_Q_OVERFLOW)
                return true;
        if (e->mask & IN_IGNORED)
                return false;
        return e->wd == w->file || (e->wd == w->directory && e->len && strcmp(e->name, w->name) == 0);
}

static void file_watch_readable(uv_poll_t *p, int status, int events)
{
        FileWatch *w = p->data;
        _Alignas(struct inotify_event) char buffer[4096];
        bool ours = false;
        ssize_t n;

        (void) events;
        if (status < 0)
                return;
        while ((n = read(w->fd, buffer, sizeof(buffer))) > 0)
                for (const char *at = buffer; at < buffer + n;) {
                        const struct inotify_event *e = (const void *) at;

                        ours = ours || file_watch_concerns(w, e);
                        at += sizeof(*e) + e->len;
                }
        if (ours && !uv_is_active((uv_handle_t *) &w->debounce))
                uv_timer_start(&w->debounce, file_watch_debounced, DEBOUNCE_MSEC, 0);
}

static int file_watch_watch_directory(FileWatch *w)
{
        char *slash = strrchr(w->path, '/');
        bool root = slash == w->path;
        char kept;

        /* The path up to the last slash, or including it for the root. */
        w->name = slash + 1;
        kept = slash[root];
        slash[root] = 0;
        w->directory = inotify_add_watch(w->fd, w->path, DIRECTORY_EVENTS);
        slash[root] = kept;
        return w->directory < 0 ? -errno : 0;
}

int file_watch_new(uv_loop_t *loop, const char *path, FileChanged changed, void *userdata, FileWatch **ret)
{
        FileWatch *w;
        int r;

        if (!strchr(path, '/'))
                return -EINVAL;
        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;
        w->changed = changed;
        w->userdata = userdata;
        w->file = -1;
        w->path = strdup(path);
        w->fd = w->path ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1;
        r = !w->path ? -ENOMEM : w->fd < 0 ? -errno : file_watch_watch_directory(w);
        if (r < 0) {
                file_watch_destroy(w);
                return r;
        }
        file_watch_watch_file(w);
        uv_poll_init(loop, &w->poll, w->fd);
        uv_timer_init(loop, &w->debounce);
        w->poll.data = w->debounce.data = w;
        w->handles = 2;
        uv_poll_start(&w->poll, UV_READABLE, file_watch_readable);
        *ret = w;
        return 0;
}
