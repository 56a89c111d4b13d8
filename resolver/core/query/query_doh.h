/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A query to the upstreams, over HTTPS (RFC 8484): chooses the upstream and decides when to hedge or fail over.
 */

#include "core/query/query.h"

extern const QueryRoute query_doh_route;

/* An exchange of a query is over, and is freed here. The query may be gone afterwards. */
void query_doh_exchange_over(Exchange *x, uint64_t now);

/* `answer` is that of an upstream to `x`, which is on no connection any longer, and is freed here. The query may be
 * gone afterwards. */
void query_doh_answered(Exchange *x, const Message *answer, const HttpResponse *http, uint64_t now);
