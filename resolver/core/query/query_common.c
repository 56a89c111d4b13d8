#include "core/query/query_common.h"

#define KEEPALIVE 300 /* units of 100 ms: the listener's idle time */

ReplyOptions query_reply_options(const QueryCommon *common)
{
        ReplyOptions options = REPLY_OPTIONS_INIT;

        options.trust_ad = common->config->trust_ad;
        options.keepalive = KEEPALIVE;
        options.ttl_cap = (uint32_t) MIN(common->config->max_ttl / USEC_PER_SEC, (uint64_t) UINT32_MAX);
        return options;
}
