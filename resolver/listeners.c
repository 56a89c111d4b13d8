/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "listeners.h"

#include <errno.h>
#include <sysexits.h>

#include "report.h"

#define RETRY_MIN (1 * USEC_PER_SEC)
#define RETRY_MAX (30 * USEC_PER_SEC)

void listeners_init(Listeners *l, uv_loop_t *loop, ListenerQuery query, void *userdata)
{
        *l = (Listeners) { .loop = loop, .query = query, .userdata = userdata };
}

void listeners_close(Listeners *l)
{
        for (size_t i = 0; i < l->n; i++)
                l->all[i] = listener_free(l->all[i]);
}

void listeners_deinit(Listeners *l)
{
        free(l->all);
        free(l->absent);
}

static bool listeners_add(Listeners *l, Listener *listener)
{
        Listener **all = reallocarray(l->all, l->n + 1, sizeof(Listener *));

        if (!all) {
                listener_free(listener);
                return false;
        }
        l->all = all;
        l->all[l->n++] = listener;
        return true;
}

/* One that cannot be used is an error (FAULTS.md S08). */
static int listeners_take(Listeners *l, const Passed *passed)
{
        bool streams = false, datagrams = false;

        for (size_t i = 0; i < passed->n_sockets; i++) {
                Listener *listener = NULL;
                int r = listener_new_fd(l->loop, passed->sockets[i], &l->limits, &l->stats, l->query, l->userdata,
                                        &listener);

                if (r < 0) {
                        report_socket_useless(passed->sockets[i], r);
                        return EX_CONFIG;
                }
                if (!listeners_add(l, listener))
                        return EX_OSERR;
                *(listener_transport(listener) == TRANSPORT_TCP ? &streams : &datagrams) = true;
        }
        if (!streams || !datagrams)
                report_half(streams);
        return 0;
}

/* Negative errno. */
static int listeners_bind(Listeners *l, const Address *address)
{
        Listener *pair[2] = { NULL, NULL };
        int r = listener_new_bind(l->loop, address, &l->limits, &l->stats, l->query, l->userdata, pair);

        if (r < 0)
                return r;
        if (listeners_add(l, pair[0]))
                return listeners_add(l, pair[1]) ? 0 : -ENOMEM;
        listener_free(pair[1]);
        return -ENOMEM;
}

static int listeners_bind_all(Listeners *l, const Config *config, uint64_t now)
{
        l->absent = calloc(config->n_listen, sizeof(*l->absent));
        if (!l->absent)
                return EX_OSERR;
        for (size_t i = 0; i < config->n_listen; i++) {
                int r = listeners_bind(l, &config->listen[i]);

                if (r == -ENOMEM)
                        return EX_OSERR;
                if (r < 0)
                        report_cannot_listen(&config->listen[i], r);
                if (r == -ENODEV)
                        l->absent[l->n_absent++] = config->listen[i];
                else if (r < 0)
                        return EXIT_FAILURE;
        }
        l->retry_gap = RETRY_MIN;
        l->retry_at = now + l->retry_gap;
        return 0;
}

int listeners_start(Listeners *l, const Passed *passed, const Config *config, uint64_t now)
{
        listeners_set_limits(l, config);
        return passed->n_sockets > 0 ? listeners_take(l, passed) : listeners_bind_all(l, config, now);
}

void listeners_set_limits(Listeners *l, const Config *config)
{
        l->limits = listener_limits_default;
        l->limits.allow_from = config->allow_from;
        l->limits.n_allow_from = config->n_allow_from;
}

void listeners_retry(Listeners *l, uint64_t now)
{
        size_t kept = 0;

        if (now < listeners_next_time(l))
                return;
        for (size_t i = 0; i < l->n_absent; i++) {
                int r = listeners_bind(l, &l->absent[i]);

                if (r == -ENODEV)
                        l->absent[kept++] = l->absent[i];
                else if (r < 0)
                        report_cannot_listen(&l->absent[i], r);
                for (size_t k = l->n - (r < 0 ? 0 : 2); k < l->n; k++)
                        report_listening(l->all[k]);
        }
        l->n_absent = kept;
        l->retry_gap = MIN(2 * l->retry_gap, RETRY_MAX);
        l->retry_at = now + l->retry_gap;
}

void listeners_retry_soon(Listeners *l)
{
        l->retry_at = 0;
}

uint64_t listeners_next_time(const Listeners *l)
{
        return l->n_absent > 0 ? l->retry_at : USEC_NEVER;
}

Listener *listeners_find_udp(const Listeners *l, const Address *address)
{
        Address a;

        for (size_t i = 0; i < l->n; i++) {
                listener_address(l->all[i], &a);
                if (listener_transport(l->all[i]) == TRANSPORT_UDP && address_equal(&a, address))
                        return l->all[i];
        }
        return NULL;
}

char *listeners_addresses(const Listeners *l)
{
        char address[ADDRESS_TEXT_MAX], *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        Address a;

        for (size_t i = 0; f && i < l->n; i++)
                if (listener_transport(l->all[i]) == TRANSPORT_UDP) {
                        listener_address(l->all[i], &a);
                        address_to_text(&a, address);
                        fprintf(f, "%s ", address);
                }
        if (f && fclose(f) == 0)
                return text;
        free(text);
        return NULL;
}

void listeners_stop(Listeners *l)
{
        for (size_t i = 0; i < l->n; i++)
                listener_stop(l->all[i]);
}

bool listeners_are_done(const Listeners *l)
{
        for (size_t i = 0; i < l->n; i++)
                if (!listener_is_done(l->all[i]))
                        return false;
        return true;
}
