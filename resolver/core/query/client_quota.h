#pragma once
/*
 * ClientQuota: the places of clients that wait, and who holds them. Nobody may hold more than a quarter of those that
 * are free: alone, one may wait for 1,638 answers; several that flood leave each other less, and a newcomer always
 * finds a place until the last is taken (the dynamic thresholds of Choudhury and Hahne, 1998). Who somebody is, the
 * core cannot know; it goes by the Client: over UDP the address and port, over TCP the connection. The hash is keyed,
 * so that nobody can choose to share another's count.
 */

#include "core/base/client.h"
#include "core/base/siphash.h"

#define CLIENT_QUOTA_SLOTS 8192
#define CLIENT_QUOTA_SOURCES 4096 /* counts: several sources may share one, few do */
#define CLIENT_QUOTA_SHARE 4

typedef struct ClientQuota {
        size_t taken;
        uint16_t held[CLIENT_QUOTA_SOURCES];
} ClientQuota;

static inline uint16_t client_quota_source(const uint8_t key[static 16], const Client *client)
{
        return (uint16_t) (siphash(key, BYTES(client, sizeof(*client))) % CLIENT_QUOTA_SOURCES);
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
