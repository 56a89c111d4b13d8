/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/upstream/portal_page.h"

#include <stdio.h>
#include <string.h>

#include "core/base/list.h"
#include "io/clock.h"
#include "io/upstream/sockaddr.h"

#define PAGE_MAX 4096 /* octets of a response */
#define REQUEST_MAX 1024
#define TIMEOUT_MSEC 1000 /* PORTAL_LOOK_TIME in core/query/portal.h */

/* One page. Lives until its handles have closed. */
typedef struct PortalPage {
        PortalPages *owner; /* NULL: the engine has been told, or does not want to know */
        uint32_t look;
        unsigned handles;
        uv_tcp_t tcp;
        uv_timer_t timer;
        uv_connect_t connect;
        uv_write_t write;
        int n_request;
        char request[REQUEST_MAX];
        size_t n;
        uint8_t response[PAGE_MAX];
        List in_pages;
} PortalPage;

struct PortalPages {
        uv_loop_t *loop;
        Engine *engine;
        List pages;
};

/* --- the end */

static void portal_page_closed(uv_handle_t *h)
{
        PortalPage *page = h->data;

        if (--page->handles == 0)
                free(page);
}

static void portal_page_drop(PortalPage *page)
{
        page->owner = NULL;
        list_remove(&page->in_pages);
        uv_close((uv_handle_t *) &page->tcp, portal_page_closed);
        uv_close((uv_handle_t *) &page->timer, portal_page_closed);
}

/* Reports what there is of it. */
static void portal_page_end(PortalPage *page)
{
        Engine *engine = page->owner->engine;

        portal_page_drop(page);
        engine_portal_page(engine, page->look, BYTES(page->response, page->n), clock_now());
}

/* --- the page */

static void portal_page_on_time(uv_timer_t *t)
{
        portal_page_end(t->data);
}

static void portal_page_on_allocate(uv_handle_t *h, _unused_ size_t suggested, uv_buf_t *ret)
{
        PortalPage *page = h->data;

        *ret = uv_buf_init((char *) page->response + page->n, (unsigned) (PAGE_MAX - page->n));
}

static void portal_page_on_read(uv_stream_t *h, ssize_t n, _unused_ const uv_buf_t *buffer)
{
        PortalPage *page = h->data;

        if (n > 0)
                page->n += (size_t) n;
        /* Location is in the header. */
        if (n < 0 || page->n == PAGE_MAX || memmem(page->response, page->n, "\r\n\r\n", 4))
                portal_page_end(page);
}

static void portal_page_on_written(uv_write_t *w, int status)
{
        PortalPage *page = w->data;

        if (page->owner && status < 0)
                portal_page_end(page);
}

/* Returns true if the other end is this machine, which is nothing that a portal may send us to. */
static bool portal_page_is_ours(const PortalPage *page)
{
        struct sockaddr_storage local = { 0 }, peer = { 0 };
        int n_local = sizeof(local), n_peer = sizeof(peer);

        return uv_tcp_getsockname(&page->tcp, (struct sockaddr *) &local, &n_local) < 0 ||
               uv_tcp_getpeername(&page->tcp, (struct sockaddr *) &peer, &n_peer) < 0 || local.ss_family != AF_INET ||
               memcmp(&((struct sockaddr_in *) &local)->sin_addr, &((struct sockaddr_in *) &peer)->sin_addr, 4) == 0;
}

static void portal_page_on_connect(uv_connect_t *c, int status)
{
        PortalPage *page = c->data;
        uv_buf_t buffer = uv_buf_init(page->request, (unsigned) page->n_request);

        if (!page->owner)
                return;
        if (status < 0 || portal_page_is_ours(page) ||
            uv_write(&page->write, (uv_stream_t *) &page->tcp, &buffer, 1, portal_page_on_written) < 0 ||
            uv_read_start((uv_stream_t *) &page->tcp, portal_page_on_allocate, portal_page_on_read) < 0)
                portal_page_end(page);
}

/* Returns false if the page cannot be asked for. */
static bool portal_page_start(PortalPages *p, const Action *a)
{
        struct sockaddr_storage remote;
        PortalPage *page;
        char port[8] = "";

        if (!sockaddr_from_address(&a->portal.address, &remote) || !(page = calloc(1, sizeof(*page))))
                return false;
        page->look = a->portal.look;
        if (a->portal.address.port != 80)
                snprintf(port, sizeof(port), ":%u", a->portal.address.port);
        page->n_request = snprintf(page->request, sizeof(page->request),
                                   "GET %s HTTP/1.1\r\nHost: %s%s\r\nAccept: */*\r\nConnection: close\r\n\r\n",
                                   a->portal.target, a->portal.host, port);
        if (page->n_request >= (int) sizeof(page->request) || uv_tcp_init(p->loop, &page->tcp) < 0) {
                free(page);
                return false;
        }
        uv_timer_init(p->loop, &page->timer);
        page->tcp.data = page->timer.data = page->connect.data = page->write.data = page;
        page->handles = 2;
        page->owner = p;
        list_init(&page->in_pages);
        list_append(&p->pages, &page->in_pages);
        uv_update_time(p->loop);
        uv_timer_start(&page->timer, portal_page_on_time, TIMEOUT_MSEC, 0);
        if (uv_tcp_connect(&page->connect, &page->tcp, (struct sockaddr *) &remote, portal_page_on_connect) < 0) {
                portal_page_drop(page);
                return false;
        }
        return true;
}

void portal_pages_act(PortalPages *p, const Action *a)
{
        uint32_t look = a->portal.look;

        if (!portal_page_start(p, a))
                engine_portal_page(p->engine, look, BYTES(NULL, 0), clock_now());
}

/* --- life */

PortalPages *portal_pages_new(uv_loop_t *loop, Engine *engine)
{
        PortalPages *p = calloc(1, sizeof(*p));

        if (!p)
                return NULL;
        p->loop = loop;
        p->engine = engine;
        list_init(&p->pages);
        return p;
}

PortalPages *portal_pages_free(PortalPages *p)
{
        if (!p)
                return NULL;
        LIST_FOREACH(l, &p->pages)
                portal_page_drop(container_of(l, PortalPage, in_pages));
        free(p);
        return NULL;
}
