#pragma once
/*
 * Fair: the places of clients that wait, and who holds them. Nobody may hold more than a quarter of those that are free: alone, one may
 * wait for 1,638 answers; several that flood leave each other less, and a newcomer always finds a place until the last is taken (the
 * dynamic thresholds of Choudhury and Hahne, 1998). Who somebody is, the core cannot know; it goes by the Client: over UDP the
 * address and port, over TCP the connection. The hash is keyed, so that nobody can choose to share another's count.
 */

#include "core/base/client.h"
#include "core/base/siphash.h"

#define FAIR_PLACES 8192
#define FAIR_SOURCES 4096           /* counts: several sources may share one, few do */
#define FAIR_SHARE 4

typedef struct Fair {
        size_t taken;
        uint16_t held[FAIR_SOURCES];
} Fair;

static inline uint16_t fair_source(const uint8_t key[static 16], const Client *client)
{
        return (uint16_t) (siphash(key, BYTES(client, sizeof(*client))) % FAIR_SOURCES);
}

static inline bool fair_has_place(const Fair *f, uint16_t source)
{
        return f->held[source] < (FAIR_PLACES - f->taken + FAIR_SHARE - 1) / FAIR_SHARE;
}

static inline void fair_take(Fair *f, uint16_t source)
{
        f->taken++;
        f->held[source]++;
}

static inline void fair_give_back(Fair *f, uint16_t source)
{
        f->taken--;
        f->held[source]--;
}
