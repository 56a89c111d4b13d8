/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/client/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/handle_table.h"
#include "io/client/tcp.h"
#include "io/client/udp.h"

#define BACKLOG 256
#define RECEIVE_BUFFER (4 << 20) /* octets, as in dohmouse.socket; without privileges, limited by net.core.rmem_max */

const ListenerLimits listener_limits_default = {
        .tcp_connections = 256,
        .tcp_pipeline = 100,
        .tcp_idle = CLIENT_TCP_IDLE,
};

struct Listener {
        uint32_t number; /* as its clients have it */
        Address address; /* that it listens on */
        Udp *udp;
        Tcp *tcp;
};

static HandleTable listeners;

static void listener_read_address(int fd, Address *ret)
{
        struct sockaddr_storage a = { 0 };
        socklen_t size = sizeof(a);
        const struct sockaddr_in *v4 = (void *) &a;
        const struct sockaddr_in6 *v6 = (void *) &a;

        *ret = (Address) { 0 };
        if (getsockname(fd, (struct sockaddr *) &a, &size) < 0)
                return;
        ret->v6 = a.ss_family == AF_INET6;
        ret->port = ntohs(ret->v6 ? v6->sin6_port : v4->sin_port);
        if (ret->v6)
                memcpy(ret->octets, &v6->sin6_addr, 16);
        else
                memcpy(ret->octets, &v4->sin_addr, 4);
}

static int listener_new(uv_loop_t *loop, int fd, Transport transport, const ListenerLimits *limits,
                        ListenerStats *stats, ListenerQuery query, void *userdata, Listener **ret)
{
        Listener *l = calloc(1, sizeof(*l));
        int r = -ENOMEM;

        if (l && (l->number = handle_table_add(&listeners, l))) {
                listener_read_address(fd, &l->address);
                r = transport == TRANSPORT_TCP ? tcp_new(loop, fd, l->number, limits, stats, query, userdata, &l->tcp)
                                               : udp_new(loop, fd, l->number, limits, stats, query, userdata, &l->udp);
                if (r < 0)
                        handle_table_remove(&listeners, l->number);
        }
        if (r < 0) {
                free(l);
                return r;
        }
        *ret = l;
        return 0;
}

static uint16_t listener_port_of(int fd)
{
        struct sockaddr_storage a = { 0 };
        socklen_t size = sizeof(a);

        if (getsockname(fd, (struct sockaddr *) &a, &size) < 0)
                return 0;
        return ntohs(a.ss_family == AF_INET ? ((struct sockaddr_in *) &a)->sin_port
                                            : ((struct sockaddr_in6 *) &a)->sin6_port);
}

int listener_new_fd(uv_loop_t *loop, int fd, const ListenerLimits *limits, ListenerStats *stats, ListenerQuery query,
                    void *userdata, Listener **ret)
{
        int type, domain, listening = 0;
        socklen_t size = sizeof(int);

        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 ||
            getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
            getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) < 0)
                return -errno;
        if (domain != AF_INET && domain != AF_INET6)
                return -EAFNOSUPPORT;
        if (type != SOCK_DGRAM && !(type == SOCK_STREAM && listening))
                return -EPROTOTYPE;
        if (listener_port_of(fd) == 0)
                return -EADDRNOTAVAIL;
        if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
                return -errno;
        return listener_new(loop, fd, type == SOCK_STREAM ? TRANSPORT_TCP : TRANSPORT_UDP, limits, stats, query,
                            userdata, ret);
}

static socklen_t listener_to_sockaddr(const Address *a, struct sockaddr_storage *ret)
{
        struct sockaddr_in *v4 = (void *) ret;
        struct sockaddr_in6 *v6 = (void *) ret;

        memset(ret, 0, sizeof(*ret));
        if (!a->v6) {
                v4->sin_family = AF_INET;
                v4->sin_port = htons(a->port);
                memcpy(&v4->sin_addr, a->octets, 4);
                return sizeof(*v4);
        }
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(a->port);
        v6->sin6_scope_id = a->interface[0] ? if_nametoindex(a->interface) : 0;
        memcpy(&v6->sin6_addr, a->octets, 16);
        return sizeof(*v6);
}

