/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client of the benches. It keeps a number of queries in flight, each answer being followed by the next query, or
 * asks at a fixed rate by absolute times, and says how long the answers took and how many did not come. dnsperf paces
 * itself below 16 in flight, so that it cannot tell these.
 *
 *   ping_pong --port PORT [--in-flight N | --rate N] [--queries N] [--names N] [--first N] [--sources N]
 *             [--timeout MSEC] [--edns no]
 *
 * `--names N`: N names in turn, in an order that is the same each time, which are hits once they have been asked.
 * Otherwise each name is asked once. `--first N` begins with the Nth, so that a later run goes on where one has ended.
 * The answers are matched by their ID alone, so an echo of the query is an answer, too. Prints one line of JSON.
 *
 * The queries come from several sources (ports), as a server may hold one that floods to a share.
 */

#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64 /* datagrams a system call */
#define NAME "\tn00000000\5bench\4test"
#define DIGITS 2 /* of the number, from the name's start */
#define DIGITS_N 8
#define HEADER_SIZE 12
#define QUESTION_SIZE (sizeof(NAME) + 4)
#define OPT "\0\0\x29\x04\xd0\0\0\0\0\0\0"
#define QUERY_SIZE (HEADER_SIZE + QUESTION_SIZE + sizeof(OPT) - 1)
#define REFUSED_MAX 200
#define RATED_SLOTS 8192 /* in flight at a fixed rate */
/* A prime: by steps of it all names of a set are asked, but neighbors not after each other. */
#define SPREAD UINT64_C(2654435761)

typedef struct Query {
        uint8_t wire[QUERY_SIZE];
        uint64_t sent_at; /* ns; 0: not in flight */
        uint16_t turn;    /* the part of the ID that tells it from an earlier one in the same place */
} Query;

typedef struct Source {
        int fd;
        Query *queries;
        unsigned to_send[BATCH];
        unsigned n_to_send;
} Source;

typedef struct Client {
        unsigned port, in_flight, rate, n_sources, timeout_ms;
        uint64_t n_queries, n_names, next_name;
        size_t query_size;

        Source *sources;
        unsigned slots; /* of each source, a power of two */
        unsigned slot_bits;
        int epoll, timer;

        uint64_t sent, answered, failed, lost, lost_late;
        unsigned refused; /* times that no port was there since the last answer */
        uint64_t latest;  /* how long after its time a query was sent at most, ns */
        uint32_t *took;   /* of each answer, in 0.1 us */
} Client;

static uint64_t clock_now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000000u + (uint64_t) t.tv_nsec;
}

static void fail(const char *what)
{
        perror(what);
        exit(EXIT_FAILURE);
}

static void client_prepare(Client *c)
{
        unsigned most = c->rate ? RATED_SLOTS : c->in_flight;
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t) c->port) };

        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (c->n_sources > most)
                c->n_sources = most;
        c->sources = calloc(c->n_sources, sizeof(*c->sources));
        c->took = malloc((c->n_queries + 1) * sizeof(*c->took));
        c->epoll = epoll_create1(0);
        c->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
        while ((c->slots = 1U << c->slot_bits) * c->n_sources < most)
                c->slot_bits++;
        if (!c->sources || !c->took || c->epoll < 0 || c->timer < 0 || c->slot_bits > 15)
                fail("ping_pong: cannot prepare");
        for (unsigned i = 0; i < c->n_sources; i++) {
                Source *s = &c->sources[i];
                int size = 8 << 20;

                s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
                s->queries = calloc(c->slots, sizeof(*s->queries));
                if (s->fd < 0 || !s->queries || connect(s->fd, (struct sockaddr *) &to, sizeof(to)) < 0 ||
                    epoll_ctl(c->epoll, EPOLL_CTL_ADD, s->fd,
                              &(struct epoll_event) { .events = EPOLLIN, .data.u32 = i }) < 0)
                        fail("ping_pong: cannot open a socket");
                if (setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
                        setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
                for (unsigned k = 0; k < c->slots; k++) {
                        uint8_t *w = s->queries[k].wire;

                        memcpy(w, "\0\0\1\0\0\1\0\0\0\0\0\1", HEADER_SIZE);
                        w[11] = c->query_size == QUERY_SIZE;
                        memcpy(w + HEADER_SIZE, NAME, sizeof(NAME));
                        memcpy(w + HEADER_SIZE + sizeof(NAME), "\0\1\0\1", 4);
                        memcpy(w + HEADER_SIZE + QUESTION_SIZE, OPT, sizeof(OPT) - 1);
                }
        }
        if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->timer,
                      &(struct epoll_event) { .events = EPOLLIN, .data.u32 = UINT32_MAX }) < 0)
                fail("ping_pong: cannot wait for time");
}

