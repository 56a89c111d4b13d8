#include "io/sleep.h"

#include <errno.h>
#include <poll.h>
#include <systemd/sd-bus.h>

#define RETRY_PAUSE USEC_PER_MINUTE

struct Sleep {
        uv_loop_t *loop;
        SleepChanged changed;
        void *userdata;
        sd_bus *bus;            /* NULL: no bus */
        uv_poll_t *poll;        /* of the bus's descriptor, while there is one */
        uv_timer_t timer;       /* sd-bus's own time-outs: of the handshake only */
        uint64_t tried_at;
};

static void drive(Sleep *s);

static void free_handle(uv_handle_t *h)
{
        free(h);
}

static void disconnect(Sleep *s)
{
        if (s->poll)
                uv_close((uv_handle_t *) s->poll, free_handle);
        s->poll = NULL;
        uv_timer_stop(&s->timer);
        s->bus = sd_bus_close_unref(s->bus);
}

static int on_prepare(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error)
{
        Sleep *s = userdata;
        int before;

        if (sd_bus_message_read(m, "b", &before) > 0)
                s->changed(s->userdata, before);
        return 0;
}

static void on_readable(uv_poll_t *p, _unused_ int status, _unused_ int events)
{
        drive(p->data);
}

static void on_timer(uv_timer_t *t)
{
        drive(t->data);
}

/* Waits for what sd-bus wants to wait for. */
static bool watch(Sleep *s)
{
        int events = sd_bus_get_events(s->bus);
        uint64_t until;

        if (events < 0 || sd_bus_get_timeout(s->bus, &until) < 0)
                return false;
        uv_poll_start(s->poll, (events & POLLIN ? UV_READABLE : 0) | (events & POLLOUT ? UV_WRITABLE : 0) | UV_DISCONNECT, on_readable);
        if (until == UINT64_MAX)
                uv_timer_stop(&s->timer);
        else
                uv_timer_start(&s->timer, on_timer, usec_sub(until, uv_hrtime() / 1000) / USEC_PER_MSEC + 1, 0);
        return true;
}

static void drive(Sleep *s)
{
        int r;

        while ((r = sd_bus_process(s->bus, NULL)) > 0)
                ;
        if (r < 0 || !watch(s))
                disconnect(s);
}

/* Begins to connect; nothing here waits for the other side. */
static int connect_bus(Sleep *s)
{
        int r, fd;

        r = sd_bus_new(&s->bus);
        if (r < 0)
                return r;
        r = sd_bus_set_address(s->bus, getenv("DBUS_SYSTEM_BUS_ADDRESS") ?: "unix:path=/run/dbus/system_bus_socket");
        if (r >= 0)
                r = sd_bus_set_bus_client(s->bus, true);
        if (r >= 0)
                r = sd_bus_set_description(s->bus, "dohmouse");
        if (r >= 0)
                r = sd_bus_start(s->bus);
        if (r >= 0)
                r = sd_bus_match_signal_async(s->bus, NULL, "org.freedesktop.login1", "/org/freedesktop/login1",
                                              "org.freedesktop.login1.Manager", "PrepareForSleep", on_prepare, NULL, s);
        if (r < 0)
                return r;
        fd = sd_bus_get_fd(s->bus);
        s->poll = fd >= 0 ? calloc(1, sizeof(*s->poll)) : NULL;
        if (!s->poll)
                return fd < 0 ? fd : -ENOMEM;
        uv_poll_init(s->loop, s->poll, fd);
        s->poll->data = s;
        drive(s);
        return 0;
}

Sleep *sleep_new(uv_loop_t *loop, SleepChanged changed, void *userdata)
{
        Sleep *s = calloc(1, sizeof(*s));

        if (!s)
                return NULL;
        s->loop = loop;
        s->changed = changed;
        s->userdata = userdata;
        uv_timer_init(loop, &s->timer);
        s->timer.data = s;
        if (connect_bus(s) < 0)
                disconnect(s);
        return s;
}

void sleep_retry(Sleep *s, uint64_t now)
{
        if (s->bus || now - s->tried_at < RETRY_PAUSE)
                return;
        s->tried_at = now;
        if (connect_bus(s) < 0)
                disconnect(s);
}

static void closed(uv_handle_t *h)
{
        free(h->data);
}

Sleep *sleep_free(Sleep *s)
{
        if (!s)
                return NULL;
        disconnect(s);
        uv_close((uv_handle_t *) &s->timer, closed);
        return NULL;
}