/* Returns the socket, or a negative errno. */
static int listener_bind_socket(const Address *a, int type)
{
        struct sockaddr_storage address;
        socklen_t size = listener_to_sockaddr(a, &address);
        int on = 1, receive = RECEIVE_BUFFER, r, fd = socket(address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -errno;
        if (a->interface[0] && ((struct sockaddr_in6 *) &address)->sin6_scope_id == 0) {
                close(fd);
                return -ENODEV;
        }
        if (a->v6)
                setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
        /* The address may be assigned later. */
        setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
        /* For TCP only, and only because of TIME_WAIT: two UDP sockets must not share the port (S18). */
        if (type == SOCK_STREAM)
                setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        else if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive, sizeof(receive)) < 0)
                setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof(receive));
        if (bind(fd, (struct sockaddr *) &address, size) < 0 || (type == SOCK_STREAM && listen(fd, BACKLOG) < 0)) {
                r = -errno;
                close(fd);
                return r;
        }
        return fd;
}

int listener_new_bind(uv_loop_t *loop, const Address *address, const ListenerLimits *limits, ListenerStats *stats,
                      ListenerQuery query, void *userdata, Listener *ret[static 2])
{
        Address a = *address;
        int udp = -1, tcp = -1, r = -EADDRINUSE;

        /* A port that is free in one protocol may be used in the other: then tries another. */
        for (unsigned i = 0; i < (address->port ? 1 : 16) && r == -EADDRINUSE; i++) {
                a.port = address->port;
                r = tcp = listener_bind_socket(&a, SOCK_STREAM);
                if (tcp < 0)
                        break;
                a.port = listener_port_of(tcp);
                r = udp = listener_bind_socket(&a, SOCK_DGRAM);
                if (udp < 0)
                        close(tcp);
        }
        if (r < 0)
                return r;
        r = listener_new(loop, udp, TRANSPORT_UDP, limits, stats, query, userdata, &ret[0]);
        if (r < 0) {
                close(udp);
                close(tcp);
                return r;
        }
        r = listener_new(loop, tcp, TRANSPORT_TCP, limits, stats, query, userdata, &ret[1]);
        if (r < 0) {
                ret[0] = listener_free(ret[0]);
                close(tcp);
        }
        return r;
}

void listener_address(const Listener *l, Address *ret)
{
        *ret = l->address;
}

const Listener *listener_of(const Client *client)
{
        return handle_table_get(&listeners, client->listener);
}

uint32_t listener_number(const Listener *l)
{
        return l->number;
}

Transport listener_transport(const Listener *l)
{
        return l->tcp ? TRANSPORT_TCP : TRANSPORT_UDP;
}

void listener_answer(const Client *client, PendingReply *reply)
{
        Listener *l = handle_table_get(&listeners, client->listener);

        if (l && l->tcp)
                tcp_answer(l->tcp, client, reply);
        else if (l && reply->packet)
                udp_answer(l->udp, client, reply->packet);
}

void listener_dismiss(const Client *client)
{
        Listener *l = handle_table_get(&listeners, client->listener);

        if (l && l->tcp)
                tcp_dismiss(l->tcp, client);
}

void listener_flush_all(void)
{
        for (uint32_t i = 0; i < listeners.n; i++) {
                Listener *l = listeners.slots[i].pointer;

                if (l && l->udp)
                        udp_flush(l->udp);
                else if (l)
                        tcp_flush(l->tcp);
        }
}

void listener_stop(Listener *l)
{
        if (l->tcp)
                tcp_stop(l->tcp);
        else
                udp_stop(l->udp);
}

bool listener_is_done(const Listener *l)
{
        return !l->tcp || tcp_is_done(l->tcp);
}

Listener *listener_free(Listener *l)
{
        if (!l)
                return NULL;
        handle_table_remove(&listeners, l->number);
        udp_free(l->udp);
        tcp_free(l->tcp);
        free(l);
        return NULL;
}