static void client_refused(Client *c)
{
        if (++c->refused == REFUSED_MAX)
                fail("ping_pong: the server is gone");
}

static void source_flush(Client *c, Source *s)
{
        struct mmsghdr m[BATCH];
        struct iovec v[BATCH];
        uint64_t now = clock_now();

        for (unsigned i = 0; i < s->n_to_send; i++) {
                Query *q = &s->queries[s->to_send[i]];

                q->sent_at = now;
                v[i] = (struct iovec) { .iov_base = q->wire, .iov_len = c->query_size };
                m[i] = (struct mmsghdr) { .msg_hdr = { .msg_iov = &v[i], .msg_iovlen = 1 } };
        }
        for (unsigned done = 0; done < s->n_to_send;) {
                int n = s->n_to_send == 1 ? (send(s->fd, v[0].iov_base, v[0].iov_len, 0) < 0 ? -1 : 1)
                                          : sendmmsg(s->fd, m + done, s->n_to_send - done, 0);

                if (n > 0)
                        done += (unsigned) n;
                else if (errno == ECONNREFUSED)
                        client_refused(c);
                else if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
                        fail("ping_pong: cannot send");
        }
        s->n_to_send = 0;
}

/* Asks the next name in this slot; false: all have been asked. */
static bool source_ask(Client *c, Source *s, unsigned slot)
{
        Query *q = &s->queries[slot];
        uint64_t number;
        unsigned id;

        if (c->sent == c->n_queries)
                return false;
        c->sent++;
        number = c->next_name++;
        if (c->n_names > 0)
                number = number % c->n_names * SPREAD % c->n_names;
        q->turn++;
        id = ((unsigned) q->turn << c->slot_bits | slot) & 0xffff;
        q->wire[0] = (uint8_t) (id >> 8);
        q->wire[1] = (uint8_t) id;
        for (unsigned i = DIGITS_N; i-- > 0; number /= 10)
                q->wire[HEADER_SIZE + DIGITS + i] = (uint8_t) ('0' + number % 10);
        q->sent_at = 1;
        s->to_send[s->n_to_send++] = slot;
        if (s->n_to_send == BATCH)
                source_flush(c, s);
        return true;
}

static void source_receive(Client *c, Source *s)
{
        static uint8_t answers[BATCH][16];
        struct mmsghdr m[BATCH];
        struct iovec v[BATCH];
        int n;

        for (unsigned i = 0; i < BATCH; i++) {
                v[i] = (struct iovec) { .iov_base = answers[i], .iov_len = sizeof(answers[i]) };
                m[i] = (struct mmsghdr) { .msg_hdr = { .msg_iov = &v[i], .msg_iovlen = 1 } };
        }
        do {
                uint64_t now;

                n = recvmmsg(s->fd, m, BATCH, 0, NULL);
                if (n < 0 && errno == ECONNREFUSED)
                        client_refused(c);
                now = clock_now();
                for (int i = 0; i < n; i++) {
                        unsigned id = (unsigned) answers[i][0] << 8 | answers[i][1], slot = id & (c->slots - 1);
                        Query *q = &s->queries[slot];

                        if (q->sent_at == 0 || (uint16_t) (q->turn << c->slot_bits | slot) != id) {
                                c->lost_late++;
                                continue;
                        }
                        c->refused = 0;
                        c->failed += (answers[i][3] & 15) != 0;
                        c->took[c->answered++] = (uint32_t) ((now - q->sent_at) / 100);
                        q->sent_at = 0;
                        if (!c->rate)
                                source_ask(c, s, slot);
                }
                if (s->n_to_send > 0)
                        source_flush(c, s);
        } while (n == BATCH);
}

