/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/query/query_common.h"

#define EXCHANGE_BYTES (sizeof(Exchange) + MALLOC_OVERHEAD)
#define DO53_EXCHANGE_BYTES (size_t) 1024    /* with the socket of its own, which is io's */
#define KEEPALIVE_UNIT (100 * USEC_PER_MSEC) /* RFC 7828 3.1 */

ReplyOptions query_reply_options(const QueryCommon *common)
{
        ReplyOptions options = REPLY_OPTIONS_INIT;

        options.trust_ad = common->config->trust_ad;
        options.keepalive = CLIENT_TCP_IDLE / KEEPALIVE_UNIT;
        options.ttl_cap = (uint32_t) MIN(common->config->max_ttl / USEC_PER_SEC, (uint64_t) UINT32_MAX);
        return options;
}

size_t query_pending_bytes(const QueryCommon *common)
{
        return common->bytes + common->outbox->exchanges.used * EXCHANGE_BYTES +
               common->outbox->do53_exchanges.used * DO53_EXCHANGE_BYTES;
}

bool query_has_room(const QueryCommon *common)
{
        return query_pending_bytes(common) < (size_t) CLIENT_QUOTA_SLOTS * CLIENT_QUOTA_SLOT_BYTES / 8 * 7;
}
