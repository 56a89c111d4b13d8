/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/query/query_common.h"

#define KEEPALIVE_UNIT (100 * USEC_PER_MSEC) /* RFC 7828 3.1 */

ReplyOptions query_reply_options(const QueryCommon *common)
{
        ReplyOptions options = REPLY_OPTIONS_INIT;

        options.trust_ad = common->config->trust_ad;
        options.keepalive = CLIENT_TCP_IDLE / KEEPALIVE_UNIT;
        options.ttl_cap = (uint32_t) MIN(common->config->max_ttl / USEC_PER_SEC, (uint64_t) UINT32_MAX);
        return options;
}