/* Gives up those that have waited too long; returns how many are in flight still. */
static unsigned client_expire(Client *c, uint64_t now)
{
        unsigned waiting = 0;

        for (unsigned i = 0; i < c->n_sources; i++) {
                Source *s = &c->sources[i];

                for (unsigned k = 0; k < c->slots; k++) {
                        Query *q = &s->queries[k];

                        if (q->sent_at == 0)
                                continue;
                        if (now > q->sent_at && now - q->sent_at > (uint64_t) c->timeout_ms * 1000000u) {
                                c->lost++;
                                q->sent_at = 0;
                                if (c->rate || !source_ask(c, s, k))
                                        continue;
                        }
                        waiting++;
                }
                if (s->n_to_send > 0)
                        source_flush(c, s);
        }
        return waiting;
}

static void client_set_timer(Client *c, uint64_t at)
{
        struct itimerspec t = { .it_value = { .tv_sec = (time_t) (at / 1000000000u),
                                              .tv_nsec = (long) (at % 1000000000u) } };

        timerfd_settime(c->timer, TFD_TIMER_ABSTIME, &t, NULL);
}

/* Waits for what comes until the time, and takes it. */
static void client_wait(Client *c, uint64_t until)
{
        struct epoll_event events[64];
        int n;

        client_set_timer(c, until);
        n = epoll_wait(c->epoll, events, 64, -1);
        for (int i = 0; i < n; i++) {
                if (events[i].data.u32 != UINT32_MAX)
                        source_receive(c, &c->sources[events[i].data.u32]);
        }
}

/* With one source and slot after the other, so that a slot is used again as late as can be. */
static void client_run_rated(Client *c)
{
        uint64_t start = clock_now() + 1000000u, check = start;
        uint64_t n_slots = (uint64_t) c->n_sources * c->slots;

        while (c->sent < c->n_queries || client_expire(c, clock_now()) > 0) {
                uint64_t next = start + c->sent * 1000000000u / c->rate, now = clock_now();

                if (c->sent < c->n_queries && now >= next) {
                        Source *s = &c->sources[c->sent % n_slots % c->n_sources];
                        unsigned slot = (unsigned) (c->sent % n_slots / c->n_sources);

                        if (now - next > c->latest)
                                c->latest = now - next;
                        if (s->queries[slot].sent_at)
                                c->lost++;
                        source_ask(c, s, slot);
                        source_flush(c, s);
                        continue;
                }
                if (now >= check) {
                        client_expire(c, now);
                        check = now + 100000000u;
                }
                client_wait(c, c->sent < c->n_queries ? next : now + 10000000u);
        }
}

static void client_run_in_flight(Client *c)
{
        /* A share at a time, for the queue of a server's socket may be short. */
        for (unsigned k = 0, n = 0; k < c->slots && n < c->in_flight; k++) {
                for (unsigned i = 0; i < c->n_sources && n < c->in_flight; i++, n++) {
                        source_ask(c, &c->sources[i], k);
                        source_flush(c, &c->sources[i]);
                        if (n % 32 == 31)
                                client_wait(c, clock_now() + 1000000u);
                }
        }
        for (uint64_t check = clock_now() + 50000000u;;) {
                uint64_t now;

                if (c->answered + c->lost == c->n_queries)
                        break;
                client_wait(c, check);
                now = clock_now();
                if (now < check)
                        continue;
                check = now + 50000000u;
                client_expire(c, now);
        }
}

