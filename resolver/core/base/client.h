#pragma once
/*
 * Client: whom an answer goes to. Words of whoever took the query in (io/client/listener, the bus), which the core
 * keeps beside the question and hands back with the answer, unread. Plain data.
 */

#include "core/base/base.h"

/* How a query came, and its answer goes. */
typedef enum Transport {
        TRANSPORT_UDP,
        TRANSPORT_TCP,
} Transport;

typedef struct Client {
        uint64_t words[7];
} Client;
