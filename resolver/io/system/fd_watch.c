/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/fd_watch.h"

#include <stdlib.h>
#include <unistd.h>

struct FdWatch {
        int fd;
        uv_poll_t poll;
        FdReadable readable;
        void *userdata;
};

static void fd_watch_on_closed(uv_handle_t *h)
{
        FdWatch *w = h->data;

        close(w->fd);
        free(w->userdata);
        free(w);
}

static void fd_watch_on_poll(uv_poll_t *p, int status, int events)
{
        const FdWatch *w = p->data;

        (void) events;
        if (status >= 0)
                w->readable(w->userdata, w->fd);
}

FdWatch *fd_watch_new(uv_loop_t *loop, int fd, FdReadable readable, void *userdata)
{
        FdWatch *w = calloc(1, sizeof(*w));

        if (!w || uv_poll_init(loop, &w->poll, fd) < 0) {
                close(fd);
                free(userdata);
                free(w);
                return NULL;
        }
        w->fd = fd;
        w->readable = readable;
        w->userdata = userdata;
        w->poll.data = w;
        uv_poll_start(&w->poll, UV_READABLE, fd_watch_on_poll);
        return w;
}

FdWatch *fd_watch_free(FdWatch *w)
{
        if (w)
                uv_close((uv_handle_t *) &w->poll, fd_watch_on_closed);
        return NULL;
}