static int compare(const void *a, const void *b)
{
        uint32_t x = *(const uint32_t *) a, y = *(const uint32_t *) b;

        return (x > y) - (x < y);
}

static double client_took(const Client *c, double share)
{
        return c->answered ? (double) c->took[(uint64_t) ((double) (c->answered - 1) * share)] / 10 : 0;
}

static void client_deinit(Client *c)
{
        for (unsigned i = 0; i < c->n_sources; i++) {
                close(c->sources[i].fd);
                free(c->sources[i].queries);
        }
        close(c->epoll);
        close(c->timer);
        free(c->sources);
        free(c->took);
}

static void client_parse(Client *c, int argc, char *argv[])
{
        static const struct option options[] = { { "port", 1, NULL, 'p' },    { "in-flight", 1, NULL, 'f' },
                                                 { "rate", 1, NULL, 'r' },    { "queries", 1, NULL, 'q' },
                                                 { "names", 1, NULL, 'n' },   { "first", 1, NULL, '1' },
                                                 { "sources", 1, NULL, 's' }, { "timeout", 1, NULL, 't' },
                                                 { "edns", 1, NULL, 'e' },    { 0 } };
        int option;

        while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
                uint64_t value = optarg ? strtoull(optarg, NULL, 10) : 0;

                switch (option) {
                case 'p':
                        c->port = (unsigned) value;
                        break;
                case 'f':
                        c->in_flight = (unsigned) value;
                        break;
                case 'r':
                        c->rate = (unsigned) value;
                        break;
                case 'q':
                        c->n_queries = value;
                        break;
                case 'n':
                        c->n_names = value;
                        break;
                case '1':
                        c->next_name = value;
                        break;
                case 's':
                        c->n_sources = (unsigned) value;
                        break;
                case 't':
                        c->timeout_ms = (unsigned) value;
                        break;
                case 'e':
                        c->query_size = optarg[0] == 'n' ? HEADER_SIZE + QUESTION_SIZE : QUERY_SIZE;
                        break;
                default:
                        exit(EXIT_FAILURE);
                }
        }
        if (c->port == 0 || c->in_flight == 0 || c->n_sources == 0) {
                fprintf(stderr, "ping_pong: needs --port, and no zero\n");
                exit(EXIT_FAILURE);
        }
}

int main(int argc, char *argv[])
{
        Client c = {
                .in_flight = 64, .n_queries = 100000, .n_sources = 20, .timeout_ms = 1000, .query_size = QUERY_SIZE
        };
        uint64_t start;
        double seconds;

        client_parse(&c, argc, argv);
        client_prepare(&c);
        prctl(PR_SET_TIMERSLACK, 1);
        start = clock_now();
        if (c.rate)
                client_run_rated(&c);
        else
                client_run_in_flight(&c);
        seconds = (double) (clock_now() - start) / 1e9;
        qsort(c.took, c.answered, sizeof(*c.took), compare);
        printf("{\"sent\": %llu, \"answered\": %llu, \"failed\": %llu, \"lost\": %llu, \"late\": %llu, \"seconds\": %.6f, "
               "\"p50\": %.1f, \"p90\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"max\": %.1f, \"behind\": %.1f}\n",
               (unsigned long long) c.sent, (unsigned long long) c.answered, (unsigned long long) c.failed,
               (unsigned long long) c.lost, (unsigned long long) c.lost_late, seconds, client_took(&c, 0.5),
               client_took(&c, 0.9), client_took(&c, 0.99), client_took(&c, 0.999), client_took(&c, 1),
               (double) c.latest / 1000);
        client_deinit(&c);
        return EXIT_SUCCESS;
}
