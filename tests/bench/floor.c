/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Floors: the least that a server of the same shape can do on this machine, for the figures of the benches to be ratios
 * of. Neither TLS nor HTTP nor DNS: a message is octets that begin with an ID.
 *
 *   floor echo [--batch N]                 UDP in, UDP out: a hit
 *   floor forward --to PORT [--batch N]    UDP in, TCP out, TCP in, UDP out, with many in flight on one connection: a
 * miss floor far                              the TCP peer of the latter, which gives back what it gets, of one
 * connection
 *
 * `--batch N`: up to N datagrams a system call (recvmmsg, sendmmsg), 32 if not given, and what goes to TCP in one turn
 * in one write. 1: a recvfrom and a sendto for each, and a write for each. Prints {"port": N} when it is ready.
 */

#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH_MAX 64
#define BATCHES_MAX 8 /* in one turn, so that both sides are served */
#define MESSAGE_MAX 1232
#define FRAME_SIZE 2 /* before each message on TCP: its length */
#define SLOTS 65536  /* in flight: as many as there are IDs */
#define BUFFER (1 << 20)

_Static_assert(BUFFER >= BATCHES_MAX * BATCH_MAX * (FRAME_SIZE + MESSAGE_MAX), "one turn fits");

/* Datagrams that came, or go, together. */
typedef struct Batch {
        unsigned n, size;
        struct mmsghdr headers[BATCH_MAX];
        struct iovec vectors[BATCH_MAX];
        struct sockaddr_in addresses[BATCH_MAX];
        uint8_t messages[BATCH_MAX][MESSAGE_MAX];
} Batch;

typedef struct Slot {
        struct sockaddr_in client;
        uint8_t id[2];
} Slot;

typedef struct Forward {
        int udp, tcp;
        Batch in, out;
        Slot slots[SLOTS];
        uint16_t next;
        uint8_t to_tcp[BUFFER], from_tcp[BUFFER];
        size_t to_tcp_n, from_tcp_n;
} Forward;

static void fail(const char *what)
{
        perror(what);
        exit(EXIT_FAILURE);
}

