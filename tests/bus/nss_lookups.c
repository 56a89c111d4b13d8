/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks up names and addresses by nss-resolve itself, as the C library calls it, for as often as is said, and sees that
 * each result is the one that the answers amount to. This program is the DNS server behind them, too: see
 * generated_zone.h. nss-resolve aborts if it is told of an address of a family that it has not asked for.
 *
 *   nss_lookups LIBRARY SOCKET COUNT    SOCKET: the number of a bound UDP socket, which the daemon forwards to
 *   nss_lookups --port LIBRARY PORT COUNT
 *   nss_lookups --hosts                 prints the hosts file that the daemon has to have
 */

#include <arpa/inet.h>
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <nss.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "core/dns/message.h"
#include "generated_zone.h"

#define SEED UINT64_C(20261129)
#define THREADS 16
#define POOL 500 /* names that are asked again and again, so that they are in the cache */
#define BUFFER_SIZE 16384
#define REPORTS_MAX 10

typedef enum nss_status (*ByName4)(const char *, struct gaih_addrtuple **, char *, size_t, int *, int *, int32_t *);
typedef enum nss_status (*ByName3)(const char *, int, struct hostent *, char *, size_t, int *, int *, int32_t *,
                                   char **);
typedef enum nss_status (*ByName2)(const char *, int, struct hostent *, char *, size_t, int *, int *);
typedef enum nss_status (*ByName)(const char *, struct hostent *, char *, size_t, int *, int *);
typedef enum nss_status (*ByAddress2)(const void *, socklen_t, int, struct hostent *, char *, size_t, int *, int *,
                                      int32_t *);

static ByName4 by_name4;
static ByName3 by_name3;
static ByName2 by_name2;
static ByName by_name;
static ByAddress2 by_address2;
static int server;
static uint64_t count;
static atomic_uint_fast64_t next, replies, found, wrong, queries;

static void die(const char *what)
{
        perror(what);
        exit(EXIT_FAILURE);
}

/* --- the server */

/* Sends something that does not answer the query, so that the daemon waits on. */
static void server_send_nonsense(Dice *d, const uint8_t *answer, size_t n, const struct sockaddr *to, socklen_t size)
{
        uint8_t message[ZONE_MESSAGE_MAX];

        memcpy(message, answer, n);
        switch (dice_upto(d, 4)) {
        case 0:
                message[0] ^= 1;
                break;
        case 1:
                n = dice_upto(d, DNS_HEADER_SIZE + 1);
                break;
        case 2:
                message[DNS_HEADER_SIZE + 1] ^= 1;
                break;
        default:
                message[2] &= 0x7f;
        }
        sendto(server, message, n, 0, to, size);
}

static void *server_run(_unused_ void *userdata)
{
        for (;;) {
                uint8_t query[1024], answer[ZONE_MESSAGE_MAX];
                struct sockaddr_storage from;
                socklen_t size = sizeof(from);
                char name[TEXT_MAX] = "";
                Expected expected;
                Message m;
                size_t n = 0;
                Dice d = atomic_fetch_add(&queries, 1);
                ssize_t r = recvfrom(server, query, sizeof(query), 0, (struct sockaddr *) &from, &size);

                if (r < 0 || message_parse(&m, BYTES(query, r)) != MESSAGE_OK || m.qdcount != 1)
                        continue;
                for (size_t at = 0; at < m.qname.n && m.qname.p[at]; at += 1u + m.qname.p[at]) {
                        memcpy(name + n, m.qname.p + at + 1, m.qname.p[at]);
                        n += m.qname.p[at];
                        name[n++] = '.';
                }
                name[n ? n - 1 : 0] = 0;
                for (char *p = name; *p; p++)
                        *p = (char) tolower((unsigned char) *p);
                n = zone_answer(SEED, name, m.qtype, BYTES(query + DNS_HEADER_SIZE, m.question_end - DNS_HEADER_SIZE),
                                answer, &expected);
                memcpy(answer, query, 2);
                if (dice_upto(&d, 64) == 0)
                        server_send_nonsense(&d, answer, n, (struct sockaddr *) &from, size);
                sendto(server, answer, n, 0, (struct sockaddr *) &from, size);
        }
        return NULL;
}

