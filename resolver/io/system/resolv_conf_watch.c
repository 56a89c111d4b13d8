/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/resolv_conf_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/journal.h"
#include "io/system/file_watch.h"

struct ResolvConfWatch {
        ResolvConfPaths paths;
        FileWatch *link_watch, *stub_watch; /* NULL: cannot be watched */
        ResolvConfMode mode;
        char *search;                        /* domains of links; NULL: not known yet */
        char *list;                          /* all search domains of the stub file; NULL: none */
        char *own_servers, *network_servers; /* for containers; NULL: not known yet */
        bool known;                          /* `mode` is that of an earlier look */
        bool unrestorable;                   /* which was logged */
};

const ResolvConfPaths resolv_conf_paths = {
        .link = RESOLV_CONF,
        .stub = RESOLV_CONF_STUB,
        .own = RESOLV_CONF_OWN,
        .original = RESOLV_CONF_DEFAULT,
        .containers = RESOLV_CONF_CONTAINERS,
};

static void _printf_(3, 4) resolv_conf_watch_log(const ResolvConfWatch *w, int level, const char *format, ...)
{
        char mode[48], text[640];
        const char *fields[] = { mode, NULL };
        va_list list;

        va_start(list, format);
        vsnprintf(text, sizeof(text), format, list);
        va_end(list);
        snprintf(mode, sizeof(mode), "DOHMOUSE_RESOLV_CONF_MODE=%s", resolv_conf_mode_name(w->mode));
        journal_fields(level, MESSAGE_RESOLV_CONF, fields, "%s", text);
}

/* In place, because the daemon does not own the directory. The new text is written before the rest of the old one is
 * truncated, so that a reader never finds an empty file. */
static int resolv_conf_watch_write(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), r = 0;
        size_t n = strlen(text);
        struct stat st;

        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                r = -errno;
        else if (!S_ISREG(st.st_mode))
                r = -EINVAL;
        else if (pwrite(fd, text, n, 0) != (ssize_t) n)
                r = errno ? -errno : -EIO;
        else if (ftruncate(fd, (off_t) n) < 0)
                r = -errno;
        close(fd);
        return r;
}

/* Returns the text that the stub file should have, or NULL. */
static char *resolv_conf_watch_text(const ResolvConfWatch *w)
{
        _cleanup_(freep) char *base = resolv_conf_read_text(w->paths.own);

        if (!base)
                base = resolv_conf_read_text(w->paths.original);
        return base ? resolv_conf_with_search(base, w->search ?: "") : NULL;
}

/* Those of links may be of before, or of the daemon before this one. */
static bool resolv_conf_watch_differs_in_search(const char *a, const char *b)
{
        _cleanup_(freep) char *a0 = resolv_conf_without_search(a), *b0 = resolv_conf_without_search(b);

        return a0 && b0 && strcmp(a0, b0) == 0;
}

static void resolv_conf_watch_restore(ResolvConfWatch *w)
{
        _cleanup_(freep) char *is = resolv_conf_read_text(w->paths.stub), *should = resolv_conf_watch_text(w);
        ResolvConf found = { .mode = RESOLV_CONF_MISSING };
        const char *writer;
        int r;

        if (!is || !should || strcmp(is, should) == 0 ||
            (!w->search && resolv_conf_watch_differs_in_search(is, should))) {
                w->unrestorable = false;
                return;
        }
        resolv_conf_parse(is, &found);
        writer = *found.writer ? found.writer : "another program";
        r = resolv_conf_watch_write(w->paths.stub, should);
        if (r == 0 && resolv_conf_watch_differs_in_search(is, should))
                resolv_conf_watch_log(w, LOG_DEBUG, "%s has other search domains.", w->paths.stub);
        else if (r == 0)
                resolv_conf_watch_log(w, LOG_NOTICE, "%s was overwritten by %s and has been restored.", w->paths.stub,
                                      writer);
        else if (!w->unrestorable)
                resolv_conf_watch_log(w, LOG_WARNING, "%s was overwritten by %s and cannot be restored: %s",
                                      w->paths.stub, writer, strerror(-r));
        w->unrestorable = r < 0;
}