/* A socket that is bound to a free port of the loopback interface. */
static int open_socket(int type)
{
        struct sockaddr_in a = { .sin_family = AF_INET };
        int fd = socket(AF_INET, type, 0), size = 4 << 20;
        socklen_t n = sizeof(a);

        a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (fd < 0)
                fail("floor: cannot open a socket");
        /* As the daemon has it. */
        if (type == SOCK_DGRAM && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
                setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
        if (bind(fd, (struct sockaddr *) &a, n) < 0 || getsockname(fd, (struct sockaddr *) &a, &n) < 0 ||
            (type == SOCK_STREAM && listen(fd, 16) < 0))
                fail("floor: cannot bind");
        printf("{\"port\": %u}\n", ntohs(a.sin_port));
        fflush(stdout);
        return fd;
}

static void batch_init(Batch *b, unsigned size)
{
        b->size = size;
        for (unsigned i = 0; i < size; i++) {
                b->vectors[i].iov_base = b->messages[i];
                b->headers[i].msg_hdr =
                        (struct msghdr) { .msg_name = &b->addresses[i], .msg_iov = &b->vectors[i], .msg_iovlen = 1 };
        }
}

/* Takes what is there, at most a batch; `flags` may tell not to wait for the first. */
static void batch_receive(Batch *b, int fd, int flags)
{
        int n;

        b->n = 0;
        if (b->size == 1) {
                socklen_t size = sizeof(b->addresses[0]);
                ssize_t r =
                        recvfrom(fd, b->messages[0], MESSAGE_MAX, flags, (struct sockaddr *) &b->addresses[0], &size);

                b->vectors[0].iov_len = r > 0 ? (size_t) r : 0;
                b->n = r > 0;
                return;
        }
        for (unsigned i = 0; i < b->size; i++) {
                b->vectors[i].iov_len = MESSAGE_MAX;
                b->headers[i].msg_hdr.msg_namelen = sizeof(b->addresses[i]);
        }
        n = recvmmsg(fd, b->headers, b->size, flags | MSG_WAITFORONE, NULL);
        b->n = n > 0 ? (unsigned) n : 0;
        for (unsigned i = 0; i < b->n; i++)
                b->vectors[i].iov_len = b->headers[i].msg_len;
}

static void batch_send(Batch *b, int fd)
{
        if (b->size == 1 && b->n == 1)
                sendto(fd, b->messages[0], b->vectors[0].iov_len, MSG_NOSIGNAL, (struct sockaddr *) &b->addresses[0],
                       sizeof(b->addresses[0]));
        else
                for (unsigned sent = 0; sent < b->n;) {
                        int n = sendmmsg(fd, b->headers + sent, b->n - sent, MSG_NOSIGNAL);

                        if (n <= 0)
                                break;
                        sent += (unsigned) n;
                }
        b->n = 0;
}

static void run_echo(unsigned batch)
{
        static Batch b;
        int fd = open_socket(SOCK_DGRAM);

        batch_init(&b, batch);
        for (;;) {
                batch_receive(&b, fd, 0);
                for (unsigned i = 0; i < b.n; i++)
                        b.headers[i].msg_hdr.msg_namelen = sizeof(b.addresses[i]);
                batch_send(&b, fd);
        }
}

static void forward_write(Forward *f)
{
        for (size_t done = 0; done < f->to_tcp_n;) {
                ssize_t n = write(f->tcp, f->to_tcp + done, f->to_tcp_n - done);

                if (n < 0)
                        fail("floor: the peer is gone");
                done += (size_t) n;
        }
        f->to_tcp_n = 0;
}

static void forward_queries(Forward *f)
{
        unsigned turns = 0;

        do {
                batch_receive(&f->in, f->udp, MSG_DONTWAIT);
                for (unsigned i = 0; i < f->in.n; i++) {
                        uint8_t *p = f->to_tcp + f->to_tcp_n;
                        size_t n = f->in.vectors[i].iov_len;
                        Slot *s = &f->slots[f->next];

                        if (n < 2)
                                continue;
                        s->client = f->in.addresses[i];
                        memcpy(s->id, f->in.messages[i], 2);
                        p[0] = (uint8_t) (n >> 8);
                        p[1] = (uint8_t) n;
                        memcpy(p + FRAME_SIZE, f->in.messages[i], n);
                        p[FRAME_SIZE] = (uint8_t) (f->next >> 8);
                        p[FRAME_SIZE + 1] = (uint8_t) f->next;
                        f->to_tcp_n += FRAME_SIZE + n;
                        f->next++;
                }
        } while (f->in.n == f->in.size && f->in.size > 1 && ++turns < BATCHES_MAX);
        forward_write(f);
}

static void forward_answers(Forward *f)
{
        ssize_t n = read(f->tcp, f->from_tcp + f->from_tcp_n, sizeof(f->from_tcp) - f->from_tcp_n);
        size_t done = 0;

        if (n <= 0)
                fail("floor: the peer is gone");
        f->from_tcp_n += (size_t) n;
        while (f->from_tcp_n - done >= FRAME_SIZE) {
                const uint8_t *p = f->from_tcp + done;
                size_t size = (size_t) p[0] << 8 | p[1];
                Batch *b = &f->out;
                const Slot *s;

                if (f->from_tcp_n - done < FRAME_SIZE + size)
                        break;
                s = &f->slots[(size_t) p[FRAME_SIZE] << 8 | p[FRAME_SIZE + 1]];
                memcpy(b->messages[b->n], p + FRAME_SIZE, size);
                memcpy(b->messages[b->n], s->id, 2);
                b->vectors[b->n].iov_len = size;
                b->addresses[b->n] = s->client;
                b->headers[b->n].msg_hdr.msg_namelen = sizeof(s->client);
                if (++b->n == b->size)
                        batch_send(b, f->udp);
                done += FRAME_SIZE + size;
        }
        if (f->out.n > 0)
                batch_send(&f->out, f->udp);
        f->from_tcp_n -= done;
        memmove(f->from_tcp, f->from_tcp + done, f->from_tcp_n);
}

static void run_forward(unsigned to, unsigned batch)
{
        static Forward f;
        struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons((uint16_t) to) };
        int on = 1, epoll = epoll_create1(0);

        peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        batch_init(&f.in, batch);
        batch_init(&f.out, batch);
        f.tcp = socket(AF_INET, SOCK_STREAM, 0);
        if (f.tcp < 0 || epoll < 0 || connect(f.tcp, (struct sockaddr *) &peer, sizeof(peer)) < 0)
                fail("floor: cannot connect to the peer");
        setsockopt(f.tcp, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        f.udp = open_socket(SOCK_DGRAM);
        epoll_ctl(epoll, EPOLL_CTL_ADD, f.udp, &(struct epoll_event) { .events = EPOLLIN, .data.fd = f.udp });
        epoll_ctl(epoll, EPOLL_CTL_ADD, f.tcp, &(struct epoll_event) { .events = EPOLLIN, .data.fd = f.tcp });
        for (;;) {
                struct epoll_event events[2];
                int n = epoll_wait(epoll, events, 2, -1);

                for (int i = 0; i < n; i++) {
                        if (events[i].data.fd == f.udp)
                                forward_queries(&f);
                        else
                                forward_answers(&f);
                }
        }
}

static void run_far(void)
{
        static uint8_t buffer[BUFFER];
        int listener = open_socket(SOCK_STREAM), on = 1, fd;

        while ((fd = accept(listener, NULL, NULL)) >= 0) {
                ssize_t n;

                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
                while ((n = read(fd, buffer, sizeof(buffer))) > 0)
                        for (ssize_t done = 0; done < n;) {
                                ssize_t r = write(fd, buffer + done, (size_t) (n - done));

                                if (r < 0)
                                        break;
                                done += r;
                        }
                close(fd);
        }
}

int main(int argc, char *argv[])
{
        static const struct option options[] = { { "to", 1, NULL, 't' }, { "batch", 1, NULL, 'b' }, { 0 } };
        unsigned to = 0, batch = 32;
        const char *mode;
        int option;

        while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
                if (option == 't')
                        to = (unsigned) strtoul(optarg, NULL, 10);
                else if (option == 'b')
                        batch = (unsigned) strtoul(optarg, NULL, 10);
                else
                        return EXIT_FAILURE;
        }
        mode = optind < argc ? argv[optind] : "";
        if (batch < 1 || batch > BATCH_MAX) {
                fprintf(stderr, "floor: --batch is from 1 to %d\n", BATCH_MAX);
                return EXIT_FAILURE;
        }
        if (strcmp(mode, "echo") == 0)
                run_echo(batch);
        else if (strcmp(mode, "forward") == 0)
                run_forward(to, batch);
        else if (strcmp(mode, "far") == 0)
                run_far();
        fprintf(stderr, "floor: expected echo, forward or far\n");
        return EXIT_FAILURE;
}
