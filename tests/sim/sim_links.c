/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim_links.h"

#include <string.h>

#include "clients.h"
#include "servers.h"

#define DO53_ID 0x5353

typedef enum Place { PLACE_NONE, PLACE_LAN, PLACE_VPN, PLACE_ALL } Place;

static const char *const domains[] = { [PLACE_NONE] = "sim", [PLACE_LAN] = "lan.sim", [PLACE_VPN] = "vpn.sim" };

static Place place_of(uint32_t name)
{
        return name % 2 ? PLACE_NONE : name % 4 ? PLACE_LAN : PLACE_VPN;
}

const char *links_domain_of(uint32_t name)
{
        return domains[place_of(name)];
}

/* --- the model */

/* The links that have the name, one bit each. */
static unsigned owners(const World *w, uint32_t name)
{
        unsigned by_domain = 0, all = 0;

        for (unsigned i = 0; i < LINKS_MAX; i++) {
                const SimLink *l = &w->sim_links[i];

                if (l->n_servers && place_of(name) != PLACE_NONE && l->has[place_of(name)])
                        by_domain |= 1u << i;
                if (l->n_servers && l->has[PLACE_ALL])
                        all |= 1u << i;
        }
        return by_domain ? by_domain : all;
}

bool links_have(const World *w, uint32_t name)
{
        return owners(w, name);
}

static uint32_t link_address_of(unsigned link, uint32_t name)
{
        return clients_address_of(name) ^ (link + 1) << 28;
}

void links_check_address(const World *w, uint32_t name, uint32_t address)
{
        unsigned set = owners(w, name);
        bool right = !set && address == clients_address_of(name);

        for (unsigned i = 0; i < LINKS_MAX; i++)
                right = right || (set & 1u << i && address == link_address_of(i, name));
        if (!right)
                world_violated(w, "n%u belongs to links %#x, and a client got another's answer", name, set);
}

/* The number of the name in a query; UINT32_MAX: it is no client's. */
static uint32_t number_of(const Packet *query)
{
        uint32_t number = 0;
        Message m;

        if (message_parse(&m, packet_bytes(query)) != MESSAGE_OK || m.qname.n < 6 || m.qname.p[1] != 'n' ||
            memcmp(m.qname.p + m.qname.n - 4, "sim", 4) != 0)
                return UINT32_MAX;
        for (const uint8_t *p = m.qname.p + 2; p < m.qname.p + 1 + m.qname.p[0]; p++)
                number = number * 10 + (unsigned) (*p - '0');
        return number;
}

void links_check_upstream(const World *w, const Packet *query)
{
        uint32_t name = number_of(query);

        if (name != UINT32_MAX && owners(w, name))
                world_violated(w, "n%u belongs to links %#x, and goes to an upstream", name, owners(w, name));
}

/* --- the managers */

/* Those who wait for a name that goes another way now cannot hold anybody to it. */
static void release_clients(World *w, unsigned before[], size_t first)
{
        for (size_t i = first; i < w->n_asked; i++) {
                Asked *a = &w->asked[i];

                if (a->done || before[i - first] == owners(w, a->name))
                        continue;
                a->cover = 0;
                a->calm = false;
        }
}

static void push(World *w, unsigned i)
{
        Link *l = link_table_ensure(w->links, (int) i + 2, i ? "wg0" : "eth0");
        LinkServer servers[2] = { 0 };
        LinkDomain pushed[3];
        SimLink *s = &w->sim_links[i];
        size_t n = 0;

        s->n_servers = (unsigned) world_below(w, 3);
        for (unsigned k = 0; k < 2; k++)
                servers[k].address = (Address) { .octets = { 10, 0, (uint8_t) i, (uint8_t) k + 1 } };
        for (Place p = PLACE_LAN; p <= PLACE_ALL; p++) {
                s->has[p] = world_below(w, p == PLACE_ALL ? 6 : 2) == 0;
                if (s->has[p])
                        link_domain_from_text(p == PLACE_ALL ? "." : domains[p], p != PLACE_LAN, &pushed[n++]);
        }
        world_say(w, "link %u: %u servers, %s%s%s", i, s->n_servers, s->has[PLACE_LAN] ? "lan " : "",
                  s->has[PLACE_VPN] ? "vpn " : "", s->has[PLACE_ALL] ? "all" : "");
        if (link_set_servers(l, servers, s->n_servers) < 0 || link_set_domains(l, pushed, n) < 0)
                world_violated(w, "a push was refused");
}

static void take_back(World *w, unsigned i)
{
        world_say(w, "link %u is gone", i);
        w->sim_links[i] = (SimLink) { 0 };
        link_table_remove(w->links, (int) i + 2);
}

void links_act(World *w)
{
        unsigned i = (unsigned) world_below(w, LINKS_MAX), *before;
        size_t first = w->first_open;

        if (world_below(w, 3) == 0) {
                w->sim_links[i].behaviour = (LinkBehaviour) world_below(w, _LINK_BEHAVIOURS);
                world_say(w, "link %u behaves %d", i, (int) w->sim_links[i].behaviour);
                return;
        }
        before = calloc(w->n_asked - first + 1, sizeof(*before));
        for (size_t k = first; k < w->n_asked; k++)
                before[k - first] = owners(w, w->asked[k].name);
        if (world_below(w, 3))
                push(w, i);
        else
                take_back(w, i);
        release_clients(w, before, first);
        free(before);
        w->demand_at = w->now;
        if (engine_set_links(w->engine, w->links, w->now) < 0)
                world_violated(w, "out of memory");
}

void links_free(World *w)
{
        w->links = link_table_free(w->links);
}

/* --- the servers */

/* The server answers after a while, rightly or not; or it does not. */
void links_send(World *w, const Action *a)
{
        unsigned link = a->do53.server.octets[2];
        uint32_t name = number_of(a->do53.message);
        uint64_t delay = (1 + world_below(w, 50)) * USEC_PER_MSEC;
        LinkBehaviour b = link < LINKS_MAX ? w->sim_links[link].behaviour : LINK_GOOD;
        Packet *answer;
        Event *e;

        if (name == UINT32_MAX || !(owners(w, name) & 1u << link))
                world_violated(w, "n%u belongs to links %#x, and goes to link %u", name, owners(w, name), link);
        if (strtol(a->do53.server.interface, NULL, 10) != (long) link + 2)
                world_violated(w, "a query to a server of link %u does not go over it", link);
        if (!w->online || b == LINK_SILENT || (b == LINK_LOSSY && world_below(w, 3) == 0))
                return;
        answer = servers_make_answer(w, a->do53.message,
                                     b == LINK_SERVFAILING ? DNS_AA | RCODE_SERVFAIL
                                     : b == LINK_DENYING   ? RCODE_NXDOMAIN
                                                           : RCODE_NOERROR,
                                     true);
        wire_write16(answer->data, DO53_ID);
        if (b == LINK_GOOD || b == LINK_LOSSY)
                wire_write32(answer->data + answer->n - 4, link_address_of(link, name));
        e = world_schedule(w, delay, b == LINK_REFUSING ? EV_DO53_FAILED : EV_DO53);
        e->exchange = a->exchange;
        e->body = answer;
}

void links_event(World *w, const Event *e)
{
        if (e->type == EV_DO53_FAILED)
                engine_do53_failed(w->engine, e->exchange, FAILURE_REFUSED, w->now);
        else
                engine_do53_answer(w->engine, e->exchange, DO53_ID, packet_bytes(e->body), w->now);
}
