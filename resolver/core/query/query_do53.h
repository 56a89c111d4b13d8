/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A query to the Do53 servers (RFC 9499) of a [Forward] section.
 */

#include "core/query/query.h"

extern const QueryRoute query_do53_route;

/* Another network: the servers of a query on this route are asked again. The query may be gone afterwards. */
void query_do53_epoch(Query *q, uint64_t now);

/* A message came for `exchange`, which was given `id`; and: it could not be sent, or an error came back, and its socket
 * is closed. An exchange that has gone is ignored. */
void query_do53_on_answer(QueryCommon *common, uint32_t exchange, uint16_t id, Bytes message, uint64_t now);
void query_do53_on_failure(QueryCommon *common, uint32_t exchange, FailureReason reason, uint64_t now);
