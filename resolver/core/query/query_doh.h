/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The route of a query to the upstreams, over HTTPS (RFC 8484): chooses the upstream for a query and decides when to
 * hedge or fail over. Times are usec of CLOCK_BOOTTIME.
 */

#include "core/query/query.h"

extern const QueryRoute query_doh_route;

/* Handles the end of an exchange without an answer. Frees `x`, and may free the query. */
void query_doh_exchange_over(Exchange *x, uint64_t now);

/* Handles the answer of an upstream to `x`, which was released from its connection. Frees `x`, and may free the
 * query. */
void query_doh_answered(Exchange *x, const Message *answer, const HttpResponse *http, uint64_t now);

/* Retries a query that pauses: the network changed. */
void query_doh_epoch(Query *q, uint64_t now);
