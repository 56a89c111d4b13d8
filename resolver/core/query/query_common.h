/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * QueryCommon: what all queries of an engine share, and the table of those in flight. The engine owns it, and with it
 * the forwards, the cache and the references to the hosts tables; it borrows the rest.
 */

#include "core/dns/hosts_table.h"
#include "core/dns/reply.h"
#include "core/query/cache.h"
#include "core/query/client_quota.h"
#include "core/query/forward_zones.h"
#include "core/query/local_names.h"
#include "core/query/portal.h"
#include "core/upstream/upstream_set.h"

#define QUERY_TABLE 1024     /* chains of the table of queries in flight */
#define QUERY_HEDGE_BURST 50 /* maximum of hedge_tokens; HEALTH.md 3 */

typedef struct QueryCommon {
        Outbox *outbox;
        UpstreamSet *upstreams;
        const Config *config; /* the current configuration */
        Forwards *forwards;
        Forwards *clock_names;  /* while the clock is behind, once io has told them; NULL: none */
        bool clock_names_known; /* io has told them, or that there are none */
        Portal portal;
        Cache *cache;                  /* may be NULL */
        uint64_t cache_state_changes;  /* the value of UpstreamCommon.state_changes at the last access to the cache */
        Hosts *hosts_file, *hosts_own; /* may be NULL */
        ClientQuota quota;             /* of pending clients; without a slot, a client gets SERVFAIL at once */
        LocalReply local_reply;        /* of the query that is looked at: it is too large to be cleared for each */
        uint8_t hash_key[16];
        unsigned hedge_tokens; /* in tenths of a hedged query */
        Query *table[QUERY_TABLE];
        size_t n_queries;
        size_t signed_bytes; /* of the messages of signed queries in flight */
        size_t bytes;        /* of all queries and pending clients, without their exchanges */
} QueryCommon;

/* Returns the bytes of all that pends, exchanges included. */
size_t query_pending_bytes(const QueryCommon *common);

/* Returns true if queries in flight may take more memory than they have. The last eighth is for new ones. */
bool query_has_room(const QueryCommon *common);

/* Returns the options that are the same for all replies. */
ReplyOptions query_reply_options(const QueryCommon *common);
