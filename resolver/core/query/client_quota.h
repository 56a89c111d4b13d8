/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * ClientQuota: shares the slots for pending clients among sources. A source may hold at most a quarter of the free
 * slots (dynamic thresholds: Choudhury and Hahne, 1998). A single source can hold 1,638 slots, several busy ones leave
 * each other less, and a new source finds a slot as long as any is free.
 *
 * Slots have a size. Long names and queries that several upstreams were asked take more, which leaves fewer slots: what
 * pends has a limit in bytes.
 *
 * client_source() identifies a source. The hash is keyed, so that a source cannot be chosen to share the count of
 * another. No function here fails; every slot taken is given back once.
 */

#include "core/base/client.h"
#include "core/base/siphash.h"

#define CLIENT_QUOTA_SLOTS CLIENTS_PENDING_MAX
#define CLIENT_QUOTA_SOURCES 4096   /* counts; collisions are possible, but rare */
#define CLIENT_QUOTA_SHARE 4        /* a source may hold one part in this many of the free slots */
#define CLIENT_QUOTA_SLOT_BYTES 896 /* a client, its query for a name of 24 octets, and one exchange */

typedef struct ClientQuota {
        size_t taken;
        uint16_t held[CLIENT_QUOTA_SOURCES];
} ClientQuota;

static inline uint16_t client_quota_source(const uint8_t key[static 16], const Client *client)
{
        uint8_t source[CLIENT_SOURCE_MAX];

        return (uint16_t) (siphash(key, BYTES(source, client_source(client, source))) % CLIENT_QUOTA_SOURCES);
}

/* Returns how many slots are free while all that pends takes `bytes`. */
static inline size_t client_quota_free(const ClientQuota *q, size_t bytes)
{
        size_t used = MAX(q->taken, bytes / CLIENT_QUOTA_SLOT_BYTES);

        return used < CLIENT_QUOTA_SLOTS ? CLIENT_QUOTA_SLOTS - used : 0;
}

static inline bool client_quota_has_slot(const ClientQuota *q, uint16_t source, size_t bytes)
{
        return q->held[source] < (client_quota_free(q, bytes) + CLIENT_QUOTA_SHARE - 1) / CLIENT_QUOTA_SHARE;
}

static inline void client_quota_take(ClientQuota *q, uint16_t source)
{
        q->taken++;
        q->held[source]++;
}

static inline void client_quota_give_back(ClientQuota *q, uint16_t source)
{
        q->taken--;
        q->held[source]--;
}
