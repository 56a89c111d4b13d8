/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * QueryCommon: what all queries of an engine share, and the table of those in flight. Owned by the engine.
 */

#include "core/dns/hosts_table.h"
#include "core/dns/reply.h"
#include "core/query/cache.h"
#include "core/query/client_quota.h"
#include "core/query/forward_zones.h"
#include "core/upstream/upstream_set.h"

#define QUERY_TABLE 1024     /* chains of the table of questions in flight: a power of two */
#define QUERY_HEDGE_BURST 50 /* tenths of a hedge: HEALTH.md 3 */

typedef struct QueryCommon {
        Outbox *outbox;
        UpstreamSet *upstreams;
        const Config *config; /* the one that holds now */
        Forwards *forwards;
        Cache *cache;                  /* NULL: none */
        uint64_t cache_state_changes;  /* those of upstreams that the cache has heard of */
        Hosts *hosts_file, *hosts_own; /* NULL: none */
        ClientQuota quota;             /* of clients waiting; who finds no slot has SERVFAIL at once */
        uint8_t hash_key[16];
        unsigned hedge_tokens; /* tenths of a hedge */
        Query *table[QUERY_TABLE];
        size_t n_queries;
        size_t signed_octets; /* of signed questions in flight, which are kept as they came */
} QueryCommon;

/* What the client is told in every answer. */
ReplyOptions query_reply_options(const QueryCommon *common);
