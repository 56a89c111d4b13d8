/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/query/portal.h"

#include <stdio.h>
#include <string.h>

/* What NetworkManager of the distributions, browsers and other systems look at; the first is that of NetworkManager
 * here, once it is known. */
static const char *const portal_checks[] = {
        "http://captive.apple.com/hotspot-detect.html",
        "http://conncheck.opensuse.org/",
        "http://connectivity-check.ubuntu.com/",
        "http://connectivitycheck.gstatic.com/generate_204",
        "http://detectportal.firefox.com/canonical.html",
        "http://fedoraproject.org/static/hotspot.txt",
        "http://network-test.debian.org/nm",
        "http://nmcheck.gnome.org/check_network_status.txt",
        "http://ping.archlinux.org/nm-check.txt",
        "http://www.msftconnecttest.com/connecttest.txt",
};

_Static_assert(ELEMENTS(portal_checks) < PORTAL_CHECKS_MAX, "there is room for the connectivity check of here");

/* --- hosts */

static bool portal_host_init(PortalHost *h, const PortalUrl *url)
{
        Address a;

        *h = (PortalHost) { .url = *url };
        if (address_from_text(url->host, 0, &a))
                return true;
        h->n = (uint8_t) name_from_text(url->host, h->name);
        /* The root is no host. */
        if (h->n <= 1)
                return false;
        name_lower(BYTES(h->name, h->n), h->name);
        return true;
}

static PortalHost *portal_find_host(const Portal *p, Bytes name)
{
        for (size_t i = 0; i < p->n_hosts; i++)
                if (p->hosts[i].n && name_equal(BYTES(p->hosts[i].name, p->hosts[i].n), name))
                        return (PortalHost *) &p->hosts[i];
        return NULL;
}

static void portal_add_check(Portal *p, const char *text)
{
        PortalHost *h = &p->hosts[p->n_checks];
        PortalUrl url;

        if (!portal_url_read(BYTES(text, strlen(text)), &url) || !portal_host_init(h, &url) || !h->n ||
            portal_find_host(p, BYTES(h->name, h->n)))
                return;
        p->n_hosts = ++p->n_checks;
}

void portal_set_check(Portal *p, const char *url)
{
        if (p->n_checks > 0 && strcmp(p->check, url ?: "") == 0)
                return;
        snprintf(p->check, sizeof(p->check), "%s", url ?: "");
        p->n_hosts = p->n_checks = 0;
        if (url)
                portal_add_check(p, url);
        for (size_t i = 0; i < ELEMENTS(portal_checks); i++)
                portal_add_check(p, portal_checks[i]);
        p->turn++;
}

/* --- the state */

static void portal_forget(Portal *p)
{
        p->n_hosts = p->n_checks;
        for (size_t i = 0; i < p->n_hosts; i++)
                p->hosts[i].look = PORTAL_UNSEEN;
        p->turn++;
}

static void portal_open(Portal *p, uint64_t now)
{
        portal_forget(p);
        p->open = true;
        p->until = now + PORTAL_TIME;
        if (p->enabled)
                outbox_act(p->outbox, ACTION_PORTAL_OPEN);
}

void portal_init(Portal *p, Outbox *outbox)
{
        *p = (Portal) { .outbox = outbox };
        portal_set_check(p, NULL);
}

void portal_deinit(Portal *p)
{
        p->link = forward_free_of_portal(p->link);
}

void portal_configure(Portal *p, bool enabled, uint64_t now)
{
        p->enabled = enabled;
        if (p->open)
                portal_open(p, now);
}

Forward *portal_set_servers(Portal *p, const Address *servers, size_t n, uint64_t now)
{
        Forward *before = p->link;

        n = MIN(n, (size_t) PORTAL_SERVERS_MAX);
        p->link = n > 0 ? forward_new_of_portal(servers, n, now) : NULL;
        return before;
}

void portal_close(Portal *p)
{
        if (p->open)
                portal_forget(p);
        p->open = false;
}

bool portal_follow(Portal *p, bool intercepted, bool through, uint64_t now)
{
        if (through)
                portal_close(p);
        else if (intercepted && !p->open) {
                portal_open(p, now);
                return p->enabled;
        }
        return false;
}

Forward *portal_find(const Portal *p, Bytes name, uint64_t now)
{
        return p->enabled && p->open && now < p->until && portal_find_host(p, name) ? p->link : NULL;
}

/* --- pages */

/* Addresses that no portal has, and where a page could be one of this machine. */
static bool portal_may_look_at(const Address *a)
{
        return !address_is_loopback(a) && !address_is_unspecified(a) && !address_is_multicast(a);
}

static bool portal_look(Portal *p, PortalHost *h, Address *a)
{
        Action *action;

        a->port = h->url.port;
        h->look = PORTAL_SEEN;
        if (h->url.tls || !portal_may_look_at(a) || !(action = outbox_act(p->outbox, ACTION_PORTAL_LOOK)))
                return false;
        h->look = PORTAL_LOOKING;
        action->portal.look = p->turn << 8 | (uint32_t) (h - p->hosts);
        action->portal.address = *a;
        action->portal.host = h->url.host;
        action->portal.target = h->url.target;
        return true;
}

static bool portal_read_address(const Message *answer, Address *ret)
{
        RecordWalk walk = RECORD_WALK(answer);
        Record r;

        *ret = (Address) { 0 };
        while (record_next(&walk, &r))
                if (r.section == SECTION_ANSWER && r.type == TYPE_A && r.rdata.n == 4) {
                        memcpy(ret->octets, r.rdata.p, 4);
                        return true;
                }
        return false;
}

bool portal_answered(Portal *p, const Message *answer)
{
        PortalHost *h = portal_find_host(p, answer->qname);
        Address a;

        if (h && h->look == PORTAL_UNSEEN && portal_read_address(answer, &a))
                portal_look(p, h, &a);
        return h && h->look == PORTAL_LOOKING;
}

void portal_on_page(Portal *p, uint32_t look, Bytes response)
{
        size_t i = look & 0xff;
        PortalHost *h;
        PortalUrl url;
        Address a;

        if (!p->open || look >> 8 != (p->turn & 0xffffff) || i >= p->n_hosts || p->hosts[i].look != PORTAL_LOOKING)
                return;
        p->hosts[i].look = PORTAL_SEEN;
        h = &p->hosts[p->n_hosts];
        if (p->n_hosts >= p->n_checks + PORTAL_FOUND_MAX || !portal_url_of_response(response, &url) ||
            !portal_host_init(h, &url) || (h->n && portal_find_host(p, BYTES(h->name, h->n))))
                return;
        p->n_hosts++;
        /* An address leads on to a name, perhaps. */
        if (!h->n && address_from_text(url.host, 0, &a))
                portal_look(p, h, &a);
}

bool portal_is_looking(const Portal *p)
{
        for (size_t i = 0; i < p->n_hosts; i++)
                if (p->hosts[i].look == PORTAL_LOOKING)
                        return true;
        return false;
}
