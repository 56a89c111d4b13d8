/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "passed.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "handover.h"
#include "io/system/varlink_server.h"
#include "service.h"

static void passed_leave(int *place, int fd)
{
        if (*place < 0)
                *place = fd;
        else
                close(fd);
}

/* Such as memory, which no socket unit passes. */
static bool passed_is_file(int fd)
{
        struct stat st;

        return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* A daemon of another version has left what this one does not know, and nobody will ask for it. */
static void passed_drop(int fd, const char *name)
{
        service_unstore(name);
        close(fd);
}

/* Sockets of io.systemd.Resolve are told apart by their family. */
static void passed_add(Passed *p, int fd, const char *name)
{
        if (strcmp(name, HANDOVER_FD_NAME) == 0)
                passed_leave(&p->cache, fd);
        else if (strcmp(name, HANDOVER_QUERIES_FD_NAME) == 0)
                passed_leave(&p->queries, fd);
        else if (passed_is_file(fd))
                passed_drop(fd, name);
        else if (!varlink_server_is_socket(fd))
                p->sockets[p->n_sockets++] = fd;
        else if (p->n_varlink < PASSED_VARLINK_MAX)
                p->varlink[p->n_varlink++] = fd;
        else
                close(fd);
}

int passed_init(Passed *p)
{
        char **names = NULL;
        int n = sd_listen_fds_with_names(1, &names);

        *p = (Passed) { .cache = -1, .queries = -1 };
        if (n <= 0)
                return 0;
        p->sockets = calloc((size_t) n, sizeof(*p->sockets));
        for (int i = 0; i < n; i++) {
                if (p->sockets)
                        passed_add(p, SD_LISTEN_FDS_START + i, names[i]);
                free(names[i]);
        }
        free(names);
        return p->sockets ? 0 : -ENOMEM;
}

void passed_deinit(Passed *p)
{
        free(p->sockets);
}

int passed_take_varlink(Passed *p)
{
        return p->n_varlink > 0 ? p->varlink[--p->n_varlink] : -1;
}
