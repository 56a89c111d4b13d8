/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * UpstreamCommon: what all upstreams of an engine share, down to their connections. Owned by the UpstreamSet, borrowed
 * by everything below it.
 */

#include "core/outbox/outbox.h"

typedef struct UpstreamCommon {
        Outbox *outbox;
        const Config *config;   /* the one that holds now */
        HealthGroup health;     /* of all that are configured */
        unsigned epoch;         /* of the network; connections of older ones are at risk */
        uint64_t incidents;     /* numbers given so far */
        uint64_t state_changes; /* of any upstream: what failed before one says nothing of what is asked after it */
        uint8_t hash_key[16];   /* for names */
} UpstreamCommon;