/* --- the lookups */

/* Reports a result that is not what it has to be. */
static void report(const char *name, const char *how, enum nss_status status, const char *what)
{
        if (atomic_fetch_add(&wrong, 1) < REPORTS_MAX)
                fprintf(stderr, "%s, %s: status %d, %s\n", name, how, (int) status, what);
}

static bool is_status(const char *name, const char *how, enum nss_status status, int error, unsigned n)
{
        enum nss_status wanted = n ? NSS_STATUS_SUCCESS : NSS_STATUS_NOTFOUND;
        char what[100];

        atomic_fetch_add(&replies, 1);
        atomic_fetch_add(&found, status == NSS_STATUS_SUCCESS);
        snprintf(what, sizeof(what), "but %u results were expected (h_errno %d)", n, error);
        if (status != wanted)
                report(name, how, status, what);
        return status == wanted && n;
}

/* As the C library does it, begins with a buffer that may be too small. */
static size_t first_size(Dice *d)
{
        return dice_upto(d, 8) ? BUFFER_SIZE : dice_upto(d, 128);
}

static bool is_too_small(enum nss_status status, int error, int h_error, size_t *size)
{
        bool small =
                status == NSS_STATUS_TRYAGAIN && error == ERANGE && h_error == NETDB_INTERNAL && *size < BUFFER_SIZE;

        if (small)
                atomic_fetch_add(&replies, 1);
        *size = BUFFER_SIZE;
        return small;
}

static void check_both(Dice *d, const char *name, const Expected *v4, const Expected *v6)
{
        char buffer[BUFFER_SIZE];
        struct gaih_addrtuple *found_at;
        size_t size = first_size(d);
        enum nss_status status;
        int error, h_error;
        unsigned n = 0;

        do {
                found_at = NULL;
                status = by_name4(name, &found_at, buffer, size, &error, &h_error, NULL);
        } while (is_too_small(status, error, h_error, &size));
        if (!is_status(name, "both families", status, h_error, v4->n + v6->n))
                return;
        for (; found_at; found_at = found_at->next, n++) {
                const Expected *e = n < v4->n ? v4 : v6;
                unsigned at = n < v4->n ? n : n - v4->n;

                if (at >= e->n || found_at->family != (e == v4 ? AF_INET : AF_INET6) || found_at->scopeid != e->scope ||
                    memcmp(found_at->addr, e->addresses[at], e == v4 ? 4 : 16) != 0)
                        report(name, "both families", status, "with another address");
        }
        if (n != v4->n + v6->n)
                report(name, "both families", status, "with another number of addresses");
}

static void check_family(Dice *d, const char *name, int family, const Expected *e)
{
        unsigned way = dice_upto(d, family == AF_INET ? 4 : 2);
        const char *how = family == AF_INET ? "IPv4" : "IPv6";
        char buffer[BUFFER_SIZE];
        size_t size = first_size(d), n = 0, length = family == AF_INET ? 4 : 16;
        struct hostent host;
        enum nss_status status;
        int error, h_error;

        do {
                if (way == 0)
                        status = by_name2(name, family, &host, buffer, size, &error, &h_error);
                else if (way == 1)
                        status = by_name3(name, family, &host, buffer, size, &error, &h_error, NULL, NULL);
                else if (way == 2)
                        status = by_name3(name, AF_UNSPEC, &host, buffer, size, &error, &h_error, NULL, NULL);
                else
                        status = by_name(name, &host, buffer, size, &error, &h_error);
        } while (is_too_small(status, error, h_error, &size));
        if (!is_status(name, how, status, h_error, e->n))
                return;
        for (; host.h_addr_list[n]; n++)
                if (n >= e->n || memcmp(host.h_addr_list[n], e->addresses[n], length) != 0)
                        report(name, how, status, "with another address");
        if (n != e->n || host.h_addrtype != family || (size_t) host.h_length != length)
                report(name, how, status, "with another number of addresses, or another family");
        if (strcasecmp(host.h_name, e->canonical) != 0)
                report(name, how, status, "with another canonical name");
}

