/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * ClientQuota: rations the slots of clients that wait for an answer. A source may hold at most a quarter of the slots
 * that are free: a single one can wait for 1,638 answers, several that flood leave each other less, and a newcomer
 * finds a slot until the last is taken (the dynamic thresholds of Choudhury and Hahne, 1998). Sources are told apart by
 * client_source(). The hash is keyed, so that nobody can choose to share the count of another.
 */

#include "core/base/client.h"
#include "core/base/siphash.h"

#define CLIENT_QUOTA_SLOTS CLIENTS_PENDING_MAX
#define CLIENT_QUOTA_SOURCES 4096 /* counts; sources may share one, but few do */
#define CLIENT_QUOTA_SHARE 4      /* of the free slots, one source may hold one part in so many */

typedef struct ClientQuota {
        size_t taken;
        uint16_t held[CLIENT_QUOTA_SOURCES];
} ClientQuota;

static inline uint16_t client_quota_source(const uint8_t key[static 16], const Client *client)
{
        uint8_t source[CLIENT_SOURCE_MAX];

        return (uint16_t) (siphash(key, BYTES(source, client_source(client, source))) % CLIENT_QUOTA_SOURCES);
}

static inline bool client_quota_has_slot(const ClientQuota *f, uint16_t source)
{
        return f->held[source] < (CLIENT_QUOTA_SLOTS - f->taken + CLIENT_QUOTA_SHARE - 1) / CLIENT_QUOTA_SHARE;
}

static inline void client_quota_take(ClientQuota *f, uint16_t source)
{
        f->taken++;
        f->held[source]++;
}

static inline void client_quota_give_back(ClientQuota *f, uint16_t source)
{
        f->taken--;
        f->held[source]--;
}
