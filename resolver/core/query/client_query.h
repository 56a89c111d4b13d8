/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Client query: processes a message from a client. Ignores or rejects a message that is not a valid query; answers from
 * local names or the cache; joins an identical query in flight; otherwise starts a new query.
 */

#include "core/query/query_common.h"

/* Processes `message`, which is borrowed. Returns true if there will be exactly one ACTION_ANSWER, and false if
 * there will be none. `now` is usec of CLOCK_BOOTTIME. See engine_query(). */
bool client_query(QueryCommon *common, const Client *client, Transport transport, Bytes message, uint64_t now);
