/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server.h"

static void tell_all(Command command)
{
        uint64_t one = 1;

        pthread_mutex_lock(&server.lock);
        LIST_FOREACH(l, &server.connections) {
                Connection *c = container_of(l, Connection, in_server);

                c->command = command;
                if (write(c->wake, &one, sizeof(one)) < 0)
                        perror("doh-server: wake");
        }
        pthread_mutex_unlock(&server.lock);
}

static void reset_stats(void)
{
        server.accepted = server.full = server.resumed = server.queries = server.pings = server.goaways = server.byes =
                server.fins = server.resets = 0;
        server.streams_most = 0;
}

static void print_stats(FILE *f)
{
        fprintf(f,
                "{\"accepted\":%lu,\"open\":%lu,\"full\":%lu,\"resumed\":%lu,\"queries\":%lu,\"pings\":%lu,\"goaways\":%lu,"
                "\"close_notify\":%lu,\"fin\":%lu,\"rst\":%lu,\"streams\":%lu,\"streams_most\":%lu}\n",
                server.accepted, server.open, server.full, server.resumed, server.queries, server.pings, server.goaways,
                server.byes, server.fins, server.resets, server.streams, server.streams_most);
}

static bool command(char *line, FILE *f)
{
        char *save = NULL, *word = strtok_r(line, " \n", &save);
        Faults faults = current_faults();

        if (!word)
                return false;
        if (strcmp(word, "stats") == 0) {
                print_stats(f);
                return true;
        }
        if (strcmp(word, "names") == 0) {
                pthread_mutex_lock(&server.lock);
                fprintf(f, "{\"names\":\"%.*s\"}\n", (int) server.names_n, server.names ? server.names : "");
                server.names_n = 0;
                pthread_mutex_unlock(&server.lock);
                return true;
        }
        if (strcmp(word, "clear") == 0)
                faults = FAULTS_NONE;
        else if (strcmp(word, "fault") == 0) {
                while ((word = strtok_r(NULL, " \n", &save)))
                        if (!faults_set(&faults, word))
                                return false;
        } else if (strcmp(word, "reset") == 0)
                reset_stats();
        else if (strcmp(word, "forget") == 0)
                gnutls_session_ticket_key_generate(&server.ticket_key);
        else if (strcmp(word, "max-streams") == 0 && (word = strtok_r(NULL, " \n", &save))) {
                server.max_streams = (unsigned) strtoul(word, NULL, 10);
                tell_all(COMMAND_MAX_STREAMS);
        } else {
                static const char *const names[] = { "", "freeze", "thaw", "goaway", "close" };
                size_t i = 1;

                while (i < ELEMENTS(names) && strcmp(word, names[i]) != 0)
                        i++;
                if (i == ELEMENTS(names))
                        return false;
                tell_all((Command) i);
        }
        pthread_mutex_lock(&server.lock);
        server.faults = faults;
        pthread_mutex_unlock(&server.lock);
        server_listen(!faults.refuse);
        fputs("{\"ok\":true}\n", f);
        return true;
}

/* Carries out what is read, until there is no more. */
void control_take(FILE *in, FILE *out)
{
        char *line = NULL;
        size_t size = 0;

        while (getline(&line, &size, in) >= 0) {
                if (!command(line, out))
                        fputs("{\"ok\":false}\n", out);
                fflush(out);
        }
        free(line);
}

static void *run_control(void *data)
{
        int fd = (int) (intptr_t) data;

        for (;;) {
                int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
                FILE *f = client >= 0 ? fdopen(client, "r+") : NULL;

                if (!f)
                        break;
                control_take(f, f);
                fclose(f);
        }
        return NULL;
}

void control_start(const char *directory)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        pthread_t thread;

        snprintf(a.sun_path, sizeof(a.sun_path), "%s/control", directory);
        unlink(a.sun_path);
        if (fd < 0 || bind(fd, (struct sockaddr *) &a, sizeof(a)) < 0 || listen(fd, 8) < 0) {
                perror(a.sun_path);
                exit(EXIT_FAILURE);
        }
        if (pthread_create(&thread, NULL, run_control, (void *) (intptr_t) fd) == 0)
                pthread_detach(thread);
}