static void check_name(Dice *d, const char *name, const Expected *v4, const Expected *v6)
{
        unsigned way = dice_upto(d, 3);

        if (way == 0)
                check_both(d, name, v4, v6);
        else
                check_family(d, name, way == 1 ? AF_INET : AF_INET6, way == 1 ? v4 : v6);
}

static void check_generated(Dice *d, const char *name)
{
        Expected v4, v6;

        zone_expect(SEED, name, TYPE_A, &v4);
        zone_expect(SEED, name, TYPE_AAAA, &v6);
        check_name(d, name, &v4, &v6);
}

static void check_hosts(Dice *d)
{
        unsigned i = dice_upto(d, ZONE_HOSTS_MAX);
        Expected v4, v6;

        zone_expect_hosts(SEED, i, AF_INET, &v4);
        zone_expect_hosts(SEED, i, AF_INET6, &v6);
        check_name(d, v4.canonical, &v4, &v6);
}

/* Names that stay here, and addresses given instead of a name. */
static void check_special(Dice *d)
{
        static const struct {
                const char *name, *v4, *v6;
        } specials[] = {
                { "localhost", "127.0.0.1", "::1" }, { "a.localhost", "127.0.0.1", "::1" },
                { "192.0.2.1", "192.0.2.1", NULL },  { "2001:db8::1", NULL, "2001:db8::1" },
                { "fe80::1%lo", NULL, "fe80::1" },   { "::ffff:1.2.3.4", NULL, "::ffff:1.2.3.4" },
                { "a.onion", NULL, NULL },           { "single", NULL, NULL },
        };
        unsigned i = dice_upto(d, ELEMENTS(specials));
        bool scoped = strchr(specials[i].name, '%');
        Expected v4 = { .n = specials[i].v4 != NULL };
        Expected v6 = { .n = specials[i].v6 != NULL, .scope = scoped ? if_nametoindex("lo") : 0 };

        inet_pton(AF_INET, specials[i].v4 ?: "0.0.0.0", v4.addresses[0]);
        inet_pton(AF_INET6, specials[i].v6 ?: "::", v6.addresses[0]);
        snprintf(v4.canonical, sizeof(v4.canonical), "%s", specials[i].name);
        snprintf(v6.canonical, sizeof(v6.canonical), "%s", scoped ? specials[i].v6 : specials[i].name);
        check_name(d, specials[i].name, &v4, &v6);
}

static void reverse_name(const uint8_t *address, size_t n, char ret[TEXT_MAX])
{
        size_t at = 0;

        for (size_t i = n; i-- > 0;)
                if (n == 4)
                        at += (size_t) snprintf(ret + at, TEXT_MAX - at, "%u.", address[i]);
                else
                        at += (size_t) snprintf(ret + at, TEXT_MAX - at, "%x.%x.", address[i] & 15, address[i] >> 4);
        snprintf(ret + at, TEXT_MAX - at, n == 4 ? "in-addr.arpa" : "ip6.arpa");
}

static void check_address(Dice *d)
{
        int family = dice_upto(d, 2) ? AF_INET : AF_INET6;
        size_t length = family == AF_INET ? 4 : 16, size = first_size(d), n = 0;
        uint8_t address[16];
        char buffer[BUFFER_SIZE], name[TEXT_MAX];
        struct hostent host;
        enum nss_status status;
        int error, h_error;
        Expected e;

        for (size_t i = 0; i < length; i++)
                address[i] = (uint8_t) dice_roll(d);
        address[0] = family == AF_INET ? 10 : 0xfd;
        address[1] |= 0x80; /* not in the hosts file */
        reverse_name(address, length, name);
        zone_expect(SEED, name, TYPE_PTR, &e);
        do
                status = by_address2(address, (socklen_t) length, family, &host, buffer, size, &error, &h_error, NULL);
        while (is_too_small(status, error, h_error, &size));
        if (!is_status(name, "PTR", status, h_error, e.n))
                return;
        if (strcmp(host.h_name, e.names[0]) != 0)
                report(name, "PTR", status, "with another name");
        for (; host.h_aliases[n]; n++)
                if (n + 1 >= e.n || strcmp(host.h_aliases[n], e.names[n + 1]) != 0)
                        report(name, "PTR", status, "with another alias");
        if (n + 1 != e.n || memcmp(host.h_addr_list[0], address, length) != 0)
                report(name, "PTR", status, "with another number of aliases, or another address");
}

