/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "core/base/siphash.h"
#include "core/config/config.h"
#include "core/dns/wire.h"

/* A chain: the hash of each value is the key for the next. Nobody gains from a collision, so the first key is fixed. */
typedef struct ServersHash {
        uint8_t key[16];
} ServersHash;

static void servers_hash_add(ServersHash *h, const void *p, size_t n)
{
        wire_write64(h->key, siphash(h->key, BYTES(p, n)));
}

static void servers_hash_add_number(ServersHash *h, uint64_t n)
{
        uint8_t octets[8];

        wire_write64(octets, n);
        servers_hash_add(h, octets, sizeof(octets));
}

/* NULL differs from "". */
static void servers_hash_add_text(ServersHash *h, const char *text)
{
        servers_hash_add(h, text, text ? strlen(text) + 1 : 0);
}

static void servers_hash_add_addresses(ServersHash *h, const Address *addresses, size_t n)
{
        char text[ADDRESS_TEXT_MAX];

        servers_hash_add_number(h, n);
        for (size_t i = 0; i < n; i++) {
                address_to_text(&addresses[i], text);
                servers_hash_add_text(h, text);
        }
}

/* What upstream_config_equal() compares. */
static void servers_hash_add_upstream(ServersHash *h, const UpstreamConfig *u)
{
        servers_hash_add_text(h, u->name);
        servers_hash_add_text(h, u->url);
        servers_hash_add_number(h, u->method);
        servers_hash_add_number(h, u->health);
        servers_hash_add_text(h, u->trust_anchors);
        servers_hash_add_addresses(h, u->addresses, u->n_addresses);
        servers_hash_add(h, u->pins, u->n_pins * PIN_SIZE);
}

/* What forward_config_equal() compares. */
static void servers_hash_add_forward(ServersHash *h, const ForwardConfig *f)
{
        servers_hash_add_text(h, f->name);
        servers_hash_add_number(h, f->n_domains);
        for (size_t i = 0; i < f->n_domains; i++)
                servers_hash_add(h, f->domains[i].name, f->domains[i].n);
        servers_hash_add_addresses(h, f->servers, f->n_servers);
}

uint64_t config_servers_hash(const Config *c)
{
        ServersHash h = { .key = "servers" };

        servers_hash_add_number(&h, c->n_upstreams);
        for (size_t i = 0; i < c->n_upstreams; i++)
                servers_hash_add_upstream(&h, &c->upstreams[i]);
        servers_hash_add_number(&h, c->n_forwards);
        for (size_t i = 0; i < c->n_forwards; i++)
                servers_hash_add_forward(&h, &c->forwards[i]);
        return wire_read64(h.key);
}
