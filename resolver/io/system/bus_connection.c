/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/system/bus_connection.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/clock.h"

#define RETRY_PAUSE USEC_PER_MINUTE
#define SHORT_LIFE USEC_PER_SEC /* a connection lost sooner does not count as a success */
#define TURN_MAX 16             /* messages handled in one turn of the loop */
#define CONGESTED 64            /* messages that the bus did not accept yet: no more are handled until it does */
#define CONGESTED_PAUSE (100 * USEC_PER_MSEC)
#define QUEUE_MAX 1024 /* the connection is dropped if there are this many */

struct Bus {
        uv_loop_t *loop;
        BusUser *users;
        sd_bus *bus;       /* NULL: no connection, and none is being established */
        bool was_ready;    /* this connection was established */
        uint64_t tried_at; /* usec of CLOCK_BOOTTIME */
        uv_poll_t *poll;   /* of the descriptor `fd`, while there is one */
        int fd;
        int events;       /* what `poll` waits for */
        uint64_t until;   /* what `timer` waits for; usec of CLOCK_MONOTONIC */
        uv_timer_t timer; /* sd-bus's own time-outs, and messages left for the next turn */
        uv_timer_t again; /* the next try */
        unsigned tries;   /* since the last success */
};

static void bus_drive(Bus *b);
static void bus_on_again(uv_timer_t *t);

static void bus_free_handle(uv_handle_t *h)
{
        free(h);
}

static void bus_free_owner(uv_handle_t *h)
{
        free(h->data);
}

static void bus_stop_watching(Bus *b)
{
        if (b->poll)
                uv_close((uv_handle_t *) b->poll, bus_free_handle);
        b->poll = NULL;
        b->events = 0;
}

static void bus_disconnect(Bus *b)
{
        if (!b->bus)
                return;
        for (BusUser *u = b->users; u; u = u->next)
                if (u->detach)
                        u->detach(u->userdata);
        bus_stop_watching(b);
        uv_timer_stop(&b->timer);
        uv_timer_stop(&b->again);
        b->until = UINT64_MAX;
        b->bus = sd_bus_close_unref(b->bus);
        b->was_ready = false;
}

static const char *bus_address(void)
{
        return getenv("DBUS_SYSTEM_BUS_ADDRESS") ?: "unix:path=/run/dbus/system_bus_socket";
}

/* Returns whether there is no socket to connect to, so that sd-bus waits for an inotify descriptor. */
static bool bus_waits_for_socket(const Bus *b)
{
        int type;
        socklen_t size = sizeof(type);

        return b->bus && getsockopt(sd_bus_get_fd(b->bus), SOL_SOCKET, SO_TYPE, &type, &size) < 0 && errno == ENOTSOCK;
}

/* Also true if the socket exists but does not listen yet, or any more. For an address that is no path, that is
 * unknown. */
static bool bus_waits_to_be_heard(const Bus *b)
{
        static const char prefix[] = "unix:path=";
        const char *path = bus_address();
        char name[108];

        if (!bus_waits_for_socket(b))
                return false;
        if (strncmp(path, prefix, strlen(prefix)) != 0)
                return true;
        path += strlen(prefix);
        snprintf(name, sizeof(name), "%.*s", (int) strcspn(path, ",;"), path);
        return access(name, F_OK) == 0;
}

/* A bus that shuts down rejects new connections for a while, and a socket exists before it listens, which inotify does
 * not report. So a few more attempts are made before it is left to inotify and bus_retry(). If there is no socket at
 * all, inotify alone is sufficient. */
static void bus_try_later(Bus *b)
{
        static const uint64_t pauses[] = { 20, 200, 2000, 20000 }; /* ms */

        if (b->tries < ELEMENTS(pauses))
                uv_timer_start(&b->again, bus_on_again, pauses[b->tries++], 0);
}

static void bus_on_readable(uv_poll_t *p, _unused_ int status, _unused_ int events)
{
        Bus *b = p->data;
        bool waited = bus_waits_for_socket(b);

        bus_drive(b);
        if (waited && bus_waits_to_be_heard(b)) {
                b->tries = 0;
                bus_try_later(b);
        }
}

static void bus_on_timer(uv_timer_t *t)
{
        Bus *b = t->data;

        b->until = UINT64_MAX;
        bus_drive(b);
}

static uint64_t bus_queued(const Bus *b)
{
        uint64_t n;

        return sd_bus_get_n_queued_write(b->bus, &n) < 0 ? 0 : n;
}

/* sd-bus has one descriptor while it waits for a socket, and another once there is one. */
static bool bus_watch_descriptor(Bus *b, int events)
{
        int fd = sd_bus_get_fd(b->bus);

        if (fd < 0)
                return false;
        if (b->poll && b->fd != fd)
                bus_stop_watching(b);
        if (!b->poll) {
                b->poll = calloc(1, sizeof(*b->poll));
                if (!b->poll)
                        return false;
                if (uv_poll_init(b->loop, b->poll, fd) < 0) {
                        free(take_pointer(b->poll));
                        return false;
                }
                b->poll->data = b;
                b->fd = fd;
        }
        if (events != b->events && uv_poll_start(b->poll, events, bus_on_readable) < 0)
                return false;
        b->events = events;
        return true;
}