static void *look_up(_unused_ void *userdata)
{
        while (atomic_load(&replies) < count) {
                uint64_t i = atomic_fetch_add(&next, 1);
                char name[TEXT_MAX];
                Dice d = SEED + (i << 32);
                unsigned kind = dice_upto(&d, 16);

                if (kind == 0)
                        check_hosts(&d);
                else if (kind == 1)
                        check_special(&d);
                else if (kind < 4)
                        check_address(&d);
                else {
                        if (kind < 8)
                                snprintf(name, sizeof(name), "p%u." ZONE_FORWARD, dice_upto(&d, POOL));
                        else
                                snprintf(name, sizeof(name), "n%llu." ZONE_FORWARD, (unsigned long long) i);
                        check_generated(&d, name);
                }
        }
        return NULL;
}

/* --- the program */

static int bind_port(const char *port)
{
        struct sockaddr_in a = { .sin_family = AF_INET,
                                 .sin_port = htons((in_port_t) strtoul(port, NULL, 10)),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || bind(fd, (struct sockaddr *) &a, sizeof(a)) < 0)
                die(port);
        return fd;
}

static void open_library(const char *path)
{
        void *library = dlopen(path, RTLD_NOW);

        if (library) {
                *(void **) &by_name4 = dlsym(library, "_nss_resolve_gethostbyname4_r");
                *(void **) &by_name3 = dlsym(library, "_nss_resolve_gethostbyname3_r");
                *(void **) &by_name2 = dlsym(library, "_nss_resolve_gethostbyname2_r");
                *(void **) &by_name = dlsym(library, "_nss_resolve_gethostbyname_r");
                *(void **) &by_address2 = dlsym(library, "_nss_resolve_gethostbyaddr2_r");
        }
        if (!by_name4 || !by_name3 || !by_name2 || !by_name || !by_address2) {
                fprintf(stderr, "%s\n", dlerror() ?: "The library lacks a function.");
                exit(EXIT_FAILURE);
        }
}

int main(int argc, char *argv[])
{
        bool port = argc == 5 && strcmp(argv[1], "--port") == 0;
        struct timespec begin, end;
        pthread_t threads[THREADS];

        if (argc == 2 && strcmp(argv[1], "--hosts") == 0) {
                zone_print_hosts(SEED);
                return 0;
        }
        if (argc != 4 && !port) {
                fprintf(stderr, "Usage: see the head of nss_lookups.c\n");
                return 2;
        }
        argv += port;
        open_library(argv[1]);
        server = port ? bind_port(argv[2]) : atoi(argv[2]);
        count = strtoull(argv[3], NULL, 10);
        setsockopt(server, SOL_SOCKET, SO_RCVBUF, &(int) { 4 << 20 }, sizeof(int));
        if (pthread_create(&threads[0], NULL, server_run, NULL) != 0)
                die("pthread_create");
        clock_gettime(CLOCK_MONOTONIC, &begin);
        for (unsigned i = 0; i < THREADS; i++)
                if (pthread_create(&threads[i], NULL, look_up, NULL) != 0)
                        die("pthread_create");
        for (unsigned i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);
        clock_gettime(CLOCK_MONOTONIC, &end);
        printf("%llu replies to nss-resolve, %llu with a result, %llu wrong; %llu questions to the server; %lld s\n",
               (unsigned long long) replies, (unsigned long long) found, (unsigned long long) wrong,
               (unsigned long long) queries, (long long) (end.tv_sec - begin.tv_sec));
        return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
