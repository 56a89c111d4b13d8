/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doh-server: a DNS-over-HTTPS server for tests, and for trying dohmouse where there is no internet. Answers are made
 * of the question (answers.h); faults are ordered through a socket (faults.h). A thread a connection, so that one that
 * is frozen or slow holds up nobody.
 *
 * usage: doh-server --directory DIR [--listen ADDRESS:PORT] [--name NAME] [--ttl SECONDS]
 *
 * Prints one line of JSON when it is ready, and ends with its standard input. Commands, a line each, to DIR/control or
 * to standard input, with a line of JSON back:
 *
 *   fault WORD...      sets faults, on top of those that are set     clear     no faults
 *   freeze             connections that are open go dark             thaw      they come back
 *   goaway             GOAWAY on all open connections                close     FIN on all open connections
 *   max-streams N      SETTINGS on all open connections             forget    tickets given out are of no use any
 * longer stats, reset       counters                                      names     the questions since the last time
 *
 * doh-server.c has the command line and the port, control.c the commands, connection.c TCP and TLS, exchange.c HTTP/2,
 * script.c what is said octet by octet.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/config/config.h"
#include "server.h"

Server server = { .lock = PTHREAD_MUTEX_INITIALIZER, .listener = -1 };

uint64_t now_msec(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t) ts.tv_sec * 1000 + (uint64_t) ts.tv_nsec / 1000000;
}

Faults current_faults(void)
{
        Faults f;

        pthread_mutex_lock(&server.lock);
        f = server.faults;
        pthread_mutex_unlock(&server.lock);
        return f;
}

static int open_listener(void)
{
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
        socklen_t size = sizeof(server.address);

        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (fd < 0 || bind(fd, (struct sockaddr *) &server.address, size) < 0 || listen(fd, 1024) < 0 ||
            getsockname(fd, (struct sockaddr *) &server.address, &size) < 0) {
                perror("doh-server: cannot listen");
                exit(EXIT_FAILURE);
        }
        return fd;
}

static void *run_acceptor(void *data)
{
        int fd = (int) (intptr_t) data, on = 1;

        for (;;) {
                Connection *c;
                pthread_t thread;
                int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

                if (client < 0)
                        break;
                setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
                c = calloc(1, sizeof(*c));
                if (!c)
                        abort();
                c->fd = client;
                c->last_stream = INT32_MAX;
                c->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
                list_init(&c->requests);
                list_init(&c->in_server);
                server.accepted++;
                server.open++;
                pthread_mutex_lock(&server.lock);
                list_append(&server.connections, &c->in_server);
                pthread_mutex_unlock(&server.lock);
                if (pthread_create(&thread, NULL, connection_run, c) == 0)
                        pthread_detach(thread);
        }
        return NULL;
}

static void start_accepting(void)
{
        pthread_t thread;

        server.listener = open_listener();
        if (pthread_create(&thread, NULL, run_acceptor, (void *) (intptr_t) server.listener) == 0)
                pthread_detach(thread);
}

void server_listen(bool open)
{
        if (!open && server.listener >= 0) {
                shutdown(server.listener, SHUT_RDWR);
                close(server.listener);
                server.listener = -1;
        } else if (open && server.listener < 0)
                start_accepting();
}

static bool parse_listen(const char *text)
{
        Address a;

        if (!address_from_text(text, 0, &a) || a.v6)
                return false;
        server.address = (struct sockaddr_in) { .sin_family = AF_INET, .sin_port = htons(a.port) };
        memcpy(&server.address.sin_addr, a.octets, 4);
        return true;
}

int main(int argc, char *argv[])
{
        static const struct option options[] = {
                { "directory", required_argument, NULL, 'd' },
                { "listen", required_argument, NULL, 'l' },
                { "name", required_argument, NULL, 'n' },
                { "ttl", required_argument, NULL, 't' },
                { NULL, 0, NULL, 0 },
        };
        const char *directory = NULL;
        char ca[512];
        int c;

        /* What a burst takes is kept for the next: otherwise, by the chance of what is at the end of the heap, the
         * server gives it back and takes it again with each turn, and needs twice the time. */
        mallopt(M_TRIM_THRESHOLD, 64 << 20);
        mallopt(M_MMAP_THRESHOLD, 64 << 20);
        server.name = "doh.test";
        parse_listen("127.0.0.1:0");
        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                if (c == 'd')
                        directory = optarg;
                else if (c == 'n')
                        server.name = optarg;
                else if (c == 't')
                        answer_ttl = (uint32_t) strtoul(optarg, NULL, 10);
                else if (c != 'l' || !parse_listen(optarg))
                        return 2;
        if (!directory) {
                fputs("usage: doh-server --directory DIR [--listen ADDRESS:PORT] [--name NAME] [--ttl SECONDS]\n",
                      stderr);
                return 2;
        }
        signal(SIGPIPE, SIG_IGN);
        list_init(&server.connections);
        server.faults = FAULTS_NONE;
        snprintf(ca, sizeof(ca), "%s/ca.pem", directory);
        certificates_make(server.name, ca);
        if (gnutls_session_ticket_key_generate(&server.ticket_key) < 0)
                return EXIT_FAILURE;
        start_accepting();
        control_start(directory);
        printf("{\"ready\":true,\"port\":%u,\"ca\":\"%s\",\"url\":\"https://%s:%u/dns-query\"}\n",
               ntohs(server.address.sin_port), ca, server.name, ntohs(server.address.sin_port));
        fflush(stdout);
        control_take(stdin, stdout);
        return EXIT_SUCCESS;
}