static void bus_watch_time(Bus *b, uint64_t until)
{
        uint64_t now = clock_usec(CLOCK_MONOTONIC);

        if (until == b->until)
                return;
        b->until = until;
        uv_update_time(b->loop);
        if (until == UINT64_MAX)
                uv_timer_stop(&b->timer);
        else
                uv_timer_start(&b->timer, bus_on_timer, (usec_sub(until, now) + USEC_PER_MSEC - 1) / USEC_PER_MSEC, 0);
}

/* Waits for what sd-bus requests. Returns false if the connection is broken, or too much is queued. */
static bool bus_watch(Bus *b)
{
        int wanted = sd_bus_get_events(b->bus), events = UV_DISCONNECT;
        uint64_t until, n = bus_queued(b);

        if (wanted < 0 || sd_bus_get_timeout(b->bus, &until) < 0 || n > QUEUE_MAX)
                return false;
        if (wanted & POLLOUT)
                events |= UV_WRITABLE;
        if (n >= CONGESTED)
                until = MAX(until, clock_usec(CLOCK_MONOTONIC) + CONGESTED_PAUSE);
        else if (wanted & POLLIN)
                events |= UV_READABLE;
        if (!bus_watch_descriptor(b, events))
                return false;
        bus_watch_time(b, until);
        return true;
}

/* Starts to connect; nothing here waits for the peer. */
static int bus_start(Bus *b)
{
        int r;

        r = sd_bus_new(&b->bus);
        if (r < 0)
                return r;
        r = sd_bus_set_address(b->bus, bus_address());
        if (r >= 0)
                r = sd_bus_set_bus_client(b->bus, true);
        if (r >= 0)
                r = sd_bus_set_watch_bind(b->bus, true);
        if (r >= 0)
                r = sd_bus_set_description(b->bus, "dohmouse");
        if (r >= 0)
                r = sd_bus_start(b->bus);
        for (BusUser *u = b->users; u && r >= 0; u = u->next)
                r = u->attach(u->userdata, b->bus);
        return r;
}

static void bus_connect(Bus *b)
{
        b->tried_at = clock_now();
        if (bus_start(b) < 0 || !bus_watch(b))
                bus_disconnect(b);
        if (!b->bus || bus_waits_to_be_heard(b))
                bus_try_later(b);
}

static void bus_on_again(uv_timer_t *t)
{
        Bus *b = t->data;

        if (b->bus && !bus_waits_for_socket(b))
                return;
        bus_disconnect(b);
        bus_connect(b);
}

static void bus_lost(Bus *b)
{
        if (b->was_ready && clock_now() - b->tried_at >= SHORT_LIFE)
                b->tries = 0;
        bus_disconnect(b);
        bus_try_later(b);
}

static void bus_drive(Bus *b)
{
        int r = 1;

        for (unsigned n = 0; n < TURN_MAX && r > 0; n++)
                r = sd_bus_process(b->bus, NULL);
        b->was_ready = b->was_ready || sd_bus_is_ready(b->bus) > 0;
        if (r < 0 || !bus_watch(b))
                bus_lost(b);
}

void bus_flush(Bus *b)
{
        if (b->bus && !bus_watch(b))
                bus_lost(b);
}

Bus *bus_new(uv_loop_t *loop)
{
        Bus *b = calloc(1, sizeof(*b));

        if (!b)
                return NULL;
        b->loop = loop;
        b->until = UINT64_MAX;
        uv_timer_init(loop, &b->timer);
        uv_timer_init(loop, &b->again);
        b->timer.data = b->again.data = b;
        bus_connect(b);
        return b;
}

void bus_join(Bus *b, BusUser *user)
{
        user->next = b->users;
        b->users = user;
        if (b->bus && user->attach(user->userdata, b->bus) < 0)
                bus_disconnect(b);
        bus_flush(b);
}

void bus_retry(Bus *b, uint64_t now)
{
        if (now - b->tried_at < RETRY_PAUSE || bus_ready(b))
                return;
        bus_disconnect(b);
        b->tries = 0;
        bus_connect(b);
}

sd_bus *bus_ready(const Bus *b)
{
        return b->bus && sd_bus_is_ready(b->bus) > 0 ? b->bus : NULL;
}

int bus_path_ifindex(const char *path, const char *prefix)
{
        _cleanup_(freep) char *text = NULL;
        unsigned long v;
        char *end;

        if (sd_bus_path_decode(path, prefix, &text) <= 0 || *text < '1' || *text > '9')
                return 0;
        v = strtoul(text, &end, 10);
        return *end || v > INT_MAX ? 0 : (int) v;
}

static void bus_first_closed(uv_handle_t *h)
{
        Bus *b = h->data;

        uv_close((uv_handle_t *) &b->timer, bus_free_owner);
}

Bus *bus_free(Bus *b)
{
        if (!b)
                return NULL;
        bus_disconnect(b);
        uv_close((uv_handle_t *) &b->again, bus_first_closed);
        return NULL;
}
