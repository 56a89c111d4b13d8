/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Where a client's message enters: what is not a question is ignored or refused, what this machine or the cache knows
 * is answered, what is being asked already is joined, and the rest becomes a query.
 */

#include "core/query/query_common.h"

/* True: there will be exactly one ACTION_ANSWER for it. False: it gets none. See engine_query(). */
bool client_query(QueryCommon *common, const Client *client, Transport transport, Bytes message, uint64_t now);