static void resolv_conf_watch_write_containers(const ResolvConfWatch *w)
{
        _cleanup_(freep) char *is = resolv_conf_read_text(w->paths.containers), *stub = NULL, *should = NULL;
        int r;

        if (!is || !w->own_servers || !w->network_servers || !(stub = resolv_conf_watch_text(w)))
                return;
        should = resolv_conf_for_containers(stub, w->own_servers, w->network_servers);
        if (!should || strcmp(is, should) == 0)
                return;
        r = resolv_conf_watch_write(w->paths.containers, should);
        if (r < 0)
                resolv_conf_watch_log(w, LOG_NOTICE, "Failed to write %s: %s", w->paths.containers, strerror(-r));
}

static bool resolv_conf_watch_is_ours(ResolvConfMode mode)
{
        return mode == RESOLV_CONF_IS_STUB || mode == RESOLV_CONF_IS_STATIC;
}

static void resolv_conf_watch_look(void *userdata)
{
        ResolvConfWatch *w = userdata;
        ResolvConfMode before = w->mode;
        ResolvConf now;

        resolv_conf_watch_restore(w);
        resolv_conf_read(w->paths.link, &now);
        w->mode = now.mode;
        free(w->list);
        w->list = now.mode == RESOLV_CONF_IS_STUB ? strdup(now.search) : NULL;
        if (w->known && resolv_conf_watch_is_ours(before) == resolv_conf_watch_is_ours(now.mode))
                return;
        /* At start, everything is as the administrator has left it. */
        if (resolv_conf_watch_is_ours(now.mode))
                resolv_conf_watch_log(w, w->known ? LOG_NOTICE : LOG_DEBUG, "%s directs programs to dohmouse.",
                                      w->paths.link);
        else if (now.mode == RESOLV_CONF_MISSING)
                resolv_conf_watch_log(w, w->known ? LOG_WARNING : LOG_DEBUG,
                                      "%s is missing: programs on this machine do not use dohmouse.", w->paths.link);
        else
                resolv_conf_watch_log(w, w->known ? LOG_WARNING : LOG_DEBUG,
                                      "%s%s%s was taken over by %s: programs on this machine do not use dohmouse.",
                                      w->paths.link, *now.target ? ", now a link to " : "", now.target,
                                      *now.writer ? now.writer : "another program");
        w->known = true;
}

ResolvConfMode resolv_conf_watch_mode(const ResolvConfWatch *w)
{
        return w ? w->mode : RESOLV_CONF_MISSING;
}

const char *resolv_conf_watch_search(const ResolvConfWatch *w)
{
        return w && w->list ? w->list : "";
}

ResolvConfWatch *resolv_conf_watch_new(uv_loop_t *loop, const ResolvConfPaths *paths)
{
        ResolvConfWatch *w = calloc(1, sizeof(*w));

        if (!w)
                return NULL;
        w->paths = *paths;
        if (file_watch_new(loop, paths->link, resolv_conf_watch_look, w, &w->link_watch) < 0)
                w->link_watch = NULL;
        if (file_watch_new(loop, paths->stub, resolv_conf_watch_look, w, &w->stub_watch) < 0)
                w->stub_watch = NULL;
        resolv_conf_watch_look(w);
        return w;
}

ResolvConfWatch *resolv_conf_watch_free(ResolvConfWatch *w)
{
        if (!w)
                return NULL;
        file_watch_free(w->link_watch);
        file_watch_free(w->stub_watch);
        free(w->search);
        free(w->list);
        free(w->own_servers);
        free(w->network_servers);
        free(w);
        return NULL;
}

static void resolv_conf_watch_replace(char **text, const char *with)
{
        char *copy = strdup(with);

        if (!copy)
                return;
        free(*text);
        *text = copy;
}

void resolv_conf_watch_set_search(ResolvConfWatch *w, const char *domains)
{
        if (!w)
                return;
        resolv_conf_watch_replace(&w->search, domains);
        resolv_conf_watch_restore(w);
        resolv_conf_watch_write_containers(w);
}

void resolv_conf_watch_set_servers(ResolvConfWatch *w, const char *own, const char *network)
{
        resolv_conf_watch_replace(&w->own_servers, own);
        resolv_conf_watch_replace(&w->network_servers, network);
        resolv_conf_watch_write_containers(w);
}
