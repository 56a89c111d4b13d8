/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The route of a query to the Do53 servers (RFC 9499) of a [Forward] section. Failures are reported as FailureReason.
 * Times are usec of CLOCK_BOOTTIME.
 */

#include "core/query/query.h"

extern const QueryRoute query_do53_route;

/* Asks the servers of a query on this route again: the network changed. May free the query. */
void query_do53_epoch(Query *q, uint64_t now);

/* Delivers the answer that was withheld (portal.h). Frees the query. */
void query_do53_release(Query *q, uint64_t now);

/* Handle a message that arrived for `exchange`, which was sent with `id`, and the failure of `exchange`, whose
 * socket is closed. An exchange that no longer exists is ignored. */
void query_do53_on_answer(QueryCommon *common, uint32_t exchange, uint16_t id, Bytes message, uint64_t now);
void query_do53_on_failure(QueryCommon *common, uint32_t exchange, FailureReason reason, uint64_t now);
